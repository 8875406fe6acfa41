"""Finds out by content how a source writes its lines.

Every known layout is tried on sample lines with every known timestamp; where none fits, a layout is inferred from
where the timestamp and the severity stand. The smallest set of layouts that reads the sample is kept, the one that
understands most of a line first.
"""

import datetime as dt
from calendar import isleap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.formats import Format, Layout, expand, load_formats, timestamp_patterns
from loganomaly.reading.infer import infer_layouts
from loganomaly.reading.matcher import fit_matrix, match
from loganomaly.reading.program import NO_TIME, Tables
from loganomaly.reading.registers import OUT_SIZE
from loganomaly.reading.tables import LEAP_YEAR, Calendar, build_tables
from loganomaly.reading.traces import goes_on

__all__ = ["Detected", "detect"]

_SAMPLE = 600  # lines tried
_MOST_LAYOUTS = 24  # kept for one source
_WORTH_KEEPING = 0.005  # share of the sample that a further layout must add
_TIME_ONLY = 3  # `captures` of a layout that finds the timestamp and nothing else
_NAMED = 0.05  # share of the lines that may begin a record which a format reads to give the source its name
_STRICT = 0.5  # share of such lines that are read from which on the others belong to the record before them


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


def detect(
    sample: bytes, *, tail: bytes = b"", modified: float | None = None, formats: Sequence[Format] = ()
) -> Detected:
    """Detect the format of a source.

    Parameters
    ----------
    sample
        Its first bytes, decompressed, UTF-8; a last line that is cut off is left out where there are others.
    tail
        Its last bytes where they are at hand: tells whether a year without a year ends within the source.
    modified
        When the source was last written, seconds since the epoch: the newest line is not younger.
    formats
        Tried besides the built-in ones.
    """
    lines = _lines(sample)
    lines += _lines(tail)
    if len(lines) > _SAMPLE:
        lines = [lines[i * len(lines) // _SAMPLE] for i in range(_SAMPLE)]
    own = expand([fmt for fmt in formats if fmt not in load_formats()], patterns=timestamp_patterns())
    layouts = [*_known().layouts, *own]
    fits = np.hstack([_matrix(lines, _known()), _fits(lines, own)])
    guessed = _guess(lines, fits, layouts)
    layouts += guessed
    fits = np.hstack([fits, _fits(lines, guessed)])
    chosen, share = _choose(fits, layouts)
    kept = tuple(layouts[c] for c in chosen)
    read: NDArray[np.bool_] = np.any(fits[:, chosen], axis=1)
    rest = sum(_goes_on(line) for line, fit in zip(lines, read, strict=True) if not fit)
    name = _name(fits, chosen, layouts, heads=len(lines) - rest)
    return Detected(
        name=name,
        layouts=kept,
        share=share,
        calendar=_calendar(lines, kept, modified=modified),
        loose=_loose(name, kept, formats=formats, read=int(read.sum()), heads=len(lines) - rest),
    )


def _goes_on(line: bytes) -> bool:
    return bool(goes_on(np.frombuffer(line, np.uint8), 0, len(line)))


def _loose(name: str, layouts: Sequence[Layout], *, formats: Sequence[Format], read: int, heads: int) -> bool:
    """Tell whether a line that no layout reads begins a record of its own."""
    records = {fmt.name: fmt.records for fmt in (*load_formats(), *formats)}
    if all(records.get(layout.format) == "single line" for layout in layouts):
        return True
    return records.get(name) != "many lines" and read < _STRICT * heads


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


def _fits(lines: Sequence[bytes], layouts: Sequence[Layout]) -> NDArray[np.bool_]:
    if not layouts:
        return np.zeros((len(lines), 0), np.bool_)
    return _matrix(lines, _Candidates(tuple(layouts), build_tables(layouts)))


def _guess(lines: Sequence[bytes], fits: NDArray[np.bool_], layouts: Sequence[Layout]) -> list[Layout]:
    """Infer layouts for lines that none of `layouts` reads, or reads no more of than the timestamp."""
    understood = (fits * np.array([layout.captures for layout in layouts])).max(axis=1)
    guessed = infer_layouts([line for line, worth in zip(lines, understood, strict=True) if worth == 0])
    barely = [line for line, worth in zip(lines, understood, strict=True) if 0 < worth <= _TIME_ONLY]
    # A severity word may stand anywhere in prose; where half of the lines have one in the same place, it is a field.
    better = [layout for layout in infer_layouts(barely) if layout.captures > _TIME_ONLY and layout not in guessed]
    shares = _fits(barely, better).mean(axis=0) if better else []
    return guessed + [layout for layout, share in zip(better, shares, strict=True) if share >= _STRICT]


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


def _name(fits: NDArray[np.bool_], chosen: Sequence[int], layouts: Sequence[Layout], *, heads: int) -> str:
    """Return the format that reads most lines, or "plain" where it reads next to none of those that may be heads."""
    counts: Counter[str] = Counter()
    free = np.ones(len(fits), bool)
    for pick in chosen:
        counts[layouts[pick].format] += int((fits[:, pick] & free).sum())
        free &= ~fits[:, pick]
    if not counts or counts.most_common(1)[0][1] < heads * _NAMED:
        return "plain"
    return counts.most_common(1)[0][0]


def _calendar(lines: Sequence[bytes], layouts: Sequence[Layout], *, modified: float | None) -> Calendar:
    """Infer the year of timestamps without one: the newest line is not younger than the file."""
    written = dt.datetime.fromtimestamp(modified, dt.UTC) if modified is not None else dt.datetime.now(dt.UTC)
    day = (written.date() - dt.date(1970, 1, 1)).days
    tables = build_tables(layouts, calendar=Calendar())  # dates without a year are of LEAP_YEAR, bare times of 1970
    out = np.empty(OUT_SIZE, np.int64)
    dates: list[tuple[int, int]] = []
    for line in lines:
        data = np.frombuffer(line, np.uint8)
        if any(match(data, 0, len(data), p, tables, out) for p in range(len(layouts))) and out[0] != NO_TIME:
            moment = dt.datetime.fromtimestamp(out[0] / 1e6, dt.UTC)
            if moment.year == LEAP_YEAR:
                dates.append((moment.month, moment.day))
    if not dates:
        return Calendar(day=day)
    first, last = dates[0], dates[-1]
    # Lines may be a little out of order, so the year begins some days before the first line's date.
    start = dt.date(LEAP_YEAR, *first) - dt.timedelta(days=3)
    pivot = (start.month * 100 + start.day) if start.year == LEAP_YEAR else 0
    wraps = last[0] * 100 + last[1] < pivot
    # Lines in local time may be dated up to a day after the UTC date at which they were written.
    newest = written + dt.timedelta(days=1)
    year = newest.year - (1 if last > (newest.month, newest.day) else 0) - (1 if wraps else 0)
    if (2, 29) in dates:
        while not isleap(year + (pivot > 229)):
            year -= 1
    return Calendar(first=pivot, year=year, day=day)
