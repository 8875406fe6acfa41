"""Reads rows of delimited text (RFC 4180, W3C extended, Zeek): gives cells to the roles of their columns. Compiled."""

# Numba knows no `in` on tuples, and compiled code takes its arguments by position.
from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_blank
from loganomaly.reading.clock import finish_time, run_time
from loganomaly.reading.hashes import FNV_OFFSET, upper_step
from loganomaly.reading.keyed import NO_RANK, add_field, clear_roles, take_role
from loganomaly.reading.program import NO_TIME, SECRET_COLUMN, At, Op, Option, Role, Tables
from loganomaly.reading.registers import APART, LEVEL, MESSAGE_END, MESSAGE_START, RANKS, TIME

__all__ = ["goes_on_over_lines", "read_row"]

# Plain numbers: compiled code knows no enumerations of integers.
_STARTS, _OPS, _POOL = int(At.STARTS), int(At.OPS), int(At.POOL)
_DELIMITED = int(Op.DELIMITED)
_COMMENTS, _NO_QUOTES, _EXACT = int(Option.COMMENTS), int(Option.NO_QUOTES), int(Option.EXACT)
_TIME_ROLE, _LEVEL_ROLE, _MESSAGE_ROLE = int(Role.TIME), int(Role.LEVEL), int(Role.MESSAGE)
_SECRET = SECRET_COLUMN
_ENOUGH = 3  # columns that a row has at least if it is told by their number, though its time cannot be read


@borrowing
def goes_on_over_lines(program: Any, t: Tables) -> Any:
    """Return whether a program reads rows whose quoted fields may hold line breaks."""
    at = t[_OPS] + 4 * t[t[_STARTS] + program]
    return t[at] == _DELIMITED and t[at + 1] != 32 and t[at + 3] & _NO_QUOTES == 0


@borrowing
def _quoted(data: Any, i: Any, end: Any, delimiter: Any) -> Any:
    """Return where the content of the cell that begins with a quote at i ends, and the delimiter behind it.

    The first result is -1 where text follows the closing quote; both are where a cell is not closed.
    """
    j = i + 1
    while j < end:
        if data[j] == 34:
            if j + 1 >= end or data[j + 1] != 34:
                break
            j += 1
        j += 1
    if j >= end:
        return -1, -1
    after = j + 1
    while after < end and data[after] == 32 and delimiter != 32:
        after += 1
    closed = after >= end or data[after] == delimiter or (delimiter == 32 and data[after] == 9)
    return (j, after) if closed else (-1, after)


@borrowing
def _cell(data: Any, i: Any, end: Any, delimiter: Any, quotes: Any) -> Any:
    """Return where the content of the cell at i begins and ends, and its delimiter, or the end; -1 if it is none.

    Content has no blanks and quotes around it; a quote that is never closed in text that blanks delimit is a byte like
    any other. A line break stands in quoted cells only.
    """
    if delimiter != 32:
        while i < end and data[i] == 32:
            i += 1
    j = i
    if quotes and i < end and data[i] == 34:
        stop, after = _quoted(data, i, end, delimiter)
        if stop >= 0:
            return i + 1, stop, after
        if after >= 0:
            j = after
        elif delimiter != 32:
            for k in range(i, end):
                if data[k] == 10:
                    return -1, -1, -1
            return i + 1, end, end
    other = 9 if delimiter == 32 else delimiter
    while j < end and data[j] != delimiter and data[j] != other:
        if data[j] == 10:
            return -1, -1, -1
        j += 1
    stop = j
    while stop > i and data[stop - 1] == 32:
        stop -= 1
    return i, stop, j


@borrowing
def _take_cell(data: Any, begin: Any, start: Any, stop: Any, column: Any, last: Any, t: Tables, out: Any) -> None:
    """Give the cell that begins at `begin` and holds data[start:stop] to the role of its column.

    Its operation stands at t[column], that of the last column at t[last].
    """
    role, rank = t[column + 1], t[column + 2]
    if role == _MESSAGE_ROLE:
        if rank == out[RANKS + role]:  # goes on with the message of the column before
            out[MESSAGE_END] = stop
            return
        if rank < out[RANKS + role] and column < last and t[column + 5] == role and t[column + 6] == rank:
            out[RANKS + role] = rank
            out[MESSAGE_START], out[MESSAGE_END] = begin, stop
            return
    if start >= stop or (stop - start == 1 and data[start] == 45):  # - stands for nothing
        return
    take_role(data, start, stop, role, rank, t, out)
    if role == _LEVEL_ROLE and out[RANKS + role] == NO_RANK:
        word = stop  # "Audit Failure"
        while word > start and not is_blank(data[word - 1]):
            word -= 1
        if word > start:
            take_role(data, word, stop, role, rank, t, out)


@borrowing
def _names_columns(data: Any, i: Any, end: Any, delimiter: Any, quotes: Any, name: Any) -> Any:
    """Return whether a row holds the names of the columns, which have the hash `name`."""
    value = FNV_OFFSET
    while i < end:
        start, stop, after = _cell(data, i, end, delimiter, quotes)
        if start < stop:
            value = upper_step(value, np.uint8(10))
        for k in range(start, stop):
            value = upper_step(value, data[k])
        i = after + 1
    return np.int64(value) == name


@borrowing
def read_row(data: Any, begin: Any, end: Any, pc: Any, t: Tables, out: Any) -> Any:
    """Read data[begin:end] as a row of the table whose operations begin at pc; True if it is one.

    A message that no column holds is the row, or the widest part of it beside what is secret.

    A row has a time that can be read, or as many cells as there are columns; where no column holds a time, a message
    in the last column may hold delimiters. A header, or a comment where there may be some, is read and set APART.
    """
    at = t[_OPS] + 4 * pc
    delimiter, count, options = t[at + 1], t[at + 2], t[at + 3]
    bytes_of_names, name, times = t[at + 5], t[at + 6], t[at + 7]
    quotes = options & _NO_QUOTES == 0
    if options & _COMMENTS and begin < end and data[begin] == 35:
        out[APART] = 1
        return True
    clear_roles(out)
    i = begin
    while delimiter == 32 and i < end and is_blank(data[i]):
        i += 1
    column, last = at + 8, at + 4 + 4 * count
    cells, content, parsed, silent = 0, 0, 0, 0
    free, widest, widest_end = begin, begin, begin  # without secrets: where this part begins, and the widest before it
    while True:
        start, stop, after = _cell(data, i, end, delimiter, quotes)
        if after < 0:
            return False
        content += stop - start
        if cells < count:
            if t[column + 1] == _TIME_ROLE:
                if stop <= start:
                    silent += 1
                elif run_time(data, start, stop, pc + t[column + 2], pc + t[column + 3], out, t) == stop:
                    parsed += 1
            else:
                if t[column + 1] == _SECRET:
                    if i - 1 - free > widest_end - widest:
                        widest, widest_end = free, i - 1
                    free = min(after + 1, end)
                elif t[column + 1] > 0:
                    _take_cell(data, i, start, stop, column, last, t, out)
                called = t[_POOL] + t[column + 3]
                if start < stop and t[called] > 0 and not (stop - start == 1 and data[start] == 45):
                    add_field(called, start, stop, out)
            column += 4
        cells += 1
        if after >= end:
            break
        i = after + 1
        if delimiter == 32:
            while i < end and is_blank(data[i]):
                i += 1
            if i >= end:
                break
    out[LEVEL] = max(out[LEVEL], 0)  # a number whose scale is not known
    if times > 0 and parsed == times:
        out[TIME] = finish_time(out, t)
    timed = out[TIME] != NO_TIME
    if not timed and content == bytes_of_names and _names_columns(data, begin, end, delimiter, quotes, name):
        out[APART] = 1
        return True
    told = out[RANKS + _MESSAGE_ROLE] != NO_RANK
    spills = cells > count and told and t[last + 1] == _MESSAGE_ROLE and out[RANKS + _MESSAGE_ROLE] == t[last + 2]
    if spills:  # delimiters in a last column that is not quoted belong to it
        out[MESSAGE_END] = end
    if not told:
        is_last = end - free > widest_end - widest
        out[MESSAGE_START], out[MESSAGE_END] = (free, end) if is_last else (widest, widest_end)
    if options & _EXACT and cells != count:
        return False
    if timed:
        return True
    if times > 0:
        return cells == count and (count >= _ENOUGH or silent == times)
    return cells == count or spills
