"""What the workers do: scan a part of a source, merge profiles, and fetch the lines of findings.

Nothing here is shown with its contents where Dask logs what failed: they may be lines of logs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from loganomaly.cluster.moved import moved
from loganomaly.cluster.part_stream import EscapeFoundError, PartStream
from loganomaly.cluster.spans import Span
from loganomaly.errors import InputUnreadableError
from loganomaly.extract import Excerpt, excerpts_if_unchanged
from loganomaly.findings import Location
from loganomaly.profile import Profile
from loganomaly.reading.chunks import Piece, cut_chunks
from loganomaly.reading.decoders import DamageError
from loganomaly.reading.places import Window, open_window
from loganomaly.reading.program import Tables
from loganomaly.reading.seams import find_seam
from loganomaly.reading.storage import StoredObject, check_unchanged
from loganomaly.reading.streams import Source, damage_of, open_source, read_head
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.named_secrets import hide_columns
from loganomaly.scan.search import Search

__all__ = [
    "Brief",
    "Fetched",
    "FileSeen",
    "Part",
    "Profiles",
    "SourceWork",
    "brief_of",
    "fetch",
    "merge_parts",
    "merge_profiles",
    "same",
    "scan_part",
    "unseen",
]

_MERGE_EVERY = 16
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, repr=False)
class SourceWork:
    """A source, how it is read, and with which bytes it began."""

    number: int
    source: Source
    tables: Tables
    head: bytes


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What the client must know of a part: its lines and bytes, why it goes no further, if so.

    Where an escape sequence was found, nothing was counted: from here on the source must be read in one go.
    """

    lines: int = 0
    bytes: int = 0
    damage: str | None = None
    escaped: bool = False


@dataclass(frozen=True, repr=False)
class Part:
    """What was counted in a part of a source, its lines numbered from 0."""

    profile: Profile
    brief: Brief


@dataclass(frozen=True, repr=False)
class Profiles:
    """A profile of many parts."""

    profile: Profile


@dataclass(frozen=True, repr=False)
class Fetched:
    """The places of a source with what stands there, and why there is no more, if so."""

    found: list[tuple[Location, Excerpt]]
    lost: str | None


@dataclass(frozen=True, repr=False)
class FileSeen:
    """A source that is a file, and with which bytes it begins, as far as they are to be compared."""

    source: Source
    head: bytes


def same(value: _T) -> _T:
    """Return what is given: so it lies with the scheduler, which sends it again to where it is needed."""
    return value


def brief_of(part: Part) -> Brief:
    """Return what the client must know of a part."""
    return part.brief


def scan_part(
    work: SourceWork, search: Search, span: Span | None, *, to_end: bool = False, batch_size: int | None = None
) -> Part:
    """Scan a part of a source, all of it without one.

    Parameters
    ----------
    to_end
        Go on from the part to the end of the source, through escape sequences.
    batch_size
        Lines that are scanned at a time.
    """
    waiting = [Profile.empty(floods=search.floods)]
    lines = size = 0
    damage: str | None = None
    pieces = _whole(work, batch_size) if span is None else _of_span(work, span, batch_size, to_end=to_end)
    try:
        for piece, offset in pieces:
            lines += piece.lines
            size += len(piece.data)
            waiting.append(_profile(piece, offset, work, search))
            if len(waiting) >= _MERGE_EVERY:
                waiting[:] = [Profile.merge(waiting)]
    except EscapeFoundError:
        return Part(Profile.empty(floods=search.floods), Brief(escaped=True))
    except InputUnreadableError as error:
        damage = str(error)
    return Part(Profile.merge(waiting), Brief(lines=lines, bytes=size, damage=damage))


def _profile(piece: Piece, offset: int, work: SourceWork, search: Search) -> Profile:
    chunk = Chunk(
        source=work.number,
        data=piece.data,
        first_line=piece.first_line,
        offset=piece.offset + offset,
        name=work.source.name,
    )
    return scan(chunk, work.tables, search=search).profile


def _whole(work: SourceWork, batch_size: int | None) -> Iterator[tuple[Piece, int]]:
    with open_source(work.source) as stream:
        for piece in cut_chunks(stream, work.tables, most_lines=batch_size):
            yield piece, 0


def _of_span(work: SourceWork, span: Span, batch_size: int | None, *, to_end: bool) -> Iterator[tuple[Piece, int]]:
    """Yield the pieces of a part, and the offset that theirs are counted from."""
    position = span.begin
    try:
        with open_window(work.source.path, work.source.place) as window:
            begin = span.mark if span.number == 0 else _seam(window, span, work.tables)[0]
            if begin is None:
                return
            if span.number:
                _check(work, span)
            end, looked = (None, None) if to_end else _end(window, span, work.tables)
            stream = PartStream(window, work.source, begin=begin, end=end, looked=looked, clean=to_end)
            for piece in cut_chunks(stream, work.tables, most_lines=batch_size):
                position = begin + piece.offset + len(piece.data)
                yield piece, begin - span.mark
            if isinstance(work.source.path, StoredObject):
                check_unchanged(work.source.path)
    except (OSError, DamageError) as error:
        raise damage_of(work.source, error=error, position=position) from error


def _seam(window: Window, span: Span, tables: Tables) -> tuple[int | None, int]:
    seam = find_seam(window, span.begin, span.begin + span.size, tables)
    return seam.start, seam.looked


def _end(window: Window, span: Span, tables: Tables) -> tuple[int | None, int | None]:
    """Return where a part ends, None with the source; and up to where it was looked at to tell."""
    for other in span.following():
        start, looked = _seam(window, other, tables)
        if start is not None:
            return start, looked
    return None, None


def _check(work: SourceWork, span: Span) -> None:
    """Make sure that a file is the one that the part before was read from; an object says so itself."""
    if isinstance(work.source.path, StoredObject):
        return
    if read_head(work.source, len(work.head)) != work.head or work.source.path.stat().st_size < span.begin:
        raise InputUnreadableError(
            f"{work.source.name!r} was rotated or overwritten while it was read; analyse it again, or a copy of it"
        )


def merge_parts(parts: Sequence[Part], lines_before: Sequence[int]) -> Profiles:
    """Merge parts, each with so many lines of its source before it."""
    return Profiles(
        Profile.merge([moved(part.profile, lines) for part, lines in zip(parts, lines_before, strict=True)])
    )


def merge_profiles(profiles: Sequence[Profiles]) -> Profiles:
    """Merge profiles."""
    return Profiles(Profile.merge([each.profile for each in profiles]))


def fetch(work: SourceWork, places: Sequence[Location]) -> Fetched:
    """Return what stands at places in a source; see `excerpts_if_unchanged`."""
    lost: list[str] = []
    hide = partial(hide_columns, tables=work.tables)
    found = excerpts_if_unchanged(work.source, places, head=work.head, lost=lost.append)
    return Fetched([(place, excerpt.hidden(hide)) for place, excerpt in found], lost[0] if lost else None)


def unseen(files: Sequence[FileSeen]) -> int | None:
    """Return which of some files is the first that this process does not see, None if it sees all."""
    for number, file in enumerate(files):
        try:
            assert isinstance(file.source.path, Path)
            if file.source.path.stat().st_size < file.source.size:
                return number
            if file.head and read_head(file.source, len(file.head)) != file.head:
                return number
        except (OSError, InputUnreadableError):
            return number
    return None
