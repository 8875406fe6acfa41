"""The planted story of examples/shop: which findings are about it, and at which rank each event is found."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SHOP = "shop"
"""Name of the folder that a shop's logs must be in."""
Event = Mapping[str, Any]
Anomaly = Mapping[str, Any]


def write_shop(folder: Path, *, seed: int | None = None, story: bool = True) -> Path:
    """Write the logs of a shop to the folder `SHOP` below `folder`, and return that."""
    target = folder / SHOP
    command = [sys.executable, str(EXAMPLES / "generate_shop.py"), str(target)]
    command += [] if seed is None else ["--seed", str(seed)]
    command += [] if story else ["--without-story"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return target


def read_events(shop: Path) -> dict[str, Event]:
    """Return the events of a shop by their ids, in order of time."""
    events = json.loads((shop / "story.json").read_text(encoding="utf-8"))["events"]
    return {event["id"]: event for event in events}


def lines_of(event: Event, source: str) -> set[int]:
    """Return the lines of an event in a source, counted from 1."""
    spans = event["files"].get(Path(source).name, []) if in_shop(source) else []
    return {line for first, last in spans for line in range(first, last + 1)}


def in_shop(source: str) -> bool:
    """Whether a source is one of a shop's logs."""
    return Path(source).parent.name == SHOP


def covers(anomaly: Anomaly, event: Event) -> bool:
    """Whether an anomaly stands in the lines of an event, or speaks of a stretch of lines that is the event's."""
    lines = lines_of(event, anomaly["source"])
    stretches = [
        (e["first_line"], e["last_line"]) for e in anomaly["evidence"] if e["first_line"] is not None and lines
    ]
    return anomaly["line_number"] in lines or any(first in lines and last in lines for first, last in stretches)


def rank_of(event: Event, anomalies: Iterable[Anomaly]) -> int | None:
    """Return the place, from 1, of the first anomaly that covers an event; None where there is none."""
    return next((place for place, anomaly in enumerate(anomalies, start=1) if covers(anomaly, event)), None)


def off_story(anomalies: Iterable[Anomaly], *, events: Mapping[str, Event]) -> list[Anomaly]:
    """Return the anomalies in the shop's logs that cover no event."""
    return [a for a in anomalies if in_shop(a["source"]) and not any(covers(a, event) for event in events.values())]


def false_ones(anomalies: Iterable[Anomaly], *, events: Mapping[str, Event]) -> list[Anomaly]:
    """Return the anomalies that cover no event, and whose line is not from the time of one either.

    The time of an event is from its first to its last line. Of a silence it is the moment in which it begins: what
    others log while one is silent has nothing to do with it.
    """
    spans = [_span(event) for event in events.values()]
    return [anomaly for anomaly in off_story(anomalies, events=events) if not _within(anomaly, spans)]


def _span(event: Event) -> tuple[dt.datetime, dt.datetime]:
    start = dt.datetime.fromisoformat(event["start"])
    return start, start if "silent_from" in event else dt.datetime.fromisoformat(event["end"])


def _within(anomaly: Anomaly, spans: Sequence[tuple[dt.datetime, dt.datetime]]) -> bool:
    if anomaly["timestamp"] is None:
        return False
    moment = dt.datetime.fromisoformat(anomaly["timestamp"])
    return any(start <= moment <= end for start, end in spans)
