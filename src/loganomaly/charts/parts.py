"""Charts of parts of a whole: severities, components, templates; and of a value among those of its kind."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

from loganomaly.charts.looks import COLOURS, PATTERNS, SERIES, SEVERITIES, layout
from loganomaly.charts.over_time import escaped

__all__ = ["component_figure", "distribution_figure", "severity_figure", "template_figure"]

_MOST_SLICES = 8
_MOST_TEMPLATES = 20
_TEXT = 80

Figure = dict[str, Any]


def severity_figure(counts: Mapping[str, int]) -> Figure:
    """Return the Plotly figure of how many records of each severity there are: `log_severity_summary`."""
    names = [name for name in SEVERITIES if counts.get(name)]
    return {
        "data": [{
            "type": "bar",
            "orientation": "h",
            "x": [counts[name] for name in names],
            "y": names,
            "text": [f"{counts[name]:,}" for name in names],
            "textposition": "auto",
            "marker": {
                "color": [COLOURS[name] for name in names],
                "pattern": {"shape": [PATTERNS.get(name, "") for name in names], "size": 5, "solidity": 0.25,
                            "fillmode": "overlay"},
            },
            "hovertemplate": "%{y}: %{x:,}<extra></extra>",
        }],
        "layout": layout(
            height=60 + 30 * len(names),
            margin={"l": 84, "r": 12, "t": 8, "b": 36},
            xaxis={"type": "log", "title": {"text": "records (logarithmic)"}, "dtick": 1},
            yaxis={"autorange": "reversed", "type": "category"},
        ),
    }  # fmt: skip


def component_figure(components: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the Plotly figure of the components' shares: entries with `component` and `count`, most first."""
    top, rest = components[:_MOST_SLICES], components[_MOST_SLICES:]
    labels = [escaped(str(each["component"])[:_TEXT]) for each in top]
    values = [int(each["count"]) for each in top]
    colours = [SERIES[n % len(SERIES)] for n in range(len(labels))]
    if rest:
        colours.append(COLOURS["UNKNOWN"])
        labels.append(f"{len(rest):,} others")
        values.append(sum(int(each["count"]) for each in rest))
    return {
        "data": [{
            "type": "pie",
            "hole": 0.5,
            "labels": labels,
            "values": values,
            "sort": False,
            "textinfo": "label+percent",
            "textposition": "inside",
            "marker": {"colors": colours},
            "hovertemplate": "%{label}: %{value:,} records, %{percent}<extra></extra>",
        }],
        "layout": layout(height=320, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=True,
                         legend={"orientation": "v"}),
    }  # fmt: skip


def template_figure(templates: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the Plotly figure of the most common templates: mappings with `log_template`, `count`, `severity`."""
    top = sorted(templates, key=lambda each: -int(each["count"]))[:_MOST_TEMPLATES]
    texts = [str(each["log_template"]) for each in top]
    names = [f"{number}. {escaped(_cut(text))}" for number, text in enumerate(texts, start=1)]
    severities = [each["severity"] if each["severity"] in COLOURS else "UNKNOWN" for each in top]
    return {
        "data": [{
            "type": "bar",
            "orientation": "h",
            "x": [int(each["count"]) for each in top],
            "y": names,
            "customdata": [each.get("template_id") for each in top],
            "text": severities,
            "textposition": "auto",
            "marker": {"color": [COLOURS[severity] for severity in severities]},
            "hovertemplate": "%{y}<br>%{x:,} records<extra></extra>",
        }],
        "layout": layout(
            height=70 + 24 * len(top),
            margin={"l": 8, "r": 12, "t": 8, "b": 36},
            xaxis={"title": {"text": "records"}},
            yaxis={"autorange": "reversed", "type": "category", "automargin": True, "fixedrange": True},
        ),
    }  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"


def distribution_figure(numbers: Mapping[str, Any], *, name: str, observed: float | None = None) -> Figure:
    """Return the Plotly figure of the numbers that a parameter takes: `numbers` of templates.json.

    `observed` is drawn where it stands among them.
    """
    bars = numbers["histogram"]
    spread = numbers["min"] > 0 and numbers["max"] > 20 * numbers["min"]
    middles = [(bar["from"] + bar["to"]) / 2 for bar in bars]
    # A bar of a single value is wide enough to be seen, on either axis.
    least = [middle / 50 if spread else (numbers["max"] - numbers["min"]) / 200 or 1 for middle in middles]
    widths = [max(bar["to"] - bar["from"], width) for bar, width in zip(bars, least, strict=True)]
    data: list[Figure] = [{
        "type": "bar",
        "name": escaped(name),
        "x": middles,
        "y": [bar["count"] for bar in bars],
        "width": widths,
        "text": [f"{bar['from']:,g} to {bar['to']:,g}" for bar in bars],
        "textposition": "none",
        "marker": {"color": COLOURS["INFO"], "line": {"width": 0}},
        "hovertemplate": "%{text}: %{y:,}<extra></extra>",
    }]  # fmt: skip
    lines = [(f"{float(share):.0%}", value, "#8fa3ad") for share, value in numbers["quantiles"].items()]
    notes = [_note(text, value, "log" if spread else "linear") for text, value, _ in lines]
    if observed is not None:
        lines.append(("here", observed, COLOURS["ERROR"]))
        here = _note(f"here: {observed:,.10g}", observed, "log" if spread else "linear")
        # Above the others, and towards the middle, for what is unusual stands at an end.
        notes.append({**here, "yshift": 13, "xanchor": "right" if observed > numbers["min"] else "left"})
    axis = "log" if spread else "linear"
    return {
        "data": data,
        "layout": layout(
            height=200,
            margin={"l": 48, "r": 12, "t": 34, "b": 36},
            bargap=0,
            xaxis={"type": axis, "title": {"text": escaped(name)}},
            yaxis={"rangemode": "tozero", "title": {"text": "records"}, "fixedrange": True, "automargin": True},
            shapes=[_line(value, colour) for _, value, colour in lines],
            annotations=notes,
        ),
    }


def _line(value: float, colour: str) -> Figure:
    return {"type": "line", "xref": "x", "yref": "paper", "x0": value, "x1": value, "y0": 0, "y1": 1,
            "line": {"color": colour, "width": 2, "dash": "dash"}}  # fmt: skip


def _note(text: str, value: float, axis: str) -> Figure:
    # The place of a note on a logarithmic axis is the exponent; that of a line is the value.
    return {"x": log10(value) if axis == "log" and value > 0 else value, "y": 1, "xref": "x", "yref": "paper",
            "yanchor": "bottom", "showarrow": False, "text": text, "font": {"size": 10}}  # fmt: skip
