"""Find the log files that the user's inputs stand for: files, folders, globs, pipes, and archives of them."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from loganomaly.errors import InputUnreadableError, NoLogsError, UsageError
from loganomaly.reading.files import FileWalk, MetFile, shown_path, unreadable
from loganomaly.reading.looks import Look, look_at
from loganomaly.reading.members import ArchiveWalk
from loganomaly.reading.parquet import table_problem
from loganomaly.reading.places import Window
from loganomaly.reading.spool import new_spool, not_stored, spool
from loganomaly.reading.storage import MetObject, StorageError, find_objects, on_the_web
from loganomaly.reading.streams import Source
from loganomaly.reading.urls import is_url, shown_input, shown_url

__all__ = ["Found", "Skipped", "find_sources"]

_BLOCK = 1 << 20
_LOOKS = 16  # objects of a storage that are looked at at a time, each of which is a wait for an answer
_STDIN = "-"

_Identity = tuple[int, int] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file or folder that is not read, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The log files of the inputs (at least one), and what was left out."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


def find_sources(
    inputs: Sequence[str],
    *,
    exclude: Sequence[Path] = (),
    spool_dir: Path | None = None,
    stdin: BinaryIO | None = None,
) -> Found:
    """Find the log files that *inputs* stand for, in the order of the inputs, then by path.

    A file is read once however often it is met. What a file is, its content says; only in a walked folder
    do names count too: files named as source code, documents or settings are skipped there, and JSON and
    XML files that hold one document. Hidden entries and links to folders are not followed there.

    The files in a tar or zip archive become sources named ``archive!/path/in/it``. They are chosen as those
    in a walked folder are.

    Parameters
    ----------
    inputs
        Files, folders (walked recursively), globs (``logs/**/*.log``), named pipes, or ``-``; the same by URL
        (``s3://bucket/logs/**/*.gz``), as far as fsspec reads it.
    exclude
        Folders whose files are neither walked nor matched, such as the output folder. A folder or file
        that is itself an input is read all the same.
    spool_dir
        Where pipes and the logs of compressed archives are stored; the system's temporary folder when
        None. The caller removes what was stored: give a folder of its own and remove that.
    stdin
        What ``-`` reads; the process's standard input when None.

    Raises
    ------
    UsageError
        No inputs, or an empty one.
    InputMissingError
        An input that does not exist, or a glob that matches nothing.
    InputUnreadableError
        An input that exists and cannot be read; within folders and globs, that is only skipped.
    NoLogsError
        Nothing is left to read.
    OutputError
        A pipe cannot be stored.
    """
    if not inputs:
        raise UsageError("no inputs given; give at least one file, folder, glob or - for standard input")
    if "" in inputs:
        raise UsageError("an input is an empty string; give a file, folder, glob or - for standard input")
    finder = _Finder(exclude=exclude, spool_dir=spool_dir, stdin=stdin)
    try:
        for given in inputs:
            finder.add(given)
        return finder.found(inputs)
    except BaseException:
        finder.remove_spools()
        raise


class _Finder:
    """What has been found so far."""

    def __init__(self, *, exclude: Sequence[Path], spool_dir: Path | None, stdin: BinaryIO | None) -> None:
        self._exclude = frozenset(folder.resolve() for folder in exclude)
        self._spool_dir = spool_dir
        self._stdin = stdin
        self._sources: dict[_Identity, Source] = {}
        self._skipped: dict[_Identity, Skipped] = {}
        self._archives: set[_Identity] = set()
        self._pipes: set[_Identity] = set()
        self._spools: set[Path] = set()
        self._names: set[str] = set()  # of objects, as they are shown, and the last number that each was given
        self._numbers: dict[str, int] = {}

    def add(self, given: str) -> None:
        """Add what one input stands for."""
        if given == _STDIN:
            self._add_stdin()
            return
        if is_url(given):
            self._add_url(given)
            return
        walk = FileWalk(exclude=self._exclude)
        files = walk.files(given)
        for name, reason in walk.skipped:
            self._skip(name, reason)
        for file in files:
            if file.how == "named" and file.path.is_fifo():
                self._add_fifo(file)
            else:
                self._examine(file)

    def found(self, inputs: Sequence[str]) -> Found:
        # Skipped by its name in a folder, and read because another input names it: it is read.
        read = self._sources.keys() | self._archives
        skipped = [entry for key, entry in self._skipped.items() if key not in read]
        if not self._sources:
            raise NoLogsError(_nothing_left(inputs, skipped))
        return Found(sources=tuple(self._sources.values()), skipped=tuple(skipped))

    def remove_spools(self) -> None:
        for path in self._spools:
            path.unlink(missing_ok=True)

    def _skip(self, name: str, reason: str, *, identity: _Identity | None = None) -> None:
        self._skipped.setdefault(identity or name, Skipped(name=name, reason=reason))

    def _add_stdin(self) -> None:
        if _STDIN in self._pipes:
            return
        stream = self._stdin
        if stream is None:
            if sys.stdin is None:
                raise InputUnreadableError("the input is '-', but this process has no standard input")
            stream = sys.stdin.buffer
        self._add_pipe(stream, name="<stdin>", identity=_STDIN)

    def _add_fifo(self, met: MetFile) -> None:
        try:
            identity = _identity(met.path.stat())
            if identity in self._pipes:
                return
            stream = met.path.open("rb")
        except OSError as error:
            raise unreadable(met.name, error) from error
        with stream:
            self._add_pipe(stream, name=met.name, identity=identity)

    def _add_pipe(self, stream: BinaryIO, *, name: str, identity: _Identity) -> None:
        self._pipes.add(identity)
        path = spool(_blocks(stream, name=name), name=name, folder=self._spool_dir)
        self._spools.add(path)
        self._examine(MetFile(path=path, name=name, how="named"), identity=identity)
        if all(source.path != path for source in self._sources.values()):
            path.unlink()

    def _add_url(self, url: str) -> None:
        """Add what a URL stands for."""
        name = shown_url(url)
        try:
            met = [each for each in find_objects(url) if each.stored.url not in self._sources]
            with ThreadPoolExecutor(_LOOKS, thread_name_prefix="look") as pool:
                looks = list(pool.map(_look_at_object, met))
        except StorageError as error:
            raise InputUnreadableError(f"cannot read {name!r}: {error.strerror}") from error
        only = len(met) == 1 and met[0].stored.name == name
        for each, look in zip(met, looks, strict=True):
            if isinstance(look, StorageError) and only:
                raise InputUnreadableError(f"cannot read {name!r}: {look.strerror}") from look
            if isinstance(look, StorageError):
                self._skip(each.stored.name, f"it cannot be read: {look.strerror}", identity=each.stored.url)
            elif isinstance(look, str):
                self._skip(each.stored.name, look, identity=each.stored.url)
            elif look is not None and look.kind == "text":
                self._sources[each.stored.url] = Source(
                    name=self._unique(each.stored.name),
                    path=each.stored,
                    compression=look.compression,
                    encoding=look.encoding,
                    size=each.stored.size,
                    modified=each.modified,
                    objects=look.objects,
                )
            else:
                self._add_copy(each)

    def _unique(self, name: str) -> str:
        """Return a name, numbered where another object has it: what tells two URLs apart may not be shown."""
        number, unique = self._numbers.get(name, 0), name
        while unique in self._names:
            number += 1
            unique = f"{name} ({number})"
        self._numbers[name] = max(number, 1)
        self._names.add(unique)
        return unique

    def _add_copy(self, met: MetObject) -> None:
        """Add an object that must lie on disk to be read: an archive, a table, or what can only be read as a whole."""
        from loganomaly.reading.object_file import object_blocks

        name = self._unique(met.stored.name)
        file, path = new_spool(name=name, folder=self._spool_dir)
        self._spools.add(path)
        with file:
            blocks = object_blocks(met.stored)
            try:
                for block in blocks:
                    _write(file, block, name=name, folder=self._spool_dir)
            except StorageError as error:
                raise InputUnreadableError(f"cannot read {name!r}: {error.strerror}") from error
        os.utime(path, (met.modified, met.modified))
        self._examine(MetFile(path=path, name=name, how="named"), identity=met.stored.url)
        if all(source.path != path for source in self._sources.values()):
            path.unlink()

    def _examine(self, met: MetFile, *, identity: _Identity | None = None) -> None:
        """Add a file to the sources or to what is skipped."""
        path, name = met.path, met.name
        try:
            status = path.stat()
            identity = identity or _identity(status)
            if identity in self._sources or identity in self._archives:
                return
            if met.how == "named" and not stat.S_ISREG(status.st_mode):
                raise InputUnreadableError(
                    f"cannot read {name!r}: a socket or device, not a file; copy what it gives into a file"
                )
            if not stat.S_ISREG(status.st_mode):
                self._skip(name, "a pipe, socket or device", identity=identity)
                return
            with path.open("rb") as file:
                look = look_at(file, path=path, walked=met.how == "walked")
            if isinstance(look, str):
                self._skip(name, look, identity=identity)
            elif look.kind == "parquet" and (problem := table_problem(path)):
                self._skip(name, problem, identity=identity)
            elif look.kind in {"parquet", "text"}:
                self._sources[identity] = _source(path, name=name, look=look, status=status)
            else:
                self._add_archive(path, name=name, identity=identity, look=look, modified=status.st_mtime)
        except OSError as error:
            if met.how == "named":
                raise unreadable(name, error) from error
            self._skip(name, f"it cannot be read: {error.strerror or error}")

    def _add_archive(self, path: Path, *, name: str, identity: _Identity, look: Look, modified: float) -> None:
        """Add the logs in an archive."""
        self._archives.add(identity)
        walk = ArchiveWalk(folder=self._spool_dir)
        try:
            for source in walk.sources(path, look=look, name=name, modified=modified):
                self._sources[source.name] = source
        finally:
            self._spools |= walk.spools
        for member, reason in walk.skipped:
            self._skip(member, reason)


def _look_at_object(met: MetObject) -> Look | str | StorageError | None:
    """Tell what an object is; None where only the whole of it can be read."""
    if not met.has_size:
        return None
    try:
        with Window(met.stored) as file:
            if on_the_web(met.stored):
                # A server that gives no parts shows here: it is asked for the end alone.
                file.seek(max(0, met.stored.size - 1))
                file.read(1)
                file.seek(0)
            return look_at(file, path=PurePosixPath(met.stored.name), walked=met.walked)
    except StorageError as error:
        return None if isinstance(error.__cause__, ValueError) else error  # a server without parts of files


def _write(file: BinaryIO, block: bytes, *, name: str, folder: Path | None) -> None:
    try:
        file.write(block)
    except OSError as error:
        raise not_stored(name, folder=folder, error=error) from error


def _source(path: Path, *, name: str, look: Look, status: os.stat_result) -> Source:
    return Source(
        name=name,
        path=path,
        compression="parquet" if look.kind == "parquet" else look.compression,
        encoding=look.encoding,
        size=status.st_size,
        modified=status.st_mtime,
        objects=look.objects,
    )


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _blocks(stream: BinaryIO, *, name: str) -> Iterator[bytes]:
    """Yield all of *stream*."""
    try:
        while block := stream.read(_BLOCK):
            yield block
    except OSError as error:
        raise unreadable(name, error) from error


def _nothing_left(inputs: Sequence[str], skipped: list[Skipped]) -> str:
    most = 5
    shown = [repr(shown_path(shown_input(given))) for given in inputs]
    lines = [f"nothing in {', '.join(shown)} can be read as log lines"]
    lines += [f"  {entry.name}: {entry.reason}" for entry in skipped[:most]]
    if len(skipped) > most:
        lines.append(f"  and {len(skipped) - most} more")
    lines.append(
        "give text logs, plain or compressed with gzip, bzip2, xz or zstd, archives of them, or Parquet tables"
    )
    return "\n".join(lines)
