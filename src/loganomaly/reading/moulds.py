"""Records that differ in digits alone are of one mould: what tells no digit from another is asked of one of them.

A search by a pattern costs some µs a record, to find its mould a hundredth of that; where each record has one of its
own, nothing is gained, and that is all that is lost.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.words import last_word, word_at

__all__ = ["Moulds", "are_alike", "mould_hash", "moulds_of", "moulds_of_records", "number_moulds"]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_ZEROS = np.uint64(0x3030303030303030)
_SEVEN_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_TEN_IS_TOO_MUCH = np.uint64(0x7676767676767676)
_HIGH_BITS = np.uint64(0x8080808080808080)
_NIBBLE = np.uint64(15)
_ONE = np.uint64(1)
_SHIFTS = (np.uint64(7), np.uint64(29))


class Moulds(NamedTuple):
    """The number of each record's mould, and the first record of each."""

    ids: NDArray[np.int32]
    first: NDArray[np.int64]

    def among(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the moulds of these records, in order."""
        return np.flatnonzero(np.bincount(self.ids[rows], minlength=len(self.first)))


@borrowing
def _folded(word: Any) -> Any:
    """Return eight bytes with each digit as 0."""
    values = word ^ _ZEROS
    others = (((values & _SEVEN_BITS) + _TEN_IS_TOO_MUCH) | values) & _HIGH_BITS
    return word & ~(((others ^ _HIGH_BITS) >> _SHIFTS[0]) * _NIBBLE)


@borrowing
def _differing(one: Any, other: Any) -> Any:
    """Return the bits in which eight bytes differ from eight others where not both are digits."""
    values, others = one ^ _ZEROS, other ^ _ZEROS
    no_digits = ((values & _SEVEN_BITS) + _TEN_IS_TOO_MUCH) | values
    no_digits |= ((others & _SEVEN_BITS) + _TEN_IS_TOO_MUCH) | others
    highest = no_digits & _HIGH_BITS
    return (one ^ other) & (highest | (highest - (highest >> _SHIFTS[0])))


@borrowing
def mould_hash(data: Any, start: Any, end: Any) -> Any:
    """Hash a text with each digit as 0; never 0."""
    value, at = np.uint64(end - start), start
    while at + 8 < end:
        value = (value ^ _folded(word_at(data, at))) * _MIX
        value ^= value >> _SHIFTS[1]
        at += 8
    # The last eight bytes, some of them twice: that costs less than to take some of eight.
    rest = word_at(data, end - 8) if at > start else last_word(data, at, end)
    value = (value ^ _folded(rest)) * _MIX
    return (value ^ (value >> _SHIFTS[1])) | _ONE


@borrowing
def are_alike(data: Any, one: Any, other: Any, length: Any) -> Any:
    """Whether two texts of one length are the same but for digits."""
    if length < 8:
        return _differing(last_word(data, one, one + length), last_word(data, other, other + length)) == 0
    last, found = length - 8, np.uint64(0)
    for at in range(0, last, 8):  # without a way out before the end, several words are compared at a time
        found |= _differing(word_at(data, one + at), word_at(data, other + at))
    return (found | _differing(word_at(data, one + last), word_at(data, other + last))) == 0


@njit(nogil=True, cache=True)
def number_moulds(data: Any, starts: Any, ends: Any) -> Any:
    """Return the fields of `Moulds`."""
    size = 1 << 12
    keys, numbers = np.zeros(size, np.uint64), np.empty(size, np.int32)
    ids, first = np.empty(len(starts), np.int32), np.empty(len(starts), np.int64)
    count, used = 0, 0
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        value = mould_hash(data, start, end)
        slot = np.int64(value >> np.uint64(20)) & (size - 1)
        while keys[slot] != 0 and keys[slot] != value:
            slot = (slot + 1) & (size - 1)
        if keys[slot] == value:
            other = first[numbers[slot]]
            # Texts whose hashes collide, by chance or by intent, stay alone: that costs no search for more.
            if ends[other] - starts[other] == end - start and are_alike(data, starts[other], start, end - start):
                ids[row] = numbers[slot]
                continue
        else:
            keys[slot], numbers[slot] = value, count
            used += 1
        ids[row], first[count] = count, row
        count += 1
        if used * 2 > size:
            size *= 4
            bigger, bigger_numbers = np.zeros(size, np.uint64), np.empty(size, np.int32)
            for old in range(len(keys)):
                if keys[old] != 0:
                    slot = np.int64(keys[old] >> np.uint64(20)) & (size - 1)
                    while bigger[slot] != 0:
                        slot = (slot + 1) & (size - 1)
                    bigger[slot], bigger_numbers[slot] = keys[old], numbers[old]
            keys, numbers = bigger, bigger_numbers
    return ids, first[:count].copy()


def moulds_of(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Moulds:
    """Return the moulds of the records data[starts[i]:ends[i]]."""
    return Moulds(*number_moulds(data, starts, ends))


def moulds_of_records(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    lines: NDArray[np.int64],
    heads: NDArray[np.int32],
) -> Moulds:
    """Return the moulds of the records data[starts[i]:ends[i]], given those of their first lines.

    Of many records, with so many lines each, only those of more than one line are read again.
    """
    ids, long = heads, np.flatnonzero(lines > 1)
    if len(long):
        ids = heads.copy()
        ids[long] = number_moulds(data, starts[long], ends[long])[0] + heads.max() + 1
    return Moulds(*_in_order(ids, int(ids.max(initial=-1)) + 1))


@njit(nogil=True, cache=True)
def _in_order(ids: Any, count: Any) -> Any:
    """Return numbers below `count` as numbers in the order in which they come, and where each comes first."""
    numbers, first, used = np.full(count, -1, np.int32), np.empty(count, np.int64), 0
    out = np.empty(len(ids), np.int32)
    for row in range(len(ids)):
        if numbers[ids[row]] < 0:
            numbers[ids[row]], first[used] = used, row
            used += 1
        out[row] = numbers[ids[row]]
    return out, first[:used].copy()
