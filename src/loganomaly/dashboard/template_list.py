"""The templates: which kinds of line there are, and how often; and one of them in detail."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html

from loganomaly.charts.over_time import rate_figure
from loganomaly.charts.parts import distribution_figure, template_figure
from loganomaly.dashboard.address import Address
from loganomaly.dashboard.finding_list import grid, search_box, sort_of, window_of
from loganomaly.dashboard.finding_query import BadPatternError, searched
from loganomaly.dashboard.measures import rows_in, span_of_run
from loganomaly.dashboard.parts import Part, badge, empty, graph, moment, opens, severity_mark, shown, table
from loganomaly.dashboard.results_folder import ResultsFolder, Run
from loganomaly.legible import plain_text
from loganomaly.wording import percent

__all__ = ["template_detail", "template_list", "template_rows"]

_SORTS = {"count": "count", "log_template": "log_template", "severity": "rank", "component": "component",
          "score": "score", "first_seen": "first_seen", "last_seen": "last_seen", "share": "count"}  # fmt: skip
_POINTS = 30  # of a sparkline
_MOST_BARS = 12
_MOST_DRAWN = 6
_MOST_FINDINGS = 10
_LONGEST_CELL = 300
_FIELDS: Sequence[Mapping[str, Any]] = (
    {"field": "count", "headerName": "Records", "width": 100, "type": "rightAligned", "sort": "desc"},
    {"field": "share", "headerName": "Share", "width": 90, "type": "rightAligned"},
    {"field": "log_template", "headerName": "Template", "flex": 5, "minWidth": 170, "tooltipField": "log_template"},
    {"field": "spark", "headerName": "Over time", "width": 130, "cellRenderer": "Sparkline", "sortable": False},
    {
        "field": "severity",
        "headerName": "Severity",
        "width": 122,
        "cellRenderer": "Severity",
        "sortingOrder": ["asc", "desc", None],
    },
    {"field": "component", "headerName": "Component", "flex": 2, "minWidth": 120, "cellRenderer": "Tail"},
    {"field": "score", "headerName": "Score", "width": 100, "cellRenderer": "Score"},
    {"field": "first_seen", "headerName": "First seen (UTC)", "width": 174},
    {"field": "last_seen", "headerName": "Last seen (UTC)", "width": 174},
)


def template_list(run: Run, address: Address, *, theme: str) -> list[Part]:
    """Return the page."""
    if run.templates is None or run.templates.is_empty():
        told = "This folder has no table of templates." if run.templates is None else "The log has no lines."
        return [html.H1("Templates"), empty(told)]
    diversity = run.summary.get("template_diversity", {})
    top = run.templates.head(_MOST_BARS).select("template_id", "log_template", "count", "severity").to_dicts()
    return [
        html.Div(
            [
                html.H1("Templates"),
                html.P(id="count", className="count", role="status", **{"data-testid": "count"}),
                html.P(
                    [
                        _explained(f"entropy {diversity.get('template_entropy', 0):.2f} bits",
                                   "How evenly records spread over templates, in bits: 0 if all are of one, and "
                                   "one more for each doubling of equally frequent ones. It falls when a few kinds of "
                                   "line take over the log."),
                        " · ",
                        _explained(f"top template {percent(diversity.get('top_template_ratio', 0))}",
                                   "The share of all records that are of the most frequent template. A high share may "
                                   "be a flood."),
                    ],
                    className="note",
                ),
            ],
            className="titled",
        ),
        html.Details(
            [html.Summary("The most common"),
             graph(template_figure(top), label="The most common templates", theme=theme, name="template-bars")],
            open=False,
        ),
        html.Div([*search_box(address.wanted.text, regex=address.wanted.regex),
                  html.Button("Clear", id="filters-clear", className="button")], className="search", role="search"),
        html.P(id="filter-error", className="error", role="alert"),
        grid("template-grid", _FIELDS, key="template_id", label="Templates"),
    ]  # fmt: skip


def _explained(text: str, meaning: str) -> Part:
    return html.Abbr(text, title=meaning, tabIndex=0, **{"aria-label": f"{text}: {meaning}"})


def template_rows(run: Run, address: Address, request: object) -> tuple[list[dict[str, Any]], int, str]:
    """Return a page of templates for the grid, how many there are in all, and what is wrong with the search.

    Where there is a span of time, counts and shares are of the whole log, and only templates are listed that occur in
    it.
    """
    if run.templates is None:
        return [], 0, ""
    wanted, templates = address.wanted, run.templates
    if wanted.since is not None or wanted.until is not None:
        here = rows_in(run.rates, since=wanted.since, until=wanted.until)["name"].unique().cast(pl.String)
        templates = templates.filter(pl.col("template_id").is_in(here.to_list()))
    try:
        templates = searched(
            templates, wanted.text, regex=wanted.regex, columns=("log_template", "component"), key="template_id"
        )
    except BadPatternError as error:
        return [], 0, f"This is not a regular expression: {error}."
    start, end = window_of(request)
    by = [(_SORTS[name], descending) for name, descending in sort_of(request) if name in _SORTS]
    if by:
        templates = templates.sort([name for name, _ in by] + ["row"], descending=[down for _, down in by] + [False],
                                   nulls_last=True)  # fmt: skip
    page = templates.slice(start, min(end - start, 500))
    sparks = _sparklines(run, page["template_id"].to_list())
    return [_row(row, sparks.get(row["template_id"], [])) for row in page.iter_rows(named=True)], len(templates), ""


def _row(row: Mapping[str, Any], spark: list[int]) -> dict[str, Any]:
    return {
        "template_id": row["template_id"],
        "count": f"{row['count']:,}",
        "share": percent(row["ratio"]),
        "log_template": plain_text(row["log_template"][:_LONGEST_CELL]),
        "spark": spark,
        "severity": row["severity"],
        "component": plain_text((row["component"] or "")[:_LONGEST_CELL]),
        "score": row["score"],
        "first_seen": moment(row["first_seen"]),
        "last_seen": moment(row["last_seen"]),
    }


def _sparklines(run: Run, ids: Sequence[str]) -> dict[str, list[int]]:
    """Return for each template how many records it had in each of 30 parts of the log's time."""
    if run.rates.is_empty():
        return {}
    bounds = run.rates.select(first=pl.col("start").min(), last=pl.col("start").max()).row(0)
    step = max((bounds[1] - bounds[0]).total_seconds() / (_POINTS - 1), 1.0)
    part = (pl.col("start") - bounds[0]).dt.total_seconds() / step
    # Ids that are no category are in no row.
    rows = run.rates.filter(pl.col("name").is_in(pl.Series(list(ids), dtype=pl.String).cast(pl.Categorical)))
    counts = rows.group_by(pl.col("name").cast(pl.String), part.cast(pl.Int64).alias("part")).agg(
        pl.col("records").sum()
    )
    lines = {name: [0] * _POINTS for name in ids}
    for name, place, records in counts.iter_rows():
        lines[name][min(place, _POINTS - 1)] = records
    return lines


def template_detail(folder: ResultsFolder, run: Run, address: Address, *, theme: str) -> list[Part]:
    """Return what the panel says of the template that is open."""
    close = html.Button("✕", id="detail-close", className="close", title="Close (Esc)", **{"aria-label": "Close"})
    rows = [] if run.templates is None else run.templates.filter(pl.col("template_id") == address.template).to_dicts()
    if not rows:
        return [close, html.H2("No such template", id="detail-title", tabIndex=-1)]
    row = rows[0]
    facts = {
        "Records": f"{row['count']:,} ({percent(row['ratio'])})",
        "Severity": row["severity"] or "—",
        "Component": row["component"] or "—",
        "First seen": moment(row["first_seen"]),
        "Last seen": moment(row["last_seen"]),
        "Score": f"{row['score']:.2f}",
        "Id": row["template_id"],
    }
    rates = run.rates.filter(pl.col("name") == row["template_id"])
    rate = None
    if len(rates):
        severity = row["severity"] or "UNKNOWN"
        figure = rate_figure(rates, name=row["log_template"], severity=severity, span=span_of_run(run))
        rate = html.Div([html.H3("How often"), graph(figure, label="Records over time", theme=theme, name="rate")])
    return [
        close,
        html.H2(html.Code(shown(row["log_template"], most=600)), id="detail-title", tabIndex=-1),
        html.Dl([part for name, value in facts.items() for part in (html.Dt(name), html.Dd(shown(value, most=300)))]),
        rate,
        *_findings(run, address, row["template_id"]),
        html.H3("Parameters"),
        *_parameters(folder.parameters(row["template_id"]), theme=theme),
    ]


def _findings(run: Run, address: Address, template: str) -> list[Part]:
    if run.findings is None:
        return []
    rows = run.findings.filter(pl.col("template_id") == template).head(_MOST_FINDINGS)
    if rows.is_empty():
        return []
    listed = [
        html.Li(
            opens(
                [severity_mark(row["severity"]), html.Span(shown(row["reason"], most=200))], address, finding=row["key"]
            )
        )
        for row in rows.iter_rows(named=True)
    ]
    return [html.H3("Findings"), html.Ul(listed, className="like")]


def _parameters(parameters: Sequence[Mapping[str, Any]], *, theme: str) -> list[Part]:
    if not parameters:
        return [empty("Nothing varies in lines of this kind.")]
    parts: list[Part] = []
    drawn = 0
    for each in parameters:
        name = each.get("name") or f"parameter {(each.get('position') or 0) + 1}"
        distinct = each.get("distinct")
        told = [badge(str(each.get("type")))]
        if distinct is not None:
            told.append(html.Span(f"{'' if each.get('exact') else 'about '}{distinct:,} values", className="faint"))
        parts.append(html.H4([html.Code(shown(name, most=100)), " ", *told]))
        if each.get("numbers") and drawn < _MOST_DRAWN:
            drawn += 1
            figure = distribution_figure(each["numbers"], name=str(name))
            parts.append(graph(figure, label=f"Values of {shown(name, most=60)}", theme=theme))
        if each.get("values"):
            values = [[html.Code(shown(value["value"], most=200)), f"{value['count']:,}"] for value in each["values"]]
            parts.append(table(["Value", "Records"], values, label=f"Values of {shown(name, most=60)}", numbers=(1,)))
    return parts
