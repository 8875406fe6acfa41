"""Write a file beside its target, under a name that the next run knows for a left-over if this one is killed."""

import logging
import os
import secrets
import shutil
import sys
from pathlib import Path

from loganomaly.errors import OutputError

__all__ = ["LEFT_OVERS", "aside_in", "failed", "sync_folder", "written"]

_LOG = logging.getLogger(__name__)

_PREFIX, _SUFFIX = ".loganomaly-", ".tmp"
LEFT_OVERS = f"{_PREFIX}*{_SUFFIX}"
"""A pattern for all names that `aside_in` gives."""


def aside_in(folder: Path) -> Path:
    """Return a new name in *folder* for what does not have its final name yet."""
    return folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"


def written(path: Path, content: bytes, *, target: Path, mode: int, like: Path | None = None) -> Path:
    """Write a new file and return its path; it is on the disk then. Errors name the *target* that it is for.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            shutil.copymode(like, path)
    except OSError as error:
        raise failed(target, error) from error
    return path


def sync_folder(folder: Path) -> None:
    """Make the new names last through a power failure, where folders can be synced."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        _LOG.info("%s: the folder cannot be synced: %s", folder, error.strerror or error)
    finally:
        os.close(handle)


def failed(path: Path, error: Exception, *, other: str = "output folder") -> OutputError:
    """Return the error that *path* cannot be written, and what to do."""
    reason = error.strerror or error if isinstance(error, OSError) else error
    return OutputError(
        f"cannot write {str(path)!r}: {reason}; check permissions and free space, or choose another {other}"
    )
