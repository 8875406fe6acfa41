"""With which bytes the lines of a program can begin: most lines that do not fit are told by their first byte."""

from collections.abc import Sequence
from string import ascii_letters, digits

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.program import Op, Text

__all__ = ["OPENING_WORDS", "opening_bits"]

OPENING_WORDS = 4
"""Numbers of 64 bits that hold a bit for each byte."""
_ANY = frozenset(range(256))
_DIGITS, _LETTERS, _BLANKS = frozenset(digits.encode()), frozenset(ascii_letters.encode()), frozenset(b" \t")
_NAME = _DIGITS | _LETTERS | frozenset(b"._$-")
_AS_THEY_ARE = {Op.BEGIN, Op.END}  # read nothing
_FIXED = {
    Op.JSON: frozenset(b"{"),
    Op.MONTH: _LETTERS,
    Op.WEEKDAY: _LETTERS,
    Op.PRIORITY: _DIGITS,
    Op.EPOCH: _DIGITS | frozenset(b"@"),
}


def opening_bits(
    operations: Sequence[tuple[int, int, int, int]], pool: bytes, stops: Sequence[frozenset[int]]
) -> NDArray[np.int64]:
    """Return OPENING_WORDS numbers: bit b of them is set where a line that fits may begin with byte b."""
    flags = np.zeros(256, np.uint8)
    flags[sorted(_first_bytes(operations, 0, pool, stops))] = 1
    return np.packbits(flags, bitorder="little").view("<i8").astype(np.int64)


def _first_bytes(
    operations: Sequence[tuple[int, int, int, int]], place: int, pool: bytes, stops: Sequence[frozenset[int]]
) -> frozenset[int]:
    """Return the bytes with which the operations from `place` on can begin."""
    if place >= len(operations):
        return _ANY
    kind, a, b, c = operations[place]
    operation = Op(kind)
    if operation in _AS_THEY_ARE:
        return _first_bytes(operations, place + 1, pool, stops)
    if operation == Op.OPTIONAL:
        return _first_bytes(operations, place + 1, pool, stops) | _first_bytes(operations, a, pool, stops)
    if operation == Op.LITERAL:
        return frozenset(pool[a : a + 1])
    if operation == Op.BLANKS:
        return _BLANKS | frozenset(b",") if a == 1 else _BLANKS
    if operation == Op.NUMBER:
        return _DIGITS | _BLANKS if a < 0 else _DIGITS
    if operation == Op.FIELD:
        allowed = {Text.WORD: _ANY - _BLANKS, Text.ANY: _ANY, Text.NAME: _NAME}[Text(c)]
        return allowed - stops[b]
    if operation == Op.LEVEL and a == 0:
        return _LETTERS
    return _FIXED.get(operation, _ANY)
