"""The measures of the benchmarks: worked by hand, against scikit-learn, and what holds of all rankings."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ranking import average_precision, best_f1, f1, roc_auc
from sklearn import metrics


def truths(text):
    return np.array([character == "x" for character in text])


# From the top: x at places 1, 3 and 6 of 8.
LABELS, SCORES = truths("x.x..x.."), np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])


def test_average_precision_is_the_mean_of_the_precisions_at_the_hits():
    assert average_precision(LABELS, SCORES) == pytest.approx((1 / 1 + 2 / 3 + 3 / 6) / 3)


def test_roc_auc_is_the_share_of_pairs_in_the_right_order():
    # Of five normal units, 5, 4 and 2 stand below the three anomalous ones.
    assert roc_auc(LABELS, SCORES) == pytest.approx((5 + 4 + 2) / (3 * 5))


def test_best_f1_is_that_of_the_best_cut():
    # After 1, 3 and 6 units: 2 * 1 / (1 + 3), 2 * 2 / (3 + 3), 2 * 3 / (6 + 3); the last two are equal.
    assert best_f1(LABELS, SCORES) == pytest.approx(2 / 3)


def test_f1_of_flags():
    # Flagged four, two of them right, of three: precision 1/2, recall 2/3.
    assert f1(LABELS, truths("xxxx....")) == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))


def test_f1_of_no_flags_is_zero():
    assert f1(LABELS, truths("........")) == 0


def test_units_of_equal_score_are_one_step():
    # All four equal: one step with precision 1/4, pairs count half.
    labels, scores = truths("x..."), np.ones(4)
    assert average_precision(labels, scores) == pytest.approx(1 / 4)
    assert roc_auc(labels, scores) == pytest.approx(1 / 2)
    assert best_f1(labels, scores) == pytest.approx(2 * 1 / (4 + 1))


@pytest.mark.parametrize("measure", [average_precision, roc_auc, best_f1])
def test_without_anomalies_there_is_nothing_to_rank(measure):
    with pytest.raises(ValueError, match="no unit is anomalous"):
        measure(truths("..."), np.arange(3.0))


def test_without_normal_units_there_is_no_auc():
    with pytest.raises(ValueError, match="all units are anomalous"):
        roc_auc(truths("xx"), np.arange(2.0))


@pytest.mark.parametrize("measure", [average_precision, roc_auc, best_f1])
def test_scores_that_are_no_numbers_are_refused(measure):
    with pytest.raises(ValueError, match="not numbers"):
        measure(truths("x."), np.array([0.5, np.nan]))


@pytest.mark.parametrize("measure", [average_precision, roc_auc, best_f1, f1])
def test_lengths_that_differ_are_refused(measure):
    with pytest.raises(ValueError, match="2 labels and 3 scores"):
        measure(truths("x."), truths("x.x"))


UNITS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60)


def columns(units):
    labels, steps = (np.array(column) for column in zip(*units, strict=True))
    assume(labels.any() and not labels.all())
    return labels, steps / 6


@given(UNITS)
def test_scikit_learn_measures_the_same(units):
    labels, scores = columns(units)
    assert average_precision(labels, scores) == pytest.approx(metrics.average_precision_score(labels, scores))
    assert roc_auc(labels, scores) == pytest.approx(metrics.roc_auc_score(labels, scores))
    cuts = [metrics.f1_score(labels, scores >= score) for score in scores]
    assert best_f1(labels, scores) == pytest.approx(max(cuts))
    assert f1(labels, scores >= 0.5) == pytest.approx(metrics.f1_score(labels, scores >= 0.5))


@given(UNITS, st.randoms())
def test_the_order_of_the_units_does_not_count(units, chance):
    labels, scores = columns(units)
    order = list(range(len(units)))
    chance.shuffle(order)
    for measure in (average_precision, roc_auc, best_f1):
        assert measure(labels[order], scores[order]) == pytest.approx(measure(labels, scores))


@given(UNITS)
def test_no_threshold_beats_the_best(units):
    labels, scores = columns(units)
    assert all(f1(labels, scores >= score) <= best_f1(labels, scores) for score in scores)
