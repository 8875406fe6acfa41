"""Cutting a source into chunks changes nothing: that is the property which the rest of the house stands on."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loganomaly.errors import InputUnreadableError
from loganomaly.reading import chunks
from loganomaly.reading.chunks import Piece, cut_chunks
from loganomaly.reading.formats import Layout
from loganomaly.reading.program import Tables
from loganomaly.reading.records import LONGEST_RECORD, Records, read_records
from loganomaly.reading.tables import build_tables

LAYOUTS = [
    Layout(format="text", text="{time} {level} {message}", time="%Y-%m-%d %H:%M:%S%f%z"),
    Layout(format="json", text="{json}"),
]
TABLES = {loose: build_tables(LAYOUTS, loose=loose) for loose in (False, True)}
BOTH = pytest.mark.parametrize("loose", [False, True], ids=["strict", "loose"])
HEAD = b"2026-03-14 09:26:53 ERROR it failed"
MORE = b"  indented"
LINES = [
    HEAD,
    b'{"level": "info", "msg": "hello"}',
    b"2026-03-14 09:26:54 INFO " + b"x" * 3000,
    b"some text",
    b"y" * 3000,
    MORE,
    b"\tat shop.Order.pay(Order.java:17)",
    b"at shop.Order.pay(Order.java:17)",
    b"Caused by: java.io.IOException",
    b"}",
    b"",
    b"  ",
]
TRACE_LINES = [
    b"Traceback (most recent call last):",
    b'  File "/srv/orders.py", line 17, in pay',
    b"ValueError: no order",
    b"java.lang.IllegalStateException: no order",
    b"\tat shop.Order.pay(Order.java:17)",
    b"goroutine 7 [running]:",
    b"main.pay",
    b"\t/srv/order.go:17 +0x1b",
    b"thread 'main' panicked at src/main.rs:3:5:",
    b"2026-03-14 09:26:54 INFO it is idle",
]
COUNTS = st.sampled_from([1, 1, 1, 1, 1, 2, 3, LONGEST_RECORD - 1, LONGEST_RECORD, LONGEST_RECORD + 1, 2500])


class Dribble(io.BytesIO):
    """A stream that gives less than it is asked for, as pipes and decompressors do."""

    def readinto(self, buffer: memoryview, /) -> int:
        return super().readinto(buffer[: max(1, len(buffer) * 2 // 3)])


class Broken(io.BytesIO):
    """A stream that breaks off behind its content."""

    def readinto(self, buffer: memoryview, /) -> int:
        count = super().readinto(buffer)
        if not count:
            raise InputUnreadableError("the archive is damaged")
        return count


def text_of(runs: list[tuple[bytes, int]], *, ends: str = "LF") -> bytes:
    """Return lines in runs, with either line break; the last line may lack its own."""
    end = b"\r\n" if ends.startswith("CR") else b"\n"
    text = b"".join((line + end) * count for line, count in runs if count < 100 or len(line) < 100)
    return text.removesuffix(end) if ends.endswith("off") else text


def read(data: bytes, tables: Tables) -> tuple[list[tuple[int, ...]], int]:
    """Return the rows of all records, and the number of lines."""
    columns, count, lines = read_records(np.frombuffer(data, np.uint8), tables)
    return list(zip(*(column[:count].tolist() for column in columns), strict=True)), lines


def moved(row: tuple[int, ...], piece: Piece) -> tuple[int, ...]:
    """Return a record of a chunk as it stands in the whole."""
    record = Records(*row)
    places = ("start", "end", "component_start", "component_end", "message_start", "message_end")
    there = {name: getattr(record, name) + piece.offset for name in places if getattr(record, name) >= 0}
    return tuple(record._replace(line=record.line + piece.first_line, **there))


def check(text: bytes, tables: Tables, *, size: int, most_lines: int | None) -> list[Piece]:
    """Check that the chunks of `text` are `text`, and that their records are those of `text`; return them."""
    pieces = list(cut_chunks(Dribble(text), tables, most_lines=most_lines, size=size))
    assert b"".join(piece.data for piece in pieces) == text
    offset = line = 0
    rows: list[tuple[int, ...]] = []
    for piece in pieces:
        assert len(piece.data)
        assert (piece.offset, piece.first_line) == (offset, line)
        found, lines = read(piece.data.tobytes(), tables)
        assert piece.lines == lines
        rows += [moved(row, piece) for row in found]
        offset, line = offset + len(piece.data), line + lines
    whole, total = read(text, tables)
    assert line == total
    assert rows == whole
    return pieces


@settings(max_examples=100, deadline=None)
@given(
    runs=st.lists(st.tuples(st.sampled_from(LINES), COUNTS), max_size=8),
    ends=st.sampled_from(["LF", "CR LF", "LF, cut off", "CR LF, cut off"]),
    size=st.integers(1, 9000),
    most_lines=st.none() | st.sampled_from([1, 2, 3, 7, 999, 1000, 1001, 2600]),
    loose=st.booleans(),
)
@example(runs=[(HEAD, 1), (MORE, 2500)], ends="LF", size=100, most_lines=None, loose=False)
@example(runs=[(MORE, 2500), (HEAD, 1)], ends="LF", size=100, most_lines=None, loose=True)
@example(runs=[(HEAD, 1), (b"", 2500), (HEAD, 1)], ends="CR LF, cut off", size=100, most_lines=None, loose=True)
@example(runs=[(HEAD, 1), (b"", 2500), (MORE, 1500)], ends="LF", size=9, most_lines=None, loose=False)
@example(runs=[(b"", 1001), (MORE, 1001)], ends="LF", size=100, most_lines=1, loose=False)
def test_the_records_of_the_chunks_are_those_of_the_whole(runs, ends, size, most_lines, loose):
    check(text_of(runs, ends=ends), TABLES[loose], size=size, most_lines=most_lines)


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.tuples(st.sampled_from(LINES + TRACE_LINES), st.integers(1, 3)), max_size=40),
    size=st.integers(1, 9000),
    most_lines=st.none() | st.integers(1, 50),
    loose=st.booleans(),
)
def test_the_records_of_the_chunks_of_short_records_are_those_of_the_whole(runs, size, most_lines, loose):
    check(text_of(runs), TABLES[loose], size=size, most_lines=most_lines)


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(st.sampled_from([HEAD, b"", *TRACE_LINES]), max_size=30),
    size=st.integers(1, 900),
    most_lines=st.none() | st.integers(1, 9),
)
def test_the_records_of_the_chunks_of_stack_traces_are_those_of_the_whole(lines, size, most_lines):
    check(text_of([(line, 1) for line in lines]), TABLES[True], size=size, most_lines=most_lines)


def test_a_traceback_is_whole_where_the_end_that_is_looked_at_first_begins_within_it(monkeypatch):
    traceback = b"Traceback (most recent call last):\n" + b'  File "x", line 3, in y\n' + b"ValueError: no order\n"
    text = (HEAD + b"\n" + traceback) * 9
    for tail in range(1, len(HEAD + traceback)):
        monkeypatch.setattr(chunks, "_TAIL", tail)
        check(text, TABLES[True], size=2 * len(HEAD + traceback) + 9, most_lines=None)


@settings(max_examples=60, deadline=None)
@given(
    text=st.binary(max_size=60) | st.text(alphabet="a \t\r\n}", max_size=60).map(str.encode), size=st.integers(1, 70)
)
def test_the_records_of_the_chunks_of_any_bytes_are_those_of_the_whole(text, size):
    check(text, TABLES[True], size=size, most_lines=None)


@BOTH
def test_a_chunk_is_not_much_larger_than_asked_for(loose):
    text = (HEAD + b"\n") * 1000
    pieces = check(text, TABLES[loose], size=1000, most_lines=None)
    assert max(len(piece.data) for piece in pieces) <= 1000
    assert len(pieces) <= 2 * len(text) / 1000


@BOTH
@pytest.mark.parametrize("most", [2, 10, 999])
def test_a_chunk_has_no_more_lines_than_asked_for_where_records_are_shorter(most, loose):
    pieces = check((HEAD + b"\n") * 2000, TABLES[loose], size=1 << 20, most_lines=most)
    assert max(piece.lines for piece in pieces) <= most


@BOTH
def test_a_chunk_grows_until_it_holds_a_whole_record(loose):
    record = HEAD + b"\n" + b"  more\n" * 500
    pieces = check(record * 4, TABLES[loose], size=10, most_lines=3)
    assert all(len(piece.data) % len(record) == 0 for piece in pieces)
    assert len(pieces) > 1


@BOTH
def test_a_line_grows_over_chunks(loose):
    text = HEAD + b"x" * 100_000 + b"\n" + HEAD
    check(text, TABLES[loose], size=10, most_lines=None)


@BOTH
def test_a_source_that_is_asked_for_whole_is_one_chunk(loose):
    text = (HEAD + b"\n") * 100
    assert [piece.data.tobytes() for piece in check(text, TABLES[loose], size=1 << 20, most_lines=None)] == [text]


@BOTH
def test_an_empty_source_has_no_chunks(loose):
    assert check(b"", TABLES[loose], size=10, most_lines=None) == []


@BOTH
def test_a_line_that_is_too_long_is_cut_and_nothing_is_lost(loose, monkeypatch):
    monkeypatch.setattr(chunks, "LONGEST_LINE", 4096)
    text = HEAD + b"x" * 50_000 + b"\n" + HEAD + b"\n"
    pieces = list(cut_chunks(io.BytesIO(text), TABLES[loose], size=512))
    assert b"".join(piece.data for piece in pieces) == text
    assert max(len(piece.data) for piece in pieces) <= 2 * 4096
    for before, piece in pairwise(pieces):
        assert piece.offset == before.offset + len(before.data)
        assert piece.first_line == before.first_line + before.lines


@BOTH
@pytest.mark.parametrize("end", [b"", b"\n", b"\n  mo"])
def test_what_stands_before_the_damage_is_read_then_the_damage_is_said(end, loose):
    text = (HEAD + b"\n") * 100 + HEAD + end
    seen = io.BytesIO()
    with pytest.raises(InputUnreadableError, match="damaged"):
        seen.writelines(piece.data for piece in cut_chunks(Broken(text), TABLES[loose], size=300))
    assert seen.getvalue() == text
