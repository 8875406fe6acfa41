"""The values of parameters: per slot, those with the smallest hashes, how often each occurs, and when. Compiled.

Whatever the order and the parts in which lines are read, the values with the smallest hashes are the same and all of
their records are counted: up to the limit a slot's values are known exactly, beyond it they are a sample of them that
tells how many there are (bottom-k sketch; Beyer et al., SIGMOD 2007).
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.mining.tokens import LONGEST_MESSAGE, token_end
from loganomaly.scan.counting import count_record

__all__ = ["ENTRY", "FIRST_ROW", "LONGEST_VALUE", "VALUE_COLUMNS", "keep_smallest", "table_size", "token_texts"]

LONGEST_VALUE = 120
"""Bytes of a value that are kept."""
FIRST_ROW, ENTRY = 3, 7
VALUE_COLUMNS = 8
"""Slot, bits of the hash, how many records have it, the first and the last of them, their smallest and largest time;
and its first occurrence, which is for the caller to say."""
_FIRST_BITS = 10
_REST = np.uint64(64 - _FIRST_BITS)


@borrowing
def table_size(count: Any) -> Any:
    """Return how many places a table for so many values needs: a power of two."""
    size = 16
    while size < 2 * count:
        size *= 2
    return size


@njit(nogil=True, cache=True)
def _smallest(hashes: Any, most: Any) -> Any:
    """Return the largest of the `most` smallest hashes. Only those whose first bits are those of it are sorted."""
    sizes = np.zeros(1 << _FIRST_BITS, np.int64)
    for value in hashes:
        sizes[np.int64(value >> _REST)] += 1
    first, below = 0, 0
    while below + sizes[first] < most:
        below += sizes[first]
        first += 1
    among, count = np.empty(sizes[first], np.uint64), 0
    for value in hashes:
        if np.int64(value >> _REST) == first:
            among[count] = value
            count += 1
    return np.sort(among)[most - below - 1]


@njit(nogil=True, cache=True)
def keep_smallest(
    slot: Any,
    values: Any,
    rows: Any,
    places: Any,
    count: Any,
    times: Any,
    most: Any,
    table: Any,
    found: Any,
    used: Any,
) -> Any:
    """Write the `most` values of a slot with the smallest hashes to rows of `found`.

    Parameters
    ----------
    slot
        What is written to their first column.
    values, rows, places, count
        The slot's hashes are values[places[:count]], of the records rows[places[:count]], in order.
    times
        Time of each record, or NO_TIME.
    table
        table_size(count) places for use in here.
    found : (at least used + count, VALUE_COLUMNS)
        What is known of `used` values so far.

    Returns
    -------
    int
        How many are known now.
    """
    size = table_size(count)
    table[:size] = -1
    end = used
    for k in range(count):
        value = np.int64(values[places[k]])
        at = np.int64(values[places[k]] & np.uint64(size - 1))
        while table[at] >= 0 and found[table[at], 1] != value:
            at = (at + 1) & (size - 1)
        entry = table[at]
        if entry < 0:
            entry, table[at] = end, end
            found[entry, 0], found[entry, 1], found[entry, 2] = slot, value, 0
            end += 1
        row = rows[places[k]]
        count_record(found, entry, row, times[row])
    if end - used <= most:
        return end
    hashes = found[used:end, 1].copy().view(np.uint64)
    limit = _smallest(hashes, most)
    kept = used
    for k in range(used, end):
        if hashes[k - used] <= limit:
            for column in range(VALUE_COLUMNS):
                found[kept, column] = found[k, column]
            kept += 1
    return kept


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
