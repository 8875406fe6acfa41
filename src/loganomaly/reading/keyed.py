"""Reads JSON objects and logfmt pairs: gives values to the roles of their keys, and notes them all down. Compiled."""

# Numba knows no `in` on tuples, and compiled code takes its arguments by position.
from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_blank, is_digit, is_name
from loganomaly.reading.epochs import read_epoch
from loganomaly.reading.hashes import FNV_OFFSET, find, upper_step
from loganomaly.reading.program import KEYS_SIZE, NO_TIME, At, Role, Scale, Tables, key_hash
from loganomaly.reading.registers import (
    COMPONENT_END,
    COMPONENT_START,
    DIGITS_IN_KEYS,
    FIELD_COUNT,
    FIELDS,
    FIELDS_OVER,
    LEVEL,
    LEVEL_AT,
    LISTS,
    MESSAGE_END,
    MESSAGE_START,
    MOST_FIELDS,
    MOST_TAKEN,
    PATH,
    RANKS,
    STATUS,
    TAKEN,
    TIME,
    TIME_AT,
)
from loganomaly.reading.severity import (
    letter_level,
    level_word,
    nextcloud_level,
    number_level,
    opentelemetry_level,
    syslog_level,
)
from loganomaly.reading.written import written_time

__all__ = [
    "DEEPEST",
    "NO_RANK",
    "add_field",
    "clear_roles",
    "finish_body",
    "read_json",
    "read_logfmt",
    "string_end",
    "take_role",
    "take_slot",
]

# Plain numbers: compiled code knows no enumerations of integers.
_KEYS = int(At.KEYS)
_ANY_DEPTH = np.uint64(key_hash("*.") % (1 << 64))
_ATTRIBUTE, _TEXT = (np.uint64(key_hash(key, upper=True) % (1 << 64)) for key in ("*.key", "*.stringValue"))
_SCALE = int(Role.SCALE)
_NEXTCLOUD, _SYSLOG = int(Scale.NEXTCLOUD), int(Scale.SYSLOG)
_OPENTELEMETRY, _JSON_ONLY = int(Scale.OPENTELEMETRY), int(Scale.JSON_ONLY)
NO_RANK = 255
"""Rank of a role that no key has been taken for yet."""
DEEPEST = 24
"""Nesting of JSON objects whose keys are told apart."""


@borrowing
def string_end(data: Any, i: Any, end: Any) -> Any:
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


@borrowing
def _plain_number(data: Any, start: Any, end: Any) -> Any:
    """Return the value of up to nine digits, or -1."""
    if not 0 < end - start < 10:
        return -1
    value = 0
    for i in range(start, end):
        if not is_digit(data[i]):
            return -1
        value = value * 10 + (data[i] - 48)
    return value


@borrowing
def _take_value(data: Any, start: Any, end: Any, path: Any, last: Any, t: Tables, out: Any) -> None:
    """Give the value data[start:end] to the role of its key: hash `path` of the whole path, else `last` of its end.

    In logfmt, whose keys have no paths, `last` is 0.
    """
    if start >= end:
        return
    slot = find(t, _KEYS, KEYS_SIZE, path)
    if slot < 0:
        slot = find(t, _KEYS, KEYS_SIZE, last) if last != 0 else -1
        if slot < 0:
            return
    count = out[TAKEN]
    if count < MOST_TAKEN:
        at = TAKEN + 1 + 4 * count
        out[at], out[at + 1], out[at + 2], out[at + 3] = slot, start, end, 1 if last != 0 else 0
    out[TAKEN] = count + 1
    take_slot(data, start, end, slot, last != 0, t, out)


@borrowing
def take_slot(data: Any, start: Any, end: Any, slot: Any, in_json: Any, t: Tables, out: Any) -> None:
    """Give the value data[start:end] to the role of the key at t[slot]."""
    role = t[slot + KEYS_SIZE]
    if role >= 16:
        scale = role // 16
        role %= 16
        if scale == _JSON_ONLY:
            if not in_json or data[start - 1] != 34:  # texts only: "error": false is no message
                return
        elif scale == _OPENTELEMETRY:
            number = _plain_number(data, start, end)
            if 1 <= number <= 24 and out[LEVEL] == 0:
                out[LEVEL] = opentelemetry_level(number)
            return
        else:
            out[RANKS + _SCALE] = scale
    take_role(data, start, end, role, t[slot + 2 * KEYS_SIZE], t, out)


@borrowing
def _scaled_level(out: Any) -> Any:
    """Return the Level of the record, whose number was held back until the scale is known."""
    if out[LEVEL] >= 0:
        return out[LEVEL]
    number = -1 - out[LEVEL]
    if out[RANKS + _SCALE] == _SYSLOG:
        return syslog_level(number)
    return nextcloud_level(number) if out[RANKS + _SCALE] == _NEXTCLOUD and number <= 4 else 0


@borrowing
def clear_roles(out: Any) -> None:
    """Forget which roles were taken, and what was found."""
    for k in range(8):
        out[RANKS + k] = NO_RANK
    out[TIME_AT] = out[LEVEL_AT] = -1
    out[FIELD_COUNT] = out[FIELDS_OVER] = 0
    out[TAKEN] = out[DIGITS_IN_KEYS] = 0


@borrowing
def add_field(key: Any, start: Any, end: Any, out: Any) -> None:
    """Note down a value that has a name, whatever its role."""
    count = out[FIELD_COUNT]
    if count == MOST_FIELDS:
        out[FIELDS_OVER] += 1
        return
    at = FIELDS + 3 * count
    out[at], out[at + 1], out[at + 2] = key, start, end
    out[FIELD_COUNT] = count + 1


@borrowing
def take_role(data: Any, start: Any, end: Any, role: Any, rank: Any, t: Tables, out: Any) -> None:
    """Give the value data[start:end] to its role, unless one of the same or a lower rank was taken before."""
    if rank >= out[RANKS + role]:
        return
    if role == 1:
        out[COMPONENT_START], out[COMPONENT_END] = start, end
    elif role == 4:
        out[MESSAGE_START], out[MESSAGE_END] = start, end
    elif role == 7:
        return
    elif role == 3:
        level = level_word(data, start, end, t)
        if level == 0 and end - start == 1:
            level = letter_level(data[start])
        if level == 0:
            level = number_level(_plain_number(data, start, end))
        if level == 0:
            if out[LEVEL] == 0 and end - start == 1 and 48 <= data[start] <= 55:
                out[LEVEL] = -1 - (data[start] - 48)  # means what the scale says, which other keys tell
                out[LEVEL_AT] = start
            return
        out[LEVEL], out[LEVEL_AT] = level, start
    elif role == 6:
        number = _plain_number(data, start, end)
        if number < 0 or number > 7:
            return
        out[LEVEL], out[LEVEL_AT] = syslog_level(number), start
    elif role == 5:
        number = _plain_number(data, start, end)
        if number < 100 or number > 599:
            return
        out[STATUS] = number
    elif role == 2:
        micro, after = read_epoch(data, start, end)
        if after < 0:
            micro = written_time(data, start, end, t, out)
            if micro == NO_TIME:
                return
        out[TIME], out[TIME_AT] = micro, start
    out[RANKS + role] = rank


@borrowing
def read_json(data: Any, i: Any, end: Any, t: Tables, out: Any) -> Any:
    """Read the object that begins at i; True if it is closed at the end of the line."""
    if i >= end or data[i] != 123:
        return False
    begin = i
    clear_roles(out)
    depth, key, last, named = 0, FNV_OFFSET, np.uint64(0), np.uint64(0)
    muted = 0  # depth of the list whose first element is over: further ones are no fields
    out[PATH] = np.int64(FNV_OFFSET)
    while i < end:
        byte = data[i]
        if byte == 34:
            close = string_end(data, i, end)
            if close < 0:
                return False
            j = close + 1
            while j < end and is_blank(data[j]):
                j += 1
            if j < end and data[j] == 58:
                key = np.uint64(out[PATH + min(depth, DEEPEST)])
                last = np.uint64(0)
                if key != FNV_OFFSET:
                    key = upper_step(key, np.uint8(46))
                    last = _ANY_DEPTH
                for k in range(i + 1, close):
                    key, last = upper_step(key, data[k]), upper_step(last, data[k])
                    if is_digit(data[k]):
                        out[DIGITS_IN_KEYS] = 1
                i = j + 1
            else:
                if last == _ATTRIBUTE:
                    named = _ANY_DEPTH
                    for k in range(i + 1, close):
                        named = upper_step(named, data[k])
                        if is_digit(data[k]):
                            out[DIGITS_IN_KEYS] = 1
                elif last == _TEXT and named != 0:
                    _take_value(data, i + 1, close, named, named, t, out)
                    named = np.uint64(0)
                _take_value(data, i + 1, close, key, last, t, out)
                if muted == 0:
                    add_field(np.int64(key), i + 1, close, out)
                i = close + 1
        elif byte == 123 or byte == 91:
            depth += 1
            if depth <= DEEPEST:
                # The elements of a list go by the name of the list.
                out[PATH + depth] = np.int64(key if depth > 1 else FNV_OFFSET)
                out[LISTS + depth] = byte == 91
            elif muted == 0:
                muted = depth
                out[FIELDS_OVER] += 1
            i += 1
        elif byte == 125 or byte == 93:
            depth -= 1
            i += 1
            if depth < muted:
                muted = 0
            if depth > 0:
                key = np.uint64(out[PATH + min(depth, DEEPEST)])
            elif depth == 0:
                break
        elif byte == 44 or byte == 58 or is_blank(byte):
            if byte == 44 and muted == 0 and depth > 0 and out[LISTS + depth] == 1:
                muted = depth
            i += 1
        else:
            j = i
            while j < end and data[j] != 44 and data[j] != 125 and data[j] != 93 and not is_blank(data[j]):
                j += 1
            if byte != 110:  # null says nothing
                _take_value(data, i, j, key, last, t, out)
            if muted == 0:
                add_field(np.int64(key), i, j, out)
            i = j
    if depth != 0:
        return False
    finish_body(begin, i, True, out)
    while i < end and (is_blank(data[i]) or data[i] == 44):
        i += 1
    return i >= end


@borrowing
def read_logfmt(data: Any, i: Any, end: Any, t: Tables, out: Any) -> Any:
    """Read key=value pairs up to the end of the line; True if there are two or more and nothing else."""
    begin, pairs = i, 0
    clear_roles(out)
    while i < end:
        while i < end and is_blank(data[i]):
            i += 1
        if i >= end:
            break
        key, start = FNV_OFFSET, i
        while i < end and (is_name(data[i]) or data[i] == 64 or data[i] == 47):
            key = upper_step(key, data[i])
            if is_digit(data[i]):
                out[DIGITS_IN_KEYS] = 1
            i += 1
        if i == start or i >= end or data[i] != 61:
            return False
        i += 1
        if i < end and data[i] == 34:
            close = string_end(data, i, end)
            if close < 0:
                return False
            _take_value(data, i + 1, close, key, np.uint64(0), t, out)
            add_field(np.int64(key), i + 1, close, out)
            i = close + 1
        else:
            start = i
            while i < end and not is_blank(data[i]):
                i += 1
            _take_value(data, start, i, key, np.uint64(0), t, out)
            add_field(np.int64(key), start, i, out)
        pairs += 1
    finish_body(begin, end, False, out)
    return pairs >= 2


@borrowing
def finish_body(begin: Any, end: Any, in_json: Any, out: Any) -> None:
    """Decide what all keys together say of the body data[begin:end]."""
    if out[LEVEL] < 0:
        out[LEVEL] = _scaled_level(out) if in_json else 0
        if out[LEVEL] == 0:
            out[LEVEL_AT] = -1
    if out[MESSAGE_START] < 0:
        out[MESSAGE_START], out[MESSAGE_END] = begin, end
