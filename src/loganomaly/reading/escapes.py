"""Takes terminal escape sequences out of a stream of bytes.

A lone carriage return is left where it is: a terminal overwrites what stands before it, but a line of a log may hide
something that way, and what it hides must be seen.
"""

from collections.abc import Iterator

import numpy as np

__all__ = ["ESCAPE", "without_escapes"]

ESCAPE = b"\x1b"


def without_escapes(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield *blocks* without escape sequences, wherever the blocks are cut."""
    for block in blocks:
        if ESCAPE in block:
            break
        yield block
    else:
        return
    # Few sources have any: compiled code is loaded for those alone.
    from loganomaly.reading.sequences import TEXT, strip

    state, length = TEXT, 0
    while block:
        if state == TEXT and ESCAPE not in block:
            yield block
        else:
            data = np.frombuffer(block, np.uint8)
            out = np.empty(len(data), np.uint8)
            size, state, length = strip(data, out, state, length)
            if size:
                yield out[:size].tobytes()
        block = next(blocks, b"")
