"""The term vectors against a hand calculation, scikit-learn and their own symmetries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from loganomaly.mining.vectors import tfidf

TOKENS = st.sampled_from(["alpha", "Beta", "<*>", "port", "é", "9"])
WEIGHTED_DOCUMENTS = st.lists(st.tuples(st.lists(TOKENS, max_size=6), st.integers(1, 5)), max_size=8)


def oracle(documents):
    """Return scikit-learn's vectors of the expanded documents."""
    return TfidfVectorizer(analyzer=lambda document: document).fit_transform(documents)


def test_two_documents_by_hand():
    # N = 1 + 3 = 4 documents; df(disk) = 4, df(full) = 1, df(ok) = 3.
    # idf = ln((1 + N) / (1 + df)) + 1: disk 1, full ln(5/2) + 1, ok ln(5/4) + 1. "disk" is there twice.
    full, ok = math.log(5 / 2) + 1, math.log(5 / 4) + 1
    vectors = tfidf([["disk", "full", "disk"], ["disk", "ok"]], weights=[1, 3])
    expected = [
        [2 / math.hypot(2, full), full / math.hypot(2, full), 0],
        [1 / math.hypot(1, ok), 0, ok / math.hypot(1, ok)],
    ]
    np.testing.assert_allclose(vectors.toarray(), expected, rtol=1e-14)


@given(weighted=WEIGHTED_DOCUMENTS.filter(lambda pairs: any(document for document, _ in pairs)))
def test_vectors_equal_scikit_learns_on_the_expanded_documents(weighted):
    documents, weights = zip(*weighted, strict=True)
    expanded = [document for document, weight in weighted for _ in range(weight)]
    first_copy = np.cumsum(weights) - weights
    expected = oracle(expanded).toarray()[first_copy]
    np.testing.assert_allclose(tfidf(documents, weights=weights).toarray(), expected, rtol=1e-12)


@given(weighted=WEIGHTED_DOCUMENTS, data=st.data())
def test_the_order_of_the_documents_only_orders_the_rows(weighted, data):
    order = data.draw(st.permutations(range(len(weighted))))
    vectors = tfidf([d for d, _ in weighted], weights=[w for _, w in weighted]).toarray()
    shuffled = tfidf([weighted[i][0] for i in order], weights=[weighted[i][1] for i in order]).toarray()
    np.testing.assert_array_equal(shuffled, vectors[list(order)])


@given(weighted=WEIGHTED_DOCUMENTS)
def test_every_row_has_norm_one_unless_its_document_is_empty(weighted):
    vectors = tfidf([d for d, _ in weighted], weights=[w for _, w in weighted]).toarray()
    norms = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(norms, [1.0 if document else 0.0 for document, _ in weighted], rtol=1e-12)


def test_columns_are_in_the_order_of_the_sorted_tokens():
    vectors = tfidf([["b"], ["a"], ["B"]], weights=[1, 1, 1])
    assert vectors.indices.tolist() == [2, 1, 0]


def test_the_matrix_is_canonical_so_that_its_indices_are_sorted_and_unique():
    vectors = tfidf([["b", "a", "b", "c"]], weights=[1])
    assert vectors.has_canonical_format
    assert vectors.indices.tolist() == [0, 1, 2]


def test_an_empty_document_is_a_row_of_zeros():
    vectors = tfidf([[], ["a"]], weights=[7, 1])
    assert vectors.toarray().tolist() == [[0.0], [1.0]]


def test_only_empty_documents_give_a_matrix_without_columns():
    assert tfidf([[], []], weights=[1, 2]).shape == (2, 0)


def test_no_documents_give_an_empty_matrix():
    assert tfidf([], weights=[]).shape == (0, 0)


def test_a_string_is_not_taken_for_a_sequence_of_tokens():
    with pytest.raises(TypeError, match="document 1 is the string 'disk full'"):
        tfidf([["disk"], "disk full"], weights=[1, 1])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1], r"shape \(1,\), expected \(2,\)"),
        ([[1, 1]], r"shape \(1, 2\), expected \(2,\)"),
        ([1.0, 2.0], "float64, expected whole numbers"),
        ([1, 0], "smallest weight is 0"),
    ],
)
def test_wrong_weights_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        tfidf([["a"], ["b"]], weights=weights)
