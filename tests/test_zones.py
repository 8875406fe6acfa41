"""Time zones: names, offsets, and local times to UTC with daylight saving."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loganomaly.errors import ConfigError
from loganomaly.reading.formats import Layout
from loganomaly.reading.tables import Calendar, build_tables, with_zones
from loganomaly.reading.zones import find_zone
from loganomaly.testing import read_text

LAYOUT = Layout(format="test", text="{time} {message}", time="%Y-%m-%d %H:%M:%S%f%z")
NAMES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "-03:30")


def calendar(name):
    zone = find_zone(name)
    return Calendar(zone=zone.offset, changes=zone.changes)


TABLES = {name: build_tables([LAYOUT], calendar=calendar(name)) for name in NAMES}


def read_time(text, tables):
    (record,) = read_text(f"{text} x".encode(), tables=tables)
    return record.time


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    local=st.datetimes(min_value=dt.datetime(1970, 1, 2), max_value=dt.datetime(2200, 12, 30)),  # noqa: DTZ001
)
@example(name="Europe/Berlin", local=dt.datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001
@example(name="Europe/Berlin", local=dt.datetime(2026, 10, 25, 2, 30))  # noqa: DTZ001
@example(name="Europe/Berlin", local=dt.datetime(2199, 7, 1))  # noqa: DTZ001
@example(name="Australia/Lord_Howe", local=dt.datetime(2026, 4, 5, 1, 45))  # noqa: DTZ001
def test_a_local_time_is_read_as_datetime_reads_it(name, local):
    expected = local.replace(tzinfo=find_zone(name).rules, fold=0).astimezone(dt.UTC)
    assert read_time(local.isoformat(sep=" "), TABLES[name]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29 01:59:59", utc(2026, 3, 29, 0, 59, 59)),
        ("2026-03-29 02:30:00", utc(2026, 3, 29, 1, 30)),  # left out: as if clocks had not been put forward yet
        ("2026-03-29 03:00:00", utc(2026, 3, 29, 1)),
        ("2026-10-25 02:30:00", utc(2026, 10, 25, 0, 30)),  # twice: the first
        ("2026-10-25 03:00:00", utc(2026, 10, 25, 2)),
        ("2026-12-31 23:30:00", utc(2026, 12, 31, 22, 30)),
        ("2027-01-01 00:30:00", utc(2026, 12, 31, 23, 30)),
    ],
)
def test_clocks_are_put_forward_and_back(text, expected):
    assert read_time(text, TABLES["Europe/Berlin"]) == expected


def test_what_a_timestamp_says_of_its_zone_counts():
    for text in ("2026-07-01 12:00:00Z", "2026-07-01 12:00:00 UTC", "2026-07-01 14:00:00+02:00"):
        assert read_time(text, TABLES["America/New_York"]) == utc(2026, 7, 1, 12)


@pytest.mark.parametrize(
    ("text", "seconds"), [("UTC", 0), ("Z", 0), ("+02", 7200), ("-0330", -12600), ("+05:30", 19800)]
)
def test_an_offset_is_a_zone_without_changes(text, seconds):
    zone = find_zone(text)
    assert (zone.name, zone.offset, zone.changes) == (text, seconds, ())


@pytest.mark.parametrize(
    "name", ["", "Berlin", "Europe", "CEST", "+25:00", "+1", "2", "../../etc/passwd", "/etc/localtime", "x\0y", "é"]
)
def test_what_is_no_zone_is_refused_with_what_was_expected(name):
    with pytest.raises(ConfigError, match=r"expected an IANA name such as 'Europe/Berlin', or an offset"):
        find_zone(name)


def test_the_name_of_a_city_alone_is_completed():
    with pytest.raises(ConfigError, match=r"near it is 'America/New_York'"):
        find_zone("new york")


def test_without_zone_data_the_package_to_install_is_named(monkeypatch):
    def missing(name):
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", missing)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    with pytest.raises(ConfigError, match="install the package tzdata"):
        find_zone("Europe/Vienna")


def test_timestamps_may_name_their_zones_in_full():
    tables = with_zones(TABLES["-03:30"], [find_zone("Europe/Berlin"), find_zone("America/New_York")])
    assert read_time("2026-07-01 12:00:00 Europe/Berlin", tables) == utc(2026, 7, 1, 10)
    assert read_time("2026-01-01 12:00:00 [Europe/Berlin]", tables) == utc(2026, 1, 1, 11)
    assert read_time("2026-07-01 12:00:00 America/New_York", tables) == utc(2026, 7, 1, 16)
    assert read_time("2026-07-01 12:00:00", tables) == utc(2026, 7, 1, 15, 30)
    (record,) = read_text(b"2026-07-01 12:00:00 Europe/Paris x", tables=tables)
    assert (record.time, record.message) == (utc(2026, 7, 1, 15, 30), "Europe/Paris x")


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("z", 0),
        (" [UTC]", 0),
        (" (CET)", 1),
        ("[CEST]", 2),
        (" [+01:00]", 1),
        (" GMT+2", 2),
        (" UTC-05:00", -5),
        (" GMT+0100 (Central European Standard Time)", 1),
        ("+01:00[Europe/Berlin]", 1),
        ("Z[UTC]", 0),
        (" +05:30", 5.5),
    ],
)
def test_a_zone_is_written_in_many_ways(written, hours):
    (record,) = read_text(f"2026-01-01 12:00:00{written} x".encode(), tables=TABLES["-03:30"])
    assert (record.time, record.message) == (utc(2026, 1, 1, 12) - dt.timedelta(hours=hours), "x")


@pytest.mark.parametrize(
    "rest",
    ["[INFO] x", "[-12] x", "(main) x", "[UTC x", "ESTABLISHED x", "EST_1 x", "z x", "+1 x", "-123 x", "+9900 x", "[Z"],
)
def test_what_is_no_zone_is_left_to_the_message(rest):
    (record,) = read_text(f"2026-01-01 12:00:00 {rest}".encode(), tables=TABLES["-03:30"])
    assert (record.time, record.message) == (utc(2026, 1, 1, 15, 30), rest)
