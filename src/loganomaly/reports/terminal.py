"""The results as text for a terminal or a pipe: incidents, then the worst findings, each with its place and reason.

Everything that comes from a log is hostile here: a line can hold escape sequences, direction marks or markup.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from rich.cells import chop_cells
from rich.console import Console
from rich.text import Text

from loganomaly.legible import plain_text
from loganomaly.reports.incident_lines import incident_lines
from loganomaly.wording import times

__all__ = ["list_files", "render"]

_NARROWEST = 40
_MOST_SKIPPED = 3
_LONGEST_MESSAGE = 200  # characters of an exception's message
_MOST_KEYS = 4  # of sessions
_LONGEST_KEY = 40  # characters of what sessions go by
_MOST_CHARACTERS = 8  # per cell: combining marks take no room, and a line may hold thousands of them
_STYLES = {"CRITICAL": "bold red", "ERROR": "red", "WARNING": "yellow"}
_ELLIPSIS = "…"
_REPORT = "report.html"
_JSON = json.JSONDecoder(strict=False)
_KEY = re.compile(r'[\s,]*"((?:[^"\\]|\\.)*)"\s*:\s*')  # of a JSON object, up to its value


def list_files(paths: Sequence[Path]) -> str:
    r"""Return *paths*, at least one, as a line of text: those at the top by name, those below them by number.

    Examples
    --------
    >>> list_files([Path("out/a.json"), Path("out/files/x.json"), Path("out/files/y.json")]).replace("\\", "/")
    'out/a.json, and 2 files below out'
    """
    top = min((path.parent for path in paths), key=lambda parent: len(parent.parts))
    listed = [plain_text(str(path)) for path in paths if path.parent == top]
    if len(listed) < len(paths):
        listed.append(f"and {_amount(len(paths) - len(listed), 'file')} below {plain_text(str(top))}")
    return ", ".join(listed)


def render(
    summary: Mapping[str, Any],
    anomalies: Sequence[Mapping[str, Any]],
    *,
    width: int,
    colour: bool,
    saved: Sequence[Path] = (),
    most: int = 20,
) -> str:
    """Return the results as lines of at most *width* cells (at least 40), the last one ended too.

    Parameters
    ----------
    summary, anomalies
        What ``summary.json`` and ``anomalies.json`` hold; *anomalies* worst first.
    colour
        Whether the text may hold escape sequences for colours; they are the only ones it ever holds.
    saved
        The files that hold the results, named at the end.
    most
        How many findings are shown; how many more there are is said.
    """
    width = max(width, _NARROWEST)
    lines = [*_header(summary, anomalies), Text()]
    days = _days(summary, anomalies[:most])
    lines += incident_lines(summary["incidents"], anomalies, when=partial(_between, days=days), width=width)
    if anomalies:
        lines += _findings(anomalies[:most], days=days, width=width)
    else:
        lines += [
            Text(f"Nothing unusual found in {_amount(summary['processed_log_count'], 'line')}."),
            *_severe(summary),
            Text(),
        ]
    lines += _footer(summary, anomalies, saved=saved, most=most)
    console = Console(
        file=io.StringIO(),
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        legacy_windows=False,
    )
    with console.capture() as capture:
        for line in lines:
            for part in line.wrap(console, width) if line.cell_len > width else [line]:
                part.rstrip()
                console.print(part, soft_wrap=True, highlight=False)
    return capture.get()


def _header(summary: Mapping[str, Any], anomalies: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    given, read = summary["original_log_count"], summary["processed_log_count"]
    lines = f"{read:,} of {_amount(given, 'line')}" if read < given else _amount(read, "line")
    span = _span(summary)
    files = _amount(len(summary["input_files"]), "file")
    yield Text(f"{lines} in {files}{f', {span}' if span else ''}", style="bold")
    counts = [
        _amount(summary["template_diversity"]["unique_templates"], "template"),
        _amount(len(anomalies), "finding"),
        *([_amount(len(summary["incidents"]), "incident")] if summary["incidents"] else []),
        _amount(len(summary["leaks"]), "leak"),
        f"{sum(summary['stages'].values()):.1f} s",
    ]
    yield Text(", ".join(counts))
    if summary.get("sessions"):
        yield Text("; ".join(_sessions(group) for group in summary["sessions"][:_MOST_KEYS]))


def _sessions(group: Mapping[str, Any]) -> str:
    key = plain_text(group["key"])
    by = key if len(key) <= _LONGEST_KEY else f"{key[: _LONGEST_KEY - 1]}{_ELLIPSIS}"
    unusual = f", {group['unusual']:,} unusual" if group["unusual"] else ""
    return f"{_amount(group['sessions'], 'session')} by {by}{unusual}"


def _severe(summary: Mapping[str, Any]) -> Iterator[Text]:
    """Say how many records are severe where none of them stands out: that is no all-clear."""
    counts = summary["log_severity_summary"]
    severe, records = counts["ERROR"] + counts["CRITICAL"], summary["records"]
    if severe and not summary.get("suppressed", {}).get("count"):
        yield Text(f"{_amount(severe, 'record')} of {records:,} say ERROR or worse, but none stands out.")


def _findings(anomalies: Sequence[Mapping[str, Any]], *, days: set[str], width: int) -> Iterator[Text]:
    rows = [
        (
            str(rank),
            f"{anomaly['score']:.2f}",
            _severity(anomaly),
            f"{plain_text(anomaly['source'])}:{anomaly['line_number']}",
            f"{anomaly['count']:,}",
            _when(anomaly, days=days),
        )
        for rank, anomaly in enumerate(anomalies, start=1)
    ]
    heads = ("#", "Score", "Severity", "Where", "Count", "When")
    widths = [max(Text(cell).cell_len for cell in column) for column in zip(heads, *rows, strict=True)]
    gaps = 2 * (len(heads) - 1)
    widths[3] = max(min(widths[3], width - gaps - (sum(widths) - widths[3])), len(heads[3]))
    yield _row(heads, widths, styles={}, default="bold", width=width)
    for anomaly, row in zip(anomalies, rows, strict=True):
        styles = {1: "bold", 2: _STYLES.get(row[2], "")}
        yield _row(row, widths, styles=styles, default="", width=width)
        indent = " " * (widths[0] + 2)
        room = width - len(indent)
        yield from (Text(indent) + line for line in _log_lines(plain_text(anomaly["log"]), room=room))
        yield from _wrapped(plain_text(_reason(anomaly)), indent=indent, room=room)
        if opinion := _opinion(anomaly):
            yield from _wrapped(plain_text(opinion), indent=indent, room=room)
        if (usual := anomaly.get("nearest")) and (line := _like(usual, room=room)):
            yield Text(indent) + line
        if trace := anomaly.get("trace"):
            yield from _wrapped(plain_text(_root_cause(trace)), indent=indent, room=room)
        yield Text()


def _reason(anomaly: Mapping[str, Any]) -> str:
    """Return why it is a finding, and its id, by which it can be dismissed.

    The line above it is one of many that a component has, so that its name is said; other reasons name what they are
    about.
    """
    subject = anomaly["subject"]
    whose = f"Component {subject['name']}: " if subject["kind"] == "component" else ""
    own_id = f" [{anomaly['id']}]" if "id" in anomaly else ""
    return f"{whose}{anomaly.get('local', anomaly)['reason']}{own_id}"


def _opinion(anomaly: Mapping[str, Any]) -> str | None:
    """Return what a model says of it, and if that does not count, why."""
    opinion = (anomaly.get("llm") or {}).get("opinion")
    if opinion is None:
        return None
    unheard = f" (does not count: {opinion['unheard']})" if opinion["unheard"] else ""
    return f"{anomaly['llm']['model']} says {opinion['classification']}{unheard}: {opinion['reason']}"


def _like(usual: Mapping[str, Any], *, room: int) -> Text | None:
    """Return what differs from the nearest normal template as one line; None where it is too much to help."""
    missing, added = (plain_text(" ".join(usual[name])) for name in ("missing", "added"))
    if not (missing or added) or len(missing) + len(added) > room // 3:
        return None
    differs = f"{missing} -> {added}" if missing and added else f"without {missing}" if missing else f"with {added}"
    rest = f"`, seen {times(usual['count'])}; differs in: {differs}"
    return (
        Text("like: `") + _cut(plain_text(usual["template"]), room - len("like: `") - Text(rest).cell_len) + Text(rest)
    )


def _root_cause(trace: Mapping[str, Any]) -> str:
    """Return what a stack trace says, as a phrase."""
    what = ": ".join(text for text in (trace["exception"], trace["message"][:_LONGEST_MESSAGE]) if text)
    place = trace["file"] if trace["file_line"] is None else f"{trace['file']}:{trace['file_line']}"
    where = trace["function"] or (place if trace["file"] else "")
    if trace["function"] and trace["file"]:
        where += f" ({place})"
    at = f" at {where}" if where else ""
    library = ", library code" if where and not trace["own"] else ""
    return f"root cause: {what or trace['language']}{at}{library}"


def _row(cells: Sequence[str], widths: Sequence[int], *, styles: Mapping[int, str], default: str, width: int) -> Text:
    line = Text()
    for index, (cell, room) in enumerate(zip(cells, widths, strict=True)):
        # The line number is at the end of a place: its beginning can go.
        text = _cut_before(cell, room) if index == 3 else Text(cell)
        text.align("right" if index in {0, 4} else "left", room)
        text.stylize(styles.get(index, default))
        line += text + Text("  ")
    line.rstrip()
    line.truncate(width, overflow="ellipsis")
    return line


def _log_lines(text: str, *, room: int) -> list[Text]:
    """Return two lines of a log line: its start, or its message where the start would not show it."""
    first = _first_line(text, room=room)
    rest = text[len(first) :].lstrip()
    if not rest:
        return [Text(first)]
    second = _cut(rest, room)
    shown = len(text) - len(rest) + len(second)
    # The first words of a message at the end of what is shown tell no more than none.
    if second.plain != rest and (start := _message_start(text)) > shown - room // 2:
        return _log_lines(_ELLIPSIS + text[start:], room=room)
    return [Text(first), second]


def _first_line(text: str, *, room: int) -> str:
    """Return what of *text* goes into *room* cells, up to a space if there is one in the second half."""
    start = text[: _MOST_CHARACTERS * room]
    line = next(iter(chop_cells(start, room)), start)
    space = text.rfind(" ", 0, len(line) + 1)
    return text[:space] if len(line) < len(text) and space > len(line) // 2 else line


def _message_start(text: str) -> int:
    """Return where in a JSON object the key of its message begins; 0 when it has none, or *text* is none."""
    if not text.startswith("{"):
        return 0
    starts: dict[str, int] = {}
    end = 1
    while key := _KEY.match(text, end):
        if text.startswith('"', key.end()):
            starts.setdefault(key[1].lower(), key.start(1) - 1)
        try:
            _, end = _JSON.raw_decode(text, key.end())
        except (RecursionError, ValueError):
            break  # a long line was cut in this value, or it is no JSON: the keys up to here count
    return next((starts[name] for name in _message_keys() if name in starts), 0)


@cache
def _message_keys() -> tuple[str, ...]:
    """Return the keys that the reader takes for a message, in lower case, best first."""
    from loganomaly.reading.formats import data_file

    return tuple(key.lower() for key in data_file("keys.yaml")["message"])


def _wrapped(text: str, *, indent: str, room: int) -> Iterator[Text]:
    for part in Text(text[: 40 * room]).wrap(Console(width=room), room):
        part.rstrip()
        yield Text(indent) + part


def _footer(
    summary: Mapping[str, Any], anomalies: Sequence[Mapping[str, Any]], *, saved: Sequence[Path], most: int
) -> Iterator[Text]:
    if len(anomalies) > most:
        yield Text(f"and {_amount(len(anomalies) - most, 'more finding')}, less unusual than these")
    hidden = summary.get("suppressed", {}).get("findings", ())
    if hidden:
        lists = " and ".join(dict.fromkeys(entry["by"] for entry in hidden))
        yield Text(plain_text(f"{_amount(len(hidden), 'finding')} hidden by {lists}, listed in summary.json"))
    if (llm := summary.get("llm")) and anomalies:
        yield from (Text(plain_text(line)) for line in _second_opinions(llm))
    skipped = summary["skipped_files"]
    if skipped:
        yield Text(f"{_amount(len(skipped), 'file')} skipped:")
    for entry in skipped[:_MOST_SKIPPED]:
        yield Text(plain_text(f"  {entry['name']}: {entry['reason']}"))
    if len(skipped) > _MOST_SKIPPED:
        yield Text(f"  and {len(skipped) - _MOST_SKIPPED:,} more, listed in summary.json")
    yield from (Text(plain_text(f"Report: {path}")) for path in saved if path.name == _REPORT)
    if rest := [path for path in saved if path.name != _REPORT]:
        yield Text(f"Results: {list_files(rest)}")


def _second_opinions(llm: Mapping[str, Any]) -> Iterator[str]:
    """Say who gave second opinions, and what that took."""
    if llm["note"]:
        yield f"Judged by the evidence alone: {llm['note']}."
    if llm["questions"]:
        kept, tokens = llm["cache"]["hits"], sum(llm["tokens"].values())
        took = [
            _amount(llm["calls"], "call"),
            *([f"{kept:,} kept from before"] if kept else []),
            *([_amount(tokens, "token")] if tokens else []),
            *([f"{llm['seconds']:.1f} s"] if llm["calls"] else []),
        ]
        who = f"{llm['provider']} {llm['model'] or ''}".strip()
        who += f" at {llm['endpoint']}" if llm["endpoint"] else ", from a file,"
        yield f"Second opinions of {who} on {llm['answered']:,} of {llm['questions']:,}: {', '.join(took)}."


def _cut(text: str, room: int) -> Text:
    line = Text(text[: _MOST_CHARACTERS * room])
    line.truncate(room, overflow="ellipsis")
    return line


def _cut_before(text: str, room: int) -> Text:
    """Cut *text* to *room* cells at its beginning."""
    line = Text(text[-_MOST_CHARACTERS * room :])
    if line.cell_len > room:
        while line.cell_len > room - 1:
            line = line[1:]
        line = Text(_ELLIPSIS) + line
    return line


def _severity(anomaly: Mapping[str, Any]) -> str:
    severity = plain_text(anomaly["severity"])
    return "-" if severity.upper() == "UNKNOWN" else severity


def _amount(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _moments(first: str | None, last: str | None) -> tuple[datetime, datetime] | None:
    if first is None or last is None:
        return None
    return datetime.fromisoformat(first).astimezone(UTC), datetime.fromisoformat(last).astimezone(UTC)


def _seen(anomaly: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    return _moments(anomaly["first_seen"], anomaly["last_seen"])


def _whole(summary: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    return _moments(summary["time_metrics"]["first_time"], summary["time_metrics"]["last_time"])


def _days(summary: Mapping[str, Any], anomalies: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the days on which the log and the findings begin and end; incidents are of these."""
    spans = [_whole(summary), *map(_seen, anomalies)]
    return {f"{moment:%Y-%m-%d}" for span in spans for moment in span or ()}


def _when(anomaly: Mapping[str, Any], *, days: set[str]) -> str:
    return _between(anomaly["first_seen"], anomaly["last_seen"], days=days)


def _between(first_seen: str | None, last_seen: str | None, *, days: set[str]) -> str:
    """Return a span of time, without what is the same for all of them."""
    span = _moments(first_seen, last_seen)
    if span is None:
        return "-"
    first, last = span
    years = {day[:4] for day in days}
    date = "" if len(days) == 1 else "%m-%d " if len(years) == 1 else "%Y-%m-%d "
    time = "%H:%M" if date else "%H:%M:%S"
    if first.date() != last.date():
        # Whole years apart there is no room for the time; the line itself has it.
        form = date.strip() if len(years) > 1 else date + time
        return f"{first:{form}} to {last:{form}}"
    begin, end = f"{first:{date}{time}}", f"{last:{time}}"
    return begin if begin.endswith(end) else f"{begin} to {end}"


def _span(summary: Mapping[str, Any]) -> str:
    span = _whole(summary)
    if span is None:
        return ""
    first, last = span
    same_day = first.date() == last.date()
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:{'%H:%M:%S' if same_day else '%Y-%m-%d %H:%M:%S'}} UTC"
