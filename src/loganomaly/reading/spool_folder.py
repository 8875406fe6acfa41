"""A folder of a run's own for what it stores meanwhile, and the end of those that killed runs left behind."""

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from loganomaly.errors import OutputError
from loganomaly.reading.spool import SPOOLS

if sys.platform != "win32":
    import fcntl

__all__ = ["SCRATCH", "spool_folder"]

_LOG = logging.getLogger(__name__)

_PREFIX = "loganomaly-spool-"
SCRATCH = "loganomaly-workers"
"""The folder in it in which worker processes of the run keep what they have no memory for."""


@contextlib.contextmanager
def spool_folder() -> Iterator[Path]:
    """Make a folder in the system's temporary folder, which its owner alone can look into, and remove it at the end.

    A run that is killed cannot do that, and copies of logs would stay. So the next run of the same user removes the
    folders that no run holds a lock on, where the system has file locks.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    try:
        top = Path(tempfile.gettempdir())  # tries to write there, and says where it tried
        folder, lock = _made(top)
    except OSError as error:
        raise OutputError(
            f"cannot make a temporary folder: {error}; free space there, or name another folder in TMPDIR"
        ) from error
    try:
        _remove_left_overs(top)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _made(top: Path) -> tuple[Path, int | None]:
    """Make a folder and lock it; one that another run took for a left-over in between is made anew."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=top))
        try:
            lock = _locked(folder)
        except (BlockingIOError, FileNotFoundError):
            continue
        except OSError as error:
            _LOG.info("%s: used without a lock: %s", folder, error.strerror or error)
            return folder, None
        if lock is None or folder.exists():
            return folder, lock
        os.close(lock)


def _locked(folder: Path) -> int | None:
    """Lock a folder and return what holds the lock, or raise OSError; None where no system call does that."""
    if sys.platform == "win32":
        return None
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def _remove_left_overs(top: Path) -> None:
    if sys.platform == "win32":
        return
    for folder in top.glob(f"{_PREFIX}*"):
        try:
            if folder.lstat().st_uid != os.geteuid():
                continue
            lock = _locked(folder)
        except OSError:
            continue  # in use, no folder, or gone meanwhile
        try:
            # Only what a run stores there: a folder of that name with anything else in it is somebody's.
            for path in folder.glob(SPOOLS):
                path.unlink(missing_ok=True)
            shutil.rmtree(folder / SCRATCH, ignore_errors=True)
            folder.rmdir()
        except OSError as error:
            _LOG.info("%s: the left-over of a killed run cannot be removed: %s", folder, error.strerror or error)
        finally:
            if lock is not None:
                os.close(lock)
