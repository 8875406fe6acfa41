"""Counts numbered records by time. Compiled."""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.hashes import scatter

__all__ = ["begins_by_number", "count_pairs", "count_record", "ranges"]


@njit(nogil=True, cache=True)
def begins_by_number(numbers: Any, most: Any) -> Any:
    """Return where each number below `most` begins once they are sorted, and where the last one ends."""
    begins = np.zeros(most + 1, np.int64)
    for number in numbers:
        begins[number + 1] += 1
    for number in range(most):
        begins[number + 1] += begins[number]
    return begins


@borrowing
def _bump(keys: Any, counts: Any, used: Any, key: Any, by: Any) -> Any:
    """Add `by` to the count of `key` (> 0) in an open-addressing table that has room; return how many are used."""
    mask = len(keys) - 1
    slot = np.int64(scatter(np.uint64(key)) & np.uint64(mask))
    while keys[slot] != 0:
        if keys[slot] == key:
            counts[slot] += by
            return used
        slot = (slot + 1) & mask
    keys[slot], counts[slot] = key, by
    return used + 1


@njit(nogil=True, cache=True)
def _grown(keys: Any, counts: Any) -> Any:
    bigger, totals = np.zeros(len(keys) * 4, np.int64), np.zeros(len(keys) * 4, np.int64)
    used = 0
    for slot in range(len(keys)):
        if keys[slot] != 0:
            used = _bump(bigger, totals, used, keys[slot], counts[slot])
    return bigger, totals


@njit(nogil=True, cache=True)
def _entries(keys: Any, counts: Any, used: Any) -> Any:
    out_keys, out_counts = np.empty(used, np.int64), np.empty(used, np.int64)
    n = 0
    for slot in range(len(keys)):
        if keys[slot] != 0:
            out_keys[n], out_counts[n] = keys[slot] - 1, counts[slot]
            n += 1
    return out_keys, out_counts


@borrowing
def _count_rows(ids: Any, times: Any, width: Any, base: Any, keys: Any, counts: Any, row: Any, used: Any) -> Any:
    """Count rows from `row` on while there is room; return the row that comes next, and how many pairs there are."""
    while row < len(times) and used * 2 <= len(keys):
        if times[row] != NO_TIME and ids[row] >= 0:
            # 24 bits of id and 39 bits of bucket: at one second, all years of four digits.
            key = (np.int64(ids[row]) << 39) + (times[row] // width - base) + 1
            used = _bump(keys, counts, used, key, 1)
        row += 1
    return row, used


@njit(nogil=True, cache=True)
def count_pairs(ids: Any, times: Any, width: Any) -> Any:
    """Count the rows of each (id, bucket of `width` microseconds); rows without a time or with id < 0 are left out.

    Returns
    -------
    ids, buckets, counts : int64 arrays
        One entry per pair that occurs, in no order. A bucket is its number, not its start.
    """
    lowest = np.int64(0x7FFFFFFFFFFFFFFF)
    for row in range(len(times)):
        if times[row] != NO_TIME and times[row] < lowest:
            lowest = times[row]
    base = lowest // width
    keys, counts = np.zeros(1 << 12, np.int64), np.zeros(1 << 12, np.int64)
    row, used = _count_rows(ids, times, width, base, keys, counts, 0, 0)
    while row < len(times):
        keys, counts = _grown(keys, counts)
        row, used = _count_rows(ids, times, width, base, keys, counts, row, used)
    entries, totals = _entries(keys, counts, used)
    return entries >> 39, (entries & 0x7FFFFFFFFF) + base, totals


@njit(nogil=True, cache=True)
def ranges(ids: Any, times: Any, count: Any) -> Any:
    """Return the smallest and the largest time of each id, NO_TIME where there is none; 0 <= id < count."""
    low, high = np.full(count, NO_TIME), np.full(count, NO_TIME)
    for row in range(len(ids)):
        time = times[row]
        if time == NO_TIME:
            continue
        number = ids[row]
        if low[number] == NO_TIME or time < low[number]:
            low[number] = time
        high[number] = max(high[number], time)
    return low, high


@borrowing
def count_record(found: Any, entry: Any, row: Any, time: Any) -> None:
    """Count a record at found[entry, 2:7]: how many, the first and the last, the smallest and the largest time.

    Records come in order; where the count is 0, this one is the first.
    """
    if found[entry, 2] == 0:
        found[entry, 3], found[entry, 5], found[entry, 6] = row, NO_TIME, NO_TIME
    found[entry, 2] += 1
    found[entry, 4] = row
    if time != NO_TIME:
        if found[entry, 5] == NO_TIME or time < found[entry, 5]:
            found[entry, 5] = time
        found[entry, 6] = max(found[entry, 6], time)
