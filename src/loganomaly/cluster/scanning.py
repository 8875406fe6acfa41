"""Scans sources on the workers of a cluster: same results as `loganomaly.scan.run.scan_sources`.

The workers scan parts, and merge what they found by sixteens, twice; the client merges what is left. So the scheduler
need not remember more than some hundred parts, and a worker that is lost costs no more than those.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loganomaly.cluster.order import InOrder, Placed, SourceOrder
from loganomaly.cluster.spans import SPAN_BYTES, Span, spans_of
from loganomaly.cluster.tasks import (
    Profiles,
    SourceWork,
    brief_of,
    merge_parts,
    merge_profiles,
    same,
    scan_part,
)
from loganomaly.cluster.work import Cluster
from loganomaly.profile import Profile
from loganomaly.scan.run import Opened, ScanResult

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["scan_on_cluster", "work_on"]

_TOGETHER = 16
"""Profiles that are merged at a time: merging costs as much as the largest."""
_PER_THREAD = 3
"""Parts that are under way for each thread of the workers: one that is scanned, the others so that none waits."""


def work_on(opened: Opened) -> SourceWork:
    """Return what workers must know of a source; they are in other folders than this process."""
    source = opened.source
    if isinstance(source.path, Path):
        source = replace(source, path=source.path.absolute())
        source.memo.clean, source.memo.first = opened.source.memo.clean, opened.source.memo.first
    return SourceWork(number=opened.number, source=source, tables=opened.tables, head=opened.head)


def scan_on_cluster(
    cluster: Cluster,
    sources: Sequence[Opened],
    *,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ScanResult:
    """Scan sources to one profile per group.

    Parameters
    ----------
    batch_size
        Lines that a worker scans at a time; bounds its memory.
    progress
        Called with the number of a source and how many of its bytes (decompressed) were done.

    Raises
    ------
    ClusterError
        The cluster lost the work.
    """
    return _Scan(cluster, sources, batch_size=batch_size, progress=progress).run()


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part of a source that a task is to scan, or all of it."""

    opened: Opened
    number: int
    span: Span | None
    to_end: bool = False


@dataclass(slots=True)
class _Tree:
    """The profiles of a group that wait to be merged: of parts, of merged parts, and here."""

    parts: list[Placed] = field(default_factory=list)
    merged: list[Any] = field(default_factory=list)
    here: list[Profile] = field(default_factory=list)


class _Scan:
    """A scan under way."""

    def __init__(
        self,
        cluster: Cluster,
        sources: Sequence[Opened],
        *,
        batch_size: int | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._cluster = cluster
        self._sources = sources
        self._batch_size = batch_size
        self._progress = progress
        self._orders = {opened.number: SourceOrder() for opened in sources}
        self._by_number = {opened.number: opened for opened in sources}
        self._trees = {opened.group: _Tree(here=[Profile.empty(floods=opened.search.floods)]) for opened in sources}
        self._searches: dict[int, Future] = {}
        self._works: dict[int, Future] = {}
        self._again: list[_Unit] = []
        self._unsettled = 0
        self._told: dict[Any, Callable[[Any], None]] = {}

    def run(self) -> ScanResult:
        units = self._units()
        ended = False
        while True:
            while not ended and self._unsettled < self._cluster.threads() * _PER_THREAD:
                unit = self._again.pop() if self._again else next(units, None)
                ended = unit is None
                if unit is not None and not self._is_closed(unit):
                    self._submit(unit)
            if not self._told:
                break
            for future, result in self._cluster.done(list(self._told)):
                self._told.pop(future)(result)
            ended = ended and not self._again
        for group, tree in self._trees.items():
            self._flush(group, tree)
        while self._told:
            for future, result in self._cluster.done(list(self._told)):
                self._told.pop(future)(result)
        return ScanResult(
            profiles={group: Profile.merge(tree.here) for group, tree in self._trees.items()},
            lines={number: order.lines for number, order in self._orders.items()},
            damaged={number: order.damage for number, order in self._orders.items() if order.damage is not None},
        )

    def _units(self) -> Iterator[_Unit]:
        for opened in self._sources:
            spans: list[Span | None] = [*spans_of(opened.source, size=SPAN_BYTES)]
            for span in spans or [None]:
                yield _Unit(opened, span.number if span else 0, span)

    def _is_closed(self, unit: _Unit) -> bool:
        return self._orders[unit.opened.number].closed and not unit.to_end

    def _submit(self, unit: _Unit) -> None:
        opened, cluster = unit.opened, self._cluster
        if opened.group not in self._searches:
            self._searches[opened.group] = cluster.submit(same, opened.search)
        if opened.number not in self._works:
            # The tasks that wait keep those of the sources before.
            self._works = {opened.number: cluster.submit(same, work_on(opened))}
        work, search = self._works[opened.number], self._searches[opened.group]
        what = f"{opened.source.name!r}"
        if unit.span is not None:
            what += f" from byte {unit.span.begin:,} on"
        part = cluster.submit(scan_part, work, search, unit.span, to_end=unit.to_end, batch_size=self._batch_size)
        self._unsettled += 1
        self._told[cluster.submit(brief_of, part, first=True, what=what)] = lambda brief: self._done(unit, part, brief)

    def _done(self, unit: _Unit, part: Any, brief: Any) -> None:
        """Note that a part is done."""
        opened = unit.opened
        order = self._orders[opened.number]
        if self._progress and not brief.escaped:
            self._progress(opened.number, brief.bytes)
        if unit.to_end:
            placed, settled = [Placed(part, order.lines)], 1
            order.lines += brief.lines
            order.damage = brief.damage
        else:
            placed, settled = order.done(InOrder(unit.number, part, brief, unit.span))
            # So that who fetches lines need not look at all that stands before them.
            opened.source.memo.clean = max(opened.source.memo.clean, min(order.clean, opened.source.size))
        self._unsettled -= settled
        if order.escaped_in is not None and not unit.to_end:
            self._read_on(opened, order)
        tree = self._trees[opened.group]
        for each in placed:
            tree.parts.append(each)
            if len(tree.parts) >= _TOGETHER:
                self._merge_parts(opened.group, tree)

    def _read_on(self, opened: Opened, order: SourceOrder) -> None:
        """Have the rest of a source read in one go, from the part in which the first escape sequence is."""
        span, order.escaped_in = order.escaped_in, None
        assert span is not None
        self._again.append(_Unit(opened, span.number, span, to_end=True))

    def _merge_parts(self, group: int, tree: _Tree) -> None:
        parts = tree.parts[:]
        tree.parts.clear()
        merged = self._cluster.submit(
            merge_parts, [each.part for each in parts], [each.lines_before for each in parts], first=True
        )
        tree.merged.append(merged)
        if len(tree.merged) >= _TOGETHER:
            self._gather(group, tree)

    def _gather(self, group: int, tree: _Tree) -> None:
        profiles = tree.merged[:]
        tree.merged.clear()
        self._told[self._cluster.submit(merge_profiles, profiles, first=True)] = lambda got: self._here(group, got)

    def _here(self, group: int, got: Profiles) -> None:
        here = self._trees[group].here
        here.append(got.profile)
        if len(here) >= _TOGETHER:
            here[:] = [Profile.merge(here)]

    def _flush(self, group: int, tree: _Tree) -> None:
        if tree.parts:
            self._merge_parts(group, tree)
        if tree.merged:
            self._gather(group, tree)
