"""Sessions whose templates come together in no other: by the distance to the k-th nearest session.

What deviations ask of one template or of two at a time (is it rare, what is missing, how often) says nothing of a
session that has several usual ones which never meet. A session is the vector of the templates that it has, weighted by
their inverse document frequency; sessions with the same templates are one vector with its multiplicity, so that the
distance to the k-th nearest (Ramaswamy et al., SIGMOD 2000) is that of all sessions at the cost of the distinct ones.
How often a template comes is left out: counts that vary have heavy tails, in which some session is always far away.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.sessions.deviations import FEWEST_SESSIONS, RARE
from loganomaly.sessions.groups import SessionGroup

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["UNUSUAL", "Mix", "find_mixes", "neighbour_distances"]

UNUSUAL = 0.7
"""Distance from which on a session is unusual: that of one of two kinds at once, where there are many kinds."""
_NEIGHBOURS = 0.01
"""The k, as a share 0..1 of the sessions; at least two."""
_MOST_KINDS = 6_000
"""Distinct vectors that are judged: where there are more, no mix is usual."""
_MOST_COMPARED = 2_000
"""Distinct vectors, those of most sessions, that all are compared with."""
_BLOCK = 500
_USUAL, _TIMES = 0.9, 3.0
"""Share 0..1 of the sessions whose distance is usual, and how many times as far a distance of 1 is at least."""
_FAR = 0.5
"""Distance from which on a session is told of."""
_EXPECTED, _MET = 10.0, 0.2
"""Sessions that have two templates if chance brings them together, at least, and the largest share of them that does
where they are kept apart: with less, that both are in one session is no news."""
_MOST_NAMED = 3
_LEAST_SHARE = 0.1  # of the difference, from which on a template is named
_ADDED = 0.5
"""Share of the difference that is what the session has: one that lacks something may be cut off by the log's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Sessions with the same templates, far from all others.

    Attributes
    ----------
    rows
        The sessions, of those that no deviation explains.
    distance
        To the k-th nearest session; 1 is as far as two sessions drawn at random are from each other, or, where few have
        others near, three times as far as nine sessions in ten have theirs.
    numbers
        Templates that make the difference, the greatest first.
    observed, usual
        Of each of these, how often it comes in a session, and in the k nearest ones: means.
    """

    rows: NDArray[np.int64]
    distance: float
    numbers: tuple[int, ...]
    observed: tuple[float, ...]
    usual: tuple[float, ...]


def neighbour_distances(
    vectors: "sparse.csr_array[np.float64]", sizes: NDArray[np.int64], *, k: int
) -> NDArray[np.float64]:
    """Return the distance of each vector to its k-th nearest other one.

    Parameters
    ----------
    vectors
        Distinct, one a row, those with the greatest multiplicity first: of many, all are compared with these only.
    sizes
        Multiplicity of each vector; k is less than their sum.

    Examples
    --------
    >>> from scipy import sparse
    >>> points = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 0.0], [4.0, 4.0]]))
    >>> neighbour_distances(points, np.array([3, 2, 1]), k=3).tolist()
    [1.0, 1.0, 5.0]
    """
    found = np.empty(len(sizes))
    for first in range(0, len(sizes), _BLOCK):
        squared = _squared(vectors, slice(first, first + _BLOCK))
        for row, own in enumerate(squared, start=first):
            nearest, _ = _nearest(own, sizes, row=row, k=k)
            found[row] = np.sqrt(max(own[nearest[-1]], 0.0))
    return found


def _squared(vectors: "sparse.csr_array[np.float64]", rows: slice) -> NDArray[np.float64]:
    """Return the squares of the distances of some vectors to those that all are compared with."""
    others = vectors[:_MOST_COMPARED]
    squares: NDArray[np.float64] = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    products = (vectors[rows] @ others.T).toarray()
    squared: NDArray[np.float64] = squares[rows, None] + squares[None, : others.shape[0]] - 2 * products
    return squared


def _nearest(
    squared: NDArray[np.float64], sizes: NDArray[np.int64], *, row: int, k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which are the k nearest of a vector, given by its number, and how often each of them is among these."""
    # Each is there once at least, but for the vector itself.
    most = min(k + 1, len(squared))
    near = np.argpartition(squared, most - 1)[:most]
    nearest = near[np.argsort(squared[near], kind="stable")]
    left = sizes[nearest].copy()
    left[nearest == row] -= 1
    reached = np.cumsum(left)
    last = min(int(np.searchsorted(reached, k)), len(nearest) - 1)
    left[last] -= max(0, int(reached[last]) - k)
    return nearest[: last + 1], left[: last + 1]


def find_mixes(group: SessionGroup, *, explained: NDArray[np.bool_]) -> list[Mix]:
    """Return the sessions of a group that are far from all others, the farthest first; nothing of those `explained`.

    They are few, and have templates that others keep apart: uncommon ones that meet as often as chance has it are no
    news, wherever they lie.
    """
    from scipy import sparse

    size = len(group.table)
    if size < FEWEST_SESSIONS:
        return []
    kind_of, sizes = _kinds(group)
    if not 1 < len(sizes) <= _MOST_KINDS:
        return []
    rows, numbers, records = group.columns()
    shape = (len(sizes), int(numbers.max()) + 1)
    # A sparse array adds up what is given for one place.
    counts = sparse.csr_array((records.astype(np.float64), (kind_of[rows], numbers)), shape=shape)
    have = np.bincount(numbers, minlength=shape[1])
    weights = np.log((1 + size) / (1 + have)) + 1
    present = counts.copy()
    present.data[:] = 1.0
    vectors = sparse.csr_array(present.multiply(weights[None, :]))
    k = max(2, int(_NEIGHBOURS * size))
    distances = neighbour_distances(vectors, sizes, k=k)
    share = have / size
    apart = float(np.sqrt(2 * (weights**2 * share * (1 - share)).sum()))
    unit = max(apart, _TIMES * float(np.quantile(np.repeat(distances, sizes), _USUAL)))
    mixes = []
    for kind in np.flatnonzero((distances >= _FAR * unit) & (distances > 0)).tolist():
        members = np.flatnonzero((kind_of == kind) & ~explained)
        few = (len(members) + 0.5) / (size + 1) <= RARE
        if not len(members) or not few or not _kept_apart(present, sizes, kind=kind, have=have):
            continue
        nearest, times = _nearest(_squared(vectors, slice(kind, kind + 1))[0], sizes, row=kind, k=k)
        share_near = (times / times.sum()) @ present[nearest].toarray()
        gap = weights * (present[[kind]].toarray()[0] - share_near)
        order = np.argsort(-np.abs(gap), kind="stable")[:_MOST_NAMED]
        named = [int(n) for n in order if gap[n] ** 2 >= _LEAST_SHARE * (gap**2).sum()]
        if not named or (gap[gap > 0] ** 2).sum() < _ADDED * (gap**2).sum():
            continue
        observed = counts[[kind]].toarray()[0] / sizes[kind]
        near = (times / times.sum() / sizes[nearest]) @ counts[nearest].toarray()
        mixes.append(
            Mix(
                rows=members,
                distance=float(distances[kind] / unit),
                numbers=tuple(named),
                observed=tuple(float(observed[n]) for n in named),
                usual=tuple(float(near[n]) for n in named),
            )
        )
    return sorted(mixes, key=lambda mix: (-mix.distance, mix.numbers, int(mix.rows[0])))


def _kept_apart(
    present: "sparse.csr_array[np.float64]", sizes: NDArray[np.int64], *, kind: int, have: NDArray[np.int64]
) -> bool:
    """Whether a kind has two templates that meet in far fewer sessions than chance would bring together."""
    numbers = present[[kind]].indices
    own = present[:, numbers].toarray()
    met = own.T @ (own * sizes[:, None])
    expected = np.outer(have[numbers], have[numbers]) / sizes.sum()
    return bool(((expected >= _EXPECTED) & (met <= _MET * expected)).any())


def _kinds(group: SessionGroup) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which kind each session is, by the set of its templates, and how many of each there are, most first."""
    frame = group.sets().alias("kind").to_frame().with_row_index("row")
    order = frame.group_by("kind").agg(pl.len(), pl.col("row").min()).sort("len", "row", descending=[True, False])
    ranks = order.select("kind", rank=pl.int_range(pl.len(), dtype=pl.Int64))
    kind_of = frame.join(ranks, on="kind", how="left").sort("row")["rank"].to_numpy()
    return kind_of, order["len"].cast(pl.Int64).to_numpy()
