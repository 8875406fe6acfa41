"""Rows with equal keys: their numbers, their order, and what becomes of their other columns."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.merging import add, first_of, highest, lowest, number_in_order, number_rows
from loganomaly.profile_tables import blank, merge_table

KEY = st.integers(0, 3) | st.sampled_from([2047, 2048, 1 << 22, 1 << 63, (1 << 64) - 1]) | st.integers(0, (1 << 64) - 1)
KEYS = st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[KEY] * width), min_size=1, max_size=40))


def keys_of(rows):
    return np.array(rows, np.uint64).reshape(len(rows), -1)


def test_rows_are_numbered_by_their_keys_in_the_order_in_which_these_come():
    ids, first = number_rows(keys_of([(7, 1), (7, 2), (7, 1), (8, 1), (7, 2)]))
    assert ids.tolist() == [0, 1, 0, 2, 1]
    assert first.tolist() == [0, 1, 3]


def test_numbers_in_order_go_by_the_first_key_then_by_the_next():
    ids, first = number_in_order(keys_of([(2, 1), (1, 9), (2, 0), (1, 9)]))
    assert (ids.tolist(), first.tolist()) == ([2, 0, 1, 0], [1, 2, 0])


def test_no_rows_have_no_numbers_and_no_order():
    none = np.zeros((0, 2), np.uint64)
    for number in (number_rows, number_in_order):
        assert [len(found) for found in number(none)] == [0, 0]


@settings(deadline=None)  # the first call compiles
@given(KEYS)
def test_numbers_are_those_of_a_dictionary(rows):
    known: dict[tuple[int, ...], int] = {}
    expected = [known.setdefault(row, len(known)) for row in rows]
    ids, first = number_rows(keys_of(rows))
    assert ids.tolist() == expected
    assert [rows[at] for at in first.tolist()] == list(known)


def test_tens_of_thousands_of_rows_are_numbered():
    rng = np.random.default_rng(4)
    rows = rng.integers(0, 200, (60_000, 2)).astype(np.uint64)
    ids, first = number_rows(rows)
    assert len(first) == len({tuple(row) for row in rows.tolist()})
    assert (rows[first][ids] == rows).all()


@settings(deadline=None, max_examples=300)
@given(KEYS, st.integers(0, 40))
def test_numbers_in_order_are_those_of_sorted(rows, known):
    rows = [*sorted(set(rows[:known])), *rows[known:]]
    ids, first = number_in_order(keys_of(rows))
    expected = sorted(set(rows))
    assert ids.tolist() == [expected.index(row) for row in rows]
    assert first.tolist() == [rows.index(row) for row in expected]


def test_tens_of_thousands_of_rows_are_in_order():
    rng = np.random.default_rng(5)
    rows = rng.integers(0, 1 << 63, (60_000, 2)).astype(np.uint64)
    rows = np.concatenate([np.unique(rows[:30_000], axis=0), rows[20_000:]])
    ids, first = number_in_order(rows)
    expected, expected_first, expected_ids = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    assert (rows[first] == expected).all()
    assert (first == expected_first).all()
    assert (ids == expected_ids.reshape(-1)).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9), KEY, KEY), min_size=1, max_size=40))
def test_columns_are_reduced_as_in_plain_python(rows):
    ids, first = number_rows(keys_of([(row[0],) for row in rows]))
    values = np.array([row[1] for row in rows], np.int64)
    groups = [[at for at in range(len(rows)) if ids[at] == number] for number in range(len(first))]
    assert add(values, ids, len(first)).tolist() == [sum(rows[at][1] for at in group) for group in groups]
    assert lowest(values, ids, first).tolist() == [min(rows[at][1] for at in group) for group in groups]
    assert highest(values, ids, first).tolist() == [max(rows[at][1] for at in group) for group in groups]
    picked = first_of(keys_of([row[2:] for row in rows]), ids, first).tolist()
    assert picked == [min(group, key=lambda at: rows[at][2:]) for group in groups]


NUMBER = st.none() | st.floats(-1e300, 1e300) | st.sampled_from([0.0, -0.0, -0.5, math.inf, -math.inf])


def slots_of(numbers):
    given_rows = [
        {"shape": 5, "slot": 0, "records": 1, "lowest": 3, "highest": 9, "numbers": int(number is not None), "many": 0}
        | dict.fromkeys(("low", "high"), number)
        | dict.fromkeys(("low_line", "low_offset", "high_line", "high_offset"), None if number is None else at)
        for at, number in enumerate(numbers)
    ]
    schema = blank("slots").schema
    return [pl.DataFrame([row], schema=schema) for row in given_rows]


@settings(deadline=None)
@given(st.lists(NUMBER, min_size=1, max_size=8))
def test_the_extremes_of_numbers_are_kept_with_their_first_places(numbers):
    row = merge_table("slots", slots_of(numbers)).row(0, named=True)
    known = [number for number in numbers if number is not None]
    low, high = min(known, default=None), max(known, default=None)
    assert (row["low"], row["high"], row["records"]) == (low, high, len(numbers))
    assert row["low_line"] == (numbers.index(low) if known else None)
    assert row["high_offset"] == (numbers.index(high) if known else None)


@pytest.mark.parametrize("turned", [False, True])
def test_of_texts_the_one_that_comes_first_in_the_log_is_kept_whatever_the_order(turned):
    schema = blank("session_keys").schema
    rows = [(1, "b", 20), (1, "a", 20), (1, None, 10), (2, None, 5), (1, "c", 30)]
    pieces = [pl.DataFrame([row], schema=schema, orient="row") for row in rows]
    assert merge_table("session_keys", pieces[::-1] if turned else pieces).rows() == [(1, None, 10), (2, None, 5)]


def test_unknown_times_are_neither_first_nor_last():
    schema = blank("codes").schema
    rows = [(1, 0, 7, 1, None, None, 4, 40, 4), (1, 0, 7, 2, 50, 60, 2, 20, 2), (1, 0, 7, 1, 30, 90, 3, 30, 3)]
    pieces = [pl.DataFrame([row], schema=schema, orient="row") for row in rows]
    assert merge_table("codes", pieces).rows() == [(1, 0, 7, 4, 30, 90, 2, 20, 4)]
    assert merge_table("codes", pieces[:1]).rows() == rows[:1]
