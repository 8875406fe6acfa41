"""The detector of leaks on generated logs: leaks are found under their names, and what only looks so is let be."""

import pytest
from leak_scores import score

from leaks_generated import negatives, positives
from loganomaly.redaction.secrets import find_leaks

BAR = 0.98


@pytest.fixture(scope="module")
def leaking():
    return score(positives(seed=11, variants=8), find=find_leaks)


@pytest.fixture(scope="module")
def harmless():
    return score(negatives(seed=11, variants=4), find=find_leaks)


def worst(scores):
    """Return the kinds that are found least, for the message of a failure."""
    return sorted((round(one.recall, 2), kind) for kind, one in scores.kinds.items())[:10]


def test_planted_leaks_are_found_whole_under_a_right_name(leaking):
    assert leaking.total.recall >= BAR, worst(leaking)


def test_what_is_found_was_planted(leaking, harmless):
    total = leaking.total
    total.add(harmless.total)
    assert total.precision >= BAR, (leaking.claimed + harmless.claimed).most_common(10)


def test_every_kind_is_found(leaking):
    missing = [kind for kind, one in leaking.kinds.items() if not one.strict]
    assert not missing
