from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.reading.program import NO_TIME
from loganomaly.scan.counting import count_pairs


def pairs(ids, times, width):
    return {
        (id_, bucket): count
        for id_, bucket, count in zip(
            *(array.tolist() for array in count_pairs(np.array(ids, np.int32), np.array(times, np.int64), width)),
            strict=True,
        )
    }


def oracle_pairs(ids, times, width):
    return Counter((i, t // width) for i, t in zip(ids, times, strict=True) if i >= 0 and t != NO_TIME)


def test_rows_are_counted_by_id_and_bucket():
    times = [0, 999_999, 1_000_000, 5_000_000, NO_TIME, -1, 0]
    assert pairs([4, 4, 4, 7, 4, 4, -1], times, 1_000_000) == {(4, 0): 2, (4, 1): 1, (7, 5): 1, (4, -1): 1}


@pytest.mark.parametrize("times", [[], [NO_TIME, NO_TIME]])
def test_rows_without_a_time_are_not_counted(times):
    assert pairs([0] * len(times), times, 1_000_000) == {}


def test_thousands_of_pairs_are_counted():
    rng = np.random.default_rng(3)
    ids, times = rng.integers(-1, 50, 30_000).tolist(), rng.integers(0, 10**9, 30_000).tolist()
    assert pairs(ids, times, 1_000_000) == oracle_pairs(ids, times, 1_000_000)


def test_times_that_are_millennia_apart_are_counted():
    times = [-62_135_596_800_000_000, 1_700_000_000_000_000, 253_402_300_799_000_000]  # of the years 1, 2023, 9999
    assert pairs([1, 2, 1], times, 1_000_000) == oracle_pairs([1, 2, 1], times, 1_000_000)


@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.just(NO_TIME) | st.integers(-(10**8), 10**8) | st.integers(0, 10**15)),
        max_size=40,
    ),
    st.sampled_from([1_000_000, 60_000_000]),
)
def test_counts_of_pairs_are_those_of_a_counter(rows, width):
    ids, times = [row[0] for row in rows], [row[1] for row in rows]
    assert pairs(ids, times, width) == oracle_pairs(ids, times, width)
