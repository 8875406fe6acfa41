"""Where a part of a source begins that is read alone: at the first record that surely begins in it.

A source is cut at multiples of a size, wherever these fall; a record belongs to the part in which it begins. Two
neighbours find the same place, for it depends on nothing but the bytes around the cut.
"""

from dataclasses import dataclass

import numpy as np

from loganomaly.reading.places import Window
from loganomaly.reading.program import Tables
from loganomaly.reading.records import first_sure_start

__all__ = ["Seam", "find_seam", "read_span"]

_BEFORE = 1 << 18
"""Bytes looked at before a cut: lines there tell what goes on behind it."""
_BEHIND = 1 << 18
"""Bytes looked at behind it at first, and beyond the part for the lines behind the one that is found."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Where the first record of a part begins, None if none surely does; and up to where the source was looked at."""

    start: int | None
    looked: int


def find_seam(window: Window, begin: int, end: int, tables: Tables) -> Seam:
    """Return the first place in [begin, end) of a source at which a record begins, whatever comes before.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    first = max(0, begin - _BEFORE)
    size = _BEHIND
    while True:
        data = read_span(window, first, begin + size)
        ended = len(data) < begin + size - first
        skipped = data.find(b"\n") + 1 if first else 0
        found = -1
        if skipped or not first:
            array = np.frombuffer(data, np.uint8, offset=skipped)
            found = int(first_sure_start(array, max(0, begin - first - skipped), first == 0, tables))
        if found >= 0:
            start = first + skipped + found
            return Seam(start if start < end else None, first + len(data))
        if ended or begin + size >= end + _BEHIND:
            return Seam(None, first + len(data))
        size *= 4


def read_span(window: Window, begin: int, end: int) -> bytes:
    """Return the bytes from `begin` to `end`, fewer where the source ends."""
    window.seek(begin)
    blocks: list[bytes] = []
    left = end - begin
    while left > 0 and (block := window.read(left)):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)
