"""Finds line breaks and counts bytes, many at a time. Compiled."""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing, njit

__all__ = ["behind_last_break", "breaks_in", "count_byte", "first_break", "line_bounds"]

# A byte of `word ^ _BREAKS` is 0 where the word has a line break; subtracting 1 borrows into its highest bit.
_BREAKS, _ONES, _HIGHEST = (np.uint64(int.from_bytes(bytes([byte] * 8))) for byte in (0x0A, 0x01, 0x80))
_ONE = np.uint64(1)
_PLACES = np.uint64(0x0001020304050607)  # shifted by n bytes, the highest is n


@borrowing
def count_byte(data: Any, byte: Any) -> Any:
    """Return how often a byte stands in `data` (uint8)."""
    count = 0
    for i in range(len(data)):
        count += data[i] == byte
    return count


@borrowing
def behind_last_break(data: Any) -> Any:
    """Return the place behind the last line break in `data` (uint8); 0 where there is none."""
    end = len(data)
    while end > 0 and data[end - 1] != 10:
        end -= 1
    return end


@borrowing
def breaks_in(word: Any) -> Any:
    """Return eight bytes, of which those up to the first line break tell where breaks are: 0 where there is none."""
    differs = word ^ _BREAKS
    return (differs - _ONES) & ~differs & _HIGHEST


@borrowing
def first_break(breaks: Any) -> Any:
    """Return where the first line break is that `breaks_in` tells of: 0 to 7."""
    first = (breaks & (~breaks + _ONE)) >> np.uint64(7)  # one bit, in the byte of the break
    return np.int64((first * _PLACES) >> np.uint64(56))


@borrowing
def _take_breaks(data: Any, first: Any, stop: Any, line: Any, starts: Any, ends: Any) -> Any:
    """Note the breaks in data[first:stop], which end lines from `line` on; return the line that comes next."""
    for i in range(first, stop):
        if data[i] == 10:
            start = starts[line]
            ends[line] = i - 1 if i > start and data[i - 1] == 13 else i
            line += 1
            starts[line] = i + 1
    return line


@njit(nogil=True, cache=True)
def line_bounds(data: Any) -> Any:
    """Return first byte and byte after the content of each line of `data`; CR LF and LF end lines."""
    most = count_byte(data, 10) + 1
    starts, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    line, starts[0] = 0, 0
    words = data[: len(data) // 8 * 8].view(np.uint64)
    for place in range(len(words)):
        if breaks_in(words[place]):
            line = _take_breaks(data, 8 * place, 8 * place + 8, line, starts, ends)
    line = _take_breaks(data, 8 * len(words), len(data), line, starts, ends)
    if starts[line] < len(data):
        ends[line] = len(data) - (1 if data[len(data) - 1] == 13 else 0)
        line += 1
    return starts[:line], ends[:line]
