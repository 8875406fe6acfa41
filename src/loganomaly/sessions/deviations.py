"""What few sessions of a group do otherwise than all the others: the model of unusual sessions.

Every template gives one question with an answer in counts: how many sessions have it, how many of those that have
another one lack it, how often it comes, before which other it comes first. A session deviates where its answer is
that of few, as a share of the sessions that the question is about: rare templates (inverse document frequency), broken
rules of the form "who has A has B" (association rules, Agrawal et al., SIGMOD 1993; invariants of logs, Lou et al.,
USENIX ATC 2010), and outlying counts and durations.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.profile import place
from loganomaly.sessions.groups import SessionGroup

__all__ = ["FEWEST_SESSIONS", "RARE", "Deviation", "find_deviations"]

FEWEST_SESSIONS = 50
"""Sessions that a question must be about: of fewer, none is rare."""
RARE = 0.02
"""A deviation is what at most this share 0..1 of the sessions does."""
_MOST_RULES = 128
"""Templates, those that most sessions have, between which rules are looked for."""
_RULES_FOR_ONE = 3
"""Rules that expect the same template, the most general first."""
_MOST_ORDERED = 24
"""Templates, those that most sessions have, whose order is looked at."""
_FLIPPED = 0.005
"""Largest share of sessions in another order that is a deviation: what is turned round more often is a race."""
_REGULAR = 0.9
"""Share of sessions with the same count from which on another count is news."""
_SOURCE = float(place(1, 0))
"""Distance between the places of one source and those of the next."""
_OCTAVES, _FENCES = 3.0, 3.0
"""How far beyond the ninth decile a count or duration that varies is news: doublings, and distances to the median."""


_TRIED = 2000
"""Sessions, the first ones, that tell which templates have no order."""
_Column = tuple[NDArray[np.float64], NDArray[np.float64], bool]
"""First time and place of a template in every session, and whether any of its records has no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """What few sessions have in common.

    Attributes
    ----------
    kind
        "rare" (they have `number`), "missing" (they lack `number`, though they have `other`), "count" (they have it
        more or less often), "order" (`number` comes before `other`, not behind it), "slow" (they take longer).
    number, other
        Templates.
    probability
        Share 0..1 of the sessions that the question is about.
    rows
        The sessions.
    sessions
        How many sessions the question is about.
    observed, expected
        Counts, or seconds.
    raised
        Powers of ten by which its probability counts as less.
    """

    kind: str
    number: int | None
    other: int | None = None
    probability: float
    rows: NDArray[np.int64]
    sessions: int
    observed: float
    expected: float
    raised: float = 0.0

    @property
    def surprise(self) -> float:
        """How many powers of ten it is less probable than what all do; raised where the template tells of an error."""
        return self.raised - math.log10(self.probability)

    @property
    def key(self) -> tuple[float, str, int, int]:
        """What sorts deviations: the most surprising first."""
        return (-self.surprise, self.kind, -1 if self.number is None else self.number, self.other or 0)


@dataclass(frozen=True)
class _Sessions:
    """The sessions of a group as arrays, by template."""

    group: SessionGroup
    span: tuple[int, int] | None
    rows: dict[int, NDArray[np.int64]] = field(init=False, default_factory=dict)
    counts: dict[int, NDArray[np.int64]] = field(init=False, default_factory=dict)
    times: dict[int, NDArray[np.float64]] = field(init=False, default_factory=dict)
    ends: dict[int, NDArray[np.float64]] = field(init=False, default_factory=dict)
    places: dict[int, NDArray[np.int64]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for (number,), part in self.group.counts.group_by("number", maintain_order=True):
            n = int(str(number))
            self.rows[n] = part["row"].to_numpy()
            self.counts[n] = part["records"].to_numpy()
            self.times[n] = part["first_time"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            self.ends[n] = part["last_time"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            self.places[n] = part["first_place"].to_numpy()

    @cached_property
    def size(self) -> int:
        return len(self.group.table)

    @cached_property
    def usual(self) -> list[int]:
        """Templates that enough sessions have, the most frequent first."""
        enough = [n for n, rows in self.rows.items() if len(rows) >= FEWEST_SESSIONS]
        return sorted(enough, key=lambda n: (-len(self.rows[n]), n))

    def spread(self, values: dict[int, NDArray[np.float64]], number: int) -> NDArray[np.float64]:
        """Return a value of template `number` for every session, NaN where it has none."""
        column = np.full(self.size, np.nan)
        column[self.rows[number]] = values[number]
        return column


def _share(some: int, of: int) -> float:
    """Return the share of sessions, with half a session more than was seen: few sessions prove little."""
    return (some + 0.5) / (of + 1)


def find_deviations(
    group: SessionGroup, *, span: tuple[int, int] | None, raised: Mapping[int, float]
) -> list[Deviation]:
    """Return the deviations in a group of sessions, the most surprising first.

    Parameters
    ----------
    span
        First and last time of the log, microseconds: a session that was cut off by its end lacks nothing.
    raised
        Powers of ten by which a template (number) that tells of an error counts as rarer than it is.
    """
    if len(group.table) < FEWEST_SESSIONS:
        return []
    sessions = _Sessions(group, span)
    found = [*_rare(sessions, raised), *_missing(sessions), *_counts(sessions), *_orders(sessions), *_slow(sessions)]
    return sorted(found, key=lambda deviation: deviation.key)


def _rare(sessions: _Sessions, raised: Mapping[int, float]) -> Iterator[Deviation]:
    for number, rows in sessions.rows.items():
        share, more = _share(len(rows), sessions.size), raised.get(number, 0.0)
        if share <= RARE * 10**more:
            yield Deviation(
                kind="rare",
                number=number,
                probability=share,
                rows=rows,
                sessions=sessions.size,
                observed=float(len(rows)),
                expected=0.0,
                raised=more,
            )


def _missing(sessions: _Sessions) -> Iterator[Deviation]:
    numbers = sessions.usual[:_MOST_RULES]
    if len(numbers) < 2:
        return
    present = np.zeros((sessions.size, len(numbers)), np.float32)
    for column, number in enumerate(numbers):
        present[sessions.rows[number], column] = 1
    both = np.rint(present.T @ present).astype(np.int64)
    have = both.diagonal()
    for column, number in enumerate(numbers):
        lack = have - both[:, column]
        broken = np.flatnonzero((lack > 0) & ((lack + 0.5) / (have + 1) <= RARE))
        # The most general rule first: `numbers` are sorted by how many sessions have them.
        for other in broken[:_RULES_FOR_ONE].tolist():
            rows = np.flatnonzero((present[:, other] > 0) & (present[:, column] == 0))
            rows = _overdue(sessions, rows, number=number, after=numbers[other])
            if len(rows):
                yield Deviation(
                    kind="missing",
                    number=number,
                    other=numbers[other],
                    probability=_share(len(rows), int(have[other])),
                    rows=rows,
                    sessions=int(have[other]),
                    observed=0.0,
                    expected=1.0,
                )


def _overdue(sessions: _Sessions, rows: NDArray[np.int64], *, number: int, after: int) -> NDArray[np.int64]:
    """Return those of the sessions, which have template `after`, in which the log lasted long enough for `number`."""
    if sessions.span is None:
        return rows
    start = sessions.spread(sessions.times, after)
    delay = sessions.spread(sessions.times, number) - start
    delay = delay[~np.isnan(delay)]
    if not len(delay):
        return rows
    earliest, latest = np.quantile(delay, [0.01, 0.99])
    begun = start[rows]
    in_log: NDArray[np.bool_] = (begun + min(earliest, 0.0) >= sessions.span[0]) & (
        begun + max(latest, 0.0) <= sessions.span[1]
    )
    return rows[in_log | np.isnan(begun)]


def _counts(sessions: _Sessions) -> Iterator[Deviation]:
    for number in sessions.usual:
        counts, rows = sessions.counts[number], sessions.rows[number]
        values, sizes = np.unique(counts, return_counts=True)
        if len(values) == 1:
            continue
        usual = int(values[sizes.argmax()])
        if sizes.max() >= _REGULAR * len(counts):
            fewer = _outside(-counts, above=-usual) & ~_cut_off(sessions, number)
            sides = [fewer, _outside(counts, above=usual)]
        else:
            sides = [_outside(counts, above=_fence(counts))]
        for outside in sides:
            if outside.any():
                extreme = counts[outside]
                yield Deviation(
                    kind="count",
                    number=number,
                    probability=_share(int(outside.sum()), len(counts)),
                    rows=rows[outside],
                    sessions=len(counts),
                    observed=float(extreme.max() if extreme[0] > usual else extreme.min()),
                    expected=float(usual),
                )


def _cut_off(sessions: _Sessions, number: int) -> NDArray[np.bool_]:
    """Return in which sessions records of a template may lie before the log begins or after it ends."""
    first, last = sessions.times[number], sessions.ends[number]
    known = last - first
    known = known[~np.isnan(known)]
    if sessions.span is None or not len(known):
        return np.zeros(len(first), np.bool_)
    longest = np.quantile(known, 0.99)
    cut: NDArray[np.bool_] = (last - longest < sessions.span[0]) | (first + longest > sessions.span[1])
    return cut


def _outside(values: NDArray[np.int64], *, above: float) -> NDArray[np.bool_]:
    """Return which values lie above a bound and are so high that few are as high."""
    most = min(int(RARE * (len(values) + 1) - 0.5), len(values) - 1)
    limit = max(above, float(np.sort(values)[::-1][most]))
    outside: NDArray[np.bool_] = values > limit
    return outside


def _fence(values: NDArray[np.int64]) -> float:
    """Return what a value that varies must exceed to be news (Tukey's fences on a logarithmic scale)."""
    median, high = np.quantile(np.log2(np.maximum(values, 1e-6)), [0.5, 0.9])
    return float(2 ** (high + max(_OCTAVES, _FENCES * (high - median))))


def _orders(sessions: _Sessions) -> Iterator[Deviation]:
    numbers = sessions.usual[:_MOST_ORDERED]
    places = {n: sessions.places[n].astype(np.float64) for n in numbers}
    columns: dict[int, _Column] = {
        n: (sessions.spread(sessions.times, n), sessions.spread(places, n), bool(np.isnan(sessions.times[n]).any()))
        for n in numbers
    }
    some = {n: (time[:_TRIED], place[:_TRIED], timeless) for n, (time, place, timeless) in columns.items()}
    for i, one in enumerate(numbers):
        for other in numbers[i + 1 :]:
            if _is_mixed(some[one], some[other]):
                continue
            first, second = _before(columns[one], columns[other]), _before(columns[other], columns[one])
            forward, backward = int(first.sum()), int(second.sum())
            total = forward + backward
            for few, rows, number, usual in ((forward, first, one, other), (backward, second, other, one)):
                if total >= FEWEST_SESSIONS and few and _share(few, total) <= _FLIPPED:
                    yield Deviation(
                        kind="order",
                        number=number,
                        other=usual,
                        probability=_share(few, total),
                        rows=np.flatnonzero(rows),
                        sessions=total,
                        observed=float(few),
                        expected=0.0,
                    )


def _is_mixed(one: _Column, other: _Column) -> bool:
    """Whether two templates come in both orders so often among the first sessions that neither is a deviation."""
    few, many = sorted((int(_before(one, other).sum()), int(_before(other, one).sum())))
    return few > 10 * _FLIPPED * (few + many) + 5


def _before(one: _Column, other: _Column) -> NDArray[np.bool_]:
    """Return in which sessions the first record of one template comes before that of another.

    At one time there is no order: what runs side by side is logged in any. Without times the place in the source tells.
    """
    (time, at, timeless), (later, behind, also_timeless) = one, other
    before: NDArray[np.bool_] = time < later
    if timeless and also_timeless:
        before |= np.isnan(time) & np.isnan(later) & (at // _SOURCE == behind // _SOURCE) & (at < behind)
    return before


def _slow(sessions: _Sessions) -> Iterator[Deviation]:
    table = sessions.group.table
    seconds = ((table["last_time"] - table["first_time"]) / 1e6).fill_null(float("nan")).to_numpy()
    kinds = sessions.group.sets().rank("dense").to_numpy()
    sizes = np.bincount(kinds.astype(np.int64))
    kinds = np.where(sizes[kinds.astype(np.int64)] >= FEWEST_SESSIONS, kinds, 0)
    for kind in np.unique(kinds).tolist():
        rows = np.flatnonzero((kinds == kind) & (seconds > 0))
        if len(rows) < FEWEST_SESSIONS:
            continue
        own = seconds[rows]
        outside = own > _fence(own)
        if outside.any() and _share(int(outside.sum()), len(own)) <= RARE:
            yield Deviation(
                kind="slow",
                number=None,
                probability=_share(int(outside.sum()), len(own)),
                rows=rows[outside],
                sessions=len(own),
                observed=float(own.max()),
                expected=float(np.median(own)),
            )
