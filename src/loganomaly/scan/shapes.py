"""Reduces messages to their shapes, and reads the values in their slots. Compiled; no Python per line."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.mining.tokens import LONGEST_MESSAGE, MOST_SLOTS, POWERS, byte_classes, goes_on_to, read_token
from loganomaly.reading.words import last_word
from loganomaly.scan.hashes import scatter, text_hash, word_hash
from loganomaly.scan.room import Room

__all__ = ["Alike", "Shapes", "read_shapes"]

_CLASSES = byte_classes()
_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SLOT = np.uint64(0x2545F4914F6CDD1D)
_ONE = np.uint64(1)
_ZEROS = np.uint64(0x3030303030303030)
_TEN_IS_TOO_MUCH = np.uint64(0x7676767676767676)
_SEVEN_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH_BITS = np.uint64(0x8080808080808080)


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


def read_shapes(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    seeds: NDArray[Any],
    alike: Alike | None = None,
    *,
    room: Room | None = None,
) -> Shapes:
    """Hash the shape of each message data[starts[i]:ends[i]], and read the values in its slots.

    Messages have one shape if they have the same delimiters, the same words, slots in the same places with the same
    units, and the same seed.

    Parameters
    ----------
    alike
        Which messages stand in texts that differ in digits alone: of all but the first the slots are known.
    room
        Where `values`, `numbers` and `places` are written to; they are good until it is lent again.
    """
    room = room or Room()
    # As large as can be needed; memory that is not written to is not taken. Made here, for numpy takes large pages.
    size = int((np.minimum(ends - starts, LONGEST_MESSAGE) // 2 + 1).sum())
    values, numbers = room.array("values", size, np.uint64), room.array("numbers", size, np.float64)
    places = room.array("places", size, np.int64)
    begins, moulds, count = alike or (np.zeros(0, np.int64), np.zeros(0, np.int32), 0)
    stops = room.array("stops", size if count else 0, np.int64)
    out = (values, numbers, places, stops)
    hashes, first, cut = _read_shapes(data, starts, ends, seeds, begins, moulds, count, *out)
    return Shapes(hashes, first, values[: first[-1]], numbers[: first[-1]], places[: first[-1]], cut)


@njit(nogil=True, cache=True)
def _read_shapes(
    data: Any,
    starts: Any,
    ends: Any,
    seeds: Any,
    begins: Any,
    moulds: Any,
    count: Any,
    values: Any,
    numbers: Any,
    places: Any,
    stops: Any,
) -> Any:
    """Write the values of slots, and return the other fields of `Shapes`."""
    hashes, first = np.empty(len(starts), np.uint64), np.zeros(len(starts) + 1, np.int64)
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
                            values[slot] = text_hash(data, start, i)
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
    return hashes, first, cut


@borrowing
def _value(data: Any, start: Any, end: Any, is_number: Any) -> Any:
    """Return the hash of a token of a known form, and its number, or NaN."""
    if end - start <= 8:
        word = last_word(data, start, end)
        value = word_hash(word, end - start)
        if not is_number:
            return value, np.nan
        digits = (word ^ _ZEROS) << np.uint64(64 - 8 * (end - start))  # zeros stand before the first
        if not ((digits & _SEVEN_BITS) + _TEN_IS_TOO_MUCH | digits) & _HIGH_BITS:
            return value, np.float64(_number_of(digits))
    else:
        value = text_hash(data, start, end)
        if not is_number:
            return value, np.nan
    number = np.int64(0)
    point: Any = np.int64(-1)
    last = start
    for i in range(start, end):
        byte = data[i]
        if 48 <= byte <= 57:
            number = number * 10 + np.int64(byte - 48)
            last = i
        elif byte == 46:
            point = i
    told = np.float64(number)
    if point >= 0:
        told /= POWERS[last - point]
    return value, -told if data[start] == 45 else told


@borrowing
def _number_of(digits: Any) -> Any:
    """Return the number of eight digits, the first one lowest: of two, four and eight of them at a time."""
    pairs = (digits * np.uint64(2561)) >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(6553601)) >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)
    return (fours * np.uint64(42949672960001)) >> np.uint64(32)
