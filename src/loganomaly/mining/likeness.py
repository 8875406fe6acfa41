"""Which templates are worded alike, and what they differ in."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from loganomaly.mining.shape import PARAMETER
from loganomaly.mining.tokenise import tokenise

__all__ = ["differing_words", "most_alike"]

_BLOCK_BYTES = 32 << 20
_DIGITS = 9  # of a cosine that count: rounding must not choose among equals


def most_alike(
    vectors: sparse.csr_array[np.float64],
    *,
    records: NDArray[np.int64],
    rows: Sequence[int] | NDArray[np.int64],
    candidates: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each of some rows the candidate that is most like it among those with more records.

    Parameters
    ----------
    vectors
        Shape ``(n, columns)``, rows of norm 1 (or 0).
    records
        Shape ``(n,)``: how often each row occurs.
    rows
        Those that are asked for.
    candidates
        Shape ``(n,)``: which rows may be the answer.

    Returns
    -------
    row, similarity
        For each of `rows`: the row most like it, of several the first, -1 without one; and the cosine 0..1 between
        the two. The products are made in blocks of 32 MB.

    Examples
    --------
    >>> from loganomaly.mining.vectors import tfidf
    >>> vectors = tfidf([["job", "done"], ["disk", "ok"], ["job", "lost"]], weights=[1, 1, 1])
    >>> row, similarity = most_alike(vectors, records=np.array([9, 9, 1]), rows=[2], candidates=np.full(3, True))
    >>> row.tolist(), similarity.round(2).tolist()
    ([0], [0.37])
    """
    asked, allowed = np.asarray(rows, np.int64), np.flatnonzero(candidates)
    nearest, similarity = np.full(len(asked), -1, np.int64), np.zeros(len(asked))
    if not len(allowed):
        return nearest, similarity
    transposed = vectors[allowed].T.tocsr()
    size = max(1, _BLOCK_BYTES // (8 * len(allowed)))
    for start in range(0, len(asked), size):
        block = asked[start : start + size]
        cosines = np.round((vectors[block] @ transposed).toarray(), _DIGITS)
        cosines[records[allowed][None, :] <= records[block][:, None]] = -1
        best = cosines.argmax(axis=1)
        found = cosines[np.arange(len(block)), best]
        part = slice(start, start + len(block))
        nearest[part] = np.where(found >= 0, allowed[best], -1)
        similarity[part] = np.clip(found, 0, 1)
    return nearest, similarity


def differing_words(one: str, other: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words that only the first of two templates has, and those that only the second has, in their order.

    Signs alone are no words.

    Examples
    --------
    >>> differing_words("upstream <*> answered 503", "upstream <*> answered 200 again")
    (('503',), ('200', 'again'))
    """
    own, others = _words(one), _words(other)
    return _beyond(own, others), _beyond(others, own)


def _beyond(words: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    left = Counter(words) - Counter(others)
    # The last of several equal words: what is said once more is said behind what was there.
    kept = []
    for word in reversed(words):
        if left[word] > 0:
            left[word] -= 1
            kept.append(word)
    return tuple(reversed(kept))


def _words(text: str) -> list[str]:
    words = (word for part in text.split(PARAMETER) for word in tokenise(part.encode(errors="replace")).texts)
    return [word for word in words if any(character.isalnum() for character in word)]
