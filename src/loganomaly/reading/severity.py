"""The severity that words, letters and numbers name. Compiled."""

# Numba knows no `in` on tuples.
from typing import Any

from numba import njit

from loganomaly.reading.hashes import find, upper_hash
from loganomaly.reading.program import WORDS_SIZE, At, Tables

__all__ = ["letter_level", "level_word", "number_level", "syslog_level"]

_WORDS = int(At.WORDS)  # compiled code knows no enumerations of integers


@njit(nogil=True, cache=True)
def level_word(data: Any, start: Any, end: Any, t: Tables) -> Any:
    """Return the Level that the word data[start:end] names, or 0."""
    if not 3 <= end - start <= 13:
        return 0
    slot = find(t, _WORDS, WORDS_SIZE, upper_hash(data, start, end))
    return t[slot + WORDS_SIZE] if slot >= 0 else 0


@njit(nogil=True, cache=True)
def letter_level(byte: Any) -> Any:
    """Return the Level of the letters that glog, logcat and MongoDB write, or 0."""
    if byte == 73:  # I
        return 3
    if byte == 68:  # D
        return 2
    if byte == 87:  # W
        return 5
    if byte == 69:  # E
        return 6
    if byte == 70 or byte == 67:  # F C
        return 7
    if byte == 84 or byte == 86:  # T V
        return 1
    if byte == 78:  # N
        return 4
    return 0


@njit(nogil=True, cache=True)
def number_level(number: Any) -> Any:
    """Return the Level of the numbers that bunyan and pino write, 10 trace, 20 debug ... 60 fatal, or 0."""
    if number >= 10 and number <= 60 and number % 10 == 0:
        return number // 10 + (1 if number >= 40 else 0)
    return 0


@njit(nogil=True, cache=True)
def syslog_level(severity: Any) -> Any:
    """Return the Level of a syslog severity 0..7 (RFC 5424)."""
    if severity <= 2:
        return 7
    if severity == 3:
        return 6
    if severity == 4:
        return 5
    if severity == 5:
        return 4
    return 3 if severity == 6 else 2
