"""Records for which a rule holds: events that are known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from loganomaly.case import Case
from loganomaly.findings import Evidence, Location
from loganomaly.rules.load import default_rules
from loganomaly.rules.rule import Rule
from loganomaly.wording import times

__all__ = ["RuleDetector"]

_STRENGTH = {"critical": (1.0, 0.6), "high": (0.8, 0.3), "medium": (0.5, 0.0), "low": (0.2, 0.0)}
"""Strength of an event of a severity: of one that is seen once, and of one that goes on all the time.

A medium one counts for as much as an error does."""
_LEVEL = {"critical": ("error",), "high": ("error",), "medium": ("warning",)}
"""What an event of a severity is, for the classifier."""
_ALWAYS = 0.5
"""Share of the time from which on something goes on all the time."""
_STRETCHES = 120
"""Parts into which a log without times is divided."""
_FEWEST = 10
"""Parts of a log that are needed to tell that something goes on all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDetector:
    """Says of each template which rules hold for its records.

    An event counts by its severity, and for less in the more stretches of time it is seen: what scanners send to every
    web server all day is no news, however bad it would be elsewhere. What is critical is never routine. Of the
    templates that tell of one event, the n-th most frequent counts an n-th: it is one thing to look at.

    An event is trouble, which severity and wording see as well: a refused connection at level ERROR counts once.
    """

    name: str = "rule"
    weight: float = 0.9
    aspect: str = "trouble"
    rules: tuple[Rule, ...] = field(default_factory=default_rules)

    def detect(self, case: Case) -> list[Evidence]:
        """Return one piece of evidence per template and rule."""
        known = {rule.name: rule for rule in self.rules}
        seen = case.rules.filter(pl.col("rule").is_in(list(known)))
        seen = seen.with_columns(id=pl.Series([case.templates[n].id for n in seen["number"]], dtype=pl.String))
        seen = seen.sort("rule", "count", "id", descending=[False, True, False]).with_columns(
            place=pl.int_range(1, pl.len() + 1).over("rule")
        )
        if not len(seen):
            return []
        stretches = dict(case.series.group_by("number").len().iter_rows())
        return [self._told(case, known[row["rule"]], row, stretches) for row in seen.iter_rows(named=True)]

    def _told(self, case: Case, rule: Rule, row: Mapping[str, Any], spread: Mapping[int, int]) -> Evidence:
        count = row["count"]
        once, always = _STRENGTH[rule.severity]
        routine = min(1.0, _spread(case, count, spread.get(row["number"])) / _ALWAYS)
        some = row["first_time"] is not None and count < case.table["records"][row["number"]]
        return Evidence(
            detector=self.name,
            subject=case.subject(row["number"]),
            strength=(once + (always - once) * routine) / row["place"],
            text=f"{rule.reason} (rule {rule.name}, {times(count)})",
            observed=float(count),
            tags=("rule", *_LEVEL.get(rule.severity, ()), *rule.tags),
            about=rule.name,
            location=Location(source=row["source"], line=row["first_line"], offset=row["first_offset"]),
            count=count,
            span=(row["first_time"], row["last_time"]) if some else None,
        )


def _spread(case: Case, count: int, stretches: int | None) -> float:
    """Return the share 0..1 of the log's stretches of time in which an event comes again.

    `stretches` are those of its template, None without times.
    """
    if stretches is None:  # without times
        parts = min(_STRETCHES, case.records)
        stretches = parts
    else:
        parts = len(case.buckets)
    return (min(stretches, count) - 1) / max(parts - 1, _FEWEST)
