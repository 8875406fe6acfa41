"""Cuts a source into chunks at record starts, so that each can be scanned alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.breaks import count_breaks
from loganomaly.reading.lines import begins_record
from loganomaly.reading.program import At, Tables
from loganomaly.reading.records import last_record_start
from loganomaly.reading.traces import LOOK_BACK

__all__ = ["CHUNK_BYTES", "LONGEST_LINE", "Piece", "cut_chunks", "first_pieces"]

CHUNK_BYTES = 12 << 20
"""How much is read at a time. Of a log with many shapes 8 MiB cost 6 % more time; 16 MiB take 40 MB more memory."""
_LINE_BREAK = 10
_TAIL = 1 << 16  # bytes in which the last record start is looked for first
_USUAL_LINE = 512  # bytes; no more is read at a time than the lines asked for are likely to need
LONGEST_LINE = 64 << 20
"""A line longer than this is cut, so that memory stays bounded; its parts count as lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines of a source: their bytes, the number of the first line and its offset, counted from 0."""

    data: bytes
    first_line: int
    offset: int
    lines: int


def cut_chunks(
    stream: BinaryIO, tables: Tables, *, most_lines: int | None = None, size: int = CHUNK_BYTES
) -> Iterator[Piece]:
    """Yield the content of `stream` in chunks that begin and end with whole records.

    Parameters
    ----------
    most_lines
        Lines of a chunk, as far as whole records allow; None bounds it by `size` bytes alone.

    Raises
    ------
    InputUnreadableError
        If the stream breaks off, after everything before the damage was yielded.
    """
    if most_lines is not None:
        size = min(size, max(1 << 16, most_lines * _USUAL_LINE))
    rest, line, offset, ended = b"", 0, 0, False
    target, allowance = size, most_lines
    damage: InputUnreadableError | None = None
    while True:
        if not ended and len(rest) < target:
            try:
                block = stream.read(target - len(rest))
            except InputUnreadableError as error:
                damage, block = error, b""
            ended = not block
            rest += block
            del block  # while others work on the chunk, nobody needs it twice
            continue
        if not rest:
            if damage is not None:
                raise damage
            return
        end = _end_of_lines(rest, allowance, ended=ended)
        is_all = ended and end == len(rest)
        cut = end if is_all else _cut(rest, end, tables)
        if cut == 0 and (ended or len(rest) < LONGEST_LINE):
            # One record, or a line without an end yet, is all there is: look at more of it.
            whole_lines = rest.count(b"\n")
            if allowance is not None and whole_lines > allowance:
                allowance *= 2
            elif ended:
                allowance = None
            else:
                target = len(rest) * 2
            continue
        data = rest[: cut or len(rest)]
        piece = Piece(data=data, first_line=line, offset=offset, lines=_count_lines(data))
        yield piece
        line, offset, rest = line + piece.lines, offset + len(data), rest[len(data) :]
        del data, piece
        target, allowance = size, most_lines


def first_pieces(stream: BinaryIO, tables: Tables, *, most: int, batch: int) -> Iterator[Piece]:
    """Yield the first `most` lines of a stream, some `batch` at a time; the last record may be cut.

    Raises
    ------
    InputUnreadableError
        If the stream breaks off, after everything before the damage was yielded.
    """
    left = most
    for piece in cut_chunks(stream, tables, most_lines=min(most, batch)):
        if piece.lines >= left:
            yield piece if piece.lines == left else _shortened(piece, left)
            return
        left -= piece.lines
        yield piece


def _shortened(piece: Piece, lines: int) -> Piece:
    return replace(piece, data=piece.data[: _end_of_lines(piece.data, lines, ended=True)], lines=lines)


def _cut(data: bytes, end: int, tables: Tables) -> int:
    """Return where the last record of data[:end] begins, which is whole lines."""
    if not end:
        return 0
    lines = np.frombuffer(data, np.uint8, end)
    # The last record is nearly always in the last few lines; only where it is not, all of them are looked at.
    # A quoted field that holds line breaks is known from where it begins only.
    tail = data.find(b"\n", max(0, end - _TAIL), end) + 1 if not tables[At.ROWS] else 0
    if 0 < tail < end:
        cut = tail + int(last_record_start(lines[tail:], tables))
        # A start that is one only because the record before it is full is not told from the tail alone, nor one
        # whose lines before are not all in it.
        seen = data.count(b"\n", tail, cut)
        if seen >= LOOK_BACK and begins_record(data[cut : data.find(b"\n", cut)], tables):
            return cut
    return int(last_record_start(lines, tables))


def _count_lines(data: bytes) -> int:
    return int(count_breaks(np.frombuffer(data, np.uint8))) + (not data.endswith(b"\n"))


def _end_of_lines(data: bytes, most: int | None, *, ended: bool) -> int:
    """Return where the first `most` whole lines of `data` end, or all; at the end of the stream, the last is whole."""
    end = len(data) if ended else data.rfind(b"\n") + 1
    if most is None or not end:
        return end
    breaks = np.flatnonzero(np.frombuffer(data, np.uint8, end) == _LINE_BREAK)
    return int(breaks[most - 1]) + 1 if len(breaks) >= most else end
