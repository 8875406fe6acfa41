"""Finds what may be the id of a session in records: tokens with digits, by how they are written. Compiled.

What tells the ids of one kind from others is the *key*: of a field its name, of a token its form, that is, its text
with every number (`blk_-42` and `blk_7` are `blk_*`), UUID, and hexadecimal or random word as one sign. Of a
bare number it is the word before it (`session 42`), and in front of the message its place in the line (`sshd[24200]`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.mining.tokens import LONGEST_MESSAGE, byte_classes, is_date_word, token_end
from loganomaly.scan.hashes import scatter, text_hash

__all__ = ["ALL", "IN_FIELDS", "IN_HEADS", "IN_MESSAGES", "find_ids", "key_name"]

IN_FIELDS, IN_MESSAGES, IN_HEADS = 1, 2, 4
"""Where ids are looked for; to be or-ed."""
ALL = IN_FIELDS | IN_MESSAGES | IN_HEADS

_LONGEST_ID = 128
_MOST_HEAD_TOKENS = 24
_NONE, _NUMBER, _WORD = 0, 1, 2
_WORD_MIX = np.uint64(1099511628211)
_TOP = np.uint64(1 << 63)
_HEAD_MIX = np.uint64(0x9E3779B97F4A7C15)
_CLASSES = byte_classes()
_MIXED_HEX, _RANDOM = 8, 2  # characters of a hexadecimal word; changes between letters and digits of a random one
_DIGITS, _MIX, _UUID = 1, 2, 3  # what stands in a form for what varies


@borrowing
def _is_digit(byte: Any) -> Any:
    return 48 <= byte <= 57


@borrowing
def _is_letter(byte: Any) -> Any:
    return 97 <= (byte | 32) <= 122


@borrowing
def _is_of_word(byte: Any) -> Any:
    return _is_digit(byte) or _is_letter(byte) or byte >= 128


@borrowing
def _is_hexadecimal(byte: Any) -> Any:
    return 48 <= byte <= 57 or 97 <= (byte | 32) <= 102


@borrowing
def _is_uuid(data: Any, start: Any, end: Any) -> Any:
    """Whether data[start:] begins with a UUID: 8-4-4-4-12 hexadecimal digits, and nothing more of a word."""
    if end - start < 36:
        return False
    for i in range(36):
        byte = data[start + i]
        if i == 8 or i == 13 or i == 18 or i == 23:
            if byte != 45:
                return False
        elif not _is_hexadecimal(byte):
            return False
    return end - start == 36 or not (_is_digit(data[start + 36]) or _is_letter(data[start + 36]))


@borrowing
def _form(data: Any, start: Any, end: Any, out: Any) -> Any:
    """Write the form of data[start:end] to `out` (uint8, at least as long); return its length and its kind.

    The kind is _NONE for what is no id (no digit in it, a decimal, an IP address, a date), _NUMBER for a bare number.
    """
    n, i = 0, start
    digits, words = False, False
    while i < end:
        byte = data[i]
        if not (_is_digit(byte) or _is_letter(byte)):
            # A sign in front of digits is part of the number.
            is_sign = byte == 45 and i + 1 < end and _is_digit(data[i + 1])
            if not (is_sign and (i == start or not _is_of_word(data[i - 1]))):
                out[n] = byte
                n += 1
                words |= byte == 35 or byte >= 128
            i += 1
            continue
        if _is_hexadecimal(byte) and _is_uuid(data, i, end):
            out[n] = _UUID
            n += 1
            digits = words = True
            i += 36
            continue
        stop, letters, numbers, changes, hexadecimal = i, 0, 0, 0, True
        while stop < end and (_is_digit(data[stop]) or _is_letter(data[stop])):
            is_digit = _is_digit(data[stop])
            letters += not is_digit
            numbers += is_digit
            changes += stop > i and is_digit != _is_digit(data[stop - 1])
            hexadecimal &= _is_hexadecimal(data[stop])
            stop += 1
        digits |= numbers > 0
        words |= letters > 0
        if numbers > 0 and letters > 0 and (changes >= _RANDOM or (hexadecimal and stop - i >= _MIXED_HEX)):
            out[n] = _MIX
            n += 1
        else:
            for k in range(i, stop):
                if not _is_digit(data[k]):
                    out[n] = data[k]
                    n += 1
                elif k == i or not _is_digit(data[k - 1]):
                    out[n] = _DIGITS
                    n += 1
        i = stop
    if not digits:
        return n, _NONE
    if words:
        return n, _WORD
    return n, (_NUMBER if n == 1 else _NONE)


@borrowing
def _is_date(data: Any, start: Any, end: Any) -> Any:
    """Whether data[start:end] begins as 2026-03-14 does."""
    return (
        end - start >= 10
        and data[start + 4] == data[start + 7] == 45
        and _is_digit(data[start])
        and _is_digit(data[start + 3])
        and _is_digit(data[start + 5])
        and _is_digit(data[start + 8])
    )


@borrowing
def _word_before(data: Any, i: Any, begin: Any) -> Any:
    """Return the bounds of the word before the number at i: letters, at most three delimiters away; else i, i."""
    stop = i
    while stop > begin and i - stop < 3 and _CLASSES[data[stop - 1]] >= 4:
        stop -= 1
    start = stop
    while start > begin and (_is_letter(data[start - 1]) or data[start - 1] == 95 or data[start - 1] == 45):
        start -= 1
    if stop - start < 2 or stop == i or (start > begin and _CLASSES[data[start - 1]] < 4):
        return i, i
    if stop - start == 3 and is_date_word(data, start):
        return i, i
    return start, stop


@borrowing
def _key(data: Any, start: Any, end: Any, begin: Any, ordinal: Any, out: Any) -> Any:
    """Return the key of the token data[start:end], 0 where it can be no id.

    `begin` is where the message begins that it is in; `ordinal` its place in front of the message, else -1.
    """
    if end - start > _LONGEST_ID or _is_date(data, start, end):
        return np.uint64(0)
    size, kind = _form(data, start, end, out)
    if kind == _NONE:
        return np.uint64(0)
    if ordinal >= 0:
        before = data[start - 1] if start > begin else np.uint8(32)
        is_enclosed = before == 91 or before == 40 or before == 60 or before == 61
        if kind == _NUMBER and not is_enclosed:
            return np.uint64(0)
        return scatter(text_hash(out, 0, size) ^ (np.uint64(ordinal + 1) * _HEAD_MIX)) | _TOP
    if kind == _NUMBER:
        first, last = _word_before(data, start, begin)
        if first == last:
            return np.uint64(0)
        return scatter(text_hash(data, first, last) ^ _WORD_MIX) | _TOP
    return text_hash(out, 0, size) | _TOP


@borrowing
def _is_wanted(key: Any, wanted: Any) -> Any:
    if key == 0:
        return False
    if len(wanted) == 0:
        return True
    found = False
    for one in wanted:
        found |= one == key
    return found


@njit(nogil=True, cache=True)
def _larger(rows: Any) -> Any:
    bigger = np.empty((2 * len(rows), 5), np.int64)
    bigger[: len(rows)] = rows
    return bigger


@borrowing
def _put(rows: Any, n: Any, begin: Any, entry: Any) -> Any:
    """Write an entry (record, key, value, start, end) to row n, unless rows from `begin` on say the same."""
    for k in range(begin, n):
        if rows[k, 1] == entry[1] and rows[k, 2] == entry[2]:
            return n
    for k in range(5):
        rows[n, k] = entry[k]
    return n + 1


@njit(nogil=True, cache=True)
def find_ids(
    data: Any, starts: Any, messages: Any, slots: Any, fields: Any, wanted: Any, begins: Any, places: Any
) -> Any:
    """Find the values of keys in records.

    Parameters
    ----------
    data : uint8 array
    starts : int64 array
        First byte of each record.
    messages : (int64 array, int64 array)
        First byte of each record's message, and the byte behind it.
    slots : (int64 array, int64 array, float64 array)
        Each record's first slot, the first byte of each slot, and its number or NaN, as `read_shapes` returns them.
    fields : (int64 array, int64 array, int64 array, int64 array)
        Each record's first field, slot number of each field, the first byte of its value and the byte behind it; the
        first one is empty where there are none.
    wanted : uint64 array
        Keys that are looked for; all where it is empty.
    begins : uint8 array (256,)
        1 for the bytes with which tokens of these keys begin: most tokens are told by that.
    places : int
        IN_FIELDS, IN_MESSAGES, IN_HEADS, or-ed.

    Returns
    -------
    rows : int64 array (values, 5)
        Record, key, hash of the value (both the bits of a uint64), first byte of it, byte behind it. Of a record, each
        key and value once.
    """
    rows, n = np.empty((1024, 5), np.int64), 0
    out = np.empty(_LONGEST_ID + 1, np.uint8)
    first, at, numbers = slots
    field_first, field_slots, field_starts, field_ends = fields
    for row in range(len(starts)):
        begin = n
        message, stop = messages[0][row], min(messages[1][row], messages[0][row] + LONGEST_MESSAGE)
        if places & IN_FIELDS and len(field_first) > 0:
            for i in range(field_first[row], field_first[row + 1]):
                key = np.uint64(field_slots[i])
                if (
                    field_ends[i] > field_starts[i]
                    and field_ends[i] - field_starts[i] <= _LONGEST_ID
                    and _is_wanted(key, wanted)
                ):
                    if n == len(rows):
                        rows = _larger(rows)
                    value = text_hash(data, field_starts[i], field_ends[i])
                    n = _put(rows, n, begin, (row, np.int64(key), np.int64(value), field_starts[i], field_ends[i]))
        if places & IN_HEADS:
            i, ordinal = starts[row], 0
            while i < message and ordinal < _MOST_HEAD_TOKENS:
                end, held = token_end(data, i, starts[row], message)
                if end == i:
                    i += 1
                    continue
                if held & 1 and begins[data[i]] == 1:
                    key = _key(data, i, end, starts[row], ordinal, out)
                    if _is_wanted(key, wanted):
                        if n == len(rows):
                            rows = _larger(rows)
                        n = _put(rows, n, begin, (row, np.int64(key), np.int64(text_hash(data, i, end)), i, end))
                ordinal += 1
                i = end
        if places & IN_MESSAGES:
            for slot in range(first[row], first[row + 1]):
                number = numbers[slot]
                start = at[slot]
                if begins[data[start]] == 0 and data[start] != 47:
                    continue
                end, held = token_end(data, start, message, stop)
                if not held & 1 or (not np.isnan(number) and not _is_digit(data[end - 1])):
                    continue
                # The names in a path are looked at one by one.
                part = start
                for i in range(start, end + 1):
                    if i < end and data[i] == 63:
                        break
                    if i < end and data[i] != 47:
                        continue
                    if i > part and begins[data[part]] == 1:
                        key = _key(data, part, i, message if part == start else part, -1, out)
                        if _is_wanted(key, wanted):
                            if n == len(rows):
                                rows = _larger(rows)
                            n = _put(rows, n, begin, (row, np.int64(key), np.int64(text_hash(data, part, i)), part, i))
                    part = i + 1
    return rows[:n].copy()


def key_name(data: NDArray[np.uint8], start: int, end: int) -> str:
    """Return how ids like data[start:end] are written, for people: `*` stands for what varies.

    Examples
    --------
    >>> text = np.frombuffer(b"sshd[812]: session 7 of blk_-42", np.uint8)
    >>> key_name(text, 5, 8), key_name(text, 19, 20), key_name(text, 24, 31)
    ('[*]', 'session *', 'blk_*')
    """
    text = data[start:end]
    out = np.empty(len(text) + 1, np.uint8)
    size, kind = _form(text, 0, len(text), out)
    if kind == _NUMBER and start > 0 and data[start - 1] in b"[(<":
        before = chr(data[start - 1])
        return f"{before}*{dict(zip('[(<', '])>', strict=True))[before]}"
    first, last = _word_before(data, start, max(0, start - _LONGEST_ID)) if kind == _NUMBER else (start, start)
    word = data[first:last].tobytes() + b" " if last > first else b""
    form = b"".join(b"*" if byte <= _UUID else bytes([byte]) for byte in out[:size].tolist())
    return (word + form).decode(errors="replace")
