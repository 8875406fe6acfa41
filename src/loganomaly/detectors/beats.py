"""Heartbeats: what is logged at regular intervals, and how many of its beats are missing in a row."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Missed", "missed_beats"]

_FEWEST_GAPS = 6
_JITTER = 0.25
"""Share of the period by which a gap may differ from it."""
_REGULAR = 0.8
"""Share of the gaps that must be as long as the period."""
_LUCK = 1e-6
"""Probability at most with which gaps at random are so regular: thousands of templates are looked at."""
_FULL = 0.6
"""Share of the buckets from which on a subject is in so many that the gaps tell no period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Beats that are missing.

    Attributes
    ----------
    key
        Number of the subject.
    period
        In buckets.
    first
        Bucket of the first beat.
    after
        Bucket of the last beat before they are missing.
    until
        Bucket of the next beat; None where there is none up to the end of the log.
    beats
        How many are missing.
    active
        Buckets from the first beat to the last, without the gap.
    probability
        How likely that is, from how often beats were missing otherwise.
    """

    key: int
    period: float
    first: int
    after: int
    until: int | None
    beats: int
    active: int
    probability: float


def missed_beats(places: NDArray[np.int64], *, end: int) -> list[Missed]:
    """Return the longest stretch of missing beats of each subject that has a heartbeat.

    A heartbeat is told by the gaps between the buckets in which something is logged: most of them are as long as the
    middle one, within a quarter of it or half a bucket, and gaps at random (of a geometric distribution with the same
    mean) would hardly be. With a share p of beats missing otherwise, (missing + 1) / (beats + 2) as Laplace has it, m
    in a row have probability p ** m; where others were missing for half as long, it is at least how often that was.

    Parameters
    ----------
    places
        Shape (n, 2): number of a subject, and a bucket in which it is logged; sorted, each pair once. Buckets are the
        narrowest there are.
    end
        The last bucket of the log.

    Examples
    --------
    >>> beats = np.array([(7, bucket) for bucket in range(0, 120, 10)])
    >>> [(found.key, found.period, found.after, found.beats) for found in missed_beats(beats, end=160)]
    [(7, 10.0, 110, 4)]
    """
    from scipy.special import bdtrc

    keys, buckets = places[:, 0], places[:, 1]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    if not len(starts):
        return []
    lengths = np.diff(np.append(starts, len(keys)))
    wide = buckets[starts + lengths - 1] - buckets[starts]
    told = (lengths > _FEWEST_GAPS) & (lengths < _FULL * wide)
    starts, lengths = starts[told], lengths[told]
    if not len(starts):
        return []
    number = lengths - 1
    offsets = np.append(0, np.cumsum(number)[:-1])
    group = np.repeat(np.arange(len(starts)), number)
    place = np.repeat(starts - offsets, number) + np.arange(number.sum())
    gaps = (buckets[place + 1] - buckets[place]).astype(np.float64)
    middle = _medians(group, gaps)[group]
    close = np.abs(gaps - middle) <= np.maximum(1.0, _JITTER * middle)
    period = np.bincount(group, gaps * close) / np.maximum(np.bincount(group, close), 1)
    slack = np.maximum(0.5, _JITTER * period)
    regular = np.bincount(group, np.abs(gaps - period[group]) <= slack[group])
    pause = 1 - 1 / np.maximum(period, 1 + 1e-9)
    by_chance = pause ** (np.ceil(period - slack) - 1) - pause ** np.floor(period + slack)
    luck = bdtrc(regular - 1, number, np.clip(by_chance, 0.0, 1.0))
    beating = np.flatnonzero((regular >= _REGULAR * number) & (luck <= _LUCK))
    found = [
        _longest(buckets[starts[n] : starts[n] + lengths[n]], key=int(keys[starts[n]]), period=period[n], end=end)
        for n in beating.tolist()
    ]
    return [missed for missed in found if missed.beats > 0]


def _medians(group: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    table = pl.DataFrame({"group": group, "value": values})
    return table.group_by("group").agg(pl.col("value").median()).sort("group")["value"].to_numpy()


def _longest(buckets: NDArray[np.int64], *, key: int, period: float, end: int) -> Missed:
    """Return the longest stretch of missing beats, which may be none."""
    gaps = np.diff(buckets)
    missing = np.maximum(np.rint(gaps / period).astype(np.int64) - 1, 0)
    # The beat that is just due may still come.
    last = max(0, int((end - buckets[-1] - 1) / period))
    widest = int(missing.argmax())
    at_end = last >= missing[widest]
    beats = last if at_end else int(missing[widest])
    others = missing if at_end else np.delete(missing, widest)
    share = (others.sum() + 1) / (len(buckets) + others.sum() + 2)
    probability = float(share) ** beats
    if alike := int((others >= beats / 2).sum()) if beats else 0:
        probability = max(probability, alike / len(gaps))
    return Missed(
        key=key,
        period=float(period),
        first=int(buckets[0]),
        after=int(buckets[-1] if at_end else buckets[widest]),
        until=None if at_end else int(buckets[widest + 1]),
        beats=beats,
        active=int(buckets[-1] - buckets[0]) - (0 if at_end else int(gaps[widest])),
        probability=max(probability, 1e-300),
    )
