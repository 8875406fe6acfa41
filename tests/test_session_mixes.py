"""Sessions whose templates come together in no other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from loganomaly import LogAnalyzer
from loganomaly.detectors.session_mix import SessionMixDetector
from loganomaly.sessions.mixes import UNUSUAL, find_mixes, neighbour_distances
from loganomaly.sessions.verdicts import THRESHOLD, judge_group
from loganomaly.testing import case_of, log_line
from test_sessions import group_of

KINDS = (range(6), range(6, 12))


def mixes_of(sets, *, explained=()):
    """Return the mixes among sessions that each have some templates once: rows, and templates that make them."""
    group = group_of([[(number, row) for number in numbers] for row, numbers in enumerate(sets)])
    flags = np.isin(np.arange(len(sets)), explained)
    return [(mix.rows.tolist(), mix.numbers) for mix in find_mixes(group, explained=flags)]


def two_kinds(count=400):
    return [list(KINDS[row % 2]) for row in range(count)]


def test_sessions_of_two_kinds_are_usual():
    assert mixes_of(two_kinds()) == []


def test_a_session_of_both_kinds_is_far_from_all_others():
    sets = two_kinds()
    sets[50] = [*KINDS[0], *KINDS[1]]
    ((rows, numbers),) = mixes_of(sets)
    assert rows == [50]
    assert set(numbers) <= set(range(12))


def test_nothing_is_said_of_a_session_that_is_explained():
    sets = two_kinds()
    sets[50] = [*KINDS[0], *KINDS[1]]
    assert mixes_of(sets, explained=[50]) == []


def test_sessions_that_lack_most_of_a_kind_may_be_cut_off():
    sets = two_kinds()
    sets[-1] = [11]
    assert mixes_of(sets) == []


def test_few_sessions_have_no_usual_mix():
    sets = two_kinds(40)
    sets[9] = [*KINDS[0], *KINDS[1]]
    assert mixes_of(sets) == []


def test_what_one_session_in_a_hundred_is_made_up_of_is_usual():
    sets = two_kinds()
    for row in range(0, 400, 80):
        sets[row] = [*KINDS[0], *KINDS[1]]
    assert mixes_of(sets) == []


def test_distances_are_those_worked_by_hand():
    points = sparse.csr_array(np.array([[0.0, 3.0], [4.0, 0.0], [0.0, 0.0]]))
    sizes = np.array([2, 2, 1])
    assert neighbour_distances(points, sizes, k=1).tolist() == [0, 0, 3]
    assert neighbour_distances(points, sizes, k=2).tolist() == [3, 4, 3]
    assert neighbour_distances(points, sizes, k=4).tolist() == [5, 5, 4]


POINTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12, unique=True
)


@settings(max_examples=60, deadline=None)
@given(POINTS, st.data())
def test_distances_are_those_among_all_points_with_their_twins(points, data):
    sizes = np.array(sorted((data.draw(st.integers(1, 5)) for _ in points), reverse=True))
    k = data.draw(st.integers(1, int(sizes.sum()) - 1))
    vectors = np.array(points, np.float64)
    spread_out = np.repeat(vectors, sizes, axis=0)
    every = np.sort(np.linalg.norm(spread_out[:, None] - spread_out[None], axis=2), axis=1)[:, k]
    firsts = np.cumsum(sizes) - sizes
    assert neighbour_distances(sparse.csr_array(vectors), sizes, k=k) == pytest.approx(every[firsts], abs=1e-6)


def test_of_many_vectors_all_are_compared_with_the_most_frequent_only(monkeypatch):
    monkeypatch.setattr("loganomaly.sessions.mixes._MOST_COMPARED", 2)
    monkeypatch.setattr("loganomaly.sessions.mixes._BLOCK", 1)
    points = sparse.csr_array(np.array([[0.0], [10.0], [20.0], [20.5]]))
    assert neighbour_distances(points, np.array([3, 2, 1, 1]), k=2).tolist() == [0, 10, 10, 10.5]


def mixes_beside_deviations(sets):
    events = [[(number, row) for number in numbers] for row, numbers in enumerate(sets)]
    return judge_group(group_of(events), span=(0, 10**12), raised={}).mixes


@pytest.mark.parametrize("seed", range(4))
def test_sessions_of_any_templates_with_heavy_tails_have_no_unusual_mix(seed):
    chance = np.random.default_rng(seed)
    often = np.minimum(0.9, 1.5 / np.arange(1, 60))
    apart = [np.flatnonzero(chance.random(59) < often).tolist() or [0] for _ in range(800)]
    assert mixes_beside_deviations(apart) == []
    long = [(chance.zipf(1.6, min(300, int(chance.pareto(1.2) * 3) + 1)) % 200).tolist() for _ in range(800)]
    assert mixes_beside_deviations(long) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.integers(0, 9), min_size=1), min_size=60, max_size=90), st.randoms(use_true_random=False))
def test_the_order_of_sessions_does_not_matter(sets, order):
    turned = list(range(len(sets)))
    order.shuffle(turned)
    one = mixes_of([*map(sorted, sets)])
    other = mixes_of([sorted(sets[row]) for row in turned])
    assert sorted(sorted(rows) for rows, _ in one) == sorted(sorted(turned[row] for row in rows) for rows, _ in other)


def test_a_session_of_both_kinds_is_as_far_from_all_others_as_two_drawn_at_random():
    sets = two_kinds()
    sets[50] = [*KINDS[0], *KINDS[1]]
    events = [[(number, row) for number in numbers] for row, numbers in enumerate(sets)]
    judged = judge_group(group_of(events), span=(0, 10**12), raised={})
    (mix,) = judged.mixes
    assert judged.main[50] == -1
    # Of twelve templates, each in half of the sessions, two drawn at random differ in six; so do it and its nearest.
    assert mix.distance == pytest.approx(1, abs=0.01)
    assert judged.score[50] == pytest.approx(1 - 0.5 ** (mix.distance / UNUSUAL))
    assert judged.score[50] > THRESHOLD > np.delete(judged.score, 50).max()


def test_a_session_of_two_of_many_kinds_is_unusual():
    sets = [list(range(6 * (row % 10), 6 * (row % 10) + 6)) for row in range(2000)]
    sets[700] = [*sets[1], *sets[3]]
    events = [[(number, row) for number in numbers] for row, numbers in enumerate(sets)]
    judged = judge_group(group_of(events), span=(0, 10**12), raised={})
    assert np.flatnonzero(judged.score >= THRESHOLD).tolist() == [700]


def test_uncommon_templates_that_meet_as_often_as_chance_has_it_are_no_news():
    chance = np.random.default_rng(7)
    sets = [[0, *(np.flatnonzero(chance.random(3) < 0.05) + 1)] for _ in range(3000)]
    assert max(map(len, sets)) > 2
    assert mixes_of(sets) == []


ORDERS = ("order received", "price looked up", "stock reserved", "card charged", "parcel sent")
RETURNS = ("return received", "label printed", "parcel scanned", "goods checked", "money sent back")


def shop(*, mixed, first=0):
    events = [
        (request * 3 + step * (1 + request % 3), f"request req-{first + request:04}: {what}")
        for request in range(400)
        for step, what in enumerate([*ORDERS, *RETURNS] if request in mixed else (ORDERS, RETURNS)[request % 2])
    ]
    return [log_line(second, message) for second, message in sorted(events)]


def test_evidence_names_the_templates_and_their_usual_counts():
    (evidence,) = SessionMixDetector().detect(case_of("".join(shop(mixed={99}))))
    assert evidence.text.startswith(
        "1 of 400 sessions (req-*) is made up unlike the others, next to the nearest it has 1 of"
    )
    assert evidence.text.endswith(": req-0099")
    assert "(usually none)" in evidence.text
    assert (evidence.observed, evidence.expected) == (1, 0)


def test_the_subject_is_the_same_in_another_log():
    names = {
        SessionMixDetector().detect(case_of("".join(shop(mixed=mixed, first=first))))[0].subject.name
        for mixed, first in (({99}, 0), ({301}, 5000))
    }
    assert len(names) == 1
    assert not any(character.isdigit() for character in names.pop())


def test_results_name_the_session_and_why(tmp_path):
    log = tmp_path / "app.log"
    log.write_text("".join(shop(mixed={99})), encoding="utf-8")
    results = LogAnalyzer().analyze(log)
    row = results.sessions.row(0, named=True)
    assert (row["session"], row["is_anomaly"]) == ("req-0099", True)
    assert "made up unlike the others" in row["reason"]
    assert results.sessions["is_anomaly"].sum() == 1
    (found,) = [a for a in results.anomalies if a["classification"] == "unusual_session"]
    assert "req-0099" in found["reason"]
    assert LogAnalyzer(without=["session_mix"]).analyze(log).anomalies == []
