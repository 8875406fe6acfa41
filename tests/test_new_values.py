"""New values: what is said of a user, host or code that turns up late, and silence where new ones are usual."""

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.detectors.categories import categories
from loganomaly.detectors.new_value import NewValueDetector
from loganomaly.detectors.severity import SeverityDetector
from loganomaly.findings import Location
from loganomaly.judge import judge
from loganomaly.testing import case_of, log_line

RECORDS = 4000
LATE = 3000
NAMES = [first + last for first in ("ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "ivy", "joe", "kim", "lou")
         for last in ("berg", "dorf", "feld", "gard", "hill", "lund", "mann", "roth", "stein", "wood")]  # fmt: skip


def text(choose, *, seed=0, records=RECORDS, message="user {} logged in from 10.0.0.{}", new=()):
    """Return a log in which each line has a value that `choose` gives; those of `new` (number, value) are planted."""
    rng, planted = random.Random(seed), dict(new)
    return "".join(
        log_line(i * 7, message.format(planted.get(i, value), rng.randrange(200)))
        for i in range(records)
        for value in [choose(rng, i)]
    )


def documents(choose, *, name="user", seed=0, records=RECORDS, new=(), level="info"):
    rng, planted = random.Random(seed), dict(new)
    return "".join(
        json.dumps(
            {
                "time": f"2026-03-{14 + i // 8640:02}T{i // 360 % 24:02}:{i // 6 % 60:02}:{i % 6 * 10:02}Z",
                "level": level,
                "msg": "login done",
                name: planted.get(i, value),
                "took": f"{rng.randrange(5, 500)}ms",
            }
        )
        + "\n"
        for i in range(records)
        for value in [choose(rng, i)]
    )


def among(count):
    return lambda rng, _: NAMES[rng.randrange(count)]


def said(*logs):
    return NewValueDetector().detect(case_of(*logs))


def test_a_new_word_in_a_message_is_told_with_the_word_before_it():
    (evidence,) = said(text(among(8), new=[(LATE, "mallory")]))
    assert evidence.text == 'user "mallory" first seen at 14:50, after 3,000 records with 8 other values'
    assert evidence.lines == (LATE, LATE)
    assert (evidence.count, evidence.about) == (1, "parameter-1:mallory")


def test_a_new_value_of_a_field_is_told_by_its_name():
    (evidence,) = said(documents(among(8), new=[(LATE, "mallory"), (LATE + 1, "mallory")]))
    assert evidence.text == 'user "mallory" first seen at 08:20, after 3,000 records with 8 other values'
    assert (evidence.location.line, evidence.count, evidence.about) == (LATE, 2, "user:mallory")


def test_a_field_is_judged_over_all_templates():
    logs = documents(among(8), new=[(LATE, "mallory")]).splitlines(keepends=True)
    mixed = [line.replace("login", ("login", "logout", "visit")[i % 3]) for i, line in enumerate(logs)]
    (evidence,) = said("".join(mixed))
    assert evidence.text.endswith("after 3,000 records with 8 other values")


@pytest.mark.parametrize("code", [1603, -1])
def test_a_new_code_is_a_new_value(code):
    log = documents(lambda rng, _: rng.choice((0, 5, 17)), name="errno", new=[(LATE, code)])
    (evidence,) = said(log)
    assert evidence.text.replace('"', "").startswith(f"errno {code} first seen at 08:20")


@pytest.mark.parametrize(("step", "told"), [(1, 0), (2, 0), (3, 1)])
def test_numbers_that_lie_side_by_side_count_something_and_are_no_codes(step, told):
    log = documents(lambda rng, _: 40 + step * rng.randrange(6), name="code", new=[(LATE, 9000)])
    assert len(said(log)) == told


def test_a_code_in_a_message_is_a_new_value():
    (evidence,) = said(text(lambda *_: 0, message="job ended with status {} on host{}", new=[(LATE, 137)]))
    assert evidence.text.startswith("status 137 first seen")


def test_without_times_lines_tell_the_order():
    lines = [f"login by user {NAMES[i % 6 if i != LATE else 50]} ok" for i in range(RECORDS)]
    (evidence,) = said("\n".join(lines) + "\n")
    assert evidence.location == Location(source=0, line=LATE, offset=len("\n".join(lines[:LATE])) + 1)
    assert "first seen, after about 3,00" in evidence.text


def test_without_times_nothing_is_told_of_several_sources():
    half = [f"login by user {NAMES[i % 6]} ok\n" for i in range(RECORDS)]
    assert said("".join(half), "".join([*half, "login by user mallory ok\n"])) == []


def test_the_strength_is_worked_out_by_hand():
    # Of four values, the rarest has one record in ten: missing in the first 3,000 of 4,001, it would have had 300.
    pattern = ("a", "a", "a", "b", "b", "b", "c", "c", "c", "d")
    (evidence,) = said(documents(lambda _, i: pattern[i % 10], new=[(LATE, "new")]))
    assert evidence.probability == pytest.approx(1 / 3001)
    assert evidence.strength == pytest.approx(math.log10(3001) / 5)


def test_where_usual_values_are_rare_a_new_one_says_little():
    def often(rare):
        return lambda rng, _: "rare" if rng.random() < rare else NAMES[rng.randrange(4)]

    strengths = [
        sum(e.strength for e in said(documents(often(rare), new=[(100, "rare"), (LATE, "new")])))
        for rare in (0.0005, 0.02)
    ]
    assert strengths[0] < 0.3
    assert strengths[1] > 0.6


def test_the_next_of_numbered_names_is_half_the_news():
    def workers(rng, _):
        return f"worker-{rng.randrange(1, 5)}"

    (other,) = said(documents(workers, name="host", new=[(LATE, "backup-3")]))
    (evidence,) = said(documents(workers, name="host", new=[(LATE, "worker-5")]))
    assert evidence.strength == pytest.approx(other.strength / 2)


def test_a_second_arrival_makes_both_weaker_and_a_third_ends_it():
    def strengths(*places):
        return [e.strength for e in said(documents(among(5), new=[(at, f"new {at}") for at in places]))]

    (alone,) = strengths(2000)
    assert max(strengths(2000, 3000), default=0.0) < alone / 1.5
    assert strengths(1500, 2200, 3000) == []


def test_values_that_turn_up_together_are_one_arrival():
    (evidence,) = said(documents(among(5), new=[(LATE, "mallory"), (LATE + 3, "trudy"), (LATE + 9, "oscar")]))
    assert evidence.text.startswith('user "mallory" and 2 more first seen')
    assert evidence.count == 3


def test_what_takes_the_place_of_the_others_is_no_news():
    assert said(documents(lambda _, i: "blue" if i < LATE else "green")) == []


def test_a_name_that_another_parameter_had_before_is_no_news():
    known = text(among(8), new=[(LATE, NAMES[20])])
    others = "".join(log_line(i, f"session of {NAMES[15 + i // 90 % 6]} ends") for i in range(0, 28_000, 90))
    both = "".join(sorted((known + others).splitlines(keepends=True)))
    assert [e.text for e in said(known)] != []
    assert said(both) == []


@pytest.mark.parametrize("name", ["password", "api_key"])
def test_nothing_is_said_of_fields_that_hold_secrets(name):
    assert said(documents(among(8), name=name, new=[(LATE, "mallory")])) == []


def test_a_secret_is_not_told():
    key = "AKIA" + "Z7Q4M2X9K1B8V5N3"
    (evidence,) = said(documents(among(8), name="account", new=[(LATE, key)]))
    assert key not in evidence.text + evidence.about
    assert evidence.text.startswith("account <masked> first seen")


def test_values_are_told_as_no_terminal_obeys_them():
    (evidence,) = said(documents(among(8), new=[(LATE, "\x1b[31mred\nline" + "x" * 100)]))
    assert "\x1b" not in evidence.text
    assert "\n" not in evidence.text
    assert len(evidence.text) < 160


@pytest.mark.parametrize("value", ["2026-03-15", "Tue", "00:10:00", "17ms", "6fa459ea-ee8a-3ca4-894e-db77e160355e"])
def test_dates_times_and_ids_are_no_categories(value):
    assert said(documents(among(4), name="at", new=[(LATE, value)])) == []


def zipf(count, power):
    weights = [1 / (k + 1) ** power for k in range(count)]
    return lambda rng, _: NAMES[rng.choices(range(count), weights)[0]]


CALM = {
    "many users": among(60),
    "few users": among(5),
    "a tail of users": zipf(30, 1.1),
    "a long tail": zipf(60, 1.5),
    "a longer tail": zipf(100, 2.0),
    "a user every 400 records": lambda rng, i: NAMES[rng.randrange(3 + i // 400)],
    "a user every 1200 records": lambda rng, i: NAMES[rng.randrange(3 + i // 1200)],
    "ever fewer new users": lambda rng, i: NAMES[rng.randrange(2 + i.bit_length())],
    "one after the other": lambda _, i: NAMES[i // 700],
    "counts": lambda rng, _: int(rng.expovariate(1)),
    "a counter": lambda _, i: i // 300,
    "around ten": lambda rng, _: int(rng.gauss(10, 2)),
    "powers of two": lambda rng, _: 2 ** int(rng.expovariate(0.7)),
    "days": lambda _, i: 13 + i // 1000,
    "only at the beginning": lambda rng, i: NAMES[rng.randrange(4)] if i != 300 else "boot",
}


@pytest.mark.parametrize("title", CALM)
def test_nothing_strong_is_said_where_nothing_happens(title):
    for seed in range(4):
        for log in (documents(CALM[title], seed=seed), text(CALM[title], seed=seed)):
            assert [e.text for e in said(log) if e.strength >= 0.5] == []


def test_ids_of_sessions_are_no_news():
    lines = [
        log_line(start * 20 + step, f"request r{start:03}x {what}")
        for start in range(60)
        for step, what in enumerate(("begins", "reads", "writes", "ends"))
    ]
    assert said("".join(lines)) == []


@pytest.mark.parametrize(("records", "level", "reported"), [(4000, "info", 0), (30_000, "info", 1), (4000, "error", 1)])
def test_alone_it_is_a_finding_after_many_records_only(records, level, reported):
    case = case_of(documents(among(5), records=records, new=[(records * 3 // 4, "mallory")], level=level))
    findings = judge(case, [NewValueDetector(), SeverityDetector()]).findings
    assert sum("new_value" in finding.tags for finding in findings) == reported


@given(st.integers(0, 999), st.integers(2, 20), st.integers(1, 4))
@settings(max_examples=10, deadline=None)
def test_records_before_a_value_are_those_that_came_before_its_time(seed, values, learning):
    rng = random.Random(seed)
    given_values = [NAMES[rng.randrange(values)] for _ in range(600)] + ["late"] * 3
    log = documents(lambda _, i: given_values[i], records=len(given_values))
    case = case_of(log)
    found = categories(case, fewest=200, per_value=1, learning=learning / 5)
    (category,) = [category for category in found if category.name == "user"]
    assert {value.text: value.count for value in category.values} == {v: given_values.count(v) for v in given_values}
    together = case.profile.width // 10  # records of a bucket
    first = {value: given_values.index(value) // together * together for value in given_values}
    assert {value.text: value.before for value in category.values} == first
