"""Detection by content: mixed sources, prose, next to nothing, and years that are not written."""

import datetime as dt
from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.detect import detect
from loganomaly.reading.formats import load_formats, parse_format
from loganomaly.testing import ReadRecord, read_text

SYSLOG = "Jun 14 15:16:01 combo sshd[19939]: authentication failure"
JSON = '{"ts": "2026-03-14T09:26:53Z", "level": "warn", "logger": "shop", "msg": "low"}'
PYTHON = "2026-03-14 09:26:53,589 - shop.orders - ERROR - order failed"
ACCESS = '10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 404 17'
LOGFMT = "time=2026-03-14T09:26:53Z level=error msg=failed"
PROSE = """Call me Ishmael. Some years ago, never mind how long precisely,
having little or no money in my purse, and nothing particular
to interest me on shore, I thought I would sail about a little.
It is a way I have of driving off the spleen: a fatal error, perhaps.
Whenever I find myself growing grim about the mouth;
whenever it is a damp, drizzly November in my soul (see chapter 12),
then, I account it high time to get to sea as soon as I can.
"""


def epoch(*parts: int) -> float:
    return dt.datetime(*parts, tzinfo=dt.UTC).timestamp()


def read(data: bytes, *, tail: bytes = b"", modified: float | None = None) -> list[ReadRecord]:
    return read_text(data, tables=detect(data, tail=tail, modified=modified).tables())


def syslog(*days: str) -> bytes:
    return "".join(f"{day} 10:00:00 host app: hello\n" for day in days).encode()


def years(data: bytes, *, tail: bytes = b"", modified: float) -> list[int | None]:
    return [record.time and record.time.year for record in read(data, tail=tail, modified=modified)]


# --- formats


@pytest.mark.parametrize(
    ("line", "name", "loose"),
    [
        (SYSLOG, "syslog", False),
        (JSON, "json", True),
        (PYTHON, "python", False),
        (ACCESS, "access", True),
        (LOGFMT, "logfmt", True),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 100])
def test_a_source_of_one_format_is_of_this_format(line, name, loose, count):
    detected = detect(f"{line}\n".encode() * count)
    assert (detected.name, detected.share, detected.loose) == (name, 1.0, loose)


def test_a_source_of_several_formats_is_read_with_all_of_them():
    lines = [SYSLOG, JSON, PYTHON, ACCESS, LOGFMT]
    data = "\n".join([*islice(cycle(lines), 200), ""]).encode()
    detected = detect(data, modified=epoch(2024, 12, 1))
    assert (detected.share, detected.loose) == (1.0, False)
    records = read_text(data, tables=detected.tables())
    assert [(r.level, r.component, r.status, r.message) for r in records[:5]] == [
        (None, "sshd", None, "authentication failure"),
        ("WARNING", "shop", None, "low"),
        ("ERROR", "shop.orders", None, "order failed"),
        ("WARNING", None, 404, '"GET / HTTP/1.1" 404 17'),
        ("ERROR", None, None, "failed"),
    ]
    assert [r.time and r.time.year for r in records[:5]] == [2024, 2026, 2026, 2015, 2026]


def test_a_format_is_named_after_most_of_the_lines():
    data = f"{SYSLOG}\n".encode() * 30 + f"{JSON}\n".encode() * 70
    assert detect(data).name == "json"


def test_one_line_of_another_format_in_many_is_left_out():
    data = f"{PYTHON}\n".encode() * 500 + f"{SYSLOG}\n".encode() + f"{PYTHON}\n".encode() * 99
    detected = detect(data)
    assert {layout.format for layout in detected.layouts} == {"python"}
    assert detected.share == pytest.approx(599 / 600)


def test_the_layout_that_understands_most_is_tried_first():
    data = f"{PYTHON}\n2026-03-14 09:26:53,589 going on\n".encode() * 50
    worth = [layout.captures for layout in detect(data).layouts]
    assert worth == sorted(worth, reverse=True)
    assert len(worth) >= 2


def test_a_stack_trace_does_not_make_a_source_loose():
    data = (f"{PYTHON}\n" + "  File x, line 3\n" * 20).encode() * 10
    detected = detect(data)
    assert (detected.name, detected.loose) == ("python", False)


def test_a_source_whose_lines_mostly_fit_nothing_is_loose():
    assert detect((f"{PYTHON}\n" + "some text\n" * 3).encode() * 10).loose


@pytest.mark.parametrize(
    "trace",
    [
        '[stacktrace]\n#0 /srv/order.php(17): pay()\n#1 {main}\n"} \n',
        'File "/srv/orders.py", line 17, in pay\n    raise x\nValueError: no order\n',
        "goroutine 7 [running]:\nmain.pay(0x11)\n\t/srv/order.go:17 +0x1b\ncreated by main.main\n",
        "/srv/order.rb:17:in 'pay'\n/srv/order.rb:3:in '<main>'\n" * 3,
        "<order>\n  <id>17</id>\n</order>\n",
    ],
    ids=["php", "python", "go", "ruby", "xml"],
)
def test_lines_that_are_not_indented_do_not_make_a_source_loose_where_they_are_the_rest_of_a_record(trace):
    data = (f"{PYTHON}\n" + trace).encode() * 10
    detected = detect(data)
    assert (detected.name, detected.loose) == ("python", False)
    assert [record.lines for record in read(data)] == [1 + trace.count("\n")] * 10


@pytest.mark.parametrize("line", [JSON, ACCESS, LOGFMT])
def test_a_line_that_is_not_read_stands_alone_where_all_records_are_of_a_single_line(line):
    data = (f"{line}\n" * 9 + line[:11] + "\n").encode() * 10
    assert [record.lines for record in read(data)] == [1] * 100


def test_a_source_of_single_line_records_and_others_is_not_loose():
    assert not detect(f"{PYTHON}\n{ACCESS}\n".encode() * 20).loose


def test_a_line_that_is_not_read_belongs_to_the_record_before_it_where_most_are_of_many_lines():
    entry = "# Time: 2026-03-14T09:26:53Z\n# User@Host: shop[shop] @ localhost []\nselect 1;\nselect 2;\n"
    assert [record.lines for record in read(entry.encode() * 3)] == [4] * 3


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_either_line_break_ends_a_line(end):
    data = (PYTHON.encode() + end) * 10
    detected = detect(data)
    assert (detected.name, detected.share) == ("python", 1.0)


def test_a_last_line_that_is_cut_off_does_not_count():
    assert detect(f"{JSON}\n".encode() * 3 + JSON[:20].encode()).share == 1.0


def test_a_format_that_is_not_built_in_is_tried_too():
    fmt = parse_format(
        "{name: own, title: Own, layouts: ['~{level}~{component}~{message}'], samples: [{line: x}]}", origin="own"
    )
    data = b"~ERROR~shop~failed\n" * 5
    assert detect(data).name == "plain"
    detected = detect(data, formats=[fmt])
    assert (detected.name, detected.share) == ("own", 1.0)
    assert read_text(data, tables=detected.tables())[0].component == "shop"


def test_a_built_in_format_is_not_tried_twice():
    data = f"{PYTHON}\n".encode() * 5
    assert detect(data, formats=load_formats()) == detect(data)


# --- plain text


def test_prose_is_plain():
    detected = detect(PROSE.encode() * 20)
    assert (detected.name, detected.layouts, detected.share, detected.loose) == ("plain", (), 0.0, True)


def test_every_line_of_plain_text_is_a_record():
    assert [record.message for record in read(PROSE.encode())] == PROSE.splitlines()


@pytest.mark.parametrize(
    "sample", [b"", b"\n", b"\r\n\r\n", b"  \n\t\n", b"hello", b"hello\n", b"  hello\n", b"\x00\xff"]
)
def test_next_to_nothing_is_plain(sample):
    detected = detect(sample)
    assert (detected.name, detected.layouts, detected.share, detected.loose) == ("plain", (), 0.0, True)


@settings(max_examples=60, deadline=None)
@given(
    sample=st.binary(max_size=80)
    | st.lists(st.sampled_from([SYSLOG, JSON, PYTHON[:30], LOGFMT, "x#" + PYTHON, "a 12:00:00 b", "{?", ""]))
    .map("\n".join)
    .map(str.encode)
)
def test_anything_is_read_in_some_way(sample):
    detected = detect(sample)
    assert 0 <= detected.share <= 1
    assert (detected.name == "plain") >= (not detected.layouts)
    records = read_text(sample, tables=detected.tables())
    assert sum(record.lines for record in records) <= len(sample.split(b"\n"))


# --- years that are not written


def test_a_year_is_that_in_which_the_source_was_written():
    assert years(syslog("Jun 14", "Jun 15"), modified=epoch(2019, 7, 1)) == [2019, 2019]


def test_a_last_line_later_in_the_year_than_the_source_was_written_is_of_the_year_before():
    assert years(syslog("Jun 14", "Dec 15"), modified=epoch(2019, 7, 1)) == [2018, 2018]


def test_lines_of_the_day_on_which_the_source_was_written_are_of_its_year():
    assert years(syslog("Jul  1"), modified=epoch(2019, 7, 1, 10)) == [2019]


def test_local_time_may_be_a_day_ahead_of_when_the_source_was_written():
    assert years(syslog("Jul  2"), modified=epoch(2019, 7, 1, 20)) == [2019]
    assert years(syslog("Dec 31", "Jan  1"), modified=epoch(2019, 12, 31, 20)) == [2019, 2020]


@pytest.mark.parametrize(
    ("modified", "first"),
    [((2020, 2, 3), 2019), ((2020, 3, 1), 2019), ((2020, 12, 1), 2019), ((2020, 1, 15), 2018)],
)
def test_a_source_from_november_to_february_spans_two_years(modified, first):
    data = syslog("Nov 20", "Dec 31", "Jan  1", "Feb  3")
    assert years(data, modified=epoch(*modified)) == [first, first, first + 1, first + 1]


def test_a_year_may_end_behind_the_sample():
    head, tail = syslog("Nov 20", "Nov 21"), b"ut off line\n" + syslog("Feb  2", "Feb  3")
    assert years(head, tail=tail, modified=epoch(2020, 2, 3)) == [2019, 2019]
    detected = detect(head, tail=tail, modified=epoch(2020, 2, 3))
    later = read_text(syslog("Jan  1", "Feb  3"), tables=detected.tables())
    assert [record.time and record.time.year for record in later] == [2020, 2020]


def test_lines_a_little_out_of_order_are_of_the_same_year():
    assert years(syslog("Jun 14", "Jun 13", "Jun 15"), modified=epoch(2019, 7, 1)) == [2019] * 3


def test_a_leap_day_is_read_in_a_leap_year():
    (record,) = read(syslog("Feb 29"), modified=epoch(2024, 3, 1))
    assert record.time == dt.datetime(2024, 2, 29, 10, tzinfo=dt.UTC)


def test_a_source_with_a_leap_day_is_of_a_leap_year():
    assert years(syslog("Feb 28", "Feb 29"), modified=epoch(2026, 7, 1)) == [2024, 2024]
    assert years(syslog("Dec 30", "Feb 29"), modified=epoch(2026, 7, 1)) == [2023, 2024]


def test_a_json_time_without_a_year_has_one_too():
    assert years(b'{"time": "Jun 14 15:16:01", "msg": "x"}\n', modified=epoch(2019, 7, 1)) == [2019]


def test_a_layout_with_its_own_pattern_has_a_year_too():
    data = b"Jun 14 15:16:01 combo logrotate ended\n" * 3
    assert years(data, modified=epoch(2019, 7, 1)) == [2019] * 3


def test_dates_with_a_year_do_not_count_where_it_is_not_written():
    data = b"2001-12-30 10:00:00 hello there\n" + syslog("Jan  2", "Jan  3") + b"2001-12-31 10:00:00 hello there\n"
    assert years(data * 2, modified=epoch(2019, 7, 1)) == [2001, 2019, 2019, 2001] * 2


def test_a_time_of_day_is_of_the_day_on_which_the_source_was_written():
    data = b"".join(b"10:00:0%d.123 [main] INFO shop.Order - paid\n" % second for second in range(5))
    first = read(data, modified=epoch(2019, 7, 1, 20))[0]
    assert first.time == dt.datetime(2019, 7, 1, 10, 0, 0, 123_000, tzinfo=dt.UTC)


def test_without_a_time_of_writing_no_line_is_of_the_future():
    (record,) = read(b"Jun 14 15:16:01 combo sshd[1]: x")
    assert record.time is not None
    assert record.time < dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
