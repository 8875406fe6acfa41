"""What single bytes are, and the numbers that digits make. Compiled."""

# Numba knows no `in` on tuples.
from typing import Any

import numpy as np

from loganomaly.kernels import borrowing

__all__ = ["is_blank", "is_digit", "is_letter", "is_name", "read_number"]


@borrowing
def is_digit(byte: Any) -> Any:
    """Return whether a byte is 0-9."""
    return 48 <= byte <= 57


@borrowing
def is_letter(byte: Any) -> Any:
    """Return whether a byte is a-z or A-Z."""
    return 97 <= (byte | 32) <= 122


@borrowing
def is_blank(byte: Any) -> Any:
    """Return whether a byte is a space or a tab."""
    return byte == 32 or byte == 9


@borrowing
def is_name(byte: Any) -> Any:
    """Return whether a byte may stand in a name: letters, digits, . _ $ -."""
    return is_letter(byte) or is_digit(byte) or byte == 46 or byte == 95 or byte == 36 or byte == 45


@borrowing
def read_number(data: Any, i: Any, end: Any, fewest: Any, most: Any) -> Any:
    """Read digits: value and the position after them, or -1. `fewest` -1 allows one blank before."""
    if fewest < 0:
        if i < end and data[i] == 32:
            i += 1
        fewest = 1
    value, start = np.int64(0), i
    while i < end and i - start < most and is_digit(data[i]):
        value = value * 10 + (data[i] - 48)
        i += 1
    return value, (i if i - start >= fewest else -1)
