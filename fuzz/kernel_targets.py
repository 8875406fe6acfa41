"""The compiled kernels on bytes of any kind: what they say lies within the bytes, and depends on nothing else."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from seeds import samples

from loganomaly.floods import FloodSettings
from loganomaly.reading.breaks import line_bounds
from loganomaly.reading.detect import detect
from loganomaly.reading.fields import Fields
from loganomaly.reading.program import NO_TIME, At, Tables
from loganomaly.reading.records import UNMATCHED, Records, last_record_start, read_all, read_all_heads
from loganomaly.reading.tables import build_tables
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.hashes import hash_spans
from loganomaly.scan.search import Search
from loganomaly.scan.shapes import read_shapes

__all__ = ["check_kernels", "check_records", "cuts", "kernels", "tables_of_formats"]

_MOST_CUTS = 300  # bytes from the end
_LATEST = 7_289_654_400 * 10**6  # 2201, microseconds
_SEARCH = Search(floods=FloodSettings())
_SURROUNDINGS = (b"\n\n\n\n\n\n\n\n", b'"7"7\\"{:9"', b"\xff at \t\r=a")


@cache
def tables_of_formats() -> tuple[Tables, ...]:
    """Return the tables of each built-in format, strict and loose, those of delimited text, and those of no format."""
    several = [b"\n".join(own) + b"\n" for own in samples()]
    found = [detect(text * 5) for text in several]
    layouts = [(item.layouts, item.calendar) for item in found]
    tables = [
        build_tables(kept, calendar=calendar, loose=loose) for kept, calendar in layouts for loose in (True, False)
    ]
    return (build_tables([]), *tables)


def kernels(data: bytes) -> None:
    """Check what kernels make of the bytes, by the tables that the first byte names."""
    tables = tables_of_formats()
    if data:
        check_kernels(data[1:], tables[data[0] % len(tables)])


def cuts(data: bytes) -> None:
    """Check that a text that is cut off anywhere is read alike whatever lies behind it; the first byte as above."""
    tables = tables_of_formats()
    text = data[1:]
    for end in range(max(0, len(text) - _MOST_CUTS), len(text)):
        one, *others = (_rows(_within(text[:end], around), tables[data[0] % len(tables)]) for around in _SURROUNDINGS)
        assert all(other == one for other in others), f"what lies behind byte {end} counts"


def _rows(data: NDArray[np.uint8], tables: Tables) -> list[bytes]:
    columns, count, _, named, _ = read_all(data, tables)
    shapes = read_shapes(data, columns[10][:count], columns[11][:count], columns[7][:count])
    start = np.asarray(last_record_start(data, tables))
    parts = (*(column[:count] for column in columns), *map(np.asarray, named), start, *shapes[:2])
    return [part.tobytes() for part in parts]


def check_kernels(text: bytes, tables: Tables) -> None:
    """Check what all kernels say of a text, and that it is the same whatever lies around the text in memory."""
    said = [_said(_within(text, around), tables) for around in _SURROUNDINGS]
    for other in said[1:]:
        for one, two in zip(said[0], other, strict=True):
            assert np.array_equal(one, two, equal_nan=one.dtype.kind == "f"), "what lies around the text counts"


def _within(text: bytes, around: bytes) -> NDArray[np.uint8]:
    """Return the bytes of a text that lies between others."""
    return np.frombuffer(around + text + around, np.uint8)[len(around) : len(around) + len(text)]


def _said(data: NDArray[np.uint8], tables: Tables) -> list[NDArray[Any]]:
    columns, count, lines, named, _ = read_all(data, tables)
    records = Records(*(column[:count] for column in columns))
    check_records(records, Fields(*named), lines, data=data, tables=tables)
    starts, _ = line_bounds(data)
    start = int(last_record_start(data, tables))
    assert start == 0 or start in starts, "a chunk would be cut within a line"
    shapes = read_shapes(data, records.message_start, records.message_end, records.status)
    names = hash_spans(data, records.component_start, records.component_end)
    rows = np.append(starts, np.int64(len(data)))
    heads, more = read_all_heads(data, rows, tables)
    assert len(heads[0]) == len(starts), "a row of a frame is lost"
    profile = scan(Chunk(source=0, data=data), tables, search=_SEARCH).profile
    assert profile.sources["lines"].item() == profile.shapes["lines"].sum() + profile.sources["stray"].item()
    leaks = [profile.leaks[name].to_numpy() for name in ("shape", "count", "first_line", "last_line")]
    return [*records, *map(np.asarray, (*named, *shapes)), names, *heads, *map(np.asarray, more), *leaks]


def check_records(r: Records, fields: Fields, lines: int, *, data: NDArray[np.uint8], tables: Tables) -> None:
    """Check that every line is of one record or of none, and that all that is said of a record lies within it."""
    text = data.tobytes()
    assert lines == text.count(b"\n") + (not text.endswith(b"\n") and bool(text)), "a line is not counted"
    assert np.all(r.lines >= 1), "a record has no line"
    assert np.all(r.line[1:] >= (r.line + r.lines)[:-1]), "a line is of two records"
    assert r.lines.sum() <= lines, "there are more lines in records than there are"
    assert np.all((r.start >= 0) & (r.start <= r.end) & (r.end <= len(data))), "a record lies outside"
    assert np.all(r.start[1:] >= r.end[:-1]), "records overlap"
    inside = (r.start <= r.message_start) & (r.message_start <= r.message_end) & (r.message_end <= r.end)
    assert np.all(inside), "a message lies outside of its record"
    named = r.component_start >= 0
    assert np.all(named | ((r.component_start == -1) & (r.component_end == -1))), "half of a component"
    ends = (r.start <= r.component_start) & (r.component_start < r.component_end) & (r.component_end <= r.end)
    assert np.all(ends[named]), "a component lies outside of its record"
    assert np.all(r.level <= 7), "a level that is none"
    assert np.all((r.status == 0) | ((r.status >= 100) & (r.status <= 599))), "a status that is none"
    assert np.all((r.time == NO_TIME) | ((r.time > -86_400 * 10**6 * 2) & (r.time < _LATEST))), "a time out of reach"
    assert np.all((r.program == UNMATCHED) | (r.program < int(tables[At.PROGRAMS]))), "a program that is none"
    if len(fields.first):
        assert (fields.first[0], fields.first[-1]) == (0, len(fields.keys)), "fields without a record"
        owner = np.repeat(np.arange(len(r.line)), np.diff(fields.first))
        within = (r.start[owner] <= fields.starts) & (fields.starts <= fields.ends) & (fields.ends <= r.end[owner])
        assert np.all(within), "a field lies outside of its record"
