"""Novelty: what was never logged for a good part of the log, and then often."""

from dataclasses import dataclass

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence
from loganomaly.wording import duration

__all__ = ["NoveltyDetector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoveltyDetector:
    """Templates whose records all fall into a short part of the log that begins after a quiet part.

    If n records were spread evenly over time, all of them would fall into some stretch of share f with probability
    of about n f ** (n - 1) (the scan statistic of all n points, Naus 1965).

    Parameters
    ----------
    quiet
        Share 0..1 of the log's time that passes before the first record.
    widest
        Largest share 0..1 of the log's time in which the records lie.
    """

    name: str = "novelty"
    weight: float = 0.55
    aspect: str = "time"
    full: float = 12.0
    quiet: float = 0.2
    widest: float = 0.5
    fewest: int = 5

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on templates with at least `fewest` records."""
        if case.span is None or case.span[0] == case.span[1]:
            return []
        start, end = case.span
        found = []
        columns = case.table.select("number", "records", "first_time", "last_time").iter_rows()
        for number, records, first, last in columns:
            if records < self.fewest or first is None:
                continue
            quiet, width = (first - start) / (end - start), (last - first) / (end - start)
            if quiet < self.quiet or width > self.widest:
                continue
            share = max(width, 1 / case.records)
            strength = surprise(min(1.0, records * share ** (records - 1)), full=self.full)
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
