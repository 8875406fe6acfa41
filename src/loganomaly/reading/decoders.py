"""Decompress a file that may be damaged, and tell its compression by its first bytes."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

from loganomaly.errors import InputUnreadableError

__all__ = ["Coding", "Compression", "DamageError", "Readable", "decompressed", "detect_compression", "peek"]

Compression = Literal["none", "gzip", "bz2", "xz", "zstd"]
Coding = Literal[Compression, "deflate"]
"""How bytes are compressed: as a file, or by a zip archive."""

MOST_EXPANSION = 200
"""From how many times its compressed size on a stream is taken for a decompression bomb. Logs shrink 5 to 50 times."""
EXPANSION_COUNTS_FROM = 1 << 30
"""Decompressed bytes from which on that counts: reading fewer does no harm, however small they were packed."""

_BLOCK = 1 << 20
_PIECE = 1 << 16
# One zstd block of a few bytes may stand for 128 KiB: small pieces bound what one call can give.
_ZSTD_PIECE = 1 << 11
_BZ2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")


class Readable(Protocol):
    """What is decompressed: a file, or a part of one."""

    def read(self, size: int, /) -> bytes | None:
        """Return the next bytes, *size* at most."""

    def seek(self, offset: int, /) -> int:
        """Go to *offset*, or to the end when that lies before it."""


class DamageError(Exception):
    """Compressed data that cannot be decoded.

    *retry_from* is the offset of the piece of input whose output may be lost with the error; None when the
    decoder has given all there is. *advice* is what the user can do.
    """

    def __init__(
        self, reason: str, *, retry_from: int | None = None, advice: str = "get a complete copy of it"
    ) -> None:
        super().__init__(reason)
        self.retry_from = retry_from
        self.advice = advice


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


def peek(file: Readable, *, size: int) -> tuple[Compression, bytes]:
    """Tell the compression of *file*, and its first *size* decompressed bytes in their own encoding.

    Raises
    ------
    InputUnreadableError
        When the file is damaged and not one byte of it can be had; the message does not name the file.
    OSError
        When the file cannot be read.
    """
    compression: Compression = "none"
    head = bytearray()
    try:
        compression = detect_compression(file.read(16) or b"")
        file.seek(0)
        for block in decompressed(file, compression=compression):
            head += block
            if len(head) >= size:
                break
    except DamageError as damage:
        if not head:
            failed = "" if compression == "none" else f"it cannot be decompressed as {compression}: "
            raise InputUnreadableError(f"{failed}{damage}; get a complete copy") from damage
    return compression, bytes(head[:size])


def decompressed(file: Readable, *, compression: Coding) -> Iterator[bytes]:
    """Yield all blocks of *file* from its start; raise `DamageError` after the last good byte."""
    if compression == "none":
        while block := file.read(_BLOCK):
            yield block
        return
    done = 0
    try:
        for block in _decoded(file, compression=compression):
            done += len(block)
            yield block
    except DamageError as damage:
        if damage.retry_from is None:
            raise
        retry_from = damage.retry_from
    else:
        return
    # A decoder drops what it made of the piece that holds the damage: fed byte by byte, it gives it.
    file.seek(0)
    for block in _decoded(file, compression=compression, bytewise_from=retry_from):
        if len(block) > done:
            yield block[done:]
        done = max(0, done - len(block))


class _Decoder(Protocol):
    """A decoder of one compressed stream, as `bz2.BZ2Decompressor` and `lzma.LZMADecompressor` are.

    Each raises its own errors on data that it cannot decode; `_decoded` knows them all.
    """

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Inflate(Protocol):
    """What `zlib.decompressobj` returns, and ISA-L's."""

    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _ZlibDecoder:
    """One gzip member, or one raw deflate stream as in a zip archive: *wbits* tells."""

    def __init__(self, *, wbits: int) -> None:
        self._inflate = self._decoder(wbits)
        self._full = False

    def _decoder(self, wbits: int) -> _Inflate:
        return zlib.decompressobj(wbits=wbits)

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


class _FastZlibDecoder(_ZlibDecoder):
    """The same by ISA-L, 2.7 times as fast as zlib, where it is installed."""

    _error: type[Exception] = zlib.error

    def _decoder(self, wbits: int) -> _Inflate:
        try:
            from isal import isal_zlib
        except ImportError:
            return super()._decoder(wbits)
        error: Any = isal_zlib.error  # its stubs take the class for an instance
        self._error = error
        inflate: _Inflate = isal_zlib.decompressobj(wbits=wbits)
        return inflate

    def decompress(self, data: bytes, max_length: int) -> bytes:
        try:
            return super().decompress(data, max_length)
        except self._error as error:
            raise ValueError(str(error)) from error


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
            raise ValueError(str(error)) from error


_EXACT: dict[Coding, Callable[[], _Decoder]] = {
    "gzip": lambda: _ZlibDecoder(wbits=16 + zlib.MAX_WBITS),
    "deflate": lambda: _ZlibDecoder(wbits=-zlib.MAX_WBITS),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ),
    "zstd": _ZstdDecoder,
}
_FAST: dict[Coding, Callable[[], _Decoder]] = {
    "gzip": lambda: _FastZlibDecoder(wbits=16 + zlib.MAX_WBITS),
    "deflate": lambda: _FastZlibDecoder(wbits=-zlib.MAX_WBITS),
}
"""Faster decoders; of damaged data they may keep the last byte, and they say otherwise what is wrong."""


def _decoded(file: Readable, *, compression: Coding, bytewise_from: int | None = None) -> Iterator[bytes]:
    """Yield what the streams in *file* (gzip members, zstd frames: any number) decompress to."""
    fast = bytewise_from is None and compression in _FAST
    new = (_FAST if fast else _EXACT)[compression]
    decoder = new()
    offset = done = 0
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
                    done += len(block)
                    yield block
                    _check_expansion(done, offset)
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise DamageError(str(error), retry_from=start if bytewise_from is None else None) from error
    if not decoder.eof:
        raise DamageError("it ends before its compressed data does", retry_from=offset if fast else None)


def _check_expansion(done: int, read: int) -> None:
    if done > EXPANSION_COUNTS_FROM and done > MOST_EXPANSION * read:
        raise DamageError(
            f"it grows to more than {MOST_EXPANSION} times its compressed size, as a decompression bomb does",
            advice="decompress it yourself if it is to be read",
        )
