"""The exact Local Outlier Factor of data with many identical points, at the cost of the distinct ones.

Definitions: M. M. Breunig, H.-P. Kriegel, R. T. Ng, J. Sander, "LOF: Identifying Density-Based Local
Outliers", SIGMOD 2000. Identical points are collapsed to one row with a multiplicity ``m``; each of the
``m`` points then has ``m - 1`` neighbours at distance 0, and every other row counts as often as it occurs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    SparseVectors = sparse.csr_array[np.float64] | sparse.csr_matrix[np.float64]
    Vectors = NDArray[np.float64] | sparse.csr_array[np.float64]

__all__ = ["LocalOutlierFactor", "local_outlier_factor"]

# Two distances tie when they differ by less than this share: rounding moves them by about 1e-11 at most.
_TIE_TOLERANCE = 1e-9
# Added to the mean reachability distance, as scikit-learn does: the density of identical points is finite.
_DENSITY_FLOOR = 1e-10
# ||a||^2 + ||b||^2 - 2ab loses digits when a and b are close. A squared distance below this share of the
# norms is computed again from the differences; above it at least 12 of 16 digits are left.
_CANCELLATION_SHARE = 1e-4
# Memory of one block of distances; a handful of arrays of this size are alive at once.
_BLOCK_BYTES = 32 << 20


@dataclass(frozen=True, kw_only=True)
class LocalOutlierFactor:
    """What :func:`local_outlier_factor` finds, one value for each distinct vector.

    Attributes
    ----------
    factor
        The Local Outlier Factor, float64, above 0: about 1 inside a cluster, higher = more anomalous.
    k_distance
        The distance to the k-th nearest other point, float64, in the unit of the vectors.
    """

    factor: NDArray[np.float64]
    k_distance: NDArray[np.float64]


def local_outlier_factor(
    vectors: ArrayLike | SparseVectors,
    *,
    multiplicities: ArrayLike,
    neighbors: int,
) -> LocalOutlierFactor:
    """Return the Local Outlier Factor of each distinct vector, exact for the data with all its copies.

    The k-distance neighbourhood holds every point at the k-distance or nearer, ties included (within a
    share of 1e-9 of the k-distance). A mean reachability distance gets 1e-10 added, the convention of
    scikit-learn, so that more than k identical points have a finite density. Distances are Euclidean
    and are computed by blocks of rows, twice; what is kept in between is one bit for each pair of rows.

    Parameters
    ----------
    vectors
        Shape ``(n, columns)``, scipy sparse or a dense array, one row for each distinct vector. Rows
        that are equal nevertheless are handled correctly, they only cost more. A dense array suits few
        columns (each distance reads all of them), a sparse one suits many columns that are mostly zero.
    multiplicities
        Shape ``(n,)``, whole numbers of at least 1: how many times each vector occurs in the data.
    neighbors
        The k of the definition, at least 1. With ``k`` other points or fewer in the data, all of them
        are used.

    Returns
    -------
    LocalOutlierFactor
        In the order of the rows. A point that is alone in the data has factor 1 and k-distance 0.

    Raises
    ------
    ValueError
        ``neighbors`` is below 1, the shapes do not fit, the multiplicities are not whole numbers of at
        least 1, or a vector holds values that are not finite or too large to be squared.

    Examples
    --------
    >>> found = local_outlier_factor([[0.0], [1.0], [3.0]], multiplicities=[2, 1, 1], neighbors=2)
    >>> found.factor.round(3).tolist()
    [1.0, 1.0, 2.667]
    >>> found.k_distance.tolist()
    [1.0, 1.0, 3.0]
    """
    if neighbors < 1:
        raise ValueError(f"neighbors is {neighbors}, expected at least 1; 20 is a usual choice")
    points = _checked_vectors(vectors)
    weights = _checked_multiplicities(multiplicities, rows=points.shape[0])
    k = min(neighbors, int(weights.sum()) - 1)
    if k < 1:
        alone = weights.size
        return LocalOutlierFactor(factor=np.ones(alone), k_distance=np.zeros(alone))
    k_distance = _k_distances(points, weights=weights, k=k)
    density, neighbourhoods = _densities(points, weights=weights, k_distance=k_distance)
    factor = _factors(neighbourhoods, weights=weights, density=density)
    return LocalOutlierFactor(factor=factor, k_distance=k_distance)


def _k_distances(points: Vectors, *, weights: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Return the distance within which each point has k others, copies of itself included."""
    k_distance = np.empty(weights.size)
    # A row stands for one point at least, except the point's own row, which may stand for none.
    enough = min(k + 1, weights.size)
    for start, distances in _distance_blocks(points):
        rows = np.arange(len(distances))
        if enough < weights.size:
            nearest = np.argpartition(distances, enough - 1, axis=1)[:, :enough]
            order = np.argsort(np.take_along_axis(distances, nearest, axis=1), axis=1)
            nearest = np.take_along_axis(nearest, order, axis=1)
        else:
            nearest = np.argsort(distances, axis=1)
        others = weights[nearest] - (nearest == (start + rows)[:, None])
        kth = np.argmax(np.cumsum(others, axis=1) >= k, axis=1)
        k_distance[start + rows] = distances[rows, nearest[rows, kth]]
    return k_distance


def _densities(
    points: Vectors, *, weights: NDArray[np.int64], k_distance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[NDArray[np.uint8]]]:
    """Return the local reachability densities, and the neighbourhoods as packed bits, block by block."""
    density = np.empty(weights.size)
    neighbourhoods = []
    reach_limit = k_distance * (1 + _TIE_TOLERANCE)
    for start, distances in _distance_blocks(points):
        rows = slice(start, start + len(distances))
        near = distances <= reach_limit[rows, None]
        neighbourhoods.append(np.packbits(near, axis=1))
        shares = _neighbour_shares(near, weights=weights, start=start)
        reachability = np.maximum(distances, k_distance, out=distances)
        density[rows] = 1 / (np.einsum("ij,ij->i", shares, reachability) + _DENSITY_FLOOR)
    return density, neighbourhoods


def _factors(
    neighbourhoods: list[NDArray[np.uint8]], *, weights: NDArray[np.int64], density: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean density of each point's neighbours over its own."""
    means = np.empty(weights.size)
    start = 0
    for packed in neighbourhoods:
        near = np.unpackbits(packed, axis=1, count=weights.size).view(np.bool_)
        shares = _neighbour_shares(near, weights=weights, start=start)
        # Not a BLAS product: its order of summation, hence the last digit, depends on the thread count.
        means[start : start + len(near)] = np.einsum("ij,j->i", shares, density)
        start += len(near)
    return means / density


def _neighbour_shares(near: NDArray[np.bool_], *, weights: NDArray[np.int64], start: int) -> NDArray[np.float64]:
    """Return the share each row has in the neighbourhoods of the points ``start``, ``start + 1``, ..."""
    shares: NDArray[np.float64] = np.multiply(near, weights, dtype=np.float64)
    rows = np.arange(len(near))
    shares[rows, start + rows] -= 1  # a point is no neighbour of itself, only its copies are
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _distance_blocks(points: Vectors) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield the first row of each block and its distances to all rows, shape ``(block, n)``."""
    rows = points.shape[0]
    size = max(1, _BLOCK_BYTES // (8 * rows))
    if isinstance(points, np.ndarray):
        from scipy.spatial.distance import cdist  # sparse vectors, which most are, need none of it: 0.15 s

        for start in range(0, rows, size):
            yield start, cdist(points[start : start + size], points)
        return
    transposed = points.T.tocsr()
    norms = _squared_norms(points)
    for start in range(0, rows, size):
        stop = min(start + size, rows)
        products = (points[start:stop] @ transposed).toarray()
        yield start, _distances(points, products=products, norms=norms, start=start)


def _distances(
    points: sparse.csr_array[np.float64],
    *,
    products: NDArray[np.float64],
    norms: NDArray[np.float64],
    start: int,
) -> NDArray[np.float64]:
    """Turn the inner products of the rows from ``start`` on with all rows into distances, in place."""
    rows = np.arange(len(products))
    squared = products
    squared *= -2
    both = norms[start : start + len(products), None] + norms
    squared += both
    both *= _CANCELLATION_SHARE
    close = squared < both
    close[rows, start + rows] = False
    squared[rows, start + rows] = 0
    left, right = np.nonzero(close)
    squared[left, right] = _squared_differences(points, left=left + start, right=right)
    np.sqrt(squared, out=squared)
    return squared


def _squared_differences(
    points: sparse.csr_array[np.float64], *, left: NDArray[np.intp], right: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the squared distances of pairs of rows, from their differences, to full precision."""
    squared = np.empty(left.size)
    longest = int(np.diff(points.indptr).max())
    size = max(1, _BLOCK_BYTES // (64 * max(1, longest)))
    for start in range(0, left.size, size):
        pairs = slice(start, start + size)
        squared[pairs] = _squared_norms(points[left[pairs]] - points[right[pairs]])
    return squared


def _squared_norms(points: Vectors) -> NDArray[np.float64]:
    if isinstance(points, np.ndarray):
        return np.asarray((points**2).sum(axis=1))
    rows = np.repeat(np.arange(points.shape[0]), np.diff(points.indptr))
    return np.asarray(np.bincount(rows, weights=points.data**2, minlength=points.shape[0]), dtype=np.float64)


def _canonical(vectors: SparseVectors) -> sparse.csr_array[np.float64]:
    """Return a copy by rows with sorted columns: inner products are then the same in both directions."""
    points: sparse.csr_array[np.float64] = sparse.csr_array(vectors).astype(np.float64)
    points.sum_duplicates()
    return points


def _checked_vectors(vectors: ArrayLike | SparseVectors) -> Vectors:
    given = vectors if sparse.issparse(vectors) else np.asarray(vectors, dtype=np.float64)
    if len(given.shape) != 2:
        raise ValueError(f"vectors have shape {given.shape}, expected (rows, columns); give one row a vector")
    points = given if isinstance(given, np.ndarray) else _canonical(given)
    # No squared distance is above twice the sum of both squared norms.
    with np.errstate(over="ignore"):
        representable = np.isfinite(4 * _squared_norms(points))
    if not representable.all():
        raise ValueError(
            f"vector {int(np.argmin(representable))} holds a value that is not finite or is too large to be "
            "squared, expected finite values; drop the row or scale the vectors"
        )
    return points


def _checked_multiplicities(multiplicities: ArrayLike, *, rows: int) -> NDArray[np.int64]:
    given = np.asarray(multiplicities)
    if given.shape != (rows,):
        raise ValueError(
            f"multiplicities have shape {given.shape}, expected ({rows},); give one for each of the vectors"
        )
    if given.size == 0:
        return np.zeros(0, dtype=np.int64)
    if not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"multiplicities have dtype {given.dtype}, expected whole numbers; convert them to int64")
    if given.min() < 1:
        raise ValueError(
            f"the smallest multiplicity is {given.min()}, expected at least 1; leave out vectors that do not occur"
        )
    return given.astype(np.int64)
