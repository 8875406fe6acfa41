"""Loading what a run needs, faster: what is loaded stays, and is not garbage that has to be looked for."""

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["loading"]


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage meanwhile, and later never among what is there by then."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
