"""Parts of pages: links, tiles, tables, graphs and texts of a log.

Text of a log is only ever a child of an HTML element, which shows it as it is, and never markup.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import dcc, html

from loganomaly.charts.looks import COLOURS, THEMES
from loganomaly.dashboard.address import Address, moment_of
from loganomaly.legible import plain_lines, plain_text
from loganomaly.wording import duration

__all__ = [
    "badge",
    "empty",
    "graph",
    "link",
    "moment",
    "opens",
    "panel",
    "score_bar",
    "severity_mark",
    "shown",
    "span_of",
    "table",
    "tile",
]

Part = Any
_LONGEST = 4000  # characters of one text that are shown


def link(children: Part, address: Address, **more: Any) -> Part:
    """Return a link to another page."""
    return html.A(children, href=address.href(), **{"data-go": "page", **more})


def opens(children: Part, address: Address, *, finding: str = "", template: str = "", **more: Any) -> Part:
    """Return a link that opens a finding or template beside the page as it then is; without its id, no link."""
    if not finding and not template:
        return html.Span(children, **more)
    there = replace(address, finding=finding or None, template=template or None)
    return html.A(
        children, href=there.href(), **{"data-go": "open", "data-finding": finding, "data-template": template, **more}
    )


def shown(text: object, *, most: int = _LONGEST, lines: bool = False) -> str:
    """Return text of a log as it can be shown: nothing invisible, no controls, and not endless."""
    whole = str(text)
    told = plain_lines(whole[: 4 * most]) if lines else plain_text(whole[: 4 * most])
    return told if len(told) <= most and len(whole) <= 4 * most else f"{told[:most]} … ({len(whole):,} characters)"


def moment(value: object, *, dated: bool = True) -> str:
    """Return a time in UTC to the second, an em dash where there is none."""
    when = value if isinstance(value, dt.datetime) else moment_of(value if isinstance(value, str) else None)
    if when is None:
        return "—"
    return when.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S" if dated else "%H:%M:%S")


def span_of(first: object, last: object) -> str:
    """Return a span of time in words."""
    begin, end = moment_of(str(first)), moment_of(str(last))
    if begin is None or end is None:
        return "at no known time"
    same = begin.date() == end.date()
    return f"{moment(begin)} to {moment(end, dated=not same)} ({duration((end - begin).total_seconds())})"


def panel(title: Part, *children: Part, note: Part = None, **more: Any) -> Part:
    """Return a part of a page with a heading."""
    head = [html.H2(title)] + ([html.P(note, className="note")] if note else [])
    return html.Section([*head, *children], **{"className": "panel", **more})


def empty(text: Part, **more: Any) -> Part:
    """Return what stands where there is nothing to show."""
    return html.P(text, **{"className": "empty", **more})


def tile(name: str, value: Part, title: str, *, told: str = "", address: Address | None = None) -> Part:
    """Return a number with its name; a link where there is more to see."""
    inner = [
        html.Span(title, className="tile-name"),
        html.Span(value, className="tile-value"),
        html.Span(told, className="tile-told"),
    ]
    marks = {"className": "tile", "data-testid": f"tile-{name}", "id": f"tile-{name}"}
    return html.Div(inner, **marks) if address is None else link(inner, address, **marks)


def severity_mark(severity: str | None) -> Part:
    """Return a severity in words, with its colour and shape."""
    name = severity if severity in COLOURS else "UNKNOWN"
    return html.Span(
        [html.Span(className=f"dot dot-{name}", **{"aria-hidden": "true"}), severity or "no severity"],
        className="severity",
    )


def score_bar(score: float) -> Part:
    """Return a score in digits and as a bar."""
    return html.Span(
        [
            html.Span(f"{score:.2f}"),
            html.Span(html.Span(style={"width": f"{min(max(score, 0), 1):.0%}"}), className="bar"),
        ],
        className="score",
        title=f"score {score:.4f} of 1",
    )


def badge(text: str, **more: Any) -> Part:
    """Return a short text in a frame."""
    return html.Span(shown(text, most=80), **{"className": "badge", **more})


def table(
    head: Sequence[Part], rows: Iterable[Sequence[Part]], *, label: str, numbers: Sequence[int] = (), **more: Any
) -> Part:
    """Return an HTML table; `numbers` are the columns that are aligned to the right."""

    def cell(kind: Any, column: int, child: Part) -> Part:
        return kind(child, className="number" if column in numbers else None)

    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([cell(html.Th, n, child) for n, child in enumerate(head)])),
                html.Tbody([html.Tr([cell(html.Td, n, child) for n, child in enumerate(row)]) for row in rows]),
            ]
        ),
        className="scroll",
        tabIndex=0,
        role="region",
        **{"aria-label": label, **more},
    )


def graph(figure: Mapping[str, Any], *, label: str, theme: str, name: Any = None, height: int | None = None) -> Part:
    """Return a Plotly figure that looks like the page around it."""
    drawn = {"data": figure["data"], "layout": _merged(figure["layout"], THEMES[theme if theme in THEMES else "light"])}
    for axis in ("xaxis", "yaxis"):
        title = drawn["layout"].get(axis, {}).get("title")
        if title is not None:
            named = {"title": {"standoff": 6, "font": {"size": 11}, **title}, "automargin": True}
            drawn["layout"][axis] = {**drawn["layout"][axis], **named}
    if any(note.get("yanchor") == "bottom" for note in drawn["layout"].get("annotations", ())):
        drawn["layout"]["margin"] = {**drawn["layout"]["margin"], "t": 22}  # for what stands above the chart
    if height is not None:
        drawn["layout"]["height"] = height
    tall = drawn["layout"].get("height", 240)
    called = {} if name is None else {"id": name}
    return html.Div(
        dcc.Graph(
            **called,
            figure=drawn,
            responsive=True,
            config={"displayModeBar": False, "plotlyServerURL": "", "doubleClick": "autosize"},
            style={"height": f"{tall}px"},
        ),
        className="graph",
        role="group",
        **{"aria-label": label},
    )


def _merged(layout: Mapping[str, Any], theme: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(layout)
    for name, value in theme.items():
        own = merged.get(name)
        merged[name] = _merged(own, value) if isinstance(own, Mapping) and isinstance(value, Mapping) else value
    return merged
