"""Lines that differ in digits alone are read as if each were the only one of its mould."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loganomaly.reading.candidates import known_layouts
from loganomaly.reading.detect import detect
from loganomaly.reading.formats import Layout, load_formats, timestamp_patterns
from loganomaly.reading.records import Records, read_all, read_all_heads
from loganomaly.reading.tables import Calendar, build_tables
from loganomaly.reading.zones import find_zone
from loganomaly.scan.shapes import Alike, read_shapes

SAMPLES = sorted({line for fmt in load_formats() for sample in fmt.samples for line in sample["line"].split("\n")})
EVERYTHING = build_tables(known_layouts(timestamp_patterns()))
TIME = "%Y-%m-%d %H:%M:%S%f%z"
# What a digit decides here and there: the order of a date, whether there is such a time, status, severity, priority.
TRICKY = [
    Layout(format="a", text="{time} {message}", time="%m/%d/%Y %H:%M:%S"),
    Layout(format="b", text="{time} {message}", time="%d/%m/%Y %H:%M:%S"),
    Layout(format="c", text="{?<{priority}>?}{time} {component}{?[{pid}]?}: {message}", time="%b %e %H:%M:%S"),
    Layout(format="d", text="{time} {?{digits} ?}{level} {message}", time=TIME),
    Layout(format="e", text="{time} {status} {begin}{component} x1 {field}{end}", time=TIME),
    Layout(format="f", text="{time} {message}", time="%s"),
    Layout(format="g", text="{time} {message}", time=TIME),
]
LINES = [
    *("01/02/2026 10:00:00 ok 12", "<34>Oct 11 22:14:15 su[23]: failed 7", "Oct 11 22:14:15 cron: tick", "17 apples"),
    *("2026-01-02 10:00:00,123 7 ERROR disk 3", "2026-01-02 10:00:00 +0130 WARN 9", "2026-01-02 10:00:00 404 web x1 5"),
    *("1767348000 up 3", "1767348000.250 up 3", "2026-01-02 10:00:00 404 web x2 5", "2026-01-02 10:00:00 24 INFO x"),
]


def redrawn(draw, line):
    """Return a line with other digits, mostly small ones, of which more timestamps are made."""
    digits = st.one_of(st.just(None), st.sampled_from("0123"), st.sampled_from("0123456789"))
    if draw(st.booleans()):
        return line
    return re.sub("[0-9]", lambda found: draw(digits) or found[0], line)


@st.composite
def alike(draw, lines):
    few = draw(st.lists(st.sampled_from(lines), min_size=1, max_size=3))
    return [redrawn(draw, line) for line in draw(st.lists(st.sampled_from(few), min_size=2, max_size=12))]


def check(lines, tables):
    """Check that each record of one line is read as it is among others that differ from it."""
    data = np.frombuffer("".join(line + "\n" for line in lines).encode(), np.uint8)
    columns, count, _, (first, *fields, left_out), _ = read_all(data, tables)
    records = Records(*(column[:count] for column in columns))
    alone = np.flatnonzero(records.lines == 1)
    left_out_alone = 0
    for row in alone.tolist():
        start, end = int(records.start[row]), int(records.end[row])
        columns, (_, *own, own_left_out) = read_all_heads(data, np.array([start, end]), tables)
        one = Records(*columns)
        left_out_alone += own_left_out
        if len(first):
            low, high = first[row], first[row + 1]
            assert [each[low:high].tolist() for each in fields] == [each.tolist() for each in own], (lines, row)
        for name in ("program", "time", "level", "status", "message_start", "message_end"):
            assert getattr(one, name)[0] == getattr(records, name)[row], (name, lines, row)
        assert one.component_start[0] == records.component_start[row]
        assert one.component_end[0] == records.component_end[row]
    if len(alone) == count:
        assert left_out == left_out_alone
    return len(alone)


@settings(max_examples=400, deadline=None)
@given(alike(LINES))
@pytest.mark.parametrize("tables", [build_tables(TRICKY), build_tables(TRICKY[::-1])], ids=["in order", "turned round"])
def test_what_digits_decide_is_decided_for_each_line(tables, lines):
    assert check(lines, tables) > 0


@settings(max_examples=300, deadline=None)
@given(alike(SAMPLES))
def test_lines_of_all_formats_are_read_one_by_one(lines):
    check(lines, EVERYTHING)


OFFSETS = [  # the third line has none: what is one in others of its mould is a field of it
    "[2026-03-00 09:26:53 +0100] [4711] [INFO] Booting worker with pid: 4712",
    "Sat 2026-03-14 09:26:53 CET shop1 systemd[1]: Started the order service.",
    "[2026-03-14 09:26:53 +0160] [4711] [INFO] Booting worker with pid: 4712",
    "# User@Host: shop[shop] @  [198.51.100.7]",
    "[2026-00-14 09:26:53 +0100] [4711] [INFO] Booting worker with pid: 4712",
]


@settings(max_examples=300, deadline=None)
@given(alike(SAMPLES))
@example(OFFSETS)
def test_lines_of_a_detected_format_are_read_one_by_one(lines):
    check(lines, detect("\n".join([*lines, ""]).encode(), modified=1.8e9).tables())


WRITTEN = [
    *("23/May/2026:02:05:10 +0200", "2026-01-02 10:00:00,123", "01/02/2026 10:00:00", "1767348000", "Oct 11 22:14:15"),
    *("2026-01-02T10:00:00Z", "2026-01-02T10:00:00.123456789+01:00", "10:00:00", "1.5731806488681543e+09", "17 ms"),
    *(
        "Fri, 02 Jan 2026 10:00:00 GMT",
        "Fri Jan 02 10:00:00 +0100 2026",
        "20260102T100000",
        "@400000005f0c1d2e0a1b2c3d",
        "02.01.26 10:00",
        "10",
    ),
]


@settings(max_examples=400, deadline=None)
@given(alike([f'{{"time": "{written}", "level": "info", "msg": "up"}}' for written in WRITTEN]))
def test_times_of_json_are_read_one_by_one(lines):
    check(lines, build_tables([Layout(format="json", text="{json}")]))


# What a digit may decide in a body: level, scale, status, time, which key it is; and what it may not: where values are.
BODIES = [
    '{"ts": 1767348000.25, "level": 30, "msg": "took 17 ms", "n": [1, 2], "a": {"b": {"c2": 3}}}',
    '{"time": "23/May/2026:02:05:10 +0200", "status": 404, "severity": 4, "logger": "web.1", "message": "a 7"}',
    '{"level": 3, "version": "1.1", "host": "h1", "short_message": "x 5", "timestamp": 1767348000}',
    '{"reqId": "a1", "level": 2, "time": "2026-01-02T10:00:00+00:00", "message": "m 3", "app": "core"}',
    '{"severityNumber": 17, "body": {"stringValue": "up 3"}}', '{"error": "disk 3", "level": 4}',
    'error="disk 3" level=4',
    '{"severityNumber": 7, "attributes": [{"key": "k1", "value": {"stringValue": "v"}}]}',
    '{"k1": 1, "k2": "2", "error": false, "empty": "", "nothing": null, "deep": [[{"x": 4}, 5], 6]}',
    '{"msg": "quote \\" 1 \\u0031", "t": "x"}', '{"msg": "cut 12', '{"msg": 1} 2', "{} ", '{"a": 1}, ',
    'time=2026-01-02T10:00:00Z level=info msg="took 3 ms" n=17', "level=4 status=502 code=7", "k1=1 k2=2", "a=1",
    "ts=1767348000 lvl=30 msg=up component=web.3", 'a=1 b="2', "a=1 b=2 c",
]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(alike(BODIES))
@pytest.mark.parametrize(
    "texts",
    [("{json}", "{logfmt}"), ("{logfmt}", "{message}"), ("{json}", "{time} {json}")],
    ids=lambda texts: texts[0],
)
def test_bodies_are_read_one_by_one(texts, lines):
    check(lines, build_tables([Layout(format="body", text=text, time=TIME) for text in texts]))


@pytest.mark.parametrize("more", ["", ', "level": 3'])
def test_a_body_with_very_many_values_is_read_one_by_one(more):
    names = [f"{one}{other}" for one in "abcdefghij" for other in "tuvwxyz"]
    line = '{"msg": "up", ' + ", ".join(f'"{name}": {n}{more}' for n, name in enumerate(names)) + "}"
    tables = build_tables([Layout(format="json", text="{json}")])
    assert check([line, re.sub("[0-9]", "3", line), line], tables) == 3


def test_a_time_that_there_is_not_leaves_the_line_to_the_next_layout():
    lines = ["01/02/2026 10:00:00 a", "01/03/2026 10:00:00 a", "02/28/2026 10:00:00 a", "28/02/2026 10:00:00 a",
             "31/31/2026 10:00:00 a", "12/12/2026 10:00:00 a"]  # fmt: skip
    data = np.frombuffer("".join(line + "\n" for line in lines).encode(), np.uint8)
    columns, count, *_ = read_all(data, build_tables(TRICKY[:2]))
    assert columns[4][:count].tolist() == [0, 0, 0, 1, 255, 0]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("+0100", "+2100"),
        ("+01:00", "+01:75"),
        (" GMT+2", " GMT+22"),
        (" [+0130]", " [+0190]"),
        (" Etc/GMT+5", " Etc/GMT+9"),
    ],
)
def test_a_zone_that_there_is_not_says_nothing_of_those_with_other_digits(good, bad):
    tables = build_tables(TRICKY[-1:], calendar=Calendar(named=(find_zone("Etc/GMT+5"),)))
    lines = [f"2026-01-02 10:00:0{second}{zone} up" for second, zone in enumerate([bad, bad, good, bad, good, good])]
    assert check(lines, tables) == len(lines)


def test_a_level_by_status_and_by_priority_is_that_of_each_line():
    tables = build_tables([Layout(format="s", text="{client} {status} {message}"), TRICKY[2]])
    by_priority = [f"<{number}>Oct 11 22:14:15 su: x" for number in (34, 31, 30, 99)]
    lines = ["a 200 x", "a 404 x", "a 503 x", "a 200 x", "a 999 x", *by_priority]
    data = np.frombuffer("".join(line + "\n" for line in lines).encode(), np.uint8)
    columns, count, *_ = read_all(data, tables)
    assert columns[6][:count].tolist() == [3, 5, 6, 3, 0, 7, 2, 3, 6]
    assert columns[7][:count].tolist() == [200, 404, 503, 200, 0, 0, 0, 0, 0]
    assert check(lines, tables) == len(lines)


MESSAGES = [
    *(
        "took 12 ms",
        "took 12.5ms of -3",
        "id 7f3a-99",
        "a=1 b=+2.50 c=3%",
        "at 10:11:12 from 10.0.0.1:80",
        "/a/1?b=2 9",
    ),
    *(
        "user7@host9 in 5s",
        "1.2.3",
        "v1.",
        "..5",
        "99999999999999999999",
        "fe80::1 00:11:22:33:44:55",
        "Jan 5 x",
        "/a/1?b=2 9",
        "in 7µs to 1234567µs, 12345678 of 123456789",
        "-1 +2 1. 0.5 00000001 99999999 100%",
    ),
]


@settings(max_examples=400, deadline=None)
@given(alike(MESSAGES), st.lists(st.integers(0, 1), min_size=12, max_size=12))
def test_shapes_and_values_are_the_same_with_moulds_and_without(messages, seeds):
    texts = [message.encode() for message in messages]
    folded = [re.sub(rb"[0-9]", b"0", text) for text in texts]
    moulds = np.array([folded.index(text) for text in folded], np.int32)
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    starts = ends - np.array([len(text) for text in texts], np.int64)
    data, chosen = np.frombuffer(b"".join(texts), np.uint8), np.array(seeds[: len(texts)], np.int64)
    plain = read_shapes(data, starts, ends, chosen)
    with_moulds = read_shapes(data, starts, ends, chosen, Alike(starts, moulds, len(texts)))
    for one, other in zip(plain, with_moulds, strict=True):
        assert np.array_equal(one, other, equal_nan=np.asarray(one).dtype == np.float64)
