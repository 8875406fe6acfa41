"""A profile of lines that are counted from 0, as if they came later in their source."""

from dataclasses import replace

import polars as pl

from loganomaly.floods import Floods, Rows
from loganomaly.profile import Profile

__all__ = ["moved"]

_LINES = {
    "shapes": ("first_line", "last_line"),
    "slots": ("low_line", "high_line"),
    "codes": ("first_place", "last_place"),
    "values": ("first_place", "last_place"),
    "fields": ("place",),
    "components": ("first_line", "last_line"),
    "leaks": ("first_line", "last_line"),
    "rules": ("first_line", "last_line"),
    "sessions": ("first_place", "last_place"),
    "session_keys": ("place",),
    "behaviour_slots": ("last_place",),
    "behaviour_values": ("first_place",),
}
"""The columns of lines, and of `place` numbers of lines; offsets are known from the start."""


def moved(profile: Profile, lines: int) -> Profile:
    """Return the profile of the same lines of one source, behind so many others.

    That is what scanning them gives there: who scans a part of a source need not know how many lines come before it.
    """
    if not lines:
        return profile
    tables = {name: getattr(profile, name).with_columns(pl.col(*columns) + lines) for name, columns in _LINES.items()}
    values = profile.behaviour_values
    # A record that counts by itself is known by its place.
    is_place = pl.col("value") == pl.col("first_place").cast(pl.UInt64)
    value = pl.when(is_place).then(pl.col("value") + pl.lit(lines, pl.UInt64)).otherwise(pl.col("value"))
    tables["behaviour_values"] = tables["behaviour_values"].with_columns(value=values.select(value).to_series())
    return replace(profile, **tables, floods=_floods(profile.floods, lines))


def _floods(floods: Floods, lines: int) -> Floods:
    return replace(
        floods,
        found=floods.found.with_columns(pl.col("first_line", "last_line") + lines),
        pieces=tuple(
            replace(
                piece,
                first_line=piece.first_line + lines,
                end_line=piece.end_line + lines,
                head=_rows(piece.head, lines),
                tail=_rows(piece.tail, lines),
            )
            for piece in floods.pieces
        ),
    )


def _rows(rows: Rows, lines: int) -> Rows:
    return replace(rows, line=rows.line + lines)
