"""The detectors: their contract, and what each of them says of small logs made for it."""

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.detectors.base import surprise
from loganomaly.detectors.leaks import LeakDetector
from loganomaly.detectors.local_outlier_factor import local_outlier_factor
from loganomaly.detectors.lof_detector import LOFDetector
from loganomaly.detectors.novelty import NoveltyDetector
from loganomaly.detectors.rarity import RarityDetector
from loganomaly.detectors.rate import BurstDetector
from loganomaly.detectors.rolling_window_detector import RollingWindowDetector
from loganomaly.detectors.severity import SeverityDetector
from loganomaly.detectors.silence import SilenceDetector
from loganomaly.detectors.value import ValueDetector
from loganomaly.floods import FloodSettings
from loganomaly.fusion import THRESHOLD
from loganomaly.mining.template import Template
from loganomaly.mining.vectors import tfidf
from loganomaly.registry import DETECTORS, load, names
from loganomaly.testing import case_of, check_detector, log_line
from loganomaly.testing.detectors import _whole
from loganomaly.testing.logs import synthetic_logs


def word(number):
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))


def template_of(case, evidence):
    return next(template.text for template in case.templates if template.id == evidence.subject.name)


def spoken_of(case, found):
    return {template_of(case, evidence): evidence for evidence in found if evidence.subject.kind == "template"}


# The contract


@pytest.mark.parametrize("name", names(DETECTORS))
def test_a_registered_detector_keeps_the_contract(name):
    check_detector(load(DETECTORS, name))


@pytest.mark.parametrize("name", names(DETECTORS))
def test_a_registered_detector_speaks_on_some_log_of_the_contract(name):
    detector = load(DETECTORS, name)()
    assert any(detector.detect(_whole(title)) for title in synthetic_logs())


@dataclass(frozen=True, slots=True, kw_only=True)
class Loud(RarityDetector):
    """Rarity with one thing wrong."""

    bias: float = 0.0
    text: str = "loud"

    def detect(self, case):
        return [
            replace(evidence, strength=evidence.strength + self.bias, text=self.text)
            for evidence in RarityDetector.detect(self, case)
        ]


def broken(monkeypatch, cls):
    """Let a class stand in the registry under the name it has by default."""
    monkeypatch.setattr("loganomaly.testing.detectors.load", lambda _group, _name: cls)
    return cls


def test_the_contract_refuses_what_is_no_frozen_dataclass():
    class Plain:
        name, weight = "rarity", 0.5

    with pytest.raises(AssertionError, match="no frozen dataclass"):
        check_detector(Plain)


def test_the_contract_refuses_a_class_that_is_not_registered():
    with pytest.raises(AssertionError, match="Loud is not registered as 'rarity'"):
        check_detector(Loud)


def test_the_contract_refuses_a_constructor_that_works(monkeypatch):
    @dataclass(frozen=True)
    class Eager(RarityDetector):
        def __post_init__(self):
            pass

    with pytest.raises(AssertionError, match="the constructor of Eager does work"):
        check_detector(broken(monkeypatch, Eager))


def test_the_contract_refuses_a_detector_that_needs_arguments(monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Needy(RarityDetector):
        limit: int

    with pytest.raises(AssertionError, match="needs values for limit"):
        check_detector(broken(monkeypatch, Needy))


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("bias", 1.5, "expected a number in 0..1"),
        ("bias", float("nan"), "expected a number in 0..1"),
        ("text", " ", "expected one line"),
        ("text", "two\nlines", "expected one line"),
        ("text", "two\u2028lines", "expected one line"),
        ("weight", 1.01, "the weight of"),
    ],
)
def test_the_contract_refuses_evidence_that_is_not_well_formed(monkeypatch, field, value, complaint):
    kind = type(value)
    spoiled = dataclass(frozen=True, kw_only=True)(
        type("Spoiled", (Loud,), {"__annotations__": {field: kind}, field: value})
    )
    with pytest.raises(AssertionError, match=complaint):
        check_detector(broken(monkeypatch, spoiled))


def test_the_contract_refuses_evidence_that_depends_on_chunks(monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Seamy(Loud):
        def detect(self, case):
            return [replace(e, text=f"case {id(case)}") for e in Loud.detect(self, case)]

    with pytest.raises(AssertionError, match="in chunks changes the evidence"):
        check_detector(broken(monkeypatch, Seamy))


# Surprise


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1, 20))
@settings(max_examples=100, deadline=None)
def test_what_is_less_likely_surprises_no_less(one, other, full):
    low, high = sorted((one, other))
    assert 0 <= surprise(high, full=full) <= surprise(low, full=full) <= 1


# Rarity

ROUTINE = "".join(log_line(i // 10, f"GET /item/{i} took {3 + i % 30} ms") for i in range(9_999))


def test_what_is_seen_once_in_ten_thousand_records_is_rare():
    case = case_of(ROUTINE + log_line(1000, "cache directory is gone"))
    (found,) = RarityDetector().detect(case)
    assert template_of(case, found) == "cache directory is gone"
    assert found.strength == 1.0
    assert found.probability == pytest.approx(1 / 10_000)
    assert found.text == "seen once in 10,000 records; no other kind of line is as rare"


def test_of_several_rare_templates_the_share_of_the_log_is_told():
    case = case_of(ROUTINE + log_line(1000, "cache directory is gone") + log_line(1001, "leader lost its lease"))
    assert {e.text for e in RarityDetector().detect(case)} == {
        "seen once in 10,001 records; only 0.02% of the log is as rare"
    }


def test_where_every_line_is_one_of_a_kind_none_is_rare():
    case = case_of("".join(f"{word(i)} {word(3 * i + 1)} {word(i * i)}\n" for i in range(2_000)))
    assert len(case.templates) > 1_900
    assert RarityDetector().detect(case) == []


# Local outlier factor

VOCABULARY = ("disk", "full", "user", "login", "job", "done")
DOCUMENTS = st.dictionaries(
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4).map(lambda words: tuple(sorted(words))),
    st.integers(1, 6),
    min_size=3,
    max_size=12,
)


def templates_of(documents):
    return [
        Template(id=str(n), text=" ".join(words), parts=(), types=(), names=(), words=words, shapes=(n,), spans={n: ()})
        for n, words in enumerate(documents)
    ]


@given(DOCUMENTS, st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_factors_are_those_of_the_data_with_every_record_in_it(documents, neighbors):
    records = np.array(list(documents.values()), np.int64)
    factors = LOFDetector(neighbors=neighbors).factors(templates_of(documents), records)
    rows = np.repeat(np.arange(len(records)), records)
    vectors = tfidf(list(documents), weights=records)[rows]
    expanded = local_outlier_factor(vectors, multiplicities=np.ones(len(rows), np.int64), neighbors=neighbors)
    np.testing.assert_allclose(factors[rows], expanded.factor, rtol=1e-6)


@given(
    st.lists(st.tuples(st.floats(0.5, 50), st.integers(1, 40)), min_size=1, max_size=30),
    st.sampled_from([0.01, 0.1, 0.5]),
)
@settings(max_examples=100, deadline=None)
def test_contamination_bounds_the_share_of_records_reported(rows, contamination):
    factors, records = np.array([f for f, _ in rows]), np.array([n for _, n in rows], np.int64)
    threshold = LOFDetector(contamination=contamination).threshold(factors, records)
    assert records[factors > threshold].sum() <= contamination * records.sum()


def test_wording_far_from_the_rest_is_an_outlier_and_the_rest_is_not():
    case = case_of(ROUTINE + log_line(1000, "kernel panic while unmounting root"))
    (found,) = LOFDetector().detect(case)
    assert template_of(case, found) == "kernel panic while unmounting root"
    assert found.strength > 0.5


KINDS = ("page {} served in {} ms", "page {} served from cache", "mail {} sent to user {}", "mail {} queued for {}",
         "disk {} has {} blocks free", "disk {} has been mounted", "job {} begun", "job {} ended after {} ms",
         "shard {} moved to node {}", "shard {} moved back")  # fmt: skip


def outlying(*texts):
    """Return the evidence on some lines among many of ten kinds, two and two of which are worded alike."""
    log = "".join(log_line(i // 10, KINDS[i % 10].format(i, i)) for i in range(4_000))
    case = case_of(log + "".join(log_line(500, text) for text in texts))
    return spoken_of(case, LOFDetector().detect(case))


def test_an_outlier_is_no_stronger_for_the_many_copies_of_the_lines_around_it():
    found = outlying("page 7 served from memory", "kernel panic while unmounting root")
    near, far = found["page <*> served from memory"], found["kernel panic while unmounting root"]
    assert near.observed == far.observed == 1000
    assert near.strength < 0.5 < far.strength <= 1


def test_an_outlier_names_the_nearest_kind_of_line_and_the_words_that_only_it_has():
    found = outlying("page 7 served from memory")["page <*> served from memory"]
    assert found.text == (
        "the nearest more frequent kind of line is `page <*> served from cache`, which says `cache` where this one says"
        " `memory`"
    )


def test_an_outlier_that_is_like_no_line_says_so():
    found = outlying("kernel panic while unmounting root")["kernel panic while unmounting root"]
    assert found.text == "no more frequent kind of line is worded like it"


def test_where_all_kinds_of_line_are_worded_unlike_each_other_one_more_is_weaker_evidence():
    kinds = [f"{word(n)} {word(30 + n)}" for n in range(24)]
    log = "".join(log_line(i, kinds[i % 24]) for i in range(4_000))
    case = case_of(log + log_line(4_000, "kernel panic"))
    (found,) = LOFDetector().detect(case)
    assert found.strength < outlying("kernel panic")["kernel panic"].strength / 2


def test_no_control_character_of_a_line_is_in_the_words_of_an_outlier():
    found = outlying("page 7 served from mem\x07ory")
    (text,) = (e.text for t, e in found.items() if t.startswith("page"))
    assert "mem␇ory" in text
    assert not any(ord(c) < 32 for c in text)


def test_one_template_alone_has_no_outlier():
    assert LOFDetector().detect(case_of(ROUTINE)) == []


# Floods

MIXED = [log_line(i, f"{('open', 'read', 'write', 'close')[i % 4]} file {i}") for i in range(2_000)]
STORM = [log_line(1_000, f"retry {i} of 50", level="WARN") for i in range(1_200)]


def test_a_flood_is_found_with_its_lines_count_and_share():
    case = case_of("".join([*MIXED[:1_000], *STORM, *MIXED[1_000:]]))
    (found,) = RollingWindowDetector().detect(case)
    assert template_of(case, found) == "retry <*> of <*>"
    assert found.lines == (1_000, 2_199)
    assert (found.location.source, found.location.line) == (0, 1_000)
    assert found.count == 1_200
    assert (found.observed, found.expected) == (1.0, 0.0)
    assert found.strength > 0.9
    assert "1,200 records of this kind in lines 1,001 to 2,200" in found.text


def test_other_lines_within_a_flood_lower_its_share():
    storm = [line for i, retry in enumerate(STORM) for line in ([retry, MIXED[i]] if i % 10 == 0 else [retry])]
    (found,) = RollingWindowDetector().detect(case_of("".join([*MIXED[:1_000], *storm, *MIXED[1_000:]])))
    assert found.count == 1_200
    assert found.observed == pytest.approx(1_200 / 1_319, rel=1e-3)  # the last of the 120 other lines is behind it


@pytest.mark.parametrize("others", [0, 1, 5])
def test_a_log_that_always_is_one_template_is_no_flood(others):
    log = "".join(STORM) + "".join(log_line(2_000, f"{word(i)} happened") for i in range(others))
    assert RollingWindowDetector().detect(case_of(log)) == []


def test_a_flood_of_one_source_is_no_flood_of_the_other():
    case = case_of("".join(MIXED), "".join([*MIXED, *STORM]))
    (found,) = RollingWindowDetector().detect(case)
    assert found.location.source == 1
    assert found.lines == (2_000, 3_199)


def test_two_floods_of_one_template_are_two():
    case = case_of("".join([*MIXED, *STORM, *MIXED, *STORM, *MIXED]))
    assert sorted(e.lines for e in RollingWindowDetector().detect(case)) == [(2_000, 3_199), (5_200, 6_399)]


def test_without_rolling_windows_there_are_no_floods():
    case = case_of("".join([*MIXED, *STORM]), floods=FloodSettings(enabled=False))
    assert RollingWindowDetector().detect(case) == []


# Severity


def test_one_error_among_info_is_severe():
    case = case_of(ROUTINE + log_line(1000, "cannot open table", level="ERROR"))
    (found,) = SeverityDetector().detect(case)
    assert template_of(case, found) == "cannot open table"
    assert found.strength == pytest.approx(0.95)
    assert found.tags == ("error",)


def test_fatal_records_that_make_up_two_fifths_are_routine():
    kinds = (("FATAL", "instruction cache parity error"), ("FATAL", "data address exception"), ("INFO", "boot done"),
             ("INFO", "ciod connected"), ("INFO", "generating core"))  # fmt: skip
    case = case_of("".join(log_line(i, kinds[i % 5][1], level=kinds[i % 5][0]) for i in range(2_000)))
    found = SeverityDetector().detect(case)
    assert len(found) == 2
    # Near the lowest that is said of any FATAL, and alone clearly below the threshold.
    assert all(0.8 < evidence.strength < 0.85 for evidence in found)
    assert all(SeverityDetector().weight * evidence.strength < 0.85 * THRESHOLD for evidence in found)


@pytest.mark.parametrize("burning", [0, 20, 300, 3_000])
def test_of_templates_as_frequent_the_more_severe_is_stronger_however_many_lines_are_severe(burning):
    kinds = [log_line(1000, f"{word(n)} went wrong", level=level) * 5
             for n, level in enumerate(("INFO", "NOTICE", "WARN", "ERROR", "FATAL"))]  # fmt: skip
    fire = "".join(log_line(1000 + i, f"burning {i}", level="FATAL") for i in range(burning))
    case = case_of(ROUTINE[:200_000] + "".join(kinds) + fire)
    found = spoken_of(case, SeverityDetector().detect(case))
    strengths = [found[f"{word(n)} went wrong"].strength if f"{word(n)} went wrong" in found else 0 for n in range(5)]
    assert strengths[0] == strengths[1] == 0
    assert 0 < strengths[2] < strengths[3] < strengths[4]
    assert strengths[3] >= 0.25


def test_severity_alone_never_reaches_the_threshold():
    case = case_of(ROUTINE + log_line(1000, "cannot open table", level="FATAL"))
    (found,) = SeverityDetector().detect(case)
    assert found.strength == 1.0
    assert SeverityDetector().weight < THRESHOLD


def test_a_warning_is_less_severe_than_an_error_as_rare():
    strengths = [
        SeverityDetector().detect(case_of(ROUTINE + log_line(1000, "low on disk", level=level)))[0].strength
        for level in ("WARN", "ERROR")
    ]
    assert strengths[0] < strengths[1]


def test_many_records_of_one_error_do_not_make_it_routine():
    strengths = [
        SeverityDetector()
        .detect(case_of(ROUTINE + log_line(1000, "cannot open table", level="ERROR") * times))[0]
        .strength
        for times in (1, 1_000)
    ]
    assert strengths == pytest.approx([0.95, 0.95])


# Leaks


def test_each_kind_of_secret_in_a_template_is_evidence_with_its_place():
    leak = log_line(3, "connecting to postgresql://shop:Zk81-qpWm@db:5432/shop password=hunter2x")
    found = LeakDetector().detect(case_of(log_line(1, "start") + leak, leak))
    assert sorted((e.tags[1], e.location.source, e.location.line) for e in found) == [
        ("password", 0, 1),
        ("password", 1, 0),
        ("url-credentials", 0, 1),
        ("url-credentials", 1, 0),
    ]
    assert not any("hunter2x" in e.text or "Zk81" in e.text for e in found)


def test_words_about_secrets_are_none():
    assert LeakDetector().detect(case_of("Failed password for root\npassword=****\ntoken: null\n")) == []


# Bursts


def minutes(counts, message):
    """Return lines of a message, so many in each minute."""
    return [
        log_line(minute * 60 + second * 60 // max(count, 1), f"{message} {minute * 60 + second}")
        for minute, count in enumerate(counts)
        for second in range(count)
    ]


def bursts(*series):
    lines = sorted(line for number, counts in enumerate(series) for line in minutes(counts, f"event {word(number)}"))
    case = case_of("".join(lines))
    return {text.split()[1]: e for text, e in spoken_of(case, BurstDetector().detect(case)).items()}


STEADY_MINUTES = [6] * 120


def test_a_burst_above_a_steady_rate_is_found():
    counts = list(STEADY_MINUTES)
    counts[70] = 60
    found = bursts(counts, STEADY_MINUTES)
    assert set(found) == {word(0)}
    assert found[word(0)].strength == 1.0
    assert found[word(0)].observed == pytest.approx(60, abs=6)
    assert found[word(0)].expected == pytest.approx(6, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_the_ups_and_downs_of_a_poisson_process_are_no_burst(seed):
    counts = np.random.default_rng(seed).poisson(12, 120).tolist()
    assert bursts(counts, STEADY_MINUTES) == {}


def test_a_template_that_always_comes_in_bursts_has_none():
    assert bursts([40 if minute % 9 == 0 else 0 for minute in range(120)], STEADY_MINUTES) == {}


def test_a_short_log_has_no_usual_rate():
    assert bursts([1, 1, 1, 90]) == {}


# Silence

BEATS = [log_line(i * 10, "heartbeat ok", component="sync") for i in range(720)]
TRAFFIC = [log_line(i * 5, f"GET /item/{i}") for i in range(1_440)]


def silences(lines):
    case = case_of("".join(sorted(lines)))
    return case, SilenceDetector().detect(case)


def test_a_steady_component_that_stops_fell_silent():
    lines = sorted([*TRAFFIC, *BEATS[:360]])
    _, (found,) = silences(lines)
    assert (found.subject.kind, found.subject.name) == ("component", "sync")
    assert found.strength == 1.0
    assert lines[found.location.line] == BEATS[359]
    assert "60 min" in found.text


def test_a_template_that_stops_while_its_component_goes_on_fell_silent():
    case, (found,) = silences([*TRAFFIC, *(line.replace("sync", "web") for line in BEATS[:360])])
    assert template_of(case, found) == "heartbeat ok"


def test_a_component_that_starts_in_the_middle_and_stops_is_no_routine():
    assert silences([*TRAFFIC, *BEATS[300:600]])[1] == []


def test_a_component_that_ends_with_the_log_is_not_silent():
    assert silences([*TRAFFIC, *BEATS])[1] == []


def test_a_component_that_comes_and_goes_is_not_silent():
    assert silences([*TRAFFIC, *BEATS[:360:40]])[1] == []


@pytest.mark.parametrize("component", ["sync", "web"])
def test_errors_that_end_are_no_silence(component):
    errors = [line.replace("INFO sync", f"ERROR {component}") for line in BEATS[:360]]
    assert silences([*TRAFFIC, *errors])[1] == []


def test_a_log_without_times_has_no_silence():
    assert SilenceDetector().detect(case_of("heartbeat ok\n" * 400 + "other\n" * 400)) == []


# Novelty


def news(lines):
    case = case_of("".join(sorted([*TRAFFIC, *lines])))
    return spoken_of(case, NoveltyDetector().detect(case))


def test_what_begins_late_and_often_is_new():
    found = news(log_line(4_000 + i, f"cannot reach shard {i}") for i in range(100))["cannot reach shard <*>"]
    # One of three kinds that are frequent begins late; itself it counts half.
    assert found.strength == pytest.approx(-math.log10(0.5 / 3))
    assert found.observed == 100
    assert found.text == "not seen in the first 67 min of the log, then 100 times within 99 s"


def test_what_is_there_from_the_beginning_is_not_new():
    assert news(log_line(i, f"cannot reach shard {i}") for i in range(100)) == {}


def test_what_begins_late_and_goes_on_is_new():
    found = news(log_line(2_000 + i * 40, f"cannot reach shard {i}") for i in range(120))["cannot reach shard <*>"]
    assert found.text.startswith("not seen in the first 33 min of the log, then 120 times within ")


def test_where_many_kinds_begin_late_one_more_is_no_news():
    words = ("turbine", "ledger", "harbour", "violin", "copper", "meadow")
    (few,) = news(log_line(4_000 + i, f"lost a {words[0]}, {i} left") for i in range(50)).values()
    many = news(log_line(4_000 + i, f"{word} lost, {i} left") for word in words for i in range(50))
    assert all(evidence.strength < few.strength / 2 for evidence in many.values())


def test_four_records_prove_nothing():
    assert news(log_line(4_000 + i, f"cannot reach shard {i}") for i in range(4)) == {}


# Values


def values(texts):
    case = case_of("".join(log_line(i, text) for i, text in enumerate(texts)))
    return ValueDetector().detect(case)


def test_one_slow_query_among_fast_ones_is_found_where_it_stands():
    took = [3 + i * 7 % 38 for i in range(1_000)]
    took[617] = 4_000
    (found,) = values(f"query took {ms} ms" for ms in took)
    assert found.observed == 4_000
    assert (found.count, found.location.line, found.lines) == (1, 617, (617, 617))
    assert found.expected == pytest.approx(21, rel=0.1)
    assert found.strength > 0.7


@pytest.mark.parametrize(
    "texts",
    [
        [f"query took {3 + i * 7 % 38} ms" for i in range(1_000)],
        [f"accepted from port {1024 + i * 7919 % 60_000}" for i in range(1_000)],
        [f"order {i} placed" for i in range(1, 1_001)],
        [f"order {10_000 + i} placed" for i in range(1_000)],
        [f"block {i * 2_654_435_761 % 2**40} received" for i in range(1_000)],
        [f"{0 if i % 50 else 9} errors" for i in range(1_000)],
    ],
    ids=["durations", "ports", "counter", "late counter", "ids", "mostly zero"],
)
def test_numbers_without_an_unusual_one_are_no_outliers(texts):
    assert values(texts) == []


def json_values(fields):
    texts = (json.dumps({"time": f"2026-03-14T12:{i // 60:02d}:{i % 60:02d}Z", "msg": "served", **f})
             for i, f in enumerate(fields))  # fmt: skip
    return ValueDetector().detect(case_of("".join(f"{text}\n" for text in texts)))


@pytest.mark.parametrize(
    ("slow", "text"),
    [
        ([9_000], "duration_ms 9,000 where nine of ten are below 40 (1,000 values)"),
        ([9_000, 8_000], "duration_ms: 2 values up to 9,000 where nine of ten are below 40 (1,000 values)"),
        (["9000s"], "duration_ms 9,000 s where nine of ten are below 40 s (1,000 values)"),
    ],
)
def test_an_unusual_number_of_a_field_is_told_by_its_name(slow, text):
    took = [3 + i * 7 % 38 for i in range(1_000)]
    took[617 : 617 + len(slow)] = slow
    (found,) = json_values({"duration_ms": ms, "user": "ada"} for ms in took)
    assert found.text == text
    assert found.location.line == 617


def test_each_unusual_parameter_of_a_template_is_told_and_which_it_is():
    rows = [{"ms": 3 + i * 7 % 38, "size": 300 + i * 7 % 38} for i in range(1_000)]
    rows[617] |= {"ms": 9_000}
    rows[700] |= {"size": 90_000}
    assert sorted((e.about, e.observed) for e in json_values(rows)) == [("ms", 9_000), ("size", 90_000)]
    (found,) = values(f"query took {90_000 if i == 617 else 3 + i * 7 % 38} ms" for i in range(1_000))
    assert found.about == "parameter-1"


@pytest.mark.parametrize("name", ["password", "user.access_token", "apiKey"])
def test_no_number_of_a_field_that_holds_a_secret_is_told(name):
    pins = [300 + i * 7 % 38 for i in range(1_000)]
    pins[617] = 90_000_000
    assert json_values({name: pin} for pin in pins) == []
    (found,) = json_values({"size": pin} for pin in pins)
    assert found.observed == 90_000_000


def test_values_that_are_large_as_often_as_not_are_no_outliers():
    assert values(f"query took {4_000 if i % 5 == 0 else 20} ms" for i in range(1_000)) == []


def test_severity_of_a_template_with_several_levels_is_judged_by_the_lines_of_others():
    mixed = [log_line(i, "disk slow", level="WARN" if i % 2 else "INFO") for i in range(100)]
    others = [log_line(100 + i, "queue long", level="WARN") for i in range(5)]
    routine = [log_line(105 + i, "job done") for i in range(300)]
    case = case_of("\n".join([*mixed, *others, *routine]))
    found = {template_of(case, e): e.probability for e in SeverityDetector().detect(case)}
    assert found == {"disk slow": pytest.approx(6 / 306), "queue long": pytest.approx(51 / 401)}
