"""Reads a written time of unknown form, as the values of keys have. Compiled.

Most are of a form of those before: for what is no digit, programs fail at all texts that differ in digits alone.
"""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.beginnings import may_begin, run_at
from loganomaly.reading.clock import clear_time, finish_time, run_time
from loganomaly.reading.moulds import are_alike, mould_hash
from loganomaly.reading.program import NO_TIME, At, Tables
from loganomaly.reading.registers import BY_DIGITS, TIME_FORM_SIZE, TIME_FORMS, TIMES_KNOWN

__all__ = ["written_time"]

_PROGRAMS, _STARTS, _TIMES = int(At.PROGRAMS), int(At.STARTS), int(At.TIMES)
# A form: where a text of it stands, its length, how many programs may read it, and these.
_TEXT, _LENGTH, _COUNT, _FIRST = range(4)
_MOST = TIME_FORM_SIZE - _FIRST
_UPPER = np.uint64(32)


@borrowing
def written_time(data: Any, start: Any, end: Any, t: Tables, out: Any) -> Any:
    """Return the time that the text data[start:end] is, else the first that it begins with, or NO_TIME.

    `out` must be used with the same data and tables only, and hold 0 at first.
    """
    # By a hash, so that texts of one length with other names of months or days do not take each other's place.
    number = np.int64(mould_hash(data, start, end) >> _UPPER) % TIME_FORMS
    form = TIMES_KNOWN + TIME_FORM_SIZE * number
    if out[form + _LENGTH] != end - start or not are_alike(data, out[form + _TEXT], start, end - start):
        _learn(data, start, end, form, t, out)
    count = out[form + _COUNT]
    known = count <= _MOST
    run = np.int64(0) if known else run_at(data, start, end)
    begins = NO_TIME
    for k in range(count if known else t[_TIMES]):
        program = out[form + _FIRST + k] if known else t[_PROGRAMS] + k
        if known or may_begin(data, start, end, run, program, t):
            micro, after = _read(data, start, end, program, t, out)
            if after == end and micro != NO_TIME:
                return micro
            if begins == NO_TIME and after >= 0:
                begins = micro
    return begins


@borrowing
def _read(data: Any, start: Any, end: Any, program: Any, t: Tables, out: Any) -> Any:
    """Return the time that a program reads, or NO_TIME, and the position after it, or -1."""
    clear_time(out)
    first = t[_STARTS] + program
    after = run_time(data, start, end, t[first], t[first + 1], out, t)
    return (finish_time(out, t) if after >= 0 else NO_TIME), after


@borrowing
def _learn(data: Any, start: Any, end: Any, form: Any, t: Tables, out: Any) -> None:
    """Write which programs read the text, or would if it had other digits."""
    told, count = out[BY_DIGITS], np.int64(0)
    run = run_at(data, start, end)
    for program in range(t[_PROGRAMS], t[_PROGRAMS] + t[_TIMES]):
        if may_begin(data, start, end, run, program, t):
            out[BY_DIGITS] = 0
            after = _read(data, start, end, program, t, out)[1]
            if after >= 0 or out[BY_DIGITS] != 0:
                if count < _MOST:
                    out[form + _FIRST + count] = program
                count += 1
    out[BY_DIGITS] = told
    out[form + _TEXT], out[form + _LENGTH], out[form + _COUNT] = start, end - start, count
