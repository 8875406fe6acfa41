"""The detector of wording: messages that say that something went wrong, whatever their level."""

import pytest

from loganomaly.detectors.wording import WordingDetector
from loganomaly.fusion import THRESHOLD
from loganomaly.testing import case_of, log_line

ROUTINE = [log_line(i // 10, f"GET /item/{i} took {3 + i % 30} ms") for i in range(2_000)]


def heard(*lines, routine=ROUTINE):
    case = case_of("".join([*routine, *lines]))
    found = WordingDetector().detect(case)
    texts = {template.id: template.text for template in case.templates}
    return {texts[evidence.subject.name]: evidence for evidence in found}


def one(*lines, routine=ROUTINE):
    (evidence,) = heard(*lines, routine=routine).values()
    return evidence


def test_bad_words_at_level_info_are_told_with_their_word():
    found = one(log_line(300, "connection refused by peer"))
    assert found.text == 'says "refused" at level INFO; no other line says anything as bad'
    assert (found.tags, found.count, found.location.line) == (("error",), 1, 2_000)


def test_a_strength_is_as_worked_by_hand():
    # Of 2,000 records without its own, 19 others are as bad: one in 100.05 with its own once, two thirds of the way.
    others = [log_line(300 + i, f"job {i} failed") for i in range(19)]
    found = heard(log_line(400, "connection refused"), *others, routine=ROUTINE[:1_981])["connection refused"]
    assert found.probability == pytest.approx(20 / 2_001)
    assert found.strength == pytest.approx(0.85 * (0.2 + 0.8 * 2 / 3), rel=1e-3)
    assert "make up 0.95% of the log" in found.text


def test_a_log_in_which_every_second_line_fails_is_used_to_it():
    usual = [log_line(i, f"job {i} failed" if i % 2 else f"job {i} done") for i in range(2_000)]
    strength = {text: e.strength for text, e in heard(log_line(2_000, "disk write refused"), routine=usual).items()}
    assert strength["disk write refused"] < 0.3
    assert one(log_line(300, "disk write refused")).strength == pytest.approx(0.85)


def test_the_lower_the_level_the_more_the_same_words_add():
    strengths = [
        one(log_line(300, "connection refused", level=level)).strength for level in ("INFO", "WARN", "ERROR", "FATAL")
    ]
    assert strengths[0] > strengths[1] > strengths[2] >= strengths[3] > 0


@pytest.mark.parametrize("level", ["INFO", "WARN", "ERROR", "FATAL"])
def test_graver_words_are_stronger_at_any_level(level):
    strengths = [
        one(log_line(300, text, level=level)).strength for text in ("disk quota exceeded", "disk error", "disk panic")
    ]
    assert strengths == sorted(set(strengths))


def test_wording_alone_never_reaches_the_threshold():
    assert one(log_line(300, "kernel panic")).strength == 1.0
    assert WordingDetector().weight < THRESHOLD


def test_where_the_words_do_not_say_the_level_is_not_told():
    assert one(log_line(300, "connection refused", level="ERROR")).text.startswith('says "refused"; no other')


# Numbers

SCANS = [log_line(300 + i, f"scan {i} done, 0 errors, took {i % 7} ms") for i in range(200)]


def test_errors_that_always_are_0_are_none():
    assert heard(*SCANS) == {}


@pytest.mark.parametrize(
    "form", ["{} errors", "errors={}", "errors: {}", "error code {}", "failed={}", "failures ({})"]
)
def test_a_count_that_once_is_not_0_is_found_in_its_line(form):
    lines = [log_line(300 + i, f"scan done, {form.format(0)}") for i in range(200)]
    lines[50] = log_line(350, f"scan done, {form.format(3)}")
    lines[70] = log_line(370, f"scan done, {form.format(12)}")
    assert heard(*lines[:50]) == {}
    found = one(*lines)
    assert (found.count, found.location.line) == (2, 2_070)
    assert ", up to 12, in 2 of 200 records at level INFO" in found.text


def test_a_count_above_0_does_not_hide_behind_another_that_is_0():
    lines = [log_line(300 + i, f"tests run: {90 + i}, failures: 0, errors: {i % 2}") for i in range(50)]
    found = one(*lines)
    assert 'says "errors"' in found.text
    assert found.count == 25


def test_values_that_are_words_are_read_each():
    lines = [log_line(300 + i, f"job ended status={('done', 'ready', 'sent', 'kept')[i % 4]}") for i in range(400)]
    lines[123] = log_line(423, "job ended status=failed")
    found = one(*lines)
    assert (found.count, found.location.line) == (1, 2_123)
    assert 'says "failed" in 1 of 400 records' in found.text


def test_what_varies_in_a_name_with_digits_says_nothing():
    assert heard(*(log_line(300 + i, f"loaded plugin{i}error{i}") for i in range(50))) == {}


def test_a_word_in_a_secret_is_not_told():
    assert heard(log_line(300, "login password=panicked9 crashed=0")) == {}
    assert heard(log_line(300, "login password=panicked ok")) == {}


def test_the_same_is_said_of_any_pieces():
    log = "".join([*ROUTINE[:300], *SCANS, log_line(500, "scan 201 done, 4 errors, took 3 ms"), *ROUTINE[300:600]])
    pieces = WordingDetector().detect(case_of(log, chunk_lines=37))
    assert pieces == WordingDetector().detect(case_of(log))
    assert len(pieces) == 1


def test_a_message_that_is_no_utf_8_is_read():
    assert one(log_line(300, "caf\udce9 connection refused")).count == 1
