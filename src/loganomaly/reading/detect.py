"""Finds out by content how a source writes its lines.

Every known layout is tried on sample lines with every known timestamp; where none fits, a layout is inferred from
where the timestamp and the severity stand. The smallest set of layouts that reads the sample is kept, the one that
understands most of a line first.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.formats import Layout, expand, load_formats, timestamp_patterns
from loganomaly.reading.infer import infer_layouts
from loganomaly.reading.matcher import OUT_SIZE, fit_matrix, match
from loganomaly.reading.program import NO_TIME, Tables
from loganomaly.reading.tables import Calendar, build_tables

__all__ = ["Detected", "detect"]

_SAMPLE = 600  # lines tried
_MOST_LAYOUTS = 24  # kept for one source
_WORTH_KEEPING = 0.005  # share of the sample that a further layout must add
_STRICT = 0.5  # share of matched lines from which on an unmatched line belongs to the record before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """How a source is read.

    `name` is the format that reads most of it ("plain" where none does), `share` the part 0..1 of sampled lines
    that some layout reads, `layouts` the layouts in the order they are tried.
    """

    name: str
    layouts: tuple[Layout, ...]
    share: float
    calendar: Calendar
    loose: bool

    def tables(self) -> Tables:
        """Return the matcher's arrays for this source."""
        return build_tables(self.layouts, calendar=self.calendar, loose=self.loose)


def detect(sample: bytes, *, tail: bytes = b"", modified: float | None = None) -> Detected:
    """Detect the format of a source.

    Parameters
    ----------
    sample
        Its first bytes, decompressed, UTF-8; a last line that is cut off is left out where there are others.
    tail
        Its last bytes where they are at hand: tells whether a year without a year ends within the source.
    modified
        When the source was last written, seconds since the epoch: the newest line is not younger.
    """
    lines = _lines(sample)
    lines += _lines(tail)
    if len(lines) > _SAMPLE:
        lines = [lines[i * len(lines) // _SAMPLE] for i in range(_SAMPLE)]
    known = _matrix(lines, _known())
    layouts = list(_known().layouts)
    covered: list[bool] = np.any(known, axis=1).tolist()
    guessed = infer_layouts([line for line, fits in zip(lines, covered, strict=True) if not fits])
    if guessed:
        inferred = _Candidates(tuple(guessed), build_tables(guessed))
        known = np.hstack([known, _matrix(lines, inferred)])
        layouts += guessed
    chosen, share = _choose(known, layouts)
    kept = tuple(layouts[c] for c in chosen)
    indented = sum(line[:1] in {b" ", b"\t"} for line in lines)
    matched = float(known[:, chosen].any(axis=1).sum()) if chosen else 0.0
    return Detected(
        name=_name(known, chosen, layouts),
        layouts=kept,
        share=share,
        calendar=_calendar(lines, kept, modified=modified),
        loose=matched < _STRICT * (len(lines) - indented) or not kept,
    )


@dataclass(frozen=True, slots=True)
class _Candidates:
    layouts: tuple[Layout, ...]
    tables: Tables


@cache
def _known() -> _Candidates:
    layouts = tuple(expand(load_formats(), patterns=timestamp_patterns()))
    return _Candidates(layouts, build_tables(layouts))


def _lines(data: bytes) -> list[bytes]:
    lines = [line.rstrip(b"\r") for line in data.split(b"\n")]
    if len(lines) > 2:
        lines = lines[:-1]
    return [line for line in lines if line.strip()]


def _matrix(lines: Sequence[bytes], candidates: _Candidates) -> NDArray[np.bool_]:
    """Return which line (row) fits which candidate (column)."""
    if not lines:
        return np.zeros((0, len(candidates.layouts)), np.bool_)
    data = np.frombuffer(b"".join(lines), np.uint8)
    ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    fits: NDArray[np.bool_] = fit_matrix(data, starts, ends, len(candidates.layouts), candidates.tables)
    return fits


def _choose(fits: NDArray[np.bool_], layouts: Sequence[Layout]) -> tuple[list[int], float]:
    """Choose layouts greedily by lines newly read times what they understand; return them and the share read."""
    if not fits.size:
        return [], 0.0
    worth = np.array([layout.captures for layout in layouts])
    # What the best layout so far understands of each line; a later one counts for what it adds.
    best = np.zeros(len(fits))
    chosen: list[int] = []
    while len(chosen) < _MOST_LAYOUTS:
        gain = (np.clip(worth[None, :] - best[:, None], 0, None) * fits).sum(axis=0)
        pick = int(gain.argmax())
        if gain[pick] < max(_WORTH_KEEPING * len(fits) * worth[pick], 1):
            break
        chosen.append(pick)
        best = np.maximum(best, worth[pick] * fits[:, pick])
    chosen.sort(key=lambda pick: (-worth[pick], pick))
    return chosen, float((best > 0).mean())


def _name(fits: NDArray[np.bool_], chosen: Sequence[int], layouts: Sequence[Layout]) -> str:
    counts: Counter[str] = Counter()
    free = np.ones(len(fits), bool)
    for pick in chosen:
        counts[layouts[pick].format] += int((fits[:, pick] & free).sum())
        free &= ~fits[:, pick]
    if not counts or counts.most_common(1)[0][1] < len(fits) * 0.05:
        return "plain"
    return counts.most_common(1)[0][0]


def _calendar(lines: Sequence[bytes], layouts: Sequence[Layout], *, modified: float | None) -> Calendar:
    """Infer the year of timestamps without one: the newest line is not younger than the file."""
    written = dt.datetime.fromtimestamp(modified, dt.UTC) if modified is not None else dt.datetime.now(dt.UTC)
    day = (written.date() - dt.date(1970, 1, 1)).days
    if not any(layout.time and "%Y" not in layout.time and "%y" not in layout.time for layout in layouts):
        return Calendar(day=day)
    tables = build_tables(layouts, calendar=Calendar(year=2000))  # a leap year: every day of a year exists in it
    out = np.empty(OUT_SIZE, np.int64)
    dates: list[tuple[int, int]] = []
    for line in lines:
        data = np.frombuffer(line, np.uint8)
        if any(match(data, 0, len(data), p, tables, out) for p in range(len(layouts))) and out[0] != NO_TIME:
            moment = dt.datetime.fromtimestamp(out[0] / 1e6, dt.UTC)
            dates.append((moment.month, moment.day))
    if not dates:
        return Calendar(day=day)
    first, last = dates[0], dates[-1]
    # Lines may be a little out of order, so the year begins some days before the first line's date.
    start = dt.date(2000, *first) - dt.timedelta(days=3)
    pivot = (start.month * 100 + start.day) if start.year == 2000 else 0
    wraps = last[0] * 100 + last[1] < pivot
    year = written.year - (1 if last > (written.month, written.day) else 0) - (1 if wraps else 0)
    return Calendar(first=pivot, year=year, day=day)
