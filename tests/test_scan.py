import datetime as dt

import numpy as np
import polars as pl
import pytest

from loganomaly.floods import FloodSettings
from loganomaly.profile import LEVEL_COLUMNS, unplace
from loganomaly.reading.formats import Layout
from loganomaly.reading.program import NO_TIME
from loganomaly.reading.tables import build_tables
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.search import Search

LAYOUT = Layout(format="app", text="{time} {level} {component}: {message}", time="%Y-%m-%dT%H:%M:%S%f%z")
TABLES = build_tables([LAYOUT], loose=False)
FLOODS = FloodSettings()

TEXT = b"""
2024-05-01T12:00:00Z INFO web: took 12 ms
2024-05-01T12:00:01Z INFO web: took 900 ms
2024-05-01T12:00:01Z ERROR db: lost password=hunter2x
  at line 7

  at line 9
2024-05-01T12:00:00Z INFO web: took 5 ms
"""
NOON = int(dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC).timestamp())


def scan_text(text, *, first_line=0, offset=0, source=0, tables=TABLES):
    data = np.frombuffer(text, np.uint8)
    return scan(
        Chunk(source=source, data=data, first_line=first_line, offset=offset),
        tables,
        search=Search(floods=FLOODS, leaks=LeakSearch()),
    )


@pytest.fixture(scope="module")
def profile():
    return scan_text(TEXT, first_line=100, offset=5000, source=3).profile


def shape(profile, start):
    return next(row for row in profile.shapes.iter_rows(named=True) if row["sample"].startswith(start))


def test_the_source_is_counted(profile):
    assert profile.sources.rows(named=True) == [
        {
            "source": 3, "lines": 8, "records": 4, "stray": 1, "timed": 4, "unmatched": 0, "cut": 0,
            "fields": 0,
            "fields_cut": 0,
            "bytes": len(TEXT),
        }
    ]  # fmt: skip


def test_records_are_counted_by_shape_with_their_first_and_last_place(profile):
    row = shape(profile, b"took")
    assert len(profile.shapes) == 2
    assert row["sample"] == b"took 12 ms"
    assert (row["records"], row["lines"], row["info"], row["error"]) == (3, 3, 3, 0)
    assert (row["first_line"], row["last_line"]) == (101, 107)
    assert (row["first_offset"], row["last_offset"]) == (5000 + 1, 5000 + TEXT.rindex(b"2024"))
    assert (row["first_time"], row["last_time"]) == (NOON * 10**6, (NOON + 1) * 10**6)


def test_a_record_has_the_lines_that_go_on_with_it(profile):
    row = shape(profile, b"lost")
    assert (row["records"], row["lines"], row["error"]) == (1, 4, 1)
    assert row["sample"] == b"lost password=hunter2x"


def test_numbers_have_their_extremes_and_where_these_stand(profile):
    row = profile.slots.row(by_predicate=pl.col("shape") == shape(profile, b"took")["shape"], named=True)
    assert (row["numbers"], row["low"], row["high"]) == (3, 5.0, 900.0)
    assert unplace(row["low_line"]) == (3, 107)
    assert unplace(row["high_line"]) == (3, 102)
    assert unplace(row["high_offset"]) == (3, 5000 + TEXT.index(b"2024-05-01T12:00:01Z INFO"))


def test_records_are_counted_by_second(profile):
    took, lost = shape(profile, b"took")["shape"], shape(profile, b"lost")["shape"]
    counts = {(row["shape"], row["bucket"]): row["count"] for row in profile.series.iter_rows(named=True)}
    assert counts == {(took, NOON): 2, (took, NOON + 1): 1, (lost, NOON + 1): 1}
    levels = {
        (row["bucket"], LEVEL_COLUMNS[row["level"]]): row["count"] for row in profile.totals.iter_rows(named=True)
    }
    assert levels == {(NOON, "info"): 2, (NOON + 1, "info"): 1, (NOON + 1, "error"): 1}


def test_components_are_counted(profile):
    rows = {row["name"]: row for row in profile.components.iter_rows(named=True)}
    assert {name: (row["records"], row["errors"]) for name, row in rows.items()} == {b"web": (3, 0), b"db": (1, 1)}
    assert (rows[b"web"]["first_line"], rows[b"web"]["last_line"]) == (101, 107)
    assert shape(profile, b"took")["component"] == rows[b"web"]["component"]
    assert profile.component_series["count"].sum() == 4


def test_leaks_are_counted_without_their_values(profile):
    assert profile.leaks.drop("shape").rows() == [
        (
            3,
            "password",
            1,
            0,
            103,
            5000 + TEXT.index(b"2024-05-01T12:00:01Z ERR"),
            103,
            1_714_564_801_000_000,
            1_714_564_801_000_000,
        )
    ]
    assert profile.leaks["shape"].to_list() == [shape(profile, b"lost")["shape"]]


@pytest.mark.parametrize("text", [b"", b"\n", b"  \n\n"])
def test_text_without_records_is_counted_as_stray(text):
    profile = scan_text(text).profile
    lines = text.count(b"\n")
    assert profile.sources.select("lines", "records", "stray").rows() == [(lines, 0, lines)]
    assert not len(profile.shapes)
    assert not len(profile.slots)


def test_bytes_that_are_no_text_are_scanned():
    profile = scan_text(b"2024-05-01T12:00:00Z INFO web: \xff\xfe\x00 7\n" * 2).profile
    assert profile.shapes["sample"].to_list() == [b"\xff\xfe\x00 7"]
    assert profile.shapes["records"].to_list() == [2]


def test_a_long_sample_is_cut():
    profile = scan_text(b"2024-05-01T12:00:00Z INFO web: " + b"word " * 4000 + b"\n").profile
    assert profile.shapes["sample"].to_list() == [(b"word " * 1000)[:4096]]
    assert profile.sources["cut"].to_list() == [1]


def test_records_without_component_and_time_are_counted():
    tables = build_tables([LAYOUT], loose=True)
    profile = scan_text(b"ready 1\nready 2\n" + TEXT.splitlines(keepends=True)[1], tables=tables).profile
    assert profile.sources.select("records", "timed", "unmatched").rows() == [(3, 1, 2)]
    row = shape(profile, b"ready")
    assert (row["records"], row["first_time"], row["component"], row["unknown"]) == (2, None, 0, 2)
    assert profile.series["count"].sum() == profile.totals["count"].sum() == 1
    assert profile.components["name"].to_list() == [b"web"]


def scan_rows(rows, *, times=None):
    bounds = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    data = np.frombuffer(b"".join(rows), np.uint8)
    return scan(Chunk(source=0, data=data, bounds=bounds), TABLES, search=Search(floods=FLOODS), times=times)


def test_with_bounds_every_row_is_a_record_of_one_line():
    scanned = scan_rows([b"took 1\n  at x", b"", b"took 2", b"2024-05-01T12:00:00Z INFO web: took 3"])
    assert scanned.profile.sources.select("lines", "records", "stray", "unmatched").rows() == [(4, 4, 0, 3)]
    assert scanned.shape[0] == scanned.shape[2] == scanned.shape[3] != scanned.shape[1]
    assert shape(scanned.profile, b"took")["lines"] == 3


def test_given_times_take_the_place_of_those_in_the_text():
    times = np.array([NO_TIME, 7_000_000], np.int64)
    scanned = scan_rows([b"2024-05-01T12:00:00Z INFO web: took 3", b"took 4"], times=times)
    assert scanned.records.time.tolist() == times.tolist()
    assert scanned.profile.sources["timed"].to_list() == [1]
    assert scanned.profile.series["bucket"].to_list() == [7]
