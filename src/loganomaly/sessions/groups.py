"""The sessions of a profile, by the key of their ids: how often which template occurs in each, and when."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.profile import Profile
from loganomaly.redaction.names import hide_value, is_telling

__all__ = ["SessionGroup", "group_sessions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGroup:
    """The sessions whose ids have one key.

    Attributes
    ----------
    key
        Name of the field, or how the ids are written (`blk_*`).
    table
        One row per session, by first place: session (hash), text (its id; the kind of secret where the field's name
        says that it holds one), records, first_time and last_time (microseconds or null), first_place, last_place,
        last_offset (`place` numbers).
    counts
        One row per session and template, by session, then template: row (of `table`), number (of the template),
        records, first_time, last_time, first_place.
    """

    key: str
    table: pl.DataFrame
    counts: pl.DataFrame

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return row, number and records of `counts` as arrays."""
        row, number, records = (self.counts[name].to_numpy() for name in ("row", "number", "records"))
        return row, number, records

    def sets(self) -> pl.Series:
        """Return the templates of each session as a text: the same for the same set."""
        numbers = pl.col("number").cast(pl.String).str.join(" ")
        return self.counts.group_by("row", maintain_order=True).agg(numbers)["number"]


def group_sessions(profile: Profile, members: pl.DataFrame) -> list[SessionGroup]:
    """Return the groups of sessions, the largest first; `members` says which template (number) a shape belongs to."""
    if not len(profile.sessions):
        return []
    ids = (
        profile.session_ids.sort("session", "records", "key", descending=[False, True, False])
        .unique("session", keep="first", maintain_order=True)
        .select("session", "key", "text")
    )
    counts = (
        profile.sessions.join(members, on="shape")
        .group_by("session", "number")
        .agg(
            pl.col("records").sum(),
            pl.col("first_time", "first_place").min(),
            pl.col("last_time", "last_place", "last_offset").max(),
        )
    )
    tables = (
        counts.group_by("session")
        .agg(
            pl.col("records").sum(),
            pl.col("first_time", "first_place").min(),
            pl.col("last_time", "last_place", "last_offset").max(),
        )
        .join(ids, on="session")
        .sort("first_place", "session")
    )
    groups = []
    for (key,), table in tables.group_by("key", maintain_order=True):
        name, texts = _name(profile, key), table["text"]
        if is_telling(name):
            shown = [text if text is None else hide_value(name, text) for text in texts.to_list()]
            texts = pl.Series("text", shown, dtype=pl.String)
        rows = table.drop("key").with_columns(texts).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        own = counts.join(rows.select("session", "row"), on="session").sort("row", "number")
        groups.append(
            SessionGroup(
                key=name,
                table=rows.drop("row"),
                counts=own.select("row", "number", "records", "first_time", "last_time", "first_place"),
            )
        )
    return sorted(groups, key=lambda group: (-len(group.table), group.key))


def _name(profile: Profile, key: object) -> str:
    """Return the name of the field whose slot is the key, or else how ids of this key are written."""
    wanted = pl.lit(key, dtype=pl.UInt64)
    fields = profile.fields.filter(pl.col("slot").cast(pl.UInt64) == wanted)["name"]
    written = profile.session_keys.filter(pl.col("key") == wanted)["name"].drop_nulls()
    return str(next(iter([*fields, *written]), ""))
