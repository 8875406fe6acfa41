"""What is said of every session of a group: a score, whether it is unusual, and what says most of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.sessions.deviations import FEWEST_SESSIONS, RARE, Deviation, find_deviations
from loganomaly.sessions.groups import SessionGroup
from loganomaly.sessions.mixes import UNUSUAL, Mix, find_mixes

__all__ = ["THRESHOLD", "JudgedGroup", "judge_group"]

THRESHOLD = 0.5
"""Score from which on a session is unusual."""
_ALIKE = 0.01
"""Share 0..1 of a group's sessions that are a usual kind of session."""
_TEMPLATES = 3
"""Templates of a session from which on, on average, it says all of what is usual: two lines are a pair."""
_BELOW = 0.999
"""What of the surprise of a deviation the rarest template alone reaches at most."""
_MOST = 0.1
"""Largest share 0..1 of a group's sessions that are unusual: where more deviate, the most surprising do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedGroup:
    """A group of sessions and how they deviate.

    Attributes
    ----------
    deviations
        The most surprising first.
    mixes
        Sessions that do not deviate and are far from all others, the farthest first.
    main
        Per session: the number of the first of its deviations, or -1.
    score
        Per session: 0..1, higher is more unusual.
    regular
        How much the sessions tell of what is usual, 0..1: the share of them that are like at least one in a hundred,
        with the same templates as often; less where most have fewer than three templates.
    """

    group: SessionGroup
    deviations: Sequence[Deviation]
    mixes: Sequence[Mix]
    main: NDArray[np.int64]
    score: NDArray[np.float64]
    regular: float


def judge_group(group: SessionGroup, *, span: tuple[int, int] | None, raised: Mapping[int, float]) -> JudgedGroup:
    """Judge the sessions of a group; for `span` and `raised` see `find_deviations`.

    A session's score is 1 - 0.5 ** (s / s0) for the largest surprise s of its deviations, with s0 that of what a share
    `RARE` of the sessions does, or more, so that at most a tenth of the sessions have 0.5. A session that does not
    deviate has the score, below 0.5, of its rarest template, unless it is far from all others: from the distance
    UNUSUAL on its score is 1 - 0.5 ** (d / UNUSUAL) for its distance d.
    """
    size = len(group.table)
    deviations = find_deviations(group, span=span, raised=raised)
    surprise, main = _rarest(group), np.full(size, -1, np.int64)
    base = -math.log10(RARE)
    for number, deviation in enumerate(deviations):
        rows = deviation.rows
        fresh = rows[main[rows] < 0]
        main[fresh] = number
        surprise[fresh] = np.maximum(deviation.surprise, base)
    deviating = np.sort(surprise[main >= 0])[::-1]
    most = int(_MOST * size)
    if len(deviating) > most:
        base = max(base, float(deviating[most]) * (1 + 1e-9))
    score = 1 - 0.5 ** (surprise / base)
    mixes = find_mixes(group, explained=main >= 0)
    for mix in mixes:
        if mix.distance >= UNUSUAL:
            score[mix.rows] = 1 - 0.5 ** (mix.distance / UNUSUAL)
    return JudgedGroup(group=group, deviations=deviations, mixes=mixes, main=main, score=score, regular=_regular(group))


def _regular(group: SessionGroup) -> float:
    """Return the share of sessions of a usual kind, times how much there is to a session; see `JudgedGroup`."""
    size = len(group.table)
    if not size:
        return 0.0
    pairs = group.counts.select("row", pair=pl.concat_str("number", "records", separator="x"))
    kinds = pairs.group_by("row").agg(pl.col("pair").str.join(" "))["pair"].value_counts()
    usual = float(kinds.filter(pl.col("count") >= _ALIKE * size)["count"].sum()) / size
    return usual * min(1.0, (len(group.counts) / size - 1) / (_TEMPLATES - 1))


def _rarest(group: SessionGroup) -> NDArray[np.float64]:
    """Return the surprise of each session's rarest template, below that of a deviation; 0 in small groups."""
    size = len(group.table)
    surprise = np.zeros(size)
    if size < FEWEST_SESSIONS:
        return surprise
    rows, numbers, _ = group.columns()
    _, inverse, have = np.unique(numbers, return_inverse=True, return_counts=True)
    np.maximum.at(surprise, rows, -np.log10(have[inverse] / size))
    return np.minimum(surprise, -math.log10(RARE) * _BELOW)
