"""Timestamps: reads their parts, epochs and zones, and makes times of them. Compiled.

Times are int64 microseconds since the epoch, UTC. The parts of a timestamp are kept in `out` until it is whole.
"""

# Compiled code takes its arguments by position.
from typing import Any

import numpy as np
from numba import njit

from loganomaly.reading.characters import is_blank, is_digit, is_letter, read_number
from loganomaly.reading.hashes import find, upper_hash
from loganomaly.reading.program import NO_TIME, ZONES_SIZE, At, Tables
from loganomaly.reading.registers import (
    DAY,
    EPOCH,
    FRACTION,
    HAS_ZONE,
    HOUR,
    MINUTE,
    MONTH,
    PARTS,
    SECOND,
    SHORT_YEAR,
    YEAR,
    ZONE,
)

__all__ = ["clear_time", "finish_time", "read_epoch", "simple_time", "time_step"]

# Plain numbers: compiled code knows no enumerations of integers.
_CALENDAR, _STARTS, _OPS, _POOL, _ZONES = int(At.CALENDAR), int(At.STARTS), int(At.OPS), int(At.POOL), int(At.ZONES)
_MICRO = 1_000_000
_DAY = 86_400 * _MICRO
# Epochs are told apart by magnitude; each range is about 1990 to 2128 in its unit.
_EPOCH_SECONDS = (600_000_000, 5_000_000_000)


@njit(nogil=True, cache=True)
def _days(year: Any, month: Any, day: Any) -> Any:
    """Return days since 1970-01-01 in the Gregorian calendar (H. Hinnant, days_from_civil)."""
    if month <= 2:
        year -= 1
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@njit(nogil=True, cache=True)
def read_epoch(data: Any, start: Any, end: Any) -> Any:
    """Read an epoch of any unit: microseconds in the first result, the position after it in the second, or -1."""
    i = start
    whole = np.int64(0)
    while i < end and is_digit(data[i]) and i - start < 19:
        whole = whole * 10 + (data[i] - 48)
        i += 1
    if i - start < 9 or (i < end and is_digit(data[i])):
        return NO_TIME, -1
    low, high = _EPOCH_SECONDS
    if low <= whole < high:
        micro = whole * _MICRO
    elif low * 1000 <= whole < high * 1000:
        micro = whole * 1000
    elif low * _MICRO <= whole < high * _MICRO:
        micro = whole
    elif low * _MICRO <= whole // 1000 < high * _MICRO:
        micro = whole // 1000
    else:
        return NO_TIME, -1
    if i + 1 < end and data[i] == 46 and is_digit(data[i + 1]):
        unit = 100_000 if whole < high else 100 if whole < high * 1000 else 0
        i += 1
        while i < end and is_digit(data[i]):
            micro += unit * (data[i] - 48)
            unit //= 10
            i += 1
    return micro, i


@njit(nogil=True, cache=True)
def _month(data: Any, start: Any, end: Any) -> Any:
    """Return the month 1..12 that three letters name, or 0."""
    if end - start < 3:
        return 0
    a, b, c = data[start] | 32, data[start + 1] | 32, data[start + 2] | 32
    if a == 106:  # j
        return 1 if b == 97 else 6 if c == 110 else 7 if c == 108 else 0
    if a == 102 and b == 101:
        return 2
    if a == 109 and b == 97:
        return 3 if c == 114 else 5 if c == 121 else 0
    if a == 97:
        return 4 if b == 112 and c == 114 else 8 if b == 117 and c == 103 else 0
    if a == 115 and b == 101 and c == 112:
        return 9
    if a == 111 and b == 99 and c == 116:
        return 10
    if a == 110 and b == 111 and c == 118:
        return 11
    return 12 if a == 100 and b == 101 and c == 99 else 0


@njit(nogil=True, cache=True)
def _zone(data: Any, i: Any, end: Any, t: Tables) -> Any:
    """Read a zone: seconds east of UTC and the position after it, or -1 where there is none."""
    if i >= end:
        return 0, -1
    if data[i] == 90 and (i + 1 >= end or not is_letter(data[i + 1])):
        return 0, i + 1
    if data[i] == 43 or data[i] == 45:
        sign = 1 if data[i] == 43 else -1
        digits, value, j = 0, 0, i + 1
        while j < end and digits < 4 and (is_digit(data[j]) or (data[j] == 58 and digits == 2)):
            if data[j] != 58:
                value = value * 10 + (data[j] - 48)
                digits += 1
            j += 1
        if digits == 2:
            return sign * value * 3600, j
        if digits == 4:
            return sign * (value // 100 * 3600 + value % 100 * 60), j
        return 0, -1
    j = i
    while j < end and j - i < 5 and 65 <= data[j] <= 90:
        j += 1
    if j - i < 2:
        return 0, -1
    slot = find(t, _ZONES, ZONES_SIZE, upper_hash(data, i, j))
    return (t[slot + ZONES_SIZE], j) if slot >= 0 else (0, -1)


@njit(nogil=True, cache=True)
def _time_of(out: Any, t: Tables) -> Any:
    """Return the microseconds since the epoch of the parts of a date, or NO_TIME where they make none."""
    year, month, day = out[YEAR], out[MONTH], out[DAY]
    hour, minute, second = out[HOUR], out[MINUTE], out[SECOND]
    micro, has_zone = out[FRACTION], out[HAS_ZONE] == 1
    if out[SHORT_YEAR] >= 0:
        year = out[SHORT_YEAR] + (2000 if out[SHORT_YEAR] < 70 else 1900)
    if hour > 23 or minute > 59 or second > 60:
        return NO_TIME
    if month < 0 and day < 0:
        if hour < 0:
            return NO_TIME
        days = t[_CALENDAR + 2]
    else:
        if month < 1 or month > 12 or day < 1 or day > 31:
            return NO_TIME
        if year < 0:
            year = t[_CALENDAR + 1] + (1 if month * 100 + day < t[_CALENDAR] else 0)
        if year < 1970 or year > 2200:
            return NO_TIME
        days = _days(year, month, day)
        if day > 28 and _days(year + month // 12, month % 12 + 1, 1) <= days:
            return NO_TIME  # 30 February
    seconds = max(hour, 0) * 3600 + max(minute, 0) * 60 + max(second, 0)
    offset = out[ZONE] if has_zone else t[_CALENDAR + 3]
    return days * _DAY + (seconds - offset) * _MICRO + micro


@njit(nogil=True, cache=True)
def time_step(data: Any, i: Any, end: Any, op: Any, a: Any, b: Any, c: Any, out: Any, t: Tables) -> Any:
    """Run one operation that reads part of a timestamp; return the position after it, or -1.

    The parts are kept in `out`, where `registers` says.
    """
    if op == 5:
        value, after = read_number(data, i, end, a, b)
        if after >= 0 and c > 0:
            out[PARTS + c] = value
        return after
    if op == 6:  # with its separator; may be absent
        if i + 1 >= end or data[i] not in (44, 46, 58) or not is_digit(data[i + 1]):
            return i
        i += 1
        unit = 100_000
        micro = 0
        while i < end and is_digit(data[i]):
            micro += unit * (data[i] - 48)
            unit //= 10
            i += 1
        out[FRACTION] = micro
        return i
    if op == 7:
        month = _month(data, i, end)
        if month == 0:
            return -1
        out[MONTH] = month
        i += 3
        while i < end and is_letter(data[i]):
            i += 1
        return i
    if op == 8:
        start = i
        while i < end and is_letter(data[i]):
            i += 1
        return i if i - start >= 3 else -1
    if op == 9:
        offset, after = _zone(data, i, end, t)
        if after < 0 and i + 1 < end and data[i] == 32:
            offset, after = _zone(data, i + 1, end, t)
            if after >= 0 and not is_letter(data[i + 1]) and after - i < 6:
                after = -1  # "10:00:00 -12 ..." is a number, not a zone
        if after < 0:
            return i
        out[ZONE], out[HAS_ZONE] = offset, 1
        return after
    if op == 10:
        micro, after = read_epoch(data, i, end)
        if after >= 0:
            out[EPOCH] = micro
        return after
    # Meridiem
    if i + 1 < end and (data[i + 1] | 32) == 109 and (data[i] | 32) in (97, 112):
        hour = out[HOUR] % 12
        out[HOUR] = hour + (12 if (data[i] | 32) == 112 else 0)
        return i + 2
    return -1


@njit(nogil=True, cache=True)
def finish_time(out: Any, t: Tables) -> Any:
    """Return the microseconds since the epoch that the parts read so far make, or NO_TIME."""
    if out[EPOCH] != NO_TIME:
        return out[EPOCH]
    return _time_of(out, t)


@njit(nogil=True, cache=True)
def clear_time(out: Any) -> None:
    """Forget the parts of the timestamp before."""
    for k in range(PARTS, PARTS + 9):
        out[k] = -1
    out[FRACTION] = 0
    out[ZONE] = 0
    out[HAS_ZONE] = 0
    out[EPOCH] = NO_TIME


@njit(nogil=True, cache=True)
def simple_time(data: Any, i: Any, end: Any, program: Any, t: Tables, out: Any) -> Any:
    """Match a program that holds nothing but a timestamp; no groups, no fields."""
    clear_time(out)
    ops, pool = t[_OPS], t[_POOL]
    for pc in range(t[t[_STARTS] + program], t[t[_STARTS] + program + 1]):
        at = ops + 4 * pc
        op = t[at]
        if op == 0:
            for k in range(t[at + 2]):
                if i >= end or data[i] != t[pool + t[at + 1] + k]:
                    return False
                i += 1
        elif op == 1:
            if i >= end or not is_blank(data[i]):
                return False
            while i < end and is_blank(data[i]):
                i += 1
        else:
            i = time_step(data, i, end, op, t[at + 1], t[at + 2], t[at + 3], out, t)
            if i < 0:
                return False
    return finish_time(out, t) != NO_TIME
