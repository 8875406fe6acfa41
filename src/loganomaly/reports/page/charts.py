"""Charts of a page: a drawing that every browser shows, and the figure that takes its place where scripts run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
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


def rate_drawing(
    rows: pl.DataFrame,
    *,
    span: tuple[float, float] | None,
    stacked: bool = False,
    shades: Iterable[tuple[float, float]] = (),
) -> Content:
    """Return bars of the records over time, and in words when there were most.

    Parameters
    ----------
    rows
        Those of timeline.parquet of one `of`.
    span
        First and last time of the log, in seconds since the epoch.
    stacked
        Whether the names of the rows are severities, one above the other.
    shades
        Spans that are shaded, in seconds since the epoch.
    """
    counts = rebucketed(rows, most=_MOST_BARS)
    if counts.is_empty():
        return el("p", "No records with a time.")
    width = int(counts["seconds"][0])
    bars = counts.select("name", pl.col("start").dt.epoch("s"), "records").rows()
    totals: dict[int, int] = {}
    for _, begin, records in bars:
        totals[begin] = totals.get(begin, 0) + records
    fullest = max(totals, key=lambda begin: (totals[begin], -begin))
    first, last = float(min(totals)), float(max(totals) + width)
    if span is not None:
        first, last = min(first, span[0]), max(last, span[1])
    scale = _WIDTH / (last - first)
    paths = [
        el("path", class_="shade", d=_bar((begin - first) * scale, max((end - begin) * scale, 2.0), 0.0, _HEIGHT))
        for begin, end in shades
    ]
    floors = dict.fromkeys(totals, 0.0)
    for name in SEVERITIES if stacked else (None,):
        path = []
        for called, begin, records in bars:
            if name in {None, called}:
                height = records / totals[fullest] * _HEIGHT
                path.append(_bar((begin - first) * scale, max(width * scale, 1.0), floors[begin], height))
                floors[begin] += height
        if path:
            paths.append(el("path", class_=f"bar {name or ''}".rstrip(), d="".join(path)))
    words = f"At most {amount(totals[fullest], 'record')} in {duration(width)}, from {_moment(fullest)} UTC on."
    ends = [el("span", _moment(end)) for end in (first, last)]
    return [_svg(paths, words=words), el("p", ends, class_="ends"), el("p", words)]


def bars_drawing(counts: Sequence[int], *, words: str) -> Content:
    """Return a bar for each count, side by side, and what they are in words."""
    most, width = max([*counts, 1]), _WIDTH / max(len(counts), 1)
    bars = (_bar(n * width, width * 0.9, 0.0, count / most * _HEIGHT) for n, count in enumerate(counts))
    return [_svg([el("path", class_="bar", d="".join(bars))], words=words), el("p", words)]


def _moment(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"


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
