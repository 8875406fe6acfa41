"""The sketch of numbers, mergeable by adding counts: octaves, each cut into equal bins (as HdrHistogram does)."""

__all__ = ["BINS", "BINS_PER_OCTAVE", "SMALLEST", "ZERO_BIN", "bin_bounds", "bin_start"]

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
    if number == ZERO_BIN:
        return 0.0
    octave, part = divmod(abs(number - ZERO_BIN), BINS_PER_OCTAVE)
    size: float = 2.0 ** (octave - SMALLEST) * (1 + part / BINS_PER_OCTAVE)
    return size if number > ZERO_BIN else -size


def bin_bounds(number: int) -> tuple[float, float]:
    """Return the lower and the upper bound of a bin.

    Examples
    --------
    >>> bin_bounds(ZERO_BIN + SMALLEST * BINS_PER_OCTAVE), bin_bounds(ZERO_BIN - SMALLEST * BINS_PER_OCTAVE)
    ((1.0, 1.125), (-1.125, -1.0))
    """
    if number >= ZERO_BIN:
        return bin_start(number), bin_start(number + 1)
    return bin_start(number - 1), bin_start(number)
