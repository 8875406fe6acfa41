"""Room for what is read of a chunk, used again for the next one: to get memory anew costs as much as to write to it."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Room", "Rooms"]


class Room:
    """Arrays by their names, for one chunk at a time."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def array(self, name: str, size: int, kind: type[np.generic]) -> NDArray[Any]:
        """Return an array with anything in it, which is another one's as soon as the name is asked for again."""
        held = self._arrays.get(name)
        if held is None or len(held) < size:
            held = self._arrays[name] = np.empty(size, kind)
        return held[:size]


class Rooms:
    """As many rooms as chunks are scanned at a time. Threads may share them; they are sent nowhere."""

    def __init__(self) -> None:
        self._free: deque[Room] = deque()

    def __reduce__(self) -> tuple[type["Rooms"], tuple[()]]:
        return Rooms, ()

    @contextmanager
    def one(self) -> Iterator[Room]:
        """Lend a room that nobody else has meanwhile."""
        try:
            room = self._free.pop()
        except IndexError:
            room = Room()
        try:
            yield room
        finally:
            self._free.append(room)
