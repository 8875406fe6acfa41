"""Tokens of a message, and which of them vary: the same in compiled code and in Python.

A message is tokens between delimiters; a dot is one where it ends a token or stands beside another. The colons of MAC
and IPv6 addresses are part of them, and so is all of a path's query (`/find?user=ada&page=2`). A token that holds
a digit, begins as a path, is an address (`x@y`), or names a weekday or month as dates do, is a *slot*: its text is a
parameter, not part of the shape. A number keeps its unit, so that 900ms and 2s differ.
"""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing

__all__ = [
    "DELIMITERS",
    "LONGEST_MESSAGE",
    "MOST_SLOTS",
    "NUMBER",
    "POWERS",
    "SLOT",
    "WORD",
    "byte_classes",
    "goes_on_to",
    "is_date_word",
    "read_token",
    "token_end",
]

DELIMITERS = b" \t\r\n=,;:()[]{}\"'|<>"
LONGEST_MESSAGE = 16_384
"""Bytes of a message that make its shape; what follows is not looked at, and counted."""
MOST_SLOTS = 64
"""Slots of a message whose values are summarised; further ones are slots, but not summarised."""

OTHER, DIGIT, AT, DELIMITER, MAYBE = 0, 1, 2, 4, 8
"""Classes of bytes; MAYBE ends a token or not. The classes of a token's bytes, or-ed, say what it holds."""
WORD, SLOT, NUMBER = 0, 1, 2
"""Kinds of tokens; a NUMBER is a SLOT too."""

# Up to three letters after a number, as one number in base 32 (case does not matter), that are a unit.
_UNITS = (
    *("", "%", "ns", "us", "ms", "s", "m", "h", "d", "min", "sec"),
    *("b", "k", "kb", "mb", "gb", "tb", "kib", "mib", "gib"),
)


def byte_classes() -> Any:
    """Return the class of each byte: OTHER, DIGIT, AT, DELIMITER or MAYBE; (256,), uint8."""
    classes = np.zeros(256, np.uint8)
    classes[48:58] = DIGIT
    classes[list(DELIMITERS)] = DELIMITER
    classes[64] = AT
    classes[list(b".:?")] = MAYBE
    return classes


_UNIT_CODES = np.array(
    sorted({sum((31 if c == "%" else ord(c) - 96) << (5 * i) for i, c in enumerate(unit)) for unit in _UNITS}), np.int64
)


_CLASSES = byte_classes()


@borrowing
def _delimits(byte: Any) -> Any:
    """Whether a byte ends the token before it, or may."""
    return _CLASSES[byte] >= 4 and byte != 63


_HEXADECIMAL = np.zeros(256, np.uint8)
_HEXADECIMAL[list(b"0123456789abcdefABCDEF")] = 1


@borrowing
def _address_end(data: Any, start: Any, end: Any) -> Any:
    """Return the byte after the MAC or IPv6 address that begins at start, or start where none does.

    Six groups of hexadecimal digits or more, or fewer with `::` between them; a digit must be among them.
    """
    i, group, colons, gap, digit = start, 0, 0, False, False
    while i < end:
        byte = data[i]
        if _HEXADECIMAL[byte] == 1:
            group += 1
            if group > 4:
                return start
            digit |= byte <= 57
        elif byte == 58 and i + 1 < end and (_HEXADECIMAL[data[i + 1]] == 1 or data[i + 1] == 58):
            if group == 0:
                if gap:
                    return start
                gap = True
            colons += 1
            group = 0
        else:
            break
        i += 1
    if i < end and (not _delimits(data[i]) or data[i] == 58):
        return start
    return i if digit and group > 0 and (colons >= 5 or (gap and colons >= 2)) else start


@borrowing
def _query_end(data: Any, i: Any, end: Any) -> Any:
    """Return the byte after the query of a path that goes on at i: up to a blank, a quote or an angle bracket."""
    while i < end and data[i] > 32 and data[i] != 34 and data[i] != 39 and data[i] != 60 and data[i] != 62:
        i += 1
    return i


@borrowing
def goes_on_to(data: Any, i: Any, start: Any, begin: Any, end: Any) -> Any:
    """Return the byte up to which the token that begins at start goes on at i, or i where it ends there.

    Byte i of the message data[begin:end] is of class MAYBE.
    """
    byte = data[i]
    if byte == 58:
        return max(i, _address_end(data, start, end)) if 0 < i - start <= 4 else i
    if byte == 46:
        alone = i + 1 < end and not _delimits(data[i + 1]) and (i == begin or data[i - 1] != 46)
        return i + 1 if alone else i
    return _query_end(data, i, end) if data[start] == 47 else i + 1


@borrowing
def token_end(data: Any, start: Any, begin: Any, end: Any) -> Any:
    """Return the byte after the token that begins at start, and the classes of its bytes, or-ed.

    The byte is start itself where a delimiter stands there; data[begin:end] is the message.
    """
    i, held, known = start, np.uint8(0), start  # up to `known` the token goes on, whatever the bytes
    while i < end:
        kind = _CLASSES[data[i]]
        if kind >= 4 and i >= known:
            if kind == 4:
                break
            known = goes_on_to(data, i, start, begin, end)
            if known == i:
                break
        held |= kind
        i += 1
    return i, held


POWERS = 10.0 ** np.arange(19)
"""The powers of ten by which the digits of a number with a point are divided."""
_DATES = (
    *("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_DATE_WORDS = np.zeros(1 << 15, np.uint8)
for _word in _DATES:
    _DATE_WORDS[(ord(_word[0]) & 31) << 10 | (ord(_word[1]) & 31) << 5 | (ord(_word[2]) & 31)] = 1


@borrowing
def is_date_word(data: Any, start: Any) -> Any:
    """Whether the three bytes from `start` on are a weekday or a month with a capital: Sun, Jan."""
    if not 65 <= data[start] <= 90:
        return False
    b, c = data[start + 1], data[start + 2]
    if not (97 <= b <= 122 and 97 <= c <= 122):
        return False
    return _DATE_WORDS[(np.int64(data[start]) & 31) << 10 | (np.int64(b) & 31) << 5 | (np.int64(c) & 31)] == 1


@borrowing
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


@borrowing
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
        if end - start == 3 and is_date_word(data, start):
            return 1, 0, np.nan
        # x@y, not an @ alone at an end
        return (1 if held & 2 and first != 64 and data[end - 1] != 64 else 0), 0, np.nan
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
        number /= POWERS[i - 1 - point]
    return 2, unit, -number if first == 45 else number
