"""Tokens of a message, and which of them vary: the same in compiled code and in Python.

A message is tokens between delimiters. A token that holds a digit, begins as a path, or is an address (`x@y`) is a
*slot*: its text is a parameter, not part of the shape. A number keeps its unit, so that 900ms and 2s differ.
"""

from typing import Any

import numpy as np
from numba import njit

__all__ = [
    "DELIMITERS",
    "DIGITS",
    "LONGEST_MESSAGE",
    "MOST_SLOTS",
    "byte_classes",
    "number_of",
    "token_end",
    "token_kind",
]

DELIMITERS = b" \t\r\n=,;:()[]{}\"'|<>"
LONGEST_MESSAGE = 16_384
"""Bytes of a message that make its shape; what follows is not looked at, and counted."""
MOST_SLOTS = 64
"""Slots of a message whose values are summarised; further ones are slots, but not summarised."""

OTHER, DIGITS, DELIMITER = 0, 1, 2
WORD, SLOT, NUMBER = 0, 1, 2

# Up to three letters after a number, as one number in base 32 (case does not matter), that are a unit.
_UNITS = (
    "",
    "%",
    "ns",
    "us",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "min",
    "sec",
    "b",
    "k",
    "kb",
    "mb",
    "gb",
    "tb",
    "kib",
    "mib",
    "gib",
)


def byte_classes() -> Any:
    """Return the class of each byte: OTHER, DIGITS or DELIMITER; (256,), uint8."""
    classes = np.zeros(256, np.uint8)
    classes[48:58] = DIGITS
    classes[list(DELIMITERS)] = DELIMITER
    return classes


_CLASSES = byte_classes()
_UNIT_CODES = np.array(
    sorted({sum((31 if c == "%" else ord(c) - 96) << (5 * i) for i, c in enumerate(unit)) for unit in _UNITS}),
    np.int64,
)


@njit(nogil=True, cache=True)
def token_end(data: Any, i: Any, end: Any) -> Any:
    """Return the byte after the token that begins at i."""
    while i < end and _CLASSES[data[i]] != 2:
        i += 1
    return i


@njit(nogil=True, cache=True)
def _unit(data: Any, start: Any, end: Any) -> Any:
    """Return the code of the unit data[start:end], 0 for none, or -1 where it is not a unit."""
    if end - start > 3:
        return -1
    code = 0
    for k in range(start, end):
        byte = data[k]
        if byte == 37:
            code |= 31 << (5 * (k - start))
        elif 97 <= (byte | 32) <= 122:
            code |= np.int64((byte | 32) - 96) << (5 * (k - start))
        else:
            return -1
    for known in _UNIT_CODES:
        if known == code:
            return code
    return -1


@njit(nogil=True, cache=True)
def token_kind(data: Any, start: Any, end: Any, digits: Any) -> Any:
    """Return (WORD, SLOT or NUMBER; code of the number's unit) of the token data[start:end].

    `digits` says whether it holds a digit, which the caller knows from reading it.
    """
    first = data[start]
    if not digits:
        if first == 47 and end - start > 1:  # /path
            return 1, 0
        for k in range(start + 1, end - 1):
            if data[k] == 64:  # x@y
                return 1, 0
        return 0, 0
    i = start + (1 if first == 45 or first == 43 else 0)
    begin, point = i, False
    while i < end and (48 <= data[i] <= 57 or (data[i] == 46 and not point and i > begin)):
        point |= data[i] == 46
        i += 1
    if i == begin or i - begin > 18 or data[i - 1] == 46:
        return 1, 0
    unit = _unit(data, i, end)
    return (2, unit) if unit >= 0 else (1, 0)


@njit(nogil=True, cache=True)
def number_of(data: Any, start: Any, end: Any) -> Any:
    """Return the value of a token of kind NUMBER, without its unit."""
    i, sign = start, 1.0
    if data[i] == 45 or data[i] == 43:
        sign = -1.0 if data[i] == 45 else 1.0
        i += 1
    value, scale, point = 0.0, 1.0, False
    while i < end:
        byte = data[i]
        if 48 <= byte <= 57:
            value = value * 10.0 + (byte - 48)
            if point:
                scale *= 10.0
        elif byte == 46 and not point:
            point = True
        else:
            break
        i += 1
    return sign * value / scale
