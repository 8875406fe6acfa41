"""Reads an object of a storage as if it were a file: the parts that are asked for, and the next one ahead of time."""

import io
import os
from collections.abc import Iterator
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from loganomaly.reading.storage import (
    StorageError,
    StoredObject,
    asked,
    check_unchanged,
    on_the_web,
    storage_errors,
)
from loganomaly.reading.urls import opened_storage

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["ObjectFile", "object_blocks"]

_FIRST, _MOST = 256 << 10, 8 << 20
"""Bytes that are asked for after a seek; twice as many each time it is read on, up to so many."""


class ObjectFile(io.RawIOBase):
    """The bytes of an object, which must stay what it was found as: that is checked first, and at its end.

    Raises
    ------
    StorageError
        From the start or a read: the object is gone or changed, or the storage does not answer or refuses.
    """

    def __init__(self, stored: StoredObject) -> None:
        super().__init__()
        self._stored = stored
        with storage_errors():
            self._storage, self._path = opened_storage(stored.url)
        check_unchanged(stored)
        self._checked = False
        self._position = 0
        self._held, self._start = memoryview(b""), 0
        self._size = _FIRST
        self._ahead: _Ahead | None = None
        self.stop = stored.size
        """Up to where it is read ahead."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read some of the next bytes into *buffer* and return how many; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if not len(view):
            return 0
        if self._position >= self._stored.size:
            if not self._checked:
                check_unchanged(self._stored)
                self._checked = True
            return 0
        if not self._start <= self._position < self._start + len(self._held):
            self._fetch()
        at = self._position - self._start
        count = min(len(view), len(self._held) - at)
        view[:count] = self._held[at : at + count]
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
            offset += self._stored.size
        if offset < 0:
            raise ValueError(f"cannot seek to {offset}: before the start of the object")
        self._position = offset
        return offset

    def _fetch(self) -> None:
        """Hold the bytes from the position on."""
        goes_on = bool(self._held) and self._position == self._start + len(self._held)
        self._size = min(self._size * 2, _MOST) if goes_on else _FIRST
        ahead, self._ahead = self._ahead, None
        if goes_on and ahead is not None and ahead.start == self._position:
            data = ahead.result()
        else:
            data = self._part(self._position, self._end(self._position))
        self._start, self._held = self._position, memoryview(data)
        begin = self._start + len(data)
        if goes_on and begin < self.stop:
            self._ahead = _Ahead(self, begin, min(self.stop, begin + min(self._size * 2, _MOST)))

    def _end(self, start: int) -> int:
        return min(self._stored.size, start + self._size)

    def _part(self, start: int, end: int) -> bytes:
        """Return the bytes from *start* to *end*."""
        try:
            data = asked(lambda: self._read(start, end), patience=self._stored.patience)
        except FileNotFoundError as error:
            raise StorageError("there is no such object any more") from error
        except StorageError:
            check_unchanged(self._stored)  # the better reason, if that is it
            raise
        if len(data) != end - start:
            check_unchanged(self._stored)
            raise StorageError(f"the storage gave {len(data):,} bytes where {end - start:,} were asked for")
        return data

    def _read(self, start: int, end: int) -> bytes:
        if not on_the_web(self._stored):
            return bytes(self._storage.cat_file(self._path, start=start, end=end))
        # It notices where a server gives the whole instead of the part.
        with self._storage.open(self._path, "rb", cache_type="none", size=self._stored.size) as file:
            file.seek(start)
            return bytes(file.read(end - start))


class _Ahead:
    """A part of an object that is read while the one before it is worked on."""

    def __init__(self, file: Any, start: int, end: int) -> None:
        self.start = start
        self._done = Event()
        self._data = b""
        self._error: Exception | None = None
        Thread(target=self._run, args=(file, start, end), name="storage-ahead", daemon=True).start()

    def _run(self, file: Any, start: int, end: int) -> None:
        try:
            self._data = file._part(start, end)  # noqa: SLF001  (a part of the same thing)
        except Exception as error:  # noqa: BLE001  (raised where it is waited for)
            self._error = error
        finally:
            self._done.set()

    def result(self) -> bytes:
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._data


def object_blocks(stored: StoredObject) -> Iterator[bytes]:
    """Return the blocks of an object from its start to its end, from servers too that can give no part of one.

    Raises
    ------
    StorageError
        From a block: the storage does not answer, or refuses to; or the object is not what it was found as.
    """
    return _stream(stored) if on_the_web(stored) or not stored.size else _parts(stored)


def _parts(stored: StoredObject) -> Iterator[bytes]:
    with ObjectFile(stored) as file:
        while block := file.read(_MOST):
            yield block


def _stream(stored: StoredObject) -> Iterator[bytes]:
    """Yield what can only be read on; what fails there cannot be asked for again."""
    with storage_errors():
        storage, path = opened_storage(stored.url)
        with storage.open(path, "rb", block_size=0 if on_the_web(stored) else None) as file:
            while block := asked(lambda: file.read(_MOST), patience=stored.patience, once=True):
                yield block
