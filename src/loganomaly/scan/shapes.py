"""Reduces the records of a chunk to shapes and counts. Compiled; no Python per line."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import njit
from loganomaly.mining.tokens import LONGEST_MESSAGE, MOST_SLOTS, POWERS, byte_classes, goes_on_to, read_token
from loganomaly.reading.program import NO_TIME
from loganomaly.scan.bins import BINS, BINS_PER_OCTAVE, SMALLEST, ZERO_BIN

__all__ = [
    "Alike",
    "Shapes",
    "count_pairs",
    "hash_spans",
    "intern",
    "ranges",
    "read_shapes",
    "scatter",
    "summarise_slots",
]

_CLASSES = byte_classes()
_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SLOT = np.uint64(0x2545F4914F6CDD1D)
_ONE = np.uint64(1)


class Alike(NamedTuple):
    """Of each message the first byte of the text that it stands in and the mould of that text; of how many moulds."""

    begins: NDArray[np.int64]
    moulds: NDArray[np.int32]
    known: int


class Shapes(NamedTuple):
    """What `read_shapes` finds in messages.

    Attributes
    ----------
    hashes : (messages,)
        Of each message; never 0.
    first : (messages + 1,)
        Each message's first slot in the following arrays; of a message, MOST_SLOTS at most are there.
    values
        Hash of each slot's text.
    numbers
        Each slot's number, or NaN where it is none.
    places
        First byte of each slot's text.
    cut
        How many messages were longer than LONGEST_MESSAGE.
    """

    hashes: NDArray[np.uint64]
    first: NDArray[np.int64]
    values: NDArray[np.uint64]
    numbers: NDArray[np.float64]
    places: NDArray[np.int64]
    cut: int


@njit(nogil=True, cache=True)
def scatter(value: Any) -> Any:
    """Spread the bits of a hash (finaliser of MurmurHash3)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


def read_shapes(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    seeds: NDArray[Any],
    alike: Alike | None = None,
) -> Shapes:
    """Hash the shape of each message data[starts[i]:ends[i]], and read the values in its slots.

    Messages have one shape if they have the same delimiters, the same words, slots in the same places with the same
    units, and the same seed.

    Parameters
    ----------
    alike
        Which messages stand in texts that differ in digits alone: of all but the first the slots are known.
    """
    begins, moulds, count = alike or (np.zeros(0, np.int64), np.zeros(0, np.int32), 0)
    return Shapes(*_read_shapes(data, starts, ends, seeds, begins, moulds, count))


@njit(nogil=True, cache=True)
def _read_shapes(data: Any, starts: Any, ends: Any, seeds: Any, begins: Any, moulds: Any, count: Any) -> Any:
    """Return the fields of `Shapes`."""
    size = 0
    for row in range(len(starts)):
        size += min(ends[row] - starts[row], LONGEST_MESSAGE) // 2 + 1
    hashes, first = np.empty(len(starts), np.uint64), np.zeros(len(starts) + 1, np.int64)
    # As large as can be needed; memory that is not written to is not taken.
    values, numbers, places = np.empty(size, np.uint64), np.empty(size, np.float64), np.empty(size, np.int64)
    stops = np.empty(size if count > 0 else 0, np.int64)
    models = np.full(count, -1, np.int64)
    cut, slot = 0, 0
    for row in range(len(starts)):
        i, end = starts[row], ends[row]
        if end - i > LONGEST_MESSAGE:
            end = i + LONGEST_MESSAGE
            cut += 1
        if count > 0:
            model = models[moulds[row]]
            if model < 0:
                models[moulds[row]] = row
            elif (
                starts[model] - begins[model] == i - begins[row]
                and ends[model] - starts[model] == ends[row] - i
                and seeds[model] == seeds[row]
            ):
                hashes[row] = hashes[model]
                shift = i - starts[model]
                for known in range(first[model], first[model + 1]):
                    start = places[known] + shift
                    values[slot], numbers[slot] = _value(
                        data, start, stops[known] + shift, not np.isnan(numbers[known])
                    )
                    places[slot] = start
                    slot += 1
                first[row + 1] = slot
                continue
        shape = _FNV_OFFSET ^ (np.uint64(seeds[row]) * _MIX)
        last_slot = slot + MOST_SLOTS
        while i < end:
            token, held, start = _FNV_OFFSET, np.uint8(0), i
            known = i  # up to there the token goes on, whatever the bytes
            while i < end:
                byte = data[i]
                kind = _CLASSES[byte]
                if kind >= 4 and i >= known:
                    if kind == 4:
                        break
                    known = goes_on_to(data, i, start, starts[row], end)
                    if known == i:
                        break
                held |= kind
                token = (token ^ np.uint64(byte)) * _FNV_PRIME
                i += 1
            if i > start:
                part = token
                if held & 3 or data[start] == 47 or i - start == 3:
                    what, unit, number = read_token(data, start, i, held)
                    if what > 0:
                        part = _SLOT + np.uint64(unit)
                        if slot < last_slot:
                            values[slot] = scatter(token)
                            numbers[slot] = number
                            places[slot] = start
                            if count > 0:
                                stops[slot] = i
                            slot += 1
                shape = (shape ^ part) * _FNV_PRIME
                shape ^= shape >> np.uint64(29)
            if i < end:
                shape = (shape ^ np.uint64(data[i])) * _FNV_PRIME
                i += 1
        shape = scatter(shape)
        hashes[row] = shape if shape != 0 else _ONE
        first[row + 1] = slot
    return hashes, first, values[:slot].copy(), numbers[:slot].copy(), places[:slot].copy(), cut


@njit(nogil=True, cache=True)
def _value(data: Any, start: Any, end: Any, is_number: Any) -> Any:
    """Return the hash of a token of a known form, and its number, or NaN."""
    token, digits = _FNV_OFFSET, np.int64(0)
    point: Any = np.int64(-1)
    last = start
    if not is_number:
        for i in range(start, end):
            token = (token ^ np.uint64(data[i])) * _FNV_PRIME
        return scatter(token), np.nan
    for i in range(start, end):
        byte = data[i]
        token = (token ^ np.uint64(byte)) * _FNV_PRIME
        if 48 <= byte <= 57:
            digits = digits * 10 + np.int64(byte - 48)
            last = i
        elif byte == 46:
            point = i
    number = np.float64(digits)
    if point >= 0:
        number /= POWERS[last - point]
    return scatter(token), -number if data[start] == 45 else number


@njit(nogil=True, cache=True)
def hash_spans(data: Any, starts: Any, ends: Any) -> Any:
    """Hash the bytes data[starts[i]:ends[i]]; 0 where starts[i] is negative. Returns a uint64 array."""
    hashes = np.zeros(len(starts), np.uint64)
    for row in range(len(starts)):
        if starts[row] < 0:
            continue
        value = _FNV_OFFSET
        for i in range(starts[row], ends[row]):
            value = (value ^ np.uint64(data[i])) * _FNV_PRIME
        value = scatter(value)
        hashes[row] = value if value != 0 else _ONE
    return hashes


@njit(nogil=True, cache=True)
def intern(hashes: Any) -> Any:
    """Give the distinct hashes numbers, in the order of their first row.

    Returns
    -------
    ids : int32 array
        Number of each row's hash.
    distinct : uint64 array
        The hash of each number.
    first : int64 array
        Row where each number occurs first.
    """
    size = 1 << 12
    keys, numbers = np.zeros(size, np.uint64), np.empty(size, np.int32)
    ids = np.empty(len(hashes), np.int32)
    distinct, first = np.empty(len(hashes), np.uint64), np.empty(len(hashes), np.int64)
    count, zero = 0, -1
    for row in range(len(hashes)):
        value = hashes[row]
        if value == 0:  # stands for an empty place in the table, so it has no place there
            if zero < 0:
                zero = count
                distinct[count], first[count] = value, row
                count += 1
            ids[row] = zero
            continue
        slot = np.int64(value & np.uint64(size - 1))
        while keys[slot] != 0 and keys[slot] != value:
            slot = (slot + 1) & (size - 1)
        if keys[slot] == 0:
            keys[slot] = value
            numbers[slot] = count
            distinct[count], first[count] = value, row
            count += 1
            if count * 2 > size:
                size *= 4
                keys, numbers = np.zeros(size, np.uint64), np.empty(size, np.int32)
                for number in range(count):
                    if number == zero:
                        continue
                    place = np.int64(distinct[number] & np.uint64(size - 1))
                    while keys[place] != 0:
                        place = (place + 1) & (size - 1)
                    keys[place], numbers[place] = distinct[number], number
            ids[row] = count - 1
        else:
            ids[row] = numbers[slot]
    return ids, distinct[:count].copy(), first[:count].copy()


@njit(nogil=True, cache=True)
def _bump(keys: Any, counts: Any, used: Any, key: Any, by: Any) -> Any:
    """Add `by` to the count of `key` (> 0) in an open-addressing table that has room; return how many are used."""
    mask = len(keys) - 1
    slot = np.int64(scatter(np.uint64(key)) & np.uint64(mask))
    while keys[slot] != 0:
        if keys[slot] == key:
            counts[slot] += by
            return used
        slot = (slot + 1) & mask
    keys[slot], counts[slot] = key, by
    return used + 1


@njit(nogil=True, cache=True)
def _grown(keys: Any, counts: Any) -> Any:
    bigger, totals = np.zeros(len(keys) * 4, np.int64), np.zeros(len(keys) * 4, np.int64)
    used = 0
    for slot in range(len(keys)):
        if keys[slot] != 0:
            used = _bump(bigger, totals, used, keys[slot], counts[slot])
    return bigger, totals


@njit(nogil=True, cache=True)
def _entries(keys: Any, counts: Any, used: Any) -> Any:
    out_keys, out_counts = np.empty(used, np.int64), np.empty(used, np.int64)
    n = 0
    for slot in range(len(keys)):
        if keys[slot] != 0:
            out_keys[n], out_counts[n] = keys[slot] - 1, counts[slot]
            n += 1
    return out_keys, out_counts


@njit(nogil=True, cache=True)
def count_pairs(ids: Any, times: Any, width: Any) -> Any:
    """Count the rows of each (id, bucket of `width` microseconds); rows without a time or with id < 0 are left out.

    Returns
    -------
    ids, buckets, counts : int64 arrays
        One entry per pair that occurs, in no order. A bucket is its number, not its start.
    """
    lowest = np.int64(0x7FFFFFFFFFFFFFFF)
    for row in range(len(times)):
        if times[row] != NO_TIME and times[row] < lowest:
            lowest = times[row]
    base = lowest // width
    keys, counts, used = np.zeros(1 << 12, np.int64), np.zeros(1 << 12, np.int64), 0
    for row in range(len(times)):
        if times[row] == NO_TIME or ids[row] < 0:
            continue
        # 24 bits of id and 39 bits of bucket: at one second, all years of four digits.
        key = (np.int64(ids[row]) << 39) + (times[row] // width - base) + 1
        used = _bump(keys, counts, used, key, 1)
        if used * 2 > len(keys):
            keys, counts = _grown(keys, counts)
    entries, totals = _entries(keys, counts, used)
    return entries >> 39, (entries & 0x7FFFFFFFFF) + base, totals


@njit(nogil=True, cache=True)
def ranges(ids: Any, times: Any, count: Any) -> Any:
    """Return the smallest and the largest time of each id, NO_TIME where there is none; 0 <= id < count."""
    low, high = np.full(count, NO_TIME), np.full(count, NO_TIME)
    for row in range(len(ids)):
        time = times[row]
        if time == NO_TIME:
            continue
        number = ids[row]
        if low[number] == NO_TIME or time < low[number]:
            low[number] = time
        high[number] = max(high[number], time)
    return low, high


@njit(nogil=True, cache=True)
def _number_bin(value: Any) -> Any:
    """Return the bin of a number, see loganomaly.scan.bins."""
    size = abs(value)
    if size < 2.0**-SMALLEST:
        return ZERO_BIN
    fraction, exponent = math.frexp(size)  # size = fraction * 2 ** exponent, 0.5 <= fraction < 1
    octave = np.int64(exponent - 1 + SMALLEST)
    step: Any = octave * BINS_PER_OCTAVE + np.int64((2.0 * fraction - 1.0) * BINS_PER_OCTAVE)
    step = min(max(step, 1), ZERO_BIN - 1)
    return ZERO_BIN + step if value > 0 else ZERO_BIN - step


@njit(nogil=True, cache=True)
def summarise_slots(first: Any, values: Any, numbers: Any, ids: Any, shapes: Any) -> Any:
    """Summarise the values in each slot of each shape.

    Parameters
    ----------
    first, values, numbers : arrays
        As `read_shapes` returns them.
    ids : int32 array
        Shape of each message, 0 <= id < shapes.

    Returns
    -------
    first : int64 array (shapes + 1,)
        Row of each shape's first slot in the following arrays.
    lowest, highest : uint64 arrays
        Smallest and largest hash of a value: equal where the slot never varies.
    counts : int64 array
        How many values are numbers.
    low, high : float64 arrays
        Smallest and largest number.
    low_row, high_row : int64 arrays
        Messages where these occur first.
    bins, bin_counts : int64 arrays
        Sketch of the numbers: slot row * BINS + bin, and the count.
    """
    # Messages of one shape have equally many slots; should hashes ever collide, no slot of another shape is touched.
    slots = np.full(shapes, MOST_SLOTS, np.int64)
    for row in range(len(ids)):
        slots[ids[row]] = min(slots[ids[row]], first[row + 1] - first[row])
    base = np.zeros(shapes + 1, np.int64)
    for shape in range(shapes):
        base[shape + 1] = base[shape] + slots[shape]
    total = base[shapes]
    lowest, highest = np.full(total, 0xFFFFFFFFFFFFFFFF, np.uint64), np.zeros(total, np.uint64)
    counts = np.zeros(total, np.int64)
    low, high = np.full(total, np.inf), np.full(total, -np.inf)
    low_row, high_row = np.full(total, -1, np.int64), np.full(total, -1, np.int64)
    keys, sizes, used = np.zeros(1 << 12, np.int64), np.zeros(1 << 12, np.int64), 0
    for row in range(len(ids)):
        shift = base[ids[row]] - first[row]
        for at in range(first[row], first[row] + slots[ids[row]]):
            slot, value, number = at + shift, values[at], numbers[at]
            lowest[slot], highest[slot] = min(lowest[slot], value), max(highest[slot], value)
            if not np.isnan(number):
                counts[slot] += 1
                if number < low[slot]:
                    low[slot], low_row[slot] = number, row
                if number > high[slot]:
                    high[slot], high_row[slot] = number, row
                used = _bump(keys, sizes, used, slot * BINS + _number_bin(number) + 1, 1)
                if used * 2 > len(keys):
                    keys, sizes = _grown(keys, sizes)
    bins, bin_counts = _entries(keys, sizes, used)
    return base, lowest, highest, counts, low, high, low_row, high_row, bins, bin_counts
