"""Store what a pipe gives in a temporary file, for a pipe can be read only once."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from loganomaly.errors import OutputError
from loganomaly.reading.content import container
from loganomaly.reading.decoders import detect_compression

__all__ = ["SPOOLS", "new_spool", "not_stored", "spool"]

_PREFIX, _SUFFIX = "loganomaly-", ".spool"
SPOOLS = f"{_PREFIX}*{_SUFFIX}"
"""A pattern for the names of the files that are made here."""


def spool(blocks: Iterator[bytes], *, name: str, folder: Path | None) -> Path:
    """Store all *blocks* in a new file, compressed with zstd unless they come compressed or are read from their end.

    Parameters
    ----------
    name
        What an error calls the pipe.
    folder
        Where the file is made; the system's temporary folder when None. The caller removes the file.

    Raises
    ------
    OutputError
        The file cannot be made or written. Whatever *blocks* raise passes through. No file stays behind.
    """
    file, path = new_spool(name=name, folder=folder)
    try:
        with file:
            _copy(blocks, file)
    except BaseException as error:
        path.unlink()
        if isinstance(error, OSError):
            raise not_stored(name, folder=folder, error=error) from error
        raise
    return path


def new_spool(*, name: str, folder: Path | None) -> tuple[BinaryIO, Path]:
    """Make a new file for what *name* gives, and open it for writing.

    Raises
    ------
    OutputError
        The file cannot be made.
    """
    try:
        handle, path = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
    except OSError as error:
        raise not_stored(name, folder=folder, error=error) from error
    return os.fdopen(handle, "wb"), Path(path)


def _copy(blocks: Iterator[bytes], file: BinaryIO) -> None:
    import zstandard

    first = next(blocks, b"")
    plain = detect_compression(first) == "none" and container(first) not in {"parquet", "zip"}
    compressor = zstandard.ZstdCompressor(level=1)
    with compressor.stream_writer(file, closefd=False) if plain else contextlib.nullcontext(file) as out:
        for block in chain((first,), blocks):
            out.write(block)


def not_stored(name: str, *, folder: Path | None, error: OSError) -> OutputError:
    """Return the error that *name* cannot be stored in *folder*."""
    return OutputError(
        f"cannot store {name!r} in {str(folder or tempfile.gettempdir())!r}: {error.strerror or error}; "
        "it is read twice and must lie on disk: free space there, or name another folder in TMPDIR"
    )
