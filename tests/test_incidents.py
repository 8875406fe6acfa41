"""Incidents: what belongs together, what it may have begun with, and what is said of it."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counted import calls
from incident_stories import DAY, HOUR, MINUTE, SECOND, finding, named
from loganomaly.incidents import find_incidents, near_incident
from loganomaly.incidents.incident import raised
from loganomaly.incidents.linking import _by_time, longest_gap
from loganomaly.incidents.moments import moment_of

SAMPLES = settings(max_examples=150, deadline=None)


def story(start, *, prefix="", source=0):
    """Return a cascade over three components: a deployment, then errors, then retries without end."""
    return [
        finding(f"{prefix}deploy", start, component="release", text="deployed build <*>", source=source),
        finding(f"{prefix}timeout", start + 2 * MINUTE, component="db", level="ERROR", score=0.7, source=source),
        finding(f"{prefix}refused", start + 3 * MINUTE, lasting=5 * MINUTE, kind="new", component="api", count=40,
                source=source),
        finding(f"{prefix}retry", start + 4 * MINUTE, lasting=3 * MINUTE, kind="flood", component="web", score=0.95,
                count=3000, source=source),
    ]  # fmt: skip


def groups_of(findings, **given):
    return [named(incident, findings) for incident in find_incidents(findings, **given).incidents]


# What belongs together


def test_a_cascade_over_three_components_is_one_incident_in_order_of_time():
    (incident,) = find_incidents(story(9 * HOUR), span=DAY).incidents
    assert named(incident, story(9 * HOUR)) == ["deploy", "timeout", "refused", "retry"]
    assert incident.components == ("api", "db", "release", "web")
    assert (incident.start, incident.end) == (9 * HOUR, 9 * HOUR + 8 * MINUTE)


def test_two_stories_in_one_log_are_two_incidents():
    found = groups_of([*story(9 * HOUR, prefix="a-"), *story(15 * HOUR, prefix="b-")], span=DAY)
    assert [{name[:2] for name in group} for group in found] == [{"a-"}, {"b-"}]


def test_a_story_in_several_files_is_one_incident():
    spread = [replace(f, location=replace(f.location, source=n), sources=(n,)) for n, f in enumerate(story(9 * HOUR))]
    (incident,) = find_incidents(spread, span=DAY).incidents
    assert incident.sources == (0, 1, 2, 3)


def test_a_leak_within_an_incident_belongs_to_it():
    findings = [*story(9 * HOUR), finding("leak", 9 * HOUR + MINUTE, kind="leak", score=0.98)]
    assert groups_of(findings, span=DAY) == [["deploy", "leak", "timeout", "refused", "retry"]]


def test_leaks_between_two_incidents_are_no_bridge_and_in_none():
    between = [finding(f"leak {n}", 9 * HOUR + n * MINUTE, kind="leak", score=0.98) for n in range(10, 60, 2)]
    findings = [*story(9 * HOUR, prefix="a-"), *between, *story(10 * HOUR, prefix="b-")]
    grouped = find_incidents(findings, span=DAY)
    assert len(grouped.incidents) == 2
    assert {f.incident for f in grouped.findings if "leak" in f.tags} == {None}


def test_a_leak_alone_is_no_incident_however_bad():
    assert groups_of([finding("leak", HOUR, kind="leak", score=0.99)], span=DAY) == []


@pytest.mark.parametrize(("score", "incidents"), [(0.74, 0), (0.75, 1)])
def test_a_finding_alone_is_an_incident_only_if_it_is_severe(score, incidents):
    assert len(groups_of([finding("alone", HOUR, score=score)], span=DAY)) == incidents


def test_silence_belongs_where_it_begins_not_where_the_component_was_first_seen():
    silent = finding("sync", 9 * HOUR + 5 * MINUTE, kind="silence", component="sync", seen_from=0, score=0.7, line=77)
    early = [finding("warm", 0), finding("cold", MINUTE)]
    findings = [*early, *story(9 * HOUR), silent]
    assert groups_of(findings, span=DAY) == [["deploy", "timeout", "refused", "retry", "sync"], ["warm", "cold"]]


def test_a_burst_of_what_was_always_there_begins_with_the_burst():
    burst = finding("load", 9 * HOUR + MINUTE, lasting=MINUTE, kind="burst", seen_from=0, count=900)
    assert groups_of([*story(9 * HOUR), burst], span=DAY) == [["deploy", "load", "timeout", "refused", "retry"]]


def test_what_was_there_all_the_time_bridges_nothing():
    always = finding("always", 0, lasting=23 * HOUR, kind="outlier", count=500)
    findings = [*story(9 * HOUR, prefix="a-"), always, *story(15 * HOUR, prefix="b-")]
    grouped = find_incidents(findings, span=DAY)
    assert len(grouped.incidents) == 2
    assert next(f for f in grouped.findings if f.subject.name == "always").incident is None


def test_a_few_records_hours_apart_bridge_nothing():
    twice = finding("twice", 9 * HOUR + MINUTE, lasting=6 * HOUR, count=2)
    found = groups_of([*story(9 * HOUR, prefix="a-"), twice, *story(15 * HOUR, prefix="b-")], span=DAY)
    assert [len(group) for group in found] == [5, 4]


def test_an_error_that_is_new_and_comes_again_every_other_day_bridges_nothing():
    month = (0, 30 * 24 * HOUR)
    days = [finding(f"day {n}", n * 24 * HOUR) for n in range(3, 12, 2)]
    again = finding("again", 2 * 24 * HOUR, lasting=10 * 24 * HOUR, kind="new", count=7, score=0.9)
    (incident,) = find_incidents([*days, again], span=month).incidents
    assert (named(incident, [again]), incident.end) == (["again"], incident.start)


# Pairs that are near enough only if they share something; the others are there so that sharing tells something.
FAR = [finding(f"far {n}", n * 5 * HOUR, component=f"c{n}", source=n + 5) for n in range(1, 5)]


@pytest.mark.parametrize(
    ("share", "incidents"),
    [
        ({}, 0),
        ({"component": "db"}, 1),
        ({"source": 3}, 1),
        ({"session": "blk_17"}, 1),
    ],
    ids=["nothing", "component", "file", "session"],
)
def test_what_shares_something_is_joined_over_longer_gaps(share, incidents):
    gap = 25 * MINUTE  # the limit of this log is 15
    pair = [
        finding("one", HOUR, **({"source": 1} | share)),
        finding("other", HOUR + gap, **({"source": 2} | share)),
    ]
    assert len(groups_of([*pair, *FAR], span=DAY)) == incidents


def test_the_only_file_of_a_log_tells_nothing():
    pair = [finding("one", HOUR), finding("other", HOUR + 25 * MINUTE)]
    assert groups_of(pair, span=DAY) == []


def test_findings_spread_evenly_are_no_incident():
    even = [finding(str(n), n * 20 * MINUTE) for n in range(1, 70)]
    assert groups_of(even, span=DAY) == []


# Without times


def test_without_times_lines_of_a_source_tell():
    near = [finding(f"near {n}", line=5_000 + n * 9) for n in range(3)]
    elsewhere = [finding("far", line=20_000), finding("other file", line=5_001, source=1)]
    findings = [*near, *elsewhere]
    grouped = find_incidents(findings, lines={0: 50_000, 1: 50_000})
    (incident,) = grouped.incidents
    assert named(incident, findings) == ["near 0", "near 1", "near 2"]
    assert (incident.start, incident.end, incident.sources) == (None, None, (0,))


def test_a_line_without_time_goes_with_what_stands_beside_it():
    crash = finding("panic", line=9 * 3600 + 1, component=None)
    findings = [*story(9 * HOUR), crash]
    assert groups_of(findings, span=DAY, lines={0: 86_400}) == [["deploy", "panic", "timeout", "refused", "retry"]]


def test_lines_without_time_are_no_bridge():
    crash = [finding(f"panic {n}", line=9 * 3600 + 300 + 200 * n) for n in range(20)]
    findings = [*story(9 * HOUR, prefix="a-"), *crash, *story(10 * HOUR, prefix="b-")]
    assert len(groups_of(findings, span=DAY, lines={0: 86_400})) == 2


def test_a_leak_without_time_belongs_to_the_incident_around_its_line():
    findings = [finding("a", line=100), finding("leak", line=104, kind="leak"), finding("b", line=109)]
    assert groups_of(findings, lines={0: 10_000}) == [["a", "leak", "b"]]


# The first cause candidate


def cause_of(findings, **given):
    (incident,) = find_incidents(findings, **given).incidents
    return incident.cause and next(f for f in findings if f.id == incident.cause.finding).subject.name


def test_the_first_unusual_thing_is_the_cause_candidate_not_the_worst():
    assert cause_of(story(9 * HOUR), span=DAY) == "deploy"
    (incident,) = find_incidents(story(9 * HOUR), span=DAY).incidents
    assert incident.cause.reason == (
        "The first unusual thing of 4 findings, 2 min before the next; seen once;"
        " its words tell of a change (deployed)."
    )


def test_a_flood_alone_has_no_cause_candidate():
    flood = finding("retry", HOUR, lasting=MINUTE, kind="flood", score=0.95, count=2000)
    assert cause_of([flood], span=DAY) is None


@pytest.mark.parametrize("kind", ["flood", "leak"])
def test_consequences_and_leaks_are_no_cause_even_if_they_come_first(kind):
    first = finding("first", 9 * HOUR - MINUTE, lasting=0 if kind == "leak" else 30 * SECOND, kind=kind, score=0.99)
    assert cause_of([first, *story(9 * HOUR)], span=DAY) == "deploy"


def test_a_burst_of_what_was_known_is_no_cause_and_a_burst_of_what_is_new_may_be():
    known = finding("load", 9 * HOUR - MINUTE, lasting=MINUTE, kind="burst", seen_from=0, count=900, score=0.9)
    fresh = replace(known, first_time=9 * HOUR - MINUTE)
    assert cause_of([known, *story(9 * HOUR)], span=DAY) == "deploy"
    assert cause_of([fresh, *story(9 * HOUR)], span=DAY) == "load"


def test_of_two_that_begin_together_the_change_is_the_candidate():
    findings = [
        finding("error", HOUR, level="ERROR", score=0.6),
        finding("change", HOUR + SECOND // 2, text="configuration reloaded", score=0.55),
        finding("more", HOUR + MINUTE),
    ]
    assert cause_of(findings, span=DAY) == "change"


def test_something_far_more_unusual_a_step_later_is_the_candidate():
    findings = [finding("weak", HOUR, score=0.5), finding("strong", HOUR + MINUTE, score=0.95)]
    assert cause_of(findings, span=DAY) == "strong"
    (incident,) = find_incidents(findings, span=DAY).incidents
    assert incident.cause.reason == "The likeliest beginning of 2 findings, 60 s after the first of them; seen once."


# What is said of an incident


def test_the_score_is_the_worst_ones_raised_by_how_many_agree_as_worked_by_hand():
    assert raised([0.6]) == 0.6
    assert raised([0.6, 0.5, 0.5, 0.5]) == pytest.approx(1 - 0.4 * (1 - 0.3 * 0.75))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
@SAMPLES
def test_the_score_is_never_below_the_worst_nor_above_one(scores):
    assert max(scores) - 1e-12 <= raised(scores) <= 1


def test_the_title_names_the_worst_and_counts_the_rest_and_a_leak_within_comes_last():
    findings = [*story(9 * HOUR), finding("leak", 9 * HOUR + MINUTE, kind="leak", score=0.99)]
    (incident,) = find_incidents(findings, span=DAY).incidents
    assert incident.title == "log flood in web, rare event in db, 3 more findings"
    assert incident.score > 0.99


def test_a_text_of_a_timeline_is_one_line():
    findings = [finding("a", HOUR, text="x\n\ty " * 500), finding("b", HOUR)]
    (incident,) = find_incidents(findings, span=DAY).incidents
    assert all(len(event.text) < 250 and len(event.text.splitlines()) == 1 for event in incident.timeline)


def test_findings_of_one_id_in_two_incidents_leave_two_ids():
    findings = [*story(9 * HOUR), *story(15 * HOUR)]
    grouped = find_incidents(findings, span=DAY)
    assert len({incident.id for incident in grouped.incidents}) == 2
    assert [f.incident for f in grouped.findings] == [grouped.incidents[n // 4].id for n in range(8)]


# Properties

FINDINGS = st.lists(
    st.builds(
        lambda at, lasting, score, kind, component, source, line: finding(
            "x",
            None if at is None else at * SECOND,
            lasting=lasting * SECOND,
            score=score,
            kind=kind,
            component=component,
            source=source,
            line=line,
            count=3,
        ),
        st.none() | st.integers(0, 5_000),
        st.integers(0, 300),
        st.sampled_from([0.5, 0.7, 0.9]),
        st.sampled_from(["rare", "new", "flood", "burst", "leak", "value", "outlier"]),
        st.sampled_from([None, "db", "web"]),
        st.integers(0, 2),
        st.integers(0, 3_000),
    ),
    max_size=14,
).map(lambda found: [replace(f, id=f"{n:012x}", subject=replace(f.subject, name=str(n))) for n, f in enumerate(found)])


@given(FINDINGS, st.randoms(use_true_random=False))
@SAMPLES
def test_the_same_findings_in_any_order_give_the_same_incidents(findings, order):
    shuffled = list(findings)
    order.shuffle(shuffled)
    one, other = find_incidents(findings), find_incidents(shuffled)
    assert one.incidents == other.incidents
    assert sorted(one.findings, key=lambda f: f.id) == sorted(other.findings, key=lambda f: f.id)


@given(FINDINGS)
@SAMPLES
def test_every_finding_belongs_to_at_most_one_incident_and_incidents_are_well_formed(findings):
    grouped = find_incidents(findings)
    members = [identity for incident in grouped.incidents for identity in incident.findings]
    assert len(members) == len(set(members))
    assert [f.incident for f in grouped.findings] == [
        next((i.id for i in grouped.incidents if f.id in i.findings), None) for f in findings
    ]
    assert [i.score for i in grouped.incidents] == sorted((i.score for i in grouped.incidents), reverse=True)
    for incident in grouped.incidents:
        assert re.fullmatch("[0-9a-f]{12}", incident.id)
        assert tuple(event.finding for event in incident.timeline) == incident.findings
        times = [event.time for event in incident.timeline if event.time is not None]
        assert times == sorted(times)
        assert all(incident.start <= at <= incident.end for at in times)
        if incident.cause:
            assert incident.findings[incident.cause.place] == incident.cause.finding


# How long a gap may be


def test_the_longest_gap_of_a_log_of_two_hours_as_worked_by_hand():
    # Between 180 and 3900 is a break: sqrt(180 * 3900) = 838; at most sqrt(10 * 7200) = 268.
    assert longest_gap([2, 180, 14, 3900], extent=7200, unit=1) == pytest.approx(72_000**0.5)


def test_many_findings_without_a_break_are_joined_over_a_quarter_of_what_chance_gives():
    assert longest_gap(range(80, 100), extent=2100, unit=1) == pytest.approx(2100 / 84)


@given(st.lists(st.integers(0, 10**9)), st.integers(0, 10**9))
@SAMPLES
def test_the_longest_gap_is_within_its_bounds(gaps, extent):
    assert 0 <= longest_gap(gaps, extent=extent, unit=1) <= extent / 12


@given(FINDINGS, st.integers(1, 300))
@SAMPLES
def test_one_sweep_joins_what_comparing_all_pairs_joins(findings, hours):
    span = (0, hours * MINUTE)
    moments = [moment_of(f, span=span) for f in findings]
    spans = {n: (m.onset, m.end) for n, m in enumerate(moments) if m.onset is not None and not m.standing}
    groups, _, limit = _by_time(moments, spans, span=span)
    several = {
        kind for kind in ("component", "file") if len({k for n in spans for k in moments[n].keys if k[0] == kind}) > 1
    }
    owner = {n: n for n in spans}
    for one, (start, end) in spans.items():
        for other, (later, _) in spans.items():
            reach = end if moments[one].pace <= limit else start
            shared = any(k in moments[other].keys and k[0] in several for k in moments[one].keys)
            if start <= later and later - reach <= limit * (2 if shared else 1):
                old, new = owner[other], owner[one]
                owner = {n: new if of == old else of for n, of in owner.items()}
    expected = {frozenset(n for n in spans if owner[n] == of) for of in owner.values()}
    assert {frozenset(group) for group in groups} == expected


# What lies near an incident


def test_a_time_within_or_shortly_before_an_incident_is_near_it():
    grouped = find_incidents(story(9 * HOUR), span=DAY)
    at = [9 * HOUR - 2 * MINUTE, 9 * HOUR - MINUTE, 9 * HOUR + 8 * MINUTE, 9 * HOUR + 9 * MINUTE]
    assert [bool(i) for i in near_incident(at, grouped.incidents, before=MINUTE)] == [False, True, True, False]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=6),
    st.lists(st.integers(-5, 90), max_size=10),
    st.integers(0, 9),
)
@SAMPLES
def test_near_is_what_looking_at_every_incident_finds(spans, times, before):
    template = find_incidents(story(9 * HOUR), span=DAY).incidents[0]
    incidents = [replace(template, id=str(n), start=a, end=a + b) for n, (a, b) in enumerate(spans)]
    for at, near in zip(times, near_incident(times, incidents, before=before), strict=True):
        within = [i.start for i in incidents if i.start <= at <= i.end]
        ahead = [i.start for i in incidents if 0 < i.start - at <= before]
        assert (near and near.start) == (max(within) if within else min(ahead, default=None))


# Hostile input


@pytest.mark.parametrize("shape", ["scattered", "together", "pairs", "no times"])
def test_the_work_of_grouping_is_proportional_to_the_findings(shape):
    chance = random.Random(1)
    at = {
        "scattered": lambda _: chance.randrange(24 * 3600) * SECOND,
        "together": lambda _: 9 * HOUR + chance.randrange(600) * SECOND,
        "pairs": lambda n: n // 2 * 17 * SECOND,
        "no times": lambda _: None,
    }[shape]
    kinds = ("rare", "new", "flood", "leak")
    findings = [
        finding(str(n), at(n), kind=kinds[n % 4] if n % 8 else "value", component=f"c{n % 50}", source=n % 30, line=n)
        for n in range(4_000)
    ]
    few, many = (calls(lambda some=some: find_incidents(some, span=DAY)) for some in (findings[::4], findings))
    assert many < 8 * few  # were it quadratic, it would be sixteen times as much
