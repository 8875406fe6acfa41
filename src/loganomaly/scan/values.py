"""The values of parameters: per slot, those with the smallest hashes, how often each occurs, and when. Compiled.

Whatever the order and the parts in which lines are read, the values with the smallest hashes are the same and all of
their records are counted: up to the limit a slot's values are known exactly, beyond it they are a sample of them that
tells how many there are (bottom-k sketch; Beyer et al., SIGMOD 2007).
"""

from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.kernels import njit
from loganomaly.mining.tokens import LONGEST_MESSAGE, token_end
from loganomaly.profile import MOST_VALUES
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.shapes import intern

__all__ = ["LONGEST_VALUE", "SmallestValues", "smallest_values", "token_texts"]

LONGEST_VALUE = 120
"""Bytes of a value that are kept."""

_MIX = np.uint64(0x9E3779B97F4A7C15)


class SmallestValues(NamedTuple):
    """Values with the smallest hashes, one row each.

    Attributes
    ----------
    slots
        Row of each value's slot, in the summary of the slots.
    values
        Its hash.
    counts
        Messages that have it.
    first_rows, last_rows
        The first and the last of them.
    entries
        Number of the value in what was read, of the first of them.
    first_times, last_times
        The smallest and the largest time of them, NO_TIME where none has one.
    """

    slots: NDArray[np.int64]
    values: NDArray[np.uint64]
    counts: NDArray[np.int64]
    first_rows: NDArray[np.int64]
    entries: NDArray[np.int64]
    last_rows: NDArray[np.int64]
    first_times: NDArray[np.int64]
    last_times: NDArray[np.int64]


@njit(nogil=True, cache=True)
def _entries(first: Any, values: Any, numbers: Any, ids: Any, base: Any) -> Any:
    """Return, for each value that is no number, its slot, its row, its place, and one hash of slot and value."""
    slots, rows, places = (
        np.empty(len(values), np.int64),
        np.empty(len(values), np.int64),
        np.empty(len(values), np.int64),
    )
    keys = np.empty(len(values), np.uint64)
    count = 0
    for row in range(len(ids)):
        begin = base[ids[row]]
        for i in range(min(first[row + 1] - first[row], base[ids[row] + 1] - begin)):
            at = first[row] + i
            if np.isnan(numbers[at]):
                slots[count], rows[count], places[count] = begin + i, row, at
                keys[count] = values[at] ^ (np.uint64(begin + i + 1) * _MIX)
                count += 1
    return slots[:count], rows[:count], places[:count], keys[:count]


@njit(nogil=True, cache=True)
def _kept(slots: Any, values: Any, limit: Any, most: Any) -> Any:
    """Return which values are among the `most` smallest of their slot, and not above its limit, which is lowered."""
    count = len(limit)
    place = np.zeros(count + 1, np.int64)
    for slot in slots:
        place[slot + 1] += 1
    for slot in range(count):
        place[slot + 1] += place[slot]
    grouped, used = np.empty(len(values), np.uint64), place[:-1].copy()
    for i in range(len(slots)):
        grouped[used[slots[i]]] = values[i]
        used[slots[i]] += 1
    for slot in range(count):
        if place[slot + 1] - place[slot] > most:
            limit[slot] = min(limit[slot], np.partition(grouped[place[slot] : place[slot + 1]], most - 1)[most - 1])
    kept = np.empty(len(values), np.bool_)
    for i in range(len(slots)):
        kept[i] = values[i] <= limit[slots[i]]
    return kept


@njit(nogil=True, cache=True)
def _extents(distinct: Any, rows: Any, times: Any, count: Any) -> Any:
    """Return how often each value occurs, in which row last, and its smallest and largest time; 0 <= value < count."""
    counts, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
    low, high = np.full(count, NO_TIME), np.full(count, NO_TIME)
    for i in range(len(distinct)):
        value, time = distinct[i], times[rows[i]]
        counts[value] += 1
        last[value] = rows[i]
        if time != NO_TIME:
            if low[value] == NO_TIME or time < low[value]:
                low[value] = time
            high[value] = max(high[value], time)
    return counts, last, low, high


def smallest_values(
    first: NDArray[np.int64],
    values: NDArray[np.uint64],
    numbers: NDArray[np.float64],
    ids: NDArray[np.int32],
    base: NDArray[np.int64],
    times: NDArray[np.int64],
    bounds: NDArray[np.uint64],
) -> SmallestValues:
    """Return the values that are no numbers with the smallest hashes of each slot, MOST_VALUES at most.

    Parameters
    ----------
    first, values, numbers
        As `read_shapes` returns them.
    ids
        Shape of each message.
    base
        Row of each shape's first slot, as `summarise_slots` returns it.
    times
        Time of each message, or NO_TIME.
    bounds
        Of each slot the largest hash that is of use.
    """
    slots, rows, places, keys = _entries(first, values, numbers, ids, base)
    distinct, _, firsts = intern(keys)
    counts, last, low, high = _extents(distinct, rows, times, len(firsts))
    slots, rows, places = slots[firsts], rows[firsts], places[firsts]
    hashes = keys[firsts] ^ ((slots + 1).astype(np.uint64) * _MIX)
    kept = np.flatnonzero(_kept(slots, hashes, bounds.copy(), MOST_VALUES))
    return SmallestValues(*(column[kept] for column in (slots, hashes, counts, rows, places, last, low, high)))


@njit(nogil=True, cache=True)
def _copy_tokens(data: Any, starts: Any, begins: Any, ends: Any, most: Any) -> Any:
    """Return the tokens that begin at starts[i] of message data[begins[i]:ends[i]], a line break after each."""
    out = np.empty(len(starts) * (most + 1), np.uint8)
    used = 0
    for i in range(len(starts)):
        end = min(ends[i], begins[i] + LONGEST_MESSAGE)
        for k in range(starts[i], min(token_end(data, starts[i], begins[i], end)[0], starts[i] + most)):
            out[used] = data[k]
            used += 1
        out[used] = 10
        used += 1
    return out[:used]


def token_texts(
    data: NDArray[np.uint8], starts: NDArray[np.int64], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> pl.Series:
    """Return the tokens that begin at starts[i] of message data[begins[i]:ends[i]], with U+FFFD for no UTF-8."""
    if not len(starts):
        return pl.Series([], dtype=pl.String)
    text = _copy_tokens(data, starts, begins, ends, LONGEST_VALUE).tobytes().decode(errors="replace")
    return pl.Series([text[:-1]]).str.split("\n").explode(empty_as_null=False)
