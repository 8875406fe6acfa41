"""A program is not run on lines that cannot fit it by their first byte, and on all others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.formats import Layout, expand, load_formats
from loganomaly.reading.matcher import match, may_open
from loganomaly.reading.registers import OUT_SIZE
from loganomaly.reading.tables import build_tables

LAYOUTS = expand(load_formats(), patterns=["%Y-%m-%dT%H:%M:%S%f%z", "%b %e %H:%M:%S%f%z", "%e %b %Y %H:%M:%S", "%s"])
TABLES = build_tables(LAYOUTS)
LINES = [
    line.encode() for fmt in load_formats() for sample in fmt.samples for line in sample["line"].split("\n") if line
]


def fits(line, program):
    return match(np.frombuffer(line, np.uint8), 0, len(line), program, TABLES, np.zeros(OUT_SIZE, np.int64))


@settings(deadline=None)
@given(line=st.sampled_from(LINES), first=st.one_of(st.none(), st.binary(min_size=1, max_size=2)))
def test_no_program_fits_a_line_that_it_may_not_open(line, first):
    text = line if first is None else first + line[1:]
    for program in range(len(LAYOUTS)):
        if not may_open(text[0], program, TABLES):
            assert not fits(text, program)


@pytest.mark.parametrize(
    ("layout", "time", "opening", "other"),
    [
        ("[{time}] {message}", "%Y", "[", "2x "),
        ("{time} {message}", "%Y", "2", "[x "),
        ("{time} {message}", "%e %b", "2 ", "x["),
        ("{time} {message}", "%b %e", "Mx", "2 ["),
        ("{?<{priority}>?}{level}: {message}", None, "<Ix", "2[ "),
        ("{json}", None, "{", "[2x "),
        ("{name}: {message}", None, "ax.$_-7", ":[ "),
        ("{begin}{message}", None, "a[ 2", ""),
    ],
)
def test_what_a_line_begins_with_shows_whether_a_layout_may_fit(layout, time, opening, other):
    tables = build_tables([Layout(format="x", text=layout, time=time)])
    assert all(may_open(ord(byte), 0, tables) for byte in opening)
    assert not any(may_open(ord(byte), 0, tables) for byte in other)
