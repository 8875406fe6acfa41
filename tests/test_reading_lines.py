"""Reading single lines with the programs of their source."""

import datetime as dt

import pytest

from loganomaly.reading.formats import Layout
from loganomaly.reading.lines import begins_record, fits_layout, time_of
from loganomaly.reading.tables import build_tables

LAYOUTS = [
    Layout(format="text", text="{time} {level} {message}", time="%Y-%m-%d %H:%M:%S%f%z"),
    Layout(format="json", text="{json}"),
]
STRICT, LOOSE = build_tables(LAYOUTS, loose=False), build_tables(LAYOUTS, loose=True)
HEAD = b"2026-03-14 09:26:53.5 ERROR it failed"


@pytest.mark.parametrize("tables", [STRICT, LOOSE], ids=["strict", "loose"])
@pytest.mark.parametrize(
    ("line", "begins"),
    [
        (HEAD, True),
        (HEAD + b"\r", True),
        (b'{"a": 1}', True),
        (b"  indented", False),
        (b"\tat shop.Order.pay(Order.java:17)", False),
        (b"Caused by: x", False),
        (b"", False),
        (b"  ", False),
        (b"\r", False),
    ],
)
def test_a_line_begins_a_record_or_goes_on(line, begins, tables):
    assert begins_record(line, tables) is begins


def test_a_line_that_fits_nothing_begins_a_record_in_a_loose_source_alone():
    assert begins_record(b"some text", LOOSE)
    assert not begins_record(b"some text", STRICT)


@pytest.mark.parametrize("tables", [STRICT, LOOSE], ids=["strict", "loose"])
@pytest.mark.parametrize(("line", "fits"), [(HEAD, True), (b'{"a": 1}', True), (b"some text", False), (b"", False)])
def test_a_line_fits_a_layout_or_none(line, fits, tables):
    assert fits_layout(line, tables) is fits


def test_the_time_of_a_line_is_in_microseconds():
    moment = dt.datetime(2026, 3, 14, 9, 26, 53, 500_000, tzinfo=dt.UTC)
    assert time_of(HEAD, STRICT) == round(moment.timestamp() * 1_000_000)


@pytest.mark.parametrize("line", [b"", b"some text", b'{"a": 1}'])
def test_a_line_without_a_time_has_none(line):
    assert time_of(line, STRICT) is None
