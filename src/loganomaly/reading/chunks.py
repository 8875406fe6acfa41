"""Cuts a source into chunks at record starts, so that each can be scanned alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.breaks import behind_last_break, count_byte
from loganomaly.reading.lines import begins_record
from loganomaly.reading.program import At, Tables
from loganomaly.reading.records import last_record_start
from loganomaly.reading.traces import LOOK_BACK

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["CHUNK_BYTES", "LONGEST_LINE", "Piece", "Readable", "cut_chunks", "first_pieces"]

CHUNK_BYTES = 12 << 20
"""How much is read at a time. Of a log with many shapes 8 MiB cost 6 % more time; 16 MiB take 40 MB more memory."""
_FIRST_BYTES = 1 << 18  # for many a file, no more is needed
_LINE_BREAK = 10
_TAIL = 1 << 16  # bytes in which the last record start is looked for first
_USUAL_LINE = 512  # bytes; no more is read at a time than the lines asked for are likely to need
LONGEST_LINE = 64 << 20
"""A line longer than this is cut, so that memory stays bounded; its parts count as lines."""


class Readable(Protocol):
    """What chunks are cut from."""

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes into `buffer` and return how many; 0 at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines of a source: their bytes (uint8), the number of the first line and its offset, counted from 0."""

    data: NDArray[np.uint8]
    first_line: int
    offset: int
    lines: int


def cut_chunks(
    stream: Readable, tables: Tables, *, most_lines: int | None = None, size: int = CHUNK_BYTES
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
    target, allowance = size, most_lines
    # What is read goes to where it is scanned: a copy of each chunk would keep all threads waiting.
    buffer, held = np.empty(min(size, _FIRST_BYTES), np.uint8), 0
    line, offset, ended = 0, 0, False
    damage: InputUnreadableError | None = None
    while True:
        if not ended and held < target:
            if held == len(buffer):
                buffer = _moved(buffer, target)
            try:
                count = stream.readinto(buffer[held:target].data)
            except InputUnreadableError as error:
                damage, count = error, 0
            ended = not count
            held += count
            continue
        if not held:
            if damage is not None:
                raise damage
            return
        rest = _as_is(buffer[:held])
        end = _end_of_lines(rest, allowance, ended=ended)
        is_all = ended and end == held
        cut = end if is_all else _cut(rest, end, tables)
        if cut == 0 and (ended or held < LONGEST_LINE):
            # One record, or a line without an end yet, is all there is: look at more of it.
            if allowance is not None and int(count_byte(rest, _LINE_BREAK)) > allowance:
                allowance *= 2
            elif ended:
                allowance = None
            else:
                target = held * 2
            continue
        data = rest[: cut or held]
        buffer = _moved(rest[len(data) :], 0 if ended else size)
        held -= len(data)
        piece = Piece(data=data, first_line=line, offset=offset, lines=_count_lines(data))
        line, offset = line + piece.lines, offset + len(data)
        del rest, data  # so that the chunk is gone as soon as nobody works on it
        yield piece
        del piece
        target, allowance = size, most_lines


def _as_is(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a view that cannot be written to, as those of bytes are: code that is compiled for these reads it."""
    data.flags.writeable = False
    return data


def _moved(data: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return a buffer of `size` bytes, or as many as there are, that begins with `data`."""
    buffer = np.empty(max(size, len(data)), np.uint8)
    buffer[: len(data)] = data
    return buffer


def first_pieces(stream: Readable, tables: Tables, *, most: int, batch: int) -> Iterator[Piece]:
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


def _cut(data: NDArray[np.uint8], end: int, tables: Tables) -> int:
    """Return where the last record of data[:end] begins, which is whole lines."""
    if not end:
        return 0
    lines = data[:end]
    # The last record is nearly always in the last few lines; only where it is not, all of them are looked at.
    # A quoted field that holds line breaks is known from where it begins only.
    begin = max(0, end - _TAIL)
    text = data[begin:end].tobytes()
    tail = begin + text.find(b"\n") + 1 if not tables[At.ROWS] else 0
    if begin < tail < end:
        cut = tail + int(last_record_start(lines[tail:], tables))
        # A start that is one only because the record before it is full is not told from the tail alone, nor one
        # whose lines before are not all in it.
        seen = text.count(b"\n", tail - begin, cut - begin)
        if seen >= LOOK_BACK and begins_record(text[cut - begin :].split(b"\n", 1)[0], tables):
            return cut
    return int(last_record_start(lines, tables))


def _count_lines(data: NDArray[np.uint8]) -> int:
    return int(count_byte(data, _LINE_BREAK)) + int(data[-1] != _LINE_BREAK)


def _end_of_lines(data: NDArray[np.uint8], most: int | None, *, ended: bool) -> int:
    """Return where the first `most` whole lines of `data` end, or all; at the end of the stream, the last is whole."""
    end = len(data) if ended else int(behind_last_break(data))
    if most is None or not end:
        return end
    breaks = np.flatnonzero(data[:end] == _LINE_BREAK)
    return int(breaks[most - 1]) + 1 if len(breaks) >= most else end
