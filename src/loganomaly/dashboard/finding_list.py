"""The list of findings: searched, filtered and sorted by the server, a page at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid
import polars as pl
from dash import dcc, html

from loganomaly.charts.looks import SEVERITIES
from loganomaly.dashboard.address import Address, query_of
from loganomaly.dashboard.finding_query import BadPatternError, choices, matching, page_of
from loganomaly.dashboard.parts import Part, empty, moment, shown
from loganomaly.dashboard.results_folder import Run
from loganomaly.legible import plain_text

__all__ = ["FILTERS", "downloads", "finding_list", "finding_rows", "grid", "sort_of", "told_count"]

FILTERS = ("severity", "component", "detector", "class", "tag", "file")
"""Names of the filters that take several values, as the address has them."""
_COLUMNS = {
    "severity": ("Severity", "severity"),
    "component": ("Component", "component"),
    "detector": ("Detector", "detectors"),
    "class": ("Classification", "classification"),
    "tag": ("Tag", "tags"),
    "file": ("File", "files"),
}
_LONGEST_CELL = 300
_FIELDS: Sequence[Mapping[str, Any]] = (
    {"field": "score", "headerName": "Score", "width": 100, "cellRenderer": "Score", "sort": "desc"},
    {
        "field": "severity",
        "headerName": "Severity",
        "width": 122,
        "cellRenderer": "Severity",
        "sortingOrder": ["asc", "desc", None],
    },
    {"field": "begin", "headerName": "First seen (UTC)", "width": 174},
    {"field": "name", "headerName": "What", "flex": 5, "minWidth": 170, "tooltipField": "name"},
    {"field": "component", "headerName": "Component", "flex": 3, "minWidth": 130, "cellRenderer": "Tail"},
    {"field": "classification", "headerName": "Classification", "width": 136},
    {"field": "count", "headerName": "Records", "width": 88, "type": "rightAligned"},
    {"field": "source", "headerName": "Where", "flex": 3, "minWidth": 140, "cellRenderer": "Tail"},
)


def finding_list(run: Run, address: Address) -> list[Part]:
    """Return the page."""
    if run.findings is None:
        return [html.H1("Findings"), empty("This folder has no table of findings.")]
    if run.findings.is_empty():
        return [html.H1("Findings"), empty("Nothing unusual was found in this log.")]
    wanted = address.wanted
    values = {
        "severity": wanted.severities,
        "component": wanted.components,
        "detector": wanted.detectors,
        "class": wanted.classifications,
        "tag": wanted.tags,
        "file": wanted.files,
    }
    offered = choices(run.findings)
    offered["severity"].sort(key=lambda each: SEVERITIES.index(each[0]) if each[0] in SEVERITIES else len(SEVERITIES))
    return [
        html.Div(
            [
                html.H1("Findings"),
                html.P(id="count", className="count", role="status", **{"data-testid": "count"}),
                html.Div(id="downloads", className="downloads"),
            ],
            className="titled",
        ),
        html.Div(
            [
                *search_box(wanted.text, regex=wanted.regex),
                html.Button("Filters", id="filters-toggle", className="button narrow-only",
                            **{"aria-expanded": "false", "aria-controls": "filters"}),
                html.Button("Clear", id="filters-clear", className="button", title="Clear the search and all filters"),
            ],
            className="search",
            role="search",
        ),
        html.Div(
            [_choice(name, offered[_COLUMNS[name][1]], values[name]) for name in FILTERS]
            + [
                html.Div([
                    html.Label("Least score", htmlFor="filter-score"),
                    dcc.Input(id="filter-score", type="number", min=0, max=1, step=0.01, debounce=0.4,
                              value=wanted.least_score or None, placeholder="0 to 1"),
                ], className="filter"),
            ],
            id="filters",
            className="filters",
        ),
        _of_incident(run, wanted.incident),
        html.P(id="filter-error", className="error", role="alert"),
        grid("finding-grid", _FIELDS, key="id", label="Findings"),
    ]  # fmt: skip


def _of_incident(run: Run, incident: str | None) -> Part:
    """Say that only findings of one incident are shown."""
    if incident is None:
        return None
    numbered = enumerate(run.summary.get("incidents", ()), start=1)
    told = next((f"{number}: {each['title']}" for number, each in numbered if each["id"] == incident), incident)
    return html.P(
        [
            f"Only those of incident {shown(told, most=160)} ",
            html.Button("Show those of all", id="incident-clear", className="button"),
        ],
        id="incident-filter",
    )


def search_box(text: str, *, regex: bool) -> list[Part]:
    """Return the field to search in, and the switch for regular expressions."""
    return [
        html.Label("Search", htmlFor="filter-q", className="unseen"),
        dcc.Input(
            id="filter-q", type="search", value=text, maxLength=300, autoComplete="off",
            placeholder="Search in messages, lines, reasons and components",
        ),
        dcc.Checklist(
            id="filter-regex", options=[{"label": "Regex", "value": "1"}], value=["1"] if regex else [],
            className="check",
        ),
    ]  # fmt: skip


def _choice(name: str, offered: Sequence[tuple[str, int]], chosen: Sequence[str]) -> Part:
    # What the address asks for stays to be seen, also where no finding has it.
    known = {value for value, _ in offered}
    options = [{"label": f"{shown(value, most=80)} ({count:,})", "value": value} for value, count in offered]
    options += [{"label": f"{shown(value, most=80)} (0)", "value": value} for value in chosen if value not in known]
    return html.Div(
        [
            html.Label(_COLUMNS[name][0], htmlFor=f"filter-{name}", id=f"filter-{name}-label"),
            dcc.Dropdown(
                id=f"filter-{name}", options=options, value=list(chosen), multi=True, placeholder="any",
                searchable=len(options) > 8, maxHeight=320,
            ),
        ],
        className="filter",
    )  # fmt: skip


def grid(name: str, fields: Sequence[Mapping[str, Any]], *, key: str, label: str) -> Part:
    """Return a table whose rows the server gives a page at a time; rows are known by the column `key`."""
    return html.Div(
        dash_ag_grid.AgGrid(
            id=name,
            rowModelType="infinite",
            columnDefs=[dict(field) for field in fields],
            defaultColDef={
                "sortable": True,
                "resizable": True,
                "suppressHeaderMenuButton": True,
                "filter": False,
                "sortingOrder": ["desc", "asc", None],
            },
            getRowId=f"params.data.{key}",
            dashGridOptions={
                "cacheBlockSize": 100,
                "maxBlocksInCache": 20,
                "maxConcurrentDatasourceRequests": 1,
                "infiniteInitialRowCount": 1,
                "rowHeight": 34,
                "headerHeight": 36,
                "suppressCellFocus": False,
                "suppressMovableColumns": True,
                "enableCellTextSelection": True,
                "overlayNoRowsTemplate": "",
            },
            style={"height": "100%", "width": "100%"},
        ),
        className="grid",
        role="region",
        **{"aria-label": label, "data-testid": name},
    )


def sort_of(request: object) -> list[tuple[str, bool]]:
    """Return the columns that a grid asks to be sorted by, and whether in descending order."""
    model = request.get("sortModel") if isinstance(request, Mapping) else None
    if not isinstance(model, list):
        return []
    return [(str(each.get("colId")), each.get("sort") == "desc") for each in model[:3] if isinstance(each, Mapping)]


def finding_rows(run: Run, address: Address, request: object) -> tuple[list[dict[str, Any]], int, str]:
    """Return a page of findings for the grid, how many there are in all, and what is wrong with the search."""
    if run.findings is None:
        return [], 0, ""
    try:
        found = matching(run.findings, address.wanted)
    except BadPatternError as error:
        return [], 0, f"This is not a regular expression: {error}."
    start, end = window_of(request)
    rows = page_of(found, sort=sort_of(request), start=start, end=end)
    return [_row(row) for row in rows.iter_rows(named=True)], len(found), ""


def window_of(request: object) -> tuple[int, int]:
    """Return the first row that a grid asks for, and the first one that it does not."""
    asked = request if isinstance(request, Mapping) else {}
    start, end = asked.get("startRow"), asked.get("endRow")
    start = start if isinstance(start, int) and not isinstance(start, bool) and 0 <= start < 2**40 else 0
    end = end if isinstance(end, int) and not isinstance(end, bool) and start < end < 2**40 else start + 100
    return start, end


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    place = "" if row["source"] is None else f"{row['source']}:{row['line_number']}"
    return {
        "id": row["key"],
        "score": row["score"],
        "severity": row["severity"],
        "begin": moment(row["begin"]),
        "name": _cell(row["name"]),
        "component": _cell(row["component"] or ""),
        "classification": (row["classification"] or "").replace("_", " "),
        "count": f"{row['count']:,}" if row["count"] is not None else "",
        "source": _cell(place),
    }


def _cell(text: str) -> str:
    return plain_text(text[:_LONGEST_CELL])


def told_count(found: int, findings: pl.DataFrame) -> str:
    """Say how many findings are shown."""
    return f"{found:,} of {len(findings):,}"


def downloads(address: Address) -> list[Part]:
    """Return links to what is filtered, as files."""
    query = query_of(address)
    return [
        html.A(kind.upper(), href=f"/download/findings.{kind}?{query}", className="button", id=f"download-{kind}",
               download=f"findings.{kind}", title=f"The findings shown, as {kind.upper()}")
        for kind in ("csv", "json")
    ]  # fmt: skip
