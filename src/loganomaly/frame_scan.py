"""A frame that is scanned in batches of rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.behaviours import BehaviourRule
from loganomaly.extract import AFTER, BEFORE, Excerpt
from loganomaly.findings import Location
from loganomaly.floods import FloodSettings
from loganomaly.frames import Lines, lines_of, times_of
from loganomaly.reading.dates import TimeSettings
from loganomaly.reading.detect import Detected, detect
from loganomaly.reading.program import NO_TIME, Tables
from loganomaly.reading.zones import find_zone
from loganomaly.scan.chunk import Chunk, Scanned, scan
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.rules import RuleSearch
from loganomaly.scan.search import Search
from loganomaly.scan.session_keys import Sample, choose_keys, sample_ids

__all__ = ["FrameScan"]

_SAMPLE = 50_000
"""Rows that are looked at for ids of sessions."""


class FrameScan:
    """A frame that is scanned in batches of rows."""

    def __init__(
        self,
        frame: Any,
        *,
        floods: FloodSettings,
        times: TimeSettings,
        leaks: LeakSearch | None,
        behaviours: tuple[BehaviourRule, ...] = (),
        rules: RuleSearch | None = None,
    ) -> None:
        self.frame = frame
        self.lines: Lines = lines_of(frame)
        self.times: NDArray[np.int64] | None = times_of(frame, zone=find_zone(times.timezone).rules)
        self.rows = len(self.lines.bounds) - 1
        sample = "\n".join(self.lines.texts.head(2000).to_list()) + "\n"
        self.detected: Detected = detect(sample.encode("utf-8", errors="replace"), times=times)
        self.tables: Tables = self.detected.tables()
        bounds = self.lines.bounds[: _SAMPLE + 1]
        sessions = choose_keys(sample_ids(Sample(data=self.lines.data, tables=self.tables, bounds=bounds)))
        self.search = Search(floods=floods, sessions=sessions, leaks=leaks, behaviours=behaviours, rules=rules)

    def batch(self, first: int, size: int) -> Scanned:
        """Scan rows [first, first + size)."""
        last = min(first + size, self.rows)
        bounds = self.lines.bounds[first : last + 1]
        chunk = Chunk(
            source=0,
            data=self.lines.data[bounds[0] : bounds[-1]],
            first_line=first,
            offset=int(bounds[0]),
            bounds=bounds - bounds[0],
            name="<frame>",
        )
        times = None if self.times is None else self.times[first:last]
        return scan(chunk, self.tables, search=self.search, times=times)

    def excerpts(
        self, places: Sequence[Location], *, clean: Callable[[str], str]
    ) -> Iterator[tuple[Location, Excerpt]]:
        """Yield the rows at the places, with a few before and after, which hold no secrets any more."""

        def clear(row: int) -> bytes:
            # As a whole: one line of a private key does not look like one.
            return clean(self._row(row).decode("utf-8", errors="replace")).encode()

        for place in places:
            before = [clear(row) for row in range(max(0, place.line - BEFORE), place.line)]
            record = self._row(place.line)
            after = [clear(row) for row in range(place.line + 1, min(self.rows, place.line + 1 + AFTER))]
            head = b"".join(line + b"\n" for line in before)
            data = head + b"".join(line + b"\n" for line in [record, *after])
            yield place, Excerpt(data=data, start=len(head), size=record.count(b"\n") + 1)

    def time(self, place: Location, scanned: Sequence[Scanned]) -> int | None:
        """Return the time of a row."""
        row = place.line
        for part in scanned:
            if row < len(part.records.time):
                value = int(part.records.time[row])
                return None if value == NO_TIME else value
            row -= len(part.records.time)
        return None

    def _row(self, row: int) -> bytes:
        return self.lines.data[self.lines.bounds[row] : self.lines.bounds[row + 1]].tobytes()
