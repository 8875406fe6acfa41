"""The tables of rules in a profile: what is kept of them, whatever the order of merging.

Of a rule, a group and a slot of time (as wide as the window) the first records are kept, or the values that come first:
so many that the slot alone would be too much. Whatever reaches the threshold first is among them, exactly. What is more
than MOST_ROWS of a rule is dropped from a group and slot on, in the order of their numbers; that is remembered, and
what is beyond it dropped from all parts, so that what stays is whole.
"""

import polars as pl

__all__ = ["MOST_ROWS", "NAMES", "bounded"]

NAMES = ("behaviours", "behaviour_groups", "behaviour_slots", "behaviour_values")
MOST_ROWS = 250_000
"""Slots, and records or values in them, that are kept of a rule."""

_KEY = ["behaviour", "group", "slot"]


def bounded(tables: dict[str, pl.DataFrame]) -> None:
    """Apply the caps to the tables in NAMES of a profile, in place."""
    if not len(tables["behaviours"]):
        return
    rules, values = tables["behaviours"], tables["behaviour_values"]
    slots = _within(tables["behaviour_slots"], rules)
    values = _first(_within(values, rules), rules)
    limits = _limits(slots, values)
    if limits is not None:
        both = pl.concat([rules, rules.drop("limit_group", "limit_slot").join(limits, on="behaviour")], how="diagonal")
        # The smaller limit of the two; none is none.
        lower = pl.col("limit_group", "limit_slot").sort_by("limit_group", "limit_slot", nulls_last=True).first()
        others = pl.exclude("behaviour", "limit_group", "limit_slot").first()
        rules = both.group_by("behaviour").agg(others, lower).sort("behaviour").select(rules.columns)
        slots, values = _within(slots, rules), _within(values, rules)
    tables["behaviours"], tables["behaviour_slots"], tables["behaviour_values"] = rules, slots, values
    groups = tables["behaviour_groups"].join(
        rules.select("behaviour", "limit_group"), on="behaviour", maintain_order="left"
    )
    is_kept = pl.col("limit_group").is_null() | (pl.col("group") <= pl.col("limit_group"))
    tables["behaviour_groups"] = groups.filter(is_kept).drop("limit_group")


def _within(rows: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows before the limits of their rules."""
    limits = rules.select("behaviour", "limit_group", "limit_slot")
    if not len(rows) or limits["limit_group"].null_count() == len(limits):
        return rows
    group, slot = pl.col("limit_group"), pl.col("limit_slot")
    before = (pl.col("group") < group) | ((pl.col("group") == group) & (pl.col("slot") < slot))
    kept = rows.join(limits, on="behaviour", maintain_order="left").filter(group.is_null() | before)
    return kept.drop("limit_group", "limit_slot")


def _first(values: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the values that come first in their slots, as many as their rules tell apart.

    Of a slot that is full nobody asks when values were seen last, and what was dropped of it does not say.
    """
    sizes = values.group_by(_KEY).len().join(rules.select("behaviour", "most"), on="behaviour")
    full = sizes.filter(pl.col("len") >= pl.col("most")).select(*_KEY, "most")
    if not len(full):
        return values
    ranked = values.join(full, on=_KEY).sort("first_time", "first_place", "value")
    dropped = ranked.filter(pl.int_range(pl.len()).over(_KEY) >= pl.col("most"))
    kept = values.join(dropped, on=[*_KEY, "value"], how="anti", maintain_order="left")
    kept = kept.join(full, on=_KEY, how="left", maintain_order="left")
    return kept.with_columns(last_time=pl.when(pl.col("most").is_null()).then(pl.col("last_time"))).drop("most")


def _limits(slots: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame | None:
    """Return the first group and slot of each rule that is too much; None where none is."""
    keys = pl.concat([slots.select(_KEY), values.select(_KEY)])
    if len(keys) <= MOST_ROWS:
        return None
    sizes = keys.group_by(_KEY).len().sort(_KEY)
    beyond = sizes.filter(pl.col("len").cum_sum().over("behaviour") > MOST_ROWS)
    first = beyond.group_by("behaviour", maintain_order=True).agg(pl.col("group", "slot").first())
    return first.rename({"group": "limit_group", "slot": "limit_slot"}) if len(first) else None
