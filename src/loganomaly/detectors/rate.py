"""Bursts: far more records of a template in a stretch of time than its other stretches lead one to expect."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence
from loganomaly.wording import duration

__all__ = ["BurstDetector"]

_FEWEST_BUCKETS = 8
"""Buckets of time below which there is no "usual rate" to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstDetector:
    """Compares the fullest bucket of each template with its other buckets.

    The count of a bucket is taken as negative binomial with mean and variance of the template's other buckets (Poisson
    where they vary no more than that), so that low counts and templates that always come in bursts are judged right.
    The probability is corrected for the number of buckets looked at.
    """

    name: str = "burst"
    weight: float = 0.5
    full: float = 12.0
    fewest: int = 10

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on templates with at least `fewest` records in one bucket."""
        buckets = case.buckets
        if len(buckets) < _FEWEST_BUCKETS:
            return []
        found = []
        for (number,), part in case.series.group_by("number", maintain_order=True):
            counts = part["count"].to_numpy()
            peak = int(counts.argmax())
            observed = int(counts[peak])
            if observed < self.fewest:
                continue
            others = np.zeros(len(buckets) - 1)
            others[: len(counts) - 1] = np.delete(counts, peak)
            probability = min(1.0, _tail(observed, others) * len(buckets))
            strength = surprise(probability, full=self.full)
            if strength < 0.25:
                continue
            start = int(part["bucket"][peak]) * case.width * 1_000_000
            found.append(
                Evidence(
                    detector=self.name,
                    subject=case.subject(int(str(number))),
                    strength=strength,
                    text=f"{observed:,} records within {duration(case.width)}, where {others.mean():.2g} are usual",
                    observed=float(observed),
                    expected=float(others.mean()),
                    probability=probability,
                    tags=("burst",),
                    span=(start, start + case.width * 1_000_000),
                )
            )
        return found


def _tail(observed: int, others: NDArray[np.float64]) -> float:
    """Return the probability of `observed` or more in a bucket, judged by the other buckets."""
    from scipy.stats import nbinom, poisson

    # Half a record more than was seen: a template that was never seen elsewhere has a rate that is small, not zero.
    mean = (others.sum() + 0.5) / len(others)
    variance = float(others.var())
    if variance <= mean * 1.01:
        return float(poisson.sf(observed - 1, mean))
    return float(nbinom.sf(observed - 1, mean**2 / (variance - mean), mean / variance))
