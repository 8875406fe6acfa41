"""Seekable streams over bytes that can only be made from their start on."""

import io
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from loganomaly.reading.decoders import DamageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["BLOCK", "Replay"]

BLOCK = 1 << 20


class Replay(io.RawIOBase):
    """The bytes of what *begin* returns; going back begins again.

    What *begin* raises, a read raises once the bytes before it are delivered, and so does every read after that.
    *file* is closed with the stream.
    """

    def __init__(self, begin: Callable[[], Iterator[bytes]], *, file: io.RawIOBase | None = None) -> None:
        super().__init__()
        self._begin = begin
        self._file = file
        self._restart()

    def _restart(self) -> None:
        self._blocks: Iterator[bytes] = iter(())  # a thread may read the file for the blocks so far: it ends first
        self._blocks = self._begin()
        self._rest = memoryview(b"")
        self._position = 0
        self._error: DamageError | OSError | None = None

    def _take(self, size: int) -> memoryview:
        """Take the next bytes, *size* at most; none at the end."""
        if not self._rest:
            if self._error is not None:
                raise self._error
            try:
                self._rest = memoryview(next(self._blocks, b""))
            except (DamageError, OSError) as error:
                self._error = error
                raise
        taken, self._rest = self._rest[:size], self._rest[size:]
        self._position += len(taken)
        return taken

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes into *buffer* and return how many; 0 at the end."""
        view = memoryview(buffer).cast("B")
        taken = self._take(len(view))
        view[: len(taken)] = taken
        return len(taken)

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to *offset*, or to the end when that lies before it."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            while self._take(BLOCK):
                pass
            offset += self._position
        if offset < 0:
            raise ValueError(f"cannot seek to {offset}: before the start of the stream")
        if offset < self._position:
            self._restart()
        while self._position < offset and self._take(offset - self._position):
            pass
        return self._position

    def close(self) -> None:
        """Close the file too."""
        self._blocks = iter(())
        if self._file is not None:
            self._file.close()
        super().close()
