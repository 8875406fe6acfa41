"""Secrets and personal data in plain text: which kinds, and where. Their values are nowhere in the results."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from loganomaly.charts.looks import layout
from loganomaly.dashboard.address import Address
from loganomaly.dashboard.measures import leaks_in
from loganomaly.dashboard.parts import Part, empty, graph, moment, opens, panel, shown, table
from loganomaly.dashboard.results_folder import Run
from loganomaly.wording import amount

__all__ = ["security"]

_MOST = 500
_LEVELS = ("critical", "high", "medium", "low")
_COLOURS = {"critical": "#aa3377", "high": "#d55e00", "medium": "#e69f00", "low": "#0072b2"}


def security(run: Run, address: Address, *, theme: str) -> list[Part]:
    """Return the page."""
    leaks = leaks_in(run, since=address.wanted.since, until=address.wanted.until)
    if not leaks:
        return [html.H1("Security"), empty("No secrets or personal data were found in plain text.", id="no-leaks")]
    return [
        html.H1("Security"),
        panel(
            f"Leaks ({len(leaks):,})",
            _kinds(leaks, theme=theme),
            _places(leaks, address),
            note="Secrets and personal data in plain text, the worst first. Values are shown nowhere: a name such as "
            "aws-access-key-1d072231 stands for one and the same value.",
            id="leaks",
        ),
    ]


def _kinds(leaks: Sequence[Mapping[str, Any]], *, theme: str) -> Part:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for each in leaks:
        counts[str(each["title"]), str(each["severity"])] += int(each["count"])
    ordered = sorted(
        counts.items(), key=lambda item: (_LEVELS.index(item[0][1]) if item[0][1] in _LEVELS else 9, -item[1])
    )
    ordered = ordered[:30]
    figure = {
        "data": [{
            "type": "bar",
            "orientation": "h",
            "y": [f"{title} ({severity})" for (title, severity), _ in ordered],
            "x": [count for _, count in ordered],
            "text": [amount(count, "line") for _, count in ordered],
            "textposition": "auto",
            "marker": {"color": [_COLOURS.get(severity, "#a0a0a0") for (_, severity), _ in ordered]},
            "hovertemplate": "%{y}: %{x:,}<extra></extra>",
        }],
        "layout": layout(
            height=56 + 28 * len(ordered),
            margin={"l": 8, "r": 12, "t": 8, "b": 36},
            yaxis={"autorange": "reversed", "automargin": True, "type": "category", "fixedrange": True},
            xaxis={"title": "lines", "rangemode": "tozero", "fixedrange": True},
        ),
    }  # fmt: skip
    return graph(figure, label="Leaks by kind", theme=theme, name="leak-kinds")


def _places(leaks: Sequence[Mapping[str, Any]], address: Address) -> Part:
    rows = [
        [
            shown(each["severity"], most=20),
            shown(each["title"], most=120),
            shown(f"{each['source']}:{each['line_number']}", most=200),
            f"{each['count']:,}",
            "—" if each.get("values") is None else f"{'' if each.get('all_values') else 'at least '}{each['values']:,}",
            shown(each.get("field") or "—", most=80),
            moment(each.get("first_seen")),
            opens(html.Code(shown(each["template"], most=200)), address, template=str(each["template_id"])),
        ]
        for each in leaks[:_MOST]
    ]
    return html.Div([
        table(["Severity", "Kind", "First line", "Lines", "Values", "Field", "First seen (UTC)", "Template"], rows,
              label="Leaks", numbers=(3, 4), id="leak-table"),
        empty(f"{len(leaks) - _MOST:,} further ones are in leaks.json.") if len(leaks) > _MOST else None,
    ])  # fmt: skip
