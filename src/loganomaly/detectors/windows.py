"""Windows: stretches of time in which the log is made up unlike at all other times."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.findings import Evidence, Location, Subject
from loganomaly.legible import quoted
from loganomaly.wording import duration, iso

__all__ = ["WindowDetector"]

_NOISE_SHARE = 0.35
"""The k-distance of a log whose windows differ by chance is at least this share of their expected distance, unless they
have few dimensions: there, two windows are near by chance, and "usually" would mean nothing."""
_MOST_NAMED = 3
_LEAST_SHARE = 0.05  # of the difference, from which on a template is named
_LONGEST = 60  # characters of a template that is named


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowDetector:
    """Compares the templates of each watched bucket of time with those of the others, by distance to the k-th nearest.

    A window is the vector of the square roots of its templates' shares, and two windows are as far apart as their
    Hellinger distance, times the square root of 4 n m / (n + m) for n and m records: where they differ by chance
    (Poisson), each template then adds about 1 to the square of the distance, in quiet and in busy windows alike, which
    takes out the rhythm of day and night. Templates that few windows have count more, by their inverse document
    frequency. Windows of one kind are near each other: what recurs `neighbors` times is usual, a level shift too.

    Parameters
    ----------
    fewest_windows, fewest_templates
        With fewer, the log is too short or too uniform to speak of.
    neighbors
        The k for 120 windows; for fewer in proportion, at least 2.
    usual, full
        How many times as far as the median window the nearest k windows are, for strength 0 and 1.
    """

    name: str = "windows"
    weight: float = 0.55
    aspect: str = "time"
    fewest_windows: int = 12
    fewest_templates: int = 5
    neighbors: int = 4
    usual: float = 2.0
    full: float = 6.0
    weakest: float = 0.1

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on windows; of several in a row, on the one that is farthest out."""
        buckets = case.buckets
        if len(buckets) < self.fewest_windows or len(case.templates) < self.fewest_templates:
            return []
        counts = np.zeros((len(buckets), len(case.templates)))
        rows = np.searchsorted(buckets, case.series["bucket"].to_numpy())
        counts[rows, case.series["number"].to_numpy()] = case.series["count"].to_numpy()
        weights = _weights(counts)
        distances = self._k_distances(counts, weights)
        noise = float((weights * np.minimum(1, 4 * counts.mean(axis=0))).sum())
        far = np.sqrt(distances / max(float(np.median(distances)), _NOISE_SHARE * noise))
        strengths = np.clip((far - self.usual) / (self.full - self.usual), 0, 1)
        return [
            self._evidence(case, counts, weights, window=window, strength=float(strengths[window]))
            for window in _peaks(buckets, strengths, weakest=self.weakest)
        ]

    def _k_distances(self, counts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the square of each window's distance to the k-th nearest other one."""
        totals = counts.sum(axis=1)
        roots = np.sqrt(counts / totals[:, None] * weights)
        k = max(2, self.neighbors * len(counts) // 120)
        found = np.empty(len(counts))
        for row, (own, total) in enumerate(zip(roots, totals, strict=True)):
            squared = ((roots - own) ** 2).sum(axis=1) * (4 * total * totals / (total + totals))
            squared[row] = np.inf
            found[row] = np.partition(squared, k - 1)[k - 1]
        return found

    def _evidence(
        self,
        case: Case,
        counts: NDArray[np.float64],
        weights: NDArray[np.float64],
        *,
        window: int,
        strength: float,
    ) -> Evidence:
        own, others = counts[window], np.delete(counts, window, axis=0)
        mix, usual_mix = own / own.sum(), others.sum(axis=0) / others.sum()
        difference = weights * (np.sqrt(mix) - np.sqrt(usual_mix)) ** 2
        order = np.argsort(-difference, kind="stable")[:_MOST_NAMED]
        named = [int(n) for n in order if difference[n] >= _LEAST_SHARE * difference.sum()] or [int(order[0])]
        usual = others.mean(axis=0)
        start = int(case.buckets[window]) * case.width * 1_000_000
        span = (start, start + case.width * 1_000_000)
        told = ", ".join(
            f"{_count(own[n])} of {quoted(case.templates[n].text, most=_LONGEST)} (usually {_mean(usual[n])})"
            for n in named
        )
        moment = str(iso(start))
        return Evidence(
            detector=self.name,
            subject=Subject(kind="window", name=moment),
            strength=strength,
            text=f"the {duration(case.width)} from {moment[:10]} {moment[11:19]} UTC on are unlike the rest of the log:"
            f" {told}",
            observed=float(own[named[0]]),
            expected=float(usual[named[0]]),
            tags=("window",),
            location=_location(case, named, present=np.flatnonzero(own), span=span),
            count=int(own.sum()),
            span=span,
        )


def _weights(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse document frequency of each template, a window being a document."""
    windows = np.count_nonzero(counts, axis=0)
    return np.asarray(np.log((1 + len(counts)) / (1 + windows)) + 1)


def _peaks(buckets: NDArray[np.int64], strengths: NDArray[np.float64], *, weakest: float) -> Iterator[int]:
    """Yield the strongest of each run of windows in a row that are at least `weakest`."""
    found = np.flatnonzero(strengths >= weakest)
    for run in np.split(found, np.flatnonzero(np.diff(buckets[found]) > 1) + 1):
        if len(run):
            yield int(run[np.argmax(strengths[run])])


def _location(case: Case, named: list[int], *, present: NDArray[np.int64], span: tuple[int, int]) -> Location:
    """Return the place of a line in the window, of a named template if one is known, otherwise the nearest in time.

    Of each shape only the first and the last line are known.
    """
    rows = case.profile.shapes.join(case.members, on="shape").filter(pl.col("number").is_in(present))
    ends = [
        rows.select("number", "source", time=f"{end}_time", line=f"{end}_line", offset=f"{end}_offset")
        for end in ("first", "last")
    ]
    rank = {number: place for place, number in enumerate(named)}
    known = pl.concat(ends).drop_nulls("time").with_columns(
        outside=pl.max_horizontal(span[0] - pl.col("time"), pl.col("time") - span[1] + 1, 0),
        rank=pl.col("number").replace_strict(rank, default=len(named), return_dtype=pl.Int64),
    )  # fmt: skip
    row = known.sort("outside", "rank", "time", "source", "line").row(0, named=True)
    return Location(source=row["source"], line=row["line"], offset=row["offset"])


def _count(count: float) -> str:
    return f"{count:,.0f}" if count else "none"


def _mean(mean: float) -> str:
    if mean < 0.1:
        return "next to none" if mean else "none"
    return f"{mean:,.0f}" if mean >= 10 else f"{mean:.2g}"
