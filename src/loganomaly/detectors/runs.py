"""Runs of buckets with far more or far fewer records than the others, and how unlikely they are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loganomaly.detectors.series import Counts

__all__ = ["Runs", "Tails", "bursts", "dips", "dispersion", "greatest_runs", "tails"]

_SCALES = (1, 2, 4, 8)
_FEWEST_BLOCKS = 8  # blocks below which their variance says nothing
_BORROWED = 10.0  # records that the clumpiness of other subjects counts for
_CLEARER = 2.0  # a rate goes with what leaves it so many times less dispersed
_BUSY = 2.0  # times the usual from which on the rest of the log is busy; quiet likewise
_ABOVE, _BELOW = 2.0, 0.25  # times the usual rate above or below which a bucket counts towards a run
_STEADY = 0.7  # standard deviation of a rate over its mean, beyond what counts at random have: steady up to this
_BESIDE = 3  # buckets with records on either side of a dip, and beside what is logged at first
_AT_ONCE = 0.6  # share of the usual rate just before and after a dip: what ebbs away and comes back is a rhythm
_FEWEST = 10.0  # records that are usual in the buckets that tell this
_RIVAL = 2.0  # times another run that one has to be
_LONGEST = 0.25  # share of the buckets: what is longer is no event


@dataclass(frozen=True, kw_only=True)
class Runs:
    """One run of buckets for each subject: first bucket, the one after the last, and the sum over it."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    value: Counts

    def inside(self, buckets: int) -> NDArray[np.bool_]:
        """Return which of so many buckets are in the run, shape (subjects, buckets)."""
        place = np.arange(buckets)
        return (place >= self.start[:, None]) & (place < self.stop[:, None])


@dataclass(frozen=True, kw_only=True)
class Tails:
    """What was seen in a run, what was to be expected there, and how likely it is, for each subject."""

    observed: Counts
    expected: Counts
    probability: Counts


def greatest_runs(values: Counts) -> Runs:
    """Return the run of buckets with the greatest sum for each row; empty where no value is above 0.

    Examples
    --------
    >>> runs = greatest_runs(np.array([[-1.0, 2.0, -1.0, 3.0, -5.0, 1.0]]))
    >>> runs.start.tolist(), runs.stop.tolist(), runs.value.tolist()
    ([1], [4], [4.0])
    """
    rows, buckets = values.shape
    sums = np.zeros((rows, buckets + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    lowest = np.minimum.accumulate(sums, axis=1)
    begins = np.maximum.accumulate(np.where(sums == lowest, np.arange(buckets + 1), 0), axis=1)
    gains = sums - lowest
    stop = gains.argmax(axis=1)
    row = np.arange(rows)
    return Runs(start=begins[row, stop], stop=stop, value=gains[row, stop])


def bursts(counts: Counts, exposures: Counts) -> tuple[Runs, NDArray[np.bool_]]:
    """Return the run of buckets with the most records above twice the usual, and which of them stand out.

    A run stands out if it is short and no other has half as many: bursts that come again and again are usual. What is
    logged as the log begins, and hardly ever again, may have gone on for long, or be how things start.
    """
    runs, lead = _greatest(lambda seen, fit: seen - _ABOVE * fit, counts, exposures)
    again = ((counts > 0) & ~runs.inside(counts.shape[1])).sum(axis=1) >= _BESIDE
    return runs, _is_event(runs, lead, counts.shape[1]) & (again | (runs.start > 0))


def dips(counts: Counts, exposures: Counts) -> tuple[Runs, NDArray[np.bool_]]:
    """Return the run of buckets with the fewest records, below a part of the usual, and which of them stand out.

    It stands out as a burst does, if the rate is steady beside it, and if there are records before and after it, just
    beside it as many as elsewhere.
    """
    runs, lead = _greatest(lambda seen, fit: _BELOW * fit - seen, counts, exposures)
    place = np.arange(counts.shape[1])
    inside = runs.inside(counts.shape[1])
    fit = _fit(counts, _nearest(counts, exposures), ~inside)
    rate = np.maximum(fit.mean(axis=1), 1e-9)
    wide = np.maximum(np.ceil(_FEWEST / rate), np.ceil((runs.stop - runs.start) / 4))[:, None]
    is_event = _is_event(runs, lead, counts.shape[1])
    left = dispersion(counts, fit, outside=~inside, longest=np.ones(len(counts), np.int64))
    is_event &= left - 1 <= _STEADY**2 * rate
    for side in (runs.start[:, None] - 1 - place, place - runs.stop[:, None]):
        near = (side >= 0) & (side < wide)
        is_event &= ((counts > 0) & (side >= 0)).sum(axis=1) >= _BESIDE
        is_event &= (counts * near).sum(axis=1) >= _AT_ONCE * (fit * near).sum(axis=1)
    return runs, is_event


def _is_event(runs: Runs, lead: Counts, buckets: int) -> NDArray[np.bool_]:
    short = runs.stop - runs.start <= _LONGEST * buckets
    return np.asarray(short & (runs.value > 0) & (lead >= 0))


def _nearest(counts: Counts, exposures: Counts) -> Counts:
    """Return the exposure of each subject that it follows best."""
    everywhere, once = np.ones(counts.shape, np.bool_), np.ones(len(counts), np.int64)
    mean = counts.mean(axis=1, keepdims=True)
    left = [dispersion(counts, mean * exposure, outside=everywhere, longest=once) for exposure in exposures]
    return np.asarray(exposures[np.argmin(left, axis=0), np.arange(len(counts))])


def _greatest(values: Callable[[Counts, Counts], Counts], counts: Counts, exposures: Counts) -> tuple[Runs, Counts]:
    """Return the greatest runs of what `values` makes of usual counts, and by how much they outdo the next elsewhere.

    The run is that next to the exposure that the subject follows best; the usual rate is that of all buckets first,
    then that of those beside the run. It has to outdo others next to each exposure.
    """
    usual = _nearest(counts, exposures)
    runs = greatest_runs(values(counts, _fit(counts, usual, np.ones(counts.shape, np.bool_))))
    runs = greatest_runs(values(counts, _fit(counts, usual, ~runs.inside(counts.shape[1]))))
    inside = runs.inside(counts.shape[1])
    lead = np.full(len(counts), np.inf)
    for exposure in exposures:
        gains = values(counts, _fit(counts, exposure, ~inside))
        own = (gains * inside).sum(axis=1)
        rival = greatest_runs(np.where(inside, -np.abs(own[:, None]) - counts.sum(axis=1, keepdims=True), gains)).value
        lead = np.minimum(lead, own - _RIVAL * rival)
    return runs, lead


def _fit(counts: Counts, exposure: Counts, where: NDArray[np.bool_]) -> Counts:
    """Return the counts that the rate in some of the buckets leads one to expect in each."""
    rate = (counts * where).sum(axis=1) / np.maximum((exposure * where).sum(axis=1), 1e-9)
    return np.asarray(rate[:, None] * exposure)


def tails(counts: Counts, exposures: Counts, runs: Runs, *, clumpiness: float, upper: bool) -> Tails:
    """Return how likely it is to see so many records (`upper`) or so few in the run, judged by the other buckets.

    The sum over the run is taken as negative binomial, with the mean that the rate in the other buckets leads one to
    expect, and the dispersion that they have in stretches of up to the run's length; as Poisson where they vary no
    more than that. Of two exposures that fit alike, the one that makes it the likelier counts: the probability is
    corrected for the number of runs: one for each bucket and doubling of the length.

    Parameters
    ----------
    counts, exposures
        As in a `Series`.
    clumpiness
        Dispersion of other subjects, which counts where a subject has few records beside the run.
    """
    buckets = counts.shape[1]
    inside = runs.inside(buckets)
    length = np.maximum(runs.stop - runs.start, 1)
    observed = (counts * inside).sum(axis=1)
    beside = counts.sum(axis=1) - observed
    best: Tails | None = None
    clearest = np.full(len(counts), np.inf)
    for exposure in exposures:
        within = (exposure * inside).sum(axis=1)
        # Half a record more than was seen: what was never seen elsewhere has a rate that is small, not zero.
        rate = (beside + 0.5) / np.maximum(exposure.sum(axis=1) - within, 1e-9)
        fit = rate[:, None] * exposure
        own = dispersion(counts, fit, outside=~inside, longest=length)
        spread = np.maximum((beside * own + _BORROWED * clumpiness) / (beside + _BORROWED), 1.0)
        expected = rate * within
        # The rate itself is known from the records beside the run alone, so the count has more variance than they
        # (as a Poisson count whose rate has a gamma distribution).
        spread = spread + expected / (beside + 0.5)
        probability = np.minimum(1.0, _tail(observed, expected, spread, upper=upper) * buckets * (1 + np.log2(length)))
        found = Tails(observed=observed, expected=expected, probability=probability)
        if best is None:
            best, clearest = found, own
            continue
        # Where the rest of the log is far from what it usually is, that may be the reason, or have nothing to do with
        # it, whichever fits better elsewhere.
        mean = within / length
        alike = (mean >= _BUSY) | (mean <= 1 / _BUSY)
        better = (own * _CLEARER < clearest) & ~alike
        replaced = better | ((alike | (clearest * _CLEARER >= own)) & (probability > best.probability))
        best = Tails(
            observed=observed,
            expected=np.where(replaced, expected, best.expected),
            probability=np.where(replaced, probability, best.probability),
        )
    if best is None:
        raise ValueError("no exposures: expected at least one")
    return best


def dispersion(counts: Counts, fit: Counts, *, outside: NDArray[np.bool_], longest: NDArray[np.int64]) -> Counts:
    """Return variance over mean of the counts `outside`, the largest over stretches of 1 to `longest` buckets.

    Counts of stretches vary more than those of buckets where a high one is followed by a high one.
    """
    largest = np.zeros(len(counts))
    for scale in _SCALES:
        fits = _stretches(fit * outside, scale)
        number = (fits > 0).sum(axis=1)
        squares = _stretches((counts - fit) * outside, scale) ** 2 / np.where(fits > 0, fits, 1.0)
        told = (number >= _FEWEST_BLOCKS) & ((scale == 1) | (scale < 2 * longest))
        ratio = (squares * (fits > 0)).sum(axis=1) / np.maximum(number - 1, 1)
        largest = np.where(told, np.maximum(largest, ratio), largest)
    return largest


def _stretches(values: Counts, scale: int) -> Counts:
    """Return the sums over each `scale` buckets; those that are left over at the end are left out."""
    whole = values.shape[1] // scale
    sums: Counts = values[:, : whole * scale].reshape(len(values), whole, scale).sum(axis=2)
    return sums


def _tail(observed: Counts, mean: Counts, spread: Counts, *, upper: bool) -> Counts:
    """Return the probability of `observed` or more, or of `observed` or less, with variance `spread` times the mean."""
    from scipy.special import betainc, gammainc, gammaincc

    mean = np.maximum(mean, 1e-12)
    size = mean / np.maximum(spread - 1, 1e-3)
    share = 1 / np.maximum(spread, 1 + 1e-3)
    if upper:
        some = np.maximum(observed, 1.0)
        tail = np.where(spread > 1.01, betainc(some, size, 1 - share), gammainc(some, mean))
        tail = np.where(observed > 0, tail, 1.0)
    else:
        tail = np.where(spread > 1.01, betainc(size, observed + 1, share), gammaincc(observed + 1, mean))
    return np.maximum(tail, 1e-300)
