"""Splits messages into tokens, as the scan does with all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import njit
from loganomaly.mining.tokens import LONGEST_MESSAGE, read_token, token_end

__all__ = ["Tokens", "tokenise", "tokenise_all"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a message: `texts`, which of them are `slots`, and the `gaps` before, between and after them."""

    texts: tuple[str, ...]
    slots: tuple[bool, ...]
    gaps: tuple[str, ...]

    def message(self) -> str:
        """Return the message, as far as it was looked at."""
        return self.gaps[0] + "".join(text + gap for text, gap in zip(self.texts, self.gaps[1:], strict=True))

    def borders(self) -> list[int]:
        """Return the position in the message of each token's first and after its last character, in turn."""
        borders, position = [], 0
        for gap, text in zip(self.gaps, self.texts, strict=False):
            borders += [position + len(gap), position := position + len(gap) + len(text)]
        return borders


@njit(nogil=True, cache=True)
def _token_bounds(
    data: "NDArray[np.uint8]", bounds: "NDArray[np.int64]"
) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]":
    """Return the first token of each message data[bounds[i]:bounds[i + 1]], and of each token: borders, whether a slot.

    The borders are first byte and byte after the last, in turn.
    """
    first = np.zeros(len(bounds), np.int64)
    borders, slots = np.empty(len(data) + len(bounds), np.int64), np.empty(len(data), np.bool_)
    count = 0
    for row in range(len(bounds) - 1):
        begin, i, end = bounds[row], bounds[row], bounds[row + 1]
        while i < end:
            start = i
            i, held = token_end(data, start, begin, end)
            if i > start:
                borders[2 * count], borders[2 * count + 1] = start, i
                slots[count] = read_token(data, start, i, held)[0] > 0
                count += 1
            i += 1
        first[row + 1] = count
    return first, borders[: 2 * count], slots[:count]


def tokenise_all(messages: Sequence[bytes]) -> Iterator[Tokens]:
    """Split messages as the scan kernel does; what is not UTF-8 becomes U+FFFD."""
    if not messages:
        return
    whole = b"".join(message[:LONGEST_MESSAGE] for message in messages)
    bounds = np.zeros(len(messages) + 1, np.int64)
    np.cumsum([min(len(message), LONGEST_MESSAGE) for message in messages], out=bounds[1:])
    first, borders, slots = (array.tolist() for array in _token_bounds(np.frombuffer(whole, np.uint8), bounds))
    ends = bounds.tolist()
    text = whole.decode() if whole.isascii() else None
    for row in range(len(messages)):
        low, high = first[row], first[row + 1]
        cuts = [ends[row], *borders[2 * low : 2 * high], ends[row + 1]]
        if text is not None:
            parts = [text[cuts[i] : cuts[i + 1]] for i in range(len(cuts) - 1)]
        else:
            parts = [whole[cuts[i] : cuts[i + 1]].decode(errors="replace") for i in range(len(cuts) - 1)]
        yield Tokens(tuple(parts[1::2]), tuple(slots[low:high]), tuple(parts[::2]))


def tokenise(message: bytes) -> Tokens:
    """Split one message as the scan kernel does; what is not UTF-8 becomes U+FFFD.

    Examples
    --------
    >>> tokenise(b"took 12 ms").texts
    ('took', '12', 'ms')
    """
    return next(tokenise_all([message]))
