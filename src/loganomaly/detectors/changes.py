"""The bucket at which a rate changes for good."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loganomaly.detectors.series import Counts

__all__ = ["Changes", "changes", "levelled"]

_SCALES = (1, 2, 4, 8)
_FEWEST_BLOCKS = 12
_FEWEST_RECORDS = 10.0  # of the buckets beside the change that are compared
_SHARP = 0.5  # share of the change that must be there at once: what rises slowly is a rhythm or a trend
_PARTS = 4  # parts of each side of the change, all of which must be on their side of the middle


@dataclass(frozen=True, kw_only=True)
class Changes:
    """For each subject: first bucket of the new rate, both rates in records per bucket, how likely it is by chance."""

    at: NDArray[np.int64]
    before: Counts
    after: Counts
    probability: Counts


def changes(counts: Counts, exposures: Counts) -> Changes:
    """Return the best single change of each subject's rate.

    The place is that of the greatest likelihood ratio of two Poisson rates to one. Its probability is that of F, the
    ratio over the dispersion that is left in stretches of 1 to 8 buckets (quasi-likelihood; McCullagh and Nelder,
    "Generalized Linear Models", 1989), the largest over stretches and exposures, times the number of places. It is 1
    where the rate changes slowly, or does not stay on its side of the middle: then nothing changed for good.

    Parameters
    ----------
    counts, exposures
        As in a `Series`.
    """
    found = [_changes(counts, exposure) for exposure in exposures]
    worst = found[0]
    for other in found[1:]:
        # A change that shows in the rate alone, but not beside the rest of the log, is the whole log's.
        apart = np.abs(other.at - worst.at) > 1
        probability = np.where(apart, 1.0, np.maximum(other.probability, worst.probability))
        worst = Changes(at=worst.at, before=worst.before, after=worst.after, probability=probability)
    return worst


def levelled(exposures: Counts, found: Changes, *, most: float) -> Counts:
    """Return the exposures with the changes in them that are at most so likely: what comes later is judged by them."""
    place = np.arange(exposures.shape[2])
    later = (place >= found.at[:, None]) & (found.probability <= most)[:, None]
    ratio = (found.after / np.maximum(found.before, 1e-9))[:, None]
    return np.asarray(np.where(later, ratio, 1.0) * exposures)


def _changes(counts: Counts, exposure: Counts) -> Changes:
    from scipy.special import fdtrc, xlogy

    rows, buckets = counts.shape
    least = max(6, buckets // 10)
    row = np.arange(rows)
    if buckets < 2 * least or buckets < _FEWEST_BLOCKS:
        nothing = np.zeros(rows)
        return Changes(at=np.zeros(rows, np.int64), before=nothing, after=nothing, probability=np.ones(rows))
    seen, time = counts.cumsum(axis=1), exposure.cumsum(axis=1)
    n, t = seen[:, -1:], time[:, -1:]
    ratio = xlogy(seen, seen / time) + xlogy(n - seen, (n - seen) / np.maximum(t - time, 1e-9)) - xlogy(n, n / t)
    ratio[:, : least - 1] = ratio[:, buckets - least :] = -1.0
    at = ratio.argmax(axis=1) + 1
    n1, t1 = seen[row, at - 1], time[row, at - 1]
    before, after = n1 / t1, (n[:, 0] - n1) / (t[:, 0] - t1)
    later = np.arange(buckets) >= at[:, None]
    fit = np.where(later, after[:, None], before[:, None]) * exposure
    gain = 2 * np.maximum(ratio[row, at - 1], 0.0)
    probability = np.zeros(rows)
    for scale in _SCALES:
        blocks = buckets // scale
        if blocks < _FEWEST_BLOCKS:
            break
        whole = blocks * scale
        left = (counts - fit)[:, :whole].reshape(rows, blocks, scale).sum(axis=2)
        fits = fit[:, :whole].reshape(rows, blocks, scale).sum(axis=2)
        spread = (left**2 / np.maximum(fits, 1e-9)).sum(axis=1) / (blocks - 2)
        probability = np.maximum(probability, fdtrc(1, blocks - 2, gain / np.maximum(spread, 1.0)))
    real = _is_sharp(seen, time, at, before, after) & _stays(seen, time, at, before, after)
    probability = np.where(real, np.minimum(1.0, probability * buckets), 1.0)
    return Changes(at=at, before=before, after=after, probability=probability)


def _is_sharp(seen: Counts, time: Counts, at: NDArray[np.int64], before: Counts, after: Counts) -> NDArray[np.bool_]:
    """Whether the buckets just beside the change differ by a good share of what it is as a whole."""
    buckets = seen.shape[1]
    wide = np.ceil(_FEWEST_RECORDS / np.maximum(np.minimum(before, after), 1e-9)).clip(3, buckets)
    near = np.minimum(wide, np.ceil(at / 2)).astype(np.int64)
    far = np.minimum(wide, np.ceil((buckets - at) / 2)).astype(np.int64)
    step = _rate(seen, time, at, at + far) - _rate(seen, time, at - near, at)
    return np.asarray(step / np.where(after == before, np.inf, after - before) >= _SHARP)


def _stays(seen: Counts, time: Counts, at: NDArray[np.int64], before: Counts, after: Counts) -> NDArray[np.bool_]:
    """Whether each part of either side lies on its own side of the middle between both rates."""
    middle, sign = (before + after) / 2, np.sign(after - before)
    buckets = np.full_like(at, seen.shape[1])
    stays = np.ones(len(at), np.bool_)
    for first, last, side in ((np.zeros_like(at), at, -1), (at, buckets, 1)):
        for part in range(_PARTS):
            low = first + (last - first) * part // _PARTS
            high = first + (last - first) * (part + 1) // _PARTS
            stays &= (_rate(seen, time, low, high) - middle) * sign * side > 0
    return stays


def _rate(seen: Counts, time: Counts, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Counts:
    """Return the rate from bucket `start` up to `stop`."""
    row = np.arange(len(seen))

    def until(sums: Counts, place: NDArray[np.int64]) -> Counts:
        return np.where(place > 0, sums[row, np.maximum(place, 1) - 1], 0.0)

    return np.asarray((until(seen, stop) - until(seen, start)) / (until(time, stop) - until(time, start)))
