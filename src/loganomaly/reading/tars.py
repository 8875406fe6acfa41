"""Walks a tar archive, from its start to its end or to its first damage."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from loganomaly.reading.archives import Member
from loganomaly.reading.decoders import Compression, DamageError, decompressed
from loganomaly.reading.places import Place, Window
from loganomaly.reading.replay import BLOCK, Replay

__all__ = ["tar_members"]

_HEADER = 512
_MOST_HEADERS = 1 << 20
"""Bytes of headers before one member. Long names and attributes are held in memory as long as they are said to be."""


def tar_members(path: Path, *, compression: Compression) -> Iterator[Member]:
    """Yield the members of a tar archive in their order; of links, devices and the like why they are not read.

    Damage ends it: the member in which it is goes as far as it can be read, and what follows is one more problem.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    with Window(path) as window:
        raw = window if compression == "none" else Replay(lambda: _blocks(window, compression))
        tape = _Tape(raw)
        try:
            with tarfile.open(fileobj=cast("io.BufferedIOBase", tape), mode="r:", encoding="utf-8") as archive:
                while entry := _next(archive, tape):
                    # The list that tarfile keeps would grow with the archive.
                    archive.members = []  # type: ignore[attr-defined]
                    yield from _member(entry, tape, in_place=compression == "none")
            if damage := tape.unfinished():
                yield Member(name=None, problem=damage)
        except DamageError as damage:
            yield Member(name=None, problem=f"{damage}; {damage.advice}")
        except (tarfile.TarError, ValueError, IndexError, OverflowError, RecursionError) as error:
            yield Member(name=None, problem=f"a header at byte {tape.tell():,} is damaged: {error}")


def _blocks(window: Window, compression: Compression) -> Iterator[bytes]:
    window.seek(0)
    return decompressed(window, compression=compression)


def _next(archive: tarfile.TarFile, tape: "_Tape") -> tarfile.TarInfo | None:
    tape.allowance = _MOST_HEADERS
    entry = archive.next()
    if entry is not None and (entry.size < 0 or archive.offset < tape.tell()):
        raise DamageError(f"a header before byte {tape.tell():,} gives an impossible size")
    return entry


def _member(entry: tarfile.TarInfo, tape: "_Tape", *, in_place: bool) -> Iterator[Member]:
    if entry.isdir():
        return
    if problem := _problem(entry):
        yield Member(name=entry.name, problem=problem)
    elif in_place:
        place = Place(start=entry.offset_data, size=entry.size)
        yield Member(name=entry.name, modified=entry.mtime, place=place)
    else:
        tape.seek(entry.offset_data)
        yield Member(name=entry.name, modified=entry.mtime, content=tape.content(entry.size))


def _problem(entry: tarfile.TarInfo) -> str | None:
    if entry.issym() or entry.islnk():
        return "a link; what it leads to is read where it is"
    if entry.isdev():
        return "a pipe or device"
    if entry.issparse():
        return "a sparse file; unpack it first"
    return None if entry.isreg() else f"an entry of the unknown type {entry.type!r}"


class _Tape:
    """What tarfile reads an archive from: forward only, and no more of it than headers may take.

    tarfile trusts what headers say of their own size and of where the next one is.
    """

    def __init__(self, raw: Window | Replay) -> None:
        self._raw = raw
        self._position = 0
        self._last = b""  # what was read last, for tarfile goes back by one byte
        self._back = False
        self.header = b""
        """What was read of the last header."""
        self.allowance = _MOST_HEADERS

    def tell(self) -> int:
        return self._position - self._back

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence != os.SEEK_SET:
            raise DamageError("its headers ask for a place from the end")
        self._back = offset == self._position - 1 and bool(self._last)
        if offset < self._position and not self._back:
            raise DamageError(f"a header before byte {self._position:,} leads back")
        if offset > self._position:
            # The byte before is read: tarfile may ask for it, and where it is missing the archive ends too early.
            self._position = self._raw.seek(offset - 1)
            self._take(1)
        return self.tell()

    def read(self, size: int) -> bytes:
        """Read *size* bytes of headers; fewer at the end only."""
        if not 0 <= size <= self.allowance:
            raise DamageError(f"the headers before byte {self._position:,} are longer than {_MOST_HEADERS:,} bytes")
        self.allowance -= size
        data = b""
        if self._back and size:
            data, self._back = self._last[-1:], False
        while len(data) < size and (block := self._take(size - len(data))):
            data += block
        self._last = data or self._last
        self.header = data
        return data

    def content(self, size: int) -> Iterator[bytes]:
        """Yield the next *size* bytes."""
        while size:
            block = self._take(min(size, BLOCK))
            if not block:
                raise DamageError("the archive ends within it")
            size -= len(block)
            yield block

    def unfinished(self) -> str | None:
        """Say what is wrong with the end of the archive: after its last header come zeros, or nothing."""
        if not self.header.strip(b"\0"):
            return None
        what = "the archive ends within a header" if len(self.header) < _HEADER else "there is no header"
        return f"{what} at byte {self._position - len(self.header):,}; what follows is not read"

    def close(self) -> None:
        pass

    def _take(self, size: int) -> bytes:
        block = self._raw.read(size) or b""
        self._position += len(block)
        if block:
            self._last = block[-1:]
        return block
