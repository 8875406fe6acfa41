"""Records per subject and watched bucket of time as arrays, and how busy the rest of the log is meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case

__all__ = ["Counts", "Series", "blocks", "clumpiness", "level_series", "occupied", "whole_series"]

Counts = NDArray[np.float64]
_BLOCK = 1_000  # subjects at a time: bounds memory, and keeps the arrays of a block in the cache
_QUIET = 2.0
"""Records per bucket that are added to the rest of the log: a rest of few records tells little of how busy it is."""
_MOST = 1_000  # buckets of time, empty ones too, beyond which a log has more gaps than records
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


def whole_series(case: Case) -> Series:
    """Return the records of the whole log, with the buckets in which there are none, under its most frequent level."""
    totals = case.profile.totals
    buckets = totals.select(pl.col("bucket") * case.profile.total_width // case.width).to_series().to_numpy()
    levels = totals.group_by("level").agg(pl.col("count").sum()).sort("count", "level")["level"].to_list()
    if not levels or (wide := int(buckets.max() - buckets.min()) + 1) > _MOST:
        return Series(keys=[], buckets=np.zeros(1, np.int64), counts=np.zeros((0, 1)), exposures=np.zeros((1, 0, 1)))
    counts = np.bincount(buckets - buckets.min(), totals["count"].to_numpy(), minlength=wide)[None, :].astype(
        np.float64
    )
    return Series(
        keys=[levels[-1]], buckets=np.arange(wide) + buckets.min(), counts=counts, exposures=np.ones((1, *counts.shape))
    )


def occupied(series: pl.DataFrame, names: pl.DataFrame) -> tuple[NDArray[np.int64], list[Any]]:
    """Return in which of the profile's buckets each subject is logged, by number, as in `missed_beats`; and its name.

    `names` has an id as in the series and a name; those of one name are one subject. By sorting, for a table of all
    shapes and buckets is large.
    """
    id_of, name_of = names.columns
    ids = names.sort(id_of)
    told = ids[name_of].unique().sort()
    numbers = ids.select(pl.col(name_of).rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    known = ids[id_of].to_numpy()
    if not len(series) or not len(known):
        return np.zeros((0, 2), np.int64), []
    own = series[id_of].to_numpy()
    places = np.minimum(np.searchsorted(known, own), len(known) - 1)
    kept = known[places] == own
    buckets = series["bucket"].to_numpy()
    first = int(buckets.min())
    wide = int(buckets.max()) - first + 1
    # Sorted for the most part already: of each shape, buckets are.
    pairs = np.sort(numbers[places[kept]] * wide + (buckets[kept] - first), kind="stable")
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    return np.column_stack([pairs // wide, pairs % wide + first]), told.to_list()
