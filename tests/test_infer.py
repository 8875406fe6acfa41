"""Layouts inferred from where the timestamp and the severity stand."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.detect import detect
from loganomaly.reading.infer import infer_layouts
from loganomaly.testing import ReadRecord, read_text

ISO = "%Y-%m-%dT%H:%M:%S%f%z"
SPACED = "%Y-%m-%d %H:%M:%S%f%z"


def inferred(*lines: str) -> list[tuple[str, str | None]]:
    return [(layout.text, layout.time) for layout in infer_layouts([line.encode() for line in lines])]


def read(line: str) -> ReadRecord:
    """Read a line of a source that has only such lines."""
    data = f"{line}\n".encode() * 5
    return read_text(data, tables=detect(data).tables())[0]


@pytest.mark.parametrize(
    ("line", "layout", "pattern"),
    [
        ("2026-03-14 09:26:53::shop::INFO::paid", "{time}::{component}::{level}::{message}", SPACED),
        ("2026-03-14 09:26:53|shop|17|INFO|paid", "{time}|{component}|{field}|{level}|{message}", SPACED),
        ("2026-03-14 09:26:53 | shop | INFO  | paid", "{time} | {component} | {level} |{message}", SPACED),
        ("2026-03-14 09:26:53|a cell with blanks|x", "{time}|{message}", SPACED),
        ("node7 shop 2026-03-14T09:26:53Z INFO paid", "{field} {field} {time} {level} {message}", ISO),
        ("node7 [shop] <2026-03-14T09:26:53Z> paid", "{field} [{field}] <{time}> {message}", None),
        ("INFO|2026-03-14T09:26:53Z|paid", "{level}|{time}|{message}", ISO),
        ("x#2026-03-14T09:26:53Z paid", "{field}#{time} {message}", ISO),
        ("node7 2026-03-14T09:26:53Z a b WARN paid", "{field} {time} {field} {component} {level} {message}", ISO),
        ("id=17,2026-03-14T09:26:53Z: paid", "{field}={field},{time}: {message}", ISO),
        ("x 2026-03-14T09:26:53Z [ERR] agent: no", "{field} {time} [{level}] {message}", ISO),
        ("x 2026-03-14T09:26:53Z shop WARN: no", "{field} {time} {component} {level}: {message}", ISO),
        ("x 2026-03-14T09:26:53Z 4711 WARN no", "{field} {time} {field} {level} {message}", ISO),
        ("x 2026-03-14T09:26:53Z - WARN no", "{field} {time} - {level} {message}", ISO),
        ("== dump begun at 2026-03-14T09:26:53Z ==", "{begin}== {field} {field} {field} {time}", ISO),
        ("== dump at 2026-03-14T09:26:53Z ==", "== {field} {field} {time} {message}", ISO),
    ],
)
def test_a_layout_follows_the_timestamp_and_the_severity(line, layout, pattern):
    if pattern is None:  # a closing bracket that no header has is not taken for one
        assert all(text != layout for text, _ in inferred(line))
    else:
        assert inferred(line) == [(layout, pattern)]


@pytest.mark.parametrize(
    "line",
    [
        "no timestamp here",
        "{x} 2026-03-14T09:26:53Z y",
        "a? 2026-03-14T09:26:53Z y",
        "x2026-03-14T09:26:53Z y",
        "a b c d e f g h i j k l m 2026-03-14T09:26:53Z y",
        " " * 161 + "2026-03-14T09:26:53Z y",
        "x 2026-02-30T09:26:53Z y",
    ],
)
def test_a_line_without_a_timestamp_in_its_head_has_no_layout(line):
    assert inferred(line) == []


def test_a_letter_is_a_severity_where_most_lines_have_one_in_its_place():
    lines = [f"x 2026-03-14T09:26:53Z 4711 {letter} paid" for letter in "IIEIWF"]
    data = "\n".join([*lines * 3, ""]).encode()
    levels = [record.level for record in read_text(data, tables=detect(data).tables())]
    assert levels == ["INFO", "INFO", "ERROR", "INFO", "WARNING", "CRITICAL"] * 3


@pytest.mark.parametrize("letters", ["FFFFFF", "EEEEEE", "Iabcde"])
def test_a_letter_is_no_severity_where_none_shows_it_to_be_one_or_few_lines_have_it(letters):
    lines = [f"x 2026-03-14T09:26:53Z 4711 {letter} paid" for letter in letters]
    data = "\n".join([*lines * 3, ""]).encode()
    assert {record.level for record in read_text(data, tables=detect(data).tables())} == {None}


def test_layouts_come_most_common_first():
    common, rare = "a 2026-03-14T09:26:53Z x", "a b 2026-03-14T09:26:53Z x"
    assert [text for text, _ in inferred(rare, common, common)] == [
        "{field} {time} {message}",
        "{field} {field} {time} {message}",
    ]


def test_a_number_is_an_epoch_only_where_most_lines_have_one_in_its_place():
    line = "R02 1117838570 started"
    assert inferred(line, line, "more text") == [("{field} {time} {message}", "%s")]
    assert inferred(line, "more text", "more text") == []


def test_a_full_date_wins_over_an_epoch_before_it():
    assert inferred("1117838570 x 2005-06-03T15:42:50Z y")[0][1] == ISO


@pytest.mark.parametrize(
    ("line", "time", "level", "component", "message"),
    [
        ("2026-03-14 09:26:53::shop::INFO::paid", (2026, 3, 14, 9, 26, 53), "INFO", "shop", "paid"),
        ("2026-03-14 09:26:53 | shop | WARN  | low", (2026, 3, 14, 9, 26, 53), "WARNING", "shop", "low"),
        ("2026-03-14 09:26:53 node7 shop ERROR no", (2026, 3, 14, 9, 26, 53), "ERROR", "shop", "no"),
        ("node7 shop 2026-03-14 09:26:53 INFO paid", (2026, 3, 14, 9, 26, 53), "INFO", None, "paid"),
        ("- 1117838570 R02 KERNEL paid", (2005, 6, 3, 22, 42, 50), None, None, "R02 KERNEL paid"),
        (
            "- 1117838570 2005.06.03 R02-M1-N0 2005-06-03-15.42.50.675872 R02-M1-N0 RAS KERNEL INFO corrected",
            (2005, 6, 3, 15, 42, 50, 675872),
            "INFO",
            "KERNEL",
            "corrected",
        ),
    ],
)
def test_a_source_of_an_unknown_format_is_read(line, time, level, component, message):
    record = read(line)
    assert record.time == dt.datetime(*time, tzinfo=dt.UTC)
    assert (record.level, record.component, record.message) == (level, component, message)


def test_cells_that_are_padded_to_a_width_are_read_whatever_their_length():
    lines = [f"2026-03-14 09:26:53 | shop | {level:<5} | paid" for level in ("INFO", "ERROR", "WARN", "DEBUG")]
    data = "\n".join(lines * 3 + [""]).encode()
    levels = [record.level for record in read_text(data, tables=detect(data).tables())]
    assert levels == ["INFO", "ERROR", "WARNING", "DEBUG"] * 3


def test_a_severity_word_that_stands_in_few_lines_is_part_of_the_message():
    lines = ["2026-03-14 09:26:53 it is all well"] * 9 + ["2026-03-14 09:26:53 it is an error then"]
    data = "\n".join([*lines, ""]).encode()
    last = read_text(data, tables=detect(data).tables())[-1]
    assert (last.level, last.message) == (None, "it is an error then")


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(alphabet="aé1 |[](){}?%#>=:;,'\"-\t+\xa0", max_size=12),
    after=st.text(alphabet="aé1 |[](){}?%#>=:;,'\"-\t+\xa0", max_size=12),
    level=st.sampled_from(["", "INFO", "info"]),
)
def test_any_text_around_a_timestamp_gives_layouts_that_compile(before, after, level):
    line = f"{before}2026-03-14T09:26:53Z{after}{level}{after}x"
    layouts = infer_layouts([line.encode()] * 3)
    assert all(layout.captures >= 3 for layout in layouts)
