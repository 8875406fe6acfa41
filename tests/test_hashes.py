import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.scan.hashes import hash_spans, intern
from messages import lay_out


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=10))
def test_spans_have_one_hash_where_their_bytes_are_the_same(texts):
    data, starts, ends = lay_out(texts)
    hashes = hash_spans(data, starts, ends)
    assert [[a == b for b in hashes] for a in hashes] == [[a == b for b in texts] for a in texts]
    assert 0 not in hashes


def test_a_span_that_is_not_there_has_hash_0():
    data, starts, ends = lay_out([b"app", b"app"])
    starts[0] = ends[0] = -1
    hashes = hash_spans(data, starts, ends)
    assert hashes[0] == 0
    assert hashes[1] != 0


def check_intern(hashes):
    ids, distinct, first = intern(np.array(hashes, np.uint64))
    first_row: dict[int, int] = {}
    for row, value in enumerate(hashes):
        first_row.setdefault(value, row)
    assert distinct.tolist() == list(first_row)
    assert first.tolist() == list(first_row.values())
    assert distinct[ids].tolist() == hashes
    assert (ids.dtype, distinct.dtype, first.dtype) == (np.int32, np.uint64, np.int64)


@pytest.mark.parametrize("hashes", [[], [7], [7, 7, 9, 7, 9], [4096, 8192, 0xFFFFFFFFFFFFFFFF, 4096]])
def test_distinct_hashes_are_numbered_in_the_order_of_their_first_row(hashes):
    check_intern(hashes)


@pytest.mark.parametrize("hashes", [[0, 0], [5, 0, 5, 0], [0, *range(1, 3000), 0]])
def test_hash_0_is_numbered_as_any_other(hashes):
    check_intern(hashes)


def test_thousands_of_distinct_hashes_are_numbered():
    rng = np.random.default_rng(5)
    hashes = rng.integers(1, 1 << 63, 20_000, np.uint64)
    check_intern(rng.choice(hashes, 60_000).tolist())


def test_hashes_that_fall_on_one_place_of_the_table_are_told_apart():
    check_intern([(number << 40) + 9 for number in range(1, 300)] * 2)


@given(st.lists(st.integers(1, 40) | st.integers(1, (1 << 64) - 1), max_size=200))
def test_interning_is_that_of_a_dictionary(hashes):
    check_intern(hashes)
