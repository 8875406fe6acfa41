"""Where in the sources something happened, as far as the first and last line of each shape tell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.findings import Location

__all__ = ["Places", "known_places"]


@dataclass(frozen=True, kw_only=True)
class Places:
    """Lines whose time is known, in the order of their times: number of their template, source, line, offset, time."""

    number: NDArray[np.int64]
    source: NDArray[np.int64]
    line: NDArray[np.int64]
    offset: NDArray[np.int64]
    time: NDArray[np.int64]
    ordered: frozenset[int]
    """Sources in which later lines have later times, as far as is known."""

    def known(self, numbers: Sequence[int]) -> list[int]:
        """Return those of the templates that have lines with a time."""
        timed = set(self.number.tolist())
        return [number for number in numbers if number in timed]

    def last_before(self, numbers: Sequence[int], time: int) -> Location:
        """Return the last known line of these templates before a time, or else the first one."""
        own = self._own(numbers)
        before = own[self.time[own] < time]
        return self._location(before[-1] if len(before) else own[0])

    def within(self, numbers: Sequence[int], span: tuple[int, int]) -> Location:
        """Return the first known line of these templates within a span of time, or else the nearest."""
        own = self._own(numbers)
        times = self.time[own]
        beside = np.where(times < span[0], span[0] - times, np.maximum(times - span[1], 0))
        return self._location(own[beside.argmin()])

    def stretch(self, numbers: Sequence[int], span: tuple[int, int]) -> tuple[int, int] | None:
        """Return first and last line between which the records of these templates in a span of time lie.

        Lines of other times bound it, whatever their template; None where several sources have such records, or where
        times go back.
        """
        own = self._own(numbers)
        sources = np.unique(self.source[own])
        if len(sources) != 1 or int(sources[0]) not in self.ordered:
            return None
        here = self.source == sources[0]
        times, lines = self.time[here], self.line[here]
        before, after = lines[times < span[0]], lines[times >= span[1]]
        first = max(int(self.line[own].min()), int(before.max()) + 1 if len(before) else 0)
        last = min(int(self.line[own].max()), int(after.min()) - 1 if len(after) else int(lines.max()))
        return (first, last) if first <= last else None

    def _own(self, numbers: Sequence[int]) -> NDArray[np.intp]:
        return np.flatnonzero(np.isin(self.number, np.asarray(numbers, np.int64)))

    def _location(self, place: np.intp) -> Location:
        return Location(source=int(self.source[place]), line=int(self.line[place]), offset=int(self.offset[place]))


def known_places(case: Case) -> Places:
    """Return the first and the last line of each shape in each source that has times."""
    shapes = case.profile.shapes.filter(pl.col("first_time").is_not_null()).join(case.members, on="shape")
    places = pl.concat(
        shapes.select("number", "source", *(pl.col(f"{end}_{what}").alias(what) for what in ("line", "offset", "time")))
        for end in ("first", "last")
    ).sort("time", "source", "line", "number")
    late = places.filter((pl.col("line").cum_max() > pl.col("line")).over("source"))["source"].unique()
    columns = {name: places[name].to_numpy() for name in ("number", "source", "line", "offset", "time")}
    return Places(**columns, ordered=frozenset(places["source"].unique()) - frozenset(late))
