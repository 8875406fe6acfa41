"""Reads eight bytes at a time. Compiled."""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing

__all__ = ["last_word", "word_at"]

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@borrowing
def word_at(data: Any, at: Any) -> Any:
    """Return the eight bytes from `at` on, the first one lowest. The compiler makes one load of it."""
    word = np.uint64(0)
    for k in range(8):
        word |= np.uint64(data[np.uint64(at) + np.uint64(k)]) << np.uint64(8 * k)
    return word


@borrowing
def last_word(data: Any, at: Any, end: Any) -> Any:
    """Return the bytes data[at:end], eight at most, as `word_at` does, and 0 for those behind them."""
    if at == end:
        return np.uint64(0)
    if at + 8 <= len(data):
        return word_at(data, at) & (_ALL >> np.uint64(64 - 8 * (end - at)))
    word = np.uint64(0)
    for k in range(at, end):
        word |= np.uint64(data[k]) << np.uint64(8 * (k - at))
    return word
