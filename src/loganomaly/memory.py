"""Whether this process may use enough memory, which is to be known before the libraries are loaded.

Where they get no memory or threads while they load, most of them end or hang the process themselves, and nothing can be
said of it any more.
"""

import os
import sys

from loganomaly.errors import MemoryLimitError

if sys.platform != "win32":
    import resource

__all__ = ["address_space", "check_address_space", "least_address_space"]

_LEAST = 9 << 28  # what a run on a small log took, and the first one, which compiles, with a tenth to spare
_LEAST_PER_CORE = 16 << 20  # stacks and heaps of the threads that the libraries start for each core


def check_address_space() -> None:
    """Refuse to go on where the limit on the address space is too low to load what every command needs.

    Raises
    ------
    MemoryLimitError
        The limit is too low.
    """
    limit = address_space()
    needed = least_address_space()
    if limit is not None and limit < needed:
        raise MemoryLimitError(
            f"this process may use {limit >> 20:,} MiB of address space, and it needs at least {needed >> 20:,} MiB on "
            f"this machine; raise the limit (ulimit -v {needed >> 10}) or lift it (ulimit -v unlimited)"
        )


def address_space() -> int | None:
    """Return how many bytes of address space this process may use; None where there is no limit."""
    if sys.platform == "win32":
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def least_address_space() -> int:
    """Return how many bytes the smallest analysis takes; most of them are never used, and no memory stands behind."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return _LEAST + _LEAST_PER_CORE * cores
