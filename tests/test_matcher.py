"""The line matcher: timestamps, zones, epochs, JSON, logfmt, access logs, worked by hand and against datetime."""

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.formats import Layout, data_file
from loganomaly.reading.matcher import match as match_line
from loganomaly.reading.registers import OUT_SIZE
from loganomaly.reading.severity import level_word
from loganomaly.reading.tables import Calendar, build_tables
from loganomaly.reading.trials import fit_matrix
from loganomaly.testing import ReadRecord, read_text

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
ISO = "%Y-%m-%dT%H:%M:%S%f%z"
JSON = build_tables([Layout(format="json", text="{json}")])
LOGFMT = build_tables([Layout(format="logfmt", text="{logfmt}")])
ACCESS = build_tables(
    [
        Layout(
            format="access",
            text='{client} {ident} {user} [{time:%d/%b/%Y:%H:%M:%S%f%z}] {begin}"{request+}" {status} {size}{end}',
        )
    ]
)


def level_of(layout: str, text: str) -> str | None:
    (record,) = read_text(text.encode(), tables=build_tables([Layout(format="t", text=layout)]))
    return record.level if record.program is not None else "no fit"


@pytest.mark.parametrize(
    ("layout", "levels"),
    [
        ("|{sign}|", {".": "DEBUG", "-": "INFO", "*": "NOTICE", "#": "WARNING", "+": "no fit", "": "no fit"}),
        ("|{windows}|", {"0": "INFO", "1": "CRITICAL", "2": "ERROR", "3": "WARNING", "4": "INFO", "5": "DEBUG"}),
        ("|{windows}|", {"6": "no fit", "": "no fit", "22": "no fit"}),
        ("|{cef}|", {"0": "INFO", "3": "INFO", "4": "WARNING", "6": "WARNING", "7": "ERROR", "8": "ERROR"}),
        ("|{cef}|", {"9": "CRITICAL", "10": "CRITICAL", "11": "no fit", "100": "no fit", "7x": "no fit"}),
        ("|{cef}|", {"Low": "INFO", "medium": "WARNING", "HIGH": "ERROR", "Very-High": "CRITICAL"}),
        ("|{cef}|", {"Unknown": None, "Severe": "no fit", "": "no fit"}),
    ],
)
def test_severities_that_are_no_words(layout, levels):
    assert {text: level_of(layout, f"|{text}|") for text in levels} == levels


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("order", [1, -1])
def test_small_numbers_are_levels_where_a_key_says_whose_they_are(number, order):
    expected = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", None][number]
    pairs = [f'"level": {number}', '"reqId": "x"'][::order]
    assert read_json("{" + ", ".join(pairs) + "}").level == expected
    assert read_json(f'{{"level": {number}, "msg": "x"}}').level is None
    assert read_json("{" + ", ".join([*pairs, '"severity": "notice"']) + "}").level == "NOTICE"
    assert read_logfmt(f"level={number} reqId=x msg=y").level is None


def read_json(text: str) -> ReadRecord:
    (record,) = read_text(text.encode(), tables=JSON)
    return record


def read_logfmt(text: str) -> ReadRecord:
    (record,) = read_text(text.encode(), tables=LOGFMT)
    return record


def read_time(text: str, pattern: str, *, calendar: Calendar | None = None) -> dt.datetime | None:
    """Return the time of a line, or None where the line does not match."""
    tables = build_tables([Layout(format="t", text="{time} | {message}", time=pattern)], calendar=calendar)
    (record,) = read_text(f"{text} | x".encode(), tables=tables)
    assert (record.program is None) == (record.time is None)
    return record.time


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


# --- dates


@settings(max_examples=100, deadline=None)
@given(moment=st.datetimes(min_value=dt.datetime(1970, 1, 1), max_value=dt.datetime(2200, 12, 31)))  # noqa: DTZ001
def test_any_date_is_read_as_datetime_reads_it(moment):
    tables = build_tables([Layout(format="t", text="{time} {message}", time=ISO)])
    (record,) = read_text(f"{moment.isoformat()} x".encode(), tables=tables)
    assert record.time == moment.replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("year", [2000, 2024])
def test_a_leap_day_is_a_day(year):
    assert read_time(f"{year}-02-29T12:00:00Z", ISO) == utc(year, 2, 29, 12)


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-01-01T24:00:01Z",
        "2024-01-01T24:01:00Z",
        "2024-01-01T24:00:00.5Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "1969-01-01T00:00:00Z",
        "2201-01-01T00:00:00Z",
    ],
)
def test_a_date_that_does_not_exist_does_not_match(text):
    assert read_time(text, ISO) is None


def test_hour_24_is_the_end_of_the_day():
    assert read_time("2023-12-31T24:00:00Z", ISO) == utc(2024, 1, 1)


def test_a_leap_second_is_the_second_after():
    assert read_time("2016-12-31T23:59:60Z", ISO) == utc(2017, 1, 1)


@pytest.mark.parametrize(
    ("fraction", "microseconds"),
    [
        ("", 0),
        (".5", 500_000),
        (",123", 123_000),
        (":606", 606_000),
        (".123456", 123_456),
        (".123456789", 123_456),
        (".000001", 1),
    ],
)
def test_a_fraction_has_any_number_of_digits(fraction, microseconds):
    assert read_time(f"2024-01-01T00:00:00{fraction}", ISO) == utc(2024, 1, 1, 0, 0, 0, microseconds)


@pytest.mark.parametrize(("month", "name"), [*enumerate(MONTHS, start=1)])
def test_months_go_by_their_names(month, name):
    assert read_time(f"{name} 02 2024", "%b %d %Y") == utc(2024, month, 2)
    assert read_time(f"{name.upper()} 02 2024", "%b %d %Y") == utc(2024, month, 2)


def test_a_month_may_be_spelled_out():
    assert read_time("September 2 2024", "%b %d %Y") == utc(2024, 9, 2)


def test_a_word_that_is_no_month_does_not_match():
    assert read_time("Foo 02 2024", "%b %d %Y") is None


@pytest.mark.parametrize(("short", "year"), [("69", 2069), ("70", 1970), ("99", 1999), ("00", 2000)])
def test_a_short_year_is_of_1970_to_2069(short, year):
    assert read_time(f"{short}0102", "%y%m%d") == utc(year, 1, 2)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:00:00 AM", 0), ("1:00:00 AM", 1), ("11:00:00 am", 11), ("12:00:00 PM", 12), ("11:00:00 pm", 23)],
)
def test_twelve_hour_clocks_begin_at_twelve(text, hour):
    assert read_time(f"3/14/2026 {text}", "%m/%d/%Y %I:%M:%S%f %p") == utc(2026, 3, 14, hour)


@pytest.mark.parametrize("text", ["10:00:00 XM", "10:00:00 ", "10:00:00 A"])
def test_a_twelve_hour_clock_needs_its_half(text):
    assert read_time(f"3/14/2026 {text}", "%m/%d/%Y %I:%M:%S%f %p") is None


@pytest.mark.parametrize("text", ["Jun  2 10:00:00", "Jun 02 10:00:00", "Jun 2 10:00:00"])
def test_a_day_may_be_padded_with_a_blank(text):
    assert read_time(text, "%b %e %H:%M:%S", calendar=Calendar(year=2024)) == utc(2024, 6, 2, 10)


def test_a_date_before_the_first_of_the_calendar_is_of_the_year_after():
    calendar = Calendar(first=1101, year=2023)
    assert read_time("Nov 01", "%b %e", calendar=calendar) == utc(2023, 11, 1)
    assert read_time("Oct 31", "%b %e", calendar=calendar) == utc(2024, 10, 31)


# --- zones


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Z", 0),
        ("+02:00", 2),
        ("+0200", 2),
        ("-08", -8),
        ("-0130", -1.5),
        ("+05:30", 5.5),
        (" +0100", 1),
        (" UTC", 0),
        (" PST", -8),
    ],
)
def test_a_zone_is_written_in_many_ways(zone, hours):
    assert read_time(f"2024-01-01T12:00:00{zone}", ISO) == utc(2024, 1, 1, 12) - dt.timedelta(hours=hours)


@pytest.mark.parametrize(("name", "hours"), data_file("zones.yaml").items())
def test_a_zone_has_a_name(name, hours):
    assert read_time(f"2024-01-01T12:00:00 {name}", ISO) == utc(2024, 1, 1, 12) - dt.timedelta(hours=hours)


@pytest.mark.parametrize("rest", ["-12 jobs", "+7 x", "ABC x", "Zebra", "INFO x"])
def test_what_is_no_zone_is_left_to_the_message(rest):
    tables = build_tables([Layout(format="t", text="{time} {message}", time=ISO)])
    (record,) = read_text(f"2024-01-01T12:00:00 {rest}".encode(), tables=tables)
    assert (record.time, record.message) == (utc(2024, 1, 1, 12), rest)


def test_times_without_a_zone_are_in_that_of_the_calendar():
    calendar = Calendar(zone=3600)
    assert read_time("2024-01-01T12:00:00", ISO, calendar=calendar) == utc(2024, 1, 1, 11)
    assert read_time("2024-01-01T12:00:00Z", ISO, calendar=calendar) == utc(2024, 1, 1, 12)


# --- epochs


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1761019822", 1761019822_000000),
        ("1761019822.5", 1761019822_500000),
        ("1761019822.315275799", 1761019822_315275),
        ("1761019822315", 1761019822_315000),
        ("1761019822315.25", 1761019822_315250),
        ("1761019822315275", 1761019822_315275),
        ("1761019822315275799", 1761019822_315275),
        ("600000000", 600000000_000000),
    ],
)
def test_an_epoch_is_of_the_unit_that_makes_it_a_date_of_our_time(text, microseconds):
    expected = utc(1970, 1, 1) + dt.timedelta(microseconds=microseconds)
    assert read_time(text, "%s") == expected
    assert read_json(f'{{"time": {text}}}').time == expected
    assert read_json(f'{{"time": "{text}"}}').time == expected


@pytest.mark.parametrize("text", ["12345678", "599999999", "5000000000", "99999999999", "17610198223152757991"])
def test_a_number_that_is_no_date_of_our_time_is_no_epoch(text):
    assert read_time(text, "%s") is None


# --- JSON


def test_json_roles_go_by_the_names_of_keys():
    record = read_json(
        '{"ts": "2026-03-14T09:26:53Z", "level": "warn", "logger": "a.b", "msg": "hello", "status": 503, "x": 1}'
    )
    assert record.time == utc(2026, 3, 14, 9, 26, 53)
    assert (record.level, record.component, record.message, record.status) == ("WARNING", "a.b", "hello", 503)


def test_json_keys_go_by_any_case():
    assert read_json('{"Level": "error", "MSG": "x"}').level == "ERROR"


@pytest.mark.parametrize("pair", [('"@timestamp"', '"time"'), ('"timestamp"', '"ts"'), ('"time"', '"t"')])
def test_the_better_of_two_keys_of_a_role_wins_in_any_order(pair):
    better, worse = f'{pair[0]}: "2026-01-01T00:00:00Z"', f'{pair[1]}: "2020-01-01T00:00:00Z"'
    assert read_json(f"{{{better}, {worse}}}").time == utc(2026, 1, 1)
    assert read_json(f"{{{worse}, {better}}}").time == utc(2026, 1, 1)


def test_the_first_of_two_equal_keys_wins():
    assert read_json('{"msg": "first", "msg": "second"}').message == "first"


def test_a_value_that_cannot_be_read_leaves_the_role_to_another_key():
    record = read_json('{"level": "high", "severity": "error", "time": "today", "ts": "2026-01-01T00:00:00Z"}')
    assert (record.level, record.time) == ("ERROR", utc(2026, 1, 1))


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("10", "TRACE"),
        ("20", "DEBUG"),
        ("30", "INFO"),
        ("40", "WARNING"),
        ("50", "ERROR"),
        ("60", "CRITICAL"),
        ('"I"', "INFO"),
        ("35", None),
        ("-30", None),
        ("null", None),
        ('""', None),
        ("true", None),
    ],
)
def test_a_level_may_be_a_number_or_a_letter(value, level):
    assert read_json(f'{{"level": {value}, "msg": "x"}}').level == level


def test_a_syslog_priority_is_a_level():
    assert read_json('{"PRIORITY": "3", "MESSAGE": "x"}').level == "ERROR"


@pytest.mark.parametrize("value", ["99", "600", '"ok"', "2000"])
def test_a_value_that_is_no_status_is_none(value):
    assert read_json(f'{{"status": {value}, "msg": "x"}}').status is None


def test_nested_keys_go_by_their_path():
    assert read_json('{"log": {"level": "error", "logger": "a"}, "message": "x"}').level == "ERROR"
    assert read_json('{"a": {"t": {"$date": "2026-01-01T00:00:00Z"}}}').time is None
    assert read_json('{"t": {"$date": "2026-01-01T00:00:00Z"}}').time == utc(2026, 1, 1)


def test_a_key_of_the_outer_object_wins_over_one_within():
    record = read_json('{"request": {"msg": "inner", "level": "error"}, "msg": "outer", "level": "info"}')
    assert (record.message, record.level) == ("outer", "INFO")


def test_a_key_goes_by_its_own_object_behind_a_nested_one():
    record = read_json('{"a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "msg": "outer"}')
    assert record.message == "outer"


def test_elements_of_a_list_go_by_its_name():
    assert read_json('{"message": ["first", "second"], "x": 1}').message == "first"


def test_quotes_braces_and_backslashes_in_texts_are_text():
    record = read_json(r'{"msg": "a \"q\" } ] , \\", "level": "error"}')
    assert (record.message, record.level) == (r"a \"q\" } ] , \\", "ERROR")


def test_an_object_without_a_message_is_its_own():
    assert read_json('{"a": 1, "b": "x"}').message == '{"a": 1, "b": "x"}'


def test_a_comma_may_follow_an_object():
    assert read_json('{"msg": "x"},').message == "x"


@pytest.mark.parametrize(
    "line",
    [
        '{"msg": "cut',
        '{"msg": "cut\\',
        '{"msg": "cut"',
        '{"a": {"msg": "cut"}',
        '{"msg": "x"} more',
        '["msg", "x"]',
        '"msg"',
        "msg",
        "{",
    ],
)
def test_what_is_not_one_whole_object_is_not_json(line):
    assert read_json(line).program is None


def test_a_key_that_cannot_be_read_does_not_undo_the_time_in_front():
    tables = build_tables([Layout(format="t", text="{time} {json}", time=ISO)])
    (record,) = read_text(b'2026-03-14T09:26:53Z {"time": "today", "msg": "x"}', tables=tables)
    assert (record.time, record.message) == (utc(2026, 3, 14, 9, 26, 53), "x")


def test_a_key_that_cannot_be_read_does_not_undo_the_time_in_front_of_pairs():
    tables = build_tables([Layout(format="t", text="{time} {logfmt}", time=ISO)])
    (record,) = read_text(b"2026-03-14T09:26:53Z time=10ms msg=x", tables=tables)
    assert (record.time, record.message) == (utc(2026, 3, 14, 9, 26, 53), "x")


@settings(max_examples=80, deadline=None)
@given(
    value=st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=5,
    ),
    ascii_only=st.booleans(),
)
def test_any_object_that_json_writes_is_read(value, ascii_only):
    record = read_json(json.dumps(value, ensure_ascii=ascii_only).replace("\n", " "))
    assert record.program == 0


@settings(max_examples=60, deadline=None)
@given(message=st.text(min_size=1, max_size=20), level=st.sampled_from(["info", "error"]))
def test_a_message_is_the_text_that_json_wrote(message, level):
    record = read_json(json.dumps({"x": {"msg": 1}, "msg": message, "level": level}))
    assert record.level == level.upper()
    assert record.message == json.dumps(message)[1:-1].strip(" ")


@pytest.mark.parametrize("depth", [1, 23, 24, 25, 60])
def test_deep_nesting_is_read_and_does_not_hide_what_follows(depth):
    record = read_json('{"a": ' + '{"b": ' * depth + "1" + "}" * depth + ', "msg": "x"}')
    assert record.message == "x"


# --- logfmt


def test_logfmt_roles_go_by_the_names_of_keys():
    record = read_logfmt('ts=2026-03-14T09:26:53Z lvl=warn component=shop msg="order \\"17\\" failed" x=')
    assert record.time == utc(2026, 3, 14, 9, 26, 53)
    assert (record.level, record.component, record.message) == ("WARNING", "shop", r"order \"17\" failed")


@pytest.mark.parametrize("line", ["a=1", "a=1 hello", "hello a=1 b=2", 'a=1 b="cut', "=1 b=2", "a= =2"])
def test_what_is_not_two_or_more_pairs_is_not_logfmt(line):
    assert read_logfmt(line).program is None


def test_pairs_without_a_message_are_their_own():
    assert read_logfmt("a=1  b=2").message == "a=1  b=2"


# --- access logs


@pytest.mark.parametrize(("status", "level"), [(200, "INFO"), (301, "INFO"), (404, "WARNING"), (500, "ERROR")])
def test_the_status_of_an_access_log_is_its_level(status, level):
    line = f'10.0.0.1 - bob [17/May/2015:10:05:03 +0000] "GET /a?b=%22 HTTP/1.1" {status} 17 "-" "curl \\"x\\""'
    (record,) = read_text(line.encode(), tables=ACCESS)
    assert (record.status, record.level) == (status, level)
    assert record.message == f'"GET /a?b=%22 HTTP/1.1" {status} 17'


def test_a_request_may_hold_quotes():
    line = r'10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /\" 200 HTTP/1.1" 404 -'
    (record,) = read_text(line.encode(), tables=ACCESS)
    assert record.program == 0


# --- kernels


def test_the_fit_of_lines_and_programs_is_a_matrix():
    layouts = [Layout(format="t", text=text) for text in ("{level} {message}", "{json}", "{message}")]
    lines = [b"INFO x", b'{"a": 1}', b"hello"]
    ends = np.cumsum([len(line) for line in lines])
    starts = ends - [len(line) for line in lines]
    fits = fit_matrix(np.frombuffer(b"".join(lines), np.uint8), starts, ends, np.arange(3), build_tables(layouts))
    assert fits.tolist() == [[True, False, True], [False, True, True], [False, False, True]]


@pytest.mark.parametrize(
    ("level", "word"), [(level, word) for level, words in data_file("levels.yaml").items() for word in words]
)
def test_a_severity_word_is_known_in_any_case(level, word):
    for spelled in (word, word.upper(), word.title()):
        tables = build_tables([Layout(format="t", text="{level} | {message}")])
        (record,) = read_text(f"{spelled} | x".encode(), tables=tables)
        assert record.level == level


@settings(max_examples=60, deadline=None)
@given(word=st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=14))
def test_a_word_that_is_not_listed_is_no_level(word):
    listed = {name for words in data_file("levels.yaml").values() for name in words}
    data = np.frombuffer(word.encode(), np.uint8)
    assert (level_word(data, 0, len(data), JSON) > 0) == (word in listed)


@settings(max_examples=100, deadline=None)
@given(line=st.binary(max_size=60))
def test_any_bytes_fit_or_do_not_and_nothing_is_read_beyond_them(line):
    tables = _ALL
    inside = np.frombuffer(b"1: " + line + b'"}]} INFO 12', np.uint8)
    alone = np.frombuffer(line, np.uint8)
    out, other = np.zeros(OUT_SIZE, np.int64), np.zeros(OUT_SIZE, np.int64)
    for program in range(len(_LAYOUTS)):
        fits = match_line(alone, 0, len(alone), program, tables, out)
        assert fits == match_line(inside, 3, 3 + len(line), program, tables, other)
        if fits:
            moved = [value + 3 if value >= 0 else value for value in out[2:6].tolist()]
            assert [*out[:2].tolist(), *moved, int(out[6])] == other[:7].tolist()


_LAYOUTS = [
    Layout(format="t", text=text, time=ISO)
    for text in (
        "{time} {level} {message}",
        "{json}",
        "{logfmt}",
        "[{component+}] {message}",
        "{message} ({component})",
    )
]
_ALL = build_tables(_LAYOUTS)
