"""Splits one message into tokens, as the scan does with all of them."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loganomaly.mining.tokens import LONGEST_MESSAGE, byte_classes, goes_on_to, read_token

__all__ = ["Tokens", "tokenise"]

_CLASSES = byte_classes()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a message: `texts`, which of them are `slots`, and the `gaps` before, between and after them."""

    texts: tuple[str, ...]
    slots: tuple[bool, ...]
    gaps: tuple[str, ...]


@njit(nogil=True, cache=True)
def _token_bounds(
    data: "NDArray[np.uint8]",
) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
    starts, ends = np.empty(len(data), np.int64), np.empty(len(data), np.int64)
    kinds = np.empty(len(data), np.int64)
    count, i, end = 0, 0, len(data)
    while i < end:
        start, held, known = i, np.uint8(0), i
        while i < end:
            kind = _CLASSES[data[i]]
            if kind >= 4 and i >= known:
                if kind == 4:
                    break
                known = goes_on_to(data, i, start, 0, end)
                if known == i:
                    break
            held |= kind
            i += 1
        if i > start:
            starts[count], ends[count], kinds[count] = start, i, read_token(data, start, i, held)[0]
            count += 1
        i += 1
    return starts[:count], ends[:count], kinds[:count]


def tokenise(message: bytes) -> Tokens:
    """Split a message as the scan kernel does.

    Examples
    --------
    >>> tokenise(b"took 12 ms").texts
    ('took', '12', 'ms')
    """
    message = message[:LONGEST_MESSAGE]
    starts, ends, kinds = (array.tolist() for array in _token_bounds(np.frombuffer(message, np.uint8)))
    text = [message[s:e].decode("utf-8", errors="replace") for s, e in zip(starts, ends, strict=True)]
    borders = [0, *(x for pair in zip(starts, ends, strict=True) for x in pair), len(message)]
    gaps = [message[borders[i] : borders[i + 1]].decode() for i in range(0, len(borders), 2)]
    return Tokens(tuple(text), tuple(kind > 0 for kind in kinds), tuple(gaps))
