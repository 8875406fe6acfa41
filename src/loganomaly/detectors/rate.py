"""Bursts: far more records of a template, component or level in a stretch of time than others lead one to expect."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.detectors.changes import changes, levelled
from loganomaly.detectors.places import Places, known_places
from loganomaly.detectors.runs import bursts, tails
from loganomaly.detectors.series import blocks, clumpiness, level_series
from loganomaly.findings import Evidence, Subject
from loganomaly.reading.program import Level
from loganomaly.wording import decoded, duration

__all__ = ["BurstDetector"]

_EXPLAINS = 0.5
"""Share of its excess from which on a burst is explained: of a component by a template, of a level by all parts."""
_WHOLE = 0.1
"""Share of the buckets up to which a log that is busy as a whole has a burst: beyond it, that is how its days go."""
_CHANGED = 1e-3
"""Probability below which a rate has changed for good, so that bursts after the change are judged by the new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Burst:
    """A run of buckets: number of the first, of the one after the last, and what was seen in it."""

    key: Any
    start: int
    stop: int
    observed: float
    expected: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstDetector:
    """Finds the stretch of time in which each template, component and level has the most records above the usual.

    How likely it is comes from its other buckets, see `tails`: low counts and what always comes in bursts are judged
    right, what all of the log does together is no event of a template, and after a rate has changed for good the new
    one is the usual. A component is reported only where no template explains its burst, a level where
    those of templates and components do not.

    Parameters
    ----------
    fewest
        Records in the stretch.
    fewest_buckets
        Buckets of time below which there is no usual rate to compare with.
    """

    name: str = "burst"
    weight: float = 0.6
    aspect: str = "time"
    full: float = 12.0
    fewest: int = 10
    fewest_buckets: int = 12

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on what has at least `fewest` records in a burst."""
        if len(case.buckets) < self.fewest_buckets:
            return []
        usual = clumpiness(case)
        places = known_places(case)
        owners, levels = case.table["component"].to_list(), case.table["level"].to_list()
        timed = places.known(range(len(owners)))
        found: dict[Subject, tuple[_Burst, Sequence[int]]] = {}
        of_templates = list(self._bursts(case, case.series, key="number", clumpiness=usual))
        for burst in of_templates:
            found[case.subject(burst.key)] = burst, [burst.key]
        of_components = []
        for burst in self._bursts(case, case.component_series, key="name", clumpiness=usual):
            numbers = [n for n in timed if owners[n] == burst.key]
            if numbers and not _explained(burst, [b for b in of_templates if owners[b.key] == burst.key]):
                of_components.append(burst)
                for inner in of_templates:
                    if owners[inner.key] == burst.key and _overlap(inner, burst):
                        found.pop(case.subject(inner.key), None)
                found[Subject(kind="component", name=decoded(burst.key))] = burst, numbers
        for burst in self._level_bursts(case, clumpiness=usual):
            numbers = [n for n in timed if levels[n] == burst.key]
            parts = [b for b in of_templates if levels[b.key] == burst.key] + of_components
            if numbers and not _explained(burst, parts, together=True):
                found[Subject(kind="level", name=Level(burst.key).name)] = burst, numbers
        counts = case.series
        return [
            self._evidence(case, places, subject, burst, _busiest(counts, burst, numbers))
            for subject, (burst, numbers) in found.items()
        ]

    def _level_bursts(self, case: Case, *, clumpiness: float) -> Iterator[_Burst]:
        """Yield the bursts of levels: of bad ones next to the rest of the log; the others are what it is as a whole."""
        series = level_series(case)
        bad = pl.col("level") >= Level.WARNING
        yield from self._bursts(case, series.filter(bad), key="level", clumpiness=clumpiness)
        longest = _WHOLE * len(case.buckets)
        for burst in self._bursts(case, series.filter(~bad), key="level", clumpiness=clumpiness, alone=True):
            if burst.stop - burst.start <= longest:
                yield burst

    def _bursts(
        self, case: Case, series: pl.DataFrame, *, key: str, clumpiness: float, alone: bool = False
    ) -> Iterator[_Burst]:
        for block in blocks(case, series, key=key, fewest=self.fewest, alone=alone):
            exposures = levelled(block.exposures, changes(block.counts, block.exposures), most=_CHANGED)
            runs, stands_out = bursts(block.counts, exposures)
            judged = tails(block.counts, exposures, runs, clumpiness=clumpiness, upper=True)
            unlikely = judged.probability <= 10 ** (-self.full / 4)
            excessive = judged.observed >= np.maximum(self.fewest, 2 * judged.expected)
            for row in np.flatnonzero(stands_out & unlikely & excessive):
                yield _Burst(
                    key=block.keys[row],
                    start=int(case.buckets[runs.start[row]]),
                    stop=int(case.buckets[runs.stop[row] - 1]) + 1,
                    observed=float(judged.observed[row]),
                    expected=float(judged.expected[row]),
                    probability=float(judged.probability[row]),
                )

    def _evidence(
        self, case: Case, places: Places, subject: Subject, burst: _Burst, numbers: Sequence[int]
    ) -> Evidence:
        span = (burst.start * case.width * 1_000_000, burst.stop * case.width * 1_000_000)
        what = "records"
        if subject.kind == "level":
            what = f"{subject.name} records" if subject.name != Level.UNKNOWN.name else "records"
        many = f" of {len(numbers)} kinds" if len(numbers) > 1 else ""
        evidence = Evidence(
            detector=self.name,
            subject=subject,
            strength=surprise(burst.probability, full=self.full),
            text=f"{burst.observed:,.0f} {what}{many} within {duration((burst.stop - burst.start) * case.width)},"
            f" where {burst.expected:.2g} are usual",
            observed=burst.observed,
            expected=burst.expected,
            probability=burst.probability,
            tags=("burst",),
            location=places.within(numbers[:1], span),
            count=int(burst.observed),
            span=span,
        )
        return replace(evidence, lines=places.stretch(numbers, span))


def _explained(burst: _Burst, parts: Sequence[_Burst], *, together: bool = False) -> bool:
    """Whether the burst of one of the parts, or of all `together`, is most of this one."""
    excess = [part.observed - part.expected for part in parts if _overlap(part, burst)]
    most = sum(excess) if together else max(excess, default=0.0)
    return most >= _EXPLAINS * (burst.observed - burst.expected)


def _overlap(one: _Burst, other: _Burst) -> bool:
    return one.start < other.stop and other.start < one.stop


def _busiest(series: pl.DataFrame, burst: _Burst, numbers: Sequence[int]) -> list[int]:
    """Return those of the templates that have records in a burst, the busiest first."""
    within = series.filter(
        pl.col("number").is_in(list(numbers)), pl.col("bucket").is_between(burst.start, burst.stop - 1)
    )
    counts = within.group_by("number").agg(pl.col("count").sum()).sort(["count", "number"], descending=[True, False])
    return counts["number"].to_list() or list(numbers[:1])
