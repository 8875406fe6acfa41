"""Where the bytes of a source lie: a whole file, or a part of one, as the members of archives are."""

import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loganomaly.reading.decoders import Coding, DamageError, decompressed
from loganomaly.reading.replay import Replay
from loganomaly.reading.storage import StoredObject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Place", "Window", "open_window", "unpacked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a file that holds a member of an archive.

    Attributes
    ----------
    start, size
        Bytes of the file.
    coding
        How the archive, not the member itself, is compressed there.
    length, crc
        Bytes of the member and their CRC-32, where the archive says them; to be checked.
    damage
        Why the member goes no further, where it was cut short when it was copied from a damaged archive.
    """

    start: int
    size: int
    coding: Coding = "none"
    length: int | None = None
    crc: int | None = None
    damage: str | None = None


class Window(io.RawIOBase):
    """A file or an object of a storage, or *size* bytes of it from *start* on.

    Raises
    ------
    DamageError
        From a read, when the file ends before the window does.
    """

    def __init__(self, path: Path | StoredObject, *, start: int = 0, size: int | None = None) -> None:
        super().__init__()
        self._file = _opened(path)
        self._start = start
        self._size = size
        self._position = 0
        self._file.seek(start)

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
        if self._size is not None:
            view = view[: max(0, self._size - self._position)]
        count = self._file.readinto(view) or 0
        if not count and len(view) and self._size is not None:
            raise DamageError("the archive ends within it")
        self._position += count
        return count

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to *offset*."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            end = self._size if self._size is not None else self._file.seek(0, os.SEEK_END) - self._start
            offset += end
        if offset < 0:
            raise ValueError(f"cannot seek to {offset}: before the start of the stream")
        self._file.seek(self._start + offset)
        self._position = offset
        return offset

    def read_ahead_to(self, offset: int) -> None:
        """Let what comes from a storage be read ahead up to *offset* and no further."""
        from loganomaly.reading.object_file import ObjectFile

        if isinstance(self._file, ObjectFile):
            self._file.stop = self._start + offset

    def close(self) -> None:
        """Close the file too."""
        # A window whose file could not be opened is closed too when it is collected.
        if hasattr(self, "_file"):
            self._file.close()
        super().close()


def _opened(path: Path | StoredObject) -> io.RawIOBase:
    if isinstance(path, Path):
        return io.FileIO(path, "r", opener=_without_waiting)
    from loganomaly.reading.object_file import ObjectFile

    return ObjectFile(path)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that took its place after it was looked at is empty then, instead of waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def open_window(path: Path | StoredObject, place: Place | None) -> Window:
    """Open the part of a file that *place* is, all of it when None."""
    return Window(path) if place is None else Window(path, start=place.start, size=place.size)


def unpacked(window: Window, place: Place) -> Replay:
    """Return the bytes of the member at *place*, which is what *window* shows of the archive; reads check it."""

    def begin() -> Iterator[bytes]:
        window.seek(0)
        return _checked(decompressed(window, compression=place.coding), place)

    return Replay(begin, file=window)


def _checked(blocks: Iterator[bytes], place: Place) -> Iterator[bytes]:
    """Yield *blocks*, which the member at *place* is, and raise `DamageError` where that cannot be."""
    length, crc = 0, 0
    for block in blocks:
        piece = block if place.length is None else block[: place.length - length]
        length += len(piece)
        if place.crc is not None:
            crc = zlib.crc32(piece, crc)
        if piece:
            yield piece
        if len(piece) < len(block):
            raise DamageError("it is longer than the archive says")
    if place.length is not None and length < place.length:
        raise DamageError(f"it is shorter than the archive says: {length:,} bytes, not {place.length:,}")
    if place.crc is not None and crc != place.crc:
        raise DamageError("its checksum is wrong")
    if place.damage is not None:
        raise DamageError(place.damage)
