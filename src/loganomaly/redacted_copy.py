"""Copies of logs without secrets and personal data, so that they can be shared: the same files, the same lines."""

import bz2
import contextlib
import gzip
import lzma
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from loganomaly.errors import InputUnreadableError, OutputError
from loganomaly.reading.sources import Skipped, find_sources
from loganomaly.reading.streams import Source
from loganomaly.redaction.kinds import Kind
from loganomaly.redaction.secrets import Redactor
from loganomaly.reports.writer import check_folder
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.redacted import redacted

__all__ = ["RedactedFile", "Redaction", "redact_files"]

_MODE = 0o600
_PACKED = ("gzip", "bz2", "xz", "zstd")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedFile:
    """A copy: the name of the source, the path it was written to, its lines, and values replaced, by kind.

    `damage` says why the rest of the source could not be read.
    """

    name: str
    path: Path
    lines: int
    replaced: dict[str, int]
    damage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """The copies that were made, and what was not copied."""

    files: tuple[RedactedFile, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    replaced: dict[str, int] = field(default_factory=dict)


def redact_files(
    inputs: Sequence[str],
    output: Path,
    *,
    search: LeakSearch,
    spool: Path,
    progress: Callable[[str, int], None] | None = None,
) -> Redaction:
    """Write a copy of each log that `inputs` stand for, in which pseudonyms stand in the place of what leaks.

    Names of files and folders stay, and so do the number and the layout of lines. What was compressed is compressed
    again; the logs of an archive become files in a folder of its name, and tables lines of JSON. Text is written as
    UTF-8, without terminal escape sequences, as it is read. A file appears whole or not at all.

    Parameters
    ----------
    output
        Folder that is made if need be; no file in it is written over.
    spool
        Folder in which what cannot be read twice is kept meanwhile.
    progress
        Called with the name of a source and how many bytes of it were done.

    Raises
    ------
    InputError
        If an input cannot be read.
    OutputError
        If a copy cannot be written, or there is such a file already.
    """
    check_folder(output)
    found = find_sources(inputs, exclude=[output], spool_dir=spool)
    redactor = Redactor(search.kinds)
    targets = _targets(found.sources, inputs, output, hide=_hidden_names(redactor, search))
    for target in targets:
        if os.path.lexists(target):
            raise OutputError(f"cannot write {str(target)!r}: it exists; choose an empty folder for the output")
    files = []
    for source, target in zip(found.sources, targets, strict=True):
        files.append(_copy(source, target, search=search, progress=progress))
    total: Counter[str] = Counter()
    for file in files:
        total.update(file.replaced)
    return Redaction(files=tuple(files), skipped=found.skipped, replaced=dict(total.most_common()))


def _hidden_names(redactor: Redactor, search: LeakSearch) -> Callable[[str], str]:
    def name(kind: Kind, value: str) -> str:
        return search.pseudonyms.name(kind.name, value.encode())

    def hide(text: str) -> str:
        hidden = redactor.replace(text, name)
        if hidden == text:  # in ada@acme.dev.log, the ending hides what the rest is
            hidden = redactor.replace(PurePosixPath(text).stem, name) + PurePosixPath(text).suffix
        return hidden.replace("<", "").replace(">", "")

    return hide


def _targets(
    sources: Sequence[Source], inputs: Sequence[str], output: Path, *, hide: Callable[[str], str]
) -> list[Path]:
    """Return where the copy of each source goes: its path below the input that it was found in."""
    folders = sorted((Path(given) for given in inputs if Path(given).is_dir()), key=lambda path: -len(path.parts))
    targets: list[Path] = []
    for source in sources:
        name = "stdin.log" if source.name == "<stdin>" else source.name
        outer, *members = name.split("!/")
        path = Path(outer)
        base = next((folder for folder in folders if path.is_relative_to(folder)), path.parent)
        parts = [*path.relative_to(base).parts, *(part for member in members for part in PurePosixPath(member).parts)]
        safe = [hide(part) for part in parts if part not in {"", ".", "..", "/"}] or ["log"]
        if source.compression == "parquet":
            safe[-1] += ".jsonl"
        target = output.joinpath(*safe)
        number = 1
        while target in targets:
            number += 1
            target = output.joinpath(*safe[:-1], f"{number}-{safe[-1]}")
        targets.append(target)
    return targets


def _copy(
    source: Source, target: Path, *, search: LeakSearch, progress: Callable[[str, int], None] | None
) -> RedactedFile:
    replaced: Counter[str] = Counter()
    lines, damage = 0, None
    temporary = target.with_name(f".loganomaly-{secrets.token_hex(8)}.tmp")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _opened(temporary, source.compression) as out:
            try:
                for piece in redacted(source, search, replaced=replaced):
                    out.write(piece)
                    lines += piece.count(b"\n")
                    if progress:
                        progress(source.name, len(piece))
            except InputUnreadableError as error:
                damage = str(error)
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write {str(target)!r}: {error.strerror or error}; choose another folder") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return RedactedFile(name=source.name, path=target, lines=lines, replaced=dict(replaced), damage=damage)


@contextlib.contextmanager
def _opened(path: Path, compression: str) -> Iterator[IO[bytes]]:
    """Open a new file of the user's own, which compresses what is written to it as the source was."""
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb"))
        yield stack.enter_context(_packed(raw, compression)) if compression in _PACKED else raw


def _packed(raw: IO[bytes], compression: str) -> Any:
    if compression == "gzip":
        return gzip.GzipFile(fileobj=raw, mode="wb", filename="")
    if compression == "bz2":
        return bz2.open(raw, "wb")
    if compression == "xz":
        return lzma.open(raw, "wb")
    import zstandard

    return zstandard.ZstdCompressor().stream_writer(raw, closefd=False)
