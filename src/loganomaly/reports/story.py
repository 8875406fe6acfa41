"""What reports tell of a run and in which order: the worst thing in a sentence, key figures, and the first causes."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

import polars as pl

from loganomaly.reports.timeline_table import TIMELINE_COLUMNS
from loganomaly.wording import amount, percent

__all__ = [
    "Anomaly",
    "Cause",
    "Clock",
    "Figure",
    "Told",
    "brief",
    "class_of",
    "fitting",
    "seconds",
    "what_of",
    "where_of",
]

Anomaly = Mapping[str, Any]
_Part = TypeVar("_Part", bound=str)

_SUMMARY: Mapping[str, Any] = {
    "filename": "",
    "original_log_count": 0,
    "processed_log_count": 0,
    "records": 0,
    "template_diversity": {"unique_templates": 0},
    "time_metrics": {
        "first_time": None,
        "last_time": None,
        "peak_rate_per_minute": None,
        "error_rate": 0.0,
    },
    "component_metrics": {"unique_components": 0, "top_components": []},
    "log_severity_summary": {},
    **dict.fromkeys(("incidents", "input_files", "leaks", "notices", "sessions", "skipped_files"), ()),
    "rules": {"in_use": 0, "held": [], "untranslated": []},
    "suppressed": {"count": 0, "findings": []},
    "settings": {},
    "llm": None,
}
"""What is told where the summary, such as that of a test or of an older version, says nothing."""
_MOST_TEXT = 160
_ELLIPSIS = "…"
_FLOOD = "log_flood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A key figure: what is counted, how many, and a remark; `bad` where somebody has to look."""

    name: str
    value: str
    more: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What an incident may have begun with: its finding by place in the list, and why it is the first cause."""

    place: int
    anomaly: Anomaly
    time: str | None
    what: str
    why: str


class Clock:
    """Says times of a log: without the date where all of the log is of one day."""

    def __init__(self, first: str | None, last: str | None) -> None:
        begin, end = _moment(first), _moment(last)
        self.dated = begin is None or end is None or begin.date() != end.date()

    def at(self, time: str | None) -> str:
        """Return a time in words, "" without one.

        Examples
        --------
        >>> Clock("2026-03-14T10:00:00Z", "2026-03-14T11:00:00Z").at("2026-03-14T10:05:14.500000Z")
        '10:05:14'
        """
        moment = _moment(time)
        if moment is None:
            return time or ""
        return f"{moment:%Y-%m-%d %H:%M:%S}" if self.dated else f"{moment:%H:%M:%S}"

    def between(self, first: str | None, last: str | None) -> str:
        """Return a span in words, "" without one."""
        begin, end = self.at(first), self.at(last)
        end_told = end[11:] if self.dated and begin[:10] == end[:10] else end
        return begin if begin == end or not end else f"{begin} to {end_told}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A run as reports tell it.

    Attributes
    ----------
    summary, anomalies, leaks, templates
        What summary.json, anomalies.json, leaks.json and, under "templates", templates.json hold.
    timeline
        Rows of timeline.parquet.
    made
        When the report was made.
    """

    summary: Mapping[str, Any]
    anomalies: Sequence[Anomaly]
    leaks: Sequence[Mapping[str, Any]]
    templates: Sequence[Mapping[str, Any]]
    timeline: pl.DataFrame
    made: datetime

    @classmethod
    def of(
        cls,
        summary: Mapping[str, Any],
        anomalies: Sequence[Anomaly],
        *,
        leaks: Sequence[Mapping[str, Any]] = (),
        templates: Sequence[Mapping[str, Any]] = (),
        timeline: pl.DataFrame | None = None,
        made: datetime | None = None,
    ) -> "Told":
        """Return a run, with nothing where a summary says nothing."""
        return cls(
            summary={**_SUMMARY, **summary},
            anomalies=anomalies,
            leaks=leaks,
            templates=templates,
            timeline=pl.DataFrame(schema=TIMELINE_COLUMNS) if timeline is None else timeline,
            made=made or datetime.now(UTC),
        )

    @property
    def incidents(self) -> Sequence[Mapping[str, Any]]:
        """The incidents, worst first."""
        incidents: Sequence[Mapping[str, Any]] = self.summary["incidents"]
        return incidents

    @property
    def span(self) -> tuple[str, str] | None:
        """First and last time of the log, None without times."""
        times = self.summary["time_metrics"]
        return None if times["first_time"] is None else (times["first_time"], times["last_time"])

    @property
    def clock(self) -> Clock:
        """What says the times of this log."""
        return Clock(*(self.span or (None, None)))

    def scope(self) -> str:
        """Return what was analysed, in words."""
        summary = self.summary
        given, read = summary["original_log_count"], summary["processed_log_count"]
        files = amount(len(summary["input_files"]), "file") if summary["input_files"] else "no file"
        lines = f"{read:,} of {amount(given, 'line')}" if read < given else amount(read, "line")
        told = f"{lines} in {files}, {amount(summary['records'], 'record')}"
        if self.span is None:
            return f"{told}, no times in these logs"
        first, last = (Clock(None, None).at(time) for time in self.span)
        return f"{told}, {first} to {last[11:] if first[:10] == last[:10] else last} UTC"

    def headline(self) -> str:
        """Return the worst thing in a sentence or two."""
        if self.incidents:
            worst = self.incidents[0]
            which = "" if len(self.incidents) == 1 else "; the worst"
            told = f"{amount(len(self.incidents), 'incident')}{which}: {brief(worst['title'])}."
            cause = self.cause(worst)
            if cause is None:
                span = self.clock.between(worst["start"], worst["end"])
                return f"{told} It went on from {span}." if " to " in span else told
            when = f" at {self.clock.at(cause.time)}" if cause.time else ""
            return f"{told} It began{when} in {_place(cause.anomaly)}."
        if self.anomalies:
            worst = self.anomalies[0]
            seen = worst.get("first_seen") or worst.get("timestamp")
            when = f" at {self.clock.at(seen)}" if seen else ""
            found = f"{amount(len(self.anomalies), 'finding')}, no incident."
            return f"{found} The worst: {class_of(worst)} in {_place(worst)}{when}."
        counts = self.summary["log_severity_summary"]
        severe = counts.get("ERROR", 0) + counts.get("CRITICAL", 0)
        quiet = f"Nothing unusual found in {amount(self.summary['processed_log_count'], 'line')}."
        if not severe:
            return quiet
        say = "says" if severe == 1 else "say"
        return (
            f"{quiet} {amount(severe, 'record')} of {self.summary['records']:,} {say} ERROR or worse; none stands out."
        )

    def figures(self) -> list[Figure]:
        """Return the key figures, the same ones in every report."""
        summary, times = self.summary, self.summary["time_metrics"]
        peak, rate = times["peak_rate_per_minute"], times["error_rate"]
        floods = len(self.floods)
        leaks = self.leaks or summary["leaks"]
        severe = Counter(leak["severity"] for leak in leaks)
        grave = [f"{severe[name]:,} {name}" for name in ("critical", "high") if severe[name]]
        unusual = Counter(anomaly["severity"] for anomaly in self.anomalies)
        errors = unusual["ERROR"] + unusual["CRITICAL"]
        return [
            Figure(name="Incidents", value=f"{len(self.incidents):,}", bad=bool(self.incidents)),
            Figure(
                name="Findings",
                value=f"{len(self.anomalies):,}",
                more=f"{errors:,} of ERROR or worse" if errors else "",
                bad=bool(self.anomalies),
            ),
            Figure(name="Leaks", value=f"{len(leaks):,}", more=", ".join(grave), bad=bool(leaks)),
            Figure(name="Floods", value=f"{floods:,}", bad=bool(floods)),
            Figure(name="Error rate", value=percent(rate), more="of all records"),
            Figure(name="Peak rate", value="-" if peak is None else f"{peak:,.0f}", more="records per minute"),
            Figure(name="Lines", value=f"{summary['processed_log_count']:,}"),
            Figure(name="Templates", value=f"{summary['template_diversity']['unique_templates']:,}"),
        ]

    @cached_property
    def floods(self) -> list[Anomaly]:
        """Return the findings on what comes again and again, worst first."""
        return [
            anomaly
            for anomaly in self.anomalies
            if anomaly["classification"] == _FLOOD or _FLOOD in anomaly.get("kinds", ())
        ]

    def cause(self, incident: Mapping[str, Any]) -> Cause | None:
        """Return what an incident may have begun with, None where nothing stands out."""
        cause = incident["first_cause"]
        if cause is None:
            return None
        for event, place in self.events(incident):
            if event["finding"] == cause["finding"] and place is not None:
                return Cause(
                    place=place,
                    anomaly=self.anomalies[place],
                    time=event["time"],
                    what=event["text"],
                    why=cause["reason"],
                )
        return None

    def events(self, incident: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], int | None]]:
        """Yield the events of an incident, and the place of the finding of each in the list, None if it is not there.

        Findings of one id are told apart by their order: files with settings of their own are judged apart.
        """
        taken: Counter[str] = Counter()
        for event in incident["timeline"]:
            own = self._places.get((incident["id"], event["finding"]), [])
            yield event, own[min(taken[event["finding"]], len(own) - 1)] if own else None
            taken[event["finding"]] += 1

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], list[int]]:
        """Places of the findings in the list, by incident and id."""
        places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for place, anomaly in enumerate(self.anomalies):
            if anomaly["incident"] is not None:
                places[anomaly["incident"], anomaly["id"]].append(place)
        return dict(places)


def class_of(anomaly: Anomaly) -> str:
    """Return what kind of thing a finding is, in words."""
    return str(anomaly["classification"]).replace("_", " ")


def what_of(anomaly: Anomaly) -> str:
    """Return what a finding is about, in words."""
    subject = anomaly["subject"]
    kind = "" if subject["kind"] == "template" else f"{subject['kind']} "
    return f"{class_of(anomaly)}: {kind}{subject['name']}"


def where_of(anomaly: Anomaly) -> str:
    """Return the place of the line that shows a finding."""
    return f"{anomaly['source']}:{anomaly['line_number']}"


def brief(text: str, *, most: int = _MOST_TEXT) -> str:
    """Return a text that has at most `most` characters.

    Examples
    --------
    >>> brief("connection refused", most=11)
    'connection…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + _ELLIPSIS


def fitting(parts: Iterable[_Part], *, most: int, room: int) -> list[_Part]:
    """Return the first of the parts, at most `most`, that have no more than `room` bytes together.

    Examples
    --------
    >>> fitting(["ab", "cd", "e"], most=3, room=4)
    ['ab', 'cd']
    """
    taken = []
    for part in islice(parts, most):
        room -= len(part.encode())
        if room < 0:
            break
        taken.append(part)
    return taken


def seconds(span: tuple[str | None, str | None] | None) -> tuple[float, float] | None:
    """Return first and last time in seconds since the epoch, None where there is none."""
    first, last = (_moment(time) for time in span or (None, None))
    return None if first is None or last is None else (first.timestamp(), last.timestamp())


def _place(anomaly: Anomaly) -> str:
    component = anomaly["component"]
    return brief(component, most=80) if component else brief(anomaly["source"], most=80)


def _moment(time: str | None) -> datetime | None:
    if time is None or not re.match(r"\d{4}-\d\d-\d\dT", time):
        return None
    try:
        return datetime.fromisoformat(time).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
