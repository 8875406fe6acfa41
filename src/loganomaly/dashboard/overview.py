"""The overview: what happened, when, and how bad it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from dash import html

from loganomaly.charts.over_time import timeline_figure
from loganomaly.dashboard.address import Address, moment_of
from loganomaly.dashboard.finding_query import FindingFilter, matching
from loganomaly.dashboard.measures import incidents_in, measured, rows_in
from loganomaly.dashboard.parts import (
    Part,
    badge,
    empty,
    graph,
    link,
    moment,
    opens,
    panel,
    score_bar,
    severity_mark,
    shown,
    span_of,
    tile,
)
from loganomaly.dashboard.results_folder import Run
from loganomaly.wording import amount, duration, percent

__all__ = ["overview"]

_MOST_INCIDENTS = 20
_MOST_EVENTS = 12  # of an incident
_MOST_FINDINGS = 12
_MOST_MARKS = 400
_MOST_COMPONENTS = 8
_APART = 0.08  # of the width of the chart is what the name of an incident takes


def overview(run: Run, address: Address, *, theme: str) -> list[Part]:
    """Return the page."""
    since, until = address.wanted.since, address.wanted.until
    span = FindingFilter(since=since, until=until)
    findings = None if run.findings is None else matching(run.findings, span)
    incidents = incidents_in(run, since=since, until=until)
    causes = _causes(run, [each for _, each in incidents])
    return [
        html.H1("Overview", className="unseen"),
        _headline(run, address, findings, incidents, causes),
        _tiles(run, address, findings),
        _timeline(run, findings, incidents, address, theme=theme),
        html.Div(
            [_incidents(address, incidents, causes, listed=run.findings is not None), _worst(address, findings)],
            className="columns",
        ),
    ]


def _headline(
    run: Run,
    address: Address,
    findings: pl.DataFrame | None,
    incidents: list[tuple[int, Mapping[str, Any]]],
    causes: Mapping[str, Mapping[str, Any]],
) -> Part:
    lines = amount(int(run.summary.get("original_log_count") or 0), "line")
    marks = {"id": "headline", "data-testid": "headline", "className": "headline"}
    if not run.summary.get("original_log_count"):
        return html.Section(html.P("The log is empty: not a single line was read.", className="lead"), **marks)
    known = run.summary.get("anomalies_detected", 0) if findings is None else len(findings)
    where = "in this span of time" if address.wanted.since or address.wanted.until else f"in {lines}"
    if not known:
        marks["className"] += " calm"
        return html.Section(html.P(f"Nothing unusual was found {where}.", className="lead"), **marks)
    caused = [(number, each) for number, each in incidents if each.get("first_cause")]
    if not caused:
        told = f"{amount(known, 'finding')} {where}, and none of them is the first cause of an incident."
        return html.Section(html.P(told, className="lead"), **marks)
    number, incident = caused[0]
    cause = causes[str(incident["id"])]
    return html.Section(
        [
            html.P("What broke first", className="label"),
            html.P(
                [
                    html.Strong(moment(cause["time"]), className="when", id="first-cause-time"),
                    *_place(cause),
                ],
                className="lead",
            ),
            html.P(
                opens(
                    html.Code(shown(cause["text"], most=300)), address, finding=cause["finding"], id="first-cause-link"
                ),
                className="told",
            ),
            html.P([f"Incident {number}: ", shown(incident["first_cause"]["reason"], most=400)], className="faint"),
        ],
        **marks,
    )


def _place(cause: Mapping[str, Any]) -> list[Part]:
    """Return where it was: the component and the line, or what is known of them."""
    component, source = cause["component"], cause["source"]
    if component is None:
        return [" in ", html.Strong(shown(source, most=160), id="first-cause-component")] if source else []
    named = [" in ", html.Strong(shown(component, most=120), id="first-cause-component")]
    return [*named, html.Span(f" ({shown(source, most=160)})", className="faint")] if source else named


def _causes(run: Run, incidents: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what is known of the first causes, by incident; also where there is no table of findings."""
    shown_ones = incidents[:_MOST_INCIDENTS]
    first = next((each for each in incidents if each.get("first_cause")), None)
    caused = [each for each in [*shown_ones, *([first] if first else [])] if each.get("first_cause")]
    wanted = [str(each["first_cause"]["finding"]) for each in caused]
    rows = {}
    if run.findings is not None:
        rows = {row["key"]: row for row in run.findings.filter(pl.col("key").is_in(wanted)).to_dicts()}
    return {str(each["id"]): _cause(each, rows.get(finding)) for each, finding in zip(caused, wanted, strict=True)}


def _cause(incident: Mapping[str, Any], row: Mapping[str, Any] | None) -> dict[str, Any]:
    finding = str(incident["first_cause"]["finding"])
    event: Mapping[str, Any] = next(
        (each for each in incident.get("timeline", ()) if each.get("finding") == finding), {}
    )
    told, time = event.get("text", ""), event.get("time")
    if row is None:  # there is nothing to open
        return {"finding": "", "time": time, "text": told, "name": told, "component": None, "source": None}
    return {
        "finding": finding,
        "time": time or row["begin"],
        "text": _first_line(row["log"]) or row["name"],
        "name": row["name"],
        "component": row["component"],
        "source": f"{row['source']}:{row['line_number']}" if row["source"] else None,
    }


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0]


def _tiles(run: Run, address: Address, findings: pl.DataFrame | None) -> Part:
    wanted = address.wanted
    have = measured(run, findings, since=wanted.since, until=wanted.until)
    zoomed = wanted.since is not None or wanted.until is not None
    floods = address.on("findings")
    floods = replace(floods, wanted=replace(floods.wanted, classifications=("log_flood",)))
    rate = have.error_rate
    return html.Div(
        [
            tile("lines", _number(have.lines), "Records" if zoomed else "Lines", told="", address=address.on("run")),
            tile("templates", _number(have.templates), "Templates", told="kinds of line",
                 address=address.on("templates")),
            tile("findings", _number(have.findings), "Findings", told="unusual things", address=address.on("findings")),
            tile("leaks", _number(have.leaks), "Leaks", told="secrets in plain text", address=address.on("security")),
            tile("floods", _number(have.floods), "Floods", told="one line, again and again", address=floods),
            tile("error-rate", "—" if rate is None else percent(rate), "Error rate", told="of all records",
                 address=address.on("activity")),
            tile("peak", "—" if have.peak is None else f"{have.peak:,.0f}", "Peak rate", told="records in one minute",
                 address=address.on("activity")),
        ],
        className="tiles",
    )  # fmt: skip


def _number(value: int | None) -> str:
    return "—" if value is None else f"{value:,}"


def _timeline(
    run: Run,
    findings: pl.DataFrame | None,
    incidents: list[tuple[int, Mapping[str, Any]]],
    address: Address,
    *,
    theme: str,
) -> Part:
    levels = rows_in(run.levels, since=address.wanted.since, until=address.wanted.until)
    if run.levels.is_empty():
        return panel(
            "Over time", empty("The log has no times, so nothing can be drawn over time."), id="timeline-panel"
        )
    if levels.is_empty():
        return panel("Over time", empty("There are no records in this span of time."), id="timeline-panel")
    columns = [pl.col("key").alias("id"), "score", "severity", "name", "first_seen", "timestamp"]
    marks = [] if findings is None else findings.select(columns).head(_MOST_MARKS).to_dicts()
    figure = timeline_figure(levels, findings=marks, incidents=[each for _, each in incidents][:_MOST_INCIDENTS])
    layout = figure["layout"]
    layout["annotations"] = _labels(layout.get("annotations", ()), incidents, levels)
    for trace in figure["data"]:
        if trace["type"] == "scatter":
            trace["cliponaxis"] = False  # what begins with the log is marked as a whole
    layout["dragmode"] = "zoom"
    layout["xaxis"] = {**layout["xaxis"], **_range(levels, address)}
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Over time"),
                    html.P(
                        [
                            "Drag to zoom; all of the page follows. ",
                            html.Span("▼ a finding", className="nowrap"),
                            ", ",
                            html.Span("shaded: an incident", className="nowrap"),
                            ". Times are UTC.",
                        ],
                        className="note",
                    ),
                ],
                className="titled",
            ),
            graph(figure, label="Records over time by severity, with findings and incidents", theme=theme,
                  name="timeline", height=232),
        ],
        className="panel",
        id="timeline-panel",
        **{"data-testid": "timeline"},
    )  # fmt: skip


def _labels(
    notes: Sequence[Mapping[str, Any]], incidents: list[tuple[int, Mapping[str, Any]]], levels: pl.DataFrame
) -> list[dict[str, Any]]:
    """Return the names of incidents above the chart; of those that begin close to each other, that of the worst."""
    first: Any = levels["start"].min()
    last: Any = levels["start"].max()
    apart = _APART * max((last - first).total_seconds(), 1.0)
    placed: list[Any] = []
    labels = []
    numbers = [number for number, each in incidents if each.get("start") is not None]
    for note, number in zip(notes, numbers, strict=False):
        start = moment_of(str(note["x"]))
        if start is None or any(abs((start - other).total_seconds()) < apart for other in placed):
            continue
        placed.append(start)
        # One that began before what is shown is named where the chart begins.
        labels.append({**note, "x": max(start, first).isoformat(), "text": f"incident {number}", "yanchor": "bottom"})
    return labels


def _range(levels: pl.DataFrame, address: Address) -> dict[str, Any]:
    """Return the part of the axis that is shown: all there is, or the span that is zoomed to."""
    first: Any = levels["start"].min()
    last: Any = levels.select((pl.col("start") + pl.duration(seconds="seconds")).max()).item()
    since, until = address.wanted.since or first, address.wanted.until or last
    return {"range": [since.isoformat(), until.isoformat()], "autorange": False}


def _incidents(
    address: Address,
    incidents: list[tuple[int, Mapping[str, Any]]],
    causes: Mapping[str, Mapping[str, Any]],
    *,
    listed: bool,
) -> Part:
    if not incidents:
        return panel("Incidents", empty("No findings belong together as an incident."), id="incidents")
    cards = [
        _card(address, number, each, causes.get(str(each["id"])), listed=listed)
        for number, each in incidents[:_MOST_INCIDENTS]
    ]
    more = len(incidents) - len(cards)
    return panel(
        f"Incidents ({len(incidents):,})",
        *cards,
        empty(f"{more:,} further incidents, all less bad, are not shown; zoom in to see them.") if more else None,
        note="Findings that belong together, worst first.",
        id="incidents",
    )


def _card(
    address: Address, number: int, incident: Mapping[str, Any], cause: Mapping[str, Any] | None, *, listed: bool
) -> Part:
    events = list(incident.get("timeline", ()))
    components = list(incident.get("components", ()))
    there = address.on("findings")
    there = replace(there, wanted=replace(there.wanted, incident=str(incident["id"])))
    return html.Article(
        [
            html.H3([f"Incident {number}: ", shown(incident["title"], most=200)]),
            html.P(
                [score_bar(float(incident["score"])), " ", html.Span(span_of(incident["start"], incident["end"]))],
                className="facts",
            ),
            html.P([
                html.Strong("First cause: "),
                shown(" ".join(filter(None, (
                    moment(cause["time"], dated=False), cause["component"] or cause["source"]))), most=160), ": ",
                opens(shown(cause["name"], most=200), address, finding=cause["finding"]),
            ]) if cause else html.P("No first cause is known.", className="faint"),
            html.P(
                [badge(name) for name in components[:_MOST_COMPONENTS]]
                + ([f" and {len(components) - _MOST_COMPONENTS} more"] if len(components) > _MOST_COMPONENTS else []),
                className="badges",
                title="components",
            ),
            html.Ol(
                [
                    html.Li([
                        html.Time(moment(event.get("time"), dated=False)),
                        opens(
                            shown(event.get("text", ""), most=160),
                            address,
                            finding=str(event.get("finding", "")) if listed else "",
                        ),
                    ])
                    for event in events[:_MOST_EVENTS]
                ],
                className="events",
            ),
            html.P(link(f"All {amount(len(incident.get('findings', ())), 'finding')} of incident {number}", there)),
        ],
        className="card",
        id=f"incident-{incident['id']}",
        **{"data-testid": "incident-card", "data-incident": str(incident["id"])},
    )  # fmt: skip


def _worst(address: Address, findings: pl.DataFrame | None) -> Part:
    if findings is None:
        return panel("Worst findings", empty("Findings are not listed in this folder."), id="worst-findings")
    if findings.is_empty():
        return panel("Worst findings", empty("Nothing unusual was found here."), id="worst-findings")
    top = findings.head(_MOST_FINDINGS)  # they are in that order
    return panel(
        "Worst findings",
        html.Ol([_finding(address, row) for row in top.iter_rows(named=True)], className="worst"),
        html.P(link(f"All {amount(len(findings), 'finding')}", address.on("findings"))),
        id="worst-findings",
    )


def _finding(address: Address, row: Mapping[str, Any]) -> Part:
    facts = [
        row["component"],
        (row["classification"] or "").replace("_", " "),
        amount(row["count"], "record") if row["count"] > 1 else None,
    ]
    length = (row["end"] - row["begin"]).total_seconds() if row["begin"] and row["end"] else 0
    return html.Li(
        opens(
            [
                html.Span([score_bar(row["score"]), severity_mark(row["severity"]), html.Time(moment(row["begin"]))],
                          className="facts"),
                html.Span(shown(row["name"], most=200), className="what"),
                html.Span(
                    shown(" · ".join(str(fact) for fact in facts if fact)
                          + (f" within {duration(length)}" if length > 1 and row["count"] > 1 else ""), most=200),
                    className="faint",
                ),
            ],
            address,
            finding=row["key"],
            className="finding",
            **{"data-testid": "worst-finding"},
        )
    )  # fmt: skip
