"""The settings of behavioural rules: what is wrong in them is said with its line, and what was expected."""

import re
from pathlib import Path

import polars as pl
import pytest

from loganomaly import LogAnalyzer
from loganomaly.config.load import parse_config
from loganomaly.errors import ConfigError

RULE = {"name": "r", "type": "count", "threshold": "5"}
README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def written(*rules):
    lines = ["behavioral_rules:"]
    for given in rules:
        head, *more = [f"{key}: {value}" for key, value in given.items()]
        lines += [f"  - {head}", *(f"    {line}" for line in more)]
    return "\n".join(lines) + "\n"


def problem(*rules):
    with pytest.raises(ConfigError) as caught:
        parse_config(written(*rules), source="settings.yaml")
    return str(caught.value)


def without(name):
    return {key: value for key, value in RULE.items() if key != name}


@pytest.mark.parametrize(
    ("rule", "line", "key", "said"),
    [
        (RULE | {"type": "counts"}, 3, "type", "'ratio'; did you mean 'count'?"),
        (RULE | {"type": "distinct"}, 3, "type", "did you mean 'distinct_count'?"),
        (without("type"), 2, "type", "not given, expected one of 'count', 'distinct_count', 'ratio'"),
        (without("threshold"), 2, "threshold", "not given, expected from how many on it is too much"),
        (RULE | {"threshold": 0}, 4, "threshold", "given 0, expected a whole number"),
        (RULE | {"window_minutes": 0}, 5, "window_minutes", "given 0, expected a finite number, above 0"),
        (RULE | {"type": "distinct_count"}, 2, "field", "not given, expected the name of the value"),
        (RULE | {"field": "user"}, 5, "field", "a count looks at no field"),
        (RULE | {"type": "ratio", "pattern": "x"}, 2, "threshold_ratio", "not given, expected the share"),
        (RULE | {"type": "ratio", "threshold_ratio": 0.5}, 2, "pattern", "not given, expected what the records match"),
        (RULE | {"threshold_ratio": 0.5}, 5, "threshold_ratio", "a count has no ratio"),
        (RULE | {"threshold_ratio": 50}, 5, "threshold_ratio", "given 50, expected a finite number"),
        (RULE | {"pattern": "'a(?=b)'"}, 5, "pattern", "given 'a(?=b)': invalid perl operator: (?=: RE2 has no"),
        (RULE | {"pattern": "'x*'"}, 5, "pattern", "given 'x*': it covers the empty text"),
        (RULE | {"pattern": "'from (?P<ip>.+)'", "group_by": "[addr]"}, 6, "group_by", "has no group 'addr', but 'ip'"),
        (RULE | {"type": "ratio", "pattern": "'from (?P<ip>.+)'", "group_by": "ip", "threshold_ratio": 0.5}, 6,
         "group_by", "records that do not match have no 'ip'"),
        (RULE | {"group_by": "[ip, IP]"}, 5, "group_by", "'ip' is given twice"),
        (RULE | {"group_by": 5}, 5, "group_by", "given 5, expected a list of texts"),
        (RULE | {"reason": "'{user} does it'"}, 5, "reason", "given {user}, expected one of {group}, {count}, {ratio}"),
        (RULE | {"severity": "bad"}, 5, "severity", "given 'bad', expected one of 'critical', 'high', 'medium', 'low'"),
        (RULE | {"name": "'a b'"}, 2, "name", "given 'a b', expected non-empty text such as 'brute-force'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(rule, line, key, said):
    text = problem(rule)
    assert text.startswith(f"settings.yaml, line {line}: behavioral_rules.1.{key}: ")
    assert said in text


def test_a_name_that_is_given_twice_is_refused():
    text = problem(RULE, RULE)
    assert text.startswith("settings.yaml, line 5: behavioral_rules.2.name: 'r' is given twice, first as ")


def test_an_unknown_key_is_told_with_the_nearest():
    assert "unknown key 'behavioral_rules.1.treshold'; did you mean 'threshold'?" in problem(RULE | {"treshold": 5})


@pytest.mark.parametrize("given", ["ip", "[ip]"])
def test_one_name_needs_no_list(given):
    (rule,) = parse_config(written(RULE | {"group_by": given}), source="").behavioral_rules
    assert rule.rule.group_by == ("ip",)


def test_a_rule_that_is_switched_off_needs_a_name_alone():
    (rule,) = parse_config(written({"name": "password-spraying", "enabled": "false"}), source="").behavioral_rules
    assert not rule.enabled


def test_a_ratio_needs_twenty_records_unless_something_else_is_said():
    ratio = without("threshold") | {"type": "ratio", "pattern": "x", "threshold_ratio": 0.5}
    (rule,) = parse_config(written(ratio), source="").behavioral_rules
    assert rule.rule.threshold == 20


def test_the_rules_of_the_readme_tell_what_it_says():
    (block,) = re.findall(r"```\n(behavioral_rules:\n.*?)```", README, flags=re.DOTALL)
    (said,) = re.findall(r"`([^`]*rule coupons[^`]*)`", README)
    config = parse_config(block, source="README.md")
    assert {rule.type for rule in config.behavioral_rules} == {"count", "distinct_count", "ratio"}
    logs = [f"2026-03-14 09:{i // 60:02}:{i % 60:02} INFO shop: page {i} sent" for i in range(300)]
    logs += [f"2026-03-14 09:05:{i:02} WARN shop: coupon C{i} refused for 203.0.113.9" for i in range(23)]
    results = LogAnalyzer(config).analyze(pl.DataFrame({"log": logs}))
    evidence = [e for a in results.anomalies for e in a["evidence"] if e["detector"] == "behaviour"]
    assert [e["text"] for e in evidence] == [" ".join(said.split())]
