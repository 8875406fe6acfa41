"""Hashes of texts, and numbers for those that differ. Compiled."""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.words import last_word, word_at

__all__ = ["hash_spans", "intern", "scatter", "text_hash", "word_hash"]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_ONE = np.uint64(1)


@borrowing
def scatter(value: Any) -> Any:
    """Spread the bits of a hash (finaliser of MurmurHash3)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@borrowing
def text_hash(data: Any, start: Any, end: Any) -> Any:
    """Hash the bytes data[start:end], eight at a time; never 0."""
    value, at = np.uint64(end - start) * _MIX, start
    while at + 8 < end:
        value = (value ^ word_at(data, at)) * _MIX
        value ^= value >> _SHIFT
        at += 8
    value = scatter(value ^ last_word(data, at, end))
    return value if value != 0 else _ONE


@borrowing
def word_hash(word: Any, length: Any) -> Any:
    """Return the `text_hash` of a text of eight bytes at most, of which `last_word` makes this."""
    value = scatter(np.uint64(length) * _MIX ^ word)
    return value if value != 0 else _ONE


@njit(nogil=True, cache=True)
def hash_spans(data: Any, starts: Any, ends: Any) -> Any:
    """Hash the bytes data[starts[i]:ends[i]]; 0 where starts[i] is negative. Returns a uint64 array."""
    hashes = np.zeros(len(starts), np.uint64)
    for row in range(len(starts)):
        if starts[row] >= 0:
            hashes[row] = text_hash(data, starts[row], ends[row])
    return hashes


@njit(nogil=True, cache=True)
def intern(hashes: Any) -> Any:
    """Give the distinct hashes numbers, in the order of their first row.

    Returns
    -------
    ids : int32 array
        Number of each row's hash.
    distinct : uint64 array
        The hash of each number.
    first : int64 array
        Row where each number occurs first.
    """
    size = 1 << 12
    keys, numbers = np.zeros(size, np.uint64), np.empty(size, np.int32)
    ids = np.empty(len(hashes), np.int32)
    distinct, first = np.empty(len(hashes), np.uint64), np.empty(len(hashes), np.int64)
    count, zero = 0, -1
    for row in range(len(hashes)):
        value = hashes[row]
        if value == 0:  # stands for an empty place in the table, so it has no place there
            if zero < 0:
                zero = count
                distinct[count], first[count] = value, row
                count += 1
            ids[row] = zero
            continue
        slot = np.int64(value & np.uint64(size - 1))
        while keys[slot] != 0 and keys[slot] != value:
            slot = (slot + 1) & (size - 1)
        if keys[slot] == 0:
            keys[slot] = value
            numbers[slot] = count
            distinct[count], first[count] = value, row
            count += 1
            if count * 2 > size:
                size *= 4
                keys, numbers = np.zeros(size, np.uint64), np.empty(size, np.int32)
                for number in range(count):
                    if number == zero:
                        continue
                    place = np.int64(distinct[number] & np.uint64(size - 1))
                    while keys[place] != 0:
                        place = (place + 1) & (size - 1)
                    keys[place], numbers[place] = distinct[number], number
            ids[row] = count - 1
        else:
            ids[row] = numbers[slot]
    return ids, distinct[:count].copy(), first[:count].copy()
