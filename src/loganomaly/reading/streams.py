"""Open a log file as one seekable stream of UTF-8 bytes, however it is compressed and encoded."""

import codecs
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.content import Encoding
from loganomaly.reading.decoders import Compression, DamageError, decompressed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Source", "open_source", "read_head"]

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One readable log file.

    Attributes
    ----------
    name
        What the user is shown: the path as given, or the given folder joined with the path in it;
        ``"<stdin>"`` for standard input. Always encodable as UTF-8.
    path
        Where the bytes lie; for a pipe, the file it was spooled to.
    compression
        Told by the first bytes, never by the file name.
    encoding
        Of the decompressed bytes.
    size
        Bytes on disk.
    modified
        Seconds since the epoch, UTC.
    """

    name: str
    path: Path
    compression: Compression
    encoding: Encoding
    size: int
    modified: float


def open_source(source: Source) -> BinaryIO:
    """Open *source* for reading: decompressed, as UTF-8, without its byte order mark.

    The stream is buffered and seekable; going back in a compressed or UTF-16 source reads it again from
    its start. Offsets count the bytes as delivered. UTF-16 that cannot be decoded becomes U+FFFD, bytes
    that are not UTF-8 are delivered as they are.

    A damaged source delivers every byte before the damage; the read after the last of them raises, and so
    does ``read()`` without a size, which cannot keep its promise of everything.

    Raises
    ------
    InputUnreadableError
        Here when the file cannot be opened, from a read when it is damaged or cannot be read on.
    """
    try:
        if source.compression == "none" and source.encoding == "utf-8":
            return _Stream(_open_plain(source))
        return _Stream(_Replay(source.path.open("rb"), source=source))
    except OSError as error:
        raise InputUnreadableError(
            f"cannot open {source.name!r}: {error.strerror or error}; check that it exists and may be read"
        ) from error


def read_head(source: Source, size: int = 262_144) -> bytes:
    """Read the first *size* bytes of *source* as `open_source` delivers them; fewer when it has fewer.

    Raises
    ------
    InputUnreadableError
        When not one byte can be read.
    """
    with open_source(source) as stream:
        return stream.read(size)


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield UTF-8 *blocks* without the byte order mark of the first."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(codecs.BOM_UTF8):
            break
    if start := start.removeprefix(codecs.BOM_UTF8):
        yield start
    yield from blocks


def _transcoded(blocks: Iterator[bytes], encoding: Encoding) -> Iterator[bytes]:
    """Yield UTF-16 *blocks* as UTF-8 without a byte order mark."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    at_start = True
    for block in blocks:
        text = decoder.decode(block)
        if text and at_start:
            text, at_start = text.removeprefix("\ufeff"), False
        if text:
            yield text.encode()
    if rest := decoder.decode(b"", final=True):
        yield rest.encode()


class _Replay(io.RawIOBase):
    """The delivered bytes of a file that can only be decoded from its start on.

    After damage it behaves as at its end and keeps the error in `damage`: a buffered reader drops what it
    has gathered when its raw stream raises.
    """

    def __init__(self, file: BinaryIO, *, source: Source) -> None:
        self._file = file
        self._source = source
        self._restart()

    def _restart(self) -> None:
        self._file.seek(0)
        blocks = decompressed(self._file, compression=self._source.compression)
        utf8 = self._source.encoding == "utf-8"
        self._blocks = _without_bom(blocks) if utf8 else _transcoded(blocks, self._source.encoding)
        self._rest = memoryview(b"")
        self._position = 0
        self.damage: InputUnreadableError | None = None

    def _take(self, size: int) -> memoryview:
        """Take the next bytes, *size* at most; none at the end or at damage."""
        if not self._rest and self.damage is None:
            try:
                self._rest = memoryview(next(self._blocks, b""))
            except (DamageError, OSError) as error:
                self.damage = _damage(self._source, error=error, position=self._position)
                self.damage.__cause__ = error
        taken, self._rest = self._rest[:size], self._rest[size:]
        self._position += len(taken)
        return taken

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        taken = self._take(len(view))
        view[: len(taken)] = taken
        return len(taken)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to *offset*, or to the end when that lies before it."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            while self._take(_BLOCK):
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
        self._file.close()
        super().close()


class _Plain(io.FileIO):
    """An uncompressed UTF-8 file, its first *bom* bytes hidden; `damage` as in `_Replay`."""

    def __init__(self, *, source: Source, bom: int) -> None:
        super().__init__(source.path, "r")
        self._source = source
        self._bom = bom
        self.damage: InputUnreadableError | None = None
        super().seek(bom)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        try:
            return super().readinto(buffer)
        except OSError as error:
            self._keep(error)
            return 0

    def readall(self) -> bytes:
        try:
            return super().readall()
        except OSError as error:
            self._keep(error)
            return b""

    def _keep(self, error: OSError) -> None:
        self.damage = _damage(self._source, error=error, position=self.tell())
        self.damage.__cause__ = error

    def tell(self) -> int:
        return super().tell() - self._bom

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_SET and offset >= 0:
            offset += self._bom
        return super().seek(offset, whence) - self._bom


def _open_plain(source: Source) -> _Plain:
    with source.path.open("rb") as file:
        marked = file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
    return _Plain(source=source, bom=len(codecs.BOM_UTF8) if marked else 0)


def _damage(source: Source, *, error: DamageError | OSError, position: int) -> InputUnreadableError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return InputUnreadableError(
        f"{source.name!r} cannot be read past its first {position:,} bytes"
        f"{'' if source.compression == 'none' else ' (decompressed)'}: {reason}; get a complete copy of it"
    )


class _Stream(io.BufferedReader):
    """A buffered reader that raises the damage of its raw stream once the bytes before it are delivered."""

    def __init__(self, raw: _Replay | _Plain) -> None:
        super().__init__(raw, buffer_size=_BLOCK)
        self._source = raw

    def _check(self) -> None:
        if self._source.damage is not None:
            raise self._source.damage

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is None or size < 0 or (size and not data):
            self._check()
        return data

    def read1(self, size: int = -1, /) -> bytes:
        data = super().read1(size)
        if size and not data:
            self._check()
        return data

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        count = super().readinto(buffer)
        if not count and memoryview(buffer).nbytes:
            self._check()
        return count

    def readinto1(self, buffer: "WriteableBuffer", /) -> int:
        count = super().readinto1(buffer)
        if not count and memoryview(buffer).nbytes:
            self._check()
        return count

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line and size != 0:
            self._check()
        return line
