"""What the lines of one mould have in common, so that of all but the first only the digits are read. Compiled.

A stencil says of a program that such a line fits, but for its time, where component and message are, which level it
has, and where the numbers of its time, status and priority stand. The stencils of a mould are those of the programs in
their order, and one for what fits none. They are made only of lines that read the same whatever their digits are; where
these make no time, the next stencil counts.
"""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.bodies import LARGEST_BODY, keep_body, replay_body
from loganomaly.reading.characters import is_digit
from loganomaly.reading.clock import clear_time, finish_time, time_step
from loganomaly.reading.heads import say_head
from loganomaly.reading.matcher import clear_head, match, may_open
from loganomaly.reading.offsets import read_zone
from loganomaly.reading.program import NO_TIME, At, Tables
from loganomaly.reading.registers import (
    ANYTHING,
    APART,
    BODY,
    BY_DIGITS,
    LEVEL,
    MESSAGE_END,
    MESSAGE_START,
    MONTH,
    MOST_STEPS,
    NO_SUCH_TIME,
    OFFSET_AT,
    OFFSET_END,
    PARTS,
    SAID,
    STATUS,
    TRAIL,
)
from loganomaly.reading.severity import status_level, syslog_level
from loganomaly.reading.traces import is_blank_line

__all__ = ["UNKNOWN", "UNSEEN", "allocate_stencils", "has_room", "learn", "replay", "with_room_to_learn"]

UNKNOWN = -2
"""Stands for a program where no stencil tells."""
_PROGRAMS, _STARTS, _OPS = int(At.PROGRAMS), int(At.STARTS), int(At.OPS)
_STOPS, _POOL, _ROWS = int(At.STOPS), int(At.POOL), int(At.ROWS)

UNSEEN, _NEVER = -1, -2
"""In the place of the number of a mould's first stencil: none was made so far, or there can be none."""

# A stencil: what is fixed, with places counted from the first byte of the line, and what is read.
_PROGRAM, _LEVEL, _STATUS, _LEVEL_OF, _TIMED, _MONTH, _BODY = range(7)
_OFFSET, _OFFSET_END = 7, 8  # the zone that programs read that did not fit, which must be one again; or -1
_SPANS = 9  # component, message: where each begins and ends, or -1
_STEPS = 13  # how many; then for each the operation's place in the tables, its first byte, and the byte after
_MOST_STEPS = 16
_WIDTH = _STEPS + 1 + 3 * _MOST_STEPS
_ROOM = 64
# Where the level comes from.
_FIXED, _FROM_STATUS, _FROM_PRIORITY = 0, 1, 2


@borrowing
def _tells_digits(t: Tables) -> Any:
    """Whether a digit opens a line or ends a field, and another does not."""
    for program in range(t[_PROGRAMS]):
        for byte in range(49, 58):
            if may_open(byte, program, t) != may_open(48, program, t):
                return True
    for stops in range(t[_STOPS], t[_POOL], 256):
        for byte in range(49, 58):
            if t[stops + byte] != t[stops + 48]:
                return True
    return False


@njit(nogil=True, cache=True)
def allocate_stencils(moulds: Any, t: Tables) -> Any:
    """Return what is known of each mould, and of how many stencils; these, and bodies, none so far.

    The first of the numbers of bodies is where the next one goes.
    """
    known = np.full(moulds + 1, _NEVER if t[_ROWS] == 1 or _tells_digits(t) else UNSEEN)
    known[moulds] = 0
    bodies = np.empty(1 + LARGEST_BODY, np.int64)
    bodies[0] = 1
    return known, np.empty((_ROOM, _WIDTH), np.int64), bodies


@borrowing
def learn(
    mould: Any, known: Any, stencils: Any, bodies: Any, data: Any, begin: Any, end: Any, t: Tables, out: Any
) -> None:
    """Make the stencils of a mould from one of its lines; there must be room for them."""
    known[mould] = _NEVER
    count = len(known) - 1
    first = made = known[count]
    out[OFFSET_AT] = -1
    if is_blank_line(data, begin, end):
        return
    for program in range(t[_PROGRAMS]):
        if not may_open(data[begin], program, t):
            continue
        out[BY_DIGITS] = 0
        _take_offset(stencils[made], begin, out)
        fits = match(data, begin, end, program, t, out)
        if out[BY_DIGITS] == ANYTHING:
            return
        if fits or out[BY_DIGITS] == NO_SUCH_TIME:
            if fits and out[BODY] >= 0:
                if not _take_body(stencils[made], bodies, program, t, out):
                    return
            else:
                say_head(data, program, begin, end, False, t, out)
                if not _take_steps(stencils[made], program, begin, t, out):
                    return
                _take_said(stencils[made], begin, out)
            made += 1
    say_head(data, -1, begin, end, False, t, out)
    stencil = stencils[made]
    stencil[_PROGRAM], stencil[_STATUS], stencil[_LEVEL_OF], stencil[_TIMED], stencil[_STEPS] = -1, 0, _FIXED, 0, 0
    stencil[_BODY] = -1
    _take_offset(stencil, begin, out)
    _take_said(stencil, begin, out)
    known[mould], known[count] = first, made + 1


@borrowing
def has_room(known: Any, stencils: Any, bodies: Any, t: Tables) -> Any:
    """Whether there is room for what `learn` makes of one more mould."""
    programs = t[_PROGRAMS]
    return known[len(known) - 1] + programs + 1 <= len(stencils) and bodies[0] + programs * LARGEST_BODY <= len(bodies)


@njit(nogil=True, cache=True)
def with_room_to_learn(known: Any, stencils: Any, bodies: Any, t: Tables) -> Any:
    """Return all stencils, and all bodies, with room for what `learn` makes of one more mould."""
    made, programs = known[len(known) - 1], t[_PROGRAMS]
    if made + programs + 1 > len(stencils):
        larger = np.empty((2 * (made + programs + 1), _WIDTH), np.int64)
        larger[:made] = stencils[:made]
        stencils = larger
    used = bodies[0]
    if used + programs * LARGEST_BODY > len(bodies):
        more = np.empty(2 * (used + programs * LARGEST_BODY), np.int64)
        more[:used] = bodies[:used]
        bodies = more
    return stencils, bodies


@borrowing
def _take_body(stencil: Any, bodies: Any, program: Any, t: Tables, out: Any) -> Any:
    """Keep the body that `match` has read; return whether it tells of others."""
    if out[APART] == 1:
        return False
    in_json = 1 if t[t[_OPS] + 4 * t[t[_STARTS] + program]] == 15 else 0
    after = keep_body(bodies, bodies[0], out[BODY], out[MESSAGE_END], in_json, out)
    if after < 0:
        return False
    stencil[_PROGRAM], stencil[_BODY], bodies[0] = program, bodies[0], after
    return True


@borrowing
def _take_offset(stencil: Any, begin: Any, out: Any) -> None:
    stencil[_OFFSET] = out[OFFSET_AT] - begin if out[OFFSET_AT] >= 0 else -1
    stencil[_OFFSET_END] = out[OFFSET_END] - begin


@borrowing
def _take_said(stencil: Any, begin: Any, out: Any) -> None:
    stencil[_LEVEL] = out[SAID + 1]
    for k in range(4):
        place = out[SAID + 3 + k]
        stencil[_SPANS + k] = place - begin if place >= 0 else -1


@borrowing
def _take_steps(stencil: Any, program: Any, begin: Any, t: Tables, out: Any) -> Any:
    """Write where the digits stand that `match` has read; return whether a stencil can tell."""
    first, stop = t[t[_STARTS] + program], t[t[_STARTS] + program + 1]
    if out[BODY] >= 0 or out[APART] == 1 or stop - first >= MOST_STEPS:
        return False
    steps, timed, month, level_of, words = 0, 0, -1, _FIXED, False
    for pc in range(first, stop):
        words |= t[t[_OPS] + 4 * pc] == 3
    pc = first
    while pc < stop:
        at = t[_OPS] + 4 * pc
        op, place = t[at], out[TRAIL + pc - first]
        if op == 4 and place < 0:
            pc = t[at + 1]
            continue
        if op == 3:
            level_of = _FIXED
        elif op == 18:
            level_of = _FROM_PRIORITY
        if (op == 5 and t[at + 3] > 0) or 6 <= op <= 10 or op == 17 or op == 18:
            after = out[TRAIL + pc + 1 - first]
            after = after if after >= 0 else -1 - after
            if op == 7:
                month = out[MONTH]
            # Names of months and days are no digits, and where a fraction or zone is absent, other digits make none.
            if op != 7 and op != 8 and (after > place or (op != 6 and op != 9)):
                if steps == _MOST_STEPS:
                    return False
                stencil[_STEPS + 1 + 3 * steps] = at
                stencil[_STEPS + 2 + 3 * steps] = place - begin
                stencil[_STEPS + 3 + 3 * steps] = after - begin
                steps += 1
            if op != 18 and not (op == 5 and t[at + 3] == 8):
                timed = 1
        pc += 1
    if level_of == _FROM_PRIORITY and words:
        return False  # a word that was read, and left again, may say more
    if out[LEVEL] == 0:
        level_of = _FROM_STATUS if out[STATUS] > 0 else _FIXED
    stencil[_PROGRAM], stencil[_STATUS] = program, out[STATUS]
    stencil[_LEVEL_OF], stencil[_TIMED], stencil[_MONTH], stencil[_STEPS] = level_of, timed, month, steps
    stencil[_BODY] = -1
    return True


@borrowing
def replay(number: Any, stencils: Any, bodies: Any, data: Any, begin: Any, end: Any, t: Tables, out: Any) -> Any:
    """Write to out[SAID:] what the line data[begin:end] says, by its mould's stencils, of which this is the first.

    Returns the program that it fits, -1 for none, or UNKNOWN where the line must be matched.
    """
    if number < 0:
        return UNKNOWN
    while True:
        place = stencils[number, _OFFSET]
        if place >= 0 and read_zone(data, begin + place, end, t, out) != begin + stencils[number, _OFFSET_END]:
            return UNKNOWN
        if stencils[number, _BODY] >= 0:
            program = stencils[number, _PROGRAM]
            clear_head(end, out)
            replay_body(bodies, stencils[number, _BODY], data, begin, t, out)
            out[BODY] = begin
            say_head(data, program, begin, end, False, t, out)
            return program
        told = _digits(number, stencils, data, begin, end, t, out)
        if told == ANYTHING:
            return UNKNOWN
        if told != NO_SUCH_TIME:
            break
        number += 1
    for k in range(4):
        place = stencils[number, _SPANS + k]
        out[SAID + 3 + k] = begin + place if place >= 0 else -1
    out[MESSAGE_START] = out[SAID + 5]
    out[APART], out[BODY] = 0, -1
    return stencils[number, _PROGRAM]


@borrowing
def _digits(number: Any, stencils: Any, data: Any, begin: Any, end: Any, t: Tables, out: Any) -> Any:
    """Read time, level and status to out[SAID:]; return 0, NO_SUCH_TIME, or ANYTHING where the digits do not fit."""
    if stencils[number, _TIMED] == 1:
        clear_time(out)
        out[MONTH] = stencils[number, _MONTH]
    status, level = stencils[number, _STATUS], stencils[number, _LEVEL]
    for k in range(_STEPS + 1, _STEPS + 1 + 3 * stencils[number, _STEPS], 3):
        at, i, after = stencils[number, k], begin + stencils[number, k + 1], begin + stencils[number, k + 2]
        op = t[at]
        if op == 5 or op == 18:
            value = np.int64(0)
            while i < after:
                if is_digit(data[i]):  # there may be a blank before
                    value = value * 10 + np.int64(data[i] - 48)
                i += 1
            if op == 18:
                if value > 191:
                    return ANYTHING
                if stencils[number, _LEVEL_OF] == _FROM_PRIORITY:
                    level = syslog_level(value & 7)
            elif t[at + 3] == 8:
                if value < 100 or value > 599:
                    return ANYTHING
                status = value
            else:
                out[PARTS + t[at + 3]] = value
        elif time_step(data, i, end, op, t[at + 1], t[at + 2], t[at + 3], out, t) != after:
            return ANYTHING
    time = NO_TIME
    if stencils[number, _TIMED] == 1:
        time = finish_time(out, t)
        if time == NO_TIME:
            return NO_SUCH_TIME
    if stencils[number, _LEVEL_OF] == _FROM_STATUS:
        level = status_level(status)
    out[SAID], out[SAID + 1], out[SAID + 2] = time, level, status
    return 0
