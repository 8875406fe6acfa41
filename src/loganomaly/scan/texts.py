"""Searches many rows of text at once: a call per row costs more than reading what does not match."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.scan.joining import join_rows

__all__ = ["Texts"]

_LINE_BREAK = 10


@dataclass(frozen=True, slots=True)
class Texts:
    """Rows text[starts[i]:ends[i]], in order and disjoint, with a line break before each but the first."""

    text: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> "Texts":
        """Return the rows data[starts[i]:ends[i]], which are in order and disjoint."""
        rows = cls(data.tobytes(), starts, ends)
        # Those of a frame stand right behind one another: the end of one would be taken for what precedes the next.
        return rows if (data[starts[1:] - 1] == _LINE_BREAK).all() else cls.copied(data, starts, ends)

    @classmethod
    def copied(cls, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> "Texts":
        """Return the rows data[starts[i]:ends[i]], one behind the other."""
        out, bounds, _ = join_rows(data, starts, ends)
        return cls(out.tobytes(), bounds[:-1], bounds[1:] - 1)

    def having(
        self, search: Callable[..., Any], *, alone: bool = False, most: int | None = None
    ) -> tuple[list[int], int]:
        """Return the numbers of rows, in order, in which a search finds something, and how far it got.

        Parameters
        ----------
        alone
            Whether rows must be searched one at a time: what is found depends on where the text ends.
        most
            It ends behind so many rows that have it.
        """
        starts, ends, found, number = self.starts.tolist(), self.ends.tolist(), list[int](), 0
        while number < len(starts) and (most is None or len(found) < most):
            if alone:
                if search(self.text[starts[number] : ends[number]]) is not None:
                    found.append(number)
                number += 1
                continue
            match = search(self.text, starts[number])
            if match is None:
                return found, len(starts)
            begin, end = match.span()
            number = max(number, bisect_right(starts, begin) - 1)
            # What goes on into the next row may hide something shorter in this one.
            if begin <= ends[number] and (
                end <= ends[number] or search(self.text[starts[number] : ends[number]]) is not None
            ):
                found.append(number)
            number += 1
        return found, number
