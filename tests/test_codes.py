"""Numbers of slots that take few: which are kept, how often and when they occur, however the lines are cut."""

import datetime as dt
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.floods import FloodSettings
from loganomaly.profile import Profile, unplace
from loganomaly.profile_caps import MOST_CODES
from loganomaly.reading.detect import detect
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search

FLOODS = FloodSettings()
START = dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC)
TABLES = detect(b"2026-03-14 09:00:00 INFO web: ready\n2026-03-14 09:00:01 INFO web: ready\n").tables()
LOGFMT = detect(b'time=2026-03-14T09:00:00Z level=info msg="a b" rc=1\n' * 3).tables()


def line_of(second, message):
    return f"{START + dt.timedelta(seconds=second):%Y-%m-%d %H:%M:%S} INFO web: {message}\n"


def parts_of(*chunks, tables=TABLES):
    parts, line, offset = [], 0, 0
    for lines in chunks:
        data = "".join(lines).encode()
        chunk = Chunk(source=2, data=np.frombuffer(data, np.uint8), first_line=line, offset=offset)
        parts.append(scan(chunk, tables, search=Search(floods=FLOODS)).profile)
        line, offset = line + len(lines), offset + len(data)
    return parts


def profile_of(*chunks, tables=TABLES):
    return Profile.merge([Profile.empty(floods=FLOODS), *parts_of(*chunks, tables=tables)])


def counts(profile):
    return dict(profile.codes.select("code", "count").iter_rows())


def seconds(time):
    return (time - int(START.timestamp()) * 1_000_000) // 1_000_000


def test_few_whole_numbers_are_counted_each_with_their_times_and_places():
    lines = [line_of(second, f"exit {code}") for second, code in ((5, 0), (3, -7), (9, 0), (1, 0))]
    rows = profile_of(lines[:1], lines[1:]).codes.sort("code").rows(named=True)
    assert [(row["code"], row["count"]) for row in rows] == [(-7, 1), (0, 3)]
    assert [(seconds(row["first_time"]), seconds(row["last_time"])) for row in rows] == [(3, 3), (1, 9)]
    assert [(unplace(row["first_place"]), unplace(row["last_place"])) for row in rows] == [
        ((2, 1), (2, 1)),
        ((2, 0), (2, 3)),
    ]
    assert unplace(rows[0]["first_offset"]) == (2, len(lines[0]))


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [
        (range(MOST_CODES), MOST_CODES),
        (range(MOST_CODES + 1), 0),
        ([1, 2, 2.5], 0),
        ([10**17, 3], 0),
    ],
)
def test_of_more_numbers_and_of_those_that_are_not_whole_none_is_kept(numbers, kept):
    profile = profile_of([line_of(i, f"exit {number}") for i, number in enumerate(numbers)])
    assert len(profile.codes) == kept
    assert profile.slots["many"].to_list() == [0 if kept else 1]


def test_numbers_that_are_few_in_each_part_and_many_in_the_whole_are_dropped():
    profile = profile_of(*([line_of(i, f"exit {i}")] for i in range(MOST_CODES + 1)))
    assert (len(profile.codes), profile.slots["many"].to_list()) == (0, [1])


def test_a_field_that_is_many_in_one_kind_of_record_is_many_in_the_shape():
    def line(second, more, code):
        return f'time=2026-03-14T09:{second // 60:02}:{second % 60:02}Z level=info msg="job done" rc={code}{more}\n'

    lines = [line(i, "", i % 3) for i in range(40)] + [line(i, " x=a", i) for i in range(MOST_CODES + 1)]
    named = profile_of(lines, tables=LOGFMT)
    slot = named.fields.filter(pl.col("name") == "rc")["slot"].item()
    assert len(named.codes.filter(pl.col("slot") == slot)) == 0
    assert len(profile_of(lines[:40], tables=LOGFMT).codes.filter(pl.col("slot") == slot)) == 3


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5000)), min_size=1, max_size=200),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
@settings(max_examples=30, deadline=None)
def test_codes_are_counted_exactly_however_the_lines_are_cut_and_merged(records, parts, random):
    lines = [line_of(second, f"exit {code}") for code, second in records]
    size = -(-len(lines) // parts)
    pieces = parts_of(*(lines[i : i + size] for i in range(0, len(lines), size)))
    random.shuffle(pieces)
    merged = Profile.empty(floods=FLOODS)
    for piece in pieces:
        merged = Profile.merge([merged, piece])
    assert merged.codes.equals(profile_of(lines).codes)
    expected = Counter(code for code, _ in records)
    assert counts(merged) == (expected if len(expected) <= MOST_CODES else {})
    times = {code: [second for other, second in records if other == code] for code in expected}
    for code, first, last in merged.codes.select("code", "first_time", "last_time").iter_rows():
        assert (seconds(first), seconds(last)) == (min(times[code]), max(times[code]))
