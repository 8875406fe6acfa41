import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.mining.tokens import DELIMITERS, LONGEST_MESSAGE, MOST_SLOTS
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.bins import BINS
from loganomaly.scan.shapes import count_pairs, hash_spans, intern, read_shapes, summarise_slots

SIGN = rb"[" + re.escape(DELIMITERS) + rb"]"
# A dot is a delimiter at the end of a token and beside another dot.
DELIMITER = re.compile(rb"(" + SIGN + rb"|\.(?=" + SIGN + rb"|\.|\Z)|(?<=\.)\.)")
DATE_WORD = re.compile(rb"Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
UNIT = rb"%|ns|us|ms|s|m|h|d|min|sec|b|k|kb|mb|gb|tb|kib|mib|gib|"
NUMERIC = re.compile(rb"(?i)([+-]?(?=[0-9.]{1,18}(?![0-9.]))[0-9]+(?:\.[0-9]+)?)(" + UNIT + rb")")

MESSAGES = st.lists(
    st.one_of(
        st.sampled_from([" ", "=", ":", "[", "]", ", ", "<"]),
        st.sampled_from(["took", "user", "café", "Took", "-", "/", "/tmp", "/tmp/x", "a@b", "@b"]),
        st.sampled_from(
            [
                "12",
                "-3",
                "4.5",
                "12ms",
                "900ms",
                "2s",
                "7%",
                "x7",
                "10.0.0.7",
                "1.",
                "0x1f",
                "Jan",
                "Sun",
                "sun",
                ".",
                "..",
                ".a",
            ]
        ),
    ),
    max_size=9,
).map(lambda parts: "".join(parts).encode())


def lay_out(messages):
    """Return the bytes of messages with something between them, and where each stands."""
    starts = np.cumsum([3, *(len(message) + 3 for message in messages)], dtype=np.int64)[:-1]
    data = b"9x " + b"z1@".join(messages) + b"z1@"
    return np.frombuffer(data, np.uint8), starts, starts + np.array([len(m) for m in messages], np.int64)


def hashes_of(messages, *, seeds=None):
    seeds = np.zeros(len(messages), np.int64) if seeds is None else np.array(seeds, np.int64)
    hashes, *_, cut = read_shapes(*lay_out(messages), seeds)
    return hashes, cut


def shape_of(message):
    return hashes_of([message])[0][0]


def is_slot(token):
    path_or_address = re.fullmatch(rb"/.+|[^@].*@.*[^@]", token, re.DOTALL)
    return bool(re.search(rb"[0-9]", token) or path_or_address or DATE_WORD.fullmatch(token))


def oracle_shape(message):
    parts = []
    for part in DELIMITER.split(message[:LONGEST_MESSAGE]):
        if is_slot(part):
            number = NUMERIC.fullmatch(part)
            parts.append(("slot", number[2].lower() if number else b""))
        elif part:
            parts.append(("text", part))
    return tuple(parts)


def slot_values(message):
    return [token for token in DELIMITER.split(message[:LONGEST_MESSAGE]) if is_slot(token)]


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


def summarise(messages, *, ids=None):
    _, *slots, _, _ = read_shapes(*lay_out(messages), np.zeros(len(messages), np.int64))
    ids = [0] * len(messages) if ids is None else ids
    names = [
        *("first", "lowest", "highest", "numbers", "low", "high", "low_row", "high_row"),
        *("bins", "bin_counts"),
    ]
    shapes = max(ids, default=-1) + 1
    return dict(zip(names, summarise_slots(*slots, np.array(ids, np.int32), shapes), strict=True))


def test_the_values_in_slots_are_read():
    messages = [b"took 12ms from h1", b"ready", b"h1 or -3.5"]
    _, first, values, numbers, *_ = read_shapes(*lay_out(messages), np.zeros(3, np.int64))
    assert first.tolist() == [0, 2, 2, 4]
    assert np.nan_to_num(numbers, nan=99).tolist() == [12.0, 99.0, 99.0, -3.5]
    assert values[1] == values[2]
    assert len(set(values.tolist())) == 3


def test_the_values_of_each_slot_are_summarised():
    # Shape 0 has the slots duration and host; shape 1 has one.
    found = summarise([b"12ms from h1", b"code -7", b"900ms from h1", b"5ms from h1", b"code 3"], ids=[0, 1, 0, 0, 1])
    assert found["first"].tolist() == [0, 2, 3]
    assert found["numbers"].tolist() == [3, 0, 2]
    assert found["low"].tolist() == [5.0, np.inf, -7.0]
    assert found["high"].tolist() == [900.0, -np.inf, 3.0]
    assert found["low_row"].tolist() == [3, -1, 1]
    assert found["high_row"].tolist() == [2, -1, 4]
    assert (found["lowest"] == found["highest"]).tolist() == [False, True, False]
    assert Counter((found["bins"] // BINS).tolist()) == {0: 3, 2: 2}
    assert found["bin_counts"].sum() == 5


def test_the_rows_of_extremes_are_those_of_their_first_occurrence():
    found = summarise([b"n 5", b"n 9", b"n 5", b"n 9"])
    assert (found["low_row"].tolist(), found["high_row"].tolist()) == ([0], [1])


def test_no_more_slots_are_summarised_than_the_most():
    message = b" ".join(b"%d" % number for number in range(MOST_SLOTS + 10))
    found = summarise([message, message])
    assert found["first"].tolist() == [0, MOST_SLOTS]
    assert found["high"].tolist() == list(range(MOST_SLOTS))
    assert found["numbers"].tolist() == [2] * MOST_SLOTS


def test_messages_without_slots_have_no_row():
    found = summarise([b"ready", b"", b"n 1"], ids=[0, 1, 2])
    assert found["first"].tolist() == [0, 0, 0, 1]


def test_slots_beyond_the_longest_message_are_not_summarised():
    long = b"word " * (LONGEST_MESSAGE // 5) + b"w" * (LONGEST_MESSAGE % 5)
    assert summarise([long + b" 77"])["first"].tolist() == [0, 0]


def test_thousands_of_bins_are_counted():
    rng = np.random.default_rng(11)
    values = np.exp(rng.uniform(-15, 25, (5_000, 6)))
    found = summarise([" ".join(f"{value:.6f}" for value in row).encode() for row in values])
    assert len(found["bins"]) == len(set(found["bins"].tolist())) > 2_000
    assert found["bin_counts"].sum() == values.size


@settings(max_examples=80)
@given(st.lists(MESSAGES, min_size=1, max_size=12))
def test_summaries_are_those_of_plain_python(messages):
    ids = [sorted(set(map(oracle_shape, messages))).index(shape) for shape in map(oracle_shape, messages)]
    found = summarise(messages, ids=ids)
    first = found["first"].tolist()
    for shape in set(ids):
        rows = [row for row, id_ in enumerate(ids) if id_ == shape]
        columns = list(zip(*(slot_values(messages[row]) for row in rows), strict=True))
        assert first[shape + 1] - first[shape] == len(columns)
        for place, column in enumerate(columns, start=first[shape]):
            matches = [NUMERIC.fullmatch(value) for value in column]
            numbers = [float(match[1]) for match in matches if match]
            assert (found["lowest"][place] == found["highest"][place]) == (len(set(column)) == 1)
            assert found["numbers"][place] == len(numbers)
            assert found["low"][place] == min(numbers, default=np.inf)
            assert found["high"][place] == max(numbers, default=-np.inf)
            in_bins = found["bin_counts"][found["bins"] // BINS == place].sum()
            assert in_bins == len(numbers)
