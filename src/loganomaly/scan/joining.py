"""Rows of bytes as one text, one a line: a search of it costs less than one of each row."""

from typing import Any

import numpy as np

from loganomaly.kernels import njit

__all__ = ["join_rows"]


@njit(nogil=True, cache=True)
def join_rows(data: Any, starts: Any, ends: Any) -> Any:
    """Return the rows data[starts[i]:ends[i]] with a line break behind each, bounds, and which rows have a break.

    Row i is out[bounds[i] : bounds[i + 1] - 1].
    """
    bounds = np.zeros(len(starts) + 1, np.int64)
    for row in range(len(starts)):
        bounds[row + 1] = bounds[row] + ends[row] - starts[row] + 1
    out, broken = np.empty(bounds[len(starts)], np.uint8), np.zeros(len(starts), np.bool_)
    for row in range(len(starts)):
        # Views and a sum: one loop over both is compiled to vector instructions, a twelfth of the time.
        source, target = data[starts[row] : ends[row]], out[bounds[row] : bounds[row + 1] - 1]
        breaks = 0
        for k in range(len(source)):
            target[k] = source[k]
            breaks += source[k] == 10
        broken[row] = breaks > 0
        out[bounds[row + 1] - 1] = 10
    return out, bounds, broken
