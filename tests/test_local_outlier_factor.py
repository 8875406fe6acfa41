"""The collapsed Local Outlier Factor against hand calculations, the paper's definition and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.neighbors import LocalOutlierFactor as ScikitLearnLocalOutlierFactor

from loganomaly.detectors import local_outlier_factor as module
from loganomaly.detectors.local_outlier_factor import LocalOutlierFactor, local_outlier_factor
from loganomaly.mining.vectors import tfidf

FORMS = pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csr_matrix])
FORM = st.sampled_from([np.asarray, sparse.csr_array])
# Small whole numbers: many distances tie, and some rows are equal though they are not collapsed.
ROWS = st.lists(st.tuples(st.tuples(*[st.integers(0, 3)] * 2), st.integers(1, 4)), min_size=2, max_size=9)


def textbook(points, *, neighbors):
    """Return the factors and k-distances, by the definitions 3 to 7 of Breunig et al., point by point."""
    total = len(points)
    k = min(neighbors, total - 1)
    distance = [[float(np.sqrt(((p - o) ** 2).sum())) for o in points] for p in points]
    others = [[o for o in range(total) if o != p] for p in range(total)]
    k_distance = [sorted(distance[p][o] for o in others[p])[k - 1] for p in range(total)]
    neighbourhood = [[o for o in others[p] if distance[p][o] <= k_distance[p] * (1 + 1e-9)] for p in range(total)]
    density = []
    for p in range(total):
        reachability = [max(k_distance[o], distance[p][o]) for o in neighbourhood[p]]
        density.append(1 / (sum(reachability) / len(reachability) + 1e-10))
    factor = [sum(density[o] / density[p] for o in neighbourhood[p]) / len(neighbourhood[p]) for p in range(total)]
    return np.array(factor), np.array(k_distance)


def assert_equals_textbook(found, *, vectors, multiplicities, neighbors):
    factor, k_distance = textbook(np.repeat(vectors, multiplicities, axis=0), neighbors=neighbors)
    np.testing.assert_allclose(np.repeat(found.factor, multiplicities), factor, rtol=1e-7)
    np.testing.assert_allclose(np.repeat(found.k_distance, multiplicities), k_distance, rtol=1e-9)


@FORMS
def test_four_points_on_a_line_by_hand(form):
    # Points a = a' = 0, b = 1, c = 3, k = 2.
    # k-distance: a 1 (a' at 0, b at 1), b 1 (a, a'), c 3 (b at 2, then a and a' tie at 3).
    # Neighbours:  a {a', b}, b {a, a'}, c {b, a, a'}: three, because of the tie.
    # Reachability: a max(1, 0), max(1, 1): mean 1; b 1, 1: mean 1; c 2, 3, 3: mean 8/3.
    # Factor: a 1, b 1, c mean density of the neighbours 1 over its own 3/8 = 8/3.
    found = local_outlier_factor(form([[0.0], [1.0], [3.0]]), multiplicities=[2, 1, 1], neighbors=2)
    np.testing.assert_array_equal(found.k_distance, [1, 1, 3])
    np.testing.assert_allclose(found.factor, [1, 1, 8 / 3], rtol=1e-9)


@FORMS
def test_more_than_k_identical_points_by_hand(form):
    # Three points at 0 and one at 1, k = 2. At 0: k-distance 0, density 1 / (0 + 1e-10).
    # At 1: all three tie at 1, reachability 1, density 1 / (1 + 1e-10); factor 1e10 * (1 + 1e-10).
    found = local_outlier_factor(form([[0.0], [1.0]]), multiplicities=[3, 1], neighbors=2)
    np.testing.assert_array_equal(found.k_distance, [0, 1])
    np.testing.assert_allclose(found.factor, [1, 1e10 + 1], rtol=1e-12)


@FORMS
@pytest.mark.parametrize("neighbors", [1, 5, 20, 119, 500])
@pytest.mark.filterwarnings("ignore:n_neighbors")  # scikit-learn tells that it caps k, which is wanted here
def test_distinct_points_get_scikit_learns_factors(form, neighbors):
    points = np.random.default_rng(7).normal(size=(120, 4))
    found = local_outlier_factor(form(points), multiplicities=np.ones(120, np.int64), neighbors=neighbors)
    oracle = ScikitLearnLocalOutlierFactor(n_neighbors=neighbors).fit(points)
    np.testing.assert_allclose(found.factor, -oracle.negative_outlier_factor_, rtol=1e-9)


@pytest.mark.parametrize("neighbors", [1, 4, 30, 1000])
def test_weighted_term_vectors_get_the_textbook_factors(neighbors):
    random = np.random.default_rng(3)
    words = [[f"w{w}" for w in random.zipf(1.5, size=random.integers(1, 7)) if w < 40] for _ in range(40)]
    documents = sorted({tuple(sorted(document)) for document in words})
    multiplicities = random.integers(1, 6, size=len(documents))
    vectors = tfidf(documents, weights=multiplicities)
    found = local_outlier_factor(vectors, multiplicities=multiplicities, neighbors=neighbors)
    assert_equals_textbook(found, vectors=vectors.toarray(), multiplicities=multiplicities, neighbors=neighbors)


@settings(deadline=None)
@given(rows=ROWS, neighbors=st.integers(1, 12), form=FORM)
def test_tied_and_repeated_points_get_the_textbook_factors(rows, neighbors, form):
    vectors, multiplicities = (np.array(column) for column in zip(*rows, strict=True))
    found = local_outlier_factor(form(vectors), multiplicities=multiplicities, neighbors=neighbors)
    assert_equals_textbook(found, vectors=vectors, multiplicities=multiplicities, neighbors=neighbors)


@settings(deadline=None)
@given(rows=ROWS, neighbors=st.integers(1, 12), form=FORM, data=st.data())
def test_the_order_of_the_rows_does_not_matter(rows, neighbors, form, data):
    vectors, multiplicities = (np.array(column) for column in zip(*rows, strict=True))
    order = np.array(data.draw(st.permutations(range(len(rows)))))
    found = local_outlier_factor(form(vectors), multiplicities=multiplicities, neighbors=neighbors)
    shuffled = local_outlier_factor(form(vectors[order]), multiplicities=multiplicities[order], neighbors=neighbors)
    np.testing.assert_allclose(shuffled.factor, found.factor[order], rtol=1e-12)
    np.testing.assert_array_equal(shuffled.k_distance, found.k_distance[order])


@settings(deadline=None)
@given(rows=ROWS, neighbors=st.integers(1, 12), form=FORM)
def test_a_multiplicity_is_worth_as_many_copies_of_the_row(rows, neighbors, form):
    vectors, multiplicities = (np.array(column) for column in zip(*rows, strict=True))
    collapsed = local_outlier_factor(form(vectors), multiplicities=multiplicities, neighbors=neighbors)
    copies = np.repeat(vectors, multiplicities, axis=0)
    expanded = local_outlier_factor(form(copies), multiplicities=np.ones(len(copies), np.int64), neighbors=neighbors)
    np.testing.assert_allclose(expanded.factor, np.repeat(collapsed.factor, multiplicities), rtol=1e-12)
    np.testing.assert_array_equal(expanded.k_distance, np.repeat(collapsed.k_distance, multiplicities))


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(*[st.floats(-1e100, 1e100)] * 3), min_size=1, max_size=8),
    multiplicity=st.integers(1, 5),
    neighbors=st.integers(1, 12),
    form=FORM,
)
def test_every_factor_is_finite_and_above_zero(rows, multiplicity, neighbors, form):
    found = local_outlier_factor(form(np.array(rows)), multiplicities=[multiplicity] * len(rows), neighbors=neighbors)
    assert np.isfinite(found.factor).all()
    assert (found.factor > 0).all()
    assert np.isfinite(found.k_distance).all()


def test_sparse_rows_that_are_distinct_but_very_close_keep_their_distances():
    # Norm 1000, apart by 1e-6 to 3e-6: ||a||^2 + ||b||^2 - 2ab would have no correct digit left.
    points = 1000 + np.array([[0.0], [1e-6], [3e-6]])
    found = local_outlier_factor(sparse.csr_array(points), multiplicities=[1, 1, 1], neighbors=1)
    np.testing.assert_array_equal(found.k_distance, np.abs(points[[1, 0, 1], 0] - points[:, 0]))


@FORMS
def test_the_result_does_not_depend_on_the_size_of_a_block(form, monkeypatch):
    random = np.random.default_rng(11)
    points = random.integers(0, 4, size=(60, 3)) + random.choice([0, 1e-3], size=(60, 1))
    multiplicities = random.integers(1, 4, size=60)
    whole = local_outlier_factor(form(points), multiplicities=multiplicities, neighbors=7)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 7 * 8 * 60)
    blocks = [start for start, _ in module._distance_blocks(module._checked_vectors(form(points)))]
    assert blocks == [0, 7, 14, 21, 28, 35, 42, 49, 56]
    parts = local_outlier_factor(form(points), multiplicities=multiplicities, neighbors=7)
    np.testing.assert_allclose(parts.factor, whole.factor, rtol=1e-12)
    np.testing.assert_array_equal(parts.k_distance, whole.k_distance)


def test_the_arguments_are_not_changed():
    vectors = sparse.csr_array(([3.0, 1.0, 2.0], [1, 0, 1], [0, 2, 3]), shape=(2, 2))
    multiplicities = np.array([1, 2])
    local_outlier_factor(vectors, multiplicities=multiplicities, neighbors=1)
    assert vectors.data.tolist() == [3, 1, 2]
    assert vectors.indices.tolist() == [1, 0, 1]
    assert multiplicities.tolist() == [1, 2]


@FORMS
def test_the_zero_vector_is_a_point_like_any_other(form):
    found = local_outlier_factor(form([[0.0, 0.0], [3.0, 4.0]]), multiplicities=[1, 1], neighbors=1)
    np.testing.assert_array_equal(found.k_distance, [5, 5])
    np.testing.assert_array_equal(found.factor, [1, 1])


@FORMS
def test_a_point_alone_in_the_data_has_factor_one(form):
    found = local_outlier_factor(form([[2.0, 3.0]]), multiplicities=[1], neighbors=20)
    assert found.factor.tolist() == [1.0]
    assert found.k_distance.tolist() == [0.0]


@FORMS
def test_copies_of_one_vector_have_factor_one(form):
    found = local_outlier_factor(form([[2.0, 3.0]]), multiplicities=[5], neighbors=20)
    assert found.factor.tolist() == [1.0]
    assert found.k_distance.tolist() == [0.0]


def test_no_vectors_give_an_empty_result():
    found = local_outlier_factor(np.empty((0, 3)), multiplicities=[], neighbors=5)
    assert found.factor.shape == (0,)
    assert found.k_distance.shape == (0,)


def test_the_result_is_frozen_and_float64():
    found = local_outlier_factor([[1], [2]], multiplicities=[1, 1], neighbors=1)
    assert isinstance(found, LocalOutlierFactor)
    assert found.factor.dtype == found.k_distance.dtype == np.float64
    with pytest.raises(AttributeError, match="factor"):
        found.factor = found.k_distance


@pytest.mark.parametrize(
    ("vectors", "multiplicities", "neighbors", "message"),
    [
        ([[1.0]], [1], 0, "neighbors is 0, expected at least 1"),
        ([1.0, 2.0], [1, 1], 1, r"vectors have shape \(2,\), expected \(rows, columns\)"),
        ([[1.0], [2.0]], [1], 1, r"multiplicities have shape \(1,\), expected \(2,\)"),
        ([[1.0], [2.0]], [[1, 1]], 1, r"multiplicities have shape \(1, 2\), expected \(2,\)"),
        ([[1.0], [2.0]], [1.5, 1.0], 1, "float64, expected whole numbers"),
        ([[1.0], [2.0]], [1, 0], 1, "smallest multiplicity is 0"),
        ([[1.0], [np.nan]], [1, 1], 1, "vector 1 holds a value that is not finite"),
        (sparse.csr_array([[np.inf], [2.0]]), [1, 1], 1, "vector 0 holds a value that is not finite"),
        ([[1.0], [1e200]], [1, 1], 1, "vector 1 holds .* too large"),
    ],
)
def test_wrong_arguments_are_refused(vectors, multiplicities, neighbors, message):
    with pytest.raises(ValueError, match=message):
        local_outlier_factor(vectors, multiplicities=multiplicities, neighbors=neighbors)
