"""Finds out by content how a source writes its lines.

Every known layout is tried on sample lines with every known timestamp; where none fits, a layout is inferred from
where the timestamp and the severity stand. The smallest set of layouts that reads the sample is kept, the one that
understands most of a line first.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.candidates import joined, known_layouts, occurring
from loganomaly.reading.dates import Dating, TimeSettings, date_source, named_zones
from loganomaly.reading.formats import Format, Layout, expand, load_formats
from loganomaly.reading.header import find_headers
from loganomaly.reading.infer import infer_layouts
from loganomaly.reading.program import Tables
from loganomaly.reading.tables import Calendar, build_tables
from loganomaly.reading.traces import goes_on
from loganomaly.reading.trials import fit_matrix
from loganomaly.reading.zones import Zone

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
    that some layout reads, `layouts` the layouts in the order they are tried, `dating` what its timestamps leave out.
    """

    name: str
    layouts: tuple[Layout, ...]
    share: float
    calendar: Calendar
    loose: bool
    dating: Dating = field(default_factory=Dating)

    def tables(self) -> Tables:
        """Return the matcher's arrays for this source."""
        return build_tables(self.layouts, calendar=self.calendar, loose=self.loose)


def detect(
    sample: bytes,
    *,
    tail: bytes = b"",
    modified: float | None = None,
    formats: Sequence[Format] = (),
    times: TimeSettings | None = None,
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
    times
        How timestamps are read that leave something out.

    Raises
    ------
    ConfigError
        If `times` names no time zone.
    """
    lines = _lines(sample)
    headers = find_headers(lines)
    over_lines = headers is not None and len(headers.rows) < len(lines)
    lines = list(headers.rows) if headers else lines
    # The tail may begin within a quoted field.
    lines += _lines(tail) if not over_lines else []
    if len(lines) > _SAMPLE:
        lines = [lines[i * len(lines) // _SAMPLE] for i in range(_SAMPLE)]
    zones = named_zones(lines)
    patterns = occurring(lines, zones=zones)
    own = expand([fmt for fmt in formats if fmt not in load_formats()], patterns=patterns)
    tables = list(headers.layouts) if headers else []
    layouts = [*known_layouts(patterns), *own, *tables]
    fits = _fits(lines, layouts, zones=zones)
    guessed = _guess(lines, fits, layouts, zones=zones)
    layouts += guessed
    fits = np.hstack([fits, _fits(lines, guessed, zones=zones)])
    chosen, share = _marked(fits, layouts, formats=formats) or _choose(fits, layouts, wanted=tables)
    kept, calendar, dating = date_source(
        lines,
        [layouts[c] for c in chosen],
        fixed=own,
        named=zones,
        modified=modified,
        times=times or TimeSettings(),
    )
    read: NDArray[np.bool_] = np.any(fits[:, chosen], axis=1)
    rest = sum(_goes_on(line) for line, fit in zip(lines, read, strict=True) if not fit)
    if headers is not None and headers.day is not None:
        calendar = replace(calendar, day=headers.day)
        if dating.day is not None:
            dating = replace(dating, day=(dt.date(1970, 1, 1) + dt.timedelta(days=headers.day)).isoformat())
    name = _name(fits, chosen, layouts, heads=len(lines) - rest)
    return Detected(
        name=name,
        layouts=kept,
        share=share,
        calendar=calendar,
        dating=dating,
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


def _lines(data: bytes) -> list[bytes]:
    lines = [line.rstrip(b"\r") for line in data.split(b"\n")]
    if len(lines) > 2:
        lines = lines[:-1]
    return [line for line in lines if line.strip()]


def _fits(lines: Sequence[bytes], layouts: Sequence[Layout], *, zones: Sequence[Zone]) -> NDArray[np.bool_]:
    """Return which line (row) fits which layout (column)."""
    if not lines or not layouts:
        return np.zeros((len(lines), len(layouts)), np.bool_)
    tables = build_tables(layouts, calendar=Calendar(named=tuple(zones)))
    fits: NDArray[np.bool_] = fit_matrix(*joined(lines), np.arange(len(layouts)), tables)
    return fits


def _guess(
    lines: Sequence[bytes], fits: NDArray[np.bool_], layouts: Sequence[Layout], *, zones: Sequence[Zone]
) -> list[Layout]:
    """Infer layouts for lines that none of `layouts` reads, or reads no more of than the timestamp."""
    understood = (fits * np.array([layout.captures for layout in layouts])).max(axis=1)
    # Where heads of records of many lines are read, a timestamp in the lines that go on is theirs.
    over_lines = fits[:, [layout.head != layout.text for layout in layouts]].any()
    unread = [line for line, worth in zip(lines, understood, strict=True) if worth == 0]
    guessed = infer_layouts([line for line in unread if not (over_lines and _goes_on(line))], zones=zones)
    barely = [line for line, worth in zip(lines, understood, strict=True) if 0 < worth <= _TIME_ONLY]
    # A severity word may stand anywhere in prose; where half of the lines have one in the same place, it is a field.
    inferred = infer_layouts(barely, zones=zones)
    better = [layout for layout in inferred if layout.captures > _TIME_ONLY and layout not in guessed]
    shares = _fits(barely, better, zones=zones).mean(axis=0) if better else []
    return guessed + [layout for layout, share in zip(better, shares, strict=True) if share >= _STRICT]


def _marked(
    fits: NDArray[np.bool_], layouts: Sequence[Layout], *, formats: Sequence[Format]
) -> tuple[list[int], float] | None:
    """Return all layouts of a format whose marks occur, and the share read, if they read all that any others do.

    The layouts of formats whose marks do not occur are taken out of `fits`.
    """
    for fmt in (*load_formats(), *formats):
        own = [pick for pick, layout in enumerate(layouts) if layout.format == fmt.name] if fmt.marks else []
        marks = [pick for pick in own if layouts[pick].text in fmt.marks]
        read = fits[:, own].any(axis=1)
        if not fits[:, marks].any():
            fits[:, own] = False
        elif read.sum() == fits.any(axis=1).sum():
            return sorted(own, key=lambda pick: (-layouts[pick].captures, pick)), float(read.mean())
    return None


def _choose(
    fits: NDArray[np.bool_], layouts: Sequence[Layout], *, wanted: Sequence[Layout] = ()
) -> tuple[list[int], float]:
    """Choose layouts greedily by lines newly read times what they understand; return them and the share read.

    Those that are `wanted` are kept however few lines they read.
    """
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
    for pick, layout in enumerate(layouts):
        if layout in wanted and pick not in chosen and fits[:, pick].any():
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
