"""How sources are cut for the workers: parts of so many bytes where that can be done, else whole."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from loganomaly.reading.decoders import DamageError
from loganomaly.reading.places import open_window
from loganomaly.reading.streams import Source

__all__ = ["SPAN_BYTES", "Span", "spans_of"]

SPAN_BYTES = 64 << 20
"""Bytes of a part: some chunks of a scan, so that what a task costs besides does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a source: its number, of how many, each of `size` bytes.

    The source begins, behind the `mark` of its encoding, at that byte. The last part ends with the source.
    """

    number: int
    count: int
    size: int
    mark: int

    @property
    def begin(self) -> int:
        """First byte."""
        return self.number * self.size

    @property
    def end(self) -> int:
        """First byte behind it, or behind the source."""
        return self.begin + self.size

    def following(self) -> Iterator["Span"]:
        """Yield the parts behind it."""
        for number in range(self.number + 1, self.count):
            yield Span(number=number, count=self.count, size=self.size, mark=self.mark)


def spans_of(source: Source, *, size: int) -> list[Span]:
    """Return the parts of a source; none where it can only be read as a whole, or is not larger than one."""
    if source.in_one_go or source.size <= size:
        return []
    try:
        with open_window(source.path, source.place) as window:
            mark = len(codecs.BOM_UTF8) if window.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
    except (OSError, DamageError):
        return []  # who scans it tells of it
    count = -(-source.size // size)
    return [Span(number=number, count=count, size=size, mark=mark) for number in range(count)]
