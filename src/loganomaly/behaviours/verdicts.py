"""Which groups reach the threshold of a rule, and with which record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.behaviours.rule import COUNT, RATIO, SLICES, BehaviourRule
from loganomaly.behaviours.sweeps import Reached, most_distinct, most_records, shares
from loganomaly.merging import begins_of

__all__ = ["Verdict", "verdicts"]


class Tables(Protocol):
    """The tables of rules, as a profile has them."""

    @property
    def behaviour_groups(self) -> pl.DataFrame:
        """What groups are called."""

    @property
    def behaviour_slots(self) -> pl.DataFrame:
        """Records by group and slot of time."""

    @property
    def behaviour_values(self) -> pl.DataFrame:
        """The first records or values of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A group that reaches the threshold of a rule.

    `template` is the number of that of the record which reached it, or where that is not kept of one before it; `place`
    and `offset` say where it stands (`place` numbers), `time` when, and `since` from when on is counted. `count` is the
    largest number within a window, of a ratio that of all records in it, and `ratio` the largest share.
    """

    rule: BehaviourRule
    group: str
    template: int
    place: int
    offset: int
    time: int
    since: int
    count: int
    ratio: float | None = None


def verdicts(tables: Tables, rules: Sequence[BehaviourRule], members: pl.DataFrame) -> list[Verdict]:
    """Return the verdicts on all groups, those of a rule by the place of their record.

    Parameters
    ----------
    members
        Number of the template of each shape.
    """
    found = []
    for rule in rules:
        own = pl.col("behaviour") == pl.lit(rule.id, pl.UInt64)
        groups = _groups(tables.behaviour_groups.filter(own), members)
        if not len(groups):
            continue
        slots = tables.behaviour_slots.filter(own).join(groups, on="group")
        values = tables.behaviour_values.filter(own).join(groups, on="group")
        told = (_ratios if rule.type == RATIO else _numbers)(rule, slots, values, members)
        found += sorted(told, key=lambda verdict: (verdict.place, verdict.group))
    return found


def _groups(groups: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return what is one group: the shapes of a template are, where rules group by that. Columns: group, id, text."""
    keys = groups.join(members.rename({"number": "of"}), on="shape", how="left")
    keys = keys.filter((pl.col("shape") == 0) | pl.col("of").is_not_null())
    ids = keys.select(pl.struct("rest", pl.col("of").fill_null(-1)).rank("dense").cast(pl.Int64)).to_series()
    return keys.select("group", "text").with_columns(id=ids)


def _numbers(
    rule: BehaviourRule, slots: pl.DataFrame, values: pl.DataFrame, members: pl.DataFrame
) -> Iterator[Verdict]:
    """Yield the groups with too many records or values."""
    enough = pl.len().over("id") >= rule.threshold
    values = values.filter(enough)  # most groups have too few rows: these are neither sorted nor grouped
    slots = slots.join(values, on="id", how="semi")
    in_slot = slots.group_by("id", "slot").agg(pl.col("records").sum()).group_by("id").agg(pl.col("records").max())
    fullest = dict(in_slot.iter_rows())
    order = ("first_time", "first_place")
    rows = (
        values.sort(order)
        .group_by("id", "slot", "value")
        .agg(
            pl.col(*order, "first_offset", "shape", "text").first(),
            pl.col("last_time").fill_null(pl.col("first_time")).max(),
        )
    )
    for number, part in _parts(rows.filter(enough), members, order=order):
        time = part["first_time"].to_numpy()
        if rule.type == COUNT:
            reached = most_records(time, window=rule.window, threshold=rule.threshold)
            count = fullest[number]
        else:
            reached = most_distinct(
                part["slot"].to_numpy(),
                part["value"].to_list(),
                time,
                part["last_time"].to_numpy(),
                window=rule.window,
                threshold=rule.threshold,
            )
            count = 0
        if reached is not None:
            yield from _told(rule, part, reached, since=reached.since, count=max(count, reached.most), prefix="first")


def _ratios(
    rule: BehaviourRule, slots: pl.DataFrame, _values: pl.DataFrame, members: pl.DataFrame
) -> Iterator[Verdict]:
    """Yield the groups of whose records too large a share match."""
    order = ("last_time", "last_place")
    rows = (
        slots.sort(order, nulls_last=False)
        .group_by("id", "slot")
        .agg(
            pl.col("records", "matched").sum(),
            pl.col(*order, "last_offset", "shape", "text").last(),
        )
    )
    rows = rows.filter(pl.col("records").sum().over("id") >= rule.threshold)
    for _number, part in _parts(rows, members, order=("slot",)):
        slot: NDArray[np.int64] = part["slot"].to_numpy()
        reached = shares(
            slot,
            part["records"].to_numpy(),
            part["matched"].to_numpy(),
            slices=SLICES,
            threshold=rule.threshold,
            ratio=rule.threshold_ratio or 1.0,
        )
        if reached is not None:
            since = reached.since * rule.width
            yield from _told(rule, part, reached, since=since, count=reached.most, prefix="last")


def _told(
    rule: BehaviourRule, part: pl.DataFrame, reached: Reached, *, since: int, count: int, prefix: str
) -> Iterator[Verdict]:
    row = part.row(reached.row, named=True)
    if row["template"] is not None:
        yield Verdict(
            rule=rule,
            group=row["text"],
            template=row["template"],
            place=row[f"{prefix}_place"],
            offset=row[f"{prefix}_offset"],
            time=row[f"{prefix}_time"],
            since=min(since, row[f"{prefix}_time"]),
            count=count,
            ratio=reached.share,
        )


def _parts(rows: pl.DataFrame, members: pl.DataFrame, *, order: Sequence[str]) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the rows of each id in order, with the `template` of their shape: of the last one that has any so far."""
    template = pl.col("number").forward_fill().over("id").alias("template")
    rows = rows.join(members, on="shape", how="left").sort("id", *order).with_columns(template)
    begins = begins_of([rows["id"].to_numpy()]).tolist()
    for begin, end in pairwise(begins):
        yield rows["id"][begin], rows.slice(begin, end - begin)
