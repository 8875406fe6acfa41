"""Shows how sources are read, on their first lines, so that a wrong guess is seen before a whole run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from loganomaly.arguments import check_positive
from loganomaly.errors import InputUnreadableError
from loganomaly.floods import FloodSettings
from loganomaly.reading.chunks import Piece, first_pieces
from loganomaly.reading.dates import Dating, TimeSettings
from loganomaly.reading.detect import Detected
from loganomaly.reading.formats import Layout
from loganomaly.reading.program import NO_TIME, Level, Tables
from loganomaly.reading.records import UNMATCHED, Records, read_records
from loganomaly.reading.sources import Skipped, find_sources
from loganomaly.reading.spool_folder import spool_folder
from loganomaly.reading.streams import Source, open_source
from loganomaly.redaction.secrets import default_redactor, redact
from loganomaly.scan.opening import prepare
from loganomaly.scan.search import Search

__all__ = ["LINES", "Inspection", "LayoutUse", "ParsedRecord", "SourceInspection", "inspect_sources"]

LINES = 10_000
"""Lines of each source that are looked at, unless the caller says otherwise."""
_BATCH = 32_768  # lines read at a time; bounds the memory
_MOST_SHOWN = 3  # records, and lines that no layout reads
_REACH = 16_384  # bytes around a field in which secrets are looked for: a private key goes on over many lines
_LONGEST_FIELD = 4_000  # bytes of a field that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutUse:
    """A layout of a source: its format, its text with the time pattern in it, and how many records it reads."""

    format: str
    text: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRecord:
    """One record as it is read; `line` is counted from 1, `time` in microseconds since the epoch, UTC.

    `message` is that of the first of its `lines`.
    """

    line: int
    lines: int
    time: int | None
    severity: str
    component: str | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInspection:
    """How one source is read. No text in it holds a secret; fields and lines are cut at 4,000 bytes.

    Attributes
    ----------
    format
        The format that reads most of the source; "plain" where none does.
    share
        Part 0..1 of the sampled lines that some layout reads.
    layouts
        In the order in which they are tried.
    whole
        Whether the counts are of the whole source; if not, of its first lines.
    lines, records, timed, with_component
        How many there are; `timed` and `with_component` count records.
    loose
        Whether a line that no layout reads is a record of its own; if not, it belongs to the record before it.
    unmatched
        Lines that no layout reads and that do not look like the rest of a record, as the lines of a stack trace do.
    severities
        Records by severity, the worst first; those that do not occur are left out.
    first_time, last_time
        Microseconds since the epoch, UTC.
    dating
        What timestamps leave out, and whether that was given, read or assumed.
    first_records
        The first three.
    unmatched_lines
        The first three of `unmatched` that differ.
    damage
        What is wrong with a source that cannot be read on, or None.
    """

    name: str
    compression: str
    encoding: str
    format: str
    share: float
    layouts: tuple[LayoutUse, ...]
    whole: bool
    lines: int
    records: int
    timed: int
    with_component: int
    loose: bool
    unmatched: int
    severities: Mapping[str, int]
    first_time: int | None
    last_time: int | None
    dating: Dating
    first_records: tuple[ParsedRecord, ...]
    unmatched_lines: tuple[str, ...]
    damage: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """How all sources are read, and the files that are not read."""

    sources: tuple[SourceInspection, ...]
    skipped: tuple[Skipped, ...]


def inspect_sources(
    inputs: Sequence[str], *, lines: int = LINES, times: TimeSettings | None = None, stdin: BinaryIO | None = None
) -> Inspection:
    """Find the sources that *inputs* stand for, and read the first lines of each.

    Parameters
    ----------
    inputs
        Files, folders, globs, pipes, or ``-``.
    lines
        Lines of each source that are read, 1 or more. How a source is read is told from its beginning and its end,
        as in an analysis, whatever this is.
    times
        How timestamps are read that leave something out.
    stdin
        What ``-`` reads; the process's standard input when None.

    Raises
    ------
    ConfigError
        If `times` names no time zone.
    InputError
        If there is nothing to read, or it cannot be read.
    UsageError
        If there are no inputs, or `lines` is less than 1.
    """
    check_positive("lines", lines)
    with spool_folder() as spool:
        found = find_sources(inputs, spool_dir=spool, stdin=stdin)
        sources = tuple(_inspect(source, most=lines, times=times) for source in found.sources)
    skipped = tuple(Skipped(name=redact(entry.name), reason=redact(entry.reason)) for entry in found.skipped)
    return Inspection(sources=sources, skipped=skipped)


def _inspect(source: Source, *, most: int, times: TimeSettings | None) -> SourceInspection:
    opened = prepare(source, number=0, group=0, search=Search(floods=FloodSettings()), times=times)
    tally = _Tally(opened.detected, opened.tables)
    whole, damage = False, None
    with open_source(source) as stream:
        try:
            for piece in first_pieces(stream, opened.tables, most=most, batch=_BATCH):
                tally.add(piece)
            whole = not stream.read(1) and tally.end == stream.tell()
        except InputUnreadableError as error:
            damage = redact(str(error))
    return tally.result(source, whole=whole, damage=damage)


class _Tally:
    """What the pieces of a source add up to."""

    def __init__(self, detected: Detected, tables: Tables) -> None:
        self._detected = detected
        self._tables = tables
        # In a source that is not loose, a line that fits no layout goes on with the record before it and is not seen.
        self._loose = tables if detected.loose else replace(detected, loose=True).tables()
        self._programs: Counter[int] = Counter()
        self._levels: Counter[int] = Counter()
        self._lines = self._records = self._timed = self._named = self._unmatched = 0
        self._span: tuple[int, int] | None = None
        self._heads: list[ParsedRecord] = []
        self._unread: list[str] = []
        self._context = b""  # the end of the piece before: a secret may begin there
        self.end = 0
        """Offset behind the last piece."""

    def add(self, piece: Piece) -> None:
        records = _read(piece.data, self._tables)
        loose = records if self._loose is self._tables else _read(piece.data, self._loose)
        unmatched = np.flatnonzero(loose.program == UNMATCHED)
        times = records.time[records.time != NO_TIME]
        self._lines += piece.lines
        self._records += len(records.line)
        self._timed += len(times)
        self._named += int((records.component_start >= 0).sum())
        self._unmatched += len(unmatched)
        self._programs.update(_counts(records.program))
        self._levels.update(_counts(records.level))
        if len(times):
            first, last = int(times.min()), int(times.max())
            self._span = (first, last) if self._span is None else (min(first, self._span[0]), max(last, self._span[1]))
        data, shift = self._context + piece.data.tobytes(), len(self._context)
        for row in range(min(len(records.line), _MOST_SHOWN - len(self._heads))):
            self._heads.append(_parsed(data, records, row, shift=shift, first_line=piece.first_line))
        for start in (loose.start[unmatched] + shift).tolist():
            if len(self._unread) >= _MOST_SHOWN:
                break
            text = _field(data, start, _line_end(data, start))
            if text not in self._unread:
                self._unread.append(text)
        self._context = data[-_REACH:]
        self.end = piece.offset + len(piece.data)

    def result(self, source: Source, *, whole: bool, damage: str | None) -> SourceInspection:
        return SourceInspection(
            name=redact(source.name),
            compression=source.compression,
            encoding=source.encoding,
            format=self._detected.name,
            share=self._detected.share,
            layouts=tuple(
                LayoutUse(format=layout.format, text=_layout_text(layout), records=self._programs[number])
                for number, layout in enumerate(self._detected.layouts)
            ),
            whole=whole,
            lines=self._lines,
            records=self._records,
            timed=self._timed,
            with_component=self._named,
            loose=self._detected.loose,
            unmatched=self._unmatched,
            severities={Level(level).name: self._levels[level] for level in sorted(self._levels, reverse=True)},
            first_time=self._span[0] if self._span else None,
            last_time=self._span[1] if self._span else None,
            dating=self._detected.dating,
            first_records=tuple(self._heads),
            unmatched_lines=tuple(self._unread),
            damage=damage,
        )


def _layout_text(layout: Layout) -> str:
    text = layout.text if layout.time is None else layout.text.replace("{time}", f"{{time:{layout.time}}}")
    return redact(text.replace("\n", "\\n"))


def _read(data: NDArray[np.uint8], tables: Tables) -> Records:
    columns, count, _ = read_records(data, tables)
    return Records(*(column[:count] for column in columns))


def _counts(values: "np.ndarray[tuple[int], np.dtype[np.uint8]]") -> dict[int, int]:
    numbers, counts = np.unique(values, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def _parsed(data: bytes, records: Records, row: int, *, shift: int, first_line: int) -> ParsedRecord:
    time, component = int(records.time[row]), int(records.component_start[row])
    return ParsedRecord(
        line=first_line + int(records.line[row]) + 1,
        lines=int(records.lines[row]),
        time=None if time == NO_TIME else time,
        severity=Level(int(records.level[row])).name,
        component=None if component < 0 else _field(data, component + shift, int(records.component_end[row]) + shift),
        message=_field(data, int(records.message_start[row]) + shift, int(records.message_end[row]) + shift),
    )


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def _field(data: bytes, start: int, end: int) -> str:
    """Return data[start:end] as text without the secrets in it.

    What surrounds a field can show that it is a secret: in ``password: hunter2`` the layout may take the first word
    for the component and the second for the message.
    """
    begin, stop = max(0, start - _REACH), min(len(data), start + _REACH)
    end = min(end, start + _LONGEST_FIELD)
    parts: list[bytes] = []
    at = start
    for kind, low, high in default_redactor().spans(data[begin:stop]):
        first, last = low + begin, high + begin
        if first < end and last > at:
            if first >= at or not parts:
                parts += [data[at : max(at, first)], f"<{kind.name}>".encode()]
            at = last
    parts.append(data[at:end])
    # What is a secret where it stands alone is masked as well.
    return redact(b"".join(parts).decode("utf-8", errors="replace")).strip()
