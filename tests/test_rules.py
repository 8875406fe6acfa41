"""Rules: the built-in ones know their samples and nothing else, and those of users are checked."""

import numpy as np
import pytest

from loganomaly.rules import SEVERITIES, AllOf, AnyOf, Not, default_rules, holds, own_rule, pattern
from loganomaly.rules.load import FILES
from loganomaly.scan.anchors import anchor_tables
from loganomaly.scan.candidates import candidates

RULES = default_rules()
SAMPLES = [pytest.param(r, s, id=f"{r.name}: {s[:40]}") for r in RULES for s in r.samples]
OTHERS = [pytest.param(r, s, id=f"{r.name}: {s[:40]}") for r in RULES for s in r.counterexamples]


def picked(rule, text):
    """Return whether compiled code hands a record on to the pattern of a rule."""
    data = np.frombuffer(text.encode(), np.uint8)
    rows, _ = candidates(data, np.array([0]), np.array([len(data)]), anchor_tables([rule]))
    return len(rows) == 1


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
class TestSample:
    def test_the_rule_holds_for_it(self, rule, sample):
        assert rule.holds(sample.encode())

    def test_the_rule_holds_for_it_within_a_line(self, rule, sample):
        assert rule.holds(f"2026-03-14 09:00:00 host app[7]: {sample}".encode())

    def test_it_has_an_anchor_in_any_case_of_letters(self, rule, sample):
        for text in (sample, sample.lower(), sample.upper()):
            assert picked(rule, text) or not rule.holds(text.encode())
        assert picked(rule, sample)


@pytest.mark.parametrize(("rule", "text"), OTHERS)
def test_a_rule_does_not_hold_for_what_only_looks_so(rule, text):
    assert not rule.holds(text.encode())


def test_what_one_rule_is_not_about_is_no_other_ones_sample_but_where_it_says_so():
    alike = {(rule.name, text) for rule in RULES for other in RULES for text in other.counterexamples
             if rule is not other and rule.holds(text.encode())}  # fmt: skip
    assert alike == {("rate-limited", "too many requests")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 errors, 0 warnings, 0 timeouts",
        "timeout=30s retries=3 pool=10 max_connections=100",
        "request 7 done in 4 ms",
        "no error, no timeout, not killed, nothing refused",
        '{"oom_score": 0, "disk_full": false, "panic": false, "deadlocks": 0}',
        "-XX:+HeapDumpOnOutOfMemoryError -XX:OnOutOfMemoryError=/bin/true",
        "net.ipv4.tcp_syncookies = 1",
        '10.0.0.7 - - [14/Mar/2026:09:00:00 +0000] "GET /items?id=7&sort=name HTTP/1.1" 200 512',
        "connection from 10.0.0.7 accepted",
        "Accepted publickey for ada from 10.0.0.7 port 50022 ssh2",
        "certificate for shop.example.com is valid until 2027-03-14",
    ],
)
def test_no_rule_holds_for_routine(text):
    assert [rule.name for rule in RULES if rule.holds(text.encode())] == []


def test_names_differ():
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in RULES])
def test_an_entry_is_complete(rule):
    assert rule.severity in SEVERITIES
    assert all((rule.tags, rule.anchors, rule.samples, rule.counterexamples))
    assert rule.reason.strip()
    assert not rule.reason.endswith(".")


def test_every_data_file_is_read():
    from importlib import resources

    files = {path.name for path in resources.files("loganomaly.rules").joinpath("files").iterdir()}
    assert files == {f"{name}.yaml" for name in FILES}


def test_an_expression_joins_patterns():
    expression = AnyOf((AllOf((pattern("disk"), Not(pattern("not full")))), pattern("ENOSPC")))
    assert [holds(expression, text) for text in (b"disk full", b"disk not full", b"ENOSPC, not full", b"")] == [
        True,
        False,
        True,
        False,
    ]


def test_the_ends_of_a_pattern_are_those_of_a_line():
    assert own_rule("x", "^stopped$", reason="x").holds(b"error\nstopped\nlater")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(?=x)", "invalid perl operator: .*RE2 has no look-around"),
        (r"(a)\1", "invalid escape sequence"),
        ("(a", "missing \\)"),
        ("a*", "it covers the empty text"),
        ("a{2000}", "repeats at most 1,000 times"),
    ],
)
def test_a_wrong_pattern_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        own_rule("mine", text, reason="mine")


def test_a_users_pattern_takes_linear_time():
    # An engine that goes back and tries again would not end.
    assert not own_rule("mine", "(a+)+b", reason="mine").holds(b"a" * 200_000)
