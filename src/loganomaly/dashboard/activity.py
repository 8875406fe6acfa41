"""How much was logged: when, by which components, and how severe."""

from typing import Any

import polars as pl
from dash import html

from loganomaly.charts.looks import COLOURS, layout
from loganomaly.charts.over_time import timeline_figure
from loganomaly.charts.parts import component_figure, severity_figure
from loganomaly.dashboard.address import Address
from loganomaly.dashboard.finding_query import FindingFilter, matching
from loganomaly.dashboard.measures import error_rates, rows_in
from loganomaly.dashboard.parts import Part, empty, graph, link, moment, opens, panel, shown, span_of, table
from loganomaly.dashboard.results_folder import Run
from loganomaly.wording import percent

__all__ = ["activity"]

_MOST_POINTS = 180
_MOST_COMPONENTS = 50
_MOST_TAGS = 40
_MOST_FLOODS = 50


def activity(run: Run, address: Address, *, theme: str) -> list[Part]:
    """Return the page."""
    since, until = address.wanted.since, address.wanted.until
    levels = rows_in(run.levels, since=since, until=until)
    zoomed = since is not None or until is not None
    findings = None
    if run.findings is not None:
        findings = matching(run.findings, FindingFilter(since=since, until=until))
    return [
        html.H1("Activity"),
        _rates(run, levels, zoomed=zoomed, theme=theme),
        html.Div([_severities(run, levels, zoomed=zoomed, theme=theme), _tags(findings, address)], className="columns"),
        _components(run, address, zoomed=zoomed, theme=theme),
        _floods(findings, address),
    ]


def _rates(run: Run, levels: pl.DataFrame, *, zoomed: bool, theme: str) -> Part:
    times = run.summary.get("time_metrics", {})
    if run.levels.is_empty():
        return panel("Over time", empty("The log has no times, so there are no rates."))
    numbers = [
        ("per second", times.get("logs_per_second")),
        ("per minute", times.get("logs_per_minute")),
        ("per hour", times.get("logs_per_hour")),
        ("in the fullest minute", times.get("peak_rate_per_minute")),
    ]
    rate = times.get("error_rate")
    told = [html.Li([html.Strong(_rate(value)), f" records {name}"]) for name, value in numbers]
    told.append(html.Li([html.Strong("—" if rate is None else percent(rate)), " of all records are errors"]))
    if levels.is_empty():
        return panel("Over time", empty("There are no records in this span of time."))
    errors = error_rates(levels, most=_MOST_POINTS)
    line: dict[str, Any] = {
        "data": [{
            "type": "scatter",
            "mode": "lines",
            "line": {"color": COLOURS["ERROR"], "shape": "hv"},
            "fill": "tozeroy",
            "x": [when.isoformat() for when in errors["start"].to_list()],
            "y": errors["rate"].to_list(),
            "customdata": list(zip(errors["errors"].to_list(), errors["records"].to_list(), strict=True)),
            "hovertemplate": "%{x}<br>%{y:.1%}: %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
        }],
        "layout": layout(height=170, xaxis={"type": "date"},
                         yaxis={"tickformat": ".0%", "rangemode": "tozero", "fixedrange": True,
                                "title": {"text": "errors"}}),
    }  # fmt: skip
    figure = timeline_figure(levels)
    return panel(
        "Over time",
        html.Ul(told, className="rates", id="rates"),
        graph(figure, label="Records over time by severity", theme=theme, name="timeline", height=220),
        html.H3("Error rate"),
        graph(line, label="Share of records that are errors, over time", theme=theme, name="error-rate"),
        note="The numbers are of the whole log, the charts of the span of time. Times are UTC." if zoomed else
        f"{span_of(times.get('first_time'), times.get('last_time'))}. Times are UTC. Drag to zoom.",
    )  # fmt: skip


def _rate(value: float | None) -> str:
    return "—" if value is None else f"{value:,.4g}" if value < 100 else f"{value:,.0f}"


def _severities(run: Run, levels: pl.DataFrame, *, zoomed: bool, theme: str) -> Part:
    counts = dict(run.summary.get("log_severity_summary", {}))
    if zoomed:
        counts = dict(levels.group_by("name").agg(pl.col("records").sum()).iter_rows())
    if not any(counts.values()):
        return panel("Severities", empty("There are no records."))
    figure = severity_figure(counts)
    # Beside the bars, for not all patterns can be written on.
    figure["data"][0] |= {"textposition": "outside", "cliponaxis": False}
    figure["layout"]["margin"] = {**figure["layout"]["margin"], "r": 64}
    return panel("Severities", graph(figure, label="Records by severity", theme=theme, name="severities"))


def _tags(findings: pl.DataFrame | None, address: Address) -> Part:
    if findings is None or findings.is_empty():
        return panel("Tags of findings", empty("There are no findings."))
    counts = findings.select(pl.col("tags").explode()).drop_nulls()["tags"].value_counts(sort=True).head(_MOST_TAGS)
    rows = [[_narrowed(name, address, tags=(name,)), f"{count:,}"] for name, count in counts.iter_rows()]
    return panel("Tags of findings", table(["Tag", "Findings"], rows, label="Tags of findings", numbers=(1,)))


def _narrowed(name: str, address: Address, **filters: Any) -> Part:
    """Return a link to the findings of a filter within the same span of time."""
    from dataclasses import replace

    there = address.on("findings")
    return link(shown(name, most=120), replace(there, wanted=replace(there.wanted, **filters)))


def _components(run: Run, address: Address, *, zoomed: bool, theme: str) -> Part:
    metrics = run.summary.get("component_metrics", {})
    listed = list(metrics.get("top_components", ()))
    if zoomed:
        rows = rows_in(run.components, since=address.wanted.since, until=address.wanted.until)
        counts = rows.group_by("name").agg(pl.col("records").sum()).sort("records", "name", descending=[True, False])
        listed = [{"component": name, "count": count, "errors": None} for name, count in counts.iter_rows()]
    if not listed:
        return panel("Components", empty("The lines name no component."), id="components")
    found: dict[str, int] = {}
    if run.findings is not None:
        found = dict(run.findings["component"].drop_nulls().value_counts().iter_rows())
    total = sum(each["count"] for each in listed) or 1
    rows_told = [
        [
            shown(each["component"], most=160),
            f"{each['count']:,}",
            percent(each["count"] / total),
            "" if each["errors"] is None else f"{each['errors']:,}",
            "" if each["errors"] is None or not each["count"] else percent(each["errors"] / each["count"]),
            _narrowed(f"{found[each['component']]:,}", address, components=(each["component"],))
            if each["component"] in found
            else "",
        ]
        for each in listed[:_MOST_COMPONENTS]
    ]
    pie = component_figure(listed)
    pie["data"][0]["textinfo"] = "percent"  # names are in the legend and in the table
    return panel(
        f"Components ({metrics.get('unique_components', len(listed)):,})",
        html.Div(
            [
                graph(pie, label="Records by component", theme=theme, name="component-pie"),
                table(["Component", "Records", "Share", "Errors", "Error rate", "Findings"], rows_told,
                      label="Components", numbers=(1, 2, 3, 4, 5), id="component-table"),
            ],
            className="pie-and-table",
        ),
        id="components",
    )  # fmt: skip


def _floods(findings: pl.DataFrame | None, address: Address) -> Part:
    if findings is None:
        return panel("Floods", empty("Findings are not listed in this folder."), id="floods")
    floods = findings.filter(pl.col("classification") == "log_flood").head(_MOST_FLOODS)
    if floods.is_empty():
        return panel("Floods", empty("No line was logged again and again."), id="floods")
    rows = [
        [
            opens(shown(row["name"], most=200), address, finding=row["key"]),
            f"{row['count']:,}",
            span_of(row["begin"], row["end"]) if row["begin"] else moment(None),
            shown(row["component"] or "—", most=100),
        ]
        for row in floods.iter_rows(named=True)
    ]
    return panel("Floods", table(["Line", "Records", "When", "Component"], rows, label="Floods", numbers=(1,)),
                 note="The same kind of line again and again, so that it fills the log.", id="floods")  # fmt: skip
