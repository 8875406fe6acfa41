"""Reads the values of fields: a hash, the number that it is, and the unit of that. Compiled."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.scan.hashes import scatter, text_hash
from loganomaly.scan.values import LONGEST_VALUE

__all__ = ["UNITS", "read_values", "value_texts"]

UNITS = ("", "%", "B", "s")
"""What numbers count, in the order of their codes; numbers with a unit are converted to bytes and seconds."""

_SCALES: tuple[tuple[tuple[str, float], ...], ...] = (
    (),
    (("%", 1.0),),
    (("b", 1.0), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("kib", 2.0**10), ("mib", 2.0**20),
     ("gib", 2.0**30)),
    (("ns", 1e-9), ("us", 1e-6), ("\u00b5s", 1e-6), ("\u03bcs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("sec", 1.0),
     ("min", 60.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)),
)  # fmt: skip
_LONGEST_UNIT = 3


def _code(unit: str) -> int:
    return sum(byte << (8 * i) for i, byte in enumerate(unit.encode()))


_UNIT_CODES = np.array([_code(unit) for units in _SCALES for unit, _ in units], np.int64)
_UNIT_SCALES = np.array([scale for units in _SCALES for _, scale in units])
_UNIT_KINDS = np.array([kind for kind, units in enumerate(_SCALES) for _ in units], np.uint8)

_LONGEST_NUMBER = 30
_MOST_DIGITS = 18  # more are an identifier, unless they stand behind the point
_SEED = np.uint64(0x2545F4914F6CDD1D)


@borrowing
def _unit(data: Any, i: Any, end: Any) -> Any:
    """Return where the unit at i stands in the table, and the byte behind it; -1 where there is none."""
    code, k = 0, i
    while k < end and not 48 <= data[k] <= 57:
        if k - i >= _LONGEST_UNIT:
            return -1, k
        byte = data[k]
        if 65 <= byte <= 90 and (k > i or byte != 77):  # 5M are no minutes
            byte = np.uint8(byte + 32)
        code |= np.int64(byte) << (8 * (k - i))
        k += 1
    if k - i == 2 and data[i] == 77:  # MB
        code |= 32
    if k - i == 3 and data[i] == 77:
        code |= 32
    for unit in range(len(_UNIT_CODES)):
        if _UNIT_CODES[unit] == code:
            return unit, k
    return -1, k


@borrowing
def _plain(data: Any, i: Any, end: Any) -> Any:
    """Return the number without a sign at i, and the byte behind it, or -1 where there is none.

    An exponent counts behind a point or where it has a sign: 7e12 is as likely an identifier.
    """
    digits: Any = np.int64(0)
    power: Any = 0
    count, begin = 0, i
    point = False
    while i < end:
        byte = data[i]
        if 48 <= byte <= 57:
            if count < _MOST_DIGITS:
                digits = digits * 10 + np.int64(byte - 48)
                count += digits > 0
                power -= point
            elif not point:
                return np.nan, -1
        elif byte == 46 and not point and i > begin and i + 1 < end and 48 <= data[i + 1] <= 57:
            point = True
        else:
            break
        i += 1
    if i == begin:
        return np.nan, -1
    if i + 1 < end and (data[i] | 32) == 101 and (point or data[i + 1] == 45 or data[i + 1] == 43):
        k = i + (2 if data[i + 1] == 45 or data[i + 1] == 43 else 1)
        first, exponent = k, np.int64(0)
        while k < end and k - first < 3 and 48 <= data[k] <= 57:
            exponent = exponent * 10 + np.int64(data[k] - 48)
            k += 1
        if k > first:
            power += -exponent if data[i + 1] == 45 else exponent
            i = k
    number = np.float64(digits)
    if power < 0:
        number /= 10.0**-power
    elif power > 0:
        number *= 10.0**power
    return number, i


@borrowing
def _number(data: Any, start: Any, end: Any) -> Any:
    """Return the number that data[start:end] is, in its base unit, and the code of that; NaN where it is none.

    Durations may have several parts, as Go writes them: 1m30.5s.
    """
    i = start + (1 if data[start] == 45 or data[start] == 43 else 0)
    if i == end:
        return np.nan, 0
    total, kind = 0.0, 0
    while i < end:
        number, after = _plain(data, i, end)
        if after < 0:
            return np.nan, 0
        if after == end:
            if kind != 0:
                return np.nan, 0
            total = number
            break
        unit, i = _unit(data, after, end)
        if unit < 0 or (i < end and _UNIT_KINDS[unit] != 3) or (kind != 0 and _UNIT_KINDS[unit] != kind):
            return np.nan, 0
        kind = _UNIT_KINDS[unit]
        total += number * _UNIT_SCALES[unit]
    if not total < np.inf:
        return np.nan, 0
    return -total if data[start] == 45 else total, kind


@njit(nogil=True, cache=True)
def read_values(data: Any, starts: Any, ends: Any) -> Any:
    """Read the values data[starts[i]:ends[i]].

    Returns
    -------
    values : uint64 array
        Their hashes: equal numbers have the same, and so have texts of one length that differ behind LONGEST_VALUE
        bytes only.
    numbers : float64 array
        The number that each is, in bytes or seconds where it has a unit; NaN where it is none.
    units : uint8 array
        Places in UNITS.
    """
    count = len(starts)
    values, numbers = np.empty(count, np.uint64), np.empty(count, np.float64)
    bits, units = numbers.view(np.uint64), np.zeros(count, np.uint8)
    for row in range(count):
        start, end = starts[row], ends[row]
        numbers[row] = np.nan
        if start < end and data[start] <= 57 and end - start < _LONGEST_NUMBER:
            numbers[row], units[row] = _number(data, start, end)
            if not np.isnan(numbers[row]):
                values[row] = scatter(bits[row] ^ _SEED)
                continue
        value = text_hash(data, start, min(end, start + LONGEST_VALUE))
        values[row] = scatter(value ^ (np.uint64(end - start) << np.uint64(32)))
    return values, numbers, units


@njit(nogil=True, cache=True)
def _copy(data: Any, starts: Any, ends: Any) -> Any:
    """Return the values as far as LONGEST_VALUE, a line break after each, and blanks for those in them."""
    out = np.empty(len(starts) * (LONGEST_VALUE + 1), np.uint8)
    used = 0
    for row in range(len(starts)):
        for k in range(starts[row], min(ends[row], starts[row] + LONGEST_VALUE)):
            out[used] = 32 if data[k] == 10 else data[k]
            used += 1
        out[used] = 10
        used += 1
    return out[:used]


def value_texts(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> pl.Series:
    """Return the values data[starts[i]:ends[i]] as far as LONGEST_VALUE bytes, with U+FFFD for no UTF-8."""
    if not len(starts):
        return pl.Series([], dtype=pl.String)
    text = _copy(data, starts, ends).tobytes().decode(errors="replace")
    return pl.Series([text[:-1]]).str.split("\n").explode(empty_as_null=False)
