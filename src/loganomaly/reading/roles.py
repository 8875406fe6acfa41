"""Tells what the columns of a table mean: by their names, and by the values that rows have in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from loganomaly.reading.columns import Column, Table, write_table
from loganomaly.reading.formats import BARE_TIMES, Layout, data_file, timestamp_patterns
from loganomaly.reading.program import Role, Tables
from loganomaly.reading.tables import build_tables
from loganomaly.reading.trials import fit_matrix
from loganomaly.redaction.names import is_telling

__all__ = ["columns_of", "role_of"]

_VALUES = 200  # of each column that are looked at
_MOST_RANKS = 3  # columns of one role
_USUAL, _SURE = 0.5, 0.9  # share of the values that must bear out what a name says, or what no name says
_LATER = 1000  # rank of names that mean something as columns only, after those of keys
_UNIT = re.compile(r"\s*[\[(][^\])]*[\])]$")
_SENTENCE = r"[^\W\d_]\S* +\S+ +\S"  # three words
_CLOCK = re.compile(r" (?=%[HI])")
_ENDS = Role.LEVEL, Role.COMPONENT, Role.TIME  # not repeated in the message if they stand before or behind it


def columns_of(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    """Return the columns called `names`, which have these cells in `rows`, with what each means."""
    values = [_values(rows, place) for place in range(len(names))]
    found = {place: Column(name=name) for place, name in enumerate(names)}
    for place, pattern in _times(names, values).items():
        found[place] = replace(found[place], role=Role.TIME, time=pattern)
    for role, places in _roles(names, values).items():
        free = [place for place in places if found[place].role == Role.SKIP]
        for rank, place in enumerate(free[:_MOST_RANKS]):
            found[place] = replace(found[place], role=role, rank=rank)
    columns = list(found.values())
    if not any(column.role == Role.MESSAGE for column in columns):
        for place in _message(columns, values):
            columns[place] = replace(columns[place], role=Role.MESSAGE)
    return tuple(columns)


def role_of(name: str) -> Role:
    """Return the role that a name of a column stands for, whatever its values are."""
    found = _lookup(name)
    return found[0] if found else Role.SKIP


@cache
def _named() -> Mapping[str, tuple[Role, int]]:
    named: dict[str, tuple[Role, int]] = {}
    for later, roles in ((0, data_file("keys.yaml")), (_LATER, data_file("columns.yaml")["roles"])):
        for role, names in roles.items():
            for rank, name in enumerate(names):
                named.setdefault(name.lower(), (Role[role.upper()], rank + later))
    return named


@cache
def _requests() -> frozenset[str]:
    return frozenset(data_file("columns.yaml")["request"])


def _spellings(name: str) -> list[str]:
    """Return the ways in which a name is looked up."""
    lower = name.strip().lower()
    bare = _UNIT.sub("", lower)
    ways = [lower, bare, re.sub(r"[ -]+", "_", bare)]
    return [*ways, *(f"*.{way.rpartition('.')[2]}" for way in ways if "." in way)]


def _lookup(name: str) -> tuple[Role, int] | None:
    return next((_named()[way] for way in _spellings(name) if way in _named()), None)


def _values(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    cells = (row[place].strip() for row in rows[:_VALUES] if place < len(row))
    return [cell for cell in cells if cell not in {"", "-", "(empty)"}]


@dataclass(frozen=True, slots=True)
class _Patterns:
    texts: tuple[str, ...]
    tables: Tables

    def best(self, values: Sequence[str], *, least: float) -> str | None:
        """Return the pattern that reads most of `values`, the first of equals, if it reads that share of them."""
        lines = [f"{value}\t".encode() for value in values]
        if not lines:
            return None
        ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
        data = np.frombuffer(b"".join(lines), np.uint8)
        fits = fit_matrix(
            data, np.concatenate([np.zeros(1, np.int64), ends[:-1]]), ends, np.arange(len(self.texts)), self.tables
        )
        shares = fits.mean(axis=0)
        return self.texts[int(shares.argmax())] if shares.max() >= least else None


@cache
def _patterns(kind: str) -> _Patterns:
    """Return the patterns of `full` timestamps, dates (`date`), times of day (`clock`), or the `sure` ones of them."""
    strong = [pattern for pattern in timestamp_patterns() if pattern not in BARE_TIMES]
    strong += [short for pattern in strong if (short := re.sub(r":%S(%f)?", "", pattern)) != pattern]
    # A year behind the time of day belongs to the date.
    halves = [_CLOCK.split(pattern, maxsplit=1) for pattern in strong if _CLOCK.search(pattern)]
    halves = [half for half in halves if "%Y" not in half[1] and not half[0].endswith("@")]
    texts = {
        "full": [*strong, "%s"],
        "sure": strong,
        "date": [half[0] for half in halves],
        "clock": [half[1] for half in halves],
        "sure date": [half[0] for half in halves if "%Y" in half[0] and half[0] != "%Y%m%d"],
        "sure clock": [half[1] for half in halves if ":" in half[1]],
    }[kind]
    unique = tuple(dict.fromkeys(texts))
    columns = [(Column(name="", role=Role.TIME, time=text), Column(name="")) for text in unique]
    layouts = [Layout(format="", text=write_table(Table(delimiter="\t", columns=pair))) for pair in columns]
    return _Patterns(unique, build_tables(layouts))


def _times(names: Sequence[str], values: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return the pattern of the column that holds the time, or of the two that hold the date and the time of day."""
    ranked = [
        (found[1], place) for place, name in enumerate(names) if (found := _lookup(name)) and found[0] == Role.TIME
    ]
    named = [place for _, place in sorted(ranked)]
    for place in named:
        if pattern := _patterns("full").best(values[place], least=_USUAL):
            return {place: pattern}
    dates = {p: text for p in named if (text := _patterns("date").best(values[p], least=_USUAL))}
    clocks = {p: text for p in named if (text := _patterns("clock").best(values[p], least=_USUAL))}
    for date, text in dates.items():
        for clock, of_day in clocks.items():
            if clock != date:
                return {date: text, clock: of_day}
    for place in range(len(names)):
        if pattern := _patterns("sure").best(values[place], least=_SURE):
            return {place: pattern}
    for place in range(len(names) - 1):
        text = _patterns("sure date").best(values[place], least=_SURE)
        behind = _patterns("sure clock").best(values[place + 1], least=_SURE)
        if text and behind:
            return {place: text, place + 1: behind}
    return {place: text for place, text in list(clocks.items())[:1] if ":" in text}


def _roles(names: Sequence[str], values: Sequence[Sequence[str]]) -> dict[Role, list[int]]:
    """Return the columns of each role but the time, best first."""
    ranked: dict[Role, list[tuple[int, int]]] = {}
    for place, name in enumerate(names):
        found = _lookup(name)
        if found is None or found[0] == Role.TIME:
            continue
        role, rank = found
        if role == Role.STATUS and _share_of_levels(values[place]) >= _USUAL:
            role, rank = Role.LEVEL, _LATER + rank
        if role == Role.MESSAGE and _share(values[place], r"[^\W\d_]") < _USUAL:
            continue
        ranked.setdefault(role, []).append((rank, place))
    roles = {role: [place for _, place in sorted(places)] for role, places in ranked.items()}
    if not any(values[place] for place in roles.get(Role.MESSAGE, [])):
        roles.pop(Role.MESSAGE, None)
    if Role.LEVEL not in roles:
        named = {place for places in roles.values() for place in places}
        sure = [
            p for p in range(len(names)) if p not in named and len(values[p]) > 1 and _share_of_levels(values[p]) == 1
        ]
        roles[Role.LEVEL] = sure[:1]
    return roles


@cache
def _level_words() -> frozenset[str]:
    return frozenset(word for words in data_file("levels.yaml").values() for word in words)


def _share_of_levels(values: Sequence[str]) -> float:
    return sum(value.lower() in _level_words() for value in values) / max(len(values), 1)


def _share(values: Sequence[str], pattern: str) -> float:
    """Return the share of values in which a pattern is found; 1 where there are none."""
    return sum(bool(re.search(pattern, value)) for value in values) / len(values) if values else 1.0


def _message(columns: Sequence[Column], values: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that make the message where none is named so; none where that is the whole row."""
    last = len(columns) - 1
    if not columns[last].name and values[last] and _share(values[last], r"[^\W\d_] ") >= _USUAL:
        return [last]
    run: list[int] = []
    for place, column in enumerate(columns):
        if column.role == Role.SKIP and any(way in _requests() for way in _spellings(column.name)):
            run = [*run, place] if run and run[-1] == place - 1 else run if len(run) > 1 else [place]
    if len(run) > 1:
        return run
    prose = [p for p, column in enumerate(columns) if column.role == Role.SKIP and values[p]]
    prose = [place for place in prose if _share(values[place], _SENTENCE) >= _USUAL]
    if prose:
        return prose[:1]
    first = 0
    while first < last and columns[first].role in _ENDS:
        first += 1
    while last > first and columns[last].role in _ENDS:
        last -= 1
    inside = range(first, last + 1)
    if any(columns[place].role == Role.TIME for place in inside):
        return []
    # None is made of columns that are told by their names alone: in a message nothing would tell what they are.
    runs: list[list[int]] = [[]]
    for place in inside:
        if is_telling(columns[place].name):
            runs.append([])
        elif columns[place].role == Role.SKIP:
            runs[-1].append(place)
    return max(runs, key=len)
