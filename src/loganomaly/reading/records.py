"""Splits bytes into lines, lines into records, and reads each record's head. Compiled; no Python per line.

A record is a line that fits one of the source's programs, and the lines up to the next such line: a stack trace
belongs to its record. In loose sources, where many lines fit no program, only lines that look like the rest of
something (indented, brackets, stack traces: see `traces`) go on with the record before them. A row of delimited text
goes on to the line in which its last quoted field is closed; headers and comments of tables are part of no record.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.breaks import line_bounds
from loganomaly.reading.fields import (
    allocate_fields,
    cut_fields,
    field_kinds,
    has_room_for_fields,
    keep_fields,
    with_room_for_fields,
)
from loganomaly.reading.heads import say_head
from loganomaly.reading.matcher import match, may_open
from loganomaly.reading.moulds import number_lines
from loganomaly.reading.program import At, Level, Tables
from loganomaly.reading.registers import (
    APART,
    LEVEL,
    MESSAGE_END,
    MESSAGE_START,
    OUT_SIZE,
    SAID,
)
from loganomaly.reading.rows import LONGEST_ROW, is_odd, long_row, row_heads
from loganomaly.reading.stencils import (
    UNKNOWN,
    UNSEEN,
    allocate_stencils,
    has_room,
    learn,
    replay,
    with_room_to_learn,
)
from loganomaly.reading.traces import (
    LOOK_BACK,
    follows_trace,
    goes_on,
    goes_on_surely,
    is_blank_line,
    is_frame,
    is_own_frame,
    may_go_on,
    opens_traceback,
)

__all__ = [
    "LONGEST_RECORD",
    "UNMATCHED",
    "Records",
    "first_sure_start",
    "last_record_start",
    "read_all",
    "read_all_heads",
    "read_heads",
    "read_records",
]

UNMATCHED = 255
"""Stands for "no program" in `Records.program`."""
_PROGRAMS, _LOOSE, _ROWS = int(At.PROGRAMS), int(At.LOOSE), int(At.ROWS)
_WHOLES, _GO_ON = int(At.WHOLES), int(At.GO_ON)
_WARNING = int(Level.WARNING)
# What a line does: it goes on with the record before it, begins one, or is part of none.
_GOES_ON, _BEGINS, _APART = 0, 1, 2
_ROW, _LINE, _OPENED = range(3)  # how far lines are read: the last record, the next line, whether one may go on
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
    message_start: NDArray[np.int64]  # one line: of the first, unless the layout goes on over line breaks, or quotes do
    message_end: NDArray[np.int64]


@borrowing
def _fit(data: Any, start: Any, end: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Return the first program that the line fits, or -1."""
    for program in range(programs):
        if (start == end or may_open(data[start], program, t)) and match(data, start, end, program, t, out):
            return program
    return -1


@borrowing
def _may_report_failure(data: Any, start: Any, end: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Whether a line is a head that says no severity, or WARNING or worse: the head of a trace, not of an idle log."""
    return _fit(data, start, end, programs, t, out) >= 0 and (out[LEVEL] == 0 or out[LEVEL] >= _WARNING)


@borrowing
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


@borrowing
def _kind(data: Any, starts: Any, ends: Any, line: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Return what the line does, and its program or -1."""
    if is_blank_line(data, starts[line], ends[line]):
        return _GOES_ON, -1
    program = _fit(data, starts[line], ends[line], programs, t, out)
    return _kind_of(program, data, starts, ends, line, programs, t, out), program


@borrowing
def _kind_of(program: Any, data: Any, starts: Any, ends: Any, line: Any, programs: Any, t: Tables, out: Any) -> Any:
    """Return what a line does that is not blank and fits a program, or none (-1)."""
    if program >= 0:
        if out[APART] == 1:
            return _APART
        joins = t[t[_GO_ON] + program]
        if joins == 2 and not is_own_frame(data, starts, ends, line, out[MESSAGE_START]):
            joins = 0
        return _BEGINS if joins == 0 else _GOES_ON
    if t[_LOOSE] == 0:
        return _GOES_ON
    # Most lines are told by five bytes: looking closer costs half of what reading a line does.
    start = starts[line]
    if goes_on_surely(data[start]):
        return _GOES_ON
    second = data[start + 1] if start + 1 < ends[line] else np.uint8(10)
    before = data[starts[line - 1]] if line > 0 else np.uint8(10)
    behind = data[starts[line + 1]] if line + 1 < len(starts) and starts[line + 1] < len(data) else np.uint8(10)
    if not may_go_on(data[start], second, data[ends[line] - 1], before, behind):
        return _BEGINS
    return _GOES_ON if _goes_on_loosely(data, starts, ends, line, programs, t, out) else _BEGINS


@borrowing
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
    belong to the record before it, it is that one. A line that is part of no record is as good a place, and so is one
    that begins a row whose end has yet to be read.
    """
    programs = t[_PROGRAMS]
    out = np.zeros(OUT_SIZE, np.int64)
    starts, ends = line_bounds(data)
    inside = np.zeros(0, np.uint8)
    if t[_ROWS] == 1:
        inside, unfinished = row_heads(data, starts, ends, t, out)
        if unfinished >= 0:
            if _kind(data, starts, ends, unfinished, programs, t, out)[0] != _GOES_ON:
                return starts[unfinished]
            starts = starts[:unfinished]  # it may go on with the record before
    first, kind = len(starts) - 1, _GOES_ON
    if (
        first > 0
        and (len(inside) == 0 or inside[first] == 0)
        and _waits_for_next(data, starts, ends, first, programs, t, out)
    ):
        first -= 1
    while first >= 0:
        row = inside[first] if len(inside) else 0
        if row == 1:
            kind = _BEGINS
        elif row == 0:
            kind = _kind(data, starts, ends, first, programs, t, out)[0]
        if kind != _GOES_ON or first == 0:
            break
        first -= 1
    # From there on as `read_records` does: a line that is not blank begins a record where none is, or one is full.
    begun = kind == _BEGINS or (kind == _GOES_ON and first >= 0 and not is_blank_line(data, starts[0], ends[0]))
    found = begun or kind == _APART
    for line in range(first + 1, len(starts)):
        if len(inside) and inside[line] == 2:
            continue
        if (not begun or line - first >= LONGEST_RECORD) and not is_blank_line(data, starts[line], ends[line]):
            first, begun, found = line, True, True
    return starts[first] if found else 0


@njit(nogil=True, cache=True)
def first_sure_start(data: Any, begin: Any, whole: Any, t: Tables) -> Any:
    """Return the offset of the first line from `begin` on that begins a record whatever comes before `data`, or -1.

    `data` begins with a line, the first of its source if it is `whole`; its last line may be cut off. That no row goes
    over a line is known where none of the lines before it opens one, as far back as a row may be long.
    """
    programs, rows = t[_PROGRAMS], t[_ROWS] == 1
    out = np.zeros(OUT_SIZE, np.int64)
    starts, ends = line_bounds(data)
    quiet = LONGEST_ROW if whole else 0  # lines before without a quote that opens or closes
    for line in range(len(starts) - 2):
        odd = rows and is_odd(data, starts[line], ends[line])
        if (
            starts[line] >= begin
            and (whole or line >= LOOK_BACK)
            and not (rows and (odd or quiet < LONGEST_ROW))
            and not is_blank_line(data, starts[line], ends[line])
            and _kind(data, starts, ends, line, programs, t, out)[0] == _BEGINS
        ):
            return starts[line]
        quiet = 0 if odd else quiet + 1
    return -1


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


@borrowing
def _keep(
    row: Any,
    program: Any,
    out: Any,
    programs: Any,
    times: Any,
    levels: Any,
    statuses: Any,
    component_starts: Any,
    component_ends: Any,
    message_starts: Any,
    message_ends: Any,
) -> None:
    """Keep what out[SAID:] says of a record."""
    programs[row] = program if program >= 0 else UNMATCHED
    times[row], levels[row], statuses[row] = out[SAID], out[SAID + 1], out[SAID + 2]
    component_starts[row], component_ends[row] = out[SAID + 3], out[SAID + 4]
    message_starts[row], message_ends[row] = out[SAID + 5], out[SAID + 6]


@borrowing
def _read_wholes(
    rows: Any,
    data: Any,
    t: Tables,
    out: Any,
    lines_of: Any,
    start_of: Any,
    end_of: Any,
    program_of: Any,
    times: Any,
    levels: Any,
    statuses: Any,
    component_starts: Any,
    component_ends: Any,
    message_starts: Any,
    message_ends: Any,
) -> None:
    """Keep what whole records say of those of several lines whose layout goes on over line breaks."""
    for row in range(rows):
        program = program_of[row]
        # A record of one line has said all already.
        if (
            lines_of[row] > 1
            and program != UNMATCHED
            and t[t[_WHOLES] + program] >= 0
            and _say_whole(program, start_of[row], end_of[row], data, t, out)
        ):
            _keep(
                *(row, program, out, program_of, times, levels, statuses),
                *(component_starts, component_ends, message_starts, message_ends),
            )


@borrowing
def _say_whole(program: Any, start: Any, end: Any, data: Any, t: Tables, out: Any) -> Any:
    """Write to out[SAID:] what a whole record says; return whether it fits its layout."""
    if not match(data, start, end, t[t[_WHOLES] + program], t, out):
        return False
    stop = out[MESSAGE_START]
    while stop < out[MESSAGE_END] and data[stop] != 10 and data[stop] != 13:
        stop += 1
    out[MESSAGE_END] = stop
    say_head(data, program, start, stop, False, t, out)
    return True


def read_records(data: NDArray[np.uint8], t: Tables) -> tuple[tuple[NDArray[Any], ...], int, int]:
    """Split `data` (uint8) into records, as `read_all` does; return its columns, and how many rows and lines."""
    columns, rows, lines, _, _ = read_all(data, t)
    return columns, rows, lines


@njit(nogil=True, cache=True)
def read_all(data: Any, t: Tables) -> Any:
    """Split `data` (uint8) into records.

    Returns
    -------
    columns : tuple of arrays
        Those of `Records`, in its order.
    rows : int
        Records; what the columns hold beyond them is nothing.
    lines : int
        Lines in `data`. In no record are blank ones before the first record, and headers and comments of tables with
        the blank lines behind them.
    fields : tuple
        As of `Fields`.
    moulds : int32 array
        The number of each line's mould.
    """
    kinds = field_kinds(t)
    out = np.zeros(OUT_SIZE, np.int64)
    starts, ends, moulds, models = number_lines(data)
    uses = np.zeros(len(models), np.int64)
    for mould in moulds:
        uses[mould] += 1
    known, stencils, bodies = allocate_stencils(len(models), t)
    columns = _allocate(len(starts))
    firsts, kept = allocate_fields(len(starts), kinds)
    at = np.array([-1, 0, 0])
    # What grows, does so here: in a loop that binds arrays anew, or takes them from a tuple, their references are
    # counted for each line, which takes as long as reading it.
    while at[_LINE] < len(starts):
        stencils, bodies = with_room_to_learn(known, stencils, bodies, t)
        kept = with_room_for_fields(firsts, kept, at[_ROW] + 1)
        _read_lines(
            at, data, starts, ends, moulds, uses, known, stencils, bodies, firsts, kept, kinds, t, out, *columns
        )
    rows = at[_ROW] + 1
    _read_wholes(rows, data, t, out, *columns[1:])
    return columns, rows, len(starts), cut_fields(firsts, kept, rows), moulds


@borrowing
def _read_lines(
    at: Any,
    data: Any,
    starts: Any,
    ends: Any,
    moulds: Any,
    uses: Any,
    known: Any,
    stencils: Any,
    bodies: Any,
    firsts: Any,
    kept: Any,
    kinds: Any,
    t: Tables,
    out: Any,
    line_of: Any,
    lines_of: Any,
    start_of: Any,
    end_of: Any,
    program_of: Any,
    times: Any,
    levels: Any,
    statuses: Any,
    component_starts: Any,
    component_ends: Any,
    message_starts: Any,
    message_ends: Any,
) -> None:
    """Read lines from where `at` says on, to the end or as long as there is room; write there how far that was."""
    programs = t[_PROGRAMS]
    row, line, opened = at[_ROW], at[_LINE], at[_OPENED] == 1
    while line < len(starts) and has_room_for_fields(firsts, kept, row + 1):
        begin, last, program, is_said = starts[line], line, -1, False
        if t[_ROWS] == 1:
            last, program = long_row(data, starts, ends, line, t, out)
        if program >= 0:
            kind = _BEGINS
        else:
            last = line
            stop, mould = ends[line], moulds[line]
            if known[mould] == UNSEEN and uses[mould] > 1:
                if not has_room(known, stencils, bodies, t):
                    break
                learn(mould, known, stencils, bodies, data, begin, stop, t, out)
            program = replay(known[mould], stencils, bodies, data, begin, stop, t, out)
            is_said = program != UNKNOWN
            if is_said:
                kind = _kind_of(program, data, starts, ends, line, programs, t, out)
            else:
                kind, program = _kind(data, starts, ends, line, programs, t, out)
        end = ends[last]
        if kind == _GOES_ON and (not opened or line - line_of[row] >= LONGEST_RECORD):
            kind = _GOES_ON if is_blank_line(data, begin, end) else _BEGINS
        if kind == _BEGINS:
            row += 1
            opened = True
            line_of[row], lines_of[row] = line, last - line + 1
            start_of[row], end_of[row] = begin, end
            if not is_said:
                say_head(data, program, begin, end, last > line, t, out)
            _keep(
                *(row, program, out, program_of, times, levels, statuses),
                *(component_starts, component_ends, message_starts, message_ends),
            )
            if len(firsts) > 0:
                keep_fields(firsts, kept, row, program, kinds, t, out)
        elif kind == _APART:
            opened = False
        elif opened:
            lines_of[row] += 1
            if end > begin:
                end_of[row] = end
        line = last + 1
    at[_ROW], at[_LINE], at[_OPENED] = row, line, opened


@njit(nogil=True, cache=True)
def read_heads(data: Any, bounds: Any, t: Tables) -> Any:
    """Read records whose bounds are known; see `read_all_heads`."""
    return read_all_heads(data, bounds, t)[0]


@njit(nogil=True, cache=True)
def read_all_heads(data: Any, bounds: Any, t: Tables) -> Any:
    """Read records whose bounds are known: record i is data[bounds[i]:bounds[i + 1]] (rows of a frame).

    Returns the columns of `Records` and their `Fields`; every row is one record, whatever it holds, and one line.
    """
    programs = t[_PROGRAMS]
    kinds = field_kinds(t)
    firsts, kept = allocate_fields(len(bounds), kinds)
    out = np.zeros(OUT_SIZE, np.int64)
    columns = _allocate(len(bounds) - 1)
    for row in range(len(bounds) - 1):
        begin, end = bounds[row], bounds[row + 1]
        first = begin
        while first < end and data[first] != 10:
            first += 1
        if first > begin and data[first - 1] == 13:
            first -= 1
        if t[_ROWS] == 1 and first < end and is_odd(data, begin, first):
            first = end  # a quoted field goes on over lines
        program = _fit(data, begin, first, programs, t, out)
        if program >= 0 and out[APART] == 1:
            program = -1
        columns[0][row], columns[1][row] = row, 1
        columns[2][row], columns[3][row] = begin, end
        say_head(data, program, begin, first, first == end, t, out)
        _keep(row, program, out, *columns[4:])
        if len(firsts) > 0:
            kept = with_room_for_fields(firsts, kept, row)
            keep_fields(firsts, kept, row, program, kinds, t, out)
        is_whole = first < end and program >= 0 and t[t[_WHOLES] + program] >= 0
        if is_whole and _say_whole(program, begin, end, data, t, out):
            _keep(row, program, out, *columns[4:])
    return columns, cut_fields(firsts, kept, len(bounds) - 1)
