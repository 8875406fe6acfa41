"""Format data files: every sample is read as it says."""

import datetime as dt
from dataclasses import replace

import pytest

from loganomaly.errors import FormatError
from loganomaly.reading.detect import detect
from loganomaly.reading.formats import Format, Layout, data_file, expand, load_formats, parse_format, timestamp_patterns
from loganomaly.reading.program import KEYS_SIZE, WORDS_SIZE, ZONES_SIZE, Level, Role, Scale
from loganomaly.reading.tables import Calendar, build_tables
from loganomaly.testing import check_format, read_text

TIMESTAMPS = [
    pytest.param(entry["pattern"], text, dt.datetime.fromisoformat(utc), id=text)
    for entry in data_file("timestamps.yaml")["timestamps"]
    for text, utc in entry["samples"].items()
]
GOOD = """
name: own
title: Own
layouts: ["~{time}~{level}~{component}~{message}"]
samples:
  - {line: "~2026-03-14 09:26:53~ERROR~shop~order failed", time: "2026-03-14T09:26:53Z", level: ERROR,
     component: shop, message: order failed}
"""


@pytest.mark.parametrize(("pattern", "text", "expected"), TIMESTAMPS)
def test_a_timestamp_is_read_by_its_own_pattern(pattern, text, expected):
    layout = Layout(format="test", text="{time} | {message}", time=pattern)
    (record,) = read_text(f"{text} | hello".encode(), tables=build_tables([layout], calendar=Calendar(year=2024)))
    assert (record.program, record.time, record.message) == (0, expected, "hello")


@pytest.mark.parametrize(("pattern", "text", "expected"), TIMESTAMPS)
def test_a_timestamp_is_detected(pattern, text, expected):
    data = f"{text} hello\n".encode() * 5
    detected = replace(detect(data), calendar=Calendar(year=2024))
    record = read_text(data, tables=detected.tables())[0]
    assert (record.time, record.message) == (expected, "hello"), pattern


@pytest.mark.parametrize(("pattern", "text", "expected"), TIMESTAMPS)
def test_a_timestamp_is_read_as_the_value_of_a_json_key(pattern, text, expected):
    tables = build_tables([Layout(format="json", text="{json}")], calendar=Calendar(year=2024))
    (record,) = read_text(f'{{"msg": "hello", "time": "{text}"}}'.encode(), tables=tables)
    assert record.time == expected, pattern


def test_a_time_of_day_is_read_on_the_day_of_the_calendar():
    layout = Layout(format="test", text="{time} {message}", time="%H:%M:%S%f")
    tables = build_tables([layout], calendar=Calendar(day=1))
    (record,) = read_text(b"09:26:53.5 hello", tables=tables)
    assert record.time == dt.datetime(1970, 1, 2, 9, 26, 53, 500_000, tzinfo=dt.UTC)


@pytest.mark.parametrize("fmt", load_formats(), ids=lambda fmt: fmt.name)
def test_a_built_in_format_passes_the_contract(fmt):
    check_format(fmt)


def test_formats_have_names_of_their_own():
    names = [fmt.name for fmt in load_formats()]
    assert len(set(names)) == len(names)


def test_a_format_that_is_not_built_in_passes_the_contract():
    check_format(parse_format(GOOD, origin="own.yaml"))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("09:26:53Z", "09:26:54Z"),
        ("level: ERROR", "level: INFO"),
        ("component: shop", "component: store"),
        ("message: order failed", "message: order"),
        (" level: ERROR,", ""),
        ("level: ERROR", "level: ERROR, status: 500"),
    ],
)
def test_a_sample_that_is_read_differently_breaks_the_contract(right, wrong):
    assert GOOD.count(right) == 1
    with pytest.raises(FormatError, match="alone: expected"):
        check_format(parse_format(GOOD.replace(right, wrong), origin="own.yaml"))


def test_an_unknown_key_in_a_sample_breaks_the_contract():
    with pytest.raises(FormatError, match="'severity'"):
        check_format(parse_format(GOOD.replace(" level:", " severity:"), origin="own.yaml"))


@pytest.mark.parametrize("time", ["yesterday", 2026])
def test_a_sample_time_that_is_no_iso_text_breaks_the_contract(time):
    fmt = parse_format(GOOD, origin="own.yaml")
    with pytest.raises(FormatError, match="ISO 8601"):
        check_format(replace(fmt, samples=({**fmt.samples[0], "time": time},)))


@pytest.mark.parametrize("line", [None, 3])
def test_a_sample_without_a_line_breaks_the_contract(line):
    fmt = parse_format(GOOD, origin="own.yaml")
    with pytest.raises(FormatError, match="which is a text"):
        check_format(replace(fmt, samples=({**fmt.samples[0], "line": line},)))


def test_a_sample_of_several_lines_is_one_record():
    fmt = parse_format(GOOD, origin="own.yaml")
    sample = fmt.samples[0]
    check_format(replace(fmt, samples=({**sample, "line": sample["line"] + "\n  more of it"},)))
    with pytest.raises(FormatError, match="1 samples alone are read as 2 records"):
        check_format(replace(fmt, samples=({**sample, "line": sample["line"] + "\n" + sample["line"]},)))


def test_a_sample_that_is_no_record_breaks_the_contract():
    fmt = parse_format(GOOD, origin="own.yaml")
    with pytest.raises(FormatError, match="0 records"):
        check_format(replace(fmt, samples=({"line": " "},)))


def test_a_format_without_samples_breaks_the_contract():
    with pytest.raises(FormatError, match="no samples"):
        check_format(Format(name="x", title="X", layouts=("{message}",), samples=()))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2]", "given: list"),
        ("name: [", "not YAML"),
        ("name: 2026-02-30", "not YAML: day is out of range"),
        ("name: " + "9" * 5000, "not YAML: Exceeds the limit"),
        ("name: x", r"given: \['name'\]"),
        (GOOD + "more: 1", "'more'"),
        (GOOD + "records: two lines", "records is one of .* given: 'two lines'"),
        (GOOD.replace("layouts: [", "layouts: [3, "), "layouts is a list"),
        ("{name: x, title: x, layouts: x, samples: [{}]}", "layouts is a list"),
        ("{name: x, title: x, layouts: [x], samples: []}", "samples is a list"),
        ("{name: x, title: x, layouts: [x], samples: [x]}", "samples is a list"),
        ("{name: x, title: x, layouts: ['{?'], samples: [{}]}", "never closed"),
    ],
)
def test_a_malformed_format_file_is_an_error_that_names_it(text, said):
    with pytest.raises(FormatError, match=said) as caught:
        parse_format(text, origin="bad.yaml")
    assert str(caught.value).startswith("bad.yaml: ")


def test_a_layout_is_expanded_once_per_pattern_where_it_names_none():
    fmt = Format(name="x", title="X", layouts=("{time} a", "{time:%Y} b", "c"), samples=())
    assert [(layout.text, layout.time) for layout in expand([fmt], patterns=["%m", "%d"])] == [
        ("{time} a", "%m"),
        ("{time} a", "%d"),
        ("{time:%Y} b", None),
        ("c", None),
    ]


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("{time} {message}", "{time} {level} {message}"),
        ("{time} {level} {message}", "{time} {level} {name}: {message}"),
        ("{time} {message}", "{time} {message} ({component})"),
        ("{logfmt}", "{json}"),
        ("{time} {message}", "{time} {json}"),
        ("{thread} {message}", "{component} {message}"),
    ],
)
def test_a_layout_that_understands_more_of_a_line_is_worth_more(less, more):
    assert Layout(format="t", text=less, time="%Y").captures < Layout(format="t", text=more, time="%Y").captures


def test_what_an_optional_group_holds_does_not_count():
    with_group = Layout(format="t", text="{?<{priority}>?}{time} {message}", time="%Y")
    assert with_group.captures == Layout(format="t", text="{time} {message}", time="%Y").captures


CONTINUED = """
name: own
title: Own
layouts: ["{time} {level} {name}: {message}"]
continuations: ["{time} {?MORE?}{?REST?}: "]
samples:
  - line: |-
      2026-03-14 09:26:53 ERROR shop: order failed
      2026-03-14 09:26:53 MORE: of it
      2026-03-14 09:26:53 REST: of it
    time: "2026-03-14T09:26:53Z"
    level: ERROR
    component: shop
    message: order failed
"""


def test_a_line_that_fits_a_continuation_belongs_to_the_record_before_it():
    check_format(parse_format(CONTINUED, origin="own.yaml"))
    without = CONTINUED.replace('continuations: ["{time} {?MORE?}{?REST?}: "]', "")
    with pytest.raises(FormatError, match="1 samples alone are read as 3 records"):
        check_format(parse_format(without, origin="own.yaml"))


def test_what_a_malformed_continuation_is_said():
    with pytest.raises(FormatError, match="never closed"):
        parse_format(CONTINUED.replace("{?MORE?}", "{?MORE"), origin="own.yaml")
    with pytest.raises(FormatError, match="continuations is a list of one or more texts"):
        parse_format(GOOD + "continuations: 3", origin="own.yaml")


def test_the_head_of_a_layout_over_line_breaks_is_a_layout_too():
    with pytest.raises(FormatError, match="never closed"):
        parse_format(GOOD.replace("layouts: [", 'layouts: ["{?{time}\\n?} {message}", '), origin="own.yaml")


def test_patterns_are_distinct():
    assert len(set(timestamp_patterns())) == len(timestamp_patterns())


def test_word_lists_name_known_levels_and_roles_once_and_fit_their_tables():
    levels, zones, keys = data_file("levels.yaml"), data_file("zones.yaml"), data_file("keys.yaml")
    assert set(levels) == {level.name for level in Level} - {"UNKNOWN"}
    assert {role.upper() for role in keys} == {role.name for role in Role} - {"SKIP", "SCALE"}
    words = [word for names in levels.values() for word in names]
    assert len(set(words)) == len(words)
    # Open addressing needs free places: a search ends at the first.
    assert len(words) < WORDS_SIZE / 2
    assert len(zones) < ZONES_SIZE / 1.5
    more = data_file("json.yaml")
    assert {scale.upper() for scale in more["scales"]} == {scale.name for scale in Scale} - {"NONE", "JSON_ONLY"}
    assert set(map(str.upper, more["message"])).isdisjoint(name.upper() for names in keys.values() for name in names)
    assert sum(map(len, [*keys.values(), more["message"], *more["scales"].values()])) < KEYS_SIZE / 2


def test_a_key_has_one_role():
    roles = data_file("keys.yaml")
    spelled = [(role, name.upper()) for role, names in roles.items() for name in names]
    by_name = {name: {role for role, other in spelled if other == name} for _, name in spelled}
    assert {name: found for name, found in by_name.items() if len(found) > 1} == {}
