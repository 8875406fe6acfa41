"""Reduces messages to their shapes, and reads the values in their slots. Compiled; no Python per line."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import njit
from loganomaly.mining.tokens import LONGEST_MESSAGE, MOST_SLOTS, POWERS, byte_classes, goes_on_to, read_token
from loganomaly.scan.hashes import FNV_OFFSET, FNV_PRIME, scatter

__all__ = ["Alike", "Shapes", "read_shapes"]

_CLASSES = byte_classes()
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
        shape = FNV_OFFSET ^ (np.uint64(seeds[row]) * _MIX)
        last_slot = slot + MOST_SLOTS
        while i < end:
            token, held, start = FNV_OFFSET, np.uint8(0), i
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
                token = (token ^ np.uint64(byte)) * FNV_PRIME
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
                shape = (shape ^ part) * FNV_PRIME
                shape ^= shape >> np.uint64(29)
            if i < end:
                shape = (shape ^ np.uint64(data[i])) * FNV_PRIME
                i += 1
        shape = scatter(shape)
        hashes[row] = shape if shape != 0 else _ONE
        first[row + 1] = slot
    return hashes, first, values[:slot].copy(), numbers[:slot].copy(), places[:slot].copy(), cut


@njit(nogil=True, cache=True)
def _value(data: Any, start: Any, end: Any, is_number: Any) -> Any:
    """Return the hash of a token of a known form, and its number, or NaN."""
    token, digits = FNV_OFFSET, np.int64(0)
    point: Any = np.int64(-1)
    last = start
    if not is_number:
        for i in range(start, end):
            token = (token ^ np.uint64(data[i])) * FNV_PRIME
        return scatter(token), np.nan
    for i in range(start, end):
        byte = data[i]
        token = (token ^ np.uint64(byte)) * FNV_PRIME
        if 48 <= byte <= 57:
            digits = digits * 10 + np.int64(byte - 48)
            last = i
        elif byte == 46:
            point = i
    number = np.float64(digits)
    if point >= 0:
        number /= POWERS[last - point]
    return scatter(token), -number if data[start] == 45 else number
