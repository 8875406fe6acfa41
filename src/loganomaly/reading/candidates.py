"""Which layouts are tried on a source: of the known ones, those whose timestamps occur in its sample.

Every layout with every timestamp makes some thousands of programs; few of the timestamps occur in one source, and
what is not tried need not be compiled.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.formats import Layout, expand, load_formats, timestamp_patterns
from loganomaly.reading.order import DateOrder, in_orders, reordered
from loganomaly.reading.program import Tables
from loganomaly.reading.tables import build_tables, with_zones
from loganomaly.reading.trials import find_programs
from loganomaly.reading.zones import Zone

__all__ = ["joined", "known_layouts", "occurring"]

_REACH = 512  # bytes of a line in which the timestamp begins
# A timestamp of its own that stands near the beginning of a layout, and not behind a letter: it is surely found.
_OWN = re.compile(r"(?:(?!\+\}).){0,48}?(?<![}A-Za-z0-9])\{time:([^{}]+)\}")
_ORDERS = (DateOrder.MONTH_FIRST, DateOrder.DAY_FIRST)


def occurring(lines: Sequence[bytes], *, zones: Sequence[Zone]) -> tuple[str, ...]:
    """Return the timestamp patterns that occur in the lines; `zones` are those that the lines name in full."""
    if not lines:
        return ()
    patterns, tables = _bare()
    found = find_programs(*joined(lines), len(patterns), _REACH, with_zones(tables, zones))
    return tuple(pattern for pattern, occurs in zip(patterns, found, strict=True) if occurs)


def joined(lines: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return the bytes of lines one behind the other, and where each begins and ends."""
    sizes = np.array([len(line) for line in lines], np.int64)
    ends = np.cumsum(sizes)
    return np.frombuffer(b"".join(lines), np.uint8), ends - sizes, ends


@lru_cache(maxsize=64)
def known_layouts(patterns: tuple[str, ...]) -> tuple[Layout, ...]:
    """Return the layouts of the built-in formats that may read a source in which these timestamp patterns occur."""
    usual = [pattern for pattern in timestamp_patterns() if pattern in patterns]
    layouts = _both_orders(expand(load_formats(), patterns=usual))
    return tuple(layout for layout in layouts if (own := _own_pattern(layout)) is None or own in patterns)


@cache
def _bare() -> tuple[tuple[str, ...], Tables]:
    """Return all patterns of the known layouts with the tables that read them."""
    own = [_own_pattern(layout) for layout in _both_orders(expand(load_formats(), patterns=()))]
    patterns = tuple(dict.fromkeys([*timestamp_patterns(), *(pattern for pattern in own if pattern)]))
    return patterns, build_tables([Layout(format="bare", text="{time}{begin}", time=pattern) for pattern in patterns])


def _own_pattern(layout: Layout) -> str | None:
    """Return the timestamp pattern that the head of a layout names, where it can be looked for alone."""
    found = _OWN.match(layout.head) if layout.time is None else None
    return found[1] if found else None


def _both_orders(layouts: Sequence[Layout]) -> list[Layout]:
    """Add the other order of day and month to layouts that name their own pattern: it depends on the country."""
    found: list[Layout] = []
    for layout in layouts:
        orders = _ORDERS if layout.time is None else ()
        found += in_orders([layout], orders, change=lambda it, order: replace(it, text=reordered(it.text, order)))
    return found
