"""What users are told of rules that could not do what they are for."""

from collections.abc import Iterable, Iterator

import polars as pl

from loganomaly.behaviours.rule import BehaviourRule

__all__ = ["remarks"]


def remarks(behaviours: pl.DataFrame, slots: pl.DataFrame, rules: Iterable[BehaviourRule]) -> Iterator[str]:
    """Yield remarks on rules, from the tables of these names of a profile.

    A built-in rule is without effect in most logs, which is no news.
    """
    kept = dict(slots.group_by("behaviour").agg(pl.col("records").sum()).iter_rows())
    rows = {row["behaviour"]: row for row in behaviours.iter_rows(named=True)}
    for rule in {rule.id: rule for rule in rules if rule.id in rows}.values():
        rule_name, row = f"behavioral rule {rule.name!r}", rows[rule.id]
        timed = row["records"] - row["untimed"]
        grouped = timed - row["ungrouped"]
        dropped = grouped - kept.get(rule.id, 0)
        if row["records"] and not timed and not rule.built_in:
            yield f"{rule_name}: no record that it counts has a time, so there is no window to look at"
        elif timed and not grouped and not rule.built_in:
            yield (
                f"{rule_name}: no record that it counts has {' and '.join(map(repr, rule.names))}; what was read as "
                "component or level is called that, whatever its name in the log"
            )
        elif dropped:
            yield (
                f"{rule_name}: {dropped:,} of the {grouped:,} records that it counts were not looked at, for they "
                "are of more groups and windows than are kept; a pattern, or a longer window, makes them fewer"
            )
