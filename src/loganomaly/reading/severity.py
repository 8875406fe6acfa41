"""The severity that words, letters, signs and numbers name. Compiled."""

# Numba knows no `in` on tuples.
from typing import Any

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_digit, is_letter
from loganomaly.reading.hashes import find, upper_hash
from loganomaly.reading.program import WORDS_SIZE, At, Tables

__all__ = [
    "cef_level",
    "letter_level",
    "level_word",
    "nextcloud_level",
    "number_level",
    "opentelemetry_level",
    "sign_level",
    "status_level",
    "syslog_level",
    "windows_level",
]

_WORDS = int(At.WORDS)  # compiled code knows no enumerations of integers


@borrowing
def level_word(data: Any, start: Any, end: Any, t: Tables) -> Any:
    """Return the Level that the word data[start:end] names, or 0."""
    if not 3 <= end - start <= 13:
        return 0
    slot = find(t, _WORDS, WORDS_SIZE, upper_hash(data, start, end))
    return t[slot + WORDS_SIZE] if slot >= 0 else 0


@borrowing
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


@borrowing
def sign_level(byte: Any) -> Any:
    """Return the Level of Redis' signs: ``.`` debug, ``-`` verbose, ``*`` notice, ``#`` warning; or 0."""
    if byte == 46:
        return 2
    if byte == 45:
        return 3
    if byte == 42:
        return 4
    return 5 if byte == 35 else 0


@borrowing
def cef_level(data: Any, i: Any, end: Any) -> Any:
    """Return the Level of a severity of ArcSight CEF and IBM LEEF, and the position after it, or -1.

    The standard has 0-3 and Low, 4-6 and Medium, 7-8 and High, 9-10 and Very-High; Unknown has no Level.
    """
    start, value = i, 0
    while i < end and i - start < 2 and is_digit(data[i]):
        value = value * 10 + (data[i] - 48)
        i += 1
    if i > start:
        if value > 10 or (i < end and (is_letter(data[i]) or is_digit(data[i]))):
            return 0, -1
        return (3 if value < 4 else 5 if value < 7 else 6 if value < 9 else 7), i
    while i < end and (is_letter(data[i]) or data[i] == 45):
        i += 1
    first, size = (data[start] | 32 if start < end else 0), i - start
    if first == 108 and size == 3:  # Low
        return 3, i
    if first == 109 and size == 6:  # Medium
        return 5, i
    if first == 104 and size == 4:  # High
        return 6, i
    if first == 118 and size == 9:  # Very-High
        return 7, i
    return 0, (i if first == 117 and size == 7 else -1)  # Unknown


@borrowing
def windows_level(byte: Any) -> Any:
    """Return the Level of a digit in Windows events: 0 always, 1 critical ... 4 information, 5 verbose; or 0."""
    if byte == 48 or byte == 52:
        return 3
    if byte == 49:
        return 7
    if byte == 50:
        return 6
    if byte == 51:
        return 5
    return 2 if byte == 53 else 0


@borrowing
def nextcloud_level(number: Any) -> Any:
    """Return the Level of the numbers that Nextcloud writes: 0 debug, 1 info, 2 warning, 3 error, 4 fatal."""
    return number + 2 if number < 2 else number + 3


@borrowing
def number_level(number: Any) -> Any:
    """Return the Level of the numbers that bunyan and pino write, 10 trace, 20 debug ... 60 fatal, or 0."""
    if number >= 10 and number <= 60 and number % 10 == 0:
        return number // 10 + (1 if number >= 40 else 0)
    return 0


@borrowing
def opentelemetry_level(number: Any) -> Any:
    """Return the Level of a severity number 1..24 of OpenTelemetry: four numbers for each word, trace to fatal."""
    word = (number - 1) // 4
    return word + 1 if word < 3 else word + 2


@borrowing
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


@borrowing
def status_level(status: Any) -> Any:
    """Return the Level that an HTTP status says."""
    return 6 if status >= 500 else 5 if status >= 400 else 3
