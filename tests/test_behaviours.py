"""Behavioural rules: what reaches the threshold of which, with which line, and what is said of it."""

import datetime as dt
import json
import re
from itertools import permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behaving import FLOODS, line_of, merged, parts_of, verdicts_of
from loganomaly import LogAnalyzer
from loganomaly.behaviours import BehaviourRule, built_in_rules
from loganomaly.behaviours.built_in import built_in_entries
from loganomaly.behaviours.patterns import compiled
from loganomaly.behaviours.rule import SLICES
from loganomaly.behaviours.tables import NAMES
from loganomaly.config.load import parse_config
from loganomaly.frame_scan import FrameScan
from loganomaly.reading.dates import TimeSettings
from loganomaly.testing import log_line

LOGINS = BehaviourRule(
    name="guessing",
    type="count",
    pattern=r"login failed for (?P<user>\S+) from (?P<ip>\S+)",
    group_by=("ip",),
    window_minutes=10,
    threshold=5,
)


def login(second, ip="10.0.0.7", user="bob"):
    return log_line(second, f"login failed for {user} from {ip}", component="auth")


def quiet(second):
    return log_line(second, f"sent {second} B")


def rule(**given):
    return BehaviourRule(**{"name": "r", "type": "count", "threshold": 5, **given})


# By hand


def test_the_line_that_reaches_the_threshold_first_is_told():
    # 600 s before the line of second 700 is second 100: four others since then. The line of second 0 is too old.
    seconds = (0, 100, 300, 690, 695, 700, 710)
    (verdict,) = verdicts_of("".join(login(s) for s in seconds), LOGINS)
    assert (line_of(verdict), verdict.group) == (5, "10.0.0.7")
    assert (verdict.time - verdict.since) / 1e6 == 600


def test_a_window_is_not_a_slot_of_the_calendar():
    # Five within two seconds, on both sides of a full hour: the log of these tests begins at 9.
    (verdict,) = verdicts_of("".join(login(s) for s in (3598, 3599, 3599, 3600, 3600)), LOGINS)
    assert line_of(verdict) == 4


def test_one_second_more_than_the_window_is_too_long():
    assert verdicts_of("".join(login(s) for s in (0, 1, 2, 3, 601)), LOGINS) == []
    assert len(verdicts_of("".join(login(s) for s in (0, 1, 2, 3, 600)), LOGINS)) == 1


def test_groups_are_counted_each_for_itself():
    text = "".join(login(s, ip=f"10.0.0.{s % 4}") for s in range(16)) + login(16, ip="10.0.0.2")
    assert [verdict.group for verdict in verdicts_of(text, LOGINS)] == ["10.0.0.2"]


def test_the_count_is_the_largest_of_any_window():
    seconds = (*range(5), *range(2000, 2040))
    (verdict,) = verdicts_of("".join(login(s) for s in seconds), LOGINS)
    assert (line_of(verdict), verdict.count) == (4, 40)


def test_lines_out_of_order_are_counted_by_their_times():
    (verdict,) = verdicts_of("".join(login(s) for s in (900, 0, 901, 1, 902, 2, 903, 904)), LOGINS)
    assert line_of(verdict) == 7


def test_different_values_are_counted_once_each():
    spraying = rule(type="distinct_count", pattern=LOGINS.pattern, group_by=("ip",), field="user", threshold=3)
    text = "".join(login(s, user=user) for s, user in enumerate("aabbaabbc"))
    (verdict,) = verdicts_of(text, spraying)
    assert (line_of(verdict), verdict.count) == (8, 3)
    assert verdicts_of("".join(login(s, user=user) for s, user in enumerate("aabbaabb")), spraying) == []


def test_a_value_that_was_seen_again_counts_from_then_on():
    # Of the 60 s before second 105, a was seen in the last 55, though at first 45 s too early.
    spraying = rule(type="distinct_count", field="user", pattern=LOGINS.pattern, threshold=3, window_minutes=1)
    lines = [login(0, user="a"), login(50, user="a"), login(100, user="b"), login(105, user="c")]
    assert [line_of(v) for v in verdicts_of("".join(lines), spraying)] == [3]


def test_a_share_is_told_with_the_last_line_that_matches():
    errors = rule(type="ratio", pattern="refused", threshold=10, threshold_ratio=0.5, window_minutes=1)
    # Of the records since second 0, the twentieth is the tenth that matches.
    lines = [log_line(s, f"call {s} {'refused' if s >= 10 else 'done'}") for s in range(30)]
    (verdict,) = verdicts_of("".join(lines), errors)
    # Slices are of 3 s: seconds 18 to 20 are one, with which it is 11 of 21.
    assert (line_of(verdict), verdict.count) == (20, 30)
    assert verdict.ratio == pytest.approx(20 / 30)


def test_one_of_one_is_no_share():
    errors = rule(type="ratio", pattern="refused", threshold=10, threshold_ratio=0.5, window_minutes=1)
    assert verdicts_of("".join(log_line(s, "call refused") for s in range(9)), errors) == []


# By what records are counted together


JSON = "".join(
    json.dumps(
        {
            "time": f"2026-03-14T09:00:{i:02}Z",
            "level": "error" if i % 3 == 0 else "info",
            "msg": f"call {i} of a service",
            "client": {"ip": f"10.0.0.{i % 2}"},
            "user": f"u{i}",
        }
    )
    + "\n"
    for i in range(20)
)
LOGFMT = "".join(
    f'time=2026-03-14T09:00:{i:02}Z level=info msg="call of a service" client.ip=10.0.0.{i % 2} user=u{i}\n'
    for i in range(20)
)
CSV = "time,level,client.ip,user,message\n" + "".join(
    f"2026-03-14 09:00:{i:02},INFO,10.0.0.{i % 2},u{i},call of a service\n" for i in range(20)
)


@pytest.mark.parametrize("text", [JSON, LOGFMT, CSV], ids=["json", "logfmt", "csv"])
@pytest.mark.parametrize("name", ["client.ip", "Client.IP"])
def test_records_are_counted_by_named_values(text, name):
    head = text is CSV
    found = verdicts_of(text, rule(group_by=(name,), threshold=10))
    assert [(v.group, line_of(v) - head) for v in found] == [("10.0.0.0", 18), ("10.0.0.1", 19)]
    found = verdicts_of(text, rule(type="distinct_count", group_by=(name,), field="USER", threshold=10))
    assert [(v.group, line_of(v) - head) for v in found] == [("10.0.0.0", 18), ("10.0.0.1", 19)]


def test_records_are_counted_by_level():
    assert [(v.group, v.count) for v in verdicts_of(JSON, rule(group_by=("level",)))] == [("INFO", 13), ("ERROR", 7)]


def test_records_are_counted_by_component():
    text = "".join(log_line(i, f"job {i}", component="db" if i % 3 else "web") for i in range(9))
    assert [v.group for v in verdicts_of(text, rule(group_by=("component",)))] == ["db"]


def test_records_are_counted_by_the_name_of_their_source():
    assert [v.group for v in verdicts_of(JSON, rule(group_by=("source",)))] == ["app.log"]


def test_records_are_counted_by_template_whatever_their_shapes():
    text = "".join(log_line(i, f"user {w} has gone" if i % 2 else f"sent {i} B") for i, w in enumerate("abcdefgh"))
    assert len({v.template for v in verdicts_of(text, rule(group_by=("template",), threshold=4))}) == 2


def test_several_values_make_one_group():
    found = verdicts_of(JSON, rule(group_by=("level", "client.ip"), threshold=6))
    assert [v.group for v in found] == ["INFO, 10.0.0.0", "INFO, 10.0.0.1"]


def test_without_a_group_all_records_are_counted_together():
    assert [(line_of(v), v.count, v.group) for v in verdicts_of(JSON, rule())] == [(4, 20, "")]


# Patterns


def test_a_pattern_is_that_of_one_record():
    text = "".join(log_line(i, f"call {i} refused") for i in range(6))
    for pattern in ("refused$", r"refused\z", "^2026", r"\A2026", "(?i)REFUSED$", r"\brefused\b"):
        assert len(verdicts_of(text, rule(pattern=pattern))) == 1, pattern
    for pattern in ("^call", "call$", r"refused\n2026", r"(?s)refused.2026"):
        assert verdicts_of(text, rule(pattern=pattern)) == [], pattern


def test_a_record_of_several_lines_matches_as_one():
    text = "".join(
        log_line(i, "call failed", level="ERROR") + f"java.io.IOException: reset\n\tat a.B.c(B.java:{i})\n"
        for i in range(6)
    )
    (verdict,) = verdicts_of(text, rule(pattern=r"(?s)failed.*IOException: (?P<why>\w+)", group_by=("why",)))
    assert (line_of(verdict), verdict.group) == (12, "reset")
    assert verdicts_of(text, rule(pattern=r"^java")) == []  # where a record begins


WORDS = st.lists(st.sampled_from(["a", "bb", "é", "7", "x=1", "\t", "failed", "from"]), max_size=4).map(" ".join)
PATTERNS = ["a", "a$", "fail(?P<g>ed)", r"(?P<g>\w+)=1", r"\d", "b{2} (?P<g>.*)", "^[^x]*a", "é|7", r"\Afailed"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=12))
def test_records_that_match_are_those_that_the_pattern_matches_one_by_one(texts):
    frame = pl.DataFrame({"log": [f"2026-03-14 09:00:{i:02} INFO {text}" for i, text in enumerate(texts)]})
    rules = tuple(rule(name=f"r{n}", pattern=pattern, threshold=1) for n, pattern in enumerate(PATTERNS))
    work = FrameScan(frame, floods=FLOODS, times=TimeSettings(), leaks=None, behaviours=rules)
    seen = dict(work.batch(0, len(texts)).profile.behaviours.select("behaviour", "records").iter_rows())
    for each in rules:
        expected = sum(compiled(each.pattern).on_record.search(text.encode()) is not None for text in frame["log"])
        assert seen[each.id] == expected, each.pattern


# Against an oracle that looks at every record


TIMED = st.lists(st.tuples(st.integers(0, 90), st.sampled_from("ab"), st.sampled_from("pqrs")), min_size=1, max_size=40)
MINUTES, WINDOW = 1 / 3, 20_000_000


def written(records):
    return "".join(login(second, ip=f"10.0.0.{ip}", user=user) for second, ip, user in records)


def first_that_reaches(records, group, measure, threshold):
    rows = sorted((second * 1_000_000, line, user) for line, (second, ip, user) in enumerate(records) if ip == group)
    for n, (time, line, _) in enumerate(rows):
        within = [row for row in rows[: n + 1] if row[0] >= time - WINDOW]
        if measure(within) >= threshold:
            return line
    return None


@settings(max_examples=80, deadline=None)
@given(TIMED, st.integers(1, 6), st.lists(st.integers(1, 9), max_size=4))
def test_counts_are_those_of_an_oracle(records, threshold, sizes):
    counted = rule(pattern=LOGINS.pattern, group_by=("ip",), window_minutes=MINUTES, threshold=threshold)
    told = {v.group: line_of(v) for v in verdicts_of(written(records), counted, sizes=sizes)}
    expected = {f"10.0.0.{ip}": first_that_reaches(records, ip, len, threshold) for ip in "ab"}
    assert told == {group: line for group, line in expected.items() if line is not None}


@settings(max_examples=80, deadline=None)
@given(TIMED, st.integers(1, 4), st.lists(st.integers(1, 9), max_size=4))
def test_different_values_are_those_of_an_oracle(records, threshold, sizes):
    counted = rule(
        type="distinct_count",
        pattern=LOGINS.pattern,
        group_by=("ip",),
        field="user",
        window_minutes=MINUTES,
        threshold=threshold,
    )
    told = {v.group: line_of(v) for v in verdicts_of(written(records), counted, sizes=sizes)}
    different = lambda rows: len({user for _, _, user in rows})  # noqa: E731
    expected = {f"10.0.0.{ip}": first_that_reaches(records, ip, different, threshold) for ip in "ab"}
    assert told == {group: line for group, line in expected.items() if line is not None}


def share_that_reaches(records, ratio, threshold):
    """Return the line and the largest share, looking at each window of slices."""
    width = WINDOW // SLICES
    start = int(dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC).timestamp()) * 1_000_000
    rows = sorted(((start + second * 1_000_000) // width, second, line, user == "p") for line, (second, _, user) in
                  enumerate(records))  # fmt: skip
    line, best = None, 0.0
    for end in range(rows[0][0], rows[-1][0] + 1):
        within = [row for row in rows if end - SLICES < row[0] <= end]
        matches = [row for row in within if row[3]]
        if len(within) >= threshold and len(matches) / len(within) >= ratio:
            best = max(best, len(matches) / len(within))
            line = matches[-1][2] if line is None else line
    return line, best


@settings(max_examples=80, deadline=None)
@given(TIMED, st.integers(1, 6), st.sampled_from([0.2, 0.5, 0.9, 1.0]), st.lists(st.integers(1, 9), max_size=4))
def test_shares_are_those_of_an_oracle(records, threshold, ratio, sizes):
    counted = rule(type="ratio", pattern="for p", window_minutes=MINUTES, threshold=threshold, threshold_ratio=ratio)
    told = [(line_of(v), v.ratio) for v in verdicts_of(written(records), counted, sizes=sizes)]
    line, best = share_that_reaches(records, ratio, threshold)
    assert told == ([] if line is None else [(line, pytest.approx(best))])


# Merging


def kinds_of_rules(threshold):
    common = {"window_minutes": MINUTES, "threshold": threshold, "pattern": LOGINS.pattern}
    return (
        rule(name="count", group_by=("ip",), **common),
        rule(name="values", type="distinct_count", field="user", group_by=("ip",), **common),
        rule(name="template", group_by=("template", "user"), **common),
        rule(name="share", type="ratio", threshold_ratio=0.5, **(common | {"pattern": "for p"})),
    )


@pytest.mark.parametrize("most", [1_000_000, 60, 12, 3])
@settings(max_examples=12, deadline=None)
@given(records=TIMED, others=TIMED, size=st.integers(1, 12), threshold=st.integers(1, 3))
def test_the_tables_are_the_same_in_any_order_of_merging(most, records, others, size, threshold):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loganomaly.behaviours.tables.MOST_ROWS", most)
        patch.setattr("loganomaly.behaviours.rule._MOST_VALUES", 1)
        rules = kinds_of_rules(threshold)
        beside = parts_of(written(others), rules, source=1, name="other.log")
        whole = merged(parts_of(written(records), rules) + beside)
        parts = parts_of(written(records), rules, sizes=(size,)) + beside
        for order in permutations(parts):
            for joined in (
                merged(order),
                merged([merged(order[:2]), *order[2:]]),
                merged([order[0], merged(order[1:])]),
            ):
                for name in NAMES:
                    assert getattr(joined, name).equals(getattr(whole, name)), name


def test_what_is_beyond_the_cap_is_counted_and_told(monkeypatch):
    monkeypatch.setattr("loganomaly.behaviours.tables.MOST_ROWS", 100)
    config = parse_config(
        "behavioral_rules: [{name: r, type: count, pattern: 'from (?P<ip>.*)', group_by: ip, threshold: 3}]", source=""
    )
    logs = [login(i, ip=f"10.0.{i // 4}.1").strip() for i in range(400)]
    notices = LogAnalyzer(config).analyze(pl.DataFrame({"log": logs})).notices
    (told,) = [notice for notice in notices if notice.startswith("behavioral rule 'r': ")]
    assert "of the 400 records that it counts were not looked at" in told


# What is said


def analyze(logs, text):
    return LogAnalyzer(parse_config(text, source="settings.yaml")).analyze(pl.DataFrame({"log": logs}))


def said_by_rules(results):
    return [e["text"] for a in results.anomalies for e in a["evidence"] if e["detector"] == "behaviour"]


GUESSING = """
behavioral_rules:
  - {name: guessing, type: count, pattern: 'from (?P<ip>\\S+)', group_by: ip, threshold: 5,
     reason: "{count} tries of {group} within {window}", severity: SEVERITY, tags: [mine]}
"""
LOGS = [line.strip() for s in range(300) for line in [quiet(s), *([login(s)] if s in range(100, 107) else [])]]


@pytest.mark.parametrize(("severity", "strength"), [("critical", 1.0), ("high", 0.9), ("medium", 0.75)])
def test_a_finding_names_the_rule_and_the_line_that_triggered_it(severity, strength):
    results = analyze(LOGS, GUESSING.replace("SEVERITY", severity))
    (finding,) = [a for a in results.anomalies if "behaviour" in a["tags"]]
    assert finding["classification"] == "unusual_behaviour"
    assert finding["kinds"] == ["unusual_behaviour/guessing"]
    assert {"mine", "behaviour"} <= set(finding["tags"])
    assert finding["log"] == login(104).strip()
    (evidence,) = [e for e in finding["evidence"] if e["detector"] == "behaviour"]
    assert evidence["text"] == "7 tries of 10.0.0.7 within 10 minutes (rule guessing: 7 within 10 minutes, from 5 on)"
    assert (evidence["observed"], evidence["expected"], evidence["strength"]) == (7, 5, strength)


def test_a_rule_of_low_severity_makes_no_finding_of_its_own():
    results = analyze(LOGS, GUESSING.replace("SEVERITY", "low"))
    assert not [a for a in results.anomalies if a["classification"] == "unusual_behaviour"]


def test_several_groups_are_one_finding_and_the_worst_is_told_first():
    logs = [login(s, ip=f"10.0.0.{s % 3}").strip() for s in range(21)] + [login(22, ip="10.0.0.1").strip()]
    results = analyze(logs, GUESSING.replace("SEVERITY", "high"))
    worst, *others = [e for a in results.anomalies for e in a["evidence"] if e["detector"] == "behaviour"]
    assert worst["text"].startswith("8 tries of 10.0.0.1 within 10 minutes")
    assert worst["text"].endswith(", and so in 2 more groups")
    assert [(e["observed"], e["last_line"]) for e in [worst, *others]] == [(8, 14), (7, 13), (7, 15)]


def test_of_the_rows_of_a_frame_the_one_that_was_too_much_is_flagged():
    config = parse_config(GUESSING.replace("SEVERITY", "high"), source="")
    logs = [log_line(s, f"login {s} from 10.0.0.7").strip() for s in range(300)]
    lines = LogAnalyzer(config).analyze(pl.DataFrame({"log": logs})).lines
    assert lines["is_anomaly"].arg_true().to_list() == [4]


def test_secrets_in_the_values_of_groups_are_masked():
    logs = [log_line(s, "denied to AKIAQ4XN7WPZ2LMBD3RT now").strip() for s in range(9)]
    text = "behavioral_rules: [{name: r, type: count, pattern: 'to (?P<key>.*) now', group_by: key, threshold: 5}]"
    results = analyze(logs, text)
    assert said_by_rules(results)
    assert "AKIAQ4XN7WPZ2LMBD3RT" not in json.dumps(results.anomalies)
    assert "AKIAQ4XN7WPZ2LMBD3RT" not in str(results.lines["reason"].to_list())


def test_values_of_fields_whose_name_says_that_they_are_secret_are_not_kept():
    text = "".join(
        json.dumps({"time": f"2026-03-14T09:00:{i:02}Z", "msg": "in", "password": "hunter2x"}) + "\n" for i in range(9)
    )
    (part,) = parts_of(text, [rule(group_by=("password",))])
    assert part.behaviour_groups["text"].to_list() == ["<password>"]


def test_a_rule_that_saw_no_time_is_told_of():
    results = analyze([f"login {i} from 10.0.0.7" for i in range(9)], GUESSING.replace("SEVERITY", "high"))
    assert results.notices == (
        "behavioral rule 'guessing': no record that it counts has a time, so there is no window to look at",
    )


def test_a_rule_whose_group_no_record_has_is_told_of():
    (told,) = analyze(LOGS, "behavioral_rules: [{name: r, type: count, group_by: tenant, threshold: 5}]").notices
    assert told.startswith("behavioral rule 'r': no record that it counts has 'tenant'")


def test_a_dismissed_rule_stays_away():
    text = GUESSING.replace("SEVERITY", "high")
    (finding,) = [a for a in analyze(LOGS, text).anomalies if "behaviour" in a["tags"]]
    entry = {"template": finding["template"], "reason": " + ".join(finding["kinds"])}
    suppressed = analyze(LOGS, f"{text}\nsuppress: [{json.dumps(entry)}]")
    assert not [a for a in suppressed.anomalies if "behaviour" in a["tags"]]


def test_files_have_rules_of_their_own(tmp_path):
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text("\n".join(LOGS) + "\n")
    config = parse_config(GUESSING.replace("SEVERITY", "high"), source="")
    results = LogAnalyzer(file_configs={"a.log": config}).analyze(tmp_path)
    (finding,) = [a for a in results.anomalies if "guessing" in json.dumps(a["evidence"])]
    assert finding["source"].endswith("a.log")


# The built-in ones


@pytest.mark.parametrize("entry", built_in_entries(), ids=lambda entry: entry["name"])
def test_a_built_in_rule_matches_its_samples_and_nothing_else(entry):
    pattern, words = compiled("".join(entry["pattern"])), compiled(entry["words"])
    for text, groups in entry["samples"]:
        match = pattern.on_record.search(text.encode())
        assert match is not None, text
        assert {name: match.group(pattern.groups[name]).decode() for name in groups} == groups
        assert words.on_record.search(re.sub("^[^ ]+: ", "", text).encode()) is not None, text
    assert [text for text in entry["not"] if pattern.on_record.search(text.encode())] == []


@pytest.mark.parametrize("ips", [1, 100])
def test_many_failed_logins_are_told_if_one_address_tries_them(ips):
    logs = [login(s, ip=f"203.0.113.{s % ips}", user=f"u{s % 3}").strip() for s in range(60)]
    said = said_by_rules(LogAnalyzer().analyze(pl.DataFrame({"log": logs})))
    assert [text.partition(" (")[0] for text in said] == (
        ["many failed logins from 203.0.113.0: somebody tries passwords"] if ips == 1 else []
    )


def test_many_users_of_one_address_are_told():
    logs = [login(s * 20, ip="203.0.113.9", user=f"u{s}").strip() for s in range(9)]
    (said,) = said_by_rules(LogAnalyzer().analyze(pl.DataFrame({"log": logs})))
    assert said.startswith("failed logins of many users from 203.0.113.9")


def test_a_built_in_rule_is_switched_off_by_its_name():
    logs = pl.DataFrame({"log": [login(s).strip() for s in range(60)]})
    config = parse_config("behavioral_rules: [{name: brute-force-login, enabled: false}]", source="")
    assert said_by_rules(LogAnalyzer(config).analyze(logs)) == []
    assert {each.name for each in built_in_rules()} == {"brute-force-login", "password-spraying"}
