"""Timestamps of every shape, written by Python, are read back to the same instant."""

import datetime as dt
import re
import zoneinfo
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loganomaly.reading.formats import Layout, timestamp_patterns
from loganomaly.reading.tables import Calendar, build_tables
from loganomaly.reading.zones import find_zone
from loganomaly.testing import read_text

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe")
SEPARATORS = (".", ",", ":")


@cache
def tables(pattern, name, year, day):
    zone = find_zone(name)
    layout = Layout(format="test", text="{time} | {message}", time=pattern)
    calendar = Calendar(year=year, day=day, zone=zone.offset, changes=zone.changes)
    return build_tables([layout], calendar=calendar)


def strftime(local, pattern, *, separator, digits, offset):
    """Write a time as a pattern of the layout language says."""
    fraction = f"{local.microsecond:06}"[:digits]
    own = {
        "%f": separator + fraction if digits else "",
        "%z": offset,
        "%e": f"{local.day:2}",
        "%Y": f"{local.year:04}",  # strftime of some systems does not pad
        "%s": f"{(local - EPOCH) // dt.timedelta(seconds=1)}",
    }
    return re.sub(
        r"%.",
        lambda directive: own.get(directive[0]) or ("" if directive[0] in own else local.strftime(directive[0])),
        pattern,
    )


@pytest.mark.parametrize("pattern", timestamp_patterns())
@settings(max_examples=25, deadline=None)
@given(
    instant=st.datetimes(
        min_value=dt.datetime(1990, 1, 2),  # noqa: DTZ001
        max_value=dt.datetime(2069, 12, 30),  # noqa: DTZ001
        timezones=st.just(dt.UTC),
    ),
    name=st.sampled_from(ZONES),
    separator=st.sampled_from(SEPARATORS),
    digits=st.sampled_from([0, 1, 3, 6]),
    with_offset=st.booleans(),
    capitals=st.booleans(),
)
def test_an_instant_is_read_back(*, pattern, instant, name, separator, digits, with_offset, capitals):
    local = instant.astimezone(zoneinfo.ZoneInfo(name))
    assume(not local.fold)  # of an hour that occurs twice the first is read
    digits = digits if "%f" in pattern else 0
    unit = 10 ** (6 - digits)
    local = local.replace(microsecond=local.microsecond // unit * unit)
    if "%S" not in pattern and "%s" not in pattern:
        local = local.replace(second=0)
    offset = local.isoformat()[-6:] if with_offset and "%z" in pattern else ""
    text = strftime(local, pattern, separator=separator, digits=digits, offset=offset)
    day = (local.date() - EPOCH.date()).days if "%d" not in pattern and "%e" not in pattern else 0
    (record,) = read_text(
        f"{text.upper() if capitals else text} | x".encode(), tables=tables(pattern, name, local.year, day)
    )
    assert (record.time, record.message) == (local.astimezone(dt.UTC), "x"), text


@pytest.mark.parametrize(
    "text",
    ["3:04:05 PM", "3:04:05PM", "3:04:05 pm", "3:04:05 p.m.", "03:04:05 P.M.", "15:04:05", "3:04:05\u202fPM"],
)
def test_a_time_of_day_on_a_twelve_hour_clock_is_one_in_the_afternoon(text):
    pattern = "%H:%M:%S%f" if text == "15:04:05" else "%I:%M:%S%f%p"
    (record,) = read_text(f"{text} | x".encode(), tables=tables(pattern, "UTC", 2026, 1))
    assert record.time == dt.datetime(1970, 1, 2, 15, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "-1761019822",
        "1.5e+09x",
        "1.5731806488681543e-09",
        "1.5731806488681543e+10",
        "9.9e+09",
        "@4000000068f7083807a1f3d",  # a digit is missing
        "@4000000068f7083ggggggggg",
        "@400000000000000a00000000",  # 1970
        "@4000000068f70838ffffffff",  # more than a second
        "@ffffffffffffffff00000000",
    ],
)
def test_what_is_no_number_of_our_time_is_no_time(text):
    (record,) = read_text(f"{text} | x".encode(), tables=tables("%s", "UTC", 2026, 0))
    assert record.time is None


def test_a_leap_second_and_the_end_of_a_day_are_of_the_next_day_in_a_zone():
    berlin = tables("%Y-%m-%d %H:%M:%S%f%z", "Europe/Berlin", 2026, 0)
    new_year = dt.datetime(2016, 12, 31, 23, tzinfo=dt.UTC)
    for text in ("2016-12-31 23:59:60", "2016-12-31 24:00:00", "2017-01-01 00:00:00"):
        (record,) = read_text(f"{text} | x".encode(), tables=berlin)
        assert record.time == new_year


def test_a_text_that_is_a_time_wins_over_one_that_begins_with_one():
    json = build_tables([Layout(format="json", text="{json}")])
    (record,) = read_text(b'{"time": "2026-03-14 09:26:53 PM", "msg": "x"}', tables=json)
    assert record.time == dt.datetime(2026, 3, 14, 21, 26, 53, tzinfo=dt.UTC)
    (record,) = read_text(b'{"time": "2026-03-14 09:26:53 in Rome", "msg": "x"}', tables=json)
    assert record.time == dt.datetime(2026, 3, 14, 9, 26, 53, tzinfo=dt.UTC)
