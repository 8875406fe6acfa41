"""The tables of a profile: their columns, and how those of parts make that of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.merging import add, first_of, highest, lowest, number_in_order
from loganomaly.reading.program import Level

__all__ = [
    "FIELD_SLOTS",
    "LEVEL_COLUMNS",
    "MOST_LEAK_VALUES",
    "blank",
    "merge_table",
    "place",
    "table_schemas",
    "unplace",
]

LEVEL_COLUMNS = tuple(level.name.lower() for level in Level)

FIELD_SLOTS = 1 << 32
"""The slots of fields (values that records name) are numbers from here on, those of messages are below."""
MOST_LEAK_VALUES = 16
"""Different values of a kind of secret that are told apart per shape."""

_SOURCE_BITS = 44
_SIGN = np.uint64(1 << 63)
_HASHES = (
    *("shape", "component", "lowest", "highest", "value", "session", "key"),
    *("behaviour", "group", "rest", "limit_group"),
)


def unplace(number: int) -> tuple[int, int]:
    """Return source and position of a number that `place` made."""
    return number >> _SOURCE_BITS, number & ((1 << _SOURCE_BITS) - 1)


def place(source: int, position: int) -> int:
    """Return one number for a position (line or offset) in a source, in the order of sources, then positions."""
    return (source << _SOURCE_BITS) + position


@dataclass(frozen=True, slots=True)
class _Pick:
    """Columns of the row that is the first by some columns, in falling order of some of these; null is behind all."""

    columns: tuple[str, ...]
    by: tuple[str, ...]
    falling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merging:
    """How rows of a table make one: those with the same keys, and what of the other columns is added, or kept."""

    keys: tuple[str, ...]
    sums: tuple[str, ...] = ()
    lowest: tuple[str, ...] = ()
    highest: tuple[str, ...] = ()
    picks: tuple[_Pick, ...] = ()


def _extreme_of(column: str, *, falling: tuple[str, ...] = ()) -> _Pick:
    """Return the smallest value of a column, or the largest, and where it stands first."""
    return _Pick((column, f"{column}_line", f"{column}_offset"), by=(column, f"{column}_line"), falling=falling)


_FIRST = ("source", "first_line")
_STARTS, _ENDS = ("first_line", "first_offset"), ("last_line", "last_offset")
_SEEN_FIRST, _SEEN_LAST = ("first_time", "first_place", "first_offset"), ("last_time", "last_place")
_LIMIT = ("limit_group", "limit_slot")
_MERGING = {
    "sources": _Merging(
        keys=("source",),
        sums=("lines", "records", "stray", "timed", "unmatched", "cut", "fields", "fields_cut", "bytes"),
    ),
    "shapes": _Merging(
        keys=("source", "shape"),
        sums=("records", "lines", *LEVEL_COLUMNS),
        lowest=("first_time", *_STARTS),
        highest=("last_time", *_ENDS),
        picks=(_Pick(("status", "component", "sample"), by=_FIRST),),
    ),
    "slots": _Merging(
        keys=("shape", "slot"),
        sums=("records", "numbers"),
        lowest=("lowest",),
        highest=("highest", "many"),
        picks=(_extreme_of("low"), _extreme_of("high", falling=("high",))),
    ),
    "bins": _Merging(keys=("shape", "slot", "bin"), sums=("count",)),
    "codes": _Merging(keys=("shape", "slot", "code"), sums=("count",), lowest=_SEEN_FIRST, highest=_SEEN_LAST),
    "values": _Merging(
        keys=("shape", "slot", "value"),
        sums=("count",),
        lowest=_SEEN_FIRST,
        highest=_SEEN_LAST,
        picks=(_Pick(("text",), by=()),),
    ),
    "fields": _Merging(
        keys=("slot",),
        sums=("records",),
        lowest=("place",),
        picks=(_Pick(("name",), by=("place",)), _Pick(("unit",), by=("unit",), falling=("unit",))),
    ),
    "series": _Merging(keys=("source", "shape", "bucket"), sums=("count",)),
    "components": _Merging(
        keys=("source", "component"),
        sums=("records", "errors"),
        lowest=_STARTS,
        highest=_ENDS,
        picks=(_Pick(("name",), by=_FIRST),),
    ),
    "component_series": _Merging(keys=("source", "component", "bucket"), sums=("count",)),
    "totals": _Merging(keys=("source", "bucket", "level"), sums=("count",)),
    "leaks": _Merging(
        keys=("source", "shape", "kind"),
        sums=("count", "failed"),
        lowest=("first_time", *_STARTS),
        highest=("last_time", "last_line"),
    ),
    "leak_values": _Merging(keys=("shape", "kind", "value"), sums=("count",)),
    "rules": _Merging(
        keys=("source", "shape", "rule"),
        sums=("count",),
        lowest=("first_time", *_STARTS),
        highest=("last_time", "last_line"),
    ),
    "sessions": _Merging(
        keys=("session", "shape"),
        sums=("records",),
        lowest=("first_time", "first_place"),
        highest=("last_time", "last_place", "last_offset"),
    ),
    "session_ids": _Merging(keys=("session", "key"), sums=("records",), picks=(_Pick(("text",), by=()),)),
    "session_keys": _Merging(keys=("key",), lowest=("place",), picks=(_Pick(("name",), by=("place", "name")),)),
    "behaviours": _Merging(
        keys=("behaviour",),
        sums=("records", "untimed", "ungrouped"),
        picks=(_Pick(("most",), by=()), _Pick(_LIMIT, by=_LIMIT)),
    ),
    "behaviour_groups": _Merging(keys=("behaviour", "group"), picks=(_Pick(("rest", "shape", "text"), by=()),)),
    "behaviour_slots": _Merging(
        keys=("behaviour", "group", "slot"),
        sums=("records", "matched"),
        picks=(_Pick((*_SEEN_LAST, "last_offset", "shape"), by=_SEEN_LAST, falling=_SEEN_LAST),),
    ),
    "behaviour_values": _Merging(
        keys=("behaviour", "group", "slot", "value"),
        highest=("last_time",),
        picks=(_Pick((*_SEEN_FIRST, "shape"), by=_SEEN_FIRST[:2]),),
    ),
}


@cache
def table_schemas() -> dict[str, dict[str, pl.DataType]]:
    """Return the columns of each table, by its name, and their types."""
    integer, hashed, text, real = pl.Int64(), pl.UInt64(), pl.Binary(), pl.Float64()
    types: dict[str, pl.DataType] = {
        **dict.fromkeys(_HASHES, hashed),
        **dict.fromkeys(("sample", "name"), text),
        **dict.fromkeys(("low", "high"), real),
        **dict.fromkeys(("kind", "rule", "text"), pl.String()),
    }
    columns = {
        "sources": "source lines records stray timed unmatched cut fields fields_cut bytes",
        "shapes": f"source shape records lines {' '.join(LEVEL_COLUMNS)} first_time last_time first_line first_offset"
        " last_line last_offset status component sample",
        "slots": "shape slot records lowest highest numbers low high low_line low_offset high_line high_offset many",
        "bins": "shape slot bin count",
        "codes": "shape slot code count first_time last_time first_place first_offset last_place",
        "values": "shape slot value count first_time last_time first_place first_offset last_place text",
        "fields": "slot name unit records place",
        "series": "source shape bucket count",
        "components": "source component records errors first_line first_offset last_line last_offset name",
        "component_series": "source component bucket count",
        "totals": "source bucket level count",
        "leaks": "source shape kind count failed first_line first_offset last_line first_time last_time",
        "leak_values": "shape kind value count",
        "rules": "source shape rule count first_line first_offset last_line first_time last_time",
        "sessions": "session shape records first_time last_time first_place last_place last_offset",
        "session_ids": "session key records text",
        "session_keys": "key name place",
        "behaviours": "behaviour most records untimed ungrouped limit_group limit_slot",
        "behaviour_groups": "behaviour group rest shape text",
        "behaviour_slots": "behaviour group slot records matched last_time last_place last_offset shape",
        "behaviour_values": "behaviour group slot value first_time first_place first_offset last_time shape",
    }
    schemas = {table: {name: types.get(name, integer) for name in names.split()} for table, names in columns.items()}
    schemas["fields"] |= dict.fromkeys(("name", "unit"), pl.String())
    schemas["session_keys"] |= {"name": pl.String()}
    return schemas


@cache
def blank(table: str) -> pl.DataFrame:
    """Return the table of this name without rows."""
    return pl.DataFrame(schema=table_schemas()[table])


def merge_table(table: str, pieces: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the table of this name (of a `Profile`) that says what all of the pieces say, sorted by its keys."""
    merging = _MERGING[table]
    pieces = [piece for piece in pieces if len(piece)]
    if not pieces:
        return blank(table)
    together = pl.concat(pieces, rechunk=True)
    ids, first = number_in_order(_ordinals([together[name] for name in merging.keys]))
    at = _indices(first)
    columns = {name: together[name][at] for name in merging.keys}
    for name in merging.sums:
        columns[name] = pl.Series(add(together[name].to_numpy(), ids, len(first)))
    for name in merging.lowest:
        columns[name] = _extreme(together[name], ids, first, last=False)
    for name in merging.highest:
        columns[name] = _extreme(together[name], ids, first, last=True)
    for pick in merging.picks:
        picked = at
        if pick.by:
            rows = first_of(_ordinals([together[name] for name in pick.by], falling=pick.falling), ids, first)
            picked = _indices(rows)
        columns |= {name: together[name][picked] for name in pick.columns}
    return pl.DataFrame({name: columns[name] for name in table_schemas()[table]})


def _indices(rows: NDArray[np.int64]) -> pl.Series:
    """Return rows as polars numbers them; taking these costs a third of taking those of an array."""
    return pl.Series(rows.astype(np.uint32))


def _extreme(column: pl.Series, ids: NDArray[np.int64], first: NDArray[np.int64], *, last: bool) -> pl.Series:
    """Return the smallest value of each number, or the largest; null where there is none."""
    reduced = highest if last else lowest
    if not column.null_count():
        return pl.Series(reduced(column.to_numpy(), ids, first))
    limits = np.iinfo(np.int64)
    unknown = limits.min if last else limits.max
    found = pl.Series(reduced(column.fill_null(unknown).to_numpy(), ids, first))
    return found.set(found == unknown, None)


def _ordinals(columns: Sequence[pl.Series], *, falling: Sequence[str] = ()) -> NDArray[np.uint64]:
    """Return columns as numbers in the order of their values, or the opposite one; null is behind all of them."""
    found = np.empty((len(columns[0]), len(columns)), np.uint64)
    for k, column in enumerate(columns):
        found[:, k] = _ordinal(column)
        if column.name in falling:
            found[:, k] = ~found[:, k]
        if column.null_count():
            found[:, k][column.is_null().to_numpy()] = np.iinfo(np.uint64).max
    return found


def _ordinal(column: pl.Series) -> NDArray[np.uint64]:
    if column.dtype in {pl.String, pl.Binary}:
        column = column.rank("dense").cast(pl.UInt64)
    values = (column.fill_null(0) if column.null_count() else column).to_numpy()
    if column.dtype == pl.UInt64:
        return values
    if column.dtype == pl.Int64:
        return values.view(np.uint64) ^ _SIGN
    bits = (values + 0.0).view(np.uint64)  # -0.0 is 0.0
    return np.where(bits >= _SIGN, ~bits, bits ^ _SIGN)
