import datetime as dt
import io
import itertools
import random
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganomaly import profile_caps
from loganomaly.behaviours.rule import BehaviourRule
from loganomaly.behaviours.tables import NAMES as BEHAVIOURS
from loganomaly.floods import FloodSettings
from loganomaly.profile import LEVEL_COLUMNS, Profile, place, unplace
from loganomaly.profile_caps import WIDTHS
from loganomaly.reading.chunks import cut_chunks
from loganomaly.reading.formats import Layout
from loganomaly.reading.tables import build_tables
from loganomaly.scan import survey as survey_module
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.ids import ALL
from loganomaly.scan.search import Search
from loganomaly.scan.session_keys import Sample, sample_ids
from loganomaly.scan.sessions import SessionKeys

TIME = "%Y-%m-%dT%H:%M:%S%f%z"
READERS = {
    loose: build_tables(
        [
            Layout(format="app", text="{time} {level} [{component}] {message}", time=TIME),
            Layout(format="app", text="{time} {level} {json}", time=TIME),
            Layout(format="app", text="{time} {level} {message}", time=TIME),
        ],
        loose=loose,
    )
    for loose in (False, True)
}
FLOODS = FloodSettings(window_size=7, repetition_threshold=0.5)
TABLES = (
    *(
        "sources",
        "shapes",
        "slots",
        "bins",
        "codes",
        "fields",
        "series",
        "components",
        "component_series",
        "totals",
        "leaks",
        "rules",
    ),
    *("sessions", "session_ids", "session_keys"),
)
MESSAGES = (
    "[web] took {0} ms at /path/{0}",
    "[web] took -{0}.5 s",
    "[db] query {0} of user{1} failed\n  at line {0}\n\n  at line {1}",
    "[cache] hit",
    "ready in {0}",
    "[auth] login password=hunter{0}",
    "[auth-{1}] caf\u00e9 {0}% done",
    "[web] redis://u:s3cr3t{0}@cache {1}",
    '{{"msg":"served {0}","logger":"web","took":"{0}ms","user":{{"id":{1},"name":"u{1}"}},"password":"hunter{0}"}}',
    '{{"n{1}":{0},"msg":"took {0}","tags":["a{1}",{0}]}}',
)
STEPS = (0, 0, 0, 1, 7, 90, 3_600, 86_400 * 3, 86_400 * 500)  # seconds between records


@st.composite
def logs(draw, *, most=7):
    """Return the text of a source: runs of one kind of message, at times that spread over seconds to years."""
    steps = draw(st.sampled_from([STEPS[:4], STEPS[:6], STEPS]))
    now, lines = dt.datetime(2023, 12, 31, 23, 59, 50, tzinfo=dt.UTC), []
    if draw(st.booleans()):
        lines += ["  rest of something", ""]
    for _ in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(["message", "message", "message", "no time", "blank"]))
        if kind != "message":
            lines.append("no head here 7" if kind == "no time" else "")
            continue
        message, step = draw(st.sampled_from(MESSAGES)), draw(st.sampled_from(steps))
        number, level = draw(st.integers(0, 5_000)), draw(st.sampled_from(["INFO", "WARN", "ERROR"]))
        for i in range(draw(st.sampled_from([1, 1, 2, 9, 20]))):
            now += dt.timedelta(seconds=step) if now.year < 2200 else dt.timedelta()
            lines.append(f"{now:%Y-%m-%dT%H:%M:%SZ} {level} {message.format(number * (i % 3), number % 4)}")
    text = "\n".join(lines).encode()
    return text + b"\n" if text and draw(st.booleans()) else text


def scan_piece(source, data, *, loose, first_line=0, offset=0):
    chunk = Chunk(source=source, data=np.frombuffer(data, np.uint8), first_line=first_line, offset=offset)
    return scan(chunk, READERS[loose], search=Search(floods=FLOODS, sessions=session_keys())).profile


@cache
def session_keys():
    """Return the keys of all that may be an id in the messages."""
    text = "".join(f"2024-01-01T00:00:00Z INFO {message.format(7, 3)}\n" for message in MESSAGES).encode()
    ids = sample_ids(Sample(data=np.frombuffer(text, np.uint8), tables=READERS[False]))
    keys = SessionKeys(keys=tuple(ids["key"].unique().sort().to_list()), places=ALL)
    assert len(keys.keys) > 5
    return keys


def test_a_profile_stays_as_it_is_while_others_are_scanned_in_the_same_room():
    search = Search(floods=FLOODS, sessions=session_keys())

    def scanned(text):
        data = np.frombuffer(text, np.uint8)
        return scan(Chunk(source=0, data=data), READERS[False], search=search).profile

    texts = [
        "".join(f"2024-01-01T00:00:{n % 60:02d}Z INFO {message.format(n * step, n)}\n"
                for n in range(50) for message in MESSAGES).encode()
        for step in (1, 7)
    ]  # fmt: skip
    alone = [scan_piece(0, text, loose=False) for text in texts]
    together = [scanned(text) for text in texts]
    for one, other in zip(alone, together, strict=True):
        assert_same(one, other)


def scan_cut(source, data, *, loose, cuts):
    size, lines = cuts
    return [
        scan_piece(source, piece.data, loose=loose, first_line=piece.first_line, offset=piece.offset)
        for piece in cut_chunks(io.BytesIO(data), READERS[loose], size=size, most_lines=lines)
    ]


def merge_as_tree(profiles, chance):
    """Merge in random order, two or more at a time, now and then with the neutral element."""
    waiting = [*profiles, Profile.empty(floods=FLOODS)]
    while len(waiting) > 1:
        chance.shuffle(waiting)
        few = min(len(waiting), chance.choice([2, 2, 3, 5]))
        waiting = [Profile.merge(waiting[:few]), *waiting[few:]]
        if chance.random() < 0.2:
            waiting.append(Profile.empty(floods=FLOODS))
    return waiting[0]


def assert_same(one, other, *, ordered=True):
    assert (one.width, one.total_width) == (other.width, other.total_width)
    for name in TABLES:
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, check_row_order=ordered)
    assert_frame_equal(one.floods.table(), other.floods.table(), check_exact=True)


def check_counts(profile):
    sources = profile.sources
    assert sources["lines"].sum() == profile.shapes["lines"].sum() + sources["stray"].sum()
    assert sources["records"].sum() == profile.shapes["records"].sum()
    assert sources["timed"].sum() == profile.series["count"].sum() == profile.totals["count"].sum()
    assert profile.components["records"].sum() == profile.shapes.filter(pl.col("component") != 0)["records"].sum()
    levels = profile.shapes.select(pl.sum_horizontal(LEVEL_COLUMNS)).to_series()
    assert levels.to_list() == profile.shapes["records"].to_list()
    numbers = profile.bins.group_by("shape", "slot").agg(pl.col("count").sum())
    joined = profile.slots.filter(pl.col("numbers") > 0).join(numbers, on=["shape", "slot"], how="full")
    assert joined["numbers"].to_list() == joined["count"].to_list()


CAPS = ("SHAPES", "COMPONENTS", "BUCKETS", "TOTAL_BUCKETS", "SESSION_ROWS")
CUTS = st.tuples(st.sampled_from([1, 300, 1_000]) | st.integers(1, 3_000), st.none() | st.integers(1, 40))
"""Bytes and lines of a piece."""
SOURCES = st.lists(logs(), min_size=1, max_size=2)
CHANCES = st.integers(0, 2**32).map(random.Random)


@settings(max_examples=30, deadline=None)
@given(sources=SOURCES, loose=st.booleans(), chance=CHANCES, cuts=CUTS)
def test_the_profile_does_not_depend_on_pieces_and_order(*, sources, loose, chance, cuts):
    whole = Profile.merge(
        [scan_piece(number, text, loose=loose) for number, text in enumerate(sources) if text]
        or [Profile.empty(floods=FLOODS)]
    )
    check_counts(whole)
    pieces = [piece for number, text in enumerate(sources) for piece in scan_cut(number, text, loose=loose, cuts=cuts)]
    assert_same(merge_as_tree(pieces, chance), whole)


@settings(max_examples=30, deadline=None)
@given(
    sources=SOURCES,
    loose=st.booleans(),
    chance=CHANCES,
    caps=st.tuples(*(st.integers(*bounds) for bounds in ((1, 5), (1, 3), (2, 8), (8, 20), (2, 20)))),
    cuts=CUTS,
)
def test_the_caps_do_not_depend_on_pieces_and_order(*, sources, loose, chance, caps, cuts):
    shapes, components, buckets, total_buckets, session_rows = caps
    free = Profile.merge(
        [Profile.empty(floods=FLOODS)]
        + [scan_piece(number, text, loose=loose) for number, text in enumerate(sources) if text]
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, most in zip(CAPS, caps, strict=True):
            patch.setattr(profile_caps, f"MOST_{name}", most)
        pieces = [
            piece for number, text in enumerate(sources) for piece in scan_cut(number, text, loose=loose, cuts=cuts)
        ]
        capped = merge_as_tree(pieces, chance)
        assert_same(merge_as_tree(pieces, chance), capped)
        assert_same(Profile.merge([free]), capped)
    # What is kept is what an unbounded profile has of it; the dropped are the difference.
    kept = free.shapes["shape"].unique().sort().head(shapes)
    assert_frame_equal(capped.shapes, free.shapes.filter(pl.col("shape").is_in(kept.implode())))
    assert_frame_equal(capped.slots, free.slots.filter(pl.col("shape").is_in(kept.implode())))
    names = free.components["component"].unique().sort().head(components)
    assert_frame_equal(capped.components, free.components.filter(pl.col("component").is_in(names.implode())))
    assert_frame_equal(capped.sources, free.sources)
    smallest = pl.col("session") < 2 ** (64 - capped.session_bits)
    assert_frame_equal(capped.sessions, free.sessions.filter(smallest))
    assert_frame_equal(capped.session_ids, free.session_ids.filter(smallest))
    assert max(len(capped.sessions), len(capped.session_ids)) <= session_rows
    assert_frame_equal(capped.leaks, free.leaks)
    assert capped.totals["count"].sum() == free.sources["timed"].sum()
    for width, most in ((capped.width, buckets), (capped.total_width, total_buckets)):
        occupied = (free.totals["bucket"] * free.total_width // width).n_unique()
        assert occupied <= most or width == WIDTHS[-1]


@pytest.mark.parametrize("seed", range(100))
def test_what_lies_above_the_bounds_of_a_profile_is_kept_of_none_that_it_is_merged_with(seed):
    chance = random.Random(seed)
    numbers = [[chance.randint(0, 12) for _ in range(chance.randint(1, 5))] for _ in range(chance.randint(2, 5))]
    most, rows, split = chance.randint(1, 5), chance.randint(1, 12), chance.randint(1, 2)
    rules = BehaviourRule(name="mails", type="count", group_by=("user",), pattern=r"mail of (?P<user>\S+)", threshold=3)
    texts = [
        "".join(
            f'{{"time":"2024-01-01T00:{chance.randint(0, 59):02}:00Z","msg":"mail of user{n}@host came","u":"x{n}"}}\n'
            for n in piece
        ).encode()
        for piece in numbers
    ]

    def piece(number, bounds=None):
        chunk = Chunk(source=number, data=np.frombuffer(texts[number], np.uint8))
        tables = build_tables([Layout(format="json", text="{json}")])
        found = scan(chunk, tables, search=Search(floods=FLOODS, behaviours=(rules,)), bounds=bounds).profile
        return replace(found, most_values=most, most_field_values=most)

    with pytest.MonkeyPatch.context() as patch:
        for module in (profile_caps, survey_module):
            patch.setattr(module, "MOST_VALUES", most)
        patch.setattr("loganomaly.behaviours.tables.MOST_ROWS", rows)
        whole = Profile.merge([piece(number) for number in range(len(texts))])
        first = Profile.merge([piece(number) for number in range(min(split, len(texts) - 1))])
        others = [piece(number, first.bounds()) for number in range(min(split, len(texts) - 1), len(texts))]
        merged = Profile.merge([first, *others])
    assert_same(merged, whole)
    for name in ("values", *BEHAVIOURS):
        assert_frame_equal(getattr(merged, name), getattr(whole, name))


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.lists(st.integers(0, 40), max_size=30), min_size=1, max_size=6),
    most=st.integers(1, 6),
    chance=CHANCES,
)
def test_the_values_kept_of_a_slot_have_the_smallest_hashes_however_they_are_merged(numbers, most, chance):
    texts = ["".join(f"mail of user{number}@host came\n" for number in piece).encode() for piece in numbers]

    def pieces():
        return [scan_piece(number, text, loose=True) for number, text in enumerate(texts) if text]

    free = Profile.merge([Profile.empty(floods=FLOODS), *pieces()])
    with pytest.MonkeyPatch.context() as patch:
        for module in (profile_caps, survey_module):
            patch.setattr(module, "MOST_VALUES", most)
        capped = merge_as_tree([replace(piece, most_values=most) for piece in pieces()], chance)
    assert_frame_equal(capped.values, free.values.sort("value").head(most))


@settings(max_examples=20, deadline=None)
@given(logs(most=6), logs(most=6), logs(most=6))
def test_merging_is_a_commutative_monoid(one, two, three):
    a, b, c = (scan_piece(number, text, loose=False) for number, text in enumerate((one, two, three)))

    def merge(*parts):
        return Profile.merge(parts)

    empty = Profile.empty(floods=FLOODS)
    assert_same(merge(merge(a, b), c), merge(a, merge(b, c)))
    assert_same(merge(a, b), merge(b, a))
    assert_same(merge(a, empty), merge(a))
    assert_same(merge(empty, a), merge(a))
    assert_same(merge(a), a, ordered=False)  # merging sorts the rows; those of a chunk alone are in no order


def line(second, message="[app] ready", *, year=2024):
    moment = dt.datetime(year, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=second)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ} INFO {message}\n".encode()


@pytest.mark.parametrize(
    ("seconds", "width"),
    [([0], 1), (range(512), 1), (range(513), 5), (range(0, 86_400 * 30, 4_000), 10_800), ([0, 10**8], 1)],
)
def test_the_width_is_the_smallest_with_few_enough_buckets(seconds, width):
    profile = scan_piece(0, b"".join(line(second) for second in seconds), loose=False)
    assert profile.width == width
    assert profile.series["bucket"].n_unique() <= profile_caps.MOST_BUCKETS
    assert profile.series["count"].sum() == len(seconds)
    assert profile.total_width == 1


def test_buckets_are_numbered_from_the_epoch():
    profile = Profile.merge([scan_piece(0, b"".join(line(second) for second in range(513)), loose=False)])
    start = int(dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp())
    assert profile.series["bucket"].to_list() == list(range(start // 5, start // 5 + 103))
    assert profile.series["count"].to_list() == [5] * 102 + [3]


def test_buckets_before_the_epoch_are_rounded_down(monkeypatch):
    monkeypatch.setattr(profile_caps, "MOST_BUCKETS", 1)
    times, bounds = np.array([-3_000_000, -4_000_001], np.int64), np.array([0, 1, 2], np.int64)
    chunk = Chunk(source=0, data=np.frombuffer(b"ab", np.uint8), bounds=bounds)
    profile = scan(chunk, READERS[True], search=Search(floods=FLOODS), times=times).profile
    assert (profile.width, profile.series["bucket"].to_list()) == (5, [-1, -1])
    assert sorted(profile.totals["bucket"].to_list()) == [-5, -3]


def test_a_finer_profile_is_coarsened_when_it_is_merged():
    fine = scan_piece(0, line(3) + line(4) + line(5), loose=False)
    coarse = scan_piece(1, b"".join(line(second) for second in range(513)), loose=False)
    merged = Profile.merge([fine, coarse])
    assert (fine.width, merged.width) == (1, 5)
    assert merged.series.filter(pl.col("source") == 0)["count"].to_list() == [2, 1]


def test_buckets_of_shapes_that_were_dropped_count_for_the_width(monkeypatch):
    monkeypatch.setattr(profile_caps, "MOST_SHAPES", 1)
    monkeypatch.setattr(profile_caps, "MOST_BUCKETS", 4)
    texts = [b"".join(line(second + k, message) for k in range(3)) for second, message in ((0, "x"), (3, "y"))]
    one, two = (scan_piece(number, text, loose=False) for number, text in enumerate(texts))
    many = scan_piece(2, line(0, "x") + line(0, "y"), loose=False)
    assert_same(Profile.merge([Profile.merge([one, many]), two]), Profile.merge([one, Profile.merge([many, two])]))
    assert Profile.merge([one, two]).width == 5


def test_each_width_divides_the_next():
    assert all(wider % width == 0 for width, wider in itertools.pairwise(WIDTHS))


def test_the_sample_and_component_are_those_of_the_first_record():
    texts = [line(9, "[b] took 1 ms"), line(0, "[c] took 2 ms"), line(5, "[a] took 3 ms")]
    pieces = [scan_piece(0, text, loose=False, first_line=i, offset=i * len(text)) for i, text in enumerate(texts)]
    merged = Profile.merge([pieces[2], pieces[1], pieces[0]])
    row = merged.shapes.row(0, named=True)
    first = merged.components.filter(pl.col("component") == row["component"])
    assert (row["sample"], first["name"].to_list()) == (b"took 1 ms", [b"b"])


def test_the_places_of_extremes_are_the_first_in_the_order_of_sources():
    texts = ["[a] n 5", "[a] n 9", "[a] n 5"]
    pieces = [scan_piece(2 - i, line(0) + line(i, text), loose=False) for i, text in enumerate(texts)]
    row = Profile.merge(pieces).slots.row(0, named=True)
    assert (row["low"], row["high"], row["numbers"]) == (5.0, 9.0, 3)
    assert (unplace(row["low_line"]), unplace(row["high_line"])) == ((0, 1), (1, 1))
    assert unplace(row["low_offset"]) == (0, len(line(0)))


def test_a_profile_with_one_source_left_has_only_its_counts():
    one, two = scan_piece(0, line(0) * 9, loose=False), scan_piece(1, line(0, "[x] 1") * 8, loose=False)
    part = Profile.merge([one, two]).only([1])
    for name in TABLES:
        if name not in {"slots", "bins", "sessions", "session_ids", "session_keys"}:
            assert_frame_equal(getattr(part, name), getattr(two, name))
    assert part.floods.table().rows() == two.floods.table().rows() != []


def test_nothing_cannot_be_merged():
    with pytest.raises(ValueError, match="no profiles to merge"):
        Profile.merge([])


def test_profiles_with_different_flood_settings_cannot_be_merged():
    with pytest.raises(ValueError, match="different rolling-window settings"):
        Profile.merge([Profile.empty(floods=FLOODS), Profile.empty(floods=FloodSettings())])


@given(st.integers(0, 2**19 - 1), st.integers(0, 2**44 - 1))
def test_a_place_is_one_number_and_back(source, position):
    assert unplace(place(source, position)) == (source, position)


@given(st.lists(st.tuples(st.integers(0, 2**19 - 1), st.integers(0, 2**44 - 1))))
def test_places_are_in_the_order_of_sources_then_positions(places):
    assert [unplace(number) for number in sorted(place(*pair) for pair in places)] == sorted(places)
