import datetime as dt
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.dashboard.finding_query import BadPatternError, FindingFilter, choices, matching, page_of
from loganomaly.dashboard.results_folder import ResultsFolder
from results_folders import START, entry, write_folder

WORDS = st.lists(st.sampled_from(["Order", "pool", "a.b", "(x)", "Größe", "50%", "ab"]), min_size=1, max_size=3)
SEVERITIES = st.sampled_from(["CRITICAL", "ERROR", "INFO", None])
COMPONENTS = st.sampled_from(["checkout", "cart", None])
ENTRIES = st.lists(
    st.builds(
        lambda words, severity, component, tags, files, score, first, length, incident: {
            "text": " ".join(words), "severity": severity, "component": component, "tags": tags, "files": files,
            "score": score, "first": first, "last": None if first is None else first + length, "incident": incident,
            "count": int(score * 10),
        },
        WORDS, SEVERITIES, COMPONENTS, st.lists(st.sampled_from(["burst", "new"]), unique=True),
        st.lists(st.sampled_from(["a.log", "b.log"]), min_size=1, unique=True), st.sampled_from([0.25, 0.5, 0.75]),
        st.none() | st.integers(0, 600), st.integers(0, 100), st.sampled_from(["i1", "i2", None]),
    ),
    max_size=8,
)  # fmt: skip
MOMENTS = st.none() | st.integers(-10, 700).map(lambda seconds: START + dt.timedelta(seconds=seconds))
FILTERS = st.builds(
    FindingFilter,
    text=st.sampled_from(["", "order", "POOL", ".", "(x", "größe", "50%", "line of ab", "zz"]),
    severities=st.sampled_from([(), ("ERROR",), ("ERROR", "INFO")]),
    components=st.sampled_from([(), ("cart",), ("nobody",)]),
    tags=st.sampled_from([(), ("new",), ("burst", "new")]),
    files=st.sampled_from([(), ("b.log",)]),
    incident=st.sampled_from([None, "i1"]),
    least_score=st.sampled_from([0.0, 0.5, 0.9]),
    since=MOMENTS,
    until=MOMENTS,
)


def table_of(tmp_path, entries):
    return ResultsFolder(write_folder(tmp_path / "results", entries), "results").current().findings


def moment(text):
    return None if text is None else dt.datetime.fromisoformat(text)


def meets(told, wanted):
    texts = [told["subject"]["name"], told["log"], told["reason"], told["component"] or ""]
    first, last = moment(told["first_seen"]), moment(told["last_seen"])
    return (
        (any(wanted.text.lower() in text.lower() for text in texts) or told["id"] == wanted.text)
        and (not wanted.severities or told["severity"] in wanted.severities)
        and (not wanted.components or told["component"] in wanted.components)
        and (not wanted.tags or bool(set(told["tags"]) & set(wanted.tags)))
        and (not wanted.files or bool(set(told["files"]) & set(wanted.files)))
        and (wanted.incident is None or told["incident"] == wanted.incident)
        and told["score"] >= wanted.least_score
        and (wanted.since is None or (last is not None and last >= wanted.since))
        and (wanted.until is None or (first is not None and first <= wanted.until))
    )


@settings(max_examples=60, deadline=None)
@given(made=ENTRIES, wanted=FILTERS)
def test_those_that_meet_all_of_a_filter_are_found(tmp_path_factory, made, wanted):
    entries = [entry(number, **more) for number, more in enumerate(made)]
    found = matching(table_of(tmp_path_factory.mktemp("q"), entries), wanted)
    assert found["id"].to_list() == [told["id"] for told in entries if meets(told, wanted)]


@settings(max_examples=40, deadline=None)
@given(
    made=ENTRIES,
    sort=st.sampled_from(["score", "severity", "name", "count", "begin"]),
    descending=st.booleans(),
    start=st.integers(0, 9),
    size=st.integers(0, 9),
)
def test_a_page_is_a_part_of_all_in_their_order(tmp_path_factory, *, made, sort, descending, start, size):
    entries = [entry(number, **more) for number, more in enumerate(made)]
    ranks = ["CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG", "TRACE", "UNKNOWN"]

    def key(told):
        return {
            "score": told["score"],
            "severity": ranks.index(told["severity"]) if told["severity"] else len(ranks),
            "name": told["subject"]["name"].encode(),
            "count": told["count"],
            "begin": told["first_seen"],
        }[sort]

    known = [told for told in entries if key(told) is not None]
    ordered = sorted(known, key=key)
    if descending:  # of equal ones the first stays first
        ordered = [
            told for value in sorted({key(t) for t in known}, reverse=True) for told in known if key(told) == value
        ]
    ordered += [told for told in entries if key(told) is None]
    page = page_of(
        table_of(tmp_path_factory.mktemp("q"), entries), sort=[(sort, descending)], start=start, end=start + size
    )
    assert page["id"].to_list() == [told["id"] for told in ordered[start : start + size]]


@pytest.mark.parametrize("pattern", ["^order \\d", "refused$", "1|2", "(?-i)Order", "[^a-z ]+"])
def test_a_regular_expression_finds_what_it_matches_in_any_case(tmp_path, pattern):
    entries = [entry(n, text=text, reason="-") for n, text in enumerate(["Order 1 refused", "cart 2", "order x"])]
    found = matching(table_of(tmp_path, entries), FindingFilter(text=pattern, regex=True))
    flags = re.NOFLAG if pattern.startswith("(?-i)") else re.IGNORECASE
    rule = re.compile(pattern.removeprefix("(?-i)"), flags)
    told = [[e["subject"]["name"], e["log"], e["reason"], e["component"]] for e in entries]
    assert found["id"].to_list() == [
        e["id"] for e, texts in zip(entries, told, strict=True) if any(map(rule.search, texts))
    ]


@pytest.mark.parametrize(
    ("pattern", "told"), [("(a", "unclosed group"), ("a{1000}{1000}{1000}", "too large"), ("(?=a)", "look-around")]
)
def test_a_pattern_that_is_none_is_told(tmp_path, pattern, told):
    with pytest.raises(BadPatternError, match=told):
        matching(table_of(tmp_path, [entry(0)]), FindingFilter(text=pattern, regex=True))


def test_a_text_is_no_pattern_unless_it_should_be_one(tmp_path):
    table = table_of(tmp_path, [entry(0, text="a.b"), entry(1, text="axb")])
    assert len(matching(table, FindingFilter(text="a.b"))) == 1
    assert len(matching(table, FindingFilter(text="a.b", regex=True))) == 2


def test_a_finding_is_found_by_its_id(tmp_path):
    assert matching(table_of(tmp_path, [entry(0), entry(1)]), FindingFilter(text=f"{1:012x}"))["row"].to_list() == [1]


def test_detectors_and_classifications_narrow_as_well(tmp_path):
    table = table_of(tmp_path, [entry(0), entry(1, classification="log_flood")])
    assert len(matching(table, FindingFilter(classifications=("log_flood",)))) == 1
    assert len(matching(table, FindingFilter(detectors=("burst",)))) == 2
    assert len(matching(table, FindingFilter(detectors=("rarity",)))) == 0


def test_a_page_has_at_most_five_hundred_rows(tmp_path):
    table = table_of(tmp_path, [entry(number) for number in range(600)])
    assert len(page_of(table, start=-5, end=10**9)) == 500


def test_what_cannot_be_sorted_by_is_passed_over(tmp_path):
    table = table_of(tmp_path, [entry(0), entry(1)])
    assert page_of(table, sort=[("detail", True), ("no such", False)], start=0, end=9)["row"].to_list() == [0, 1]


def test_choices_are_the_values_there_are_with_the_most_frequent_first(tmp_path):
    table = table_of(tmp_path, [entry(0), entry(1, component=None), entry(2, component="cart", tags=[]), entry(3)])
    found = choices(table)
    assert found["component"] == [("checkout", 2), ("cart", 1)]
    assert found["tags"] == [("burst", 3), ("error", 3)]


def test_the_entry_of_a_finding_is_read_from_the_file(tmp_path):
    entries = [entry(number) for number in range(5000)]
    folder = ResultsFolder(write_folder(tmp_path / "r", entries), "r")
    assert folder.detail(f"{4500:012x}") == entries[4500]
    assert folder.detail("../summary.json") is None
    rows = folder.current().findings["row"].filter(folder.current().findings["row"] % 1000 == 1)
    assert [json.loads(text)["line_number"] for text in folder.details(rows)] == [2, 1002, 2002, 3002, 4002]


def test_findings_with_the_same_id_are_told_apart(tmp_path):
    entries = [entry(0), entry(1, id=f"{0:012x}"), entry(2)]
    folder = ResultsFolder(write_folder(tmp_path / "r", entries), "r")
    keys = folder.current().findings["key"].to_list()
    assert keys == [f"{0:012x}", f"{0:012x}~1", f"{2:012x}"]
    assert [folder.detail(key)["line_number"] for key in keys] == [1, 2, 3]
