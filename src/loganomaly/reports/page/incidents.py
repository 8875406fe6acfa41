"""Incidents of a page: what each may have begun with, and its events in order of time."""

from collections.abc import Iterator, Mapping
from typing import Any

from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.reports.page.tables import names, section
from loganomaly.reports.story import Cause, Told, brief, fitting, where_of
from loganomaly.wording import amount

__all__ = ["MOST_INCIDENTS", "incident_section"]

MOST_INCIDENTS = 20
_MOST_EVENTS = 60
_MOST_NAMES = 12
_ROOM = 400_000
_LONG = 300


def incident_section(told: Told, *, anchors: Mapping[int, str]) -> Markup:
    """Return the incidents, worst first; `anchors` are the places of findings on the page."""
    parts = (_incident(told, incident, n, anchors) for n, incident in enumerate(told.incidents, start=1))
    shown = fitting(parts, most=MOST_INCIDENTS, room=_ROOM)
    rest = len(told.incidents) - len(shown)
    more = f"{amount(rest, 'more incident')}, listed in summary.json." if rest else None
    return section(
        "incidents",
        "Incidents",
        shown or el("p", "No findings belong together in time and place."),
        el("p", more, class_="quiet") if more else None,
        count=len(told.incidents),
    )


def _incident(told: Told, incident: Mapping[str, Any], number: int, anchors: Mapping[int, str]) -> Markup:
    clock = told.clock
    span = clock.between(incident["start"], incident["end"])
    cause = told.cause(incident)
    facts: list[tuple[str, Content]] = [
        ("When", span or "no times in these logs"),
        ("Score", f"{incident['score']:.2f}"),
        ("Components", names(incident["components"], most=_MOST_NAMES)),
        ("Files", names(incident["files"], most=_MOST_NAMES)),
    ]
    return el(
        "article",
        el("h3", f"Incident {number}: ", brief(incident["title"], most=_LONG)),
        _cause(told, cause, anchors) if cause is not None else None,
        el("dl", ([el("dt", name), el("dd", value)] for name, value in facts if value), class_="facts"),
        el("h4", "Timeline"),
        el("ol", _events(told, incident, cause, anchors), class_="events"),
        id=f"incident-{number}",
        class_="incident",
    )


def _cause(told: Told, cause: Cause, anchors: Mapping[int, str]) -> Markup:
    when = f" at {told.clock.at(cause.time)}" if cause.time else ""
    component = f" in {brief(cause.anomaly['component'], most=_LONG)}" if cause.anomaly["component"] else ""
    anchor = anchors.get(cause.place)
    what = brief(cause.what, most=_LONG)
    return el(
        "p",
        el("strong", f"First cause candidate{when}{component}: "),
        el("a", what, href=f"#{anchor}") if anchor else what,
        f" ({where_of(cause.anomaly)}). ",
        brief(cause.why, most=_LONG),
        class_="first",
    )


def _events(
    told: Told, incident: Mapping[str, Any], cause: Cause | None, anchors: Mapping[int, str]
) -> Iterator[Markup]:
    first = None if cause is None else cause.place
    for event, place in list(told.events(incident))[:_MOST_EVENTS]:
        anchor = None if place is None else anchors.get(place)
        anomaly = None if place is None else told.anomalies[place]
        text = brief(event["text"], most=_LONG)
        component = anomaly["component"] if anomaly else None
        yield el(
            "li",
            el("span", told.clock.at(event["time"]) or "-", class_="time"),
            el(
                "span",
                el("a", text, href=f"#{anchor}") if anchor else text,
                el("small", " ", brief(component, most=80)) if component else None,
                el("strong", " first cause candidate", class_="flag") if place is not None and place == first else None,
            ),
            class_="first" if place is not None and place == first else None,
        )
    rest = len(incident["timeline"]) - _MOST_EVENTS
    if rest > 0:
        yield el("li", el("span", ""), el("span", f"and {amount(rest, 'more event')}, listed in summary.json"))
