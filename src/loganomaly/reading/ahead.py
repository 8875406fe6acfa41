"""Blocks that are made in a thread of their own while those before them are used."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

__all__ = ["read_ahead"]

_AT_ONCE = 2  # blocks; whoever looks at the beginning alone needs no thread
_AHEAD = 4  # blocks


def read_ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield *blocks*, none of them empty; a few are made ahead. What they raise comes after the blocks before it."""
    yield from islice(blocks, _AT_ONCE)
    with ThreadPoolExecutor(1, thread_name_prefix="unpack") as pool:
        ahead = deque(pool.submit(next, blocks, b"") for _ in range(_AHEAD))
        try:
            while block := ahead.popleft().result():
                ahead.append(pool.submit(next, blocks, b""))
                yield block
        finally:
            for each in ahead:
                each.cancel()
