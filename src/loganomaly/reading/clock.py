"""Timestamps: reads their parts, and makes times of them. Compiled.

Times are int64 microseconds since the epoch, UTC. The parts of a timestamp are kept in `out` until it is whole.
"""

# Compiled code takes its arguments by position.
from typing import Any

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_blank, is_digit, is_letter, read_number
from loganomaly.reading.epochs import read_epoch
from loganomaly.reading.offsets import offset_of, read_zone
from loganomaly.reading.program import NO_TIME, At, Tables
from loganomaly.reading.registers import (
    ANYTHING,
    BY_DIGITS,
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

__all__ = ["clear_time", "finish_time", "month_at", "run_time", "time_step"]

# Plain numbers: compiled code knows no enumerations of integers.
_CALENDAR, _STARTS, _OPS, _POOL = int(At.CALENDAR), int(At.STARTS), int(At.OPS), int(At.POOL)
_MICRO = 1_000_000


@borrowing
def _days(year: Any, month: Any, day: Any) -> Any:
    """Return days since 1970-01-01 in the Gregorian calendar (H. Hinnant, days_from_civil)."""
    if month <= 2:
        year -= 1
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@borrowing
def month_at(data: Any, start: Any, end: Any) -> Any:
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


@borrowing
def _time_of(out: Any, t: Tables) -> Any:
    """Return the microseconds since the epoch of the parts of a date, or NO_TIME where they make none."""
    year, month, day = out[YEAR], out[MONTH], out[DAY]
    hour, minute, second = out[HOUR], out[MINUTE], out[SECOND]
    if out[SHORT_YEAR] >= 0:
        year = out[SHORT_YEAR] + (2000 if out[SHORT_YEAR] < 70 else 1900)
    midnight = hour == 24 and minute <= 0 and second <= 0 and out[FRACTION] == 0  # 24:00:00 is the end of a day
    if (hour > 23 and not midnight) or minute > 59 or second > 60:
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
    seconds += days * 86_400
    return (seconds - offset_of(seconds, out, t)) * _MICRO + out[FRACTION]


@borrowing
def _meridiem(data: Any, i: Any, end: Any, out: Any) -> Any:
    """Read AM, pm, a.m., perhaps behind blanks, and correct the hour: the position after it, or -1."""
    while i < end and is_blank(data[i]):
        i += 1
    # Since 2022 the Unicode locale data put a narrow no-break space there, and so do Java and JavaScript.
    if i + 2 < end and data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == 0xAF:
        i += 3
    if i + 1 >= end or ((data[i] | 32) != 97 and (data[i] | 32) != 112):
        return -1
    hour = out[HOUR] % 12 + (12 if (data[i] | 32) == 112 else 0)
    dot = 1 if data[i + 1] == 46 else 0
    after = i + 2 + dot
    if after > end or (data[after - 1] | 32) != 109 or (after < end and is_letter(data[after])):
        return -1
    out[HOUR] = hour
    return after + 1 if dot and after < end and data[after] == 46 else after


@borrowing
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
        if i + 1 >= end or not is_digit(data[i + 1]) or not (data[i] == 44 or data[i] == 46 or data[i] == 58):
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
        month = month_at(data, i, end)
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
        return read_zone(data, i, end, t, out)
    if op == 10:
        micro, after = read_epoch(data, i, end)
        if after >= 0:
            out[EPOCH] = micro
        elif i < end and (is_digit(data[i]) or data[i] == 64):
            out[BY_DIGITS] = ANYTHING
        return after
    return _meridiem(data, i, end, out)


@borrowing
def finish_time(out: Any, t: Tables) -> Any:
    """Return the microseconds since the epoch that the parts read so far make, or NO_TIME."""
    if out[EPOCH] != NO_TIME:
        return out[EPOCH]
    return _time_of(out, t)


@borrowing
def clear_time(out: Any) -> None:
    """Forget the parts of the timestamp before."""
    for k in range(PARTS, PARTS + 9):
        out[k] = -1
    out[FRACTION] = 0
    out[ZONE] = 0
    out[HAS_ZONE] = 0
    out[EPOCH] = NO_TIME


@borrowing
def run_time(data: Any, i: Any, end: Any, first: Any, stop: Any, out: Any, t: Tables) -> Any:
    """Run the operations first to stop, which hold nothing but a timestamp; return the position after it, or -1."""
    ops, pool = t[_OPS], t[_POOL]
    for pc in range(first, stop):
        at = ops + 4 * pc
        op = t[at]
        if op == 0:
            for k in range(t[at + 2]):
                wanted = t[pool + t[at + 1] + k]
                if i >= end or data[i] != wanted:
                    if i < end and is_digit(data[i]) and is_digit(wanted):
                        out[BY_DIGITS] = ANYTHING
                    return -1
                i += 1
        elif op == 1:
            if t[at + 1] == 1 and i < end and data[i] == 44:
                i += 1
            if i >= end or not is_blank(data[i]):
                return -1
            while i < end and is_blank(data[i]):
                i += 1
        else:
            i = time_step(data, i, end, op, t[at + 1], t[at + 2], t[at + 3], out, t)
            if i < 0:
                return -1
    return i
