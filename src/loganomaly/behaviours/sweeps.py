"""Sweeps over the records or values of one group: where a threshold is reached first, and how far it goes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Reached", "most_distinct", "most_records", "shares"]

Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reached:
    """Where something was reached: the row, the time from which on is counted, and the largest number of all.

    Of a share, `share` is the largest, and `most` the records that it is of.
    """

    row: int
    since: int
    most: int
    share: float | None = None


def most_records(times: Times, *, window: int, threshold: int) -> Reached | None:
    """Return where `threshold` records come within a window; `times` are sorted.

    Examples
    --------
    >>> most_records(np.array([0, 50, 100, 150, 151]), window=100, threshold=3)
    Reached(row=2, since=0, most=4)
    """
    begins = np.searchsorted(times, times - window, side="left")
    counts = np.arange(1, len(times) + 1) - begins
    rows = np.flatnonzero(counts >= threshold)
    if not len(rows):
        return None
    row = int(rows[0])
    return Reached(row, int(times[begins[row]]), int(counts.max()))


def most_distinct(
    slots: Times, values: Sequence[int], first: Times, last: Times, *, window: int, threshold: int
) -> Reached | None:
    """Return where `threshold` different values are seen within a window.

    Rows are sorted by slot, which are as wide as the window, then by first time; `last` is the time at which a value
    was seen last in its slot.
    """
    found: Reached | None = None
    ends = np.flatnonzero(np.diff(slots, append=slots[-1] + 1)) + 1
    begins = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    before: list[int] = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        follows = bool(before) and slots[before[0]] == slots[begin] - 1
        leaving = sorted(before, key=lambda row: last[row]) if follows else []
        alive = {values[row] for row in leaving}
        here: set[int] = set()
        gone = 0
        for row in range(begin, end):
            since = first[row] - window
            while gone < len(leaving) and last[leaving[gone]] < since:
                alive.discard(values[leaving[gone]])
                gone += 1
            here.add(values[row])
            alive.discard(values[row])
            count = len(here) + len(alive)
            if found is None and count >= threshold:
                seen = [int(last[each]) for each in leaving[gone:]]
                found = Reached(row, min([int(first[begin]), *seen]), count)
            elif found is not None and count > found.most:
                found = Reached(found.row, found.since, count)
        before = list(range(begin, end))
    return found


def shares(
    slots: Times, records: Times, matched: Times, *, slices: int, threshold: int, ratio: float
) -> Reached | None:
    """Return where the share of matches reaches a ratio in so many slices, with `threshold` records at least.

    Rows are sorted by slot. The row is the last one with a match in the window, `since` the slot it begins with.

    Examples
    --------
    >>> slots, records, matched = np.arange(4), np.array([10, 10, 10, 10]), np.array([0, 4, 6, 9])
    >>> shares(slots, records, matched, slices=2, threshold=15, ratio=0.5)
    Reached(row=2, since=1, most=20, share=0.75)
    """
    # What a window holds changes where a row enters it or has left it; beyond the last row nothing is known.
    left = slots + slices
    ends = np.unique(np.concatenate([slots, left[left <= slots[-1]]]))
    behind, begin = np.searchsorted(slots, ends, side="right"), np.searchsorted(slots, ends - slices, side="right")
    of, hits = (np.concatenate([np.zeros(1, np.int64), np.cumsum(each)]) for each in (records, matched))
    total, part = of[behind] - of[begin], hits[behind] - hits[begin]
    share = part / np.maximum(total, 1)
    found = np.flatnonzero((total >= threshold) & (share >= ratio))
    if not len(found):
        return None
    at, best = int(found[0]), int(found[np.argmax(share[found])])
    last = np.maximum.accumulate(np.where(matched > 0, np.arange(len(slots)), 0))
    return Reached(int(last[behind[at] - 1]), int(ends[at]) - slices + 1, int(total[best]), float(share[best]))
