import gzip
import threading
from collections import Counter

import pytest
from polars.testing import assert_frame_equal

from loganomaly.floods import FloodSettings
from loganomaly.reading.detect import Detected
from loganomaly.reading.formats import Layout
from loganomaly.reading.streams import Source
from loganomaly.reading.tables import Calendar
from loganomaly.scan.chunk import scan
from loganomaly.scan.run import Opened, cores, scan_sources
from loganomaly.scan.search import Search

LAYOUT = Layout(format="app", text="{time} {level} {component}: {message}", time="%Y-%m-%dT%H:%M:%S%f%z")
FORMAT = Detected(name="app", layouts=(LAYOUT,), share=1.0, calendar=Calendar(), loose=False)
TABLES = ("sources", "shapes", "slots", "bins", "series", "components", "component_series", "totals", "leaks", "rules")
LINES = [
    b"2024-05-01T12:%02d:%02dZ INFO app: %s took %d ms\n" % (i // 60 % 60, i % 60, b"abcd"[i % 4 : i % 4 + 1], i * 7919)
    for i in range(4000)
]
TEXT = b"".join(LINES)


def open_text(folder, data, *, number=0, group=0, compression="none", floods=None):
    path = folder / f"{number}.log"
    path.write_bytes(data)
    source = Source(name=path.name, path=path, compression=compression, encoding="utf-8", size=len(data), modified=0.0)
    return Opened(
        number=number,
        group=group,
        source=source,
        detected=FORMAT,
        tables=FORMAT.tables(),
        search=Search(floods=floods or FloodSettings(window_size=50)),
    )


def assert_same(one, other):
    for name in TABLES:
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert_frame_equal(one.floods.table(), other.floods.table())
    assert (one.width, one.total_width) == (other.width, other.total_width)


def counts(result, group=0):
    return result.profiles[group].sources.select("source", "lines", "records", "bytes").rows()


def test_a_source_is_scanned(tmp_path):
    result = scan_sources([open_text(tmp_path, TEXT)])
    assert counts(result) == [(0, 4000, 4000, len(TEXT))]
    assert result.profiles[0].shapes["records"].to_list() == [1000] * 4
    assert (result.lines, result.damaged) == ({0: 4000}, {})


@pytest.mark.parametrize("batch_size", [1, 60, 1000, 4000, 10_000])
def test_the_batch_size_does_not_change_the_profile(tmp_path, batch_size):
    text = b"".join(LINES[:300]) if batch_size == 1 else TEXT
    opened = [open_text(tmp_path, text)]
    assert_same(scan_sources(opened, batch_size=batch_size).profiles[0], scan_sources(opened).profiles[0])


def test_an_empty_source_has_an_empty_profile(tmp_path):
    result = scan_sources([open_text(tmp_path, b"")])
    assert counts(result) == []
    assert (result.lines, result.damaged) == ({0: 0}, {})


def test_a_last_line_without_an_end_is_a_line(tmp_path):
    result = scan_sources([open_text(tmp_path, TEXT[:-1])], batch_size=100)
    assert counts(result) == [(0, 4000, 4000, len(TEXT) - 1)]


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("batch_size", [None, 64])
@pytest.mark.parametrize("max_lines", [1, 64, 1000, 3999, 4000, 5000])
def test_no_more_lines_are_scanned_than_the_most(tmp_path, compression, batch_size, max_lines):
    data = gzip.compress(TEXT) if compression == "gzip" else TEXT
    result = scan_sources(
        [open_text(tmp_path, data, compression=compression)], batch_size=batch_size, max_lines=max_lines
    )
    scanned = min(max_lines, 4000)
    assert counts(result) == [(0, scanned, scanned, len(b"".join(LINES[:scanned])))]
    assert result.lines == {0: 4000}


@pytest.mark.parametrize("max_lines", [500, 4000, 4300])
def test_the_most_lines_hold_over_all_sources_in_order(tmp_path, max_lines):
    opened = [open_text(tmp_path, TEXT, number=0), open_text(tmp_path, TEXT[:-1], number=1)]
    result = scan_sources(opened, max_lines=max_lines)
    expected = [(0, min(max_lines, 4000))] + ([(1, max_lines - 4000)] if max_lines > 4000 else [])
    assert [row[:2] for row in counts(result)] == expected
    assert result.lines == {0: 4000, 1: 4000}


def test_lines_beyond_the_most_are_counted_where_the_last_has_no_end(tmp_path):
    assert scan_sources([open_text(tmp_path, TEXT[:-1])], max_lines=10).lines == {0: 4000}


def test_groups_have_profiles_of_their_own(tmp_path):
    other = FloodSettings(window_size=7)
    opened = [
        open_text(tmp_path, TEXT, number=0, group=0),
        open_text(tmp_path, TEXT, number=1, group=5, floods=other),
        open_text(tmp_path, TEXT, number=2, group=0),
    ]
    result = scan_sources(opened)
    assert {group: [row[0] for row in counts(result, group)] for group in result.profiles} == {0: [0, 2], 5: [1]}
    assert result.profiles[5].floods.settings == other
    alone = scan_sources(opened[2:]).profiles[0]
    assert_frame_equal(result.profiles[0].only([2]).shapes, alone.shapes)
    assert result.profiles[0].slots["numbers"].sum() == 2 * alone.slots["numbers"].sum()


def test_sources_of_one_group_must_agree_on_floods(tmp_path):
    opened = [open_text(tmp_path, TEXT), open_text(tmp_path, TEXT, number=1, floods=FloodSettings(window_size=7))]
    with pytest.raises(ValueError, match="different rolling-window settings"):
        scan_sources(opened)


@pytest.mark.parametrize("batch_size", [None, 100])
@pytest.mark.parametrize("max_lines", [None, 50, 3900])
def test_what_was_read_of_a_damaged_file_stays(tmp_path, batch_size, max_lines):
    damaged = open_text(tmp_path, gzip.compress(TEXT)[:-8], compression="gzip")
    sound = open_text(tmp_path, TEXT, number=1)
    result = scan_sources([damaged, sound], batch_size=batch_size, max_lines=max_lines)
    scanned = max_lines or 4000
    assert counts(result)[0][:3] == (0, scanned, scanned)
    assert result.lines == {0: 4000, 1: 4000}
    assert list(result.damaged) == [0]
    assert "0.log" in result.damaged[0]


def test_a_file_that_cannot_be_read_at_all_is_reported(tmp_path):
    damaged = open_text(tmp_path, b"\x1f\x8b\x08" + b"\xaa" * 50, compression="gzip")
    result = scan_sources([damaged, open_text(tmp_path, TEXT, number=1)])
    assert [row[0] for row in counts(result)] == [1]
    assert (list(result.damaged), result.lines) == ([0], {0: 0, 1: 4000})


@pytest.mark.parametrize("batch_size", [None, 100])
def test_progress_adds_up_to_the_bytes(tmp_path, batch_size):
    done = Counter()
    opened = [
        open_text(tmp_path, TEXT, number=0),
        open_text(tmp_path, gzip.compress(TEXT[:-1]), number=1, compression="gzip"),
    ]
    scan_sources(opened, batch_size=batch_size, progress=lambda number, size: done.update({number: size}))
    assert done == {0: len(TEXT), 1: len(TEXT) - 1}


def test_an_error_of_the_caller_ends_the_scan(tmp_path):
    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_sources([open_text(tmp_path, TEXT)], batch_size=100, progress=fail)


def test_there_is_at_least_one_core():
    assert cores() >= 1


def test_the_batch_size_does_not_change_records_of_thousands_of_lines(tmp_path):
    opened = [open_text(tmp_path, LINES[0] + b"  at somewhere\n" * 3500 + LINES[1])]
    assert_same(scan_sources(opened, batch_size=100).profiles[0], scan_sources(opened).profiles[0])


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_number_of_workers_does_not_change_the_profile(tmp_path, workers):
    opened = [open_text(tmp_path, TEXT, number=number) for number in range(3)]
    assert_same(scan_sources(opened, batch_size=300, workers=workers).profiles[0], scan_sources(opened[:3]).profiles[0])


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_no_more_chunks_are_scanned_at_a_time_than_there_are_workers(tmp_path, monkeypatch, workers):
    lock, running, most = threading.Lock(), 0, 0

    def profile(chunk, opened, _):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meet.wait()
        with lock:
            running -= 1
        return scan(chunk, opened.tables, search=opened.search).profile

    # As many chunks as there are workers wait for each other: fewer at a time would never end, more are counted.
    meet = threading.Barrier(workers, timeout=60)
    monkeypatch.setattr("loganomaly.scan.run._profile", profile)
    opened = [open_text(tmp_path, b"".join(LINES[:10]), number=number) for number in range(2 * workers)]
    result = scan_sources(opened, workers=workers)
    assert (most, len(result.lines)) == (workers, 2 * workers)
