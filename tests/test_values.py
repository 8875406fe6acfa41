"""Values of parameters: which are kept, how often they occur, and that no order or cut of the lines matters."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly import profile_caps as module
from loganomaly.floods import FloodSettings
from loganomaly.profile import Profile, unplace
from loganomaly.profile_caps import MOST_VALUES
from loganomaly.reading.detect import detect
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search
from loganomaly.scan.values import LONGEST_VALUE
from loganomaly.testing import case_of, log_line

FLOODS = FloodSettings()


def profile_of(*chunks):
    parts, line, offset = [], 0, 0
    for lines in chunks:
        data = "".join(f"{text}\n" for text in lines).encode()
        chunk = Chunk(source=0, data=np.frombuffer(data, np.uint8), first_line=line, offset=offset)
        parts.append(scan(chunk, detect(b"plain words\nmore words\n").tables(), search=Search(floods=FLOODS)).profile)
        line, offset = line + len(lines), offset + len(data)
    return Profile.merge([Profile.empty(floods=FLOODS), *parts])


def counts(profile, *, slot=0):
    rows = profile.values.filter(pl.col("slot") == slot)
    return dict(zip(rows["text"], rows["count"], strict=True))


def test_the_values_of_a_slot_are_counted():
    profile = profile_of(["from h1 to h2", "from h1 to h3", "from h7 to h2"])
    assert counts(profile) == {"h1": 2, "h7": 1}
    assert counts(profile, slot=1) == {"h2": 2, "h3": 1}


def test_values_tell_when_and_where_they_were_first_and_last_seen():
    log = [log_line(second, f"from {host}") for second, host in ((9, "h1"), (4, "h2"), (3, "h1"), (7, "h1"))]
    (first, second) = case_of("".join(log), chunk_lines=1).profile.values.sort("text").rows(named=True)
    assert [row["last_time"] - row["first_time"] for row in (first, second)] == [6_000_000, 0]
    assert [unplace(row["first_place"]) for row in (first, second)] == [(0, 0), (0, 1)]
    assert [unplace(row["first_offset"]) for row in (first, second)] == [(0, 0), (0, len(log[0]))]
    assert [unplace(row["last_place"]) for row in (first, second)] == [(0, 3), (0, 1)]


def test_without_times_values_have_places_only():
    (row,) = profile_of(["from h1", "from h1"], ["from h1"]).values.rows(named=True)
    assert (row["first_time"], row["last_time"], row["first_place"], row["last_place"]) == (None, None, 0, 2)


def test_numbers_are_in_the_sketch_instead():
    assert len(profile_of(["took 12 ms on h1"]).values) == 1


@given(st.lists(st.integers(0, 400), min_size=1, max_size=600), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_kept_values_are_counted_exactly_however_the_lines_are_cut(values, parts):
    lines = [f"host h{value} up" for value in values]
    size = -(-len(lines) // parts)
    whole, cut = profile_of(lines), profile_of(*(lines[i : i + size] for i in range(0, len(lines), size)))
    assert whole.values.equals(cut.values)
    expected = Counter(f"h{value}" for value in values)
    kept = counts(whole)
    assert len(kept) == min(len(expected), MOST_VALUES)
    assert kept == {text: expected[text] for text in kept}


def test_those_with_the_smallest_hashes_are_kept():
    few, many = (profile_of([f"host h{n} up" for n in range(count)]).values for count in (MOST_VALUES, 1000))
    assert many["value"].max() < few["value"].max()
    assert set(few.filter(pl.col("value") <= many["value"].max())["text"]) <= set(many["text"])


def test_with_too_many_rows_each_slot_keeps_fewer_in_any_order_of_merging(monkeypatch):
    monkeypatch.setattr(module, "MOST_VALUE_ROWS", 40)
    chunks = [[f"a{i % 7} b{n} c{n % 3}" for n in range(i * 10, i * 10 + 30)] for i in range(4)]
    forth, back = profile_of(*chunks), profile_of(*chunks[::-1])
    assert forth.most_values == back.most_values < MOST_VALUES
    assert len(forth.values) <= 40
    columns = ["shape", "slot", "value", "count", "text"]
    assert forth.values.select(columns).equals(back.values.select(columns))


@pytest.mark.parametrize("value", ["/" + "x" * 500, "é1" * 300])
def test_long_values_are_cut(value):
    (text,) = counts(profile_of([f"open {value} now"]))
    assert value.startswith(text.rstrip("\ufffd"))
    assert len(text.encode()) <= LONGEST_VALUE + 2


def test_bytes_that_are_no_text_are_replaced():
    chunk = Chunk(source=0, data=np.frombuffer(b"open /\xff\xfe9 now\n", np.uint8))
    values = scan(chunk, detect(b"plain words\n").tables(), search=Search(floods=FLOODS)).profile.values
    assert values["text"].to_list() == ["/\ufffd\ufffd9"]
