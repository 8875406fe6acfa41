"""Which findings belong together: by time, and without times by lines."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loganomaly.incidents.moments import Moment

__all__ = ["Linked", "link", "longest_gap"]

_SHARED = 2.0
"""Findings that share a component, file or session are joined over gaps this many times as long."""
_CLEAR = 4.0
"""A gap this many times as long as the next shorter one is no longer of its kind."""
_TEN = 10
_SECOND = 1_000_000
_ANY = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Moments that belong together.

    Attributes
    ----------
    groups
        Moments by their numbers, in order of time or lines. Standing ones are in no group, all others in exactly one,
        perhaps alone. What has no time is behind what it was joined to.
    reaches
        Up to when each goes on, microseconds; its onset where it only comes again after pauses longer than the gap.
    gap
        Microseconds over which those with times were joined.
    """

    groups: list[list[int]]
    reaches: Mapping[int, int]
    gap: int


def longest_gap(gaps: Iterable[float], *, extent: float, unit: float) -> float:
    """Return the largest gap over which findings are joined.

    Findings at random over a log of length T lie T / n apart; a quarter of that is a gap that one in five of them has
    by chance. Where the upper half of the gaps falls into short and long ones, with none of the lengths between, the
    limit is between them if that is longer. It is at most the geometric mean of the log and ten units (5 min of two
    hours, 15 min of a day), and a twelfth of the log.

    Parameters
    ----------
    gaps
        Between findings one after the other; those of 0 do not count.
    extent
        Length of the log.
    unit
        Smallest length that means anything: a second, or a line.

    Examples
    --------
    >>> round(longest_gap([2, 180, 14, 3900], extent=7200, unit=1))
    268
    """
    found = sorted(gap for gap in gaps if gap > 0)
    limit = extent / (4 * (len(found) + 1))
    upper = found[max(len(found) // 2 - 1, 0) :]
    breaks = [(longer / shorter, shorter) for shorter, longer in pairwise(upper)]
    ratio, shorter = max(breaks, default=(1.0, 0.0))
    if ratio >= _CLEAR:
        limit = max(limit, shorter * math.sqrt(ratio))
    return min(max(limit, unit), math.sqrt(_TEN * unit * extent), extent / 12)


def link(moments: Sequence[Moment], *, span: tuple[int, int] | None, lines: Mapping[int, int]) -> Linked:
    """Return which moments belong together.

    Parameters
    ----------
    moments
        In an order that does not depend on chance.
    span
        First and last time of the log; that of the moments if None.
    lines
        Lines of each source; as many as the moments need if it is missing.
    """
    spans: dict[int, tuple[int, int]] = {}
    untimed: defaultdict[int, list[int]] = defaultdict(list)
    for n, moment in enumerate(moments):
        if moment.standing:
            continue
        if moment.onset is None or moment.end is None:
            untimed[moment.source].append(n)
        else:
            spans[n] = (moment.onset, moment.end)
    groups, reaches, gap = _by_time(moments, spans, span=span)
    home = {n: group for group in groups for n in group}
    beside: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for n in spans:
        beside[moments[n].source].append((moments[n].lines[0], n))
    for source, members in sorted(untimed.items()):
        clusters, limit = _by_lines(moments, members, size=lines.get(source, 0))
        neighbours = sorted(beside[source])
        for cluster in clusters:
            # It takes its time from what stands beside it, from one side only: it is no bridge.
            nearest = _nearest(moments, cluster, neighbours, limit=limit)
            if nearest is None:
                groups.append(cluster)
            else:
                group = home[nearest]
                place = group.index(nearest) + 1
                group[place:place] = cluster
    return Linked(groups=groups, reaches=reaches, gap=round(gap))


def _by_time(
    moments: Sequence[Moment], spans: Mapping[int, tuple[int, int]], *, span: tuple[int, int] | None
) -> tuple[list[list[int]], dict[int, int], float]:
    """Join what begins within a gap of what was before, and within a longer one of what it shares something with."""
    if not spans:
        return [], {}, 0.0
    first, last = span or (min(start for start, _ in spans.values()), max(end for _, end in spans.values()))

    def reached(limit: float) -> dict[int, int]:
        return {n: end if moments[n].pace <= limit else start for n, (start, end) in spans.items()}

    longest = longest_gap((), extent=last - first, unit=_SECOND)
    limit = longest_gap(_gaps(spans, reached(longest)), extent=last - first, unit=_SECOND)
    reaches = reached(limit)
    return _joined(moments, spans, reaches, limit=limit), reaches, limit


def _by_lines(moments: Sequence[Moment], members: Sequence[int], *, size: int) -> tuple[list[list[int]], float]:
    spans = {n: moments[n].lines for n in members}
    reaches = {n: last for n, (_, last) in spans.items()}
    size = max(size, max(reaches.values()) + 1)
    limit = longest_gap(_gaps(spans, reaches), extent=size, unit=1)
    return _joined(moments, spans, reaches, limit=limit), limit


def _gaps(spans: Mapping[int, tuple[int, int]], reaches: Mapping[int, int]) -> Iterable[int]:
    furthest = None
    for n in sorted(spans, key=lambda n: (spans[n], n)):
        if furthest is not None:
            yield spans[n][0] - furthest
        furthest = reaches[n] if furthest is None else max(furthest, reaches[n])


def _joined(
    moments: Sequence[Moment], spans: Mapping[int, tuple[int, int]], reaches: Mapping[int, int], *, limit: float
) -> list[list[int]]:
    """Return the groups of single linkage, each in order, in one sweep.

    What is joined to the one that reaches furthest is joined to all that reach far enough: they are joined already.
    """
    order = sorted(spans, key=lambda n: (spans[n], n))
    telling = _telling(moments[n] for n in order)
    parents = {n: n for n in order}

    def root(n: int) -> int:
        while parents[n] != n:
            parents[n] = n = parents[parents[n]]
        return n

    furthest: dict[tuple[str, str], int] = {}
    for n in order:
        for key in (_ANY, *(key for key in moments[n].keys if key[0] in telling)):
            other = furthest.setdefault(key, n)
            if spans[n][0] - reaches[other] <= limit * (1.0 if key == _ANY else _SHARED):
                parents[root(n)] = root(other)
            if reaches[n] > reaches[other]:
                furthest[key] = n
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for n in order:
        groups[root(n)].append(n)
    return list(groups.values())


def _telling(moments: Iterable[Moment]) -> set[str]:
    """Return the kinds of keys that tell findings apart: that they share the only file of a log says nothing."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for moment in moments:
        for kind, name in moment.keys:
            names[kind].add(name)
    return {kind for kind, found in names.items() if len(found) > 1 or kind == "session"}


def _nearest(
    moments: Sequence[Moment], cluster: Sequence[int], neighbours: Sequence[tuple[int, int]], *, limit: float
) -> int | None:
    """Return which neighbour, (line, number) in order of lines, is at most `limit` lines from a cluster."""
    first, last = moments[cluster[0]].lines[0], max(moments[n].lines[1] for n in cluster)
    place = bisect_left(neighbours, (first, -1))
    around = [(first - moments[n].lines[1], n) for _, n in neighbours[max(place - 1, 0) : place]]
    around += [(line - last, n) for line, n in neighbours[place : place + 1]]
    distance, nearest = min(around, default=(math.inf, -1))
    return nearest if distance <= limit else None
