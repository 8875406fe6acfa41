"""Tokens of a message, and which of them vary: the same in compiled code and in Python.

A message is tokens between delimiters. A token that holds a digit, begins as a path, or is an address (`x@y`) is a
*slot*: its text is a parameter, not part of the shape. A number keeps its unit, so that 900ms and 2s differ.
"""

from typing import Any

import numpy as np
from numba import njit

__all__ = ["DELIMITERS", "LONGEST_MESSAGE", "MOST_SLOTS", "NUMBER", "SLOT", "WORD", "byte_classes", "read_token"]

DELIMITERS = b" \t\r\n=,;:()[]{}\"'|<>"
LONGEST_MESSAGE = 16_384
"""Bytes of a message that make its shape; what follows is not looked at, and counted."""
MOST_SLOTS = 64
"""Slots of a message whose values are summarised; further ones are slots, but not summarised."""

OTHER, DIGIT, DELIMITER, AT = 0, 1, 2, 4
"""Classes of bytes. The classes of a token's bytes, or-ed, say what it holds."""
WORD, SLOT, NUMBER = 0, 1, 2
"""Kinds of tokens; a NUMBER is a SLOT too."""

# Up to three letters after a number, as one number in base 32 (case does not matter), that are a unit.
_UNITS = (
    *("", "%", "ns", "us", "ms", "s", "m", "h", "d", "min", "sec"),
    *("b", "k", "kb", "mb", "gb", "tb", "kib", "mib", "gib"),
)


def byte_classes() -> Any:
    """Return the class of each byte: OTHER, DIGIT, DELIMITER or AT; (256,), uint8."""
    classes = np.zeros(256, np.uint8)
    classes[48:58] = DIGIT
    classes[list(DELIMITERS)] = DELIMITER
    classes[64] = AT
    return classes


_UNIT_CODES = np.array(
    sorted({sum((31 if c == "%" else ord(c) - 96) << (5 * i) for i, c in enumerate(unit)) for unit in _UNITS}), np.int64
)


_POWERS = 10.0 ** np.arange(19)


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
def read_token(data: Any, start: Any, end: Any, held: Any) -> Any:
    """Say what the token data[start:end] is.

    Parameters
    ----------
    held
        The classes of its bytes, or-ed.

    Returns
    -------
    kind : int
        WORD, SLOT or NUMBER.
    unit : int
        Code of the number's unit; 0 where there is none.
    number : float
        The number without its unit, or NaN.
    """
    first = data[start]
    if not held & 1:
        if first == 47 and end - start > 1:  # /path
            return 1, 0, np.nan
        # x@y, not an @ alone at an end
        return (1 if held & 4 and first != 64 and data[end - 1] != 64 else 0), 0, np.nan
    i = start + (1 if first == 45 or first == 43 else 0)
    begin, point, digits = i, end, np.int64(0)
    while i < end:
        byte = data[i]
        if 48 <= byte <= 57:
            digits = digits * 10 + np.int64(byte - 48)
        elif byte == 46 and point == end and i > begin:
            point = i
        else:
            break
        i += 1
    if i == begin or i - begin > 18 or point == i - 1:
        return 1, 0, np.nan
    unit = _unit(data, i, end) if i < end else 0
    if unit < 0:
        return 1, 0, np.nan
    number = np.float64(digits)
    if point < i:
        number /= _POWERS[i - 1 - point]
    return 2, unit, -number if first == 45 else number
