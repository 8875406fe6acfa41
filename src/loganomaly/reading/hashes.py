"""FNV-1a hashes of words, and the hash tables of words that `Tables` holds. Compiled."""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.program import Tables

__all__ = ["FNV_OFFSET", "find", "upper_hash", "upper_step"]

FNV_OFFSET = np.uint64(14695981039346656037)
"""The hash of no bytes."""
_FNV_PRIME = np.uint64(1099511628211)


@borrowing
def upper_step(value: Any, byte: Any) -> Any:
    """Return the hash of what has the hash `value` and one byte (uint8) more; letters count as capitals."""
    if 97 <= byte <= 122:
        byte = np.uint8(byte - 32)
    return (value ^ np.uint64(byte)) * _FNV_PRIME


@borrowing
def upper_hash(data: Any, start: Any, end: Any) -> Any:
    """Return the hash of data[start:end] with its letters as capitals."""
    value = FNV_OFFSET
    for i in range(start, end):
        value = upper_step(value, data[i])
    return value


@borrowing
def find(t: Tables, at: Any, size: Any, value: Any) -> Any:
    """Return where the hash `value` stands in the hash table of `size` places that begins at t[at], or -1."""
    value = np.int64(value)
    slot = value & (size - 1)
    while t[at + slot] != 0:
        if t[at + slot] == value:
            return at + slot
        slot = (slot + 1) & (size - 1)
    return -1
