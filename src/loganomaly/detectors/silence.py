"""Silence: what was logged steadily and then no more."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.findings import Evidence, Location, Subject
from loganomaly.reading.program import Level
from loganomaly.wording import decoded, duration

__all__ = ["SilenceDetector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceDetector:
    """Finds components and templates that were seen in most buckets of time and then in none up to the end of the log.

    With a share p of buckets in which it is seen while it is active, a silence of m buckets has probability
    (1 - p) ** m, where p is estimated by (seen + 1) / (active + 2) (Laplace): few buckets prove little.
    What began only after `latest_start` of the log (a share 0..1) was no part of its routine, and errors that end are
    good news. A template is not reported where its component is.
    """

    name: str = "silence"
    weight: float = 0.85
    full: float = 12.0
    steadiness: float = 0.6
    fewest_buckets: int = 12
    fewest_silent: int = 6
    latest_start: float = 0.34

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on what fell silent."""
        buckets = case.buckets
        if len(buckets) < self.fewest_buckets + self.fewest_silent:
            return []
        found: list[Evidence] = []
        silent: set[bytes] = set()
        loud = _loud_components(case)
        for (name,), part in case.component_series.group_by("name", maintain_order=True):
            if name in loud:
                continue
            for active, gone, p in self._silences(part, buckets):
                component = bytes(name)
                silent.add(component)
                found.append(
                    self._evidence(case, _component(case, component), part, active=active, gone=gone, probability=p)
                )
        components, levels = case.table["component"].to_list(), case.table["level"].to_list()
        for (number,), part in case.series.group_by("number", maintain_order=True):
            n = int(str(number))
            if components[n] in silent or levels[n] >= Level.WARNING:
                continue
            for active, gone, p in self._silences(part, buckets):
                found.append(
                    self._evidence(
                        case, (case.subject(n), case.location(n)), part, active=active, gone=gone, probability=p
                    )
                )
        return found

    def _silences(self, part: pl.DataFrame, buckets: NDArray[np.int64]) -> Iterator[tuple[int, int, float]]:
        """Yield buckets active, buckets silent and probability, if this series ended before the log did."""
        seen = part["bucket"].to_numpy()
        first, last = np.searchsorted(buckets, [seen[0], seen[-1]])
        active, gone = int(last - first + 1), int(len(buckets) - 1 - last)
        if first > self.latest_start * len(buckets):
            return
        if active < self.fewest_buckets or gone < self.fewest_silent or len(seen) < self.steadiness * active:
            return
        p = (len(seen) + 1) / (active + 2)
        yield active, gone, (1 - p) ** gone

    def _evidence(
        self,
        case: Case,
        subject: tuple[Subject, Location],
        part: pl.DataFrame,
        *,
        active: int,
        gone: int,
        probability: float,
    ) -> Evidence:
        count, last = int(part["count"].sum()), int(part["bucket"].max())  # type: ignore[arg-type]
        start = int(part["bucket"].min())  # type: ignore[arg-type]
        usual = count / active
        return Evidence(
            detector=self.name,
            subject=subject[0],
            strength=min(1.0, -math.log10(max(probability, 1e-300)) / self.full),
            text=f"logged steadily ({usual:.3g} records every {duration(case.width)}), then nothing for the last"
            f" {duration(gone * case.width)} of the log",
            observed=0.0,
            expected=usual,
            probability=probability,
            tags=("silence",),
            location=subject[1],
            span=(start * case.width * 1_000_000, (last + 1) * case.width * 1_000_000),
        )


def _loud_components(case: Case) -> set[bytes]:
    """Return the components most of whose records are warnings or worse."""
    bad = pl.col("records").filter(pl.col("level") >= Level.WARNING).sum()
    shares = case.table.group_by("component").agg(share=bad / pl.col("records").sum())
    return set(shares.filter(pl.col("component").is_not_null() & (pl.col("share") > 0.5))["component"].to_list())


def _component(case: Case, name: bytes) -> tuple[Subject, Location]:
    """Return a component as a subject, and its last line."""
    rows = case.profile.components.filter(pl.col("name") == pl.lit(name)).sort("source", "last_line")
    row = rows.row(-1, named=True)
    subject = Subject(kind="component", name=decoded(name))
    return subject, Location(source=row["source"], line=row["last_line"], offset=row["last_offset"])
