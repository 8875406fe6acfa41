"""The tables of slots: what stands in each, by shape. Of positional slots and of fields alike."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.merging import number_rows
from loganomaly.profile import place
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.survey import Occurrences, slot_rows, survey

__all__ = ["Layout", "Places", "SlotTables", "nullable", "slot_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the records of a chunk stand, the numbers (see `place`) of their lines and offsets, and their times."""

    lines: NDArray[np.int64]
    offsets: NDArray[np.int64]
    times: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        lines: NDArray[np.int64],
        starts: NDArray[np.int64],
        *,
        times: NDArray[np.int64],
        source: int,
        first_line: int,
        offset: int,
    ) -> "Places":
        """Return the places of records with these lines and first bytes in their chunk, and these times."""
        return cls(lines=lines + place(source, first_line), offsets=starts + place(source, offset), times=times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The rows of the slots of records, those of one kind together.

    `first` is the row of each kind's first slot, `kind` each row's kind, `position` its place among the kind's slots,
    and `records` how many records of its kind there are.
    """

    first: NDArray[np.int64]
    kind: NDArray[np.int64]
    position: NDArray[np.int64]
    records: NDArray[np.int64]

    @classmethod
    def of(cls, first: NDArray[np.int64], *, kinds: NDArray[np.int32], count: int) -> "Layout":
        """Return the layout of the slots of records of `count` kinds, given each record's first value."""
        rows = slot_rows(first, kinds, count)
        per_kind = np.diff(rows)
        kind = np.repeat(np.arange(count), per_kind)
        records = np.bincount(kinds, minlength=count)[kind]
        return cls(first=rows, kind=kind, position=np.arange(len(kind)) - rows[kind], records=records)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTables:
    """The tables of slots, of their sketches, their numbers where they are few, and their values but for the texts.

    `record` and `entry` say where each value occurs: the record, and the number in `Occurrences`.
    """

    slots: pl.DataFrame
    bins: pl.DataFrame
    codes: pl.DataFrame
    values: pl.DataFrame
    row: NDArray[np.int64]
    record: NDArray[np.int64]
    entry: NDArray[np.int64]


def slot_tables(
    given: Occurrences,
    layout: Layout,
    *,
    kinds: NDArray[np.int32],
    shape: NDArray[np.uint64],
    slot: NDArray[np.int64],
    places: Places,
    bounds: pl.DataFrame,
) -> SlotTables:
    """Return the tables of the values of records; `shape` and `slot` are those of the rows of the layout.

    Values above the `bounds` are left out, see `loganomaly.profile.Bounds`.
    """
    found = survey(given, kinds=kinds, rows=layout.first, times=places.times, limits=_bounds_of(shape, slot, bounds))
    unknown = found.numbers == 0
    columns: dict[str, object] = {
        "shape": shape,
        "slot": slot,
        "records": layout.records,
        "lowest": found.lowest,
        "highest": found.highest,
        "numbers": found.numbers,
        "low": nullable(found.low, unknown),
        "high": nullable(found.high, unknown),
    }
    for name, rows in (("low", found.low_row), ("high", found.high_row)):
        columns[f"{name}_line"] = nullable(places.lines[rows] if len(kinds) else rows, unknown)
        columns[f"{name}_offset"] = nullable(places.offsets[rows] if len(kinds) else rows, unknown)
    columns["many"] = found.many.astype(np.int64)
    row, bins, counts = found.bins
    code_row, code, code_counts, *code_extent = found.codes
    value_row, value, value_counts, *value_extent, entry = found.values
    codes = {"shape": shape[code_row], "slot": slot[code_row], "code": code, "count": code_counts}
    values = {"shape": shape[value_row], "slot": slot[value_row], "value": value.view(np.uint64), "count": value_counts}
    return SlotTables(
        slots=pl.DataFrame(columns),
        bins=pl.DataFrame({"shape": shape[row], "slot": slot[row], "bin": bins, "count": counts}),
        codes=pl.DataFrame(codes | _extent(*code_extent, places=places)),
        values=pl.DataFrame(values | _extent(*value_extent, places=places)),
        row=value_row,
        record=value_extent[0],
        entry=entry,
    )


def _bounds_of(shape: NDArray[np.uint64], slot: NDArray[np.int64], bounds: pl.DataFrame) -> NDArray[np.uint64]:
    known = np.stack([bounds["shape"].to_numpy(), bounds["slot"].to_numpy().view(np.uint64)], axis=1)
    ids, first = number_rows(np.concatenate([known, np.stack([shape, slot.view(np.uint64)], axis=1)]))
    limits = np.full(len(first), 0xFFFFFFFFFFFFFFFF, np.uint64)
    limits[: len(known)] = bounds["bound"].to_numpy()
    found: NDArray[np.uint64] = limits[ids[len(known) :]]
    return found


def _extent(
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    earliest: NDArray[np.int64],
    latest: NDArray[np.int64],
    *,
    places: Places,
) -> dict[str, object]:
    """Return the columns that say when and where values were first and last seen, given these records and times."""
    untimed = earliest == NO_TIME
    return {
        "first_time": nullable(earliest, untimed),
        "last_time": nullable(latest, untimed),
        "first_place": places.lines[first],
        "first_offset": places.offsets[first],
        "last_place": places.lines[last],
    }


def nullable(values: NDArray[np.int64] | NDArray[np.float64], unknown: NDArray[np.bool_]) -> pl.Series:
    """Return a column that is null where a value is unknown."""
    column = pl.Series(values)
    return column.set(pl.Series(unknown), None) if unknown.any() else column
