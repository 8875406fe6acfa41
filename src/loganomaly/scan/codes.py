"""The numbers of slots that take few, all whole (an error or exit code, a port), and how often each occurs. Compiled.

Which slots those are depends on no order: one that takes more numbers than the limit in a part of a log takes more in
the whole.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import njit
from loganomaly.profile import MOST_CODES
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.shapes import scatter

__all__ = ["Codes", "few_numbers"]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_LARGEST = 2.0**53
"""Up to here, whole numbers are exact."""


class Codes(NamedTuple):
    """Numbers of slots that take few, one row each, and which slots take more.

    Attributes
    ----------
    slots
        Row of each number's slot, in the summary of the slots.
    codes
        The number.
    counts
        Messages that have it.
    first_rows, last_rows
        The first and the last of them.
    first_times, last_times
        The smallest and the largest time of them, NO_TIME where none has one.
    many
        Of each slot: whether it takes more numbers than MOST_CODES, or any that is not whole.
    """

    slots: NDArray[np.int64]
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]
    first_rows: NDArray[np.int64]
    last_rows: NDArray[np.int64]
    first_times: NDArray[np.int64]
    last_times: NDArray[np.int64]
    many: NDArray[np.bool_]


@njit(nogil=True, cache=True)
def _count(first: Any, numbers: Any, ids: Any, base: Any, times: Any, most: Any) -> Any:
    """Return the columns of `Codes` but `many` as rows of a table, and `many`."""
    total = base[len(base) - 1]
    many, distinct = np.zeros(total, np.bool_), np.zeros(total, np.int64)
    size = 1 << 12
    table, found = np.full(size, -1, np.int64), np.empty((7, size), np.int64)
    count = 0
    for row in range(len(ids)):
        begin = base[ids[row]]
        time = times[row]
        for i in range(min(first[row + 1] - first[row], base[ids[row] + 1] - begin)):
            slot = begin + i
            number = numbers[first[row] + i]
            if many[slot] or np.isnan(number):
                continue
            if abs(number) > _LARGEST or number != np.floor(number):
                many[slot] = True
                continue
            code = np.int64(number)
            at = np.int64(scatter(np.uint64(code) ^ (np.uint64(slot + 1) * _MIX)) & np.uint64(size - 1))
            while table[at] >= 0 and (found[0, table[at]] != slot or found[1, table[at]] != code):
                at = (at + 1) & (size - 1)
            entry = table[at]
            if entry < 0:
                if distinct[slot] == most:
                    many[slot] = True
                    continue
                distinct[slot] += 1
                entry, table[at] = count, count
                found[0, entry], found[1, entry], found[2, entry] = slot, code, 0
                found[3, entry], found[5, entry], found[6, entry] = row, NO_TIME, NO_TIME
                count += 1
            found[2, entry] += 1
            found[4, entry] = row
            if time != NO_TIME:
                if found[5, entry] == NO_TIME or time < found[5, entry]:
                    found[5, entry] = time
                found[6, entry] = max(found[6, entry], time)
            if count * 2 > size:
                size *= 4
                table, wider = np.full(size, -1, np.int64), np.empty((7, size), np.int64)
                wider[:, :count] = found[:, :count]
                found = wider
                for known in range(count):
                    key = np.uint64(found[1, known]) ^ (np.uint64(found[0, known] + 1) * _MIX)
                    at = np.int64(scatter(key) & np.uint64(size - 1))
                    while table[at] >= 0:
                        at = (at + 1) & (size - 1)
                    table[at] = known
    return found[:, :count].copy(), many


def few_numbers(
    first: NDArray[np.int64],
    numbers: NDArray[np.float64],
    ids: NDArray[np.int32],
    base: NDArray[np.int64],
    times: NDArray[np.int64],
) -> Codes:
    """Return the numbers of the slots that take MOST_CODES at most, all of them whole.

    Parameters
    ----------
    first, numbers
        As `read_shapes` returns them.
    ids
        Shape of each message.
    base
        Row of each shape's first slot, as `summarise_slots` returns it.
    times
        Time of each message, or NO_TIME.
    """
    found, many = _count(first, numbers, ids, base, times, MOST_CODES)
    slots, codes, counts, begin, last, low, high = found[:, ~many[found[0]]]
    return Codes(slots, codes, counts, begin, last, low, high, many)
