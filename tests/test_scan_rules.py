"""Rules over the records of a chunk: exact, whatever saves time, and the same however the log is cut."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganomaly.floods import FloodSettings
from loganomaly.frame_scan import FrameScan
from loganomaly.profile import Profile
from loganomaly.reading.dates import TimeSettings
from loganomaly.reading.detect import detect
from loganomaly.rules import AllOf, AnyOf, Not, Rule, default_rules, own_rule, pattern
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.rules import RuleSearch
from loganomaly.scan.search import Search
from loganomaly.scan.texts import Texts

BUILT_IN = default_rules()


def made(name, expression, *anchors):
    return Rule(name=name, reason=name, severity="medium", expression=expression, anchors=anchors)


def scanned(text, *rules, leaks=None, beside=()):
    data = text.encode()
    chunk = Chunk(source=0, data=np.frombuffer(data, np.uint8))
    search = RuleSearch(rules=rules, beside=beside)
    return scan(chunk, detect(data).tables(), search=Search(floods=FloodSettings(), leaks=leaks, rules=search))


def counts(text, *rules):
    rows = scanned(text, *rules).profile.rules.group_by("rule").agg(pl.col("count").sum()).rows()
    return dict(rows)


def by_hand(text, *rules):
    records = scanned(text, *rules).records
    texts = [text.encode()[a:b] for a, b in zip(records.start, records.end, strict=True)]
    found = {rule.name: sum(rule.holds(each) for each in texts) for rule in rules}
    return {name: count for name, count in found.items() if count}


def line(second, message):
    return f"2026-03-14 09:{second // 60 % 60:02d}:{second % 60:02d} ERROR web: {message}\n"


def many(message, count=1000):
    return "".join(line(i, message.format(i=i)) for i in range(count))


def test_a_rule_is_counted_with_its_first_and_last_place():
    text = line(0, "ready") + line(1, "disk full") + line(2, "ready") + line(3, "disk full")
    (row,) = scanned(text, *BUILT_IN).profile.rules.rows(named=True)
    assert (row["rule"], row["count"], row["first_line"], row["last_line"]) == ("disk-full", 2, 1, 3)
    assert row["first_offset"] == len(line(0, "ready"))
    assert row["last_time"] - row["first_time"] == 2_000_000


def test_a_record_is_searched_as_a_whole():
    text = line(0, "failed") + "java.lang.IllegalStateException\n\tat a.B.c(B.java:7)\nCaused by: Connection refused\n"
    assert counts(text + many("ready"), *BUILT_IN)["connection-refused"] == 1


def test_lines_without_times_are_counted():
    (row,) = scanned("disk full\nready\n" * 20, *BUILT_IN).profile.rules.rows(named=True)
    assert (row["count"], row["first_time"]) == (20, None)


@pytest.mark.parametrize(
    "message",
    [
        "request {i} failed: Connection refused by db",  # words alone
        "Connection refused",  # all of the message
        "GET /item?id={i}+union+select+1 HTTP/1.1",  # within a slot
        "connection timed out: 0, {i} others",  # what the rule leaves out
        "took {i} ms",
    ],
)
def test_a_rule_that_holds_for_very_many_lines_is_counted_exactly(message):
    text = many(message)
    assert counts(text, *BUILT_IN) == by_hand(text, *BUILT_IN)


@pytest.mark.parametrize("text", ["[0-9]+ ms", r"\Atook|\d\z", "^2026.* 7 ms$", "took 7 ms", ".", "took\\b", "\\Bd\\b"])
def test_a_rule_without_anchors_is_tried_on_every_record(text):
    log = many("took {i} ms", 700) + many("ended", 700)
    rule = own_rule("mine", text, reason="mine")
    assert counts(log, rule) == by_hand(log, rule)


def test_what_stands_beside_a_match_in_a_slot_counts():
    rule = own_rule("mine", r"code\b", reason="mine")
    log = many("code-{i}", 300) + many("code{i}", 300) + many("code {i}", 300)
    assert counts(log, rule) == by_hand(log, rule) == {"mine": 600}


def test_what_a_slot_begins_with_counts():
    rule = own_rule("mine", r"code \b", reason="mine")  # not before a minus
    log = many("code {i}", 600) + many("code -{i}", 600)
    assert counts(log, rule) == by_hand(log, rule) == {"mine": 600}


def test_what_stands_before_the_message_counts():
    rule = own_rule("mine", r"\bstopped", reason="mine")
    log = "".join(f"2026-03-14 09:00:00 INFO [web] {'x' * (i % 2)}stopped\n" for i in range(800))
    assert counts(log, rule) == by_hand(log, rule) == {"mine": 400}


def test_expressions_are_joined_exactly():
    rule = made(
        "mine",
        AnyOf((AllOf((pattern("a[0-9]*5 "), Not(pattern("c1")))), Not(pattern("b")))),
    )
    log = "".join(line(i, f"a{i} b{i % 3} c{i % 5}" if i % 7 else f"nothing {i}") for i in range(1500))
    assert counts(log, rule) == by_hand(log, rule)


WORDS = st.sampled_from(
    [
        "Connection",
        "refused",
        "connection",
        "timed",
        "out",
        "disk",
        "full",
        "no",
        "0",
        "not",
        ":",
        "=",
        "7",
        "/x/1",
        "é",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=30), st.integers(1, 40))
def test_rules_hold_where_they_hold_record_by_record(messages, times):
    log = "".join(line(i, message) for i in range(times) for message in messages)
    rules = [rule for rule in BUILT_IN if rule.name in {"connection-refused", "timed-out", "disk-full"}]
    rules.append(own_rule("mine", r"(?i)\bout\b.*[0-9]$", reason="mine"))
    assert counts(log, *rules) == by_hand(log, *rules)


@pytest.mark.parametrize("cut", [1, 7, 50])
def test_the_table_does_not_depend_on_where_the_log_is_cut(cut):
    lines = [line(i, "disk full" if i % 9 == 0 else f"took {i} ms, Connection refused") for i in range(60)]
    tables = detect("".join(lines).encode()).tables()
    parts, offset = [], 0
    for first in range(0, len(lines), cut):
        data = "".join(lines[first : first + cut]).encode()
        chunk = Chunk(source=0, data=np.frombuffer(data, np.uint8), first_line=first, offset=offset)
        parts.append(scan(chunk, tables, search=Search(floods=FloodSettings(), rules=RuleSearch())).profile)
        offset += len(data)
    merged = Profile.merge(reversed(parts))
    assert_frame_equal(merged.rules, Profile.merge([scanned("".join(lines), *BUILT_IN).profile]).rules)


def test_rows_of_a_frame_are_searched_apart():
    # One right behind the other, without a line break: "7disk full7" would hold none.
    frame = pl.DataFrame({"log": ["request 7", "disk full", "7 requests"] * 200})
    rules = RuleSearch(rules=(*BUILT_IN, own_rule("mine", "^disk full$", reason="mine")))
    work = FrameScan(frame, floods=FloodSettings(), times=TimeSettings(), leaks=None, rules=rules)
    found = work.batch(0, 600).profile.rules
    assert dict(found.select("rule", "count").iter_rows()) == {"disk-full": 200, "mine": 200}


def test_secrets_and_rules_are_found_in_one_walk_as_in_two():
    text = many("took {i} ms") + line(0, "disk full") + line(1, "login password=hunter2x ok")
    leaks = LeakSearch()
    together = scanned(text, *BUILT_IN, leaks=leaks, beside=leaks.kinds).profile
    apart = scanned(text, *BUILT_IN, leaks=leaks).profile
    assert_frame_equal(together.rules, apart.rules)
    assert_frame_equal(together.leaks, apart.leaks)
    assert (len(together.rules), len(together.leaks)) == (1, 1)


def test_a_match_that_goes_on_into_the_next_row_hides_none():
    texts = Texts.of(np.frombuffer(b"ab\ncb\nb", np.uint8), np.array([0, 3, 6]), np.array([2, 5, 7]))
    assert texts.having(pattern("a[^x]*b$|b").search)[0] == [0, 1, 2]
