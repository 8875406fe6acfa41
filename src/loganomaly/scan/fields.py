"""Summarises the fields of a chunk's records (JSON, logfmt, rows of tables) by shape, as positional slots are.

Records of one shape with the same fields in the same order are of one kind, so that a field has a fixed place in it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.kernels import njit
from loganomaly.profile import merge_table
from loganomaly.profile_caps import MOST_FIELD_NAMES
from loganomaly.profile_tables import FIELD_SLOTS
from loganomaly.reading.fields import Fields
from loganomaly.reading.paths import field_name
from loganomaly.reading.program import Tables
from loganomaly.reading.records import Records
from loganomaly.redaction.names import hide_value, is_telling, secret_name
from loganomaly.scan.hashes import intern, scatter
from loganomaly.scan.named_values import UNITS, read_values, value_texts
from loganomaly.scan.slots import Layout, Places, slot_tables
from loganomaly.scan.survey import Occurrences

__all__ = ["FieldTables", "scan_fields", "slots_of"]

_PRIME = np.uint64(1099511628211)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTables:
    """The profile's tables of fields; how many values there are, and how many more were left out of records."""

    slots: pl.DataFrame
    bins: pl.DataFrame
    codes: pl.DataFrame
    values: pl.DataFrame
    fields: pl.DataFrame
    count: int
    left_out: int


@njit(nogil=True, cache=True)
def slots_of(keys: Any) -> Any:
    """Return the slot numbers of keys: positive, and not below FIELD_SLOTS."""
    slots = np.empty(len(keys), np.int64)
    for i in range(len(keys)):
        slots[i] = np.int64(scatter(np.uint64(keys[i])) >> np.uint64(1)) | np.int64(FIELD_SLOTS)
    return slots


@njit(nogil=True, cache=True)
def _kinds(first: Any, slots: Any, shapes: Any) -> Any:
    """Return a hash of each record's shape and the fields it has, in order."""
    kinds = np.empty(len(shapes), np.uint64)
    for row in range(len(shapes)):
        value = shapes[row]
        for i in range(first[row], first[row + 1]):
            value = (value ^ np.uint64(slots[i])) * _PRIME
            value ^= value >> np.uint64(29)
        kinds[row] = scatter(value)
    return kinds


@njit(nogil=True, cache=True)
def _kept(first: Any, slots: Any, highest: Any) -> Any:
    """Return each record's first field, and the fields, if those with slots above `highest` are dropped."""
    after, kept = np.zeros(len(first), np.int64), np.empty(len(slots), np.int64)
    n = 0
    for row in range(len(first) - 1):
        for i in range(first[row], first[row + 1]):
            if slots[i] <= highest:
                kept[n] = i
                n += 1
        after[row + 1] = n
    return after, kept[:n].copy()


@njit(nogil=True, cache=True)
def _units_of_rows(first: Any, kinds: Any, base: Any, units: Any, hidden: Any, numbers: Any) -> Any:
    """Return the largest unit of each row of the summary; numbers in the rows that are hidden count as texts."""
    found = np.zeros(len(hidden), np.uint8)
    for row in range(len(kinds)):
        at = base[kinds[row]]
        for i in range(first[row + 1] - first[row]):
            entry = first[row] + i
            if hidden[at + i]:
                numbers[entry] = np.nan
            else:
                found[at + i] = max(found[at + i], units[entry])
    return found


def scan_fields(
    data: NDArray[np.uint8],
    records: Records,
    fields: Fields,
    hashes: NDArray[np.uint64],
    tables: Tables,
    *,
    places: Places,
    bounds: pl.DataFrame,
) -> FieldTables:
    """Return the tables of the fields of records whose shapes have these hashes.

    Values above the `bounds` are left out, see `loganomaly.profile.Bounds`. Of fields whose name says that they hold
    secrets, values are counted, but not kept.
    """
    count = len(fields.keys)
    slots = slots_of(fields.keys)
    first = fields.first
    ids, _, at = intern(_kinds(first, slots, hashes))
    highest = _highest(first, slots, at)
    starts, ends = fields.starts, fields.ends
    if highest is not None:
        first, kept = _kept(first, slots, highest)
        slots, starts, ends = slots[kept], starts[kept], ends[kept]
        ids, _, at = intern(_kinds(first, slots, hashes))
    values, numbers, units = read_values(data, starts, ends)
    base, entry, record = _rows(first, at)
    slot = slots[entry]
    distinct, _, shown = intern(slot.view(np.uint64))
    names = [
        field_name(data, records, tables, row=r, start=s)
        for r, s in zip(record[shown].tolist(), starts[entry[shown]].tolist(), strict=True)
    ]
    hidden = np.array([secret_name(name) is not None for name in names], np.bool_)[distinct]
    unit = _units_of_rows(first, ids, base, units, hidden, numbers)
    given = Occurrences(first, values, numbers)
    layout = Layout.of(first, kinds=ids, count=len(at))
    found = slot_tables(given, layout, kinds=ids, shape=hashes[record], slot=slot, places=places, bounds=bounds)
    of_row = distinct[found.row]
    texts = value_texts(data, starts[found.entry], ends[found.entry])
    telling = np.array([is_telling(name) for name in names], np.bool_)
    if telling.any():
        texts = pl.Series(
            [
                hide_value(names[name], text) if telling[name] else text
                for name, text in zip(of_row.tolist(), texts.to_list(), strict=True)
            ],
            dtype=pl.String,
        )
    named = pl.DataFrame({
        "slot": slot,
        "name": pl.Series(names, dtype=pl.String).gather(distinct),
        "unit": pl.Series(UNITS).gather(unit),
        "records": layout.records,
        "place": places.lines[record],
    })  # fmt: skip
    worded = found.values.hstack([texts.alias("text")])
    per_shape = {"slots": found.slots, "bins": found.bins, "codes": found.codes, "values": worded}
    if found.slots.select(pl.struct("shape", "slot").is_duplicated().any()).item():  # in several kinds of one shape
        per_shape = {name: merge_table(name, [table]) for name, table in per_shape.items()}
    return FieldTables(
        **per_shape,
        fields=merge_table("fields", [named]),
        count=count,
        left_out=int(fields.left_out),
    )


def _highest(first: NDArray[np.int64], slots: NDArray[np.int64], at: NDArray[np.int64]) -> int | None:
    """Return the largest slot that is kept of those of the records `at`; None where all are.

    The profile keeps as few, so nothing is lost that would stay.
    """
    found = np.unique(slots[_rows(first, at)[1]])
    return int(found[MOST_FIELD_NAMES - 1]) if len(found) > MOST_FIELD_NAMES else None


def _rows(
    first: NDArray[np.int64], at: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the summary: the first of each kind, and a field and the record that each is told by.

    They are the fields of the first record of each kind, which stand at `at`.
    """
    per_kind = first[at + 1] - first[at]
    base = np.concatenate([np.zeros(1, np.int64), np.cumsum(per_kind)])
    return base, np.arange(base[-1]) - np.repeat(base[:-1] - first[at], per_kind), np.repeat(at, per_kind)
