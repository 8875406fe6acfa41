"""The tables of a profile: their columns, and how those of parts make that of the whole."""

from functools import cache

import polars as pl

from loganomaly.reading.program import Level

__all__ = ["LEVEL_COLUMNS", "MOST_LEAK_VALUES", "blank", "merge_table", "place", "table_schemas", "unplace"]

LEVEL_COLUMNS = tuple(level.name.lower() for level in Level)

MOST_LEAK_VALUES = 16
"""Different values of a kind of secret that are told apart per shape."""

_SOURCE_BITS = 44
_BY_TIME = {"behaviour_slots": ["last_time", "last_place"], "behaviour_values": ["first_time", "first_place"]}
"""What is first and last in other tables."""
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


@cache
def _sum(*names: str) -> list[pl.Expr]:
    return [pl.col(name).sum() for name in names]


@cache
def _aggregates() -> dict[str, tuple[list[str], list[pl.Expr]]]:
    """Return the keys of each table and how its other columns merge."""
    low, high = pl.col("low"), pl.col("high")
    extent = [pl.col("first_time", "first_place", "first_offset").min(), pl.col("last_time", "last_place").max()]
    return {
        "sources": (
            ["source"],
            _sum("lines", "records", "stray", "timed", "unmatched", "cut", "fields", "fields_cut", "bytes"),
        ),
        "shapes": (
            ["source", "shape"],
            [
                *_sum("records", "lines", *LEVEL_COLUMNS),
                pl.col("first_time").min(),
                pl.col("last_time").max(),
                pl.col("first_line", "first_offset").min(),
                pl.col("last_line", "last_offset").max(),
                pl.col("status", "component", "sample").first(),
            ],
        ),
        "slots": (
            ["shape", "slot"],
            [
                pl.col("records").sum(),
                pl.col("lowest").min(),
                pl.col("highest").max(),
                pl.col("numbers").sum(),
                pl.col("many").max(),
                low.min(),
                high.max(),
                pl.col("low_line", "low_offset").filter(low == low.min()).min(),
                pl.col("high_line", "high_offset").filter(high == high.max()).min(),
            ],
        ),
        "bins": (["shape", "slot", "bin"], _sum("count")),
        "codes": (["shape", "slot", "code"], [*_sum("count"), *extent]),
        "values": (["shape", "slot", "value"], [*_sum("count"), pl.col("text").first(), *extent]),
        "fields": (
            ["slot"],
            [pl.col("name").sort_by("place").first(), pl.col("unit").max(), *_sum("records"), pl.col("place").min()],
        ),
        "series": (["source", "shape", "bucket"], _sum("count")),
        "components": (
            ["source", "component"],
            [*_sum("records", "errors"), pl.col("first_line", "first_offset").min(),
             pl.col("last_line", "last_offset").max(), pl.col("name").first()],
        ),
        "component_series": (["source", "component", "bucket"], _sum("count")),
        "totals": (["source", "bucket", "level"], _sum("count")),
        "leaks": (
            ["source", "shape", "kind"],
            [*_sum("count", "failed"), pl.col("first_line", "first_offset").min(), pl.col("last_line").max(),
             pl.col("first_time").min(), pl.col("last_time").max()],
        ),
        "leak_values": (["shape", "kind", "value"], _sum("count")),
        "rules": (
            ["source", "shape", "rule"],
            [*_sum("count"), pl.col("first_line", "first_offset").min(), pl.col("last_line").max(),
             pl.col("first_time").min(), pl.col("last_time").max()],
        ),
        "sessions": (
            ["session", "shape"],
            [*_sum("records"), pl.col("first_time").min(), pl.col("last_time").max(), pl.col("first_place").min(),
             pl.col("last_place", "last_offset").max()],
        ),
        "session_ids": (["session", "key"], [*_sum("records"), pl.col("text").first()]),
        "session_keys": (["key"], [pl.col("name").sort_by("place", "name").first(), pl.col("place").min()]),
        "behaviours": (
            ["behaviour"],
            [pl.col("most").first(), *_sum("records", "untimed", "ungrouped"),
             pl.col("limit_group", "limit_slot").sort_by("limit_group", "limit_slot", nulls_last=True).first()],
        ),
        "behaviour_groups": (["behaviour", "group"], [pl.col("rest", "shape", "text").first()]),
        "behaviour_slots": (
            ["behaviour", "group", "slot"],
            [*_sum("records", "matched"), pl.col("last_time", "last_place", "last_offset", "shape").last()],
        ),
        "behaviour_values": (
            ["behaviour", "group", "slot", "value"],
            [pl.col("first_time", "first_place", "first_offset", "shape").first(), pl.col("last_time").max()],
        ),
    }  # fmt: skip


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


def blank(table: str) -> pl.DataFrame:
    """Return the table of this name without rows."""
    return pl.DataFrame(schema=table_schemas()[table])


def merge_table(table: str, pieces: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the table of this name (of a `Profile`) that says what all of the pieces say, sorted by its keys."""
    keys, aggregates = _aggregates()[table]
    pieces = [piece for piece in pieces if len(piece)]
    if not pieces:
        return blank(table)
    together = pl.concat(pieces)
    has_first = "first_line" in together.columns
    if has_first:
        # So that "first" is the first in the source, whatever the order of merging.
        together = together.sort("source", "first_line")
    if table in _BY_TIME:
        together = together.sort(_BY_TIME[table], nulls_last=False)
    merged = together.group_by(keys, maintain_order=has_first).agg(aggregates)
    return merged.sort(keys).select(table_schemas()[table].keys())
