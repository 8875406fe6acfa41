"""Records that differ in digits alone are of one mould: what tells no digit from another is asked of one of them.

A search by a pattern costs some µs a record, to find its mould a hundredth of that; where each record has one of its
own, nothing is gained, and that is all that is lost.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.breaks import breaks_in, count_byte, first_break
from loganomaly.reading.words import last_word, word_at

__all__ = ["Moulds", "are_alike", "mould_hash", "moulds_of", "moulds_of_records", "number_lines", "number_moulds"]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_LENGTH = np.uint64(0xD6E8FEB86659FD93)  # any odd number, so that lengths differ in all bits
_ZEROS = np.uint64(0x3030303030303030)
_SEVEN_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_TEN_IS_TOO_MUCH = np.uint64(0x7676767676767676)
_HIGH_BITS = np.uint64(0x8080808080808080)
_NIBBLE = np.uint64(15)
_ONE = np.uint64(1)
_SHIFTS = (np.uint64(7), np.uint64(29))
_TABLE = 1 << 12


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


@borrowing
def _numbered(
    data: Any, row: Any, value: Any, count: Any, starts: Any, ends: Any, ids: Any, first: Any, keys: Any, numbers: Any
) -> Any:
    """Give the text data[starts[row]:ends[row]] of this hash its number; return how many there are now."""
    slot = _slot_of(value, keys)
    if keys[slot] == value:
        other = first[numbers[slot]]
        length = ends[row] - starts[row]
        # Texts whose hashes collide, by chance or by intent, stay alone: that costs no search for more.
        if ends[other] - starts[other] == length and are_alike(data, starts[other], starts[row], length):
            ids[row] = numbers[slot]
            return count
    else:
        keys[slot], numbers[slot] = value, count
    ids[row], first[count] = count, row
    return count + 1


@borrowing
def _slot_of(value: Any, keys: Any) -> Any:
    """Return where a hash stands in a table of these, or where there is room for it."""
    slot = np.int64(value >> np.uint64(20)) & (len(keys) - 1)
    while keys[slot] != 0 and keys[slot] != value:
        slot = (slot + 1) & (len(keys) - 1)
    return slot


@njit(nogil=True, cache=True)
def _grown(keys: Any, numbers: Any) -> Any:
    """Return a larger table of the same hashes and their numbers."""
    bigger, bigger_numbers = np.zeros(len(keys) * 4, np.uint64), np.empty(len(keys) * 4, np.int32)
    for old in range(len(keys)):
        if keys[old] != 0:
            slot = _slot_of(keys[old], bigger)
            bigger[slot], bigger_numbers[slot] = keys[old], numbers[old]
    return bigger, bigger_numbers


@borrowing
def _number_texts(
    data: Any, row: Any, count: Any, starts: Any, ends: Any, ids: Any, first: Any, keys: Any, numbers: Any
) -> Any:
    """Give texts from `row` on their numbers while there is room; return which comes next, and how many there are."""
    while row < len(starts) and count * 2 <= len(keys):
        value = mould_hash(data, starts[row], ends[row])
        count = _numbered(data, row, value, count, starts, ends, ids, first, keys, numbers)
        row += 1
    return row, count


@njit(nogil=True, cache=True)
def number_moulds(data: Any, starts: Any, ends: Any) -> Any:
    """Return the fields of `Moulds`."""
    ids, first = np.empty(len(starts), np.int32), np.empty(len(starts), np.int64)
    keys, numbers = np.zeros(_TABLE, np.uint64), np.empty(_TABLE, np.int32)
    row, count = _number_texts(data, 0, 0, starts, ends, ids, first, keys, numbers)
    while row < len(starts):
        keys, numbers = _grown(keys, numbers)
        row, count = _number_texts(data, row, count, starts, ends, ids, first, keys, numbers)
    return ids, first[:count].copy()


@borrowing
def _number_lines(
    data: Any, line: Any, count: Any, starts: Any, ends: Any, ids: Any, first: Any, keys: Any, numbers: Any
) -> Any:
    """Find and number lines from `line` on while there is room; return as `_number_texts` does."""
    while line < len(ends) and count * 2 <= len(keys):
        start, breaks = starts[line], np.uint64(0)
        value, at = np.uint64(0), start
        while at + 8 <= len(data):
            word = word_at(data, at)
            breaks = breaks_in(word)
            if breaks != 0:
                break
            value = (value ^ _folded(word)) * _MIX
            value ^= value >> _SHIFTS[1]
            at += 8
        if breaks != 0:
            at += first_break(breaks)
        else:
            while at < len(data) and data[at] != 10:
                at += 1
        end = at - 1 if at > start and data[at - 1] == 13 else at
        starts[line + 1], ends[line] = at + 1, end
        rest = word_at(data, end - 8) if end - start >= 8 else last_word(data, start, end)
        value = (value ^ _folded(rest) ^ np.uint64(end - start) * _LENGTH) * _MIX
        value = (value ^ (value >> _SHIFTS[1])) | _ONE
        count = _numbered(data, line, value, count, starts, ends, ids, first, keys, numbers)
        line += 1
    return line, count


@njit(nogil=True, cache=True)
def number_lines(data: Any) -> Any:
    """Return first byte and byte after the content of each line of `data`, as `line_bounds` does, and their `Moulds`.

    In one walk over the bytes. Lines that end in CR LF may be of other moulds than those that end in LF.
    """
    lines = count_byte(data, 10)
    if len(data) > 0 and data[len(data) - 1] != 10:
        lines += 1
    starts, ends = np.empty(lines + 1, np.int64), np.empty(lines, np.int64)
    ids, first = np.empty(lines, np.int32), np.empty(lines, np.int64)
    keys, numbers = np.zeros(_TABLE, np.uint64), np.empty(_TABLE, np.int32)
    starts[0] = 0
    line, count = _number_lines(data, 0, 0, starts, ends, ids, first, keys, numbers)
    while line < lines:
        keys, numbers = _grown(keys, numbers)
        line, count = _number_lines(data, line, count, starts, ends, ids, first, keys, numbers)
    return starts[:lines], ends, ids, first[:count].copy()


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
