"""The line matcher: runs a program over the head of one line. Compiled by numba; no Python per line.

Results are written to `out`, an int64 array laid out as `registers` says.
"""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_blank, is_digit, is_letter, is_name, read_number
from loganomaly.reading.clock import clear_time, finish_time, time_step
from loganomaly.reading.delimited import read_row
from loganomaly.reading.keyed import read_json, read_logfmt
from loganomaly.reading.openings import OPENING_WORDS
from loganomaly.reading.program import NO_TIME, At, Tables
from loganomaly.reading.registers import (
    ANYTHING,
    APART,
    BODY,
    BY_DIGITS,
    CHOICE_AT,
    CHOICE_PC,
    CHOICE_START,
    CHOICES,
    COMPONENT_END,
    COMPONENT_START,
    EPOCH,
    LEVEL,
    MESSAGE_END,
    MESSAGE_START,
    MOST_STEPS,
    NO_SUCH_TIME,
    OFFSET_AT,
    OFFSET_END,
    PARTS,
    STATUS,
    TIME,
    TRAIL,
)
from loganomaly.reading.severity import cef_level, letter_level, level_word, sign_level, syslog_level, windows_level

__all__ = ["clear_head", "match", "may_open"]

# Plain numbers: compiled code knows no enumerations of integers.
_STARTS, _OPS, _STOPS, _POOL = int(At.STARTS), int(At.OPS), int(At.STOPS), int(At.POOL)
_OPENINGS = int(At.OPENINGS)
_LONGEST_FIELD = 1024  # bytes; a header field beyond it means that the layout does not fit
_PATIENCE = 64  # times that a match goes back to a choice; layouts with many fields would try for ever


@borrowing
def may_open(byte: Any, program: Any, t: Tables) -> Any:
    """Return whether a line that begins with the byte may fit the program, which reads whole lines."""
    return (t[t[_OPENINGS] + OPENING_WORDS * program + (byte >> 6)] >> (byte & 63)) & 1 == 1


@borrowing
def _field_end(data: Any, i: Any, end: Any, stops: Any, text: Any, t: Tables) -> Any:
    """Return where the field that goes on at i ends: at a stop byte or the end of the line; -1 if it does not."""
    start = i
    while i < end:
        byte = data[i]
        if t[stops + byte] == 1:
            return i
        if (text == 0 and is_blank(byte)) or (text == 2 and not is_name(byte)):
            return -1
        if i - start > _LONGEST_FIELD:
            return -1
        i += 1
    return i


@borrowing
def _reads_digits(t: Tables, first: Any, stop: Any) -> Any:
    """Whether an operation from first to stop reads numbers, times or priorities."""
    for pc in range(first, stop):
        op = t[t[_OPS] + 4 * pc]
        if op == 5 or op == 17 or op == 18 or 6 <= op <= 10:
            return True
    return False


@borrowing
def _note_offset(data: Any, start: Any, end: Any, out: Any) -> None:
    """Note where a zone stands if it has digits; of two places, only one can be told."""
    digits = False
    for k in range(start, end):
        digits |= is_digit(data[k])
    if not digits:
        return
    if out[OFFSET_AT] >= 0 and (out[OFFSET_AT] != start or out[OFFSET_END] != end):
        out[BY_DIGITS] = ANYTHING
    out[OFFSET_AT], out[OFFSET_END] = start, end


@borrowing
def clear_head(end: Any, out: Any) -> None:
    """Forget what the line before said; the next one ends at `end`."""
    out[TIME] = NO_TIME
    out[LEVEL] = 0
    out[COMPONENT_START] = out[COMPONENT_END] = out[MESSAGE_START] = -1
    out[BODY] = -1
    out[MESSAGE_END] = end
    out[STATUS] = out[APART] = 0


@borrowing
def match(data: Any, begin: Any, end: Any, program: Any, t: Tables, out: Any) -> Any:
    """Match data[begin:end], one line without its line break, against a program.

    Parameters
    ----------
    data : uint8 array
        The bytes of many lines.
    begin, end
        A row of delimited text may hold line breaks in between.
    out : int64 array of OUT_SIZE
        Receives time (microseconds, UTC, or NO_TIME), level, status, and the ends of component and message.

    Returns
    -------
    bool
        Whether the line fits; `out` is meaningless where it does not. Where out[APART] is set, it is part of no record.
    """
    clear_head(end, out)
    clear_time(out)
    timed = False
    # Choice points: operation, position to go on at, start of the field (-1: an optional group).
    choices, patience = 0, _PATIENCE
    ops, pool, stops = t[_OPS], t[_POOL], t[_STOPS]
    pc, stop, i = t[t[_STARTS] + program], t[t[_STARTS] + program + 1], np.int64(begin)
    trail = TRAIL - pc
    while pc < stop:
        if trail + pc < TRAIL + MOST_STEPS:
            out[trail + pc] = i
        at = ops + 4 * pc
        op, a, b, c = t[at], t[at + 1], t[at + 2], t[at + 3]
        after: Any = np.int64(-1)
        if op == 0:
            after = i + b
            if after > end:
                after = -1
            else:
                for k in range(b):
                    if is_digit(t[pool + a + k]) and is_digit(data[i + k]):
                        out[BY_DIGITS] = ANYTHING
                    if data[i + k] != t[pool + a + k]:
                        after = -1
                        break
        elif op == 1:
            if i < end and is_blank(data[i]):
                after = i + 1
                while after < end and is_blank(data[after]):
                    after += 1
            elif a == 1 and i + 1 < end and data[i] == 44 and is_blank(data[i + 1]):
                after = i + 2
                while after < end and is_blank(data[after]):
                    after += 1
        elif op == 2:
            after = _field_end(data, i, end, stops + 256 * b, c, t)
            if after == i:
                after = -1
            if after >= 0:
                if choices < CHOICES:
                    out[CHOICE_PC + choices], out[CHOICE_AT + choices], out[CHOICE_START + choices] = (
                        pc,
                        after,
                        i,
                    )
                    choices += 1
                if a == 1:
                    out[COMPONENT_START], out[COMPONENT_END] = i, after
        elif op == 3:
            if a == 0:
                after = i
                while after < end and is_letter(data[after]):
                    after += 1
                level = level_word(data, i, after, t)
            elif a == 3:
                out[BY_DIGITS] = ANYTHING
                level, after = cef_level(data, i, end)
            else:
                level = 0
                if i < end:
                    if is_digit(data[i]):
                        out[BY_DIGITS] = ANYTHING
                    level = (
                        letter_level(data[i]) if a == 1 else sign_level(data[i]) if a == 2 else windows_level(data[i])
                    )
                after = i + 1
            if level == 0 and a != 3:
                after = -1
            else:
                out[LEVEL] = level
        elif op == 4:
            if choices < CHOICES:
                out[CHOICE_PC + choices], out[CHOICE_AT + choices], out[CHOICE_START + choices] = pc, i, -1
                choices += 1
            after = i
        elif op == 5:
            value, j = np.int64(0), i
            if a < 0 and j < end and data[j] == 32:  # padded with a blank
                j += 1
            last = min(end, j + b)
            first = j
            while j < last and is_digit(data[j]):
                value = value * 10 + np.int64(data[j] - 48)
                j += 1
            if j - first >= abs(a):
                after = j
                if c == 8:  # an HTTP status
                    out[STATUS] = value
                    if value < 100 or value > 599:
                        out[BY_DIGITS] = ANYTHING
                        after = -1
                elif c > 0:
                    out[PARTS + c] = value
                    timed = True
        elif 6 <= op <= 10 or op == 17:
            after = time_step(data, i, end, op, a, b, c, out, t)
            timed = True
            if op == 9 and after > i:
                _note_offset(data, i, after, out)
        elif op == 11:
            out[MESSAGE_START] = after = i
            i = end
            after = end
        elif op == 12:
            out[MESSAGE_START] = after = i
        elif op == 13:
            out[MESSAGE_END] = after = i
        elif op == 14:
            if end - i > 3 and data[end - 1] == 41:
                j = end - 2
                while j > i and data[j] != 40 and not is_blank(data[j]):
                    j -= 1
                if j > i and data[j] == 40 and data[j - 1] == 32:
                    out[COMPONENT_START], out[COMPONENT_END] = j + 1, end - 1
                    out[MESSAGE_START], out[MESSAGE_END] = i, j - 1
                    after = end
        elif op == 15 or op == 16:
            # A key that holds a time uses the same scratch space: the time in front is kept aside.
            if pc + 1 < stop or pc > t[t[_STARTS] + program]:
                out[BY_DIGITS] = ANYTHING  # a line that is nothing but a body, digits do not make or unmake
            moment = finish_time(out, t) if timed else NO_TIME
            if timed and moment == NO_TIME:
                after = -1
            elif read_json(data, i, end, t, out) if op == 15 else read_logfmt(data, i, end, t, out):
                after = end
                out[EPOCH] = moment
                out[BODY] = i
        elif op == 19:
            # The operations that follow belong to this one.
            out[BY_DIGITS] = ANYTHING
            if read_row(data, i, end, pc, t, out):
                after, pc = end, stop - 1
                out[BODY] = i if out[APART] == 0 else -1
        elif op == 18:
            value, after = read_number(data, i, end, 1, 3)
            if value > 191:
                out[BY_DIGITS] = ANYTHING
                after = -1
            out[LEVEL] = syslog_level(value & 7)
        elif op == 22:
            j = i
            while j < end and (is_blank(data[j]) or data[j] == 10 or data[j] == 13):
                j += 1
            if j > i:
                after = j
        if after >= 0:
            i = after
            pc += 1
            continue
        # Go back to the last choice: try the field further on, or leave out the group.
        patience -= 1
        while choices > 0 and patience > 0:
            top = choices - 1
            if _reads_digits(t, out[CHOICE_PC + top] + 1, pc):
                out[BY_DIGITS] = ANYTHING  # what was read stays
            if out[CHOICE_START + top] < 0:
                if trail + out[CHOICE_PC + top] < TRAIL + MOST_STEPS:
                    out[trail + out[CHOICE_PC + top]] = -1 - out[CHOICE_AT + top]
                pc, i = t[ops + 4 * out[CHOICE_PC + top] + 1], out[CHOICE_AT + top]
                choices -= 1
                break
            field = out[CHOICE_PC + top]
            at, text = out[CHOICE_AT + top], t[ops + 4 * field + 3]
            further = np.int64(-1)
            if at < end and (text == 1 or (text == 0 and not is_blank(data[at])) or is_name(data[at])):
                further = _field_end(data, at + 1, end, stops + 256 * t[ops + 4 * field + 2], text, t)
            if further < 0:
                choices -= 1
                continue
            out[CHOICE_AT + top] = further
            if t[ops + 4 * field + 1] == 1:
                out[COMPONENT_START], out[COMPONENT_END] = out[CHOICE_START + top], further
            pc, i = field + 1, further
            break
        else:
            return False
    if trail + stop < TRAIL + MOST_STEPS:
        out[trail + stop] = i
    if out[MESSAGE_START] < 0:
        out[MESSAGE_START] = i
    if timed:
        out[TIME] = finish_time(out, t)
        if out[TIME] == NO_TIME:
            out[BY_DIGITS] = max(out[BY_DIGITS], NO_SUCH_TIME)
            return False
    return True
