"""Open a log file as one seekable stream of UTF-8 bytes, however it is compressed and encoded."""

import codecs
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.ahead import read_ahead
from loganomaly.reading.content import Encoding
from loganomaly.reading.decoders import Compression, DamageError, Readable, decompressed
from loganomaly.reading.documents import document_lines
from loganomaly.reading.escapes import without_escapes
from loganomaly.reading.parquet import parquet_lines
from loganomaly.reading.places import Place, Window, open_window, unpacked
from loganomaly.reading.plain import EscapeMemo, Plain
from loganomaly.reading.replay import BLOCK, Replay
from loganomaly.reading.storage import StorageError, StoredObject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Source", "damage_of", "open_source", "read_head", "read_tail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One readable log file.

    Attributes
    ----------
    name
        What the user is shown: the path as given, or the given folder joined with the path in it;
        ``"<stdin>"`` for standard input. Always encodable as UTF-8.
    path
        Where the bytes lie: a file, or an object of a storage; for a pipe, the file it was spooled to, for a member of
        an archive, the archive or the file it was spooled to.
    compression
        Told by the first bytes, never by the file name; "parquet" for a table, whose rows are the lines. Of a member of
        an archive its own, whatever the archive does.
    encoding
        Of the decompressed bytes.
    size
        Bytes on disk.
    modified
        Seconds since the epoch, UTC.
    place
        Where in the file the bytes lie, for members of archives; None for a whole file.
    objects
        In how many lists and objects the records stand where the file is a JSON document; each is then a line.
    """

    name: str
    path: Path | StoredObject
    compression: Compression | Literal["parquet"]
    encoding: Encoding
    size: int
    modified: float
    place: Place | None = None
    objects: int | None = None
    memo: EscapeMemo = field(default_factory=EscapeMemo, init=False, repr=False, compare=False)

    @property
    def packed(self) -> bool:
        """Whether its bytes on disk are not those of its text."""
        return self.compression != "none" or (self.place is not None and self.place.coding != "none")

    @property
    def in_one_go(self) -> bool:
        """Whether what is delivered of it is known only to who reads it from its start."""
        return self.packed or self.encoding != "utf-8" or self.objects is not None


def open_source(source: Source) -> io.BufferedReader:
    """Open *source* for reading: decompressed, as UTF-8, without its byte order mark and escape sequences.

    The stream is buffered and seekable; going back in a compressed or UTF-16 source reads it again from
    its start, and in any other one from its first escape sequence. Offsets count the bytes as delivered.
    UTF-16 that cannot be decoded becomes U+FFFD, bytes that are not UTF-8 are delivered as they are.

    A damaged source delivers every byte before the damage; the read after the last of them raises, and so
    does ``read()`` without a size, which cannot keep its promise of everything.

    Raises
    ------
    InputUnreadableError
        Here when the file cannot be opened, from a read when it is damaged or cannot be read on.
    """
    try:
        return _Stream(_Keeper(_raw(source), source=source))
    except StorageError as error:
        raise InputUnreadableError(f"cannot open {source.name!r}: {error.strerror}") from error
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


def read_tail(source: Source, size: int) -> bytes:
    """Read what the last *size* bytes of *source* are delivered as.

    There are none where that takes reading all of it, and where its end is missing.

    Raises
    ------
    InputUnreadableError
        When they cannot be read.
    """
    if source.in_one_go:
        return b""
    try:
        with open_window(source.path, source.place) as window:
            end = window.seek(0, os.SEEK_END)
            window.seek(max(0, end - size))
            return b"".join(without_escapes(iter(lambda: window.read(BLOCK) or b"", b"")))
    except DamageError:
        return b""
    except OSError as error:
        raise damage_of(source, error=error, position=0) from error


def _raw(source: Source) -> Plain | Replay:
    """Open *source* without buffer; reads raise `DamageError` and `OSError`."""
    window = open_window(source.path, source.place)
    if source.in_one_go:
        return Replay(lambda: _delivered(window, source), file=window)
    try:
        marked = window.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
    except DamageError:
        marked = False  # and the first read raises it
    return Plain(window, bom=len(codecs.BOM_UTF8) if marked else 0, memo=source.memo)


def _delivered(window: Window, source: Source) -> Iterator[bytes]:
    """Return the bytes of *source* as they are delivered."""
    if source.compression == "parquet":
        assert isinstance(source.path, Path)  # of a storage, they are copied
        return without_escapes(parquet_lines(source.path))
    file: Readable = window if source.place is None else unpacked(window, source.place)
    file.seek(0)
    blocks = decompressed(file, compression=source.compression)
    if source.packed:
        blocks = read_ahead(blocks)
    text = _without_bom(blocks) if source.encoding == "utf-8" else _transcoded(blocks, source.encoding)
    text = without_escapes(text)
    return text if source.objects is None else document_lines(text, depth=source.objects)


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


class _Keeper(io.RawIOBase):
    """A raw stream that after damage behaves as at its end and keeps the error in `damage`.

    A buffered reader drops what it has gathered when its raw stream raises.
    """

    def __init__(self, raw: Plain | Replay, *, source: Source) -> None:
        super().__init__()
        self._raw = raw
        self._source = source
        self.damage: InputUnreadableError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        try:
            return self._raw.readinto(buffer)
        except (DamageError, OSError) as error:
            self._keep(error)
            return 0

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(BLOCK) or b"", b""))

    def tell(self) -> int:
        return self._raw.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self.damage = None
        try:
            return self._raw.seek(offset, whence)
        except (DamageError, OSError) as error:
            self._keep(error)
            return self._raw.tell()

    def _keep(self, error: DamageError | OSError) -> None:
        self.damage = damage_of(self._source, error=error, position=self._raw.tell())
        self.damage.__cause__ = error

    def close(self) -> None:
        self._raw.close()
        super().close()


def damage_of(source: Source, *, error: DamageError | OSError, position: int) -> InputUnreadableError:
    """Return the error that says that a source cannot be read past its first `position` bytes, and why."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if isinstance(error, DamageError):
        reason += f"; {error.advice}"
    elif not isinstance(error, StorageError):
        reason += "; get a complete copy of it"
    return InputUnreadableError(
        f"{source.name!r} cannot be read past its first {position:,} bytes"
        f"{' (decompressed)' if source.packed else ''}: {reason}"
    )


class _Stream(io.BufferedReader):
    """A buffered reader that raises the damage of its raw stream once the bytes before it are delivered."""

    def __init__(self, raw: _Keeper) -> None:
        super().__init__(raw, buffer_size=BLOCK)
        self._keeper = raw

    def _check(self) -> None:
        if self._keeper.damage is not None:
            raise self._keeper.damage

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
