"""What the head of a record says, once it is matched. Compiled."""

from typing import Any

from loganomaly.kernels import borrowing
from loganomaly.reading.program import NO_TIME, Tables
from loganomaly.reading.registers import (
    COMPONENT_END,
    COMPONENT_START,
    LEVEL,
    MESSAGE_END,
    MESSAGE_START,
    SAID,
    STATUS,
    TIME,
)
from loganomaly.reading.severity import level_word, status_level

__all__ = ["say_head"]


@borrowing
def _message_level(data: Any, start: Any, end: Any, t: Tables) -> Any:
    """Return the Level that a message says in front (`WARNING: ...`, `[error] ...`), or 0."""
    i = start
    while i < end and (data[i] == 91 or data[i] == 60 or data[i] == 32):
        i += 1
    word = i
    while i < end and i - word < 14 and 97 <= (data[i] | 32) <= 122:
        i += 1
    if i < end and i - word > 3 and (data[i] == 58 or data[i] == 93 or data[i] == 62):
        return level_word(data, word, i, t)
    return 0


@borrowing
def _first_line(data: Any, start: Any, end: Any) -> Any:
    """Return the bounds of the first line with text in it of a quoted field, which may have more."""
    while start < end and (data[start] == 10 or data[start] == 13 or data[start] == 32 or data[start] == 9):
        start += 1
    stop = start
    while stop < end and data[stop] != 10:
        stop += 1
    return start, (stop - 1 if stop > start and data[stop - 1] == 13 else stop)


@borrowing
def say_head(data: Any, program: Any, begin: Any, end: Any, over_lines: Any, t: Tables, out: Any) -> None:
    """Write to out[SAID:] what the head data[begin:end] of a record, matched or not (-1), says.

    Without `over_lines` that is a line; with, a row of delimited text, whose cells may go over lines.
    """
    if program < 0:
        out[TIME] = NO_TIME
        out[LEVEL] = out[STATUS] = 0
        out[COMPONENT_START] = out[COMPONENT_END] = -1
        out[MESSAGE_START], out[MESSAGE_END] = begin, end
    level, status = out[LEVEL], out[STATUS]
    if level == 0:
        level = status_level(status) if status > 0 else _message_level(data, out[MESSAGE_START], end, t)
    start, stop = out[MESSAGE_START], out[MESSAGE_END]
    first, last = out[COMPONENT_START], out[COMPONENT_END]
    if over_lines:
        start, stop = _first_line(data, start, stop)
        first, last = _first_line(data, first, last)
    while start < stop and (data[start] == 32 or data[start] == 9):
        start += 1
    while stop > start and (data[stop - 1] == 32 or data[stop - 1] == 9):
        stop -= 1
    while first < last and data[last - 1] == 32:
        last -= 1
    if first >= last:
        first = last = -1
    out[SAID], out[SAID + 1], out[SAID + 2] = out[TIME], level, status
    out[SAID + 3], out[SAID + 4], out[SAID + 5], out[SAID + 6] = first, last, start, stop
