"""Picks the records that may hold a secret: those with one of the words that secrets come with. Compiled."""

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
# What must follow the word near by: nothing, or a sign that gives it a value.
_ANY, _PREFIX, _VALUE, _SCHEME = 1, 2, 3, 4
_NEAR = 4  # bytes between a word and the sign that gives it a value


@cache
def anchors() -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return an open-addressing table of the words' hashes, and for each what must follow it."""
    hashes, needs = np.zeros(_SIZE, np.int64), np.zeros(_SIZE, np.uint8)
    for kind in leak_kinds():
        for word in kind.words:
            need = _PREFIX if kind.prefix else _ANY
            need = {"password": _VALUE, "url-credentials": _SCHEME}.get(kind.name, need)
            value = key_hash(word)
            slot = value % _SIZE
            while hashes[slot] not in (0, value):
                slot = (slot + 1) % _SIZE
            hashes[slot], needs[slot] = value, need
    return hashes, needs


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
    for k in range(i + 3, min(end, i + 220)):
        if data[k] == 64:
            return True
        if data[k] == 32 or data[k] == 47 or data[k] == 34:
            return False
    return False


@njit(nogil=True, cache=True)
def candidates(data: Any, starts: Any, ends: Any, hashes: Any, needs: Any) -> Any:
    """Return the rows i whose bytes data[starts[i]:ends[i]] hold an anchor word with what must follow it."""
    rows = np.empty(len(starts), np.int64)
    count = 0
    for row in range(len(starts)):
        i, end = starts[row], ends[row]
        found = False
        while i < end and not found:
            while i < end and not 97 <= (data[i] | 32) <= 122:
                i += 1
            start, value = i, _FNV_OFFSET
            while i < end and 97 <= (data[i] | 32) <= 122:
                value = (value ^ np.uint64(data[i] | 32)) * _FNV_PRIME
                i += 1
                if i - start == 3 or i - start == 4:
                    found |= _need(hashes, needs, value) == 2
            if i - start < 3 or i - start > 12:
                continue
            need = _need(hashes, needs, value)
            if need == 1:
                found = True
            elif need == 3:
                for k in range(i, min(end, i + _NEAR)):
                    found |= data[k] == 61 or data[k] == 58
                    if data[k] == 95 or data[k] == 45:  # secret_key=
                        found = True
            elif need == 4:
                found |= _has_credentials(data, i, end)
        if found:
            rows[count] = row
            count += 1
    return rows[:count].copy()
