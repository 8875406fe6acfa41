"""Novelty: what was never logged for a good part of the log, and then often."""

from dataclasses import dataclass

import polars as pl

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence
from loganomaly.wording import duration

__all__ = ["NoveltyDetector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoveltyDetector:
    """Templates whose records all come after a quiet part of the log, for a while or up to its end.

    If n records were spread evenly over time, all of them would fall into some stretch of share f with probability
    of about n f ** (n - 1) (the scan statistic of all n points, Naus 1965). Where many kinds of line begin after the
    quiet part, one more is no news: the strength is that of the share of such templates, up to one in ten.

    Parameters
    ----------
    quiet
        Share 0..1 of the log's time that passes before the first record.
    """

    name: str = "novelty"
    weight: float = 0.6
    aspect: str = "time"
    full: float = 12.0
    quiet: float = 0.2
    fewest: int = 5

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on templates with at least `fewest` records."""
        if case.span is None or case.span[0] == case.span[1]:
            return []
        start, end = case.span
        found = []
        columns = ("number", "records", "first_time", "last_time")
        frequent = case.table.select(columns).filter(pl.col("records") >= self.fewest).drop_nulls()
        late = frequent.filter(pl.col("first_time") >= start + self.quiet * (end - start))
        # Each speaks of the others, and counts half itself.
        usual = surprise((len(late) - 0.5) / (len(frequent) + 1), full=1.0) if len(late) else 0.0
        for number, records, first, last in late.iter_rows():
            width = (last - first) / (end - start)
            share = max(width, 1 / case.records)
            strength = usual * surprise(min(1.0, records * share ** (records - 1)), full=self.full)
            if strength < 0.25:
                continue
            before, lasting = duration((first - start) / 1e6), duration(max((last - first) / 1e6, 1.0))
            found.append(
                Evidence(
                    detector=self.name,
                    subject=case.subject(number),
                    strength=strength,
                    text=f"not seen in the first {before} of the log, then {records:,} times within {lasting}",
                    observed=float(records),
                    expected=0.0,
                    probability=min(1.0, records * share ** (records - 1)),
                    tags=("new",),
                    span=(first, last),
                )
            )
        return found
