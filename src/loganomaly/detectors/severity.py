"""Records that say they are bad, in a log where few do."""

from dataclasses import dataclass

import polars as pl

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence
from loganomaly.profile import LEVEL_COLUMNS
from loganomaly.reading.program import Level

__all__ = ["SeverityDetector"]

_RANGES: dict[int, tuple[float, float]] = {
    Level.WARNING: (0.3, 0.6),
    Level.ERROR: (0.65, 0.95),
    Level.CRITICAL: (0.8, 1.0),
}
"""Lowest and highest strength of each level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityDetector:
    """Says how severe a template is, and how unlikely a record as severe as this one is in this log.

    Each level has a range of strengths: the lowest where all other records are as severe, the highest where no more
    than one in 10 ** `full` are. Of two templates that are as frequent, the more severe one is always the stronger; yet
    at the lowest of its range, a routine FATAL stays quiet.
    """

    name: str = "severity"
    weight: float = 0.48
    aspect: str = "trouble"
    full: float = 3.0

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on templates whose records are mostly warnings or worse."""
        if not case.records:
            return []
        counts = case.table.select(pl.col(*LEVEL_COLUMNS).sum()).row(0)
        found = []
        for number, level, *own in case.table.select("number", "level", *LEVEL_COLUMNS).iter_rows():
            if level not in _RANGES:
                continue
            # Its own records count once: a burning log does not make its fire routine by burning.
            others = sum(counts[level:]) - sum(own[level:])
            share = min(1.0, (others + 1) / max(case.records - sum(own) + 1, 1))
            low, high = _RANGES[level]
            rest = f"other lines that severe make up {others / case.records:.2%} of the log" if others else ""
            found.append(
                Evidence(
                    detector=self.name,
                    subject=case.subject(number),
                    strength=low + (high - low) * surprise(share, full=self.full),
                    text=f"severity {Level(level).name}; {rest or 'no other line is that severe'}",
                    observed=float(level),
                    probability=share,
                    tags=(Level(level).name.lower(),),
                )
            )
        return found
