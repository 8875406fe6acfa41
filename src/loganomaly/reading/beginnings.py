"""Where timestamps may begin: most are told apart from other text, and from each other, by how they begin. Compiled."""

# Compiled code takes its arguments by position.
from typing import Any

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_blank, is_digit, is_letter
from loganomaly.reading.clock import month_at
from loganomaly.reading.program import At, Op, Tables

__all__ = ["may_begin", "run_at"]

# Plain numbers: compiled code knows no enumerations of integers.
_STARTS, _OPS, _POOL = int(At.STARTS), int(At.OPS), int(At.POOL)
_LITERAL, _BLANKS, _NUMBER = int(Op.LITERAL), int(Op.BLANKS), int(Op.NUMBER)
_MONTH, _WEEKDAY = int(Op.MONTH), int(Op.WEEKDAY)


@borrowing
def run_at(data: Any, i: Any, end: Any) -> Any:
    """Return how many digits stand at i, or how many letters; 0 where neither does."""
    stop = i
    if i < end and is_digit(data[i]):
        while stop < end and is_digit(data[stop]):
            stop += 1
    else:
        while stop < end and is_letter(data[stop]):
            stop += 1
    return stop - i


@borrowing
def may_begin(data: Any, i: Any, end: Any, run: Any, program: Any, t: Tables) -> Any:
    """Return whether a timestamp of the program may begin at i, where a run of digits or letters stands.

    Nearly all of the work is told by that. A timestamp is more than one number or name, so there are more operations.
    """
    at = t[_OPS] + 4 * t[t[_STARTS] + program]
    op = t[at]
    if op == _MONTH:
        return month_at(data, i, end) > 0
    if op == _WEEKDAY:
        return run >= 3 and is_letter(data[i]) and _may_follow(data, i + run, end, at + 4, t)
    if op != _NUMBER:
        return True
    if not is_digit(data[i]):
        return False
    fewest, behind = t[at + 1], i + min(run, t[at + 2])
    return fewest < 0 or (behind - i >= fewest and _may_follow(data, behind, end, at + 4, t))


@borrowing
def _may_follow(data: Any, i: Any, end: Any, at: Any, t: Tables) -> Any:
    """Whether the operation at t[at] may go on at i: where it is a sign or blanks, and a month or a number is next."""
    op = t[at]
    if op == _LITERAL:
        return i < end and data[i] == t[t[_POOL] + t[at + 1]]
    if op != _BLANKS:
        return True
    if i < end and data[i] == 44 and t[at + 1] == 1:
        i += 1
    if i >= end or not is_blank(data[i]):
        return False
    while i < end and is_blank(data[i]):
        i += 1
    return t[at + 4] != _MONTH or month_at(data, i, end) > 0
