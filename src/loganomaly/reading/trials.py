"""Tries many programs on sample lines: which fits where. Compiled."""

# Compiled code takes its arguments by position.
from typing import Any

import numpy as np

from loganomaly.kernels import njit
from loganomaly.reading.beginnings import may_begin, run_at
from loganomaly.reading.characters import is_blank, is_digit, is_letter
from loganomaly.reading.matcher import match, may_open
from loganomaly.reading.program import NO_TIME, At, Op, Tables
from loganomaly.reading.registers import MESSAGE_START, OUT_SIZE, TIME

__all__ = ["find_programs", "find_times", "first_times", "fit_matrix"]

# Plain numbers: compiled code knows no enumerations of integers.
_STARTS, _OPS = int(At.STARTS), int(At.OPS)
_NUMBER, _MONTH, _WEEKDAY = int(Op.NUMBER), int(Op.MONTH), int(Op.WEEKDAY)
_MARKS = np.zeros(256, np.bool_)  # behind which a timestamp may stand within a line
_MARKS[list(b" \t\r\v\f|[(\"'=,;:#>")] = True


@njit(nogil=True, cache=True)
def fit_matrix(data: Any, starts: Any, ends: Any, programs: Any, t: Tables) -> Any:
    """Return which line (row; data[starts[i]:ends[i]]) fits which of the `programs`, an int64 array (column)."""
    fits = np.zeros((len(starts), len(programs)), np.bool_)
    out = np.zeros(OUT_SIZE, np.int64)
    for row in range(len(starts)):
        for column in range(len(programs)):
            if starts[row] == ends[row] or may_open(data[starts[row]], programs[column], t):
                fits[row, column] = match(data, starts[row], ends[row], programs[column], t, out)
    return fits


@njit(nogil=True, cache=True)
def first_times(data: Any, starts: Any, ends: Any, programs: Any, t: Tables) -> Any:
    """Return the time of each line (data[starts[i]:ends[i]]) by the first of the `programs` that fits, or NO_TIME."""
    times = np.full(len(starts), NO_TIME, np.int64)
    out = np.zeros(OUT_SIZE, np.int64)
    for row in range(len(starts)):
        for program in range(programs):
            may = starts[row] == ends[row] or may_open(data[starts[row]], program, t)
            if may and match(data, starts[row], ends[row], program, t, out):
                times[row] = out[TIME]
                break
    return times


@njit(nogil=True, cache=True)
def _by_first(programs: Any, t: Tables) -> Any:
    """Return the programs that may begin with a digit, those with a letter, and those with something else."""
    kinds = np.zeros((3, programs), np.int64)
    counts = np.zeros(3, np.int64)
    for program in range(programs):
        op = t[t[_OPS] + 4 * t[t[_STARTS] + program]]
        for kind in range(3):
            if (op == _NUMBER and kind != 0) or ((op == _MONTH or op == _WEEKDAY) and kind != 1):
                continue
            kinds[kind, counts[kind]] = program
            counts[kind] += 1
    return kinds, counts


@njit(nogil=True, cache=True)
def find_programs(data: Any, starts: Any, ends: Any, programs: Any, reach: Any, t: Tables) -> Any:
    """Return which programs, of bare timestamps, fit where a word begins in the first `reach` bytes of a line."""
    found = np.zeros(programs, np.bool_)
    out = np.zeros(OUT_SIZE, np.int64)
    kinds, counts = _by_first(programs, t)
    for row in range(len(starts)):
        for i in range(starts[row], min(ends[row], starts[row] + reach)):
            if is_blank(data[i]) or (i > starts[row] and (is_letter(data[i - 1]) or is_digit(data[i - 1]))):
                continue
            kind = 0 if is_digit(data[i]) else 1 if is_letter(data[i]) else 2
            run = run_at(data, i, ends[row])
            for k in range(counts[kind]):
                program = kinds[kind, k]
                if (
                    not found[program]
                    and may_begin(data, i, ends[row], run, program, t)
                    and match(data, i, ends[row], program, t, out)
                ):
                    found[program] = True
    return found


@njit(nogil=True, cache=True)
def find_times(data: Any, starts: Any, ends: Any, weak: Any, reach: Any, t: Tables) -> Any:
    """Find the first timestamp in the first `reach` bytes of each line.

    Program i reads a bare timestamp; one that is `weak` counts where there is no other in the line.

    Returns
    -------
    array of three columns
        Where it begins, where it ends, and its program; -1 where there is none.
    """
    found = np.full((len(starts), 3), -1, np.int64)
    out = np.zeros(OUT_SIZE, np.int64)
    for row in range(len(starts)):
        strong = False
        for i in range(starts[row], min(ends[row], starts[row] + reach)):
            byte = data[i]
            if not (is_digit(byte) or 65 <= byte <= 90) or (i > starts[row] and not _MARKS[data[i - 1]]):
                continue
            run = run_at(data, i, ends[row])
            for program in range(len(weak)):
                if weak[program] and found[row, 2] >= 0:
                    continue
                if may_begin(data, i, ends[row], run, program, t) and match(data, i, ends[row], program, t, out):
                    strong = not weak[program]
                    found[row, 0], found[row, 1], found[row, 2] = i, out[MESSAGE_START], program
                    if strong:
                        break
            if strong:
                break
    return found
