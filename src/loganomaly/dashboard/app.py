"""The Dash application: which page is shown, and what answers each thing that is asked of the server.

The address is the state: whatever is chosen on a page becomes part of it (assets/dashboard.js), and the server answers
what the address says.
"""

import functools
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dash
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from flask import Response, request

from loganomaly.charts.looks import THEMES
from loganomaly.dashboard.activity import activity
from loganomaly.dashboard.address import PAGES, Address, parse
from loganomaly.dashboard.finding_detail import finding_detail
from loganomaly.dashboard.finding_list import FILTERS, downloads, finding_list, finding_rows
from loganomaly.dashboard.finding_query import BadPatternError, matching
from loganomaly.dashboard.overview import overview
from loganomaly.dashboard.parts import Part, empty, link, shown
from loganomaly.dashboard.results_folder import ResultsFolder, Run
from loganomaly.dashboard.run_page import run_page
from loganomaly.dashboard.security import security
from loganomaly.dashboard.template_list import template_detail, template_list, template_rows

__all__ = ["make_app"]

_LOG = logging.getLogger(__name__)
_TITLES = {
    "overview": "Overview",
    "findings": "Findings",
    "templates": "Templates",
    "activity": "Activity",
    "security": "Security",
    "run": "Run",
}
_SECONDS = 15  # between looks at whether the files have changed
_GRIDS = ("findings", "templates")  # pages whose table asks for its rows itself
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
<noscript>The dashboard needs JavaScript.</noscript>
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""
_FAILED = "This cannot be shown: the results in the folder are damaged, or of another version. Analyse the logs again."


def make_app(folders: Sequence[ResultsFolder]) -> Dash:
    """Return the application on folders of results; it serves nothing yet."""
    app = Dash(
        "loganomaly",
        assets_folder=str(Path(__file__).parent / "assets"),
        title="LogAnomaly",
        update_title="",
        index_string=_INDEX,
        serve_locally=True,
        include_pages_meta=False,
        suppress_callback_exceptions=True,
        add_log_handler=False,
        enable_mcp=False,
        compress=False,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    app.layout = _layout(folders)
    app.enable_dev_tools(
        debug=False, dev_tools_ui=False, dev_tools_props_check=False, dev_tools_hot_reload=False,
        dev_tools_disable_version_check=True, dev_tools_silence_routes_logging=True,
    )  # fmt: skip
    _add_pages(app, folders)
    _add_tables(app, folders)
    _add_browser_side(app)
    _add_downloads(app, folders)
    return app


def _layout(folders: Sequence[ResultsFolder]) -> Part:
    names = [{"label": folder.name, "value": str(number)} for number, folder in enumerate(folders)]
    return html.Div(
        [
            dcc.Location(id="address", refresh=False),
            dcc.Store(id="theme"),
            dcc.Store(id="shown"),
            dcc.Interval(id="pulse", interval=_SECONDS * 1000),
            html.A("Skip to the page", href="#page", className="skip"),
            html.Header(
                [
                    html.Span("LogAnomaly", className="brand"),
                    html.Nav(id="nav", **{"aria-label": "Pages"}),
                    html.Div(
                        [
                            html.Label("From", htmlFor="from"),
                            dcc.Input(id="from", type="text", placeholder="beginning", maxLength=40),
                            html.Label("to", htmlFor="to"),
                            dcc.Input(id="to", type="text", placeholder="end", maxLength=40),
                            html.Span("UTC", className="faint"),
                            html.Button("Show all", id="zoom-reset", className="button", hidden=True),
                        ],
                        className="span",
                        id="span",
                        role="group",
                        **{"aria-label": "Span of time", "data-testid": "span"},
                    ),
                    html.Div(
                        [
                            html.Label("Run", htmlFor="run", id="run-label"),
                            dcc.Dropdown(
                                id="run", options=names, value="0", clearable=False, searchable=len(names) > 8
                            ),
                        ],
                        className="run-choice",
                        hidden=len(names) < 2,
                        **{"data-testid": "run-choice"},
                    ),
                ],
                className="top",
            ),
            html.Div(id="problems", role="status", **{"data-testid": "problems"}),
            html.Main(html.P("Loading …", className="empty"), id="page", tabIndex=-1),
            html.Aside(
                id="detail", hidden=True, role="dialog", **{"aria-labelledby": "detail-title", "data-testid": "detail"}
            ),
        ]
    )


def _add_pages(app: Dash, folders: Sequence[ResultsFolder]) -> None:
    @app.callback(
        Output("page", "children"),
        Output("nav", "children"),
        Output("problems", "children"),
        Output("shown", "data"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("theme", "data"),
        Input("pulse", "n_intervals"),
        State("shown", "data"),
    )
    @_answering(lambda error: ([html.H1("Error"), empty(error)], no_update, no_update, None))
    def page(path: object, query: object, theme: object, pulse: object, before: object) -> Any:  # noqa: ARG001
        if theme not in THEMES:
            return no_update, no_update, no_update, no_update
        address = parse(path, query, runs=len(folders))
        folder = folders[address.run]
        run = folder.current()
        state = json.dumps([address.page, address.run, theme, _stamp(run), *_span(address)])
        navigation = _navigation(address)
        if state == before:
            return no_update, navigation, no_update, no_update
        return _page(run, address, theme=str(theme)), navigation, _problems(run), state

    @app.callback(
        Output("detail", "children"),
        Output("detail", "hidden"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("theme", "data"),
    )
    @_answering(lambda error: ([html.H2("Error", id="detail-title"), empty(error)], False))
    def detail(path: object, query: object, theme: object) -> Any:
        address = parse(path, query, runs=len(folders))
        if theme not in THEMES or (address.finding is None and address.template is None):
            return [], True
        folder = folders[address.run]
        make = finding_detail if address.finding is not None else template_detail
        return make(folder, folder.current(), address, theme=str(theme)), False


def _span(address: Address) -> list[str]:
    """Return what a page is made for besides its name: tables that ask for their rows themselves follow the address."""
    if address.page in _GRIDS:
        return [str(address.wanted.incident)]
    return [str(address.wanted.since), str(address.wanted.until)]


def _stamp(run: Run) -> str:
    return str(hash(run.stamp))


def _navigation(address: Address) -> list[Part]:
    return [
        link(_TITLES[name], address.on(name), id=f"nav-{name}",
             **({"aria-current": "page"} if name == address.page else {}))
        for name in PAGES
    ]  # fmt: skip


def _problems(run: Run) -> list[Part]:
    return [html.P(each, className="problem") for each in run.problems]


def _page(run: Run, address: Address, *, theme: str) -> list[Part]:
    if not run.summary:
        told = "The results in this folder cannot be shown; analyse the logs again: loganomaly --input … --output …"
        return [html.H1(shown(run.name, most=100)), empty(told, id="damaged")]
    match address.page:
        case "findings":
            return finding_list(run, address)
        case "templates":
            return template_list(run, address, theme=theme)
        case "activity":
            return activity(run, address, theme=theme)
        case "security":
            return security(run, address, theme=theme)
        case "run":
            return run_page(run)
        case _:
            return overview(run, address, theme=theme)


def _add_tables(app: Dash, folders: Sequence[ResultsFolder]) -> None:
    for grid, rows_of in (("finding-grid", finding_rows), ("template-grid", template_rows)):
        _add_table(app, folders, grid, rows_of)

    @app.callback(Output("downloads", "children"), Input("address", "search"), Input("downloads", "id"))
    @_answering(lambda _: [])
    def links(query: object, name: object) -> Any:  # noqa: ARG001
        return downloads(parse("/findings", query, runs=len(folders)))


def _add_table(app: Dash, folders: Sequence[ResultsFolder], grid: str, rows_of: Callable[..., Any]) -> None:
    @app.callback(
        Output(grid, "getRowsResponse"),
        Output("count", "children"),
        Output("filter-error", "children"),
        Input(grid, "getRowsRequest"),
        State("address", "search"),
    )
    @_answering(lambda error: ({"rowData": [], "rowCount": 0}, "", error))
    def rows(asked: object, query: object) -> Any:
        if asked is None:
            return no_update, no_update, no_update
        address = parse("/", query, runs=len(folders))
        run = folders[address.run].current()
        data, count, wrong = rows_of(run, address, asked)
        table = run.findings if grid == "finding-grid" else run.templates
        told = f"{count:,} of {0 if table is None else len(table):,}"
        return {"rowData": data, "rowCount": count}, told, wrong


def _add_browser_side(app: Dash) -> None:
    """Connect what runs in the browser: assets/dashboard.js."""

    def runs(name: str, *arguments: Any) -> None:
        app.clientside_callback(ClientsideFunction("loganomaly", name), *arguments)

    runs("theme", Output("theme", "data"), Input("theme", "id"))
    filters = [Input(f"filter-{name}", "value") for name in FILTERS]
    runs("narrowed", *filters, Input("filter-score", "value"))
    runs("sought", Input("filter-q", "value"), Input("filter-regex", "value"))
    left = [Input(name, told) for name in ("from", "to") for told in ("n_submit", "n_blur")]
    runs("spanned", *left, State("from", "value"), State("to", "value"))
    runs("chosen", Input("run", "value"))
    runs("zoomed", Input("timeline", "relayoutData"))
    runs("marked", Input("timeline", "clickData"))
    runs("barred", Input("template-bars", "clickData"))
    runs("row_opened", Input("finding-grid", "cellClicked"))
    runs("template_opened", Input("template-grid", "cellClicked"))
    runs("followed", Input("address", "pathname"), Input("address", "search"))
    runs("opened", Input("detail", "hidden"), Input("detail", "children"))


def _add_downloads(app: Dash, folders: Sequence[ResultsFolder]) -> None:
    @app.server.route("/download/findings.<kind>")
    def download(kind: str) -> Any:
        from loganomaly.dashboard.downloading import csv_of, json_of

        address = parse("/findings", request.query_string.decode("ascii", "replace"), runs=len(folders))
        folder = folders[address.run]
        findings = folder.current().findings
        if findings is None or kind not in {"csv", "json"}:
            return Response("There is no such file.", status=404, mimetype="text/plain")
        try:
            found = matching(findings, address.wanted)
        except BadPatternError as error:
            return Response(f"This is not a regular expression: {error}.", status=400, mimetype="text/plain")
        headers = {"Content-Disposition": f"attachment; filename=findings.{kind}"}
        if kind == "csv":
            return Response(csv_of(found), mimetype="text/csv", headers=headers)
        return Response(json_of(folder, found), mimetype="application/json", headers=headers)


def _answering(failed: Callable[[str], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a callback say on the page that it failed, and in the log why: nothing else leaves the server."""

    def decorate(callback: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(callback)
        def answer(*arguments: object) -> Any:
            try:
                return callback(*arguments)
            except dash.exceptions.PreventUpdate:
                raise
            except Exception:  # noqa: BLE001  (as at the top of the command line: it is told, and logged)
                _LOG.exception("a page cannot be shown")
                return failed(_FAILED)

        return answer

    return decorate
