"""Finds the value of one name in many records. Compiled."""

from typing import Any

import numpy as np

from loganomaly.kernels import njit

__all__ = ["named_spans"]


@njit(nogil=True, cache=True)
def named_spans(first: Any, keys: Any, starts: Any, ends: Any, wanted: Any, rows: Any) -> Any:
    """Return where the first value with the key `wanted` begins and ends in each of the records `rows`.

    -1 where a record has none, or an empty one. The other arguments are those of `Fields`.
    """
    begin, end = np.full(len(rows), -1, np.int64), np.full(len(rows), -1, np.int64)
    if len(first) == 0:
        return begin, end
    for n in range(len(rows)):
        row = rows[n]
        for i in range(first[row], first[row + 1]):
            if keys[i] == wanted and ends[i] > starts[i]:
                begin[n], end[n] = starts[i], ends[i]
                break
    return begin, end
