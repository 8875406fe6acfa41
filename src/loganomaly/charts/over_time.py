"""Charts over time: the timeline of a run, and the rate of one template or component."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from loganomaly.charts.buckets import rebucketed
from loganomaly.charts.looks import COLOURS, PATTERNS, SEVERITIES, layout
from loganomaly.wording import duration

__all__ = ["escaped", "rate_figure", "timeline_figure"]

_MOST_BARS = 180
_MOST_MARKS = 400
_LANE, _LABELS = 0.84, 0.93  # above these are the marks of findings, and the labels, as a share of the height
_APART = 0.09  # share of the width that a label takes
_TEXT = 120  # characters of a finding that are shown

Figure = dict[str, Any]


def timeline_figure(
    rows: pl.DataFrame,
    *,
    findings: Iterable[Mapping[str, Any]] = (),
    incidents: Sequence[Mapping[str, Any]] = (),
) -> Figure:
    """Return the Plotly figure of how many records of each severity there were when.

    Parameters
    ----------
    rows
        Those of timeline.parquet whose `of` is "severity".
    findings
        Marked above the bars, worst first: mappings with `id`, `score`, `severity`, `name`, and `first_seen` or
        `timestamp` (text or datetime); those without a time are left out. Their ids are the `customdata` of the marks.
    incidents
        Shaded, worst first: entries of `incidents` in summary.json.
    """
    counts = rebucketed(rows, most=_MOST_BARS)
    width = int(counts["seconds"][0]) if len(counts) else 1
    traces = [_bars(counts.filter(pl.col("name") == name), name, width) for name in SEVERITIES]
    marks = [each for each in findings if _when(each) is not None][:_MOST_MARKS]
    if marks:
        traces.append(_marks(marks))
    return {
        "data": [trace for trace in traces if trace["x"]],
        "layout": layout(
            barmode="stack",
            bargap=0,
            showlegend=True,
            legend={"orientation": "h", "y": -0.18, "traceorder": "normal"},
            xaxis={"type": "date"},
            yaxis={"domain": [0, _LANE - 0.02], "rangemode": "tozero", "fixedrange": True, "automargin": True,
                   "title": {"text": f"records per {duration(width)}"}},
            yaxis2={"domain": [_LANE, _LABELS], "visible": False, "fixedrange": True, "range": [-1, 1]},
            shapes=[_shade(incident) for incident in incidents if incident["start"] is not None],
            annotations=_labels(incidents, rows),
        ),
    }  # fmt: skip


def _bars(counts: pl.DataFrame, name: str, width: int) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": [moment.isoformat() for moment in counts["start"].to_list()],
        "y": counts["records"].to_list(),
        "width": width * 1000,
        "offset": 0,
        "marker": {
            "color": COLOURS[name],
            "line": {"width": 0},
            "pattern": {"shape": PATTERNS.get(name, ""), "size": 5, "solidity": 0.25, "fillmode": "overlay"},
        },
        "hovertemplate": f"%{{x}}<br>{name}: %{{y:,}}<extra></extra>",
    }


def _marks(findings: Sequence[Mapping[str, Any]]) -> Figure:
    severities = [each["severity"] if each["severity"] in COLOURS else "UNKNOWN" for each in findings]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "findings",
        "x": [_when(each) for each in findings],
        "y": [0] * len(findings),
        "yaxis": "y2",
        "customdata": [each["id"] for each in findings],
        "text": [
            f"{score:.2f} {severity}: {escaped(str(each['name'])[:_TEXT])}"
            for each, score, severity in zip(findings, (e["score"] for e in findings), severities, strict=True)
        ],
        "marker": {
            "symbol": "triangle-down",
            "size": [8 + 8 * each["score"] for each in findings],
            "color": [COLOURS[severity] for severity in severities],
            "line": {"width": 1, "color": "#ffffff"},
        },
        "hovertemplate": "%{x}<br>%{text}<extra></extra>",
    }


def _when(finding: Mapping[str, Any]) -> str | None:
    moment = finding.get("first_seen") or finding.get("timestamp")
    return None if moment is None else moment if isinstance(moment, str) else moment.isoformat()


def _shade(incident: Mapping[str, Any]) -> Figure:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": incident["start"],
        "x1": incident["end"],
        "y0": 0,
        "y1": 1,
        "fillcolor": "#d55e00",
        "opacity": 0.16,
        "line": {"width": 1, "color": "#d55e00", "dash": "dot"},
        "layer": "below",
    }


def _labels(incidents: Sequence[Mapping[str, Any]], rows: pl.DataFrame) -> list[Figure]:
    """Return the labels of incidents, the worst ones where there is no room for all."""
    begins = rows["start"].dt.epoch("s")
    room = _APART * max((begins.max() or 0) - (begins.min() or 0), 1)  # type: ignore[operator]
    labels, taken = [], list[float]()
    for number, incident in enumerate(incidents, start=1):
        if incident["start"] is None:
            continue
        at = datetime.fromisoformat(incident["start"]).timestamp()
        if all(abs(at - other) >= room for other in taken):
            taken.append(at)
            labels.append(_label(incident, number))
    return labels


def _label(incident: Mapping[str, Any], number: int) -> Figure:
    return {
        "x": incident["start"],
        "y": 1,
        "xref": "x",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "top",
        "showarrow": False,
        "text": f"incident {number}",
        "font": {"size": 11},
    }


def rate_figure(
    rows: pl.DataFrame,
    *,
    name: str,
    severity: str = "INFO",
    window: tuple[str, str] | None = None,
    span: tuple[str, str] | None = None,
) -> Figure:
    """Return the Plotly figure of how many records of one template or component there were when.

    Parameters
    ----------
    rows
        Those of timeline.parquet of one `of` and `name`.
    window
        First and last time of what is shown as unusual.
    span
        First and last time of the log, so that silence before and after is seen, too.
    """
    counts = rebucketed(rows, most=_MOST_BARS)
    width = int(counts["seconds"][0]) if len(counts) else 1
    bars = _bars(counts, severity if severity in COLOURS else "UNKNOWN", width)
    bars |= {"name": escaped(name), "hovertemplate": "%{x}<br>%{y:,} records<extra></extra>"}
    shapes = [_shade({"start": window[0], "end": window[1]})] if window is not None else []
    return {
        "data": [bars],
        "layout": layout(
            height=180,
            bargap=0,
            xaxis={"type": "date", **({} if span is None else {"range": list(span)})},
            yaxis={
                "rangemode": "tozero",
                "title": {"text": f"per {duration(width)}"},
                "fixedrange": True,
                "automargin": True,
            },
            shapes=shapes,
        ),
    }


def escaped(text: str) -> str:
    """Return text that Plotly, which knows some HTML, shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
