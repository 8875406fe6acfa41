"""The sketch of numbers, mergeable by adding counts: octaves, each cut into equal bins (as HdrHistogram does)."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["BINS", "BINS_PER_OCTAVE", "SMALLEST", "ZERO_BIN", "bin_bounds", "bin_start", "bin_starts", "quantile_bins"]

BINS_PER_OCTAVE = 8
"""Bins between a number and its double: a bin is 6 to 12 % wide."""
BINS = 2048
"""Bins of a sketch: positive numbers above ZERO_BIN, negative ones below; numbers of 18 digits fit in."""
ZERO_BIN = 1024
SMALLEST = 30
"""Octaves below 1 that are told apart: numbers nearer to zero than 2 ** -30 count as zero."""


def bin_start(number: int) -> float:
    """Return the smallest absolute value of a bin, with its sign.

    Examples
    --------
    >>> bin_start(ZERO_BIN + SMALLEST * BINS_PER_OCTAVE)
    1.0
    """
    return float(bin_starts(np.array(number)))


def bin_starts(numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the smallest absolute value of each of these bins, with its sign."""
    away = numbers - ZERO_BIN
    octaves, parts = np.divmod(np.abs(away), BINS_PER_OCTAVE)
    starts: NDArray[np.float64] = np.sign(away) * np.ldexp(1 + parts / BINS_PER_OCTAVE, octaves - SMALLEST)
    return starts


def bin_bounds(numbers: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper bounds of bins.

    Examples
    --------
    >>> low, high = bin_bounds(np.array([ZERO_BIN + SMALLEST * BINS_PER_OCTAVE, ZERO_BIN - SMALLEST * BINS_PER_OCTAVE]))
    >>> low.tolist(), high.tolist()
    ([1.0, -1.125], [1.125, -1.0])
    """
    return bin_starts(numbers - (numbers < ZERO_BIN)), bin_starts(numbers + (numbers >= ZERO_BIN))


def quantile_bins(
    bins: NDArray[np.int64], counts: NDArray[np.int64], begins: NDArray[np.int64], *, share: float
) -> NDArray[np.int64]:
    """Return of each sketch the bin below or in which lies that share of its numbers.

    Parameters
    ----------
    bins, counts
        Those of all sketches, one after the other, each in the order of its bins.
    begins
        Where each sketch begins, and where the last one ends.

    Examples
    --------
    >>> quantile_bins(np.array([7, 8, 9, 5, 6]), np.array([2, 1, 1, 1, 9]), np.array([0, 3, 5]), share=0.5).tolist()
    [7, 6]
    """
    first, sketch = begins[:-1], np.repeat(np.arange(len(begins) - 1), np.diff(begins))
    total = np.add.reduceat(counts, first)
    reached = np.cumsum(counts) - (np.cumsum(total) - total)[sketch]
    below = (reached < share * total[sketch]).astype(np.int64)
    found: NDArray[np.int64] = bins[first + np.add.reduceat(below, first)]
    return found
