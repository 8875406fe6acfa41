import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.scan.bins import BINS, BINS_PER_OCTAVE, SMALLEST, ZERO_BIN, bin_start
from loganomaly.scan.shapes import read_shapes
from loganomaly.scan.survey import Occurrences, slot_rows, survey

NUMBERS = st.decimals(min_value=-(10**10), max_value=10**10, allow_nan=False, places=6)


def bin_of(text):
    data = np.frombuffer(text.encode(), np.uint8)
    _, *slots, _, _ = read_shapes(data, np.zeros(1, np.int64), np.array([len(data)]), np.zeros(1, np.int64))
    kinds, times, limits = np.zeros(1, np.int32), np.zeros(1, np.int64), np.zeros(1, np.uint64)
    rows = slot_rows(slots[0], kinds, 1)
    [[slot], [number], [count]] = survey(
        Occurrences(*slots), kinds=kinds, rows=rows, times=times, limits=limits
    ).bins.tolist()
    assert (slot, count) == (0, 1)
    return int(number)


@pytest.mark.parametrize(
    ("number", "bin_"),
    [
        ("0", ZERO_BIN),
        ("0.0000000001", ZERO_BIN),
        ("1", ZERO_BIN + SMALLEST * BINS_PER_OCTAVE),
        ("2", ZERO_BIN + (SMALLEST + 1) * BINS_PER_OCTAVE),
        ("-2", ZERO_BIN - (SMALLEST + 1) * BINS_PER_OCTAVE),
        ("3", ZERO_BIN + (SMALLEST + 1) * BINS_PER_OCTAVE + 4),  # log2(3) = 1.58
    ],
)
def test_a_number_lies_in_its_bin(number, bin_):
    assert bin_of(number) == bin_


@given(NUMBERS)
def test_the_bin_is_that_of_the_definition(number):
    size = abs(float(number))
    octave = math.floor(math.log2(size)) if size >= 2.0**-SMALLEST else -SMALLEST
    octave += (size >= 2.0 ** (octave + 1)) - (size < 2.0**octave)  # where the logarithm was rounded
    step = (octave + SMALLEST) * BINS_PER_OCTAVE + math.floor((size / 2.0**octave - 1) * BINS_PER_OCTAVE)
    step = 0 if size < 2.0**-SMALLEST else step
    assert bin_of(f"{number:f}") == ZERO_BIN + math.copysign(step, number)


@given(NUMBERS)
def test_a_number_is_between_the_start_of_its_bin_and_that_of_the_next_one(number):
    value, bin_ = float(number), bin_of(f"{number:f}")
    outward = 1 if value > 0 else -1
    assert abs(bin_start(bin_)) <= abs(value) * (1 + 1e-12)
    assert abs(value) <= abs(bin_start(bin_ + outward)) * (1 + 1e-12)
    assert bin_start(bin_) * value >= 0


@given(st.lists(NUMBERS, min_size=2, max_size=8))
def test_bins_are_in_the_order_of_their_numbers(numbers):
    bins = [bin_of(f"{number:f}") for number in sorted(numbers)]
    assert bins == sorted(bins)


def test_the_largest_number_has_a_bin_of_its_own_size():
    largest = "9" * 18
    assert bin_start(bin_of(largest)) == pytest.approx(1e18, rel=0.1)
    assert bin_start(bin_of("-" + largest)) == pytest.approx(-1e18, rel=0.1)
    assert 0 <= bin_of("-" + largest) < bin_of(largest) < BINS
