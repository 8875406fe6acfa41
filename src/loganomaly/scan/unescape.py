"""Undoes the escapes of URLs, JSON, CSV and HTML in records, as `loganomaly.redaction.views` does. Compiled.

Only what may be searched for in a record rests on this: of escapes that mean nothing it may undo more than views do.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit

__all__ = ["unescape"]

_ENTITIES = tuple(
    (np.frombuffer(name, np.uint8), sign)
    for name, sign in (
        (b"quot;", 34), (b"amp;", 38), (b"lt;", 60), (b"gt;", 62),
        (b"apos;", 39), (b"#39;", 39), (b"#34;", 34), (b"#x27;", 39),
    )
)  # fmt: skip


def unescape(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], *, plus: bool
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return records with their escapes undone once: bytes, starts, ends, and which of them changed.

    With `plus`, a plus is a blank in records that look like a URL with a query.
    """
    return _unescape(data, starts, ends, plus)  # type: ignore[no-any-return]


@borrowing
def _hex(byte: Any) -> Any:
    if 48 <= byte <= 57:
        return byte - 48
    if 97 <= byte | 32 <= 102:
        return (byte | 32) - 87
    return 255


@borrowing
def _code(data: Any, at: Any, digits: Any, end: Any) -> Any:
    """Return the number of so many hexadecimal digits at `at`, or -1."""
    if at + digits > end:
        return -1
    value = np.int64(0)
    for k in range(at, at + digits):
        digit = _hex(data[k])
        if digit > 15:
            return -1
        value = value * 16 + np.int64(digit)
    return value


@borrowing
def _put(out: Any, n: Any, code: Any) -> Any:
    """Write a character as UTF-8; return where the next goes."""
    if code < 0x80:
        out[n] = code
        return n + 1
    if code < 0x800:
        out[n], out[n + 1] = 0xC0 | code >> 6, 0x80 | code & 63
        return n + 2
    out[n], out[n + 1], out[n + 2] = 0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63
    return n + 3


@borrowing
def _entity(data: Any, at: Any, end: Any) -> Any:
    """Return the sign of the entity whose name begins at `at`, and its length; 0 where there is none."""
    for name, sign in _ENTITIES:
        if at + len(name) <= end:
            same = True
            for k in range(len(name)):
                same &= data[at + k] == name[k]
            if same:
                return sign, len(name)
    return 0, 0


@njit(nogil=True, cache=True)
def _unescape(data: Any, starts: Any, ends: Any, plus: Any) -> Any:
    total = 0
    for row in range(len(starts)):
        total += ends[row] - starts[row]
    out = np.empty(total + 4, np.uint8)
    first, last = np.empty(len(starts), np.int64), np.empty(len(starts), np.int64)
    changed = np.zeros(len(starts), np.bool_)
    n = 0
    for row in range(len(starts)):
        first[row] = n
        i, end = starts[row], ends[row]
        query = False
        if plus:
            for k in range(i, end):
                query |= data[k] == 61 or data[k] == 37
        while i < end:
            byte = data[i]
            size, code = np.int64(0), np.int64(-1)
            if byte == 37:
                size, code = np.int64(3), np.int64(_code(data, i + 1, 2, end))
                if code >= 0:  # a byte of a character, not the character
                    out[n] = code
                    n += 1
                    i += 3
                    changed[row] = True
                    continue
            elif byte == 92 and i + 1 < end:
                k = i + 1
                while k < end and data[k] == 92:
                    k += 1
                sign = np.int64(data[k]) if k < end else np.int64(0)
                size = np.int64(k + 1 - i)
                if sign == 117:
                    size, code = size + 4, np.int64(_code(data, k + 1, 4, end))
                elif sign == 120:
                    size, code = size + 2, np.int64(_code(data, k + 1, 2, end))
                elif sign == 34 or sign == 39 or sign == 47:
                    code = sign
                elif sign == 110:
                    code = np.int64(10)
                elif sign == 114:
                    code = np.int64(13)
                elif sign == 116:
                    code = np.int64(9)
            elif byte == 34 and i + 1 < end and data[i + 1] == 34:
                size, code = np.int64(2), np.int64(34)
            elif byte == 35 and i + 3 < end and data[i + 1] == 48 and data[i + 2] == 49:
                size = np.int64(4)
                if data[i + 3] == 49:
                    code = np.int64(9)
                elif data[i + 3] == 50:
                    code = np.int64(10)
                elif data[i + 3] == 53:
                    code = np.int64(13)
            elif byte == 38:
                sign, length = _entity(data, i + 1, end)
                if length:
                    size, code = np.int64(length + 1), np.int64(sign)
            elif byte == 43 and query:
                size, code = np.int64(1), np.int64(32)
            if code >= 0:
                n = _put(out, n, code)
                i += size
                changed[row] = True
            else:
                behind = i + 1
                while byte == 92 and behind < end and data[behind] == 92:  # the whole run: it was looked at
                    behind += 1
                out[n : n + behind - i] = data[i:behind]
                n += behind - i
                i = behind
        last[row] = n
    return out, first, last, changed
