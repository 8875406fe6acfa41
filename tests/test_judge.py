"""Judging: the fusion of evidence, the folding of findings, and silence on a log in which nothing happens."""

import random
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.case import build_case
from loganomaly.detectors.silence import SilenceDetector
from loganomaly.findings import Evidence, Finding, Location, Subject
from loganomaly.floods import FloodSettings
from loganomaly.folding import folded
from loganomaly.fusion import THRESHOLD, Voice, fuse
from loganomaly.judge import judge
from loganomaly.profile import Profile
from loganomaly.reading.detect import detect
from loganomaly.registry import DETECTORS, load, names
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search
from loganomaly.testing import case_of, log_line

WEIGHTS = {name: Voice(weight, name) for name, weight in {"a": 0.3, "b": 0.5, "c": 0.97, "d": 1.0}.items()}
SUBJECT = Subject(kind="template", name="t")
EVIDENCE = st.builds(
    lambda detector, strength: Evidence(detector=detector, subject=SUBJECT, strength=strength, text="x"),
    st.sampled_from(sorted(WEIGHTS)),
    st.floats(0, 1),
)
MANY = st.lists(EVIDENCE, max_size=8)
SAMPLES = settings(max_examples=100, deadline=None)


@given(MANY)
@SAMPLES
def test_detectors_of_one_aspect_count_once(evidence):
    same = {name: Voice(voice.weight, "kind") for name, voice in WEIGHTS.items()}
    assert fuse(evidence, same) <= max((same[e.detector].weight for e in evidence), default=0)


def test_change_counts_in_full_only_where_there_is_trouble():
    by = {"rarity": Voice(0.4, "kind"), "severity": Voice(0.2, "trouble")}
    rare, severe = (Evidence(detector=name, subject=SUBJECT, strength=1.0, text="x") for name in by)
    assert fuse([rare], by) == pytest.approx(0.4 * 0.5)
    assert fuse([rare, severe], by) == pytest.approx(1 - (1 - 0.4) * (1 - 0.2))


def all_detectors():
    return [load(DETECTORS, name)() for name in names(DETECTORS)]


# Fusion


def test_no_evidence_is_score_nothing():
    assert fuse([], WEIGHTS) == 0


def test_two_detectors_are_fused_as_worked_by_hand():
    found = [Evidence(detector=name, subject=SUBJECT, strength=0.5, text="x") for name in ("a", "b")]
    assert fuse(found, WEIGHTS) == pytest.approx(1 - (1 - 0.15) * (1 - 0.25))


@given(MANY)
@SAMPLES
def test_a_score_is_a_share(evidence):
    assert 0 <= fuse(evidence, WEIGHTS) <= 1


@given(MANY, EVIDENCE)
@SAMPLES
def test_more_evidence_never_lowers_a_score(evidence, more):
    assert fuse([*evidence, more], WEIGHTS) >= fuse(evidence, WEIGHTS) - 1e-12


@given(MANY, st.randoms(use_true_random=False))
@SAMPLES
def test_the_order_of_evidence_does_not_matter(evidence, order):
    shuffled = list(evidence)
    order.shuffle(shuffled)
    assert fuse(shuffled, WEIGHTS) == fuse(evidence, WEIGHTS)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
@SAMPLES
def test_one_detector_alone_counts_by_its_strongest_evidence(strengths):
    found = [Evidence(detector="b", subject=SUBJECT, strength=strength, text="x") for strength in strengths]
    assert fuse(found, WEIGHTS) == pytest.approx(0.5 * max(strengths))


# Folding


def finding(name, *, line=0, source=0, count=1, score=0.6, tags=("rare",), first=None, last=None, related=()):
    return Finding(
        id=name,
        subject=Subject(kind="template", name=name),
        template_id=name,
        template=f"template {name}",
        score=score,
        classification="rare_event",
        reason="Seen once.",
        tags=tags,
        component=None,
        severity="INFO",
        count=count,
        first_time=first,
        last_time=first if last is None else last,
        location=Location(source=source, line=line, offset=line * 50),
        evidence=(),
        related=related,
        sources=(source,),
    )


SECOND = 1_000_000


def test_rare_lines_side_by_side_are_one_finding_named_by_the_worst():
    (one,) = folded([finding("a", line=4), finding("b", line=5, score=0.7), finding("c", line=9)])
    assert (one.template, one.related) == ("template b", ("template a", "template c"))
    assert one.reason == "Seen once. Together with 2 more lines beside it that are as rare."


def test_one_more_line_is_one():
    (one,) = folded([finding("a", line=4), finding("b", line=5)])
    assert one.reason.endswith("Together with 1 more line beside it that is as rare.")


@pytest.mark.parametrize(
    "other",
    [
        finding("b", line=50),
        finding("b", line=5, source=1),
        finding("b", line=5, count=6),
        finding("b", line=5, tags=("leak",)),
    ],
    ids=["far", "another source", "frequent", "a leak"],
)
def test_what_is_not_beside_a_rare_line_stays_alone(other):
    assert {f.template for f in folded([finding("a", line=4), other])} == {"template a", "template b"}


def test_nearness_in_time_counts_where_there_are_times():
    near = [finding("a", line=4, first=0), finding("b", line=400, first=30 * SECOND)]
    far = [finding("a", line=4, first=0), finding("b", line=5, first=31 * SECOND)]
    assert [len(folded(pair)) for pair in (near, far)] == [1, 2]


def test_frequent_news_over_the_same_time_are_one_finding_with_all_sources():
    (one,) = folded(
        [
            finding("a", count=90, tags=("new",), first=0, last=100 * SECOND),
            finding("b", count=70, tags=("new",), first=5 * SECOND, last=99 * SECOND, source=1, score=0.9),
        ]
    )
    assert (one.template, one.related, one.sources) == ("template b", ("template a",), (0, 1))
    assert (one.first_time, one.last_time) == (0, 100 * SECOND)
    assert one.reason.endswith("Together with 1 more kind of line over the same time.")


def burst(kind, name, *, count, first=0, last=100):
    """Return a finding on a component or level that has so many records in a burst from and to these seconds."""
    span = (first * SECOND, last * SECOND)
    subject = Subject(kind=kind, name=name)
    evidence = Evidence(
        detector="burst", subject=subject, strength=1.0, text="x", tags=("burst",), count=count, span=span
    )
    made = finding(f"{kind} {name}", count=10_000, tags=("burst",), first=0, last=9_000 * SECOND)
    return replace(made, subject=subject, template_id=None, template="", evidence=(evidence,))


@pytest.mark.parametrize("kind", ["component", "level"])
@pytest.mark.parametrize(
    ("count", "last", "kept"), [(20, 90, 2), (21, 90, 3), (20, 100, 3)], ids=["half", "less", "not in it alone"]
)
def test_a_burst_says_nothing_new_where_half_of_its_lines_are_findings(kind, count, last, kept):
    name = "ERROR" if kind == "level" else "db"
    parts = [
        replace(
            finding(text, count=5 + n, tags=("leak",), first=SECOND, last=last * SECOND),
            severity="ERROR",
            component="db",
        )
        for n, text in enumerate(("a", "b"))
    ]
    # 5 and 6 records; those of another component and level tell nothing of it.
    other = finding("c", count=500, tags=("leak",), first=SECOND, last=2 * SECOND)
    assert len(folded([burst(kind, name, count=count + 2), *parts, other])) == kept + 1


def test_silence_of_a_component_is_news_where_its_lines_are_findings():
    silence = replace(burst("component", "db", count=6), tags=("silence",))
    silence = replace(silence, evidence=tuple(replace(e, tags=("silence",)) for e in silence.evidence))
    part = replace(finding("a", count=6, tags=("leak",), first=SECOND, last=2 * SECOND), component="db")
    assert len(folded([silence, part])) == 2


def test_news_that_overlap_little_stay_apart():
    pair = [
        finding("a", count=90, tags=("new",), first=0, last=100 * SECOND),
        finding("b", count=70, tags=("new",), first=50 * SECOND, last=150 * SECOND),
    ]
    assert len(folded(pair)) == 2


FINDINGS = st.lists(
    st.builds(
        lambda line, source, count, score, tags, first, lasting: finding(
            "", line=line, source=source, count=count, score=score, tags=tags,
            first=first and first * SECOND, last=first and (first + lasting) * SECOND,
        ),
        st.integers(0, 60), st.integers(0, 2), st.integers(1, 8), st.sampled_from([0.5, 0.6, 0.9]),
        st.sampled_from([("rare",), ("new",), ("leak",), ("new", "rare")]),
        st.none() | st.integers(1, 200), st.integers(0, 100),
    ),
    max_size=12,
).map(lambda found: [replace(f, id=str(n), template=f"template {n}") for n, f in enumerate(found)])  # fmt: skip


@given(FINDINGS)
@SAMPLES
def test_folding_loses_no_template_and_doubles_none(findings):
    result = folded(findings)
    shown = [text for f in result for text in (f.template, *f.related)]
    assert sorted(shown) == sorted(f.template for f in findings)


@given(FINDINGS, st.randoms(use_true_random=False))
@SAMPLES
def test_findings_are_folded_the_same_in_any_order_and_come_worst_first(findings, order):
    shuffled = list(findings)
    order.shuffle(shuffled)
    result = folded(findings)
    assert folded(shuffled) == result
    assert [f.score for f in result] == sorted((f.score for f in result), reverse=True)


# Judging

REGULAR = (
    "GET /cart/{n} took {ms} ms",
    "user {n} signed in",
    "user {n} signed out",
    "cache hit for item {n}",
    "cache miss for item {n}",
    "sent mail {n} in {ms} ms",
    "order {n} placed",
    "order {n} shipped",
    "pool has {few} idle connections",
    "collected garbage in {ms} ms",
)


def regular(lines=5_000, *, seed=1):
    """Return a log in which ten things happen at random, at a steady rate."""
    chance = random.Random(seed)
    return [
        log_line(
            i,
            chance.choice(REGULAR).format(n=chance.randrange(10_000), ms=chance.randrange(3, 40), few=i % 9),
            component=chance.choice(("web", "db")),
        )
        for i in range(lines)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_regular_log_has_no_findings(seed):
    case = case_of("".join(regular(seed=seed)))
    assert (case.records, len(case.templates)) == (5_000, 10)
    assert judge(case, all_detectors()).findings == ()


@pytest.fixture(scope="module")
def incident():
    lines = regular()
    lines[2_000:2_000] = [log_line(2_000, "cannot open table orders", level="ERROR", component="db")]
    lines[3_000:3_000] = [log_line(3_000, "login password=hunter2x ok")]
    lines[4_000:4_000] = [log_line(4_000, f"retry {i} of 50", level="WARN") for i in range(1_500)]
    return lines


def test_what_was_planted_is_found_and_nothing_else(incident):
    found = judge(case_of("".join(incident)), all_detectors()).findings
    assert [(f.template, f.location.line) for f in found] == [
        ("retry <*> of <*>", 4_000),
        ("login password=<*> ok", 3_000),
        ("cannot open table orders", 2_000),
    ]
    assert all(THRESHOLD <= f.score <= 1 for f in found)


def test_findings_do_not_depend_on_the_order_of_detectors_or_the_chunks(incident):
    whole = judge(case_of("".join(incident)), all_detectors())
    pieces = judge(case_of("".join(incident), chunk_lines=333), all_detectors()[::-1])
    assert pieces.findings == whole.findings
    assert pieces.scores == whole.scores
    assert pieces.evidence == whole.evidence


def test_a_finding_says_who_spoke_and_why(incident):
    found = judge(case_of("".join(incident)), all_detectors()).findings[-1]
    assert {e.detector for e in found.evidence} == {"lof", "rarity", "severity", "wording"}
    assert (found.classification, found.severity, found.component, found.count) == ("error", "ERROR", "db", 1)
    assert found.reason.count(".") >= 2
    assert set(found.tags) == {"error", "rare", "outlier"}


@dataclass(frozen=True)
class Fixed:
    """Says the same of every case."""

    evidence: tuple
    name: str = "fixed"
    weight: float = 1.0
    aspect: str = "fixed"

    def detect(self, _case):
        return list(self.evidence)


@pytest.mark.parametrize(("strength", "findings"), [(0.499, 0), (THRESHOLD, 1)])
def test_a_score_is_reported_from_the_threshold_on(strength, findings):
    case = case_of("disk full\n")
    spoken = Evidence(detector="fixed", subject=case.subject(0), strength=strength, text="odd")
    judgement = judge(case, [Fixed(evidence=(spoken,))])
    assert len(judgement.findings) == findings
    assert judgement.scores == {case.subject(0): strength}
    assert judgement.evidence == {case.subject(0): (spoken,)}


def bounded(contamination, *, lines=None, count=None):
    """Return which of the templates "a", "b" and "c" findings are about, and which are beyond; "a" has half of all."""
    case = case_of("disk full\n" * 10 + "light out\n" * 6 + "queue gone\n" * 4)
    spoken = tuple(
        Evidence(
            detector="fixed",
            subject=case.subject(number),
            strength=0.9 - number / 10,
            text="odd",
            count=None if number else count,
            location=case.location(number),
            lines=None if number else lines,
        )
        for number in range(3)
    )
    judgement = judge(case, [Fixed(evidence=spoken)], contamination=contamination)
    names = {template.id: "abc"[number] for number, template in enumerate(case.templates)}
    shown = {finding.subject.name for finding in judgement.findings}
    assert {s.name for s in judgement.scores} == {*names}
    return "".join(sorted(names[i] for i in shown)), "".join(sorted(names[s.name] for s in judgement.beyond))


@pytest.mark.parametrize(
    ("contamination", "shown", "beyond"),
    [(None, "abc", ""), (0.3, "", "abc"), (0.5, "a", "bc"), (0.79, "a", "bc"), (0.8, "ab", "c"), (1.0, "abc", "")],
)
def test_a_contamination_leaves_the_worst_findings_that_are_about_at_most_its_share(contamination, shown, beyond):
    assert bounded(contamination) == (shown, beyond)


def test_of_a_finding_that_speaks_of_some_lines_these_count():
    assert bounded(0.3, lines=(0, 9)) == ("", "abc")
    assert bounded(0.3, lines=(2, 7)) == ("a", "bc")
    assert bounded(0.3, lines=(0, 9), count=2) == ("a", "bc")


def test_evidence_on_a_component_needs_a_place():
    case = case_of(log_line(0, "ready"))
    spoken = Evidence(detector="fixed", subject=Subject(kind="component", name="web"), strength=1.0, text="odd")
    with pytest.raises(ValueError, match="component 'web' without a location"):
        judge(case, [Fixed(evidence=(spoken,))])


def test_a_silent_component_whose_name_is_no_utf_8_keeps_its_count_and_file():
    name = b"caf\xe9-sync"
    steady = [(i, "tick done", name) for i in range(0, 3_000, 10)]
    other = [(i, "job done", b"web") for i in range(0, 6_000, 10)]
    lines = [
        b"2026-03-14T%02d:%02d:%02dZ INFO [%s] %s\n" % (i // 3600, i // 60 % 60, i % 60, who, text.encode())
        for i, text, who in sorted([*steady, *other])
    ]
    text = b"".join(lines)
    data = np.frombuffer(text, np.uint8)
    scanned = scan(Chunk(source=0, data=data), detect(text).tables(), search=Search(floods=FloodSettings()))
    case = build_case(Profile.merge([scanned.profile]))
    found = [f for f in judge(case, [SilenceDetector()]).findings if f.subject.kind == "component"]
    assert [(f.component, f.count, f.sources) for f in found] == [("caf\ufffd-sync", 300, (0,))]
