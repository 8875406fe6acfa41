"""Records per subject and watched bucket of time as arrays, and how busy the rest of the log is meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case

__all__ = ["Counts", "Series", "blocks", "clumpiness", "level_series"]

Counts = NDArray[np.float64]
_BLOCK = 1_000  # subjects at a time: bounds memory, and keeps the arrays of a block in the cache
_QUIET = 2.0
"""Records per bucket that are added to the rest of the log: a rest of few records tells little of how busy it is."""
_TOLD = 10  # records from which on a subject tells how clumpy it is


@dataclass(frozen=True, kw_only=True)
class Series:
    """Some subjects of one kind.

    Attributes
    ----------
    keys
        What each subject is called in the series it was made of.
    buckets
        Numbers of the buckets.
    counts
        Shape (subjects, buckets): records in each watched bucket.
    exposures
        Shape (2, subjects, buckets): what a subject's rate may go with, each with mean 1. First nothing (ones); then
        the rest of the log, so that what the whole log does is nobody's event.
    """

    keys: list[Any]
    buckets: NDArray[np.int64]
    counts: Counts
    exposures: Counts


def blocks(case: Case, series: pl.DataFrame, *, key: str, fewest: int, alone: bool = False) -> Iterator[Series]:
    """Yield the subjects with at least `fewest` records, in order.

    Parameters
    ----------
    series
        With the columns `key`, bucket and count, sorted, once for each.
    alone
        There is no rest of the log to compare with.
    """
    buckets = case.buckets
    total = case.series.group_by("bucket").agg(pl.col("count").sum()).sort("bucket")["count"].to_numpy()
    # Shapes that were too many to keep are in no template, but in the counts of components and levels.
    series = series.filter(pl.col("bucket").is_in(buckets.tolist()))
    keys = series[key]
    starts = np.flatnonzero((keys != keys.shift(1)).fill_null(value=True).to_numpy())
    if not len(starts):
        return
    ends = np.append(starts[1:], len(series))
    counts = series["count"].to_numpy().astype(np.float64)
    places = np.searchsorted(buckets, series["bucket"].to_numpy())
    wanted = np.flatnonzero(np.add.reduceat(counts, starts) >= fewest)
    for begin in range(0, len(wanted), _BLOCK):
        rows = wanted[begin : begin + _BLOCK]
        lengths = ends[rows] - starts[rows]
        row = np.repeat(np.arange(len(rows)), lengths)
        entry = np.arange(lengths.sum()) + np.repeat(starts[rows] - np.append(0, np.cumsum(lengths)[:-1]), lengths)
        block = np.zeros((len(rows), len(buckets)))
        block[row, places[entry]] = counts[entry]
        exposures = np.ones((1 if alone else 2, *block.shape))
        if not alone:
            rest = total - block + _QUIET
            exposures[1] = rest / rest.mean(axis=1, keepdims=True)
        yield Series(keys=keys.gather(starts[rows]).to_list(), buckets=buckets, counts=block, exposures=exposures)


def level_series(case: Case) -> pl.DataFrame:
    """Return the records per level and watched bucket: level, bucket, count, sorted."""
    return (
        case.profile.totals.with_columns(bucket=pl.col("bucket") * case.profile.total_width // case.width)
        .group_by("level", "bucket")
        .agg(pl.col("count").sum())
        .sort("level", "bucket")
    )


def clumpiness(case: Case) -> float:
    """Return variance over mean of the counts in a bucket, of the template in the middle; at least 1.

    It stands for subjects with few records, which do not tell how much their own rate goes up and down: in a log whose
    templates come in clumps, a clump of one that is seen once is no burst.
    """
    sums = (
        case.series.group_by("number")
        .agg(n=pl.col("count").sum().cast(pl.Float64), squares=(pl.col("count").cast(pl.Float64) ** 2).sum())
        .filter(pl.col("n") >= _TOLD)
    )
    ratio = sums.select(pl.col("squares") / pl.col("n") - pl.col("n") / len(case.buckets)).to_series().median()
    return max(1.0, float(ratio or 1.0))  # type: ignore[arg-type]
