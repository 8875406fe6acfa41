"""The tables of slots: what stands in each, by shape. Of positional slots and of fields alike."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.profile import place
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.bins import BINS
from loganomaly.scan.codes import Codes, few_numbers
from loganomaly.scan.shapes import summarise_slots
from loganomaly.scan.values import SmallestValues, smallest_values

__all__ = ["Occurrences", "Places", "SlotTables", "Summary", "nullable", "slot_tables", "summarise"]


class Occurrences(NamedTuple):
    """The values of many records, as `read_shapes` returns them: each record's first, hashes, numbers."""

    first: NDArray[np.int64]
    values: NDArray[np.uint64]
    numbers: NDArray[np.float64]


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
class Summary:
    """What `summarise_slots` found, one row per slot of a kind of records.

    `first` is the row of each kind's first slot, `kind` each row's kind, `position` its place among the kind's slots.
    """

    first: NDArray[np.int64]
    kind: NDArray[np.int64]
    position: NDArray[np.int64]
    records: NDArray[np.int64]
    found: tuple[NDArray[np.int64], ...]


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


def summarise(given: Occurrences, *, kinds: NDArray[np.int32], count: int) -> Summary:
    """Summarise the values of records of `count` kinds; those of one kind have the same slots."""
    first, *found = summarise_slots(given.first, given.values, given.numbers, kinds, count)
    per_kind = np.diff(first)
    kind = np.repeat(np.arange(count), per_kind)
    records = np.bincount(kinds, minlength=count)
    return Summary(
        first=first, kind=kind, position=np.arange(len(kind)) - first[kind], records=records[kind], found=tuple(found)
    )


def slot_tables(
    given: Occurrences,
    summary: Summary,
    *,
    kinds: NDArray[np.int32],
    shape: NDArray[np.uint64],
    slot: NDArray[np.int64],
    places: Places,
    bounds: pl.DataFrame,
) -> SlotTables:
    """Return the tables of what was summarised; `shape` and `slot` are those of the rows of the summary.

    Values above the `bounds` are left out, see `loganomaly.profile.Bounds`.
    """
    lowest, highest, numbers, low, high, low_row, high_row, bins, counts = summary.found
    unknown = numbers == 0
    columns: dict[str, object] = {
        "shape": shape,
        "slot": slot,
        "records": summary.records,
        "lowest": lowest,
        "highest": highest,
        "numbers": numbers,
        "low": nullable(low, unknown),
        "high": nullable(high, unknown),
    }
    for name, rows in (("low", low_row), ("high", high_row)):
        columns[f"{name}_line"] = nullable(places.lines[rows] if len(kinds) else rows, unknown)
        columns[f"{name}_offset"] = nullable(places.offsets[rows] if len(kinds) else rows, unknown)
    sketch = pl.DataFrame(
        {"shape": shape[bins // BINS], "slot": slot[bins // BINS], "bin": bins % BINS, "count": counts}
    )
    few = few_numbers(given.first, given.numbers, kinds, summary.first, places.times)
    columns["many"] = few.many.astype(np.int64)
    codes = {"shape": shape[few.slots], "slot": slot[few.slots], "code": few.codes, "count": few.counts}
    kept = smallest_values(*given, kinds, summary.first, places.times, _bounds_of(shape, slot, bounds))
    values = {"shape": shape[kept.slots], "slot": slot[kept.slots], "value": kept.values, "count": kept.counts}
    return SlotTables(
        slots=pl.DataFrame(columns),
        bins=sketch,
        codes=pl.DataFrame(codes | _extent(few, places)),
        values=pl.DataFrame(values | _extent(kept, places)),
        row=kept.slots,
        record=kept.first_rows,
        entry=kept.entries,
    )


def _bounds_of(shape: NDArray[np.uint64], slot: NDArray[np.int64], bounds: pl.DataFrame) -> NDArray[np.uint64]:
    none = np.full(len(shape), 0xFFFFFFFFFFFFFFFF, np.uint64)
    if not len(bounds):
        return none
    rows = pl.DataFrame({"shape": shape, "slot": slot})
    found = rows.join(bounds, on=["shape", "slot"], how="left", maintain_order="left")["bound"]
    return np.where(found.is_null().to_numpy(), none, found.fill_null(0).to_numpy())


def _extent(found: Codes | SmallestValues, places: Places) -> dict[str, object]:
    """Return the columns that say when and where values were first and last seen."""
    untimed = found.first_times == NO_TIME
    return {
        "first_time": nullable(found.first_times, untimed),
        "last_time": nullable(found.last_times, untimed),
        "first_place": places.lines[found.first_rows],
        "first_offset": places.offsets[found.first_rows],
        "last_place": places.lines[found.last_rows],
    }


def nullable(values: NDArray[np.int64] | NDArray[np.float64], unknown: NDArray[np.bool_]) -> pl.Series:
    """Return a column that is null where a value is unknown."""
    return pl.Series(values).set(pl.Series(unknown), None)
