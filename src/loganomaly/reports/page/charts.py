"""Charts of a page: a drawing that every browser shows, and the figure that takes its place where scripts run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from loganomaly.charts.buckets import rebucketed
from loganomaly.charts.looks import SEVERITIES
from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.wording import amount, duration

__all__ = ["bars_drawing", "chart", "json_script", "rate_drawing"]

_MOST_BARS = 180
_WIDTH, _HEIGHT = 720.0, 60.0
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def chart(figure: Mapping[str, Any], *, title: str, drawing: Content, tall: bool = False) -> Markup:
    """Return a figure with its title; the drawing stays where no script runs, and is what is printed."""
    return el(
        "figure",
        el("figcaption", title),
        el("div", class_="plot"),
        el("div", drawing, class_="drawing"),
        json_script(figure, class_="figure"),
        class_="chart tall" if tall else "chart",
    )


def json_script(value: object, **attributes: str) -> Markup:
    r"""Return an element that holds a value as JSON; no text in it ends the element.

    Examples
    --------
    >>> json_script({"a": "</script>"})
    '<script type="application/json">{"a":"\\u003c/script\\u003e"}</script>'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_ESCAPED)
    return el("script", Markup(text), type="application/json", **attributes)


def rate_drawing(rows: pl.DataFrame, *, span: tuple[float, float] | None, stacked: bool = False) -> Content:
    """Return bars of the records over time, and in words when there were most.

    Parameters
    ----------
    rows
        Those of timeline.parquet of one `of`.
    span
        First and last time of the log, in seconds since the epoch.
    stacked
        Whether the names of the rows are severities, one above the other.
    """
    counts = rebucketed(rows, most=_MOST_BARS)
    if counts.is_empty():
        return el("p", "No records with a time.")
    width = int(counts["seconds"][0])
    counts = counts.with_columns(begin=pl.col("start").dt.epoch("s"))
    totals = counts.group_by("begin").agg(pl.col("records").sum()).sort("begin")
    fullest, most = totals.sort("records", "begin", descending=[True, False]).row(0)
    begins = totals["begin"]
    first, last = (begins[0], begins[-1] + width) if span is None else span
    first, last = min(first, begins[0]), max(last, begins[-1] + width)
    scale = _WIDTH / (last - first)
    base: dict[int, float] = {}
    paths = []
    for name in SEVERITIES if stacked else (None,):
        part = counts if name is None else counts.filter(pl.col("name") == name)
        path = []
        for begin, records in part.select("begin", "records").iter_rows():
            floor, height = base.get(begin, 0.0), records / most * _HEIGHT
            base[begin] = floor + height
            path.append(_bar((begin - first) * scale, max(width * scale, 1.0), floor, height))
        if path:
            paths.append(el("path", class_=f"bar {name or ''}".rstrip(), d="".join(path)))
    when = counts.filter(pl.col("begin") == fullest)["start"][0]
    words = f"At most {amount(most, 'record')} in {duration(width)}, from {when:%Y-%m-%d %H:%M:%S} UTC on."
    return [_svg(paths, words=words), el("p", words)]


def bars_drawing(counts: Sequence[int], *, words: str) -> Content:
    """Return a bar for each count, side by side, and what they are in words."""
    most, width = max([*counts, 1]), _WIDTH / max(len(counts), 1)
    bars = (_bar(n * width, width * 0.9, 0.0, count / most * _HEIGHT) for n, count in enumerate(counts))
    return [_svg([el("path", class_="bar", d="".join(bars))], words=words), el("p", words)]


def _bar(left: float, width: float, floor: float, height: float) -> str:
    return f"M{left:.1f} {_HEIGHT - floor:.1f}v{-height:.1f}h{width:.1f}v{height:.1f}z"


def _svg(paths: Iterable[Markup], *, words: str) -> Markup:
    return el(
        "svg",
        paths,
        viewBox=f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}",
        preserveAspectRatio="none",
        role="img",
        aria_label=words,
    )
