"""What a timestamp says of its zone: Z, +01:00, UTC, CEST, GMT+2, Europe/Berlin, bare or in brackets. Compiled."""

# Compiled code takes its arguments by position.
from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_blank, is_digit, is_letter
from loganomaly.reading.hashes import FNV_OFFSET, find, upper_hash, upper_step
from loganomaly.reading.program import ZONES_SIZE, At, Tables
from loganomaly.reading.registers import ANYTHING, BY_DIGITS, HAS_ZONE, ZONE

__all__ = ["offset_of", "read_zone"]

# Plain numbers: compiled code knows no enumerations of integers.
_ZONES, _CHANGES, _NAMES = int(At.ZONES), int(At.CHANGES), int(At.NAMES)
_LONGEST_NAME = 40  # bytes of an IANA name
_LONGEST_REMARK = 60  # bytes of what JavaScript writes behind an offset: (Central European Standard Time)
_MOST_HOURS = 18
_NO_SUCH_OFFSET = -2
_DEFAULT = int(At.CALENDAR) + 3


@borrowing
def _ends_word(data: Any, i: Any, end: Any) -> Any:
    return i >= end or not (is_letter(data[i]) or is_digit(data[i]) or data[i] == 95)


@borrowing
def _signed(data: Any, i: Any, end: Any, fewest: Any) -> Any:
    """Read +01, +0100 or +01:00, of `fewest` digits or more: seconds, and the position after them.

    Where there is no such thing the position is -1, and _NO_SUCH_OFFSET where other digits would make one.
    """
    j, digits, value = i + 1, 0, 0
    while j < end and digits < 4 and (is_digit(data[j]) or (data[j] == 58 and digits == 2)):
        if data[j] != 58:
            value = value * 10 + (data[j] - 48)
            digits += 1
        elif j + 2 >= end or not is_digit(data[j + 1]) or not is_digit(data[j + 2]):
            break  # "+01: ..."
        j += 1
    hours, minutes = (value // 100, value % 100) if digits == 4 else (value, 0)
    if digits < fewest or digits == 3 or not _ends_word(data, j, end):
        return 0, -1
    if hours > _MOST_HOURS or minutes > 59:
        return 0, _NO_SUCH_OFFSET
    seconds = hours * 3600 + minutes * 60
    return (seconds if data[i] == 43 else -seconds), j


@borrowing
def _city(data: Any, i: Any, end: Any, t: Tables, out: Any) -> Any:
    """Read an IANA name of those that the tables hold: the position after it, or -1."""
    value, j, digits = FNV_OFFSET, i, False
    while (
        j < end
        and j - i < _LONGEST_NAME
        and (
            is_letter(data[j]) or is_digit(data[j]) or data[j] == 47 or data[j] == 95 or data[j] == 45 or data[j] == 43
        )
    ):
        value = upper_step(value, data[j])
        digits |= is_digit(data[j])
        j += 1
    names = t[_NAMES]
    for k in range(t[names]):
        if t[names + 1 + 3 * k] == np.int64(value):
            out[ZONE], out[HAS_ZONE] = names + 1 + 3 * k, 2
            return j
    if digits:
        out[BY_DIGITS] = ANYTHING
    return -1


@borrowing
def _bare(data: Any, i: Any, end: Any, t: Tables, out: Any, fewest: Any) -> Any:
    """Read a zone that begins at i into `out`: the position after it, or -1."""
    if i >= end:
        return -1
    if (data[i] | 32) == 122 and _ends_word(data, i + 1, end):
        out[ZONE], out[HAS_ZONE] = 0, 1
        return i + 1
    if data[i] == 43 or data[i] == 45:
        offset, after = _signed(data, i, end, fewest)
        if after >= 0:
            out[ZONE], out[HAS_ZONE] = offset, 1
        elif after == _NO_SUCH_OFFSET:
            out[BY_DIGITS] = ANYTHING
        return after
    j = i
    while j < end and j - i < 5 and 65 <= data[j] <= 90:
        j += 1
    if j - i > 1 and _ends_word(data, j, end):
        slot = find(t, _ZONES, ZONES_SIZE, upper_hash(data, i, j))
        if slot >= 0:
            offset = t[slot + ZONES_SIZE]
            if offset == 0 and j + 1 < end and (data[j] == 43 or data[j] == 45) and is_digit(data[j + 1]):
                more, after = _signed(data, j, end, 1)  # GMT+2
                if after >= 0:
                    offset, j = more, _remark(data, after, end)
                elif after == _NO_SUCH_OFFSET:
                    out[BY_DIGITS] = ANYTHING
            out[ZONE], out[HAS_ZONE] = offset, 1
            return j
    if t[t[_NAMES]] > 0 and 65 <= data[i] <= 90:
        return _city(data, i, end, t, out)
    return -1


@borrowing
def _remark(data: Any, i: Any, end: Any) -> Any:
    """Return the position after " (Central European Standard Time)", or i where there is no such thing."""
    if i + 2 >= end or data[i] != 32 or data[i + 1] != 40:
        return i
    j = i + 2
    while j < end and j - i < _LONGEST_REMARK and (is_letter(data[j]) or is_blank(data[j])):
        j += 1
    return j + 1 if j < end and data[j] == 41 else i


@borrowing
def _region(data: Any, i: Any, end: Any) -> Any:
    """Return the position after [Europe/Berlin], which Java writes behind an offset, or i."""
    if i + 2 >= end or data[i] != 91 or not 65 <= data[i + 1] <= 90:
        return i
    j, parts = i + 2, 1
    while j < end and j - i < _LONGEST_NAME and (is_letter(data[j]) or data[j] == 47 or data[j] == 95):
        parts += data[j] == 47
        j += 1
    known = parts > 1 or (j - i == 4 and (data[i + 1] == 85 or data[i + 1] == 71))  # UTC, GMT
    return j + 1 if known and j < end and data[j] == 93 else i


@borrowing
def read_zone(data: Any, i: Any, end: Any, t: Tables, out: Any) -> Any:
    """Read the zone at i, perhaps behind a blank, into `out`; return the position after it, i where there is none."""
    if i >= end:
        return i
    blank = i + 1 < end and data[i] == 32
    j = i + 1 if blank else i
    opening, after = data[j], np.int64(-1)
    if not blank:
        after = _bare(data, i, end, t, out, 2)
        if after >= 0:
            return _region(data, after, end)
    elif 97 <= opening <= 122:  # a word of small letters is no zone
        return i
    if opening == 91 or opening == 40:
        after = _bare(data, j + 1, end, t, out, 4)
        if after >= 0 and after < end and data[after] == (93 if opening == 91 else 41):
            return after + 1
        out[ZONE] = out[HAS_ZONE] = 0
        return i
    if blank:
        after = _bare(data, j, end, t, out, 4)  # "10:00:00 -12 ..." is a number, not a zone
    return after if after >= 0 else i


@borrowing
def _local_offset(second: Any, first: Any, at: Any, t: Tables) -> Any:
    """Return the offset at a local time in seconds since 1970, by the changes at t[at]; `first` holds before them."""
    count = t[at]
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if t[at + 1 + middle] <= second:
            low = middle + 1
        else:
            high = middle
    return t[at + count + low] if low > 0 else first


@borrowing
def offset_of(second: Any, out: Any, t: Tables) -> Any:
    """Return the offset in seconds of the timestamp whose local time in seconds since 1970 is `second`."""
    if out[HAS_ZONE] == 1:
        return out[ZONE]
    if out[HAS_ZONE] == 2:
        return _local_offset(second, t[out[ZONE] + 1], t[out[ZONE] + 2], t)
    if t[t[_CHANGES]] > 0:
        return _local_offset(second, t[_DEFAULT], t[_CHANGES], t)
    return t[_DEFAULT]
