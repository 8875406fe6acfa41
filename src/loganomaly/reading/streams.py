"""Open a log file as one seekable stream of UTF-8 bytes, however it is compressed and encoded."""

import bz2
import codecs
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

from loganomaly.errors import InputUnreadableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = [
    "Compression",
    "Encoding",
    "Source",
    "detect_compression",
    "detect_encoding",
    "open_source",
    "peek",
    "read_head",
]

Compression = Literal["none", "gzip", "bz2", "xz", "zstd"]
Encoding = Literal["utf-8", "utf-16-le", "utf-16-be"]

_BLOCK = 1 << 20
_PIECE = 1 << 16
# One zstd block of a few bytes may stand for 128 KiB: small pieces bound what one call can give.
_ZSTD_PIECE = 1 << 11
_BZ2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")


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


def detect_compression(start: bytes) -> Compression:
    """Tell the compression by the first bytes of a file (10 of them are enough).

    >>> detect_compression(b"2024-05-01 INFO ready")
    'none'
    """
    if start.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if start.startswith(b"BZh") and start[4:10] in _BZ2_BLOCKS:
        return "bz2"
    if start.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    # A zstd file may begin with a skippable frame (pzstd and seekable writers put one first).
    if start.startswith(b"\x28\xb5\x2f\xfd") or (start[1:4] == b"\x2a\x4d\x18" and start[0] >> 4 == 5):
        return "zstd"
    return "none"


def detect_encoding(head: bytes) -> Encoding:
    """Tell the encoding by the byte order mark or, without one, by where ASCII text has its NUL bytes.

    >>> detect_encoding("ready".encode("utf-16-be"))
    'utf-16-be'
    """
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    pairs = len(head) // 2
    first, second = head[0::2].count(0), head[1::2].count(0)
    # Text with other scripts in it keeps spaces, digits and line ends in ASCII: well under all pairs.
    often, seldom = 0.4 * pairs, 0.01 * pairs
    if pairs and second >= often and first <= seldom:
        return "utf-16-le"
    if pairs and first >= often and second <= seldom:
        return "utf-16-be"
    return "utf-8"


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


def peek(path: Path, *, size: int) -> tuple[Compression, bytes]:
    """Tell the compression of a file, and its first *size* decompressed bytes in their own encoding.

    Raises
    ------
    InputUnreadableError
        When the file is compressed and not one byte of it can be decompressed; the message does not
        name the file.
    OSError
        When the file cannot be opened or read.
    """
    with path.open("rb") as file:
        compression = detect_compression(file.read(16))
        file.seek(0)
        head = bytearray()
        try:
            for block in _decompressed(file, compression):
                head += block
                if len(head) >= size:
                    break
        except _DamageError as damage:
            if not head:
                raise InputUnreadableError(
                    f"it cannot be decompressed as {compression}: {damage.reason}; get a complete copy"
                ) from damage
    return compression, bytes(head[:size])


class _DamageError(Exception):
    """Compressed data that cannot be decoded.

    *retry_from* is the offset of the piece of input whose output was lost with the error; None when the
    decoder has given all there is.
    """

    def __init__(self, reason: str, *, retry_from: int | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_from = retry_from


class _BadDataError(Exception):
    """What a decoder of an optional package says of data that it cannot decode."""


class _Decoder(Protocol):
    """A decoder of one compressed stream, as `bz2.BZ2Decompressor` and `lzma.LZMADecompressor` are."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _GzipDecoder:
    """One gzip member."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        # A full output may have left more inside zlib even when all input is consumed.
        return not (self._full or self._inflate.unconsumed_tail)

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        output = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self._full = len(output) == max_length
        return output


class _ZstdDecoder:
    """One zstd frame."""

    def __init__(self) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._input = b""

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def needs_input(self) -> bool:
        return not self._input

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data + self._input

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002  (bounded by its input)
        self._input += data
        piece, self._input = self._input[:_ZSTD_PIECE], self._input[_ZSTD_PIECE:]
        try:
            return self._frame.decompress(piece)
        except self._error as error:
            raise _BadDataError(str(error)) from error


_DECODERS: dict[Compression, Callable[[], _Decoder]] = {
    "gzip": _GzipDecoder,
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ),
    "zstd": _ZstdDecoder,
}


def _decompressed(file: BinaryIO, compression: Compression) -> Iterator[bytes]:
    """Yield all blocks of *file* from its start; raise `_DamageError` after the last good byte."""
    if compression == "none":
        while block := file.read(_BLOCK):
            yield block
        return
    done = 0
    try:
        for block in _decoded(file, compression):
            done += len(block)
            yield block
    except _DamageError as damage:
        if damage.retry_from is None:
            raise
        retry_from = damage.retry_from
    else:
        return
    # A decoder drops what it made of the piece that holds the damage: fed byte by byte, it gives it.
    file.seek(0)
    for block in _decoded(file, compression, bytewise_from=retry_from):
        if len(block) > done:
            yield block[done:]
        done = max(0, done - len(block))


def _decoded(file: BinaryIO, compression: Compression, *, bytewise_from: int | None = None) -> Iterator[bytes]:
    """Yield what the streams in *file* (gzip members, zstd frames: any number) decompress to."""
    new = _DECODERS[compression]
    decoder = new()
    offset = 0
    while data := file.read(1 if bytewise_from is not None and offset >= bytewise_from else _PIECE):
        start, offset = offset, offset + len(data)
        try:
            while data or not (decoder.eof or decoder.needs_input):
                if decoder.eof:
                    # Tapes and block devices pad with NUL between and after streams.
                    data = data.lstrip(b"\0")
                    if not data:
                        break
                    decoder = new()
                block = decoder.decompress(data, _BLOCK)
                data = decoder.unused_data if decoder.eof else b""
                if block:
                    yield block
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, _BadDataError) as error:
            raise _DamageError(str(error), retry_from=start if bytewise_from is None else None) from error
    if not decoder.eof:
        raise _DamageError("it ends before its compressed data does", retry_from=None)


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
        blocks = _decompressed(self._file, self._source.compression)
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
            except (_DamageError, OSError) as error:
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


def _damage(source: Source, *, error: _DamageError | OSError, position: int) -> InputUnreadableError:
    reason = error.reason if isinstance(error, _DamageError) else error.strerror or str(error)
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
