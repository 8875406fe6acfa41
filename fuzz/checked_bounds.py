"""Kernels that numba compiles with every index checked, those below 0 too, and the proof that it does."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["caught", "turn_on"]


def turn_on(cache: Path) -> None:
    """Compile kernels from now on with checks; numba must not have been imported, and keeps the results in `cache`.

    With NUMBA_BOUNDSCHECK alone, -1 is the last element, as in Python: what a wrong index below 0 reads would go
    unseen. No kernel means to index from the end, so indices are left as they are, and then checked on both sides.
    """
    # The name of a kept kernel does not say whether it checks anything.
    os.environ |= {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache), "NUMBA_DISABLE_JIT": "0"}
    from numba.core import types
    from numba.np import arrayobj

    def unwrapped(context: Any, builder: Any, kind: Any, index: Any, _size: Any) -> Any:
        return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)

    arrayobj.fix_integer_index = unwrapped


def caught() -> tuple[int, int]:
    """Return how many of the accesses out of bounds that are tried here are caught, and how many there are."""
    import numpy as np
    from numba import njit

    table = np.zeros(5, np.int64)

    @njit(nogil=True)
    def read(data: Any, index: Any) -> Any:
        return data[index]

    @njit(nogil=True)
    def write(data: Any, index: Any) -> None:
        data[index] = 1

    @njit(nogil=True)
    def read_column(data: Any, index: Any) -> Any:
        columns = (data, data)
        return columns[1][index]

    @njit(nogil=True)
    def read_plane(data: Any, index: Any) -> Any:
        return data[index, 0] + data[0, index]

    @njit(nogil=True)
    def read_constant(_data: Any, index: Any) -> Any:
        return table[index]

    @njit(nogil=True)
    def read_text(_data: Any, index: Any) -> Any:
        return b"abcde"[index]

    @njit(nogil=True)
    def read_part(data: Any, index: Any) -> Any:
        return data[:5][index]

    @njit(nogil=True)
    def outer(data: Any, index: Any) -> Any:
        return read(data, index)

    def frozen() -> Any:
        return np.frombuffer(b"abcde", np.uint8)

    tried: list[tuple[Callable[[Any, int], Any], Any]] = [
        *((kernel, np.zeros(5, np.int64)) for kernel in (read, write, read_column, read_constant, read_text, outer)),
        *((kernel, frozen()) for kernel in (read, read_part, outer)),
        (read_part, np.zeros(9, np.int64)),
        (read_plane, np.zeros((5, 5), np.uint8)),
    ]
    for kernel, data in tried:
        kernel(data, 4)  # the last element is within
    found = sum(_raises(kernel, data, index) for kernel, data in tried for index in (5, -1, 1 << 40))
    return found, 3 * len(tried)


def _raises(kernel: Callable[[Any, int], Any], data: Any, index: int) -> bool:
    try:
        kernel(data, index)
    except IndexError:
        return True
    return False
