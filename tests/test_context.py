"""What is rare near an incident is raised: shortly before it, in it, shortly after it, once, and nothing else is."""

from dataclasses import dataclass

import pytest

from loganomaly.findings import CONTEXT, Evidence, Location, Subject
from loganomaly.fusion import THRESHOLD
from loganomaly.judge import judge
from loganomaly.suppression import finding_id
from loganomaly.testing import case_of, log_line

SECONDS = 7_200
INCIDENT = range(3_600, 3_650)
RARE, LOST = "schema migrated by hand", "disk lost"


@dataclass(frozen=True)
class Said:
    """Says how strong it finds each of some templates."""

    name: str
    aspect: str
    strengths: tuple[tuple[str, float], ...]
    weight: float = 1.0

    def detect(self, case):
        strengths = dict(self.strengths)
        return [
            Evidence(
                detector=self.name, subject=case.subject(n), strength=strengths[t.text], text="odd", tags=(self.name,)
            )
            for n, t in enumerate(case.templates)
            if t.text in strengths
        ]


RARITY = Said("rare", "kind", ((RARE, 0.5),))
DISKS = Said("flood", "flood", ((LOST, 0.8),))


@dataclass(frozen=True)
class Fixed:
    """Says the same of every case."""

    evidence: tuple
    aspect: str
    name: str = "sum"
    weight: float = 0.9

    def detect(self, _case):
        return list(self.evidence)


def log_with(*rare):
    """Return two hours of ticks in which a disk is lost for 50 s after an hour, and rare lines at some seconds."""
    lines = [(second, f"tick {second} done") for second in range(0, SECONDS, 10)]
    lines += [(second, LOST) for second in INCIDENT]
    lines += [(second, RARE) for second in rare]
    return "".join(log_line(second, text) for second, text in sorted(lines))


def judged(*rare, detectors=(RARITY, DISKS), chunk_lines=None):
    case = case_of(log_with(*rare), chunk_lines=chunk_lines)
    judgement = judge(case, detectors)
    subject = next(case.subject(n) for n, t in enumerate(case.templates) if t.text == RARE)
    return judgement, subject


def findings_with(texts, *, records, strength):
    """Return the findings of a log in which other things go wrong so often, 100 s after a rare line."""
    lines = [(second, f"tick {second} done") for second in range(0, SECONDS, 10)]
    lines += [(3_600 + n, text) for text in texts for n in range(records)]
    case = case_of("".join(log_line(second, text) for second, text in sorted([*lines, (3_500, RARE)])))
    return judge(case, [RARITY, Said("flood", "flood", tuple((text, strength) for text in texts))]).findings


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (3_500, "Seen 100 s before other unusual things begin."),
        (3_620, "Seen among other unusual things."),
        (3_749, "Seen 100 s after other unusual things end."),
    ],
    ids=["before", "in it", "after"],
)
def test_what_is_rare_near_an_incident_is_a_finding_and_says_how_near(second, told):
    judgement, subject = judged(second)
    (found,) = [f for f in judgement.findings if f.subject == subject]
    assert told in found.reason
    # 1 - (1 - 0.25) * (1 - 0.36): change counts half in calm lines, and its place counts 0.36.
    assert found.score == pytest.approx(0.52)


@pytest.mark.parametrize("second", [1_000, 3_000, 4_300, 7_000])
def test_what_is_rare_far_from_an_incident_is_none(second):
    judgement, subject = judged(second)
    assert subject not in {f.subject for f in judgement.findings}
    assert judgement.scores[subject] == pytest.approx(0.25)


def test_it_is_raised_once():
    judgement, subject = judged(3_500, 3_620)
    assert [e.detector for e in judgement.evidence[subject]].count(CONTEXT) == 1
    assert [f.subject for f in judgement.findings].count(subject) == 1


@pytest.mark.parametrize(("records", "raised"), [(2, True), (3, False)])
def test_what_is_seen_more_than_twice_tells_no_moment(records, raised):
    judgement, subject = judged(*range(3_500, 3_500 + records))
    assert (judgement.scores[subject] >= THRESHOLD) == raised


@pytest.mark.parametrize(("strength", "raised"), [(0.55, False), (0.75, True)])
def test_an_incident_that_is_not_sure_raises_nothing(strength, raised):
    found = findings_with(("disk lost", "node gone"), records=6, strength=strength)
    assert len(found) == 2 + raised
    assert any(f.template == RARE for f in found) == raised


def test_what_is_unusual_but_not_rare_is_not_raised():
    judgement, subject = judged(3_500, detectors=(Said("value", "value", ((RARE, 0.45),)), DISKS))
    assert judgement.scores[subject] == pytest.approx(0.45)


@pytest.mark.parametrize(("records", "raised"), [(1, False), (6, True)])
def test_rare_lines_alone_do_not_vouch_for_each_other(records, raised):
    found = findings_with(("disk lost", "node gone"), records=records, strength=0.9)
    assert any(f.template == RARE for f in found) == raised


@pytest.mark.parametrize(("kind", "name"), [("component", "web"), ("level", "INFO"), ("window", "a time")])
@pytest.mark.parametrize(("aspect", "raised"), [("time", False), ("silence", True)])
def test_the_change_of_what_is_made_up_of_many_lines_vouches_for_none_of_them(kind, name, aspect, raised):
    span = (1_773_478_800_000_000 + 3_600_000_000, 1_773_478_800_000_000 + 3_650_000_000)
    evidence = Evidence(
        detector="sum", subject=Subject(kind=kind, name=name), strength=1.0, text="odd", tags=("burst",), span=span,
        count=50, location=Location(source=0, line=0, offset=0),
    )  # fmt: skip
    # Change counts half in calm lines.
    judgement, subject = judged(
        3_500, detectors=(RARITY, Fixed((evidence,), aspect, weight=0.9 if aspect == "silence" else 1.8))
    )
    assert judgement.scores[evidence.subject] >= THRESHOLD
    assert (judgement.scores[subject] >= THRESHOLD) == raised


def test_nothing_changes_for_what_is_a_finding_already():
    strong = Said("rare", "kind", ((RARE, 0.5), (LOST, 0.2)))
    value = Said("value", "value", ((RARE, 0.6),))
    judgement, subject = judged(3_620, detectors=(strong, value, DISKS))
    assert {e.detector for e in judgement.evidence[subject]} == {"rare", "value"}
    assert judgement.scores[subject] == pytest.approx(1 - (1 - 0.25) * (1 - 0.6))


def test_the_scores_of_the_incident_stay_what_they_are():
    near, subject = judged(3_500)
    far, _ = judged(1_000)
    assert {s: score for s, score in near.scores.items() if s != subject} == {
        s: score for s, score in far.scores.items() if s != subject
    }


@pytest.mark.parametrize("second", [3_500, 3_620, 3_749])
def test_ids_and_kinds_do_not_tell_where_it_stands(second):
    judgement, subject = judged(second)
    (found,) = [f for f in judgement.findings if f.subject == subject]
    assert found.kinds == ("rare_event",)
    assert found.id == finding_id(subject, ("rare_event",))


@pytest.mark.parametrize("chunk_lines", [1, 50])
def test_what_is_raised_does_not_depend_on_chunks(chunk_lines):
    whole, _ = judged(3_500)
    assert judged(3_500, chunk_lines=chunk_lines)[0] == whole


def test_without_times_nothing_is_near():
    case = case_of("tick 1 done\n" * 700 + f"{LOST}\n" * 50 + f"{RARE}\n")
    judgement = judge(case, [RARITY, DISKS])
    assert [f.template for f in judgement.findings] == [LOST]
