"""The line matcher: runs a program over the head of one line. Compiled by numba; no Python per line.

Results are written to `out`, an int64 array indexed by the constants below.
"""

from typing import Any

import numpy as np
from numba import njit

from loganomaly.reading.program import KEYS_SIZE, NO_TIME, WORDS_SIZE, ZONES_SIZE, At, Tables, key_hash

__all__ = [
    "COMPONENT_END",
    "COMPONENT_START",
    "LEVEL",
    "MESSAGE_END",
    "MESSAGE_START",
    "OUT_SIZE",
    "STATUS",
    "TIME",
    "fit_matrix",
    "level_word",
    "match",
]

TIME, LEVEL, COMPONENT_START, COMPONENT_END, MESSAGE_START, MESSAGE_END, STATUS = range(7)
# The rest of `out` is scratch space of one match, so that nothing is allocated per line.
_PARTS = 8  # parts of the timestamp, 13
_CHOICE_PC, _CHOICE_AT, _CHOICE_START = 24, 32, 40  # choice points, 8 each
_RANKS = 48  # of the keys taken so far, one per role, 8
_PATH = 56  # hashes of the keys that lead to the current object
OUT_SIZE = 96

# Plain numbers: compiled code knows no enumerations of integers.
_PROGRAMS, _TIMES, _CALENDAR = int(At.PROGRAMS), int(At.TIMES), int(At.CALENDAR)
_STARTS, _OPS, _STOPS, _POOL = int(At.STARTS), int(At.OPS), int(At.STOPS), int(At.POOL)
_WORDS, _ZONES, _KEYS = int(At.WORDS), int(At.ZONES), int(At.KEYS)
_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_ANY_DEPTH = np.uint64(key_hash("*.") % (1 << 64))
_MICRO = 1_000_000
_DAY = 86_400 * _MICRO
_LONGEST_FIELD = 1024  # bytes; a header field beyond it means that the layout does not fit
_PATIENCE = 64  # times that a match goes back to a choice; layouts with many fields would try for ever
_CHOICES = 8  # fields and groups of one layout that may be tried again
_DEEPEST = 24  # nesting of JSON objects whose keys are told apart

# Epochs are told apart by magnitude; each range is about 1990 to 2128 in its unit.
_EPOCH_SECONDS = (600_000_000, 5_000_000_000)


@njit(nogil=True, cache=True)
def _is_digit(byte: Any) -> Any:
    return 48 <= byte <= 57


@njit(nogil=True, cache=True)
def _is_letter(byte: Any) -> Any:
    return 97 <= (byte | 32) <= 122


@njit(nogil=True, cache=True)
def _is_blank(byte: Any) -> Any:
    return byte == 32 or byte == 9


@njit(nogil=True, cache=True)
def _is_name(byte: Any) -> Any:
    return _is_letter(byte) or _is_digit(byte) or byte == 46 or byte == 95 or byte == 36 or byte == 45


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
def _upper_hash(data: Any, start: Any, end: Any) -> Any:
    value = _FNV_OFFSET
    for i in range(start, end):
        byte = data[i]
        if 97 <= byte <= 122:
            byte = np.uint8(byte - 32)
        value = (value ^ np.uint64(byte)) * _FNV_PRIME
    return value


@njit(nogil=True, cache=True)
def _find(t: Tables, at: Any, size: Any, value: Any) -> Any:
    """Return where the hash `value` stands in the hash table of `size` places that begins at t[at], or -1."""
    value = np.int64(value)
    slot = value & (size - 1)
    while t[at + slot] != 0:
        if t[at + slot] == value:
            return at + slot
        slot = (slot + 1) & (size - 1)
    return -1


@njit(nogil=True, cache=True)
def level_word(data: Any, start: Any, end: Any, t: Tables) -> Any:
    """Return the Level that the word data[start:end] names, or 0."""
    if not 3 <= end - start <= 13:
        return 0
    slot = _find(t, _WORDS, WORDS_SIZE, _upper_hash(data, start, end))
    return t[slot + WORDS_SIZE] if slot >= 0 else 0


@njit(nogil=True, cache=True)
def _letter_level(byte: Any) -> Any:
    """Return the Level of the letters that glog, logcat and MongoDB write, or 0."""
    if byte == 73:  # I
        return 3
    if byte == 68:  # D
        return 2
    if byte == 87:  # W
        return 5
    if byte == 69:  # E
        return 6
    if byte == 70 or byte == 67:  # F C
        return 7
    if byte == 84 or byte == 86:  # T V
        return 1
    if byte == 78:  # N
        return 4
    return 0


@njit(nogil=True, cache=True)
def _syslog_level(severity: Any) -> Any:
    """Return the Level of a syslog severity 0..7 (RFC 5424)."""
    if severity <= 2:
        return 7
    if severity == 3:
        return 6
    if severity == 4:
        return 5
    if severity == 5:
        return 4
    return 3 if severity == 6 else 2


@njit(nogil=True, cache=True)
def _epoch(data: Any, start: Any, end: Any) -> Any:
    """Read an epoch of any unit: microseconds in the first result, the position after it in the second, or -1."""
    i = start
    whole = np.int64(0)
    while i < end and _is_digit(data[i]) and i - start < 19:
        whole = whole * 10 + (data[i] - 48)
        i += 1
    if i - start < 9 or (i < end and _is_digit(data[i])):
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
    if i + 1 < end and data[i] == 46 and _is_digit(data[i + 1]):
        unit = 100_000 if whole < high else 100 if whole < high * 1000 else 0
        i += 1
        while i < end and _is_digit(data[i]):
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
    if data[i] == 90 and (i + 1 >= end or not _is_letter(data[i + 1])):
        return 0, i + 1
    if data[i] == 43 or data[i] == 45:
        sign = 1 if data[i] == 43 else -1
        digits, value, j = 0, 0, i + 1
        while j < end and digits < 4 and (_is_digit(data[j]) or (data[j] == 58 and digits == 2)):
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
    slot = _find(t, _ZONES, ZONES_SIZE, _upper_hash(data, i, j))
    return (t[slot + ZONES_SIZE], j) if slot >= 0 else (0, -1)


@njit(nogil=True, cache=True)
def _string_end(data: Any, i: Any, end: Any) -> Any:
    """Return the position of the quote that closes the string which begins after position i, or -1."""
    i += 1
    while i < end:
        if data[i] == 92:
            i += 2
            continue
        if data[i] == 34:
            return i
        i += 1
    return -1


@njit(nogil=True, cache=True)
def _plain_number(data: Any, start: Any, end: Any) -> Any:
    """Return the value of up to nine digits, or -1."""
    if not 0 < end - start < 10:
        return -1
    value = 0
    for i in range(start, end):
        if not _is_digit(data[i]):
            return -1
        value = value * 10 + (data[i] - 48)
    return value


@njit(nogil=True, cache=True)
def _take_value(data: Any, start: Any, end: Any, path: Any, last: Any, t: Tables, out: Any) -> None:
    """Give the value data[start:end] to the role of its key: hash `path` of the whole path, else `last` of its end."""
    if start >= end:
        return
    slot = _find(t, _KEYS, KEYS_SIZE, path)
    if slot < 0:
        slot = _find(t, _KEYS, KEYS_SIZE, last)
        if slot < 0:
            return
    role, rank = t[slot + KEYS_SIZE], t[slot + 2 * KEYS_SIZE]
    if rank >= out[_RANKS + role]:
        return
    if role == 1:
        out[2], out[3] = start, end
    elif role == 4:
        out[4], out[5] = start, end
    elif role == 3:
        level = level_word(data, start, end, t)
        if level == 0 and end - start == 1:
            level = _letter_level(data[start])
        if level == 0:  # bunyan and pino: 10 trace, 20 debug ... 60 fatal
            number = _plain_number(data, start, end)
            if number >= 10 and number <= 60 and number % 10 == 0:
                level = number // 10 + (1 if number >= 40 else 0)
        if level == 0:
            return
        out[1] = level
    elif role == 6:
        number = _plain_number(data, start, end)
        if number < 0 or number > 7:
            return
        out[1] = _syslog_level(number)
    elif role == 5:
        number = _plain_number(data, start, end)
        if number < 100 or number > 599:
            return
        out[6] = number
    elif role == 2:
        micro, after = _epoch(data, start, end)
        if after < 0:
            for program in range(t[_PROGRAMS], t[_PROGRAMS] + t[_TIMES]):
                if _simple_time(data, start, end, program, t, out):
                    micro, after = _finish_time(out, t), end
                    break
            if after < 0:
                return
        out[0] = micro
    out[_RANKS + role] = rank


@njit(nogil=True, cache=True)
def _json(data: Any, i: Any, end: Any, t: Tables, out: Any) -> Any:
    """Read the object that begins at i; True if it is closed at the end of the line."""
    if i >= end or data[i] != 123:
        return False
    begin = i
    for k in range(8):
        out[_RANKS + k] = 255
    depth, key, last = 0, _FNV_OFFSET, np.uint64(0)
    out[_PATH] = np.int64(_FNV_OFFSET)
    while i < end:
        byte = data[i]
        if byte == 34:
            close = _string_end(data, i, end)
            if close < 0:
                return False
            j = close + 1
            while j < end and _is_blank(data[j]):
                j += 1
            if j < end and data[j] == 58:
                key = np.uint64(out[_PATH + min(depth, _DEEPEST)])
                last = np.uint64(0)
                if key != _FNV_OFFSET:
                    key = (key ^ np.uint64(46)) * _FNV_PRIME
                    last = _ANY_DEPTH
                for k in range(i + 1, close):
                    byte = data[k]
                    if 97 <= byte <= 122:
                        byte = np.uint8(byte - 32)
                    key = (key ^ np.uint64(byte)) * _FNV_PRIME
                    last = (last ^ np.uint64(byte)) * _FNV_PRIME
                i = j + 1
            else:
                _take_value(data, i + 1, close, key, last, t, out)
                i = close + 1
        elif byte == 123 or byte == 91:
            depth += 1
            if depth <= _DEEPEST:
                # The elements of a list go by the name of the list.
                out[_PATH + depth] = np.int64(key if depth > 1 else _FNV_OFFSET)
            i += 1
        elif byte == 125 or byte == 93:
            depth -= 1
            i += 1
            if depth > 0:
                key = np.uint64(out[_PATH + min(depth, _DEEPEST)])
            elif depth == 0:
                break
        elif byte == 44 or byte == 58 or _is_blank(byte):
            i += 1
        else:
            j = i
            while j < end and data[j] != 44 and data[j] != 125 and data[j] != 93 and not _is_blank(data[j]):
                j += 1
            _take_value(data, i, j, key, last, t, out)
            i = j
    if depth != 0:
        return False
    if out[4] < 0:
        out[4], out[5] = begin, i
    while i < end and (_is_blank(data[i]) or data[i] == 44):
        i += 1
    return i >= end


@njit(nogil=True, cache=True)
def _logfmt(data: Any, i: Any, end: Any, t: Tables, out: Any) -> Any:
    """Read key=value pairs up to the end of the line; True if there are two or more and nothing else."""
    begin, pairs = i, 0
    for k in range(8):
        out[_RANKS + k] = 255
    while i < end:
        while i < end and _is_blank(data[i]):
            i += 1
        if i >= end:
            break
        key, start = _FNV_OFFSET, i
        while i < end and (_is_name(data[i]) or data[i] == 64 or data[i] == 47):
            byte = data[i]
            if 97 <= byte <= 122:
                byte = np.uint8(byte - 32)
            key = (key ^ np.uint64(byte)) * _FNV_PRIME
            i += 1
        if i == start or i >= end or data[i] != 61:
            return False
        i += 1
        if i < end and data[i] == 34:
            close = _string_end(data, i, end)
            if close < 0:
                return False
            _take_value(data, i + 1, close, key, np.uint64(0), t, out)
            i = close + 1
        else:
            start = i
            while i < end and not _is_blank(data[i]):
                i += 1
            _take_value(data, start, i, key, np.uint64(0), t, out)
        pairs += 1
    if out[4] < 0:
        out[4], out[5] = begin, end
    return pairs >= 2


@njit(nogil=True, cache=True)
def _time_of(out: Any, t: Tables) -> Any:
    """Return the microseconds since the epoch of the parts of a date, or NO_TIME where they make none."""
    year, month, day = out[_PARTS + 1], out[_PARTS + 3], out[_PARTS + 4]
    hour, minute, second = out[_PARTS + 5], out[_PARTS + 6], out[_PARTS + 7]
    micro, has_zone = out[_PARTS + 9], out[_PARTS + 11] == 1
    if out[_PARTS + 2] >= 0:
        year = out[_PARTS + 2] + (2000 if out[_PARTS + 2] < 70 else 1900)
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
    offset = out[_PARTS + 10] if has_zone else t[_CALENDAR + 3]
    return days * _DAY + (seconds - offset) * _MICRO + micro


@njit(nogil=True, cache=True)
def _read_number(data: Any, i: Any, end: Any, fewest: Any, most: Any) -> Any:
    """Read digits: value and the position after them, or -1. `fewest` -1 allows one blank before."""
    if fewest < 0:
        if i < end and data[i] == 32:
            i += 1
        fewest = 1
    value, start = np.int64(0), i
    while i < end and i - start < most and _is_digit(data[i]):
        value = value * 10 + (data[i] - 48)
        i += 1
    return value, (i if i - start >= fewest else -1)


@njit(nogil=True, cache=True)
def _time_step(data: Any, i: Any, end: Any, op: Any, a: Any, b: Any, c: Any, out: Any, t: Tables) -> Any:
    """Run one operation that reads part of a timestamp; return the position after it, or -1.

    The parts stand in `out` from _PARTS on: at their Part, then [9] microseconds, [10] zone, [11] has zone, [12] epoch.
    """
    if op == 5:
        value, after = _read_number(data, i, end, a, b)
        if after >= 0 and c > 0:
            out[_PARTS + c] = value
        return after
    if op == 6:  # with its separator; may be absent
        if i + 1 >= end or data[i] not in (44, 46, 58) or not _is_digit(data[i + 1]):
            return i
        i += 1
        unit = 100_000
        micro = 0
        while i < end and _is_digit(data[i]):
            micro += unit * (data[i] - 48)
            unit //= 10
            i += 1
        out[_PARTS + 9] = micro
        return i
    if op == 7:
        month = _month(data, i, end)
        if month == 0:
            return -1
        out[_PARTS + 3] = month
        i += 3
        while i < end and _is_letter(data[i]):
            i += 1
        return i
    if op == 8:
        start = i
        while i < end and _is_letter(data[i]):
            i += 1
        return i if i - start >= 3 else -1
    if op == 9:
        offset, after = _zone(data, i, end, t)
        if after < 0 and i + 1 < end and data[i] == 32:
            offset, after = _zone(data, i + 1, end, t)
            if after >= 0 and not _is_letter(data[i + 1]) and after - i < 6:
                after = -1  # "10:00:00 -12 ..." is a number, not a zone
        if after < 0:
            return i
        out[_PARTS + 10], out[_PARTS + 11] = offset, 1
        return after
    if op == 10:
        micro, after = _epoch(data, i, end)
        if after >= 0:
            out[_PARTS + 12] = micro
        return after
    # Meridiem
    if i + 1 < end and (data[i + 1] | 32) == 109 and (data[i] | 32) in (97, 112):
        hour = out[_PARTS + 5] % 12
        out[_PARTS + 5] = hour + (12 if (data[i] | 32) == 112 else 0)
        return i + 2
    return -1


@njit(nogil=True, cache=True)
def _finish_time(out: Any, t: Tables) -> Any:
    if out[_PARTS + 12] != NO_TIME:
        return out[_PARTS + 12]
    return _time_of(out, t)


@njit(nogil=True, cache=True)
def _clear(out: Any) -> None:
    for k in range(_PARTS, _PARTS + 9):
        out[k] = -1
    out[_PARTS + 9] = 0
    out[_PARTS + 10] = 0
    out[_PARTS + 11] = 0
    out[_PARTS + 12] = NO_TIME


@njit(nogil=True, cache=True)
def _simple_time(data: Any, i: Any, end: Any, program: Any, t: Tables, out: Any) -> Any:
    """Match a program that holds nothing but a timestamp; no groups, no fields."""
    _clear(out)
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
            if i >= end or not _is_blank(data[i]):
                return False
            while i < end and _is_blank(data[i]):
                i += 1
        else:
            i = _time_step(data, i, end, op, t[at + 1], t[at + 2], t[at + 3], out, t)
            if i < 0:
                return False
    return _finish_time(out, t) != NO_TIME


@njit(nogil=True, cache=True)
def _field_end(data: Any, i: Any, end: Any, stops: Any, text: Any, t: Tables) -> Any:
    """Return where the field that goes on at i ends: at a stop byte or the end of the line; -1 if it does not."""
    start = i
    while i < end:
        byte = data[i]
        if t[stops + byte] == 1:
            return i
        if (text == 0 and _is_blank(byte)) or (text == 2 and not _is_name(byte)):
            return -1
        if i - start > _LONGEST_FIELD:
            return -1
        i += 1
    return i


@njit(nogil=True, cache=True)
def match(data: Any, begin: Any, end: Any, program: Any, t: Tables, out: Any) -> Any:
    """Match data[begin:end], one line without its line break, against a program.

    Parameters
    ----------
    data : uint8 array
        The bytes of many lines.
    out : int64 array of OUT_SIZE
        Receives time (microseconds, UTC, or NO_TIME), level, status, and the ends of component and message.

    Returns
    -------
    bool
        Whether the line fits; `out` is meaningless where it does not.
    """
    out[0] = NO_TIME
    out[1] = 0
    out[2] = out[3] = out[4] = -1
    out[5] = end
    out[6] = 0
    _clear(out)
    timed = False
    # Choice points: operation, position to go on at, start of the field (-1: an optional group).
    choices, patience = 0, _PATIENCE
    ops, pool, stops = t[_OPS], t[_POOL], t[_STOPS]
    pc, stop, i = t[t[_STARTS] + program], t[t[_STARTS] + program + 1], np.int64(begin)
    while pc < stop:
        at = ops + 4 * pc
        op, a, b, c = t[at], t[at + 1], t[at + 2], t[at + 3]
        after: Any = np.int64(-1)
        if op == 0:
            after = i + b
            if after > end:
                after = -1
            else:
                for k in range(b):
                    if data[i + k] != t[pool + a + k]:
                        after = -1
                        break
        elif op == 1:
            if i < end and _is_blank(data[i]):
                after = i + 1
                while after < end and _is_blank(data[after]):
                    after += 1
        elif op == 2:
            after = _field_end(data, i, end, stops + 256 * b, c, t)
            if after == i:
                after = -1
            if after >= 0:
                if choices < _CHOICES:
                    out[_CHOICE_PC + choices], out[_CHOICE_AT + choices], out[_CHOICE_START + choices] = (
                        pc,
                        after,
                        i,
                    )
                    choices += 1
                if a == 1:
                    out[2], out[3] = i, after
        elif op == 3:
            if a == 1:
                level = _letter_level(data[i]) if i < end else 0
                after = i + 1
            else:
                after = i
                while after < end and _is_letter(data[after]):
                    after += 1
                level = level_word(data, i, after, t)
            if level == 0:
                after = -1
            else:
                out[1] = level
        elif op == 4:
            if choices < _CHOICES:
                out[_CHOICE_PC + choices], out[_CHOICE_AT + choices], out[_CHOICE_START + choices] = a, i, -1
                choices += 1
            after = i
        elif op == 5:
            value, j = np.int64(0), i
            if a < 0 and j < end and data[j] == 32:  # padded with a blank
                j += 1
            last = min(end, j + b)
            first = j
            while j < last and _is_digit(data[j]):
                value = value * 10 + np.int64(data[j] - 48)
                j += 1
            if j - first >= abs(a):
                after = j
                if c == 8:  # an HTTP status
                    out[6] = value
                    if value < 100 or value > 599:
                        after = -1
                elif c > 0:
                    out[_PARTS + c] = value
                    timed = True
        elif 6 <= op <= 10 or op == 17:
            after = _time_step(data, i, end, op, a, b, c, out, t)
            timed = True
        elif op == 11:
            out[4] = after = i
            i = end
            after = end
        elif op == 12:
            out[4] = after = i
        elif op == 13:
            out[5] = after = i
        elif op == 14:
            if end - i > 3 and data[end - 1] == 41:
                j = end - 2
                while j > i and data[j] != 40 and not _is_blank(data[j]):
                    j -= 1
                if j > i and data[j] == 40 and data[j - 1] == 32:
                    out[2], out[3] = j + 1, end - 1
                    out[4], out[5] = i, j - 1
                    after = end
        elif op == 15 or op == 16:
            # A key that holds a time uses the same scratch space: the time in front is kept aside.
            moment = _finish_time(out, t) if timed else NO_TIME
            if timed and moment == NO_TIME:
                after = -1
            elif _json(data, i, end, t, out) if op == 15 else _logfmt(data, i, end, t, out):
                after = end
                out[_PARTS + 12] = moment
        elif op == 18:
            value, after = _read_number(data, i, end, 1, 3)
            if value > 191:
                after = -1
            out[1] = _syslog_level(value & 7)
        if after >= 0:
            i = after
            pc += 1
            continue
        # Go back to the last choice: try the field further on, or leave out the group.
        patience -= 1
        while choices > 0 and patience > 0:
            top = choices - 1
            if out[_CHOICE_START + top] < 0:
                pc, i = out[_CHOICE_PC + top], out[_CHOICE_AT + top]
                choices -= 1
                break
            field = out[_CHOICE_PC + top]
            at, text = out[_CHOICE_AT + top], t[ops + 4 * field + 3]
            further = np.int64(-1)
            if at < end and (text == 1 or (text == 0 and not _is_blank(data[at])) or _is_name(data[at])):
                further = _field_end(data, at + 1, end, stops + 256 * t[ops + 4 * field + 2], text, t)
            if further < 0:
                choices -= 1
                continue
            out[_CHOICE_AT + top] = further
            if t[ops + 4 * field + 1] == 1:
                out[2], out[3] = out[_CHOICE_START + top], further
            pc, i = field + 1, further
            break
        else:
            return False
    if timed:
        out[0] = _finish_time(out, t)
        if out[0] == NO_TIME:
            return False
    if out[4] < 0:
        out[4] = i
    return True


@njit(nogil=True, cache=True)
def fit_matrix(data: Any, starts: Any, ends: Any, programs: Any, t: Tables) -> Any:
    """Return which line (row; data[starts[i]:ends[i]]) fits which of the first `programs` programs (column)."""
    fits = np.zeros((len(starts), programs), np.bool_)
    out = np.empty(OUT_SIZE, np.int64)
    for row in range(len(starts)):
        for program in range(programs):
            fits[row, program] = match(data, starts[row], ends[row], program, t, out)
    return fits
