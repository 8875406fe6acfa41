"""Lays out compiled programs and word tables as the arrays that the line matcher takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.formats import BARE_TIMES, Layout, data_file, timestamp_patterns
from loganomaly.reading.layout import compile_layout
from loganomaly.reading.openings import opening_bits
from loganomaly.reading.order import DateOrder, in_orders, reordered
from loganomaly.reading.program import (
    KEYS_SIZE,
    WORDS_SIZE,
    ZONES_SIZE,
    At,
    Level,
    Op,
    Option,
    Role,
    Scale,
    Tables,
    key_hash,
)
from loganomaly.reading.zones import Zone

__all__ = ["LEAP_YEAR", "Calendar", "build_tables", "with_zones"]

LEAP_YEAR = 2000
"""Stands for a year that is not known: every day of a year exists in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What a source's timestamps leave out.

    `year` holds the first record; a line whose month and day (as month * 100 + day) lie before `first` is of the
    year after. `day` is the date, in days since the epoch, of timestamps that are a time of day only. `zone` is
    the offset in seconds east of UTC of timestamps without one, and `changes` are local times, in seconds since
    1970, with the offset that holds from each of them (see `loganomaly.reading.zones.Zone`). `named` are the zones
    that timestamps name in full, such as Europe/Berlin. `orders` are those in which dates of numbers are read,
    where layouts do not say; the first that fits counts.
    """

    first: int = 0
    year: int = LEAP_YEAR
    day: int = 0
    zone: int = 0
    changes: tuple[tuple[int, int], ...] = ()
    named: tuple[Zone, ...] = ()
    orders: tuple[DateOrder, ...] = ()


def build_tables(layouts: Sequence[Layout], *, calendar: Calendar | None = None, loose: bool = True) -> Tables:
    """Compile `layouts`, in order, into the matcher's arrays.

    Program i is the head of layouts[i]; programs for bare timestamps, which values of JSON keys need, follow them, then
    those of layouts that go on over line breaks.
    `loose` says that a line which matches none of them may still begin a record.
    """
    calendar = calendar or Calendar()
    undated = _undated(tuple(layouts), orders=calendar.orders, loose=loose)
    changes = _changes(calendar.changes)
    at_names = len(undated) + len(changes)
    tables = np.concatenate([undated, changes, _names(calendar.named, place=at_names)])
    tables[At.CALENDAR : At.CALENDAR + 4] = calendar.first, calendar.year, calendar.day, calendar.zone
    tables[At.CHANGES], tables[At.NAMES] = len(undated), at_names
    return tables


@lru_cache(maxsize=128)
def _undated(layouts: tuple[Layout, ...], *, orders: tuple[DateOrder, ...], loose: bool) -> Tables:
    """Return the tables up to what a calendar says: sources of one folder mostly have the same."""
    codes = [compile_layout(layout.head, time=layout.time) for layout in layouts]
    times = [pattern for pattern in timestamp_patterns() if pattern not in BARE_TIMES]
    times = in_orders(times, orders, change=reordered)
    codes += [compile_layout("{time}", time=pattern) for pattern in times]
    wholes = [-1] * len(layouts)
    for program, layout in enumerate(layouts):
        if layout.head != layout.text:
            wholes[program] = len(codes)
            codes.append(compile_layout(layout.text, time=layout.time))
    ops: list[int] = []
    starts, pool, stops = [0], bytearray(), list[frozenset[int]]()
    for code in codes:
        first = len(ops) // 4
        for op, a, b, c in code.operations:
            shift_a = len(pool) if op == Op.LITERAL else first if op == Op.OPTIONAL else 0
            shift_c = len(pool) if op == Op.COLUMN and a != Role.TIME else 0
            ops += [op, a + shift_a, b + (len(stops) if op == Op.FIELD else 0), c + shift_c]
        pool += code.pool
        stops += code.stops
        starts.append(len(ops) // 4)
    stop_sets = np.zeros((len(stops), 256), np.int64)
    for row, bytes_ in enumerate(stops):
        stop_sets[row, sorted(bytes_)] = 1
    sections = {
        At.STARTS: np.array(starts, np.int64),
        At.OPS: np.array(ops, np.int64),
        At.STOPS: stop_sets.ravel(),
        At.POOL: np.frombuffer(bytes(pool), np.uint8).astype(np.int64),
        At.WHOLES: np.array(wholes, np.int64),
        At.GO_ON: np.array([1 if layout.goes_on else 2 * layout.joins for layout in layouts], np.int64),
        At.OPENINGS: np.array([_opening(layout) for layout in layouts], np.int64).ravel(),
    }
    fixed = np.zeros(At.END, np.int64)
    fixed[At.PROGRAMS], fixed[At.TIMES], fixed[At.LOOSE] = len(layouts), len(times), loose
    fixed[At.ROWS] = any(
        op == Op.DELIMITED and delimiter != 32 and not options & Option.NO_QUOTES
        for code in codes
        for op, delimiter, _, options in code.operations
    )
    for at, words in ((At.WORDS, _levels()), (At.ZONES, _zones()), (At.KEYS, _keys())):
        fixed[at : at + len(words)] = words
    place = int(At.END)
    for at, section in sections.items():
        fixed[at] = place
        place += len(section)
    return np.concatenate([fixed, *sections.values()])


def with_zones(tables: Tables, zones: Sequence[Zone]) -> Tables:
    """Return the tables with these zones as those that timestamps name in full."""
    place = int(tables[At.NAMES])
    return np.concatenate([tables[:place], _names(zones, place=place)])


@lru_cache(maxsize=1 << 13)
def _opening(layout: Layout) -> NDArray[np.int64]:
    code = compile_layout(layout.head, time=layout.time)
    return opening_bits(code.operations, code.pool, code.stops)


def _changes(changes: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array([len(changes), *chain(*zip(*changes, strict=True))], np.int64)


def _names(zones: Sequence[Zone], *, place: int) -> NDArray[np.int64]:
    """Lay out the zones that are known by name, in a section that begins at `place`."""
    head, blocks = [len(zones)], [_changes(zone.changes) for zone in zones]
    after = place + 1 + 3 * len(zones)
    for zone, block in zip(zones, blocks, strict=True):
        head += [key_hash(zone.name, upper=True), zone.offset, after]
        after += len(block)
    return np.concatenate([np.array(head, np.int64), *blocks])


def _place(entries: Mapping[int, tuple[int, ...]], *, size: int) -> NDArray[np.int64]:
    """Lay out hash -> values by open addressing with linear probing: the hashes, then each column of values."""
    columns = np.zeros((1 + len(next(iter(entries.values()))), size), np.int64)
    for value, row in entries.items():
        slot = value % size
        while columns[0, slot]:
            slot = (slot + 1) % size
        columns[:, slot] = value, *row
    return columns.ravel()


@cache
def _levels() -> NDArray[np.int64]:
    words: Mapping[str, Sequence[str]] = data_file("levels.yaml")
    entries = {key_hash(w, upper=True): (int(Level[level]),) for level, names in words.items() for w in names}
    return _place(entries, size=WORDS_SIZE)


@cache
def _zones() -> NDArray[np.int64]:
    zones: Mapping[str, float] = data_file("zones.yaml")
    return _place({key_hash(zone): (int(hours * 3600),) for zone, hours in zones.items()}, size=ZONES_SIZE)


@cache
def _keys() -> NDArray[np.int64]:
    roles: Mapping[str, Sequence[str]] = data_file("keys.yaml")
    entries: dict[int, tuple[int, ...]] = {}
    for role, names in roles.items():
        for rank, name in enumerate(names):
            entries.setdefault(key_hash(name, upper=True), (int(Role[role.upper()]), rank))
    more: Mapping[str, Any] = data_file("json.yaml")
    for rank, name in enumerate(more["message"], start=len(roles["message"])):
        entries.setdefault(key_hash(name, upper=True), (Role.MESSAGE + 16 * Scale.JSON_ONLY, rank))
    for scale, names in more["scales"].items():
        for name in names:
            meaning, rank = entries.get(key_hash(name, upper=True), (int(Role.SCALE), 0))
            entries[key_hash(name, upper=True)] = meaning + 16 * Scale[scale.upper()], rank
    return _place(entries, size=KEYS_SIZE)
