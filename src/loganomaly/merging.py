"""Makes one row of those with equal keys: which rows these are, what they add up to, in which order. Compiled.

Keys are unsigned integers of 64 bits whose order is that of the values: of a table with k of them, an array (rows, k).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit

__all__ = ["add", "begins_of", "first_of", "highest", "lowest", "number_in_order", "number_rows"]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_ONE = np.uint64(1)
_DIGIT_BITS = 11
_DIGITS = 1 << _DIGIT_BITS
_PASSES = -(-64 // _DIGIT_BITS)


@borrowing
def _hash(keys: Any, row: Any, width: Any) -> Any:
    """Return a hash of the keys of a row; never 0."""
    value = np.uint64(width)
    for k in range(width):
        value = (value ^ keys[row, k]) * _MIX
        value ^= value >> _SHIFT
    return value | _ONE


@njit(nogil=True, cache=True)
def number_rows(keys: Any) -> Any:
    """Return the number of each row, the same for the same keys, and the row where each number occurs first."""
    rows, width = keys.shape
    size = 1 << 12
    hashes, numbers = np.zeros(size, np.uint64), np.empty(size, np.int64)
    ids, first = np.empty(rows, np.int64), np.empty(rows, np.int64)
    count = 0
    for row in range(rows):
        value = _hash(keys, row, width)
        at = np.int64(value >> _ONE) & (size - 1)
        while hashes[at] != 0:
            if hashes[at] == value:
                other, same = first[numbers[at]], True
                for k in range(width):
                    same &= keys[row, k] == keys[other, k]
                if same:
                    break
            at = (at + 1) & (size - 1)
        if hashes[at] != 0:
            ids[row] = numbers[at]
            continue
        hashes[at], numbers[at] = value, count
        ids[row], first[count] = count, row
        count += 1
        if count * 2 > size:
            size *= 4
            hashes, numbers = np.zeros(size, np.uint64), np.empty(size, np.int64)
            for number in range(count):
                value = _hash(keys, first[number], width)
                at = np.int64(value >> _ONE) & (size - 1)
                while hashes[at] != 0:
                    at = (at + 1) & (size - 1)
                hashes[at], numbers[at] = value, number
    return ids, first[:count].copy()


def number_in_order(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each row, in the order of the keys, and the row where each number occurs first.

    Rows that are in that order already, from the first one on, are not sorted again: most of a table that grows are.
    """
    known = int(_ascending(keys))
    ids, first = number_rows(keys[known:])
    numbers, firsts = _merge_numbers(keys, known, ids, first, _order_rows(keys[known:][first]))
    return numbers, firsts


@borrowing
def _compare(keys: Any, one: Any, other: Any) -> Any:
    """Return -1, 0 or 1: whether the keys of one row come before those of another, are the same, or come behind."""
    for k in range(keys.shape[1]):
        if keys[one, k] != keys[other, k]:
            return -1 if keys[one, k] < keys[other, k] else 1
    return 0


@borrowing
def _ascending(keys: Any) -> Any:
    """Return how many rows, from the first one on, are in the order of their keys, none of them twice."""
    for row in range(1, len(keys)):
        if _compare(keys, row - 1, row) >= 0:
            return row
    return len(keys)


@njit(nogil=True, cache=True)
def _merge_numbers(keys: Any, known: Any, ids: Any, first: Any, order: Any) -> Any:
    """Merge the first `known` rows, which are in order, with those behind them, of which the others tell."""
    numbers, firsts = np.empty(len(keys), np.int64), np.empty(known + len(order), np.int64)
    number_of = np.empty(len(order), np.int64)
    one = other = count = 0
    while one < known or other < len(order):
        which = -1 if other == len(order) else 1
        if one < known and other < len(order):
            which = _compare(keys, one, known + first[order[other]])
        firsts[count] = one if which <= 0 else known + first[order[other]]
        if which >= 0:
            number_of[order[other]] = count
            other += 1
        if which <= 0:
            numbers[one] = count
            one += 1
        count += 1
    for row in range(known, len(keys)):
        numbers[row] = number_of[ids[row - known]]
    return numbers, firsts[:count].copy()


@njit(nogil=True, cache=True)
def _order_rows(keys: Any) -> Any:
    """Return the rows in the order of their keys, the first key first; equal ones stay as they are (a radix sort)."""
    rows, width = keys.shape
    order, other_order = np.arange(rows), np.empty(rows, np.int64)
    values, other_values = np.empty(rows, np.uint64), np.empty(rows, np.uint64)
    sizes = np.empty((_PASSES, _DIGITS), np.int64)
    for key in range(width):
        sizes[:] = 0
        for row in range(rows):
            value = keys[order[row], width - 1 - key]
            values[row] = value
            for turn in range(_PASSES):
                sizes[turn, np.int64(value >> np.uint64(turn * _DIGIT_BITS)) & (_DIGITS - 1)] += 1
        for turn in range(_PASSES):
            shift = np.uint64(turn * _DIGIT_BITS)
            if rows == 0 or sizes[turn, np.int64(values[0] >> shift) & (_DIGITS - 1)] == rows:
                continue  # the digit is the same in all rows
            begin = 0
            for digit in range(_DIGITS):
                size = sizes[turn, digit]
                sizes[turn, digit] = begin
                begin += size
            for row in range(rows):
                place = np.int64(values[row] >> shift) & (_DIGITS - 1)
                at = sizes[turn, place]
                sizes[turn, place] = at + 1
                other_values[at], other_order[at] = values[row], order[row]
            values, other_values = other_values, values
            order, other_order = other_order, order
    return order


@njit(nogil=True, cache=True)
def add(values: Any, ids: Any, count: Any) -> Any:
    """Return the sum of the values of each number below `count`."""
    totals = np.zeros(count, values.dtype)
    for row in range(len(ids)):
        totals[ids[row]] += values[row]
    return totals


@njit(nogil=True, cache=True)
def lowest(values: Any, ids: Any, first: Any) -> Any:
    """Return the smallest value of each number, given the row where it occurs first."""
    found = values[first]
    for row in range(len(ids)):
        found[ids[row]] = min(found[ids[row]], values[row])
    return found


@njit(nogil=True, cache=True)
def highest(values: Any, ids: Any, first: Any) -> Any:
    """Return the largest value of each number, given the row where it occurs first."""
    found = values[first]
    for row in range(len(ids)):
        found[ids[row]] = max(found[ids[row]], values[row])
    return found


@njit(nogil=True, cache=True)
def first_of(keys: Any, ids: Any, first: Any) -> Any:
    """Return of each number the row with the smallest keys, the first key first; of equal ones the first row."""
    found = first.copy()
    for row in range(len(ids)):
        best = found[ids[row]]
        for k in range(keys.shape[1]):
            if keys[row, k] != keys[best, k]:
                if keys[row, k] < keys[best, k]:
                    found[ids[row]] = row
                break
    return found


def begins_of(keys: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Return where rows with other keys begin, of rows that are sorted by them, and how many rows there are.

    Examples
    --------
    >>> begins_of([np.array([1, 1, 2, 2]), np.array([5, 5, 5, 6])]).tolist()
    [0, 2, 3, 4]
    """
    changes = np.ones(len(keys[0]) + 1, np.bool_)
    if len(keys[0]):
        changes[1:-1] = np.any([column[1:] != column[:-1] for column in keys], axis=0)
        return np.flatnonzero(changes)
    return np.zeros(1, np.int64)
