"""What is said of the values in slots: extremes, sketches, codes and the smallest values."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.mining.tokens import LONGEST_MESSAGE, MOST_SLOTS
from loganomaly.profile_caps import MOST_CODES, MOST_VALUES
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.shapes import read_shapes
from loganomaly.scan.survey import Occurrences, slot_rows, survey
from messages import MESSAGES, NUMERIC, lay_out, oracle_shape, slot_values

EVERYTHING = 0xFFFFFFFFFFFFFFFF


def summarise(messages, *, ids=None, times=None, limits=None):
    """Return where the slots of each kind begin, and what is said of them."""
    _, *slots, _, _ = read_shapes(*lay_out(messages), np.zeros(len(messages), np.int64))
    kinds = np.array([0] * len(messages) if ids is None else ids, np.int32)
    rows = slot_rows(slots[0], kinds, int(kinds.max(initial=-1)) + 1)
    times = np.full(len(messages), NO_TIME) if times is None else np.array(times, np.int64)
    limits = np.full(rows[-1], EVERYTHING, np.uint64) if limits is None else np.array(limits, np.uint64)
    return rows.tolist(), survey(Occurrences(*slots), kinds=kinds, rows=rows, times=times, limits=limits)


def test_the_values_of_each_slot_are_summarised():
    # Kind 0 has the slots duration and host; kind 1 has one.
    rows, found = summarise(
        [b"12ms from h1", b"code -7", b"900ms from h1", b"5ms from h1", b"code 3"], ids=[0, 1, 0, 0, 1]
    )
    assert rows == [0, 2, 3]
    assert found.numbers.tolist() == [3, 0, 2]
    assert found.low.tolist() == [5.0, np.inf, -7.0]
    assert found.high.tolist() == [900.0, -np.inf, 3.0]
    assert found.low_row.tolist() == [3, -1, 1]
    assert found.high_row.tolist() == [2, -1, 4]
    assert (found.lowest == found.highest).tolist() == [False, True, False]
    assert Counter(found.bins[0].tolist()) == {0: 3, 2: 2}
    assert found.bins[2].sum() == 5
    assert found.codes[:3].T.tolist() == [[0, 12, 1], [0, 900, 1], [0, 5, 1], [2, -7, 1], [2, 3, 1]]
    assert found.values[[0, 2, 3, 4]].T.tolist() == [[1, 3, 0, 3]]


def test_the_rows_of_extremes_are_those_of_their_first_occurrence():
    _, found = summarise([b"n 5", b"n 9", b"n 5", b"n 9"])
    assert (found.low_row.tolist(), found.high_row.tolist()) == ([0], [1])


def test_no_more_slots_are_summarised_than_the_most():
    message = b" ".join(b"%d" % number for number in range(MOST_SLOTS + 10))
    rows, found = summarise([message, message])
    assert rows == [0, MOST_SLOTS]
    assert found.high.tolist() == list(range(MOST_SLOTS))
    assert found.numbers.tolist() == [2] * MOST_SLOTS


def test_messages_without_slots_have_no_row():
    rows, _ = summarise([b"ready", b"", b"n 1"], ids=[0, 1, 2])
    assert rows == [0, 0, 0, 1]


def test_of_no_messages_nothing_is_said():
    rows, found = summarise([])
    assert rows == [0]
    assert [column.size for column in found] == [0] * len(found)


def test_slots_beyond_the_longest_message_are_not_summarised():
    long = b"word " * (LONGEST_MESSAGE // 5) + b"w" * (LONGEST_MESSAGE % 5)
    assert summarise([long + b" 77"])[0] == [0, 0]


def test_thousands_of_bins_are_counted():
    rng = np.random.default_rng(11)
    values = np.exp(rng.uniform(-15, 25, (5_000, 6)))
    _, found = summarise([" ".join(f"{value:.6f}" for value in row).encode() for row in values])
    places = list(zip(*found.bins[:2].tolist(), strict=True))
    assert len(places) == len(set(places)) > 1_000
    assert found.bins[2].sum() == values.size


def test_values_above_the_limit_of_their_slot_are_left_out():
    messages = [b"x%d from h%d" % (i, i) for i in range(20)]
    _, all_of_them = summarise(messages)
    first = np.sort(all_of_them.values[1][all_of_them.values[0] == 0].view(np.uint64))
    _, found = summarise(messages, limits=[first[7], EVERYTHING])
    assert Counter(found.values[0].tolist()) == {0: 8, 1: 20}
    assert set(found.values[1][:8].view(np.uint64).tolist()) == set(first[:8].tolist())


def extents(rows, times):
    timed = [times[row] for row in rows if times[row] != NO_TIME]
    return len(rows), min(rows), max(rows), min(timed, default=NO_TIME), max(timed, default=NO_TIME)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(-3, 3) | st.integers(0, 10**6) | st.just(2.5),
            st.integers(0, 5) | st.integers(0, 10**4),
            st.integers(0, 99) | st.just(NO_TIME),
        ),
        max_size=300,
    )
)
@settings(max_examples=60, deadline=None)
def test_codes_and_the_smallest_values_are_those_of_plain_python(records):
    ids, times = [record[0] for record in records], [record[3] for record in records]
    messages = [f"n {number} v{word}".encode() for _, number, word, _ in records]
    rows, found = summarise(messages, ids=ids, times=times)
    _, first, hashes, *_ = read_shapes(*lay_out(messages), np.zeros(len(messages), np.int64))
    codes, values, bins = set(), set(), Counter()
    for kind in set(ids):
        own = [row for row in range(len(records)) if ids[row] == kind]
        of_number, of_word = {}, {}
        for row in own:
            of_number.setdefault(records[row][1], []).append(row)
            of_word.setdefault(int(hashes[first[row] + 1]), []).append(row)
        whole = all(number == int(number) for number in of_number)
        if whole and len(of_number) <= MOST_CODES:
            codes |= {(rows[kind], number, *extents(places, times)) for number, places in of_number.items()}
        assert found.many[rows[kind]] == (not whole or len(of_number) > MOST_CODES)
        values |= {
            (rows[kind] + 1, value, *extents(of_word[value], times), int(first[min(of_word[value])]) + 1)
            for value in sorted(of_word)[:MOST_VALUES]
        }
        bins[rows[kind]] += len(own)
    assert sorted(zip(*found.codes.tolist(), strict=True)) == sorted(codes)
    found_values = found.values.tolist()
    found_values[1] = found.values[1].view(np.uint64).tolist()
    assert sorted(zip(*found_values, strict=True)) == sorted(values)
    counted = Counter()
    for slot, _, count in zip(*found.bins.tolist(), strict=True):
        counted[slot] += count
    assert counted == bins


@settings(max_examples=80)
@given(st.lists(MESSAGES, min_size=1, max_size=12))
def test_summaries_are_those_of_plain_python(messages):
    ids = [sorted(set(map(oracle_shape, messages))).index(shape) for shape in map(oracle_shape, messages)]
    first, found = summarise(messages, ids=ids)
    for shape in set(ids):
        rows = [row for row, id_ in enumerate(ids) if id_ == shape]
        columns = list(zip(*(slot_values(messages[row]) for row in rows), strict=True))
        assert first[shape + 1] - first[shape] == len(columns)
        for place, column in enumerate(columns, start=first[shape]):
            matches = [NUMERIC.fullmatch(value) for value in column]
            numbers = [float(match[1]) for match in matches if match]
            assert (found.lowest[place] == found.highest[place]) == (len(set(column)) == 1)
            assert found.numbers[place] == len(numbers)
            assert found.low[place] == min(numbers, default=np.inf)
            assert found.high[place] == max(numbers, default=-np.inf)
            assert found.bins[2][found.bins[0] == place].sum() == len(numbers)
