"""Walks over the values of one slot after the other: their extremes, their sketch, codes, smallest values. Compiled.

The records of a kind have the same slots. Taken kind by kind and slot by slot, what is known of a slot fits into the
processor's nearest memory, and a sketch is an array with a place for each bin.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.mining.tokens import MOST_SLOTS
from loganomaly.profile_caps import MOST_CODES, MOST_VALUES
from loganomaly.scan.bins import BINS, BINS_PER_OCTAVE, SMALLEST, ZERO_BIN
from loganomaly.scan.codes import CODE_COLUMNS, CODE_TABLE, count_codes
from loganomaly.scan.counting import begins_by_number
from loganomaly.scan.values import ENTRY, FIRST_ROW, VALUE_COLUMNS, keep_smallest, table_size

__all__ = ["Occurrences", "Survey", "slot_rows", "survey"]

# The bits of a float from here on are its octave and, below that, its place in it: see `loganomaly.scan.bins`.
_BIN_SHIFT = 52 - (BINS_PER_OCTAVE.bit_length() - 1)
_FIRST_BIN = (1023 - SMALLEST) * BINS_PER_OCTAVE
_BLOCK = 32  # records whose values fit into the nearest memory
_SIGN = 0x7FFFFFFFFFFFFFFF


class Occurrences(NamedTuple):
    """The values of many records, as `read_shapes` returns them: each record's first, hashes, numbers."""

    first: NDArray[np.int64]
    values: NDArray[np.uint64]
    numbers: NDArray[np.float64]


class Survey(NamedTuple):
    """What the values in slots are, one row per slot of each kind, as `slot_rows` numbers them.

    Attributes
    ----------
    lowest, highest : uint64
        Smallest and largest hash of a value: equal where the slot never varies.
    numbers : int64
        How many values are numbers.
    low, high : float64
        Smallest and largest number; infinite where there is none.
    low_row, high_row : int64
        Records where these occur first, or -1.
    many : bool
        Whether the slot takes more than MOST_CODES numbers, or any that is not whole.
    bins : (3, how many)
        The sketch of the numbers: slots, bins, counts.
    codes : (7, how many)
        The numbers of the slots that do not take many, as `count_codes` writes them.
    values : (8, how many)
        Of the values that are no numbers the MOST_VALUES of each slot with the smallest hashes, as `keep_smallest`
        writes them.
    """

    lowest: NDArray[np.uint64]
    highest: NDArray[np.uint64]
    numbers: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    low_row: NDArray[np.int64]
    high_row: NDArray[np.int64]
    many: NDArray[np.bool_]
    bins: NDArray[np.int64]
    codes: NDArray[np.int64]
    values: NDArray[np.int64]


@njit(nogil=True, cache=True)
def slot_rows(first: Any, kinds: Any, count: Any) -> Any:
    """Return the row of each kind's first slot, and how many there are: int64 array (count + 1,).

    Parameters
    ----------
    first
        Each record's first value.
    kinds
        Kind of each record, 0 <= kind < count. Records of one kind have equally many slots; should hashes ever collide,
        no slot of another kind is touched.
    """
    slots = np.full(count, MOST_SLOTS, np.int64)
    for row in range(len(kinds)):
        slots[kinds[row]] = min(slots[kinds[row]], first[row + 1] - first[row])
    rows = np.zeros(count + 1, np.int64)
    for kind in range(count):
        rows[kind + 1] = rows[kind] + slots[kind]
    return rows


@njit(nogil=True, cache=True)
def _by_kind(kinds: Any, count: Any) -> Any:
    """Return the records in the order of their kinds, and where each kind begins among them."""
    begins = begins_by_number(kinds, count)
    order, used = np.empty(len(kinds), np.int64), begins.copy()
    for row in range(len(kinds)):
        order[used[kinds[row]]] = row
        used[kinds[row]] += 1
    return order, begins


@borrowing
def _bin(bits: Any) -> Any:
    """Return the bin of the number with these bits, see `loganomaly.scan.bins`."""
    step: Any = ((bits & _SIGN) >> _BIN_SHIFT) - _FIRST_BIN
    if step < 0:
        return ZERO_BIN
    step = min(max(step, 1), ZERO_BIN - 1)
    return ZERO_BIN + step if bits >= 0 else ZERO_BIN - step


@borrowing
def _take_own(first: Any, values: Any, numbers: Any, rows: Any, slots: Any, own_values: Any, own_numbers: Any) -> None:
    """Write the values of the first slot of some records, in their order, then those of the second, and so on."""
    for begin in range(0, len(rows), _BLOCK):
        end = min(begin + _BLOCK, len(rows))
        for slot in range(slots):
            place = slot * len(rows)
            for k in range(begin, end):
                at = first[rows[k]] + slot
                own_values[place + k], own_numbers[place + k] = values[at], numbers[at]


@njit(nogil=True, cache=True)
def _survey(
    first: Any,
    values: Any,
    numbers: Any,
    kinds: Any,
    rows: Any,
    times: Any,
    limits: Any,
    most_codes: Any,
    most_values: Any,
) -> Any:
    """Return the fields of `Survey`."""
    total = rows[len(rows) - 1]
    order, begins = _by_kind(kinds, len(rows) - 1)
    most = 0
    for kind in range(len(rows) - 1):
        most = max(most, begins[kind + 1] - begins[kind])
    lowest, highest = np.empty(total, np.uint64), np.empty(total, np.uint64)
    counts, many = np.empty(total, np.int64), np.zeros(total, np.bool_)
    low, high = np.empty(total, np.float64), np.empty(total, np.float64)
    low_row, high_row = np.empty(total, np.int64), np.empty(total, np.int64)
    # As large as can be needed; memory that is not written to is not taken.
    bins, codes = np.empty((len(values), 3), np.int64), np.empty((len(values), CODE_COLUMNS), np.int64)
    smallest = np.empty((len(values), VALUE_COLUMNS), np.int64)
    used_bins = used_codes = used_values = 0
    # Of one kind: its values, slot by slot, so that each record's are fetched from memory once. Of one slot: which of
    # these are numbers, and which are not.
    own_values, own_numbers = np.empty(len(values), np.uint64), np.empty(len(values), np.float64)
    of_numbers, of_values = np.empty(most, np.int64), np.empty(most, np.int64)
    sketch, code_table = np.zeros(BINS, np.int64), np.empty(CODE_TABLE, np.int64)
    value_table = np.empty(table_size(most), np.int64)
    for kind in range(len(rows) - 1):
        own_rows = order[begins[kind] : begins[kind + 1]]
        _take_own(first, values, numbers, own_rows, rows[kind + 1] - rows[kind], own_values, own_numbers)
        for slot in range(rows[kind], rows[kind + 1]):
            place = (slot - rows[kind]) * len(own_rows)
            slot_values = own_values[place : place + len(own_rows)]
            slot_numbers = own_numbers[place : place + len(own_rows)]
            slot_bits = slot_numbers.view(np.int64)
            numeric = others = 0
            least, largest = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
            lower, upper, lower_row, upper_row = np.inf, -np.inf, -1, -1
            first_bin = used_bins
            for k in range(len(own_rows)):
                value, number = slot_values[k], slot_numbers[k]
                least, largest = min(least, value), max(largest, value)
                if np.isnan(number):
                    if value <= limits[slot]:
                        of_values[others] = k
                        others += 1
                    continue
                of_numbers[numeric] = k
                numeric += 1
                if number < lower:
                    lower, lower_row = number, own_rows[k]
                if number > upper:
                    upper, upper_row = number, own_rows[k]
                place = _bin(slot_bits[k])
                if sketch[place] == 0:
                    bins[used_bins, 0], bins[used_bins, 1] = slot, place
                    used_bins += 1
                sketch[place] += 1
            for k in range(first_bin, used_bins):
                bins[k, 2] = sketch[bins[k, 1]]
                sketch[bins[k, 1]] = 0
            lowest[slot], highest[slot], counts[slot] = least, largest, numeric
            low[slot], high[slot], low_row[slot], high_row[slot] = lower, upper, lower_row, upper_row
            if numeric > 0:
                found = count_codes(
                    slot, slot_numbers, own_rows, of_numbers, numeric, times, most_codes, code_table, codes, used_codes
                )
                many[slot] = found < 0
                used_codes = max(found, used_codes)
            if others > 0:
                known = used_values
                used_values = keep_smallest(
                    slot, slot_values, own_rows, of_values, others, times, most_values, value_table, smallest, known
                )
                for k in range(known, used_values):
                    smallest[k, ENTRY] = first[smallest[k, FIRST_ROW]] + slot - rows[kind]
    return (
        *(lowest, highest, counts, low, high, low_row, high_row, many),
        *(bins[:used_bins].T.copy(), codes[:used_codes].T.copy(), smallest[:used_values].T.copy()),
    )


def survey(
    given: Occurrences,
    *,
    kinds: NDArray[np.int32],
    rows: NDArray[np.int64],
    times: NDArray[np.int64],
    limits: NDArray[np.uint64],
) -> Survey:
    """Survey the values of records.

    Parameters
    ----------
    kinds
        Kind of each record, from 0 on.
    rows
        As `slot_rows` returns them.
    times
        Time of each record, or NO_TIME.
    limits
        Of each slot the largest hash of a value that is of use.
    """
    return Survey(*_survey(*given, kinds, rows, times, limits, MOST_CODES, MOST_VALUES))
