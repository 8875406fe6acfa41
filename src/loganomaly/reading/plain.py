"""Reads a plain file in place, as long as there is no escape character in it."""

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from loganomaly.reading.breaks import count_byte
from loganomaly.reading.escapes import ESCAPE, without_escapes
from loganomaly.reading.places import Window
from loganomaly.reading.replay import BLOCK, Replay

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["EscapeMemo", "Plain"]


class EscapeMemo:
    """What is known of the first escape character of a source: what one stream found out, others need not.

    Up to it offsets in the file are offsets in what is delivered. Threads may share it: each sets it to a fact.
    """

    __slots__ = ("clean", "first")

    def __init__(self) -> None:
        self.clean = 0
        """There is none before this offset."""
        self.first: int | None = None
        """Where it is, once it is found."""


class Plain(io.RawIOBase):
    """The bytes of a plain UTF-8 file without escape sequences.

    A log is read at the speed of the file up to its first escape character; what comes after that is cleaned
    from there on. A seek into bytes that nobody has looked at yet looks at them.
    """

    def __init__(self, file: Window, *, bom: int, memo: EscapeMemo) -> None:
        super().__init__()
        self._file = file
        self._bom = bom
        self._memo = memo
        self._position = 0
        self._rest: Replay | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the number of the open file."""
        return self._file.fileno()

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes into *buffer* and return how many; 0 at the end."""
        view = memoryview(buffer).cast("B")
        count = self._direct(view) if self._is_direct() else 0
        # Nothing read may mean that an escape character comes first.
        if not count and not self._is_direct():
            count = self._cleaned().readinto(view)
        self._position += count
        return count

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to *offset*; where the file is cleaned, to its end at most."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            self._look(until=None)
            if self._memo.first is None:
                offset += self._file.seek(0, os.SEEK_END) - self._bom
            else:
                self._position = self._memo.first
                offset += self._memo.first + self._cleaned().seek(0, os.SEEK_END)
        if offset < 0:
            raise ValueError(f"cannot seek to {offset}: before the start of the stream")
        self._look(until=offset)
        self._position = offset
        if not self._is_direct():
            # What is cleaned ends earlier than the file.
            self._position = self._first() + self._cleaned().tell()
        return self._position

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()

    def _is_direct(self) -> bool:
        return self._memo.first is None or self._position < self._memo.first

    def _direct(self, view: memoryview) -> int:
        """Read what lies before the first escape character."""
        if self._memo.first is not None:
            view = view[: self._memo.first - self._position]
        self._file.seek(self._bom + self._position)
        count = self._file.readinto(view)
        return self._before_escape(view[:count], at=self._position)

    def _before_escape(self, view: memoryview, *, at: int) -> int:
        """Return how many of the bytes from offset *at* on lie before the first escape character, and note that."""
        memo, end = self._memo, at + len(view)
        if end <= memo.clean:
            return len(view)
        if count_byte(np.frombuffer(view.toreadonly(), np.uint8), ESCAPE[0]):
            found = bytes(view).index(ESCAPE)
            memo.first = at + found
            return found
        memo.clean = max(memo.clean, end)
        return len(view)

    def _look(self, *, until: int | None) -> None:
        """Look for the first escape character before *until*, or in all of the file."""
        memo = self._memo
        while memo.first is None and (until is None or memo.clean < until):
            at = memo.clean
            self._file.seek(self._bom + at)
            block = self._file.read(BLOCK if until is None else min(BLOCK, until - at))
            if not block:
                return
            self._before_escape(memoryview(block), at=at)

    def _first(self) -> int:
        """Return where the first escape character is, once it is known."""
        assert self._memo.first is not None
        return self._memo.first

    def _cleaned(self) -> Replay:
        """Return the stream of what comes from the first escape character on, at this position."""
        first = self._first()
        if self._rest is None:
            self._rest = Replay(lambda: without_escapes(self._blocks(self._bom + first)))
        self._rest.seek(self._position - first)
        return self._rest

    def _blocks(self, offset: int) -> Iterator[bytes]:
        # The file is shared with direct reads, so its place is set for every block.
        self._file.seek(offset)
        while block := self._file.read(BLOCK):
            offset += len(block)
            yield block
            self._file.seek(offset)
