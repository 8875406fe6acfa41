"""What a profile keeps at most, so that it stays small whatever is read, and what is dropped for that.

Each cap rests on the merged data alone: what a part of the log would drop is what the whole would, so that the order of
merging does not matter.
"""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.behaviours.tables import bounded as bound_behaviours
from loganomaly.profile_tables import FIELD_SLOTS, MOST_LEAK_VALUES, merge_table

__all__ = [
    "MOST_BUCKETS",
    "MOST_CODES",
    "MOST_COMPONENTS",
    "MOST_FIELD_NAMES",
    "MOST_FIELD_SLOTS",
    "MOST_FIELD_VALUES",
    "MOST_SESSION_ROWS",
    "MOST_SHAPES",
    "MOST_VALUES",
    "MOST_VALUE_ROWS",
    "WIDTHS",
    "Kept",
    "apply_caps",
    "coarsened",
    "widths_for",
]

MOST_SHAPES = 200_000
"""Shapes kept: those with the smallest hashes, which no order of merging changes; the rest is counted."""
MOST_COMPONENTS = 5_000
"""Components kept, in the same way."""
MOST_VALUES = 64
"""Values kept of a slot: those with the smallest hashes, which no order of merging changes (a bottom-k sketch)."""
MOST_CODES = 32
"""Whole numbers of a slot that are counted each; where there are more, they are a quantity or an id."""
MOST_VALUE_ROWS = 400_000
"""Values kept of all slots of messages; with more, each slot keeps fewer."""
MOST_FIELD_NAMES = 1_000
"""Names of fields kept: those with the smallest slots, which no order of merging changes."""
MOST_FIELD_SLOTS = 200_000
"""Fields of shapes, each once for each shape; with more, they are kept of the shapes with the smallest hashes only."""
MOST_FIELD_VALUES = 2_000_000
"""Values of fields, if each shape had each field with as many as are kept; with more, each keeps fewer."""
MOST_SESSION_ROWS = 1_000_000
"""Pairs of session and shape kept: of the sessions with the smallest hashes, half as many while these are too many."""
MOST_BUCKETS = 512
"""Buckets of time in which shapes and components are counted; wider ones are taken where there would be more."""
MOST_TOTAL_BUCKETS = 20_000
"""Buckets in which all lines are counted, by level."""
WIDTHS = (1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800)
"""Possible widths of a bucket in seconds; each divides the next."""


class Kept(NamedTuple):
    """How much of the lines a profile keeps; see `Profile`."""

    width: int
    total_width: int
    most_values: int
    most_field_values: int
    session_bits: int


def apply_caps(tables: dict[str, pl.DataFrame], widest: Kept) -> Kept:
    """Drop from the tables of a profile what is too much, and return what is kept; `widest` is that of its parts.

    Each cap rests on the merged data alone, so the order of merging does not matter.
    """
    _bound_codes(tables)
    tables["leak_values"] = _smallest_leaks(tables["leak_values"])
    width, total_width = _coarsen(tables, widest.width, widest.total_width)
    for key, most, owners in (
        ("shape", MOST_SHAPES, ("shapes", "slots", "bins", "codes", "values", "series", "rules")),
        ("component", MOST_COMPONENTS, ("components", "component_series")),
    ):
        distinct = tables[owners[0]][key].unique()
        if len(distinct) > most:
            highest = distinct.sort()[most - 1]
            for name in owners:
                tables[name] = tables[name].filter(pl.col(key) <= highest)
    most_values, most_field_values = _bound_slots(tables, widest.most_values)
    session_bits = _bound_sessions(tables, widest.session_bits)
    bound_behaviours(tables)
    return Kept(width, total_width, most_values, most_field_values, session_bits)


def _coarsen(tables: dict[str, pl.DataFrame], width: int, total_width: int) -> tuple[int, int]:
    """Count in wider buckets where there are too many; return the widths of those of series and totals."""
    wider, total_wider = widths_for(tables["totals"]["bucket"].to_numpy(), width=width, total_width=total_width)
    if total_wider != total_width:
        tables["totals"] = merge_table("totals", [coarsened(tables["totals"], total_width, total_wider)])
    if wider != width:
        for name in ("series", "component_series"):
            tables[name] = merge_table(name, [coarsened(tables[name], width, wider)])
    return wider, total_wider


def _bound_sessions(tables: dict[str, pl.DataFrame], bits: int) -> int:
    """Keep the sessions whose hash begins with so many zero bits, as few as the cap allows; return how many.

    Of a part as much is kept as of the whole, or more, so the order of merging does not matter. For that, sessions keep
    the shapes that are dropped elsewhere.
    """
    names = ("sessions", "session_ids")
    while any(len(tables[name].filter(_begins_with_zeros(bits))) > MOST_SESSION_ROWS for name in names):
        bits += 1
    for name in names:
        tables[name] = tables[name].filter(_begins_with_zeros(bits))
    return bits


def _begins_with_zeros(bits: int) -> pl.Expr:
    return pl.col("session") <= pl.lit((1 << (64 - bits)) - 1, dtype=pl.UInt64)


def _bound_codes(tables: dict[str, pl.DataFrame]) -> None:
    """Drop the numbers of slots that take too many, in any part and so in the whole."""
    slots, codes = tables["slots"], tables["codes"]
    keys = ["shape", "slot"]
    crowded = codes.group_by(keys).len().filter(pl.col("len") > MOST_CODES).select(*keys, crowded=pl.lit(1, pl.Int64))
    if len(crowded):
        many = pl.max_horizontal("many", pl.col("crowded").fill_null(0))
        slots = slots.join(crowded, on=keys, how="left", maintain_order="left").with_columns(many=many).drop("crowded")
    tables["slots"] = slots
    if len(codes):
        tables["codes"] = codes.join(slots.filter(pl.col("many") == 1), on=keys, how="anti", maintain_order="left")


def _smallest_leaks(values: pl.DataFrame) -> pl.DataFrame:
    return values.filter(pl.int_range(pl.len()).over("shape", "kind") < MOST_LEAK_VALUES)


def _bound_slots(tables: dict[str, pl.DataFrame], most_values: int) -> tuple[int, int]:
    """Apply the caps of fields and values; return how many values are kept of a slot of a message, and of a field.

    Those of fields rest on how many names and shapes there are, which only grows, so the order of merging does not
    matter: what is dropped once is dropped in the end.
    """
    if len(tables["fields"]) > MOST_FIELD_NAMES:
        highest = tables["fields"]["slot"].sort()[MOST_FIELD_NAMES - 1]
        for name in ("fields", "slots", "bins", "codes", "values"):
            tables[name] = tables[name].filter(pl.col("slot") <= highest)
    names = len(tables["fields"])
    if not names:
        tables["values"], most_values = _fewest_hashes(tables["values"], most_values)
        return most_values, MOST_VALUES
    shapes = tables["shapes"]["shape"].unique()
    most_shapes = max(1, MOST_FIELD_SLOTS // names)
    if len(shapes) > most_shapes:
        last = shapes.sort()[most_shapes - 1]
        for name in ("slots", "bins", "codes", "values"):
            tables[name] = tables[name].filter((pl.col("slot") < FIELD_SLOTS) | (pl.col("shape") <= last))
    most = MOST_VALUES
    while most > 1 and names * min(len(shapes), most_shapes) * most > MOST_FIELD_VALUES:
        most //= 2
    of_field = pl.col("slot") >= FIELD_SLOTS
    values, most_values = _fewest_hashes(tables["values"].filter(~of_field), most_values)
    tables["values"] = pl.concat([values, _smallest_hashes(tables["values"].filter(of_field), most)])
    return most_values, most


def _smallest_hashes(values: pl.DataFrame, most: int) -> pl.DataFrame:
    values = values.sort("shape", "slot", "value")
    return values.filter(pl.int_range(pl.len()).over("shape", "slot") < most)


def _fewest_hashes(values: pl.DataFrame, most: int) -> tuple[pl.DataFrame, int]:
    """Return the `most` values of each slot with the smallest hashes, half as many while these are too many rows."""
    if len(values) <= most:
        return values, most
    # To count costs a fraction of sorting, and there is mostly nothing to drop.
    if (
        len(values) <= MOST_VALUE_ROWS
        and not values.group_by("shape", "slot").len().filter(pl.col("len") > most).height
    ):
        return values, most
    values = values.sort("shape", "slot", "value")
    rank = values.select(pl.int_range(pl.len()).over("shape", "slot")).to_series()
    while most and (rank < most).sum() > MOST_VALUE_ROWS:
        most //= 2
    return values.filter(rank < most), most


def coarsened(table: pl.DataFrame, width: int, wider: int) -> pl.DataFrame:
    """Return a table with buckets of `wider` seconds, given one with buckets of `width`; rows stay as many."""
    if width == wider:
        return table
    return table.with_columns((pl.col("bucket") * width).floordiv(wider))


def widths_for(buckets: NDArray[np.int64], *, width: int = WIDTHS[0], total_width: int = WIDTHS[0]) -> tuple[int, int]:
    """Return the widths of the buckets of series and of totals that records need, given the buckets of the totals.

    Those of series are told by all records with a time: shapes that are kept now may be dropped by a later merge.
    """
    distinct = np.unique(buckets)
    total_wider = _wide_enough(distinct, total_width, MOST_TOTAL_BUCKETS)
    return _wide_enough(distinct, total_width, MOST_BUCKETS, least=max(width, total_wider)), total_wider


def _wide_enough(distinct: NDArray[np.int64], width: int, most: int, *, least: int = 0) -> int:
    """Return the smallest width, not below `width` and `least`, with at most `most` of these buckets occupied."""
    for wider in WIDTHS[WIDTHS.index(max(width, least)) :]:
        if wider == WIDTHS[-1] or np.count_nonzero(np.diff(distinct * width // wider)) < most:
            return wider
    return width
