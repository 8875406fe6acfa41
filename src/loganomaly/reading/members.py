"""Turn the members of an archive into sources, without unpacking it to the user's folders.

Members of zip archives and of plain tar archives are read where they lie. A compressed tar archive can only be read
from its start on: its logs are copied once, compressed, one behind the other into one spool file. An archive or
table in an archive is copied as it is, and removed unless sources lie in it.
"""

import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from loganomaly.reading.archives import MOST_MEMBERS, MOST_NESTED_BYTES, NESTING, Member, member_name, written
from loganomaly.reading.decoders import Compression, DamageError
from loganomaly.reading.looks import Look, look_at
from loganomaly.reading.parquet import table_problem
from loganomaly.reading.places import Place, open_window, unpacked
from loganomaly.reading.replay import BLOCK, Replay
from loganomaly.reading.spool import new_spool, not_stored
from loganomaly.reading.streams import Source
from loganomaly.reading.tars import tar_members
from loganomaly.reading.zips import zip_members

__all__ = ["ArchiveWalk"]


class ArchiveWalk:
    """The sources in an archive, and in the archives in it.

    Attributes
    ----------
    spools
        The files that were made for it and are still there; the caller removes them.
    skipped
        Members that are not read, as names and reasons.
    """

    def __init__(self, *, folder: Path | None) -> None:
        self.spools: set[Path] = set()
        self.skipped: list[tuple[str, str]] = []
        self._folder = folder
        self._left = MOST_MEMBERS
        self._names: set[str] = set()

    def sources(self, path: Path, *, look: Look, name: str, modified: float, depth: int = 1) -> Iterator[Source]:
        """Yield the sources in the archive at *path*.

        Raises
        ------
        OSError
            When the archive cannot be read.
        OutputError
            When a member cannot be stored.
        """
        members = zip_members(path) if look.kind == "zip" else tar_members(path, compression=look.compression)
        copies = _Copies(name=name, folder=self._folder, spools=self.spools)
        hidden = files = 0
        try:
            for member in members:
                files += 1
                if member.name is None:
                    self.skipped.append((f"{name}!/*", f"the rest of the archive: {member.problem}"))
                    continue
                if self._left == 0:
                    reason = f"the rest of the archive: it has more than {MOST_MEMBERS:,} files; unpack it to read all"
                    self.skipped.append((f"{name}!/*", reason))
                    break
                self._left -= 1
                inside = member_name(member.name)
                if any(part.startswith(".") or part == "__MACOSX" for part in inside.split("/")):
                    hidden += 1
                    continue
                shown = self._unique(f"{name}!/{inside}")
                yield from self._sources_of(
                    member, path, shown=shown, copies=copies, modified=written(member, archive=modified), depth=depth
                )
        finally:
            copies.close()
        if hidden:
            self.skipped.append((f"{name}!/.*", f"hidden files: {hidden}"))
        if not files:
            self.skipped.append((name, "an archive without files"))

    def _sources_of(
        self, member: Member, path: Path, *, shown: str, copies: "_Copies", modified: float, depth: int
    ) -> Iterator[Source]:
        if member.problem is not None:
            self.skipped.append((shown, member.problem))
            return
        with _Content(member, path) as content:
            look = look_at(io.BytesIO(content.start), path=PurePosixPath(shown), walked=True)
            if isinstance(look, str):
                # What is cut off may look like anything: the damage is the better reason.
                self.skipped.append((shown, content.damage if content.damage and look == "empty" else look))
                return
            if look.kind != "text":
                yield from self._nested(content, look=look, shown=shown, modified=modified, depth=depth)
                return
            place = member.place
            if place is None:
                path, place = copies.add(content.blocks(), packed=look.compression != "none", content=content)
            yield Source(
                name=shown,
                path=path,
                compression=look.compression,
                encoding=look.encoding,
                size=place.size,
                modified=modified,
                place=place,
                objects=look.objects,
            )

    def _nested(self, content: "_Content", *, look: Look, shown: str, modified: float, depth: int) -> Iterator[Source]:
        """Yield the sources in an archive or table that is a member of an archive."""
        if look.kind != "parquet" and depth >= NESTING:
            self.skipped.append((shown, f"an archive within {depth} others; unpack it first"))
            return
        file, path = new_spool(name=shown, folder=self._folder)
        self.spools.add(path)
        size = 0
        with file:
            for block in content.blocks():
                size += len(block)
                if size > MOST_NESTED_BYTES:
                    break
                _write(file, block, name=shown, folder=self._folder)
        used = False
        if size > MOST_NESTED_BYTES:
            self.skipped.append(
                (shown, f"it has over {MOST_NESTED_BYTES:,} bytes and would have to be copied; unpack it first")
            )
        elif look.kind == "parquet":
            problem = content.damage or table_problem(path)
            used = problem is None
            if problem is not None:
                self.skipped.append((shown, problem))
            else:
                yield _table(path, name=shown, size=size, modified=modified)
        else:
            for source in self.sources(path, look=look, name=shown, modified=modified, depth=depth + 1):
                used = used or source.path == path
                yield source
        if not used:
            path.unlink()
            self.spools.discard(path)

    def _unique(self, name: str) -> str:
        """Return *name*, numbered where an archive has two members of that name."""
        number, unique = 1, name
        while unique in self._names:
            number += 1
            unique = f"{name} ({number})"
        self._names.add(unique)
        return unique


def _table(path: Path, *, name: str, size: int, modified: float) -> Source:
    return Source(name=name, path=path, compression="parquet", encoding="utf-8", size=size, modified=modified)


class _Content:
    """The bytes of a member up to its end or damage; `start` has the first of them, `damage` why they end early."""

    def __init__(self, member: Member, path: Path) -> None:
        self.damage: str | None = None
        self._file: Replay | None = None
        if member.place is not None:
            self._file = unpacked(open_window(path, member.place), member.place)
            self._blocks = _blocks(self._file)
        else:
            self._blocks = member.content or iter(())
        self._taken: list[bytes] = []
        size = 0
        # As much as a compressed member may need to give its first bytes: bzip2 packs blocks of 900 kB.
        for block in self._until_damage():
            self._taken.append(block)
            size += len(block)
            if size >= BLOCK:
                break
        self.start = b"".join(self._taken)

    def blocks(self) -> Iterator[bytes]:
        return chain(self._taken, self._until_damage())

    def _until_damage(self) -> Iterator[bytes]:
        while self.damage is None:
            try:
                block = next(self._blocks, b"")
            except DamageError as damage:
                self.damage = str(damage)
                return
            if not block:
                return
            yield block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


class _Copies:
    """One file in which the logs of a compressed archive are stored one behind the other."""

    def __init__(self, *, name: str, folder: Path | None, spools: set[Path]) -> None:
        self._name = name
        self._folder = folder
        self._spools = spools
        self._file: BinaryIO | None = None
        self._path = Path()

    def add(self, blocks: Iterator[bytes], *, packed: bool, content: _Content) -> tuple[Path, Place]:
        """Store *blocks*, compressed unless they are *packed* already; return the file and the place in it."""
        import zstandard

        if self._file is None:
            self._file, self._path = new_spool(name=self._name, folder=self._folder)
            self._spools.add(self._path)
        start = self._file.tell()
        compressor = zstandard.ZstdCompressor(level=1).compressobj()
        for block in blocks:
            data = block if packed else compressor.compress(block)
            _write(self._file, data, name=self._name, folder=self._folder)
        if not packed:
            _write(self._file, compressor.flush(), name=self._name, folder=self._folder)
        size = self._file.tell() - start
        coding: Compression = "none" if packed else "zstd"
        return self._path, Place(start=start, size=size, coding=coding, damage=content.damage)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _blocks(file: Replay) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _write(file: BinaryIO, data: bytes, *, name: str, folder: Path | None) -> None:
    try:
        file.write(data)
    except OSError as error:
        raise not_stored(name, folder=folder, error=error) from error
