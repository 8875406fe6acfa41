import math
from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly import LogAnalyzer
from loganomaly.sessions.deviations import RARE, find_deviations
from loganomaly.sessions.groups import SessionGroup
from loganomaly.sessions.verdicts import THRESHOLD, judge_group
from loganomaly.testing import case_of, log_line

SECOND = 1_000_000
START, STEP, END, ERROR = 0, 1, 2, 3  # numbers of templates


def group_of(sessions):
    """Return the group of sessions, each a list of (template, second)."""
    rows, table = [], []
    for row, events in enumerate(sessions):
        by_number = defaultdict(list)
        for place, (number, second) in enumerate(events):
            by_number[number].append((second, row * 1000 + place))
        rows += [
            (row, number, len(found), min(found)[0] * SECOND, max(found)[0] * SECOND, min(found, key=last_part)[1])
            for number, found in sorted(by_number.items())
        ]
        times = [second * SECOND for _, second in events]
        table.append((row, f"id{row}", len(events), min(times), max(times), row * 1000, row * 1000 + len(events), 0))
    return SessionGroup(
        key="id*",
        table=pl.DataFrame(
            table,
            schema=[
                "session",
                "text",
                "records",
                "first_time",
                "last_time",
                "first_place",
                "last_place",
                "last_offset",
            ],
            orient="row",
        ),
        counts=pl.DataFrame(
            rows, schema=["row", "number", "records", "first_time", "last_time", "first_place"], orient="row"
        ),
    )


def deviations_of(sessions, *, span=(0, 10**12), raised=None):
    return [
        (d.kind, d.number, d.other, d.rows.tolist())
        for d in find_deviations(group_of(sessions), span=span, raised=raised or {})
    ]


def last_part(pair):
    return pair[1]


def usual(begin=0):
    return [(START, begin), (STEP, begin + 1), (STEP, begin + 2), (END, begin + 3)]


def test_sessions_that_are_all_alike_do_not_deviate():
    assert deviations_of([usual(k) for k in range(100)]) == []


def test_few_sessions_prove_nothing():
    assert deviations_of([usual()] * 40 + [[(ERROR, 0)]]) == []


def test_a_template_that_few_sessions_have_is_a_deviation():
    sessions = [usual(k) for k in range(100)]
    sessions[7] = [*usual(7), (ERROR, 9)]
    assert ("rare", ERROR, None, [7]) in deviations_of(sessions)


def test_a_template_that_few_sessions_lack_is_a_deviation():
    sessions = [usual(k) for k in range(100)]
    sessions[7] = usual(7)[:-1]
    assert ("missing", END, START, [7]) in deviations_of(sessions)


def test_a_session_that_the_end_of_the_log_cut_off_lacks_nothing():
    sessions = [usual(k) for k in range(100)]
    sessions[-1] = sessions[-1][:2]
    assert deviations_of(sessions, span=(0, 100 * SECOND)) == []


def test_a_session_that_began_before_the_log_lacks_nothing():
    sessions = [usual(k) for k in range(100)]
    sessions[0] = [(END, 0)]
    assert deviations_of(sessions, span=(0, 10**12)) == []


def test_what_sessions_of_another_kind_do_is_not_expected():
    sessions = [usual(k) for k in range(100)] + [[(4, k), (5, k + 1)] for k in range(100)]
    sessions[150] = sessions[150][:1]
    assert deviations_of(sessions) == [("missing", 5, 4, [150])]


def test_a_count_that_few_sessions_have_is_a_deviation_where_counts_are_regular():
    sessions = [usual(k) for k in range(100)]
    sessions[7] = [*usual(7)[:3], (STEP, 9), (STEP, 9), *usual(7)[3:]]
    assert deviations_of(sessions) == [("count", STEP, None, [7])]


def test_counts_that_vary_must_be_far_off():
    sessions = [[(START, 0)] + [(STEP, 1)] * (1 + k % 7) for k in range(100)]
    assert deviations_of(sessions) == []
    sessions[7] = [(START, 0)] + [(STEP, 1)] * 500
    assert deviations_of(sessions) == [("count", STEP, None, [7])]


def test_another_order_is_a_deviation():
    sessions = [usual(k) for k in range(400)]
    sessions[7] = [(END, 7), (START, 8), (STEP, 9), (STEP, 10)]
    found = deviations_of(sessions)
    assert ("order", END, START, [7]) in found
    assert {kind for kind, *_ in found} == {"order"}


def test_at_one_time_there_is_no_order():
    sessions = [[(START, k), (END, k)] for k in range(400)]
    sessions[7] = [(END, 7), (START, 7)]
    assert deviations_of(sessions) == []


def test_a_session_that_takes_long_is_a_deviation():
    sessions = [usual(k) for k in range(100)]
    sessions[7] = [*usual(7)[:3], (END, 900)]
    assert deviations_of(sessions) == [("slow", None, None, [7])]


def test_a_template_of_errors_is_rare_up_to_a_larger_share():
    sessions = [[*usual(k), *([(ERROR, k + 3)] if k % 20 == 0 else [])] for k in range(200)]
    assert deviations_of(sessions) == []
    assert [kind for kind, *_ in deviations_of(sessions, raised={ERROR: 0.7})] == ["rare"]


def test_the_score_is_half_where_a_deviation_is_as_frequent_as_may_be():
    sessions = [usual(k) for k in range(1000)]
    for k in range(19):
        sessions[k * 50] = [*usual(k), (ERROR, k + 9)]
    judged = judge_group(group_of(sessions), span=(0, 10**12), raised={})
    share = 19.5 / 1001
    expected = 1 - 0.5 ** (math.log10(share) / math.log10(RARE))
    assert judged.score[50] == pytest.approx(expected)
    assert judged.score[50] > THRESHOLD > judged.score[1]


def test_at_most_a_tenth_of_the_sessions_is_unusual():
    chance = np.random.default_rng(1)
    sessions = [[*usual(k), *((10 + n, k) for n in np.flatnonzero(chance.random(60) < 0.012))] for k in range(500)]
    judged = judge_group(group_of(sessions), span=(0, 10**12), raised={})
    assert 0 < (judged.score >= THRESHOLD).sum() <= 50


SESSIONS = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30)), min_size=1, max_size=6), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(SESSIONS, st.integers(10, 60))
def test_missing_and_rare_are_told_as_counting_tells(kinds, times):
    sessions = [kinds[k % len(kinds)] for k in range(times * len(kinds))] + [kinds[0][:1]]
    sets = [{number for number, _ in events} for events in sessions]
    numbers = set().union(*sets)
    for kind, number, other, rows in deviations_of(sessions, span=None):
        have = [k for k, found in enumerate(sets) if number in found]
        if kind == "rare":
            assert rows == have
            assert (len(have) + 0.5) / (len(sets) + 1) <= RARE
        if kind == "missing":
            assert rows == [k for k, found in enumerate(sets) if other in found and number not in found]
    expected = {n for n in numbers if (sum(n in found for found in sets) + 0.5) / (len(sets) + 1) <= RARE}
    rare = {number for kind, number, *_ in deviations_of(sessions) if kind == "rare"}
    assert rare == (expected if len(sessions) >= 50 else set())


def log_of(*, lacking=()):
    lines = [
        (request * 2 + step * (1 + request % 3), f"request req-{request:05} {what}")
        for request in range(300)
        for step, what in enumerate(("begins", "reads the cart", "ends"))
        if request not in lacking or step < 2
    ]
    return "".join(log_line(second, message) for second, message in sorted(lines))


def test_results_have_a_table_of_sessions():
    lines = log_of(lacking={77}).splitlines()
    sessions = LogAnalyzer().analyze(pl.DataFrame({"log": lines})).sessions
    assert sessions.columns == [
        *("session", "key", "line_count", "first_seen", "last_seen", "anomaly_score", "is_anomaly", "reason")
    ]
    assert len(sessions) == 300
    row = sessions.row(0, named=True)
    assert (row["session"], row["line_count"], row["is_anomaly"]) == ("req-00077", 2, True)
    assert 'lack "request <*> ends"' in row["reason"]
    assert sessions["is_anomaly"].sum() == 1
    assert sessions.filter(~pl.col("is_anomaly"))["reason"].null_count() == 299


def test_the_summary_counts_the_sessions_of_each_kind_of_id():
    results = LogAnalyzer().analyze(pl.DataFrame({"log": log_of(lacking={77, 99}).splitlines()}))
    assert results.summary["sessions"] == [{"key": "req-*", "sessions": 300, "unusual": 2}]
    assert results.sessions["is_anomaly"].sum() == 2


def test_a_frame_without_sessions_has_an_empty_table():
    sessions = LogAnalyzer().analyze(pl.DataFrame({"log": ["a", "b"]})).sessions
    assert len(sessions) == 0
    assert LogAnalyzer().analyze(pl.DataFrame({"log": ["a", "b"]})).summary["sessions"] == []
    assert "anomaly_score" in sessions.columns


@pytest.mark.parametrize("lines", [1, 7, 100])
def test_sessions_do_not_depend_on_chunks(lines):
    log = log_of(lacking={3, 100})
    whole, cut = case_of(log).sessions, case_of(log, chunk_lines=lines).sessions
    for one, other in zip(whole, cut, strict=True):
        assert one.group.table.equals(other.group.table)
        assert one.group.counts.equals(other.group.counts)
        assert one.score.tolist() == other.score.tolist()


def test_ids_in_a_field_for_secrets_are_not_shown():
    events = sorted(
        (k * 2 + step * (1 + k % 3), k, what)
        for k in range(300)
        for step, what in enumerate(("begins", "works", "rests", "ends"))
        if k != 77 or what != "ends"
    )
    lines = [
        f'{{"ts":"2026-03-14T09:{s // 60:02}:{s % 60:02}Z","msg":"{what}","session_token":"tok{k * 7919:08x}"}}'
        for s, k, what in events
    ]
    results = LogAnalyzer().analyze(pl.DataFrame({"log": lines}))
    assert results.sessions["session"].unique().to_list() == ["<password>"]
    told = [anomaly["reason"] for anomaly in results.anomalies if anomaly["subject"]["kind"] == "session"]
    assert any('lack "ends": <password>.' in reason for reason in told)
    assert "tok0" not in str(results.sessions.to_dicts()) + str(results.summary) + str(results.anomalies)
