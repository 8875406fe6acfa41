"""The tables of rules in a profile: what is kept of them, whatever the order of merging.

Of a rule, a group and a slot of time (as wide as the window) the first records are kept, or the values that come first:
so many that the slot alone would be too much. Whatever reaches the threshold first is among them, exactly. What is more
than MOST_ROWS of a rule is dropped from a group and slot on, in the order of their numbers; that is remembered, and
what is beyond it dropped from all parts, so that what stays is whole.
"""

import numpy as np
import polars as pl

from loganomaly.merging import begins_of

__all__ = ["MOST_ROWS", "NAMES", "bounded", "within_limits"]

NAMES = ("behaviours", "behaviour_groups", "behaviour_slots", "behaviour_values")
MOST_ROWS = 250_000
"""Slots, and records or values in them, that are kept of a rule."""

_KEY = ["behaviour", "group", "slot"]


def bounded(tables: dict[str, pl.DataFrame]) -> None:
    """Apply the caps to the tables in NAMES of a profile, sorted by their keys, in place."""
    if not len(tables["behaviours"]):
        return
    rules, values = tables["behaviours"], tables["behaviour_values"]
    slots = within_limits(tables["behaviour_slots"], rules)
    values = _first(within_limits(values, rules), rules)
    limits = _limits(slots, values)
    if limits is not None:
        both = pl.concat([rules, rules.drop("limit_group", "limit_slot").join(limits, on="behaviour")], how="diagonal")
        # The smaller limit of the two; none is none.
        lower = pl.col("limit_group", "limit_slot").sort_by("limit_group", "limit_slot", nulls_last=True).first()
        others = pl.exclude("behaviour", "limit_group", "limit_slot").first()
        rules = both.group_by("behaviour").agg(others, lower).sort("behaviour").select(rules.columns)
        slots, values = within_limits(slots, rules), within_limits(values, rules)
    tables["behaviours"], tables["behaviour_slots"], tables["behaviour_values"] = rules, slots, values
    tables["behaviour_groups"] = within_limits(tables["behaviour_groups"], rules)


def within_limits(rows: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a table of groups, slots or values that lie before the limits of their rules."""
    limits = rules.select("behaviour", "limit_group", "limit_slot").drop_nulls()
    if not len(rows) or not len(limits):
        return rows
    behaviours, groups = rows["behaviour"].to_numpy(), rows["group"].to_numpy()
    dropped = np.zeros(len(rows), np.bool_)
    for rule, group, slot in limits.iter_rows():
        behind = groups > np.uint64(group)
        if "slot" in rows.columns:
            behind |= (groups == np.uint64(group)) & (rows["slot"].to_numpy() >= slot)
        dropped |= behind & (behaviours == np.uint64(rule))
    return rows.filter(~dropped) if dropped.any() else rows  # mostly none is: those of parts went before


def _first(values: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the values that come first in their slots, as many as their rules tell apart.

    Of a slot that is full nobody asks when values were seen last, and what was dropped of it does not say.
    """
    most = dict(rules.select("behaviour", "most").iter_rows())
    sizes = _runs(values).filter(pl.col("len") >= pl.col("behaviour").replace_strict(most, return_dtype=pl.Int64))
    if not len(sizes):
        return values
    full = sizes.select(*_KEY, most=pl.col("behaviour").replace_strict(most, return_dtype=pl.Int64))
    ranked = values.join(full, on=_KEY).sort("first_time", "first_place", "value")
    dropped = ranked.filter(pl.int_range(pl.len()).over(_KEY) >= pl.col("most"))
    kept = values.join(dropped, on=[*_KEY, "value"], how="anti", maintain_order="left")
    kept = kept.join(full, on=_KEY, how="left", maintain_order="left")
    return kept.with_columns(last_time=pl.when(pl.col("most").is_null()).then(pl.col("last_time"))).drop("most")


def _runs(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the different keys of rows that are sorted by them, and how many rows have each."""
    begins = begins_of([rows[name].to_numpy() for name in _KEY])
    return rows.select(_KEY)[begins[:-1]].with_columns(len=np.diff(begins))


def _limits(slots: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame | None:
    """Return the first group and slot of each rule that is too much; None where none is."""
    keys = pl.concat([slots.select(_KEY), values.select(_KEY)])
    found = []
    for rule, count in keys["behaviour"].value_counts().iter_rows():
        if count > MOST_ROWS:
            own = keys.filter(pl.col("behaviour") == pl.lit(rule, pl.UInt64))
            # The row that is one too many, in the order of groups and slots: sorting all would cost more.
            groups = own["group"].to_numpy()
            group = np.partition(groups, MOST_ROWS)[MOST_ROWS]
            within = own["slot"].to_numpy()[groups == group]
            found.append((rule, int(group), int(np.sort(within)[MOST_ROWS - int((groups < group).sum())])))
    schema = {"behaviour": pl.UInt64, "limit_group": pl.UInt64, "limit_slot": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row") if found else None
