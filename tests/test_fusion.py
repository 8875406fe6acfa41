"""One score from the evidence of many detectors: aspects, and what change counts for in calm lines and in trouble."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.findings import Evidence, Subject
from loganomaly.fusion import Voice, fuse, trouble_of, voices
from loganomaly.registry import DETECTORS, load, names

BY = {
    "rarity": Voice(0.5, "kind"),
    "lof": Voice(0.3, "kind"),
    "burst": Voice(0.6, "time"),
    "severity": Voice(0.4, "trouble"),
    "wording": Voice(0.4, "trouble"),
    "value": Voice(0.6, "value"),
}
SUBJECT = Subject(kind="template", name="t")
STRENGTHS = st.floats(0, 1)
SAMPLES = settings(max_examples=100, deadline=None)


def said(**strengths):
    return [
        Evidence(detector=name, subject=SUBJECT, strength=strength, text="x") for name, strength in strengths.items()
    ]


def test_of_one_aspect_what_counts_most_speaks_for_all():
    # 0.5 * 0.5 = 0.25 beats 0.3 * 0.8 = 0.24, and both are change in calm lines.
    assert fuse(said(rarity=0.5, lof=0.8), BY) == pytest.approx(0.5 * 0.25)


def test_other_aspects_add_up_as_worked_by_hand():
    # Trouble of 0.3 is half of what is enough: change counts 0.75.
    expected = 1 - (1 - 0.5 * 0.75) * (1 - 0.6 * 0.5 * 0.75) * (1 - 0.4 * 0.3) * (1 - 0.6 * 0.2)
    assert fuse(said(rarity=1.0, burst=0.5, severity=0.3, value=0.2), BY) == pytest.approx(expected)


@pytest.mark.parametrize(("trouble", "share"), [(0.0, 0.5), (0.3, 0.75), (0.6, 1.0), (1.0, 1.0)])
def test_change_counts_half_in_calm_lines_and_in_full_from_the_strength_of_a_warning_on(trouble, share):
    score = fuse(said(burst=1.0, severity=trouble), BY)
    assert score == pytest.approx(1 - (1 - 0.6 * share) * (1 - 0.4 * trouble))


@pytest.mark.parametrize("aspect", ["value", "session", "silence", "flood", "leak", "trouble"])
def test_what_is_no_change_counts_in_full_in_calm_lines(aspect):
    assert fuse(said(value=0.5), {"value": Voice(0.6, aspect)}) == pytest.approx(0.3)


def test_trouble_that_is_known_besides_makes_change_count_but_counts_for_nothing_itself():
    assert fuse(said(burst=1.0), BY, trouble=0.6) == pytest.approx(0.6)
    assert fuse(said(value=1.0), BY, trouble=1.0) == fuse(said(value=1.0), BY)
    assert fuse([], BY, trouble=1.0) == 0


def test_trouble_is_that_of_the_strongest_detector_of_it():
    assert trouble_of(said(severity=0.3, wording=0.7, rarity=1.0), BY) == 0.7
    assert trouble_of(said(rarity=1.0), BY) == 0


@given(STRENGTHS, STRENGTHS, STRENGTHS, STRENGTHS)
@SAMPLES
def test_more_trouble_never_lowers_a_score(burst, severity, one, other):
    less, more = sorted((one, other))
    evidence = said(burst=burst, severity=severity)
    assert fuse(evidence, BY, trouble=less) <= fuse(evidence, BY, trouble=more) + 1e-12


@given(st.lists(st.tuples(st.sampled_from(sorted(BY)), STRENGTHS), max_size=8))
@SAMPLES
def test_a_score_is_that_of_the_best_of_each_aspect_alone(pairs):
    evidence = [e for name, strength in pairs for e in said(**{name: strength})]
    best = {}
    for e in evidence:
        known = best.setdefault(BY[e.detector].aspect, e)
        if BY[e.detector].weight * e.strength > BY[known.detector].weight * known.strength:
            best[BY[e.detector].aspect] = e
    assert fuse(evidence, BY) == pytest.approx(fuse([*best.values()], BY, trouble=trouble_of(evidence, BY)))


def test_every_registered_detector_has_an_aspect_that_is_known():
    known = {"time", "kind", "trouble", "session", "value", "silence", "flood", "leak", "rule"}
    by = voices(load(DETECTORS, name)() for name in names(DETECTORS))
    assert {voice.aspect for voice in by.values()} <= known
    assert by["rarity"].aspect == by["lof"].aspect
    assert by["severity"].aspect == by["wording"].aspect == "trouble"
