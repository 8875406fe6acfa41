"""Floods: stretches of consecutive rows that one shape dominates, found in linear time and mergeable.

A window is `window_size` consecutive records of a source. A shape dominates a window if at least
`repetition_threshold` of its records have that shape; these records are *flooded*. Flooded records of one shape that
are less than a window apart are one flood. Windows may cross the seam between two chunks, so each piece of a source
keeps its first and last records until the piece beside it is merged: the result is that of one pass.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.kernels import njit

__all__ = ["FEWEST_ROWS", "FloodSettings", "Floods", "Rows", "flooded_rows"]

FEWEST_ROWS = 20
"""Sources with fewer records, and fewer than a window, have no floods: four lines that are alike are not one."""

_SCHEMA = {
    "source": pl.Int64(),
    "shape": pl.UInt64(),
    "first_line": pl.Int64(),
    "last_line": pl.Int64(),
    "first_offset": pl.Int64(),
    "records": pl.Int64(),
    "first_time": pl.Int64(),
    "last_time": pl.Int64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodSettings:
    """What a flood is: `window_size` in records, `repetition_threshold` as a share 0..1; `enabled` False finds none."""

    window_size: int = 1000
    repetition_threshold: float = 0.75
    enabled: bool = True

    def fewest(self, rows: int) -> int:
        """Return how many of `rows` records must have one shape."""
        return max(1, math.ceil(self.repetition_threshold * rows - 1e-9))


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive records of one source, as parallel arrays."""

    shape: NDArray[np.uint64]
    line: NDArray[np.int64]
    offset: NDArray[np.int64]
    time: NDArray[np.int64]
    flooded: NDArray[np.bool_]

    def __getitem__(self, part: slice) -> "Rows":
        return Rows(self.shape[part], self.line[part], self.offset[part], self.time[part], self.flooded[part])

    def __len__(self) -> int:
        return len(self.shape)

    def copy(self) -> "Rows":
        """Return rows of their own, so that those of a whole chunk can be freed."""
        return Rows(*(getattr(self, name).copy() for name in ("shape", "line", "offset", "time", "flooded")))

    def then(self, other: "Rows") -> "Rows":
        """Return these rows, then those of `other`."""
        return Rows(
            np.concatenate([self.shape, other.shape]),
            np.concatenate([self.line, other.line]),
            np.concatenate([self.offset, other.offset]),
            np.concatenate([self.time, other.time]),
            np.concatenate([self.flooded, other.flooded]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A stretch of a source, lines [first_line, end_line): the records at its ends, all of them if it is short."""

    source: int
    first_line: int
    end_line: int
    count: int
    head: Rows
    tail: Rows


@njit(nogil=True, cache=True)
def flooded_rows(shapes: "NDArray[np.int32]", shape_count: int, window: int, fewest: int) -> "NDArray[np.bool_]":
    """Say of each row whether some window of `window` rows around it has `fewest` or more rows of its shape.

    `shapes` are numbers 0 <= shape < shape_count. Linear in the number of rows; no window, no flooded row.
    """
    rows = len(shapes)
    flooded = np.zeros(rows, np.bool_)
    if rows < window:
        return flooded
    counts = np.zeros(shape_count, np.int64)
    begun = np.full(shape_count, -1, np.int64)  # first row of the windows that the shape dominates now
    marked = np.zeros(shape_count, np.int64)  # rows before this one are marked already
    for row in range(rows):
        shape = shapes[row]
        counts[shape] += 1
        if row >= window:
            gone = shapes[row - window]
            counts[gone] -= 1
            if begun[gone] >= 0 and counts[gone] < fewest:
                for k in range(max(begun[gone], marked[gone]), row):
                    if shapes[k] == gone:
                        flooded[k] = True
                begun[gone], marked[gone] = -1, row
        if row >= window - 1:
            if row == window - 1:
                for other in range(shape_count):
                    if counts[other] >= fewest:
                        begun[other] = 0
            elif begun[shape] < 0 and counts[shape] >= fewest:
                begun[shape] = row - window + 1
    for shape in range(shape_count):
        if begun[shape] >= 0:
            for k in range(max(begun[shape], marked[shape]), rows):
                if shapes[k] == shape:
                    flooded[k] = True
    return flooded


@dataclass(frozen=True, kw_only=True)
class Floods:
    """The floods found so far, and the ends of the pieces in which more may yet be found."""

    settings: FloodSettings = field(default_factory=FloodSettings)
    found: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SCHEMA))
    pieces: tuple[_Piece, ...] = ()

    @classmethod
    def of_chunk(
        cls,
        rows: Rows,
        *,
        ids: NDArray[np.int32],
        source: int,
        first_line: int,
        end_line: int,
        settings: FloodSettings,
    ) -> "Floods":
        """Find the floods of one chunk: the records of lines [first_line, end_line) of a source.

        `ids` numbers the shapes of `rows` from 0.
        """
        if not settings.enabled:
            return cls(settings=settings)
        window = settings.window_size
        count = int(ids.max()) + 1 if len(ids) else 1
        new = flooded_rows(ids, count, window, settings.fewest(window))
        rows = _with(rows, new)
        edge = settings.window_size - 1
        piece = _Piece(
            source=source,
            first_line=first_line,
            end_line=end_line,
            count=len(rows),
            head=rows[:edge].copy(),
            tail=rows[max(0, len(rows) - edge) :].copy(),
        )
        return cls(settings=settings, found=_fold(_table(source, rows, new), window), pieces=(piece,))

    @classmethod
    def merge(cls, parts: Iterable["Floods"]) -> "Floods":
        """Merge: pieces that touch become one, and the windows across their seam are looked at."""
        parts = list(parts)
        settings = parts[0].settings
        if any(part.settings != settings for part in parts):
            raise ValueError(
                "profiles with different rolling-window settings cannot be merged; scan with the same ones"
            )
        tables = [part.found for part in parts]
        by_source: dict[int, list[_Piece]] = defaultdict(list)
        for part in parts:
            for piece in part.pieces:
                by_source[piece.source].append(piece)
        joined: list[_Piece] = []
        for source in sorted(by_source):
            waiting: _Piece | None = None
            for piece in sorted(by_source[source], key=lambda p: (p.first_line, p.end_line)):
                if waiting is not None and waiting.end_line == piece.first_line:
                    waiting, table = _join(waiting, piece, settings)
                    tables.append(table)
                else:
                    joined += [waiting] if waiting is not None else []
                    waiting = piece
            joined += [waiting] if waiting is not None else []
        return cls(settings=settings, found=_fold(pl.concat(tables), settings.window_size), pieces=tuple(joined))

    def table(self) -> pl.DataFrame:
        """Return the floods: source, shape, first and last line, first offset, records, first and last time.

        A source with fewer records than a window is one window.
        """
        tables = [self.found]
        for piece in self.pieces:
            if FEWEST_ROWS <= piece.count < self.settings.window_size:
                new = _newly_flooded(piece.head, window=piece.count, fewest=self.settings.fewest(piece.count))
                tables.append(_table(piece.source, piece.head, new))
        return _fold(pl.concat(tables), self.settings.window_size)

    def only(self, sources: Iterable[int]) -> "Floods":
        """Return the floods of these sources."""
        wanted = set(sources)
        return Floods(
            settings=self.settings,
            found=self.found.filter(pl.col("source").is_in(sorted(wanted))),
            pieces=tuple(piece for piece in self.pieces if piece.source in wanted),
        )


def _newly_flooded(rows: Rows, *, window: int, fewest: int) -> NDArray[np.bool_]:
    """Return which rows are flooded and were not known to be."""
    distinct, ids = np.unique(rows.shape, return_inverse=True)
    mask: NDArray[np.bool_] = flooded_rows(ids.astype(np.int32), max(len(distinct), 1), window, fewest)
    return mask & ~rows.flooded


def _join(left: _Piece, right: _Piece, settings: FloodSettings) -> tuple[_Piece, pl.DataFrame]:
    edge = settings.window_size - 1
    seam = left.tail.then(right.head)
    new = _newly_flooded(seam, window=settings.window_size, fewest=settings.fewest(settings.window_size))
    table = _table(left.source, seam, new)
    flooded = seam.flooded | new
    split = len(left.tail)
    tail, head = _with(left.tail, flooded[:split]), _with(right.head, flooded[split:])
    # A piece shorter than an edge is known whole: its head is its tail.
    left_head = tail if left.count <= edge else _with(left.head, _carried(left.head, tail))
    right_tail = head if right.count <= edge else _with(right.tail, _carried(right.tail, head))
    whole_head = left_head.then(head)[:edge] if left.count < edge else left_head
    joined = tail.then(right_tail) if right.count < edge else right_tail
    piece = _Piece(
        source=left.source,
        first_line=left.first_line,
        end_line=right.end_line,
        count=left.count + right.count,
        head=whole_head,
        tail=joined[max(0, len(joined) - edge) :],
    )
    return piece, table


def _with(rows: Rows, flooded: NDArray[np.bool_]) -> Rows:
    return Rows(rows.shape, rows.line, rows.offset, rows.time, flooded)


def _carried(rows: Rows, marked: Rows) -> NDArray[np.bool_]:
    """Return the flooded flags of `rows`, with those of the same lines in `marked` added."""
    return rows.flooded | np.isin(rows.line, marked.line[marked.flooded])


def _table(source: int, rows: Rows, flooded: NDArray[np.bool_]) -> pl.DataFrame:
    """Return one row per flooded row; `_fold` makes floods of them."""
    time = rows.time[flooded]
    known = pl.Series("time", time).set(pl.Series(time == np.iinfo(np.int64).min), None)
    return pl.DataFrame(
        {
            "source": np.full(len(time), source, np.int64),
            "shape": rows.shape[flooded],
            "first_line": rows.line[flooded],
            "last_line": rows.line[flooded],
            "first_offset": rows.offset[flooded],
            "records": np.ones(len(time), np.int64),
            "first_time": known,
            "last_time": known,
        },
        schema=_SCHEMA,
    )


def _fold(table: pl.DataFrame, window: int) -> pl.DataFrame:
    """Join stretches of one source and shape that are less than a window of lines apart."""
    if not len(table):
        return table
    keys = ["source", "shape"]
    ordered = table.sort(*keys, "first_line")
    before = pl.col("last_line").cum_max().shift(1).over(keys)
    begins = (before.is_null() | (pl.col("first_line") - before >= window)).cast(pl.Int64)
    return (
        ordered.with_columns(begins.cum_sum().alias("flood"))
        .group_by(*keys, "flood", maintain_order=True)
        .agg(
            pl.col("first_line").min(),
            pl.col("last_line").max(),
            pl.col("first_offset").min(),
            pl.col("records").sum(),
            pl.col("first_time").min(),
            pl.col("last_time").max(),
        )
        .drop("flood")
    )
