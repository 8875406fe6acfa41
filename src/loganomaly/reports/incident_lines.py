"""Incidents as lines of a terminal: when, where, what it may have begun with, and the findings in order of time."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from loganomaly.legible import plain_text
from loganomaly.reports.cells import cut
from loganomaly.wording import amount

__all__ = ["incident_lines"]

_MOST = 3
"""Incidents that are shown; the others are in summary.json."""
_MOST_EVENTS = (8, 4, 4)
"""Findings of each of them that are shown with a line of their own."""
_MOST_NAMES = 5
_MOST_RANKS = 12
_ROWS = 2  # of the terminal that a title, or the names of components and files, may take
_ROWS_OF_REASON = 5
_INDENT, _ROOMY = 4, 72  # cells: how far a reason is indented where the terminal is narrower than that


def incident_lines(
    incidents: Sequence[Mapping[str, Any]],
    anomalies: Sequence[Mapping[str, Any]],
    *,
    when: Callable[[str | None, str | None], str],
    width: int,
) -> Iterator[Text]:
    """Yield the lines of the first incidents, an empty one behind each; none where there is no incident.

    Parameters
    ----------
    incidents
        What summary.json holds, worst first.
    anomalies
        What anomalies.json holds, worst first: a finding is named by its place in it, counted from 1.
    when
        Returns a span of time in words, given its first and last time.
    width
        Cells of the terminal.
    """
    ranks: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for rank, anomaly in enumerate(anomalies if incidents else (), start=1):
        if anomaly["incident"] is not None:
            ranks[anomaly["incident"], anomaly["id"]].append(rank)
    for number, (incident, most) in enumerate(zip(incidents, _MOST_EVENTS, strict=False), start=1):
        span = when(incident["start"], incident["end"])
        head = f"Incident {number}, score {incident['score']:.2f}{'' if span == '-' else f', {span}'}: "
        yield from _rows(head + plain_text(incident["title"]), indent="", width=width, style="bold")
        yield from _timeline(incident, ranks, anomalies, when=when, width=width, most=most)
        where = [_listed(incident["components"]), _listed(incident["files"])]
        yield from _rows(f"In {'; '.join(part for part in where if part)}", indent="  ", width=width)
        yield Text()
    if len(incidents) > _MOST:
        yield Text(f"and {amount(len(incidents) - _MOST, 'more incident')}, listed in summary.json")
        yield Text()


def _timeline(
    incident: Mapping[str, Any],
    ranks: Mapping[tuple[str, str], Sequence[int]],
    anomalies: Sequence[Mapping[str, Any]],
    *,
    when: Callable[[str | None, str | None], str],
    width: int,
    most: int,
) -> Iterator[Text]:
    """Yield a line for the first cause candidate and for the worst findings, in order of time; the others by number."""
    taken: defaultdict[str, int] = defaultdict(int)
    events = []
    for event in incident["timeline"]:
        # Findings of one id are told apart by their order: files with settings of their own are judged apart.
        own = ranks[incident["id"], event["finding"]]
        events.append((own[min(taken[event["finding"]], len(own) - 1)], event))
        taken[event["finding"]] += 1
    cause = incident["first_cause"]
    first = next((rank for rank, event in events if cause and event["finding"] == cause["finding"]), None)
    worst = sorted((rank for rank, _ in events), key=lambda rank: (rank != first, rank))
    shown = set(worst[:most])
    rows = [(rank, event) for rank, event in events if rank in shown]
    times = [when(event["time"], event["time"]) for _, event in rows]
    widths = max(map(len, times)), max(len(f"#{rank}") for rank, _ in rows)
    for time, (rank, event) in zip(times, rows, strict=True):
        anomaly = anomalies[rank - 1]
        place = f"{anomaly['source']}:{anomaly['line_number']}" if event["time"] is None else time
        head = f"  {place:<{widths[0]}}  {f'#{rank}':>{widths[1]}}  "
        yield Text(cut(plain_text(head + event["text"]), width), style="bold" if rank == first else "")
        if rank == first:
            indent = " " * (len(head) if width >= _ROOMY and len(head) < width // 2 else _INDENT)
            yield from _rows(plain_text(cause["reason"]), indent=indent, width=width, most=_ROWS_OF_REASON)
    if rest := worst[most:]:
        listed = ", ".join(f"#{rank}" for rank in rest[:_MOST_RANKS])
        further = f" and {len(rest) - _MOST_RANKS:,} more" if len(rest) > _MOST_RANKS else ""
        yield from _rows(f"and {listed}{further}", indent="  ", width=width)


def _listed(names: Sequence[str]) -> str:
    shown = [plain_text(name) for name in names[:_MOST_NAMES]]
    further = [f"{len(names) - _MOST_NAMES:,} more"] if len(names) > _MOST_NAMES else []
    return ", ".join([*shown, *further])


def _rows(text: str, *, indent: str, width: int, style: str = "", most: int = _ROWS) -> Iterator[Text]:
    """Yield a text in at most so many rows of the terminal; an ellipsis stands for what is left out."""
    room = width - len(indent)
    rows = Text(cut(text, (most + 1) * room), style=style).wrap(Console(width=room), room)
    for row in rows[: most - 1]:
        row.rstrip()
        yield Text(indent) + row
    for row in rows[most - 1 : most]:
        row.rstrip()
        if len(rows) > most:
            row.truncate(room - 1)
            row.append("…")
        yield Text(indent) + row
