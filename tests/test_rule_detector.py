"""The detector of rules: what an event counts for, and how it is told."""

import numpy as np
import pytest

from loganomaly.case import build_case
from loganomaly.detectors.rules import RuleDetector
from loganomaly.floods import FloodSettings
from loganomaly.fusion import THRESHOLD
from loganomaly.judge import judge
from loganomaly.profile import Profile
from loganomaly.reading.detect import detect
from loganomaly.registry import DETECTORS, load, names
from loganomaly.rules import default_rules, own_rule
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.rules import RuleSearch
from loganomaly.scan.search import Search
from loganomaly.testing import case_of, log_line

STEADY = [log_line(i, f"request {i} done") for i in range(1800)]
REFUSED = "dial db failed: connection refused"
# From the wording that the samples of the data files have; each severity has its own.
EVENTS = {
    "critical": "disk full",
    "high": "too many open files",
    "medium": "connect failed: connection refused",
    "low": "write: broken pipe",
}


def said(*lines):
    return RuleDetector().detect(case_of("".join(sorted([*STEADY, *lines]))))


def counts_for(evidence):
    return RuleDetector().weight * evidence.strength


def every(seconds, message):
    return [log_line(i, message) for i in range(0, 1800, seconds)]


def test_it_says_what_happened_how_often_and_where_first():
    (evidence,) = said(log_line(700, REFUSED), log_line(900, REFUSED))
    assert evidence.text == "nobody answered at the other end of a connection (rule connection-refused, twice)"
    assert (evidence.count, evidence.about) == (2, "connection-refused")
    assert evidence.location.line == 700
    assert evidence.tags == ("rule", "warning", "network")


@pytest.mark.parametrize(
    ("severity", "reported"), [("critical", True), ("high", True), ("medium", False), ("low", False)]
)
def test_critical_and_high_events_reach_the_threshold_alone(severity, reported):
    (evidence,) = said(log_line(700, EVENTS[severity]))
    assert (counts_for(evidence) >= THRESHOLD) == reported


def test_what_level_and_words_say_already_is_not_counted_again():
    def score(*detectors):
        case = case_of("".join(sorted([*STEADY, log_line(700, EVENTS["medium"], level="ERROR")])))
        return max(judge(case, [load(DETECTORS, name)() for name in detectors]).scores.values())

    assert score("severity", "wording", "rule") == score("severity", "wording")


def test_what_goes_on_all_the_time_counts_less():
    once, often, always = (
        max(counts_for(e) for e in said(*lines))
        for lines in ([log_line(700, EVENTS["high"])], every(100, EVENTS["high"]), every(5, EVENTS["high"]))
    )
    assert once > often > always
    assert always < THRESHOLD


def test_a_routine_event_of_medium_severity_counts_nothing():
    (evidence,) = said(*every(5, EVENTS["medium"]))
    assert evidence.strength == 0


def test_what_is_critical_is_never_routine():
    (evidence,) = said(*every(5, EVENTS["critical"]))
    assert counts_for(evidence) >= THRESHOLD


def test_many_in_a_short_time_are_no_routine():
    (evidence,) = said(*[log_line(700, EVENTS["high"])] * 500)
    assert counts_for(evidence) >= THRESHOLD


def test_one_event_in_several_wordings_counts_once():
    found = said(
        *[log_line(700, "sda: disk full")] * 3,
        *[log_line(800, "while writing: disk full")] * 2,
        log_line(900, "disk full"),
    )
    assert [round(e.strength, 3) for e in found] == [1.0, 0.5, 0.333]


def test_without_times_many_lines_are_routine():
    def of(count):
        quiet = "".join(f"request {i} done\n" for i in range(2000))
        (evidence,) = RuleDetector().detect(case_of(quiet + "too many open files\n" * count))
        return counts_for(evidence)

    assert of(1) >= THRESHOLD > of(1000)


def test_in_a_log_of_one_line_it_is_told():
    (evidence,) = RuleDetector().detect(case_of("disk full\n"))
    assert counts_for(evidence) >= THRESHOLD


def test_evidence_on_some_records_of_a_template_has_their_time():
    lines = [log_line(i, f"state of {'full' if i == 900 else 'w' + str(i)}") for i in range(1800)]
    rule = own_rule("mine", "of full", reason="mine")
    data = "".join(lines).encode()
    chunk = Chunk(source=0, data=np.frombuffer(data, np.uint8))
    profile = scan(
        chunk, detect(data).tables(), search=Search(floods=FloodSettings(), rules=RuleSearch(rules=(rule,)))
    ).profile
    (evidence,) = RuleDetector(rules=(rule,)).detect(build_case(Profile.merge([profile])))
    assert evidence.count == 1
    assert evidence.span is not None
    assert evidence.span[0] == evidence.span[1]


def test_rules_that_it_does_not_know_are_passed_over():
    case = case_of("disk full\n")
    assert RuleDetector(rules=()).detect(case) == []


def test_a_finding_says_which_line_triggered_the_rule():
    lines = sorted([*STEADY, log_line(700, "Out of memory: Killed process 7 (java)", component="kernel")])
    case = case_of("".join(lines))
    (finding,) = judge(case, [load(DETECTORS, name)() for name in names(DETECTORS)] + _unless_registered()).findings
    assert finding.location.line == 700
    assert "error/oom-kill" in finding.kinds
    assert {"rule", "memory"} <= set(finding.tags)


def test_signs_of_an_attack_are_a_security_event():
    lines = sorted([*STEADY, log_line(700, "error: maximum authentication attempts exceeded for root")])
    (finding,) = judge(case_of("".join(lines)), [RuleDetector()]).findings
    assert finding.classification == "security_event"
    assert finding.kinds == ("security_event/brute-force-login",)


def _unless_registered():
    return [] if "rule" in names(DETECTORS) else [RuleDetector()]


def test_every_built_in_rule_is_told_in_words_that_go_on():
    assert [rule.name for rule in default_rules() if rule.reason[0].isupper()] == []
