"""What patterns found in moulds, kept from chunk to chunk: the moulds of a log are mostly the same all along.

Only what patterns say that tell no digit from another may be kept: it is the same for all records of a mould.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.moulds import Moulds
from loganomaly.scan.joining import join_rows

__all__ = ["UNKNOWN", "MouldMemory", "Remembered"]

UNKNOWN = -2
"""Stands in the place of what is not known of a mould so far."""
_MOST = 1 << 13  # moulds that are kept, those that come first; the number of all others
_LONGEST = 1 << 12  # bytes of a mould that is kept
_FOLDED = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))


class MouldMemory:
    """The numbers of moulds, and tables of what was found in them, by number.

    Threads may share it: each writes what any other would. It is sent nowhere: another process begins anew.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._tables: dict[Hashable, NDArray[Any]] = {}
        self._lock = Lock()

    def __reduce__(self) -> tuple[type["MouldMemory"], tuple[()]]:
        return MouldMemory, ()

    def of(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], moulds: Moulds
    ) -> "Remembered":
        """Return what is known of the moulds of the records data[starts[i]:ends[i]].

        A mould of a single record is not kept, for there may be many of them, none of which comes again.
        """
        numbers = np.full(len(moulds.first), _MOST)
        often = np.flatnonzero(np.bincount(moulds.ids, minlength=len(moulds.first)) > 1)
        rows = moulds.first[often]
        joined, bounds, _ = join_rows(data, starts[rows], ends[rows])
        text, begins = joined.tobytes().translate(_FOLDED), bounds.tolist()
        with self._lock:
            known = self._numbers
            for place, mould in enumerate(often.tolist()):
                one = text[begins[place] : begins[place + 1] - 1]
                number = known.get(one, _MOST)
                if number == _MOST and len(known) < _MOST and len(one) <= _LONGEST:
                    number = known[one] = len(known)
                numbers[mould] = number
        return Remembered(self, numbers)

    def read(self, pattern: Hashable, numbers: NDArray[np.int64], *, width: int) -> NDArray[Any]:
        """Return the rows of a pattern's table for these moulds, as they are now."""
        with self._lock:
            found: NDArray[Any] = self._table(pattern, width)[numbers]
        return found

    def write(self, pattern: Hashable, numbers: NDArray[np.int64], found: NDArray[Any]) -> None:
        """Write rows of a pattern's table. Whole ones are read only: numpy lets other threads run meanwhile."""
        with self._lock:
            kept = numbers < _MOST
            self._table(pattern, found.shape[1])[numbers[kept]] = found[kept]

    def _table(self, pattern: Hashable, width: int) -> NDArray[Any]:
        """Return the table (_MOST + 1, width) of what a pattern found; the last row stays as it is."""
        if pattern not in self._tables:
            self._tables[pattern] = np.full((_MOST + 1, width), UNKNOWN, np.int8 if width == 1 else np.int32)
        return self._tables[pattern]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of the moulds of a chunk, given their numbers in the memory."""

    memory: MouldMemory
    numbers: NDArray[np.int64]

    def of(self, pattern: Hashable, moulds: NDArray[np.int64], *, width: int = 1) -> NDArray[Any]:
        """Return what a pattern found in these moulds (moulds, width): small numbers, or UNKNOWN.

        First is whether it was found (1) or not; wider tables may go on with places in the record.
        """
        return self.memory.read(pattern, self.numbers[moulds], width=width)

    def keep(self, pattern: Hashable, moulds: NDArray[np.int64], found: NDArray[Any]) -> None:
        """Keep what a pattern found in these moulds."""
        self.memory.write(pattern, self.numbers[moulds], found)
