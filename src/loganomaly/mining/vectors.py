"""Term vectors of distinct documents, weighted by how often each document occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["tfidf"]


def tfidf(documents: Sequence[Sequence[str]], *, weights: ArrayLike) -> sparse.csr_array[np.float64]:
    """Return the L2-normalised TF-IDF vectors of distinct documents that occur more than once.

    The vectors are those of the expanded data, in which document ``i`` occurs ``weights[i]`` times, at
    the cost of the distinct documents only. With ``N = sum(weights)`` and ``df(t)`` the sum of the
    weights of the documents that hold token ``t``, a row holds ``tf * (ln((1 + N) / (1 + df)) + 1)``
    (the smooth inverse document frequency of scikit-learn's ``TfidfVectorizer``), divided by its
    Euclidean norm.

    Parameters
    ----------
    documents
        One sequence of tokens a document; a token that repeats counts each time.
    weights
        How many times each document occurs: whole numbers of at least 1, one a document.

    Returns
    -------
    scipy.sparse.csr_array
        Shape ``(documents, distinct tokens)``, float64, rows in the order given, columns in the order
        of the sorted tokens. A document without tokens is a row of zeros.

    Raises
    ------
    TypeError
        A document is a string instead of a sequence of tokens.
    ValueError
        The weights are not whole numbers of at least 1, one a document.

    Examples
    --------
    >>> vectors = tfidf([["disk", "full"], ["disk", "ok"]], weights=[1, 3])
    >>> vectors.shape
    (2, 3)
    >>> vectors.toarray().round(2).tolist()
    [[0.46, 0.89, 0.0], [0.63, 0.0, 0.77]]
    """
    counts = _token_counts(documents)
    occurrences = _checked_weights(weights, documents=counts.shape[0])
    holders = np.repeat(occurrences, np.diff(counts.indptr))
    frequencies = np.bincount(counts.indices, weights=holders, minlength=counts.shape[1])
    idf = np.log((1 + occurrences.sum()) / (1 + frequencies)) + 1
    values = counts.data * idf[counts.indices]
    # A row with no tokens stores no value, so its norm of zero never divides anything.
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    norms = np.sqrt(np.bincount(rows, weights=values**2, minlength=counts.shape[0]))
    return sparse.csr_array((values / norms[rows], counts.indices, counts.indptr), shape=counts.shape)


def _token_counts(documents: Sequence[Sequence[str]]) -> sparse.csr_array[np.float64]:
    """Return how often each document (row) holds each token (column, sorted)."""
    for position, document in enumerate(documents):
        if isinstance(document, str):
            raise TypeError(
                f"document {position} is the string {document!r}, expected a sequence of tokens; "
                "split it into tokens first"
            )
    columns = {token: column for column, token in enumerate(sorted({t for d in documents for t in d}))}
    indices = np.array([columns[token] for document in documents for token in document], dtype=np.int64)
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    indptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    shape = (len(documents), len(columns))
    counts = sparse.csr_array((np.ones(indices.size), indices, indptr), shape=shape)
    counts.sum_duplicates()
    return counts


def _checked_weights(weights: ArrayLike, *, documents: int) -> NDArray[np.int64]:
    given = np.asarray(weights)
    if given.shape != (documents,):
        raise ValueError(f"weights have shape {given.shape}, expected ({documents},); give one weight a document")
    if given.size == 0:
        return np.zeros(0, dtype=np.int64)
    if not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"weights have dtype {given.dtype}, expected whole numbers; convert them to int64")
    if given.min() < 1:
        raise ValueError(
            f"the smallest weight is {given.min()}, expected at least 1; leave out documents that do not occur"
        )
    return given.astype(np.int64)
