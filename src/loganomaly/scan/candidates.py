"""Picks the records that may hold a secret: those with one of the words that secrets come with. Compiled.

It may pick records without one, never the other way round: `find_leaks` looks only at what is picked here.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loganomaly.reading.program import key_hash
from loganomaly.redaction.secrets import leak_kinds

__all__ = ["anchors", "candidates"]

_SIZE = 512
_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
# Where a word counts: as a whole run of letters, at the beginning of one, at the end of one before a sign that gives
# it a value, or (api_key, which is two runs) before the word "key".
_ANY, _PREFIX, _VALUE, _KEY = 1, 2, 3, 4
_SHORTEST, _LONGEST = 3, 12  # letters of a word
_NEAR = 4  # bytes after a word that hold the sign: a quote, two blanks, = or :


@cache
def anchors() -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return an open-addressing table of the words' hashes, for each where it counts, and how words begin.

    Words that count at the end of a run are hashed backwards. The last table has a 1 for the first three letters,
    five bits each, of the words that count at the beginning of a run or as one: few runs need to be hashed.
    """
    hashes, needs = np.zeros(_SIZE, np.int64), np.zeros(_SIZE, np.uint8)
    begins = np.zeros(1 << 15, np.uint8)
    for kind in leak_kinds():
        for word in kind.words:
            need = _PREFIX if kind.prefix else _ANY
            if kind.name == "password":
                need = _KEY if word == "api" else _VALUE
            if need in {_ANY, _PREFIX}:
                a, b, c = (ord(letter) & 31 for letter in word[:3])
                begins[a << 10 | b << 5 | c] = 1
            value = key_hash(word[::-1] if need in {_VALUE, _KEY} else word)
            slot = value % _SIZE
            while hashes[slot] not in (0, value):
                slot = (slot + 1) % _SIZE
            hashes[slot], needs[slot] = value, need
    return hashes, needs, begins


@njit(nogil=True, cache=True)
def _need(hashes: Any, needs: Any, value: Any) -> Any:
    key = np.int64(value)
    slot = key & (_SIZE - 1)
    while hashes[slot] != 0:
        if hashes[slot] == key:
            return needs[slot]
        slot = (slot + 1) & (_SIZE - 1)
    return 0


@njit(nogil=True, cache=True)
def _has_credentials(data: Any, i: Any, end: Any) -> Any:
    """Whether `://` at i is followed by an @ before the next blank or slash."""
    if i + 3 >= end or data[i] != 58 or data[i + 1] != 47 or data[i + 2] != 47:
        return False
    for k in range(i + 3, end):
        if data[k] == 64:
            return True
        if data[k] == 32 or data[k] == 47 or data[k] == 34:
            return False
    return False


@njit(nogil=True, cache=True)
def _is_letter(byte: Any) -> Any:
    return 97 <= (byte | 32) <= 122


@njit(nogil=True, cache=True)
def _gets_value(data: Any, start: Any, i: Any, end: Any, hashes: Any, needs: Any) -> Any:
    """Whether the letters data[start:i] end with a word that is given a value."""
    if i >= end:
        return False
    joined = data[i] == 95 or data[i] == 45  # secret_key=
    if not joined:
        sign = i
        while sign < end and (data[sign] == 34 or data[sign] == 39 or data[sign] <= 32) and sign - i < _NEAR - 1:
            sign += 1
        if sign == end or (data[sign] != 61 and data[sign] != 58):
            return False
    value = _FNV_OFFSET
    for k in range(i - 1, max(start, i - _LONGEST) - 1, -1):
        value = (value ^ np.uint64(data[k] | 32)) * _FNV_PRIME
        if i - k >= _SHORTEST:
            need = _need(hashes, needs, value)
            if need == 3:
                return True
            if need == 4 and joined and i + 3 < end:
                return data[i + 1] | 32 == 107 and data[i + 2] | 32 == 101 and data[i + 3] | 32 == 121
    return False


@njit(nogil=True, cache=True)
def _is_anchor(data: Any, start: Any, end: Any, hashes: Any, needs: Any) -> Any:
    """Whether the letters data[start:end] are a word that counts as a run, or begin with one that counts there."""
    value = _FNV_OFFSET
    for k in range(start, min(end, start + _LONGEST)):
        value = (value ^ np.uint64(data[k] | 32)) * _FNV_PRIME
        if 3 <= k + 1 - start <= 4 and _need(hashes, needs, value) == 2:
            return True
    return end - start <= _LONGEST and _need(hashes, needs, value) == 1


@njit(nogil=True, cache=True)
def candidates(data: Any, starts: Any, ends: Any, hashes: Any, needs: Any, begins: Any) -> Any:
    """Return the rows i whose bytes data[starts[i]:ends[i]] hold an anchor word where it counts, or credentials."""
    rows = np.empty(len(starts), np.int64)
    count = 0
    for row in range(len(starts)):
        i, end = starts[row], ends[row]
        found = False
        while i < end and not found:
            while i < end and not _is_letter(data[i]):
                if data[i] == 58:
                    found |= _has_credentials(data, i, end)
                i += 1
            start = i
            while i < end and _is_letter(data[i]):
                i += 1
            if i - start >= _SHORTEST:
                a, b, c = data[start] & 31, data[start + 1] & 31, data[start + 2] & 31
                if begins[np.int64(a) << 10 | np.int64(b) << 5 | np.int64(c)]:
                    found |= _is_anchor(data, start, i, hashes, needs)
                found |= _gets_value(data, start, i, end, hashes, needs)
        if found:
            rows[count] = row
            count += 1
    return rows[:count].copy()
