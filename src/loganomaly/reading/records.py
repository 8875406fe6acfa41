"""Splits bytes into lines, lines into records, and reads each record's head. Compiled; no Python per line.

A record is a line that fits one of the source's programs, and the lines up to the next such line: a stack trace
belongs to its record. In loose sources, where many lines fit no program, only lines that look like the rest of
something (indented, brackets, stack traces: see `traces`) go on with the record before them.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loganomaly.reading.matcher import match
from loganomaly.reading.program import NO_TIME, At, Level, Tables
from loganomaly.reading.registers import (
    COMPONENT_END,
    COMPONENT_START,
    LEVEL,
    MESSAGE_END,
    MESSAGE_START,
    OUT_SIZE,
    STATUS,
    TIME,
)
from loganomaly.reading.severity import level_word
from loganomaly.reading.traces import follows_trace, goes_on, is_blank_line, is_frame, may_go_on, opens_traceback

__all__ = [
    "LONGEST_RECORD",
    "UNMATCHED",
    "Records",
    "count_breaks",
    "last_record_start",
    "line_bounds",
    "read_heads",
    "read_records",
]

UNMATCHED = 255
"""Stands for "no program" in `Records.program`."""
_PROGRAMS, _LOOSE, _WHOLES, _GO_ON = int(At.PROGRAMS), int(At.LOOSE), int(At.WHOLES), int(At.GO_ON)
_WARNING = int(Level.WARNING)
LONGEST_RECORD = 1000
"""Lines of a record; what goes on beyond them begins a new one, so that no record grows without bound."""


class Records(NamedTuple):
    """The records of one chunk, one row each, in order."""

    line: NDArray[np.int64]  # first line, counted from 0 in the chunk
    lines: NDArray[np.int64]  # how many lines, blank ones included
    start: NDArray[np.int64]  # first byte
    end: NDArray[np.int64]  # byte after the last line's content
    program: NDArray[np.uint8]  # which program the first line fits, or UNMATCHED
    time: NDArray[np.int64]  # microseconds since the epoch, UTC, or NO_TIME
    level: NDArray[np.uint8]  # Level
    status: NDArray[np.int16]  # HTTP status, or 0
    component_start: NDArray[np.int64]  # -1 where there is none
    component_end: NDArray[np.int64]
    message_start: NDArray[np.int64]  # one line: of the first, unless the layout goes on over line breaks
    message_end: NDArray[np.int64]


@njit(nogil=True, cache=True)
def count_breaks(data: Any) -> Any:
    """Return how many line breaks `data` (uint8) has."""
    count = 0
    for i in range(len(data)):
        count += data[i] == 10
    return count


@njit(nogil=True, cache=True)
def line_bounds(data: Any) -> Any:
    """Return first byte and byte after the content of each line of `data`; CR LF and LF end lines."""
    # As large as can be needed; memory that is not written to is not taken.
    starts, ends = np.empty(len(data), np.int64), np.empty(len(data), np.int64)
    line, start = 0, 0
    for i in range(len(data)):
        if data[i] == 10:
            starts[line], ends[line] = start, i - (1 if i > start and data[i - 1] == 13 else 0)
            line += 1
            start = i + 1
    if start < len(data):
        starts[line] = start
        ends[line] = len(data) - (1 if data[-1] == 13 else 0)
        line += 1
    return starts[:line].copy(), ends[:line].copy()


@njit(nogil=True, cache=True)
def _fit(data: Any, start: Any, end: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Return the first program that the line fits, or -1."""
    for program in range(programs):
        if match(data, start, end, program, t, out):
            return program
    return -1


@njit(nogil=True, cache=True)
def _may_report_failure(data: Any, start: Any, end: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Whether a line is a head that says no severity, or WARNING or worse: the head of a trace, not of an idle log."""
    return _fit(data, start, end, programs, t, out) >= 0 and (out[LEVEL] == 0 or out[LEVEL] >= _WARNING)


@njit(nogil=True, cache=True)
def _goes_on_loosely(data: Any, starts: Any, ends: Any, line: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Whether a line that fits no program goes on with the record before it in a loose source."""
    start, end = starts[line], ends[line]
    if data[start] == 84 and line > 0 and opens_traceback(data, start, end):
        # Behind a head that reports no failure, it is what a crash printed.
        before, stop = starts[line - 1], ends[line - 1]
        return _fit(data, before, stop, programs, t, out) < 0 or out[LEVEL] == 0 or out[LEVEL] >= _WARNING
    if goes_on(data, start, end) or follows_trace(data, starts, ends, line):
        return True
    # The exception between a head and the frames.
    return (
        line > 0
        and line + 1 < len(starts)
        and is_frame(data, starts[line + 1], ends[line + 1])
        and _may_report_failure(data, starts[line - 1], ends[line - 1], programs, t, out)
    )


@njit(nogil=True, cache=True)
def _begins_record(data: Any, starts: Any, ends: Any, line: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Return (whether the line begins a record, its program or -1)."""
    if is_blank_line(data, starts[line], ends[line]):
        return False, -1
    program = _fit(data, starts[line], ends[line], programs, t, out)
    if program >= 0:
        return t[t[_GO_ON] + program] == 0, program
    if t[_LOOSE] == 0:
        return False, -1
    # Most lines are told by five bytes: looking closer costs half of what reading a line does.
    start = starts[line]
    second = data[start + 1] if start + 1 < ends[line] else np.uint8(10)
    before = data[starts[line - 1]] if line > 0 else np.uint8(10)
    behind = data[starts[line + 1]] if line + 1 < len(starts) and starts[line + 1] < len(data) else np.uint8(10)
    if not may_go_on(data[start], second, data[ends[line] - 1], before, behind):
        return True, -1
    return not _goes_on_loosely(data, starts, ends, line, programs, t, out), -1


@njit(nogil=True, cache=True)
def _waits_for_next(data: Any, starts: Any, ends: Any, line: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Whether only the line behind tells if a line, the last one at hand, is the exception of the record before it."""
    return (
        line > 0
        and t[_LOOSE] == 1
        and _fit(data, starts[line], ends[line], programs, t, out) < 0
        and _may_report_failure(data, starts[line - 1], ends[line - 1], programs, t, out)
    )


@njit(nogil=True, cache=True)
def last_record_start(data: Any, t: Tables) -> Any:
    """Return the offset of the last record in `data`, which must begin with a record and end with a line break.

    A chunk is cut there, so that no record is torn apart; 0 where the chunk is one record. Where the last line may
    belong to the record before it, it is that one.
    """
    programs = t[_PROGRAMS]
    out = np.empty(OUT_SIZE, np.int64)
    starts, ends = line_bounds(data)
    first = len(starts) - 1
    if _waits_for_next(data, starts, ends, first, programs, t, out):
        first -= 1
    while first > 0 and not _begins_record(data, starts, ends, first, programs, t, out)[0]:
        first -= 1
    # From there on as `read_records` does: a line that is not blank begins a record where none is, or one is full.
    begun = first < len(starts) and not is_blank_line(data, starts[first], ends[first])
    for line in range(first + 1, len(starts)):
        if (not begun or line - first >= LONGEST_RECORD) and not is_blank_line(data, starts[line], ends[line]):
            first, begun = line, True
    return starts[first] if begun else 0


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def _status_level(status: Any) -> Any:
    return 6 if status >= 500 else 5 if status >= 400 else 3


@njit(nogil=True, cache=True)
def _allocate(count: Any) -> Any:
    return (
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.uint8),
        np.empty(count, np.int64),
        np.empty(count, np.uint8),
        np.empty(count, np.int16),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
    )


@njit(nogil=True, cache=True)
def _write(columns: Any, row: Any, data: Any, program: Any, begin: Any, end: Any, t: Tables, out: Any) -> None:
    """Write what `out` says of the record whose first line is data[begin:end]."""
    if program < 0:
        out[TIME] = NO_TIME
        out[LEVEL] = out[STATUS] = 0
        out[COMPONENT_START] = out[COMPONENT_END] = -1
        out[MESSAGE_START], out[MESSAGE_END] = begin, end
    level, status = out[LEVEL], out[STATUS]
    if level == 0:
        level = _status_level(status) if status > 0 else _message_level(data, out[MESSAGE_START], end, t)
    start, stop = out[MESSAGE_START], out[MESSAGE_END]
    while start < stop and (data[start] == 32 or data[start] == 9):
        start += 1
    while stop > start and (data[stop - 1] == 32 or data[stop - 1] == 9):
        stop -= 1
    columns[4][row] = program if program >= 0 else UNMATCHED
    columns[5][row] = out[TIME]
    columns[6][row] = level
    columns[7][row] = status
    first, last = out[COMPONENT_START], out[COMPONENT_END]
    while first < last and data[last - 1] == 32:
        last -= 1
    columns[8][row], columns[9][row] = (first, last) if first < last else (-1, -1)
    columns[10][row], columns[11][row] = start, stop


@njit(nogil=True, cache=True)
def _write_whole(columns: Any, row: Any, data: Any, t: Tables, out: Any) -> None:
    """Write what the whole record says, where its layout goes on over line breaks."""
    program = columns[4][row]
    if program == UNMATCHED or t[t[_WHOLES] + program] < 0:
        return
    start, end = columns[2][row], columns[3][row]
    if match(data, start, end, t[t[_WHOLES] + program], t, out):
        stop = out[MESSAGE_START]
        while stop < out[MESSAGE_END] and data[stop] != 10 and data[stop] != 13:
            stop += 1
        out[MESSAGE_END] = stop
        _write(columns, row, data, program, start, stop, t, out)


@njit(nogil=True, cache=True)
def read_records(data: Any, t: Tables) -> Any:
    """Split `data` (uint8) into records.

    Returns
    -------
    columns : tuple of arrays
        Those of `Records`, in its order.
    lines : int
        Lines in `data`. Blank ones before the first record are in no record.
    """
    programs = t[_PROGRAMS]
    out, spare = np.empty(OUT_SIZE, np.int64), np.empty(OUT_SIZE, np.int64)
    starts, ends = line_bounds(data)
    columns = _allocate(len(starts))
    row = -1
    for line in range(len(starts)):
        begin, end = starts[line], ends[line]
        begins, program = _begins_record(data, starts, ends, line, programs, t, out)
        if not begins and (row < 0 or line - columns[0][row] >= LONGEST_RECORD):
            begins = not is_blank_line(data, begin, end)
        if begins:
            # A record of one line has said all already.
            if row >= 0 and columns[1][row] > 1:
                _write_whole(columns, row, data, t, spare)
            row += 1
            columns[0][row], columns[1][row] = line, 1
            columns[2][row], columns[3][row] = begin, end
            _write(columns, row, data, program, begin, end, t, out)
        elif row >= 0:
            columns[1][row] += 1
            if end > begin:
                columns[3][row] = end
    if row >= 0 and columns[1][row] > 1:
        _write_whole(columns, row, data, t, spare)
    return columns, row + 1, len(starts)


@njit(nogil=True, cache=True)
def read_heads(data: Any, bounds: Any, t: Tables) -> Any:
    """Read records whose bounds are known: record i is data[bounds[i]:bounds[i + 1]] (rows of a frame).

    Returns the columns of `Records`; every row is one record, whatever it holds, and one line.
    """
    programs = t[_PROGRAMS]
    out = np.empty(OUT_SIZE, np.int64)
    columns = _allocate(len(bounds) - 1)
    for row in range(len(bounds) - 1):
        begin, end = bounds[row], bounds[row + 1]
        first = begin
        while first < end and data[first] != 10:
            first += 1
        if first > begin and data[first - 1] == 13:
            first -= 1
        program = _fit(data, begin, first, programs, t, out)
        columns[0][row], columns[1][row] = row, 1
        columns[2][row], columns[3][row] = begin, end
        _write(columns, row, data, program, begin, first, t, out)
        if first < end:
            _write_whole(columns, row, data, t, out)
    return columns
