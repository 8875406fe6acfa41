"""From evidence to a finding, for each kind of subject: what it is about, how often, when, where."""

import pytest

from loganomaly.finding_on import finding_on
from loganomaly.findings import CONTEXT, Evidence, Location, Subject
from loganomaly.fusion import Voice
from loganomaly.suppression import finding_id
from loganomaly.testing import case_of, log_line

START = 1_773_478_800_000_000  # 2026-03-14 09:00:00 UTC, when log lines begin
SECOND = 1_000_000
BY = {"said": Voice(0.8, "value"), "softly": Voice(0.3, "value"), CONTEXT: Voice(0.9, CONTEXT)}
TEXT = "cannot open <*>"
FIRST = [log_line(n, f"tick {n} done", component="web") for n in range(20)]
SECOND_FILE = [log_line(n, f"cannot open {n}", level="ERROR", component="db") for n in range(5, 9)]
PLACE = Location(source=0, line=7, offset=7 * len(FIRST[0]))


@pytest.fixture(scope="module")
def case():
    return case_of("".join(FIRST), "".join(SECOND_FILE))


def said(subject, *, detector="said", **more):
    return Evidence(detector=detector, subject=subject, strength=1.0, text="this is odd", tags=("burst",), **more)


def made(case, *evidence, score=0.75):
    numbers = {template.id: number for number, template in enumerate(case.templates)}
    return finding_on(case, numbers, evidence[0].subject, score, evidence, by=BY)


def test_a_finding_on_a_template_is_about_all_of_its_records(case):
    subject = next(case.subject(n) for n, t in enumerate(case.templates) if t.text == TEXT)
    found = made(case, said(subject))
    assert (found.subject, found.about, found.template, found.template_id) == (subject, TEXT, TEXT, subject.name)
    assert (found.component, found.severity, found.count, found.sources) == ("db", "ERROR", 4, (1,))
    assert (found.first_time, found.last_time) == (START + 5 * SECOND, START + 8 * SECOND)
    assert found.location == Location(source=1, line=0, offset=0)
    assert (found.score, found.reason, found.classification, found.tags) == (0.75, "This is odd.", "burst", ("burst",))


def test_the_place_is_that_which_counts_most_and_names_one(case):
    subject = case.subject(0)
    later = Location(source=0, line=9, offset=9 * len(FIRST[0]))
    found = made(case, said(subject), said(subject, location=PLACE), said(subject, detector="softly", location=later))
    assert found.location == PLACE


def test_a_finding_on_a_component_is_about_all_that_it_logged(case):
    found = made(case, said(Subject(kind="component", name="db"), location=Location(source=1, line=2, offset=9)))
    assert (found.about, found.component, found.template, found.template_id) == ("db", "db", "", None)
    assert (found.count, found.sources, found.severity) == (4, (1,), "UNKNOWN")
    assert (found.first_time, found.last_time) == (START + 5 * SECOND, START + 8 * SECOND)
    assert found.location.line == 2


def test_a_finding_on_a_level_is_about_all_of_its_records(case):
    found = made(case, said(Subject(kind="level", name="INFO"), location=PLACE))
    assert (found.about, found.severity, found.component, found.template) == ("INFO", "INFO", None, "")
    assert (found.count, found.sources) == (20, (0,))
    assert (found.first_time, found.last_time) == (START, START + 19 * SECOND)


@pytest.mark.parametrize("kind", ["session", "window"])
def test_a_finding_on_sessions_or_a_window_says_what_its_evidence_says(case, kind):
    span = (START, START + 7 * SECOND)
    found = made(case, said(Subject(kind=kind, name="a name"), location=PLACE, span=span, count=3))
    assert (found.about, found.count, found.sources, found.location) == ("a name", 3, (0,), PLACE)
    assert (found.first_time, found.last_time) == span
    assert (found.template_id, found.template, found.component, found.severity) == (None, "", None, "UNKNOWN")


@pytest.mark.parametrize("kind", ["session", "window"])
def test_without_a_count_and_times_it_is_one_record_at_no_time(case, kind):
    found = made(case, said(Subject(kind=kind, name="a name"), location=PLACE))
    assert (found.count, found.first_time, found.last_time) == (1, None, None)


@pytest.mark.parametrize("kind", ["component", "level", "session", "window"])
def test_what_is_no_template_needs_a_place(case, kind):
    with pytest.raises(ValueError, match=f"evidence on {kind} 'INFO' without a location"):
        made(case, said(Subject(kind=kind, name="INFO")))


@pytest.mark.parametrize("kind", ["component", "level", "session", "window"])
def test_the_same_name_of_another_kind_is_another_finding(case, kind):
    found = made(case, said(Subject(kind=kind, name="INFO"), location=PLACE))
    assert found.id == finding_id(Subject(kind=kind, name="INFO"), ("burst",))
    assert found.id != finding_id(Subject(kind="template", name="INFO"), ("burst",))


def test_what_stands_beside_it_is_no_kind_of_reason(case):
    subject = case.subject(0)
    beside = Evidence(detector=CONTEXT, subject=subject, strength=1.0, text="seen near it", tags=(CONTEXT,))
    with_it, without = made(case, beside, said(subject)), made(case, said(subject))
    assert with_it.kinds == without.kinds == ("burst",)
    assert with_it.id == without.id
    assert with_it.reason == "Seen near it. This is odd."
