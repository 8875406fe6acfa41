"""The local classifier: a class and a reason from the evidence alone."""

import pytest

from loganomaly.classify import CLASSES, NORMAL, classify, explain
from loganomaly.findings import Evidence, Subject


def said(*tags, strength=1.0, text="seen once", detector="d"):
    subject = Subject(kind="template", name="t")
    return Evidence(detector=detector, subject=subject, strength=strength, text=text, tags=tags)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("leak", "security_leak"),
        ("security", "security_event"),
        ("silence", "silence"),
        ("flood", "log_flood"),
        ("critical", "error"),
        ("error", "error"),
        ("value", "value_out_of_range"),
        ("new_value", "new_value"),
        ("burst", "burst"),
        ("dip", "silence"),
        ("heartbeat", "silence"),
        ("shift", "level_shift"),
        ("warning", "warning"),
        ("rare", "rare_event"),
        ("outlier", "rare_event"),
        ("window", "unusual_mix"),
    ],
)
def test_each_tag_has_its_class(tag, expected):
    assert classify([said(tag)]) == expected
    assert expected in CLASSES


def test_without_evidence_all_is_normal():
    assert classify([]) == NORMAL


def test_tags_that_name_no_class_are_normal():
    assert classify([said("new"), said()]) == NORMAL


def test_the_gravest_of_strong_evidence_decides_whatever_its_order():
    found = [said("rare", strength=0.9), said("error", strength=0.6), said("outlier")]
    assert classify(found) == classify(found[::-1]) == "error"


def test_weak_evidence_does_not_outvote_strong():
    assert classify([said("rare", strength=0.9), said("leak", strength=0.2)]) == "rare_event"


def test_where_all_is_weak_the_strongest_decides():
    assert classify([said("leak", strength=0.1), said("rare", strength=0.4)]) == "rare_event"


def test_the_two_detectors_that_count_most_explain():
    found = [
        said(text="seen once in 10 records", detector="a"),
        said(text="severity ERROR", detector="b"),
        said(text="far from the rest", detector="c"),
    ]
    assert explain(found) == "Seen once in 10 records. Severity ERROR."


def test_a_detector_explains_once_by_what_it_says_first():
    found = [said(text="flood in lines 1 to 9"), said(text="flood in lines 90 to 99"), said(text="rare", detector="b")]
    assert explain(found) == "Flood in lines 1 to 9. Rare."


@pytest.mark.parametrize("second", ["outlier", "new", "burst", "flood"])
def test_what_says_again_how_often_something_was_seen_is_left_out(second):
    found = [
        said("rare", text="seen once", detector="a"),
        said(second, text="seen at one time", detector="b"),
        said("error", text="severity ERROR", detector="c"),
    ]
    assert explain(found) == "Seen once. Severity ERROR."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("duration_ms 9,000 where nine of ten are below 40", "duration_ms 9,000 where nine of ten are below 40."),
        ("bytes: 7 values up to 9,000", "Bytes: 7 values up to 9,000."),
        ("AWS access key in a line", "AWS access key in a line."),
        ("shown: what is this?", "Shown: what is this?"),
    ],
)
def test_a_sentence_begins_with_a_capital_letter_unless_with_a_name(text, sentence):
    assert explain([said(text=text)]) == sentence


def test_a_reason_obeys_no_log():
    assert explain([said(text="\x1b[31mred\x1b[0m \u202eback\u2028next\x07")]) == "Red back next␇."


def test_nothing_has_no_explanation():
    assert explain([]) == ""
