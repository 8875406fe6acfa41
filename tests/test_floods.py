import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.floods import FEWEST_ROWS, Floods, FloodSettings, Rows, flooded_rows
from loganomaly.reading.program import NO_TIME

SMALL = FloodSettings(window_size=6, repetition_threshold=0.6)
SHAPES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, 1, 2, 5, 12])), max_size=14).map(
    lambda runs: [shape for shape, length in runs for _ in range(length)]
)
THRESHOLDS = st.sampled_from([0.05, 0.3, 0.5, 0.75, 1.0])


def brute_flooded(shapes, *, window, fewest):
    flooded = [False] * len(shapes)
    for start in range(len(shapes) - window + 1):
        counts = Counter(shapes[start : start + window])
        for row in range(start, start + window):
            flooded[row] |= counts[shapes[row]] >= fewest
    return flooded


def brute_table(shapes, lines, configured):
    """Return (shape, first line, last line, records) of the floods of one source, in the order of the table."""
    window = configured.window_size
    if FEWEST_ROWS <= len(shapes) < window:
        window = len(shapes)
    flooded = brute_flooded(shapes, window=window, fewest=configured.fewest(window))
    by_shape = defaultdict(list)
    for shape, line, is_flooded in zip(shapes, lines, flooded, strict=True):
        if is_flooded:
            by_shape[shape].append(line)
    floods = []
    for shape in sorted(by_shape):
        run = []
        for line in by_shape[shape]:
            if run and line - run[-1] >= configured.window_size:
                floods.append((shape, run[0], run[-1], len(run)))
                run = []
            run.append(line)
        floods.append((shape, run[0], run[-1], len(run)))
    return floods


def chunk(shapes, lines, *, configured, first_line, end_line, source=0):
    lines = np.array(lines, np.int64)
    values = np.array(shapes, np.uint64)
    _, ids = np.unique(values, return_inverse=True)
    rows = Rows(values, lines, lines * 10, lines * 1000, np.zeros(len(values), bool))
    return Floods.of_chunk(
        rows, ids=ids.astype(np.int32), source=source, first_line=first_line, end_line=end_line, settings=configured
    )


def cut(shapes, lines, end, *, configured, cuts, source=0):
    """Return the floods of each piece; `cuts` are numbers of records."""
    borders = [0, *sorted({min(place, len(shapes)) for place in cuts}), len(shapes)]
    starts = [0, *(lines[b] if b < len(lines) else end for b in borders[1:-1]), end]
    return [
        chunk(shapes[a:b], lines[a:b], configured=configured, first_line=x, end_line=y, source=source)
        for (a, b), (x, y) in zip(itertools.pairwise(borders), itertools.pairwise(starts), strict=True)
    ]


def whole(shapes, *, configured):
    return chunk(shapes, range(len(shapes)), configured=configured, first_line=0, end_line=len(shapes))


def rows_of(floods):
    return floods.table().select("shape", "first_line", "last_line", "records").rows()


def test_rows_of_a_dominant_shape_are_flooded():
    shapes = np.array([0, 1, 1, 0, 1, 2, 2, 0], np.int32)
    # The windows of four rows with three of shape 1 are rows 1-4 alone.
    assert np.flatnonzero(flooded_rows(shapes, 3, 4, 3)).tolist() == [1, 2, 4]


def test_fewer_rows_than_a_window_are_not_flooded():
    assert not flooded_rows(np.zeros(3, np.int32), 1, 4, 1).any()
    assert flooded_rows(np.zeros(4, np.int32), 1, 4, 4).all()
    assert len(flooded_rows(np.zeros(0, np.int32), 1, 4, 1)) == 0


@given(SHAPES, st.integers(1, 12), THRESHOLDS)
def test_flooded_rows_are_those_of_the_definition(shapes, window, threshold):
    fewest = FloodSettings(window_size=window, repetition_threshold=threshold).fewest(window)
    found = flooded_rows(np.array(shapes, np.int32), 4, window, fewest)
    assert found.tolist() == brute_flooded(shapes, window=window, fewest=fewest)


@given(SHAPES, st.integers(1, 12), st.permutations(range(4)))
def test_flooded_rows_do_not_depend_on_the_numbers_of_shapes(shapes, window, names):
    fewest = max(1, window * 2 // 3)
    renamed = np.array([names[shape] for shape in shapes], np.int32)
    expected = flooded_rows(np.array(shapes, np.int32), 4, window, fewest)
    assert flooded_rows(renamed, 4, window, fewest).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("threshold", "rows", "fewest"), [(0.75, 1000, 750), (0.7, 10, 7), (1.0, 7, 7), (0.75, 21, 16), (0.001, 20, 1)]
)
def test_the_threshold_is_a_share_of_the_rows(threshold, rows, fewest):
    assert FloodSettings(repetition_threshold=threshold).fewest(rows) == fewest


def test_a_flood_is_described():
    rows = Rows(
        np.array([5, 7, 7, 5, 7, 7], np.uint64),
        np.array([0, 1, 3, 4, 5, 6]),
        np.array([0, 10, 20, 30, 40, 50]),
        np.array([1, NO_TIME, 3, 4, 6, 5]),
        np.zeros(6, bool),
    )
    floods = Floods.of_chunk(
        rows,
        ids=np.array([0, 1, 1, 0, 1, 1], np.int32),
        source=4,
        first_line=0,
        end_line=7,
        settings=FloodSettings(window_size=4),
    )
    assert floods.table().rows(named=True) == [
        {
            "source": 4, "shape": 7, "first_line": 1, "last_line": 6, "first_offset": 10, "records": 4,
            "first_time": 3, "last_time": 6,
        }
    ]  # fmt: skip


def test_two_floods_of_one_shape_far_apart_stay_two():
    shapes = [1] * 8 + list(range(10, 30)) + [1] * 7
    assert rows_of(whole(shapes, configured=SMALL)) == [(1, 0, 7, 8), (1, 28, 34, 7)]


def test_two_floods_of_one_shape_less_than_a_window_apart_are_one():
    shapes = [1] * 8 + [10, 11, 12, 13] + [1] * 7
    assert rows_of(whole(shapes, configured=SMALL)) == [(1, 0, 18, 15)]


def test_shapes_that_take_turns_are_two_floods():
    floods = whole([1, 2] * 10, configured=FloodSettings(window_size=6, repetition_threshold=0.5))
    assert rows_of(floods) == [(1, 0, 18, 10), (2, 1, 19, 10)]


def test_at_threshold_1_one_other_row_ends_a_flood():
    configured = FloodSettings(window_size=4, repetition_threshold=1.0)
    assert rows_of(whole([1] * 4 + [2] + [1] * 3, configured=configured)) == [(1, 0, 3, 4)]


def test_at_a_small_threshold_every_row_is_flooded():
    configured = FloodSettings(window_size=5, repetition_threshold=0.01)
    floods = whole(list(range(30)), configured=configured)
    assert rows_of(floods) == [(shape, shape, shape, 1) for shape in range(30)]


@pytest.mark.parametrize(("rows", "expected"), [(FEWEST_ROWS, [(3, 0, FEWEST_ROWS - 1, FEWEST_ROWS)]), (19, [])])
def test_a_source_with_fewer_rows_than_a_window_is_one_window(rows, expected):
    assert rows_of(whole([3] * rows, configured=FloodSettings())) == expected


def test_a_short_source_is_one_window_only_when_it_is_whole():
    pieces = cut([3] * 15 + [4] * 15, range(30), 30, configured=FloodSettings(), cuts=[15])
    assert rows_of(Floods.merge(pieces)) == []


def test_a_flood_that_crosses_a_seam_is_found():
    shapes = [9, 8, 7, 1, 1, 1, 1, 1, 6, 5, 4]
    pieces = cut(shapes, range(11), 11, configured=SMALL, cuts=[5])
    assert [rows_of(piece) for piece in pieces] == [[], []]
    assert rows_of(Floods.merge(pieces)) == rows_of(whole(shapes, configured=SMALL)) == [(1, 3, 7, 5)]


def test_pieces_of_different_sources_are_not_joined():
    left = chunk([1] * 5, range(5), configured=SMALL, first_line=0, end_line=5, source=0)
    right = chunk([1] * 5, range(5, 10), configured=SMALL, first_line=5, end_line=10, source=1)
    assert rows_of(Floods.merge([left, right])) == []


def test_no_floods_are_found_where_that_is_switched_off():
    off = FloodSettings(window_size=6, enabled=False)
    assert rows_of(Floods.merge([whole([1] * 50, configured=off), Floods(settings=off)])) == []


def test_floods_with_different_settings_are_not_merged():
    with pytest.raises(ValueError, match="different rolling-window settings"):
        Floods.merge([Floods(settings=SMALL), Floods(settings=FloodSettings())])


def test_only_keeps_the_floods_of_some_sources():
    one = chunk([1] * 8, range(8), configured=SMALL, first_line=0, end_line=8, source=0)
    two = chunk([2] * 8, range(8), configured=SMALL, first_line=0, end_line=8, source=1)
    assert Floods.merge([one, two]).only([1]).table().rows() == two.table().rows()


@settings(max_examples=100)
@given(
    SHAPES,
    st.builds(FloodSettings, window_size=st.integers(1, 30), repetition_threshold=THRESHOLDS),
    st.lists(st.integers(0, 60), max_size=5),
    st.lists(st.integers(1, 3), min_size=200, max_size=200),
    st.data(),
)
def test_floods_of_pieces_are_those_of_the_definition(shapes, configured, cuts, steps, data):
    borders = list(itertools.accumulate(steps[: len(shapes)], initial=0))
    lines, end = borders[:-1], borders[-1]
    pieces = data.draw(st.permutations(cut(shapes, lines, end, configured=configured, cuts=cuts)))
    merged = Floods(settings=configured)
    for piece in pieces:
        merged = Floods.merge([piece, merged])
    assert rows_of(merged) == brute_table(shapes, lines, configured)
    assert merged.table().equals(Floods.merge(pieces).table())
    assert sum(piece.count for piece in merged.pieces) == len(shapes)
