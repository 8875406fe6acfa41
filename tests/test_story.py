"""The example shop: what was planted is found, among the first things that are reported."""

import json
import re
from pathlib import Path

import pytest
from shop_story import EXAMPLES, covers, lines_of, read_events

from loganomaly import LogAnalyzer

STORY = read_events(EXAMPLES / "shop")
FIRST = 10


@pytest.fixture(scope="module")
def results():
    return LogAnalyzer().analyze([EXAMPLES])


@pytest.mark.parametrize("name", sorted(set(STORY) - {"rollback"}))
def test_what_was_planted_is_among_the_first_anomalies(results, name):
    assert any(covers(anomaly, STORY[name]) for anomaly in results.anomalies[:FIRST])


@pytest.mark.parametrize(
    ("name", "classification"),
    [
        ("leaked-db-password", "security_leak"),
        ("leaked-aws-key", "security_leak"),
        ("retry-flood", "log_flood"),
        ("inventory-silence", "silence"),
        ("pool-exhausted", "error"),
    ],
)
def test_what_was_planted_is_called_what_it_is(results, name, classification):
    found = [a["classification"] for a in results.anomalies[:FIRST] if covers(a, STORY[name])]
    assert classification in found


def test_the_silent_component_is_named(results):
    (silence,) = [anomaly for anomaly in results.anomalies if anomaly["classification"] == "silence"]
    assert silence["component"] == "inventory-sync"
    assert silence["line_number"] in lines_of(STORY["inventory-silence"], silence["source"])


def test_the_flood_is_reported_with_its_lines(results):
    (flood,) = [anomaly for anomaly in results.anomalies if anomaly["classification"] == "log_flood"]
    lines = lines_of(STORY["retry-flood"], flood["source"])
    (evidence,) = [e for e in flood["evidence"] if e["detector"] == "rolling_window"]
    assert (evidence["first_line"], evidence["last_line"]) == (min(lines), max(lines))
    assert flood["line_number"] == min(lines)


def test_few_anomalies_are_reported_of_many_lines(results):
    assert results.summary["anomalies_detected"] == len(results.anomalies) <= 15


def test_every_anomaly_shows_the_line_it_names(results):
    for anomaly in results.anomalies:
        lines = Path(anomaly["source"]).read_text(encoding="utf-8").split("\n")
        if anomaly["classification"] != "security_leak":
            assert anomaly["log"].split("\n")[0] == lines[anomaly["line_number"] - 1]
        before = [line for line in anomaly["context"]["before"] if "<" not in line]
        assert all(line in lines for line in before)


def test_the_story_is_one_incident_that_begins_with_the_deployment_or_the_first_slow_query(results):
    worst = results.incidents[0]
    assert len(results.incidents) == 1
    assert set(worst["findings"]) <= {anomaly["id"] for anomaly in results.anomalies}
    cause = next(a for a in results.anomalies if a["id"] == worst["first_cause"]["finding"])
    assert covers(cause, STORY["deploy"]) or covers(cause, STORY["slow-database"])
    assert "2026-03-14T10:05:00Z" <= worst["start"] <= "2026-03-14T10:08:20Z"
    assert worst["end"] >= "2026-03-14T10:39:30Z"


@pytest.mark.parametrize("name", ["retry-flood", "pool-exhausted", "inventory-silence", "slow-database"])
def test_what_was_planted_is_in_the_incident(results, name):
    assert any(covers(a, STORY[name]) for a in results.anomalies if a["incident"] == results.incidents[0]["id"])


def test_what_is_no_part_of_the_story_is_in_no_incident(results):
    alone = [a for a in results.anomalies if a["source"].endswith("sample.log")]
    assert [a["incident"] for a in alone] == [None] * len(alone)


def test_the_report_on_each_file_has_the_incidents_of_its_findings(results):
    for report in results.files.values():
        ids = {a["incident"] for a in report.anomalies} - {None}
        assert {incident["id"] for incident in report.summary["incidents"]} == ids
        assert all(incident in results.incidents for incident in report.summary["incidents"])


SECRETS = {
    "leaked-db-password": r"://[^:]+:([^@]+)@",
    "leaked-aws-key": r"aws_(?:access_key_id|secret_access_key)=([\w/+]+)",
}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_no_secret_is_in_the_results(results, name):
    ((file, ((line, _),)),) = STORY[name]["files"].items()
    text = (EXAMPLES / "shop" / file).read_text(encoding="utf-8").split("\n")[line - 1]
    secrets = re.findall(SECRETS[name], text)
    assert secrets
    shown = json.dumps([results.anomalies, results.summary, results.templates.to_dicts()], default=str)
    assert [secret for secret in secrets if secret in shown] == []
