"""Times that are one number: epochs of any unit, and TAI64N labels. Compiled."""

# Compiled code takes its arguments by position.
from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_digit
from loganomaly.reading.program import NO_TIME

__all__ = ["read_epoch"]

_MICRO = 1_000_000
# Epochs are told apart by magnitude; each range is about 1990 to 2128 in its unit.
_EPOCH_SECONDS = (600_000_000, 5_000_000_000)
# TAI64N counts from 2^62. daemontools and s6, which write it, add ten seconds and know of no leap seconds.
_TAI_SHIFT = (1 << 62) + 10
_TAI_DIGITS = 24


@borrowing
def read_epoch(data: Any, start: Any, end: Any) -> Any:
    """Read an epoch of any unit: microseconds in the first result, the position after it in the second, or -1."""
    i = start
    whole = np.int64(0)
    while i < end and is_digit(data[i]) and i - start < 19:
        whole = whole * 10 + (data[i] - 48)
        i += 1
    if i - start < 9 or (i < end and is_digit(data[i])):
        if i - start == 1 and i < end and data[i] == 46:
            return _scientific(data, start, end)
        if i == start and i < end and data[i] == 64:
            return _tai(data, start + 1, end)
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


@borrowing
def _scientific(data: Any, start: Any, end: Any) -> Any:
    """Read seconds as floating point numbers are printed, 1.5731806488681543e+09; results as `read_epoch`."""
    micro, unit, i = np.int64(data[start] - 48) * 1_000_000_000 * _MICRO, np.int64(100_000_000 * _MICRO), start + 2
    while i < end and is_digit(data[i]):
        micro += unit * (data[i] - 48)
        unit //= 10
        i += 1
    if i + 3 >= end or (data[i] | 32) != 101 or data[i + 1] != 43 or data[i + 2] != 48 or data[i + 3] != 57:
        return NO_TIME, -1
    low, high = _EPOCH_SECONDS
    return (micro, i + 4) if low * _MICRO <= micro < high * _MICRO else (NO_TIME, -1)


@borrowing
def _tai(data: Any, start: Any, end: Any) -> Any:
    """Read the 24 hexadecimal digits of a TAI64N label; results as `read_epoch`."""
    if end - start < _TAI_DIGITS:
        return NO_TIME, -1
    second, nano = np.int64(0), np.int64(0)
    for k in range(_TAI_DIGITS):
        byte = data[start + k]
        letter = byte | 32
        if is_digit(byte):
            digit = np.int64(byte) - 48
        elif 97 <= letter <= 102:
            digit = np.int64(letter) - 87
        else:
            return NO_TIME, -1
        if k < 16:
            second = second * 16 + digit
        else:
            nano = nano * 16 + digit
    second -= _TAI_SHIFT
    low, high = _EPOCH_SECONDS
    if second < low or second >= high or nano >= 1_000_000_000:
        return NO_TIME, -1
    return second * _MICRO + nano // 1000, start + _TAI_DIGITS
