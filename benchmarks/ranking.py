"""How good a ranking is, and a threshold: average precision, ROC AUC, F1.

All functions take `labels` (True = anomalous) and one score or flag per unit, in the same order. Units of equal score
are one step of the ranking: which of them comes first must not count.
"""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_]
Scores = NDArray[np.float64]


def average_precision(labels: Labels, scores: Scores) -> float:
    """Return the mean of the precisions at each step down the ranking, weighted by the recall that the step adds.

    Raises
    ------
    ValueError
        If no unit is anomalous, or the lengths differ.

    Examples
    --------
    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]))
    0.8333333333333333
    """
    hits, given = _steps(labels, scores)
    gained = np.diff(hits, prepend=0) / hits[-1]
    return float((gained * hits / given).sum())


def roc_auc(labels: Labels, scores: Scores) -> float:
    """Return the share of pairs of an anomalous and a normal unit in which the anomalous one scores higher.

    Equal scores count as half a pair.

    Raises
    ------
    ValueError
        If all units are anomalous or none is, or the lengths differ.

    Examples
    --------
    >>> roc_auc(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]))
    0.5
    """
    hits, given = _steps(labels, scores)
    false = given - hits
    if not false[-1]:
        msg = "all units are anomalous: there is no pair to compare"
        raise ValueError(msg)
    before = hits - np.diff(hits, prepend=0) / 2  # half of those on the same step
    return float((np.diff(false, prepend=0) * before).sum() / (hits[-1] * false[-1]))


def f1(labels: Labels, flagged: Labels) -> float:
    """Return the harmonic mean of precision and recall; 0 where nothing is flagged that is anomalous.

    Examples
    --------
    >>> f1(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    _check(labels, flagged)
    both = int(labels.sum() + flagged.sum())
    return 2 * int((labels & flagged).sum()) / both if both else 0.0


def best_f1(labels: Labels, scores: Scores) -> float:
    """Return the highest F1 of any threshold: what the ranking could give to one who knew the labels.

    Raises
    ------
    ValueError
        If no unit is anomalous, or the lengths differ.

    Examples
    --------
    >>> best_f1(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]))
    0.8
    """
    hits, given = _steps(labels, scores)
    return float((2 * hits / (given + hits[-1])).max())


def _steps(labels: Labels, scores: Scores) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many anomalous units, and how many in all, there are down to each score, the highest first."""
    _check(labels, scores)
    if not labels.any():
        msg = "no unit is anomalous: there is nothing to rank"
        raise ValueError(msg)
    if np.isnan(scores).any():
        msg = "some scores are not numbers"
        raise ValueError(msg)
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    return np.cumsum(labels[order], dtype=np.int64)[last], last.astype(np.int64) + 1


def _check(labels: Labels, values: Labels | Scores) -> None:
    if labels.shape != values.shape:
        msg = f"{len(labels)} labels and {len(values)} scores or flags; expected one of each per unit"
        raise ValueError(msg)
