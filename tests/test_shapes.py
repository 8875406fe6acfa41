import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.mining.tokens import LONGEST_MESSAGE
from loganomaly.scan.shapes import read_shapes
from messages import MESSAGES, lay_out, oracle_shape


def hashes_of(messages, *, seeds=None):
    seeds = np.zeros(len(messages), np.int64) if seeds is None else np.array(seeds, np.int64)
    hashes, *_, cut = read_shapes(*lay_out(messages), seeds)
    return hashes, cut


def shape_of(message):
    return hashes_of([message])[0][0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"took 12ms", b"took 900ms"),
        (b"took 12 ms", b"took -3.5 ms"),
        (b"open /etc/passwd", b"open /tmp"),
        (b"mail to ada@example", b"mail to bob@there"),
        (b"run abc1", b"run 77"),
        (b"", b""),
        (b"\xff\xfe 1", b"\xff\xfe 2"),
    ],
)
def test_messages_with_other_values_have_one_shape(one, other):
    assert shape_of(one) == shape_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"took 900ms", b"took 2s"),
        (b"took 900", b"took 900ms"),
        (b"user in", b"user out"),
        (b"user in", b"User in"),
        (b"a=1", b"a:1"),
        (b"a 1", b"1 a"),
        (b"a 1 2", b"a 1"),
        (b"a  1", b"a 1"),
        (b"a", b"a "),
        (b"", b" "),
        (b"ab", b"a b"),
        (b"caf\xc3\xa9", b"caf\xc3\xa8"),
    ],
)
def test_messages_with_other_words_delimiters_or_units_have_other_shapes(one, other):
    assert shape_of(one) != shape_of(other)


def test_the_seed_makes_shapes_differ():
    hashes, _ = hashes_of([b"GET /a", b"GET /b", b"GET /c"], seeds=[200, 200, 500])
    assert hashes[0] == hashes[1] != hashes[2]


def test_what_is_beyond_the_longest_message_is_not_looked_at_and_counted():
    long = b"word " * (LONGEST_MESSAGE // 5) + b"w" * (LONGEST_MESSAGE % 5)
    assert len(long) == LONGEST_MESSAGE
    hashes, cut = hashes_of([long, long + b" one", long + b" two more", b"short"])
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]
    assert cut == 2


@given(st.lists(MESSAGES, min_size=1, max_size=12))
def test_shapes_are_equal_where_those_of_the_regular_expression_are(messages):
    hashes, cut = hashes_of(messages)
    assert cut == 0
    assert 0 not in hashes
    shapes = [oracle_shape(message) for message in messages]
    assert [[a == b for b in hashes] for a in hashes] == [[a == b for b in shapes] for a in shapes]


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=8))
def test_a_shape_is_told_by_the_message_alone(messages):
    together, _ = hashes_of(messages)
    assert together.tolist() == [shape_of(message) for message in messages]


def test_the_values_in_slots_are_read():
    messages = [b"took 12ms from h1", b"ready", b"h1 or -3.5"]
    _, first, values, numbers, *_ = read_shapes(*lay_out(messages), np.zeros(3, np.int64))
    assert first.tolist() == [0, 2, 2, 4]
    assert np.nan_to_num(numbers, nan=99).tolist() == [12.0, 99.0, 99.0, -3.5]
    assert values[1] == values[2]
    assert len(set(values.tolist())) == 3
