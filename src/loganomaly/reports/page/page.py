"""A report as one page of HTML that needs no network and makes no request."""

from functools import cache
from importlib.resources import files

import polars as pl

from loganomaly.charts.looks import SEVERITIES, THEMES
from loganomaly.charts.over_time import timeline_figure
from loganomaly.reports.page.charts import chart, json_script, rate_drawing
from loganomaly.reports.page.counted import counted_sections
from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.reports.page.findings import FindingCards, finding_section
from loganomaly.reports.page.front import front
from loganomaly.reports.page.incidents import incident_section
from loganomaly.reports.page.plotly_script import PackedScript, packed_plotly, script_hash
from loganomaly.reports.page.run import run_sections
from loganomaly.reports.page.tables import section
from loganomaly.reports.story import Told, brief, seconds, what_of

__all__ = ["report_page"]

_MOST_SHADES = 20
_PARTS = (
    ("timeline", "Timeline"),
    ("incidents", "Incidents"),
    ("findings", "Findings"),
    ("leaks", "Leaks"),
    ("floods", "Floods"),
    ("templates", "Templates"),
    ("components", "Components"),
    ("severities", "Severities"),
    ("sessions", "Sessions"),
    ("rules", "Rules"),
    ("llm", "Language model"),
    ("inputs", "Inputs"),
    ("notices", "Notices"),
    ("settings", "Settings"),
)


def report_page(told: Told) -> bytes:
    """Return the page: less than 6 MB, whatever was found.

    It runs two scripts, its own and Plotly, both named by their hashes; without them, drawings stand in the place of
    charts, and everything else is there.
    """
    span = seconds(told.span)
    cards = FindingCards(told, span=span)
    main = el(
        "main",
        _timeline(told, cards, span=span),
        incident_section(told, anchors=cards.anchors),
        finding_section(told, cards),
        counted_sections(told),
        run_sections(told),
    )
    has_charts = "<figure" in main  # text of a log has no such element
    plotly, script = packed_plotly() if has_charts else None, _data("page.js")
    whole = "summary.json, anomalies.json, findings.csv, leaks.json, templates.json"
    missing = " Plotly is not installed, so drawings stand in the place of charts." if has_charts and not plotly else ""
    body = el(
        "body",
        el("a", "Skip to the findings", href="#findings", class_="skip"),
        front(told, anchors=cards.anchors),
        el(
            "nav",
            el("ul", (el("li", el("a", name, href=f"#{anchor}")) for anchor, name in _PARTS)),
            aria_label="Parts of this report",
        ),
        main,
        el(
            "footer",
            el("p", f"Secrets are masked. The whole results are in the folder of this report: {whole}.{missing}"),
        ),
        json_script(THEMES, id="themes"),
        el("script", Markup(plotly.packed), type="text/plain", id="plotly") if plotly else None,
        el("script", Markup(script)),
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(script, plotly)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", "Log analysis: ", brief(told.headline(), most=100)),
        el("style", Markup(_data("style.css"))),
    )
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n".encode()


@cache
def _data(name: str) -> str:
    return files("loganomaly.reports.page").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str, plotly: PackedScript | None) -> str:
    sources = [script_hash(script.encode()), *([plotly.source] if plotly else [])]
    return (
        f"default-src 'none'; script-src {' '.join(sources)}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _timeline(told: Told, cards: FindingCards, *, span: tuple[float, float] | None) -> Markup:
    rows = told.timeline.filter(of="severity")
    if rows.is_empty():
        why = "There are no times in these logs." if told.span is None else "There is no timeline of this run."
        return section("timeline", "Timeline", el("p", why))
    marked = [
        {**anomaly, "id": cards.anchors[place], "name": brief(what_of(anomaly))}
        for place, anomaly in ((place, told.anomalies[place]) for place in cards.anchors)
    ]
    shades = [
        each
        for incident in told.incidents[:_MOST_SHADES]
        if (each := seconds((incident["start"], incident["end"]))) is not None
    ]
    figure = timeline_figure(rows, findings=marked, incidents=told.incidents[:_MOST_SHADES])
    return section(
        "timeline",
        "Timeline",
        chart(
            figure,
            title="Records by severity. Incidents are shaded, findings are triangles in the chart. Times are UTC.",
            drawing=[rate_drawing(rows, span=span, stacked=True, shades=shades), _legend(rows)],
            tall=True,
        ),
    )


def _legend(rows: pl.DataFrame) -> Content:
    counts = dict(rows.group_by("name").agg(pl.col("records").sum()).iter_rows())
    return el(
        "ul",
        (
            el("li", el("span", class_=f"swatch {name}"), f"{name} {counts[name]:,}")
            for name in SEVERITIES
            if name in counts
        ),
        class_="legend",
    )
