"""The layout language: what each placeholder reads, and which layouts are wrong."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.errors import FormatError
from loganomaly.reading.formats import Layout
from loganomaly.reading.layout import compile_layout
from loganomaly.reading.program import Op
from loganomaly.reading.tables import build_tables
from loganomaly.testing import ReadRecord, read_text

ISO = "%Y-%m-%dT%H:%M:%S%f%z"


def read(layout: str, line: str, *, time: str | None = None) -> ReadRecord:
    tables = build_tables([Layout(format="test", text=layout, time=time)])
    (record,) = read_text(line.encode(), tables=tables)
    return record


def fits(layout: str, line: str, *, time: str | None = None) -> bool:
    return read(layout, line, time=time).program == 0


def test_a_blank_stands_for_one_blank_or_more():
    assert fits("a b", "a b")
    assert fits("a b", "a \t  b")
    assert not fits("a b", "ab")


def test_every_other_character_stands_for_itself():
    assert fits("<=[x]* é", "<=[x]* é")
    assert not fits("<=[x]* é", "<=[y]* é")


def test_a_question_mark_alone_stands_for_itself():
    assert fits("what? {message}", "what? that")
    assert not fits("what? {message}", "wha that")


def test_a_brace_that_opens_no_placeholder_stands_for_itself():
    assert fits("{A {message}", "{A b")


@pytest.mark.parametrize(("line", "expected"), [("a b c", True), ("a c", True), ("a d c", False)])
def test_an_optional_group_may_be_absent(line, expected):
    assert fits("a {?b ?}c", line) is expected


@pytest.mark.parametrize(("line", "expected"), [("x", True), ("x1", True), ("x12", True), ("x2", False)])
def test_optional_groups_nest(line, expected):
    assert fits("x{?1{?2?}?}{end}{?.?}!", line + "!") is expected


def test_a_message_is_the_rest_of_the_line():
    assert read("{level}: {message}", "INFO: a b  c ").message == "a b  c"


def test_a_message_may_be_empty():
    assert read("{level}: {message}", "INFO: ").message == ""


def test_a_layout_without_a_message_takes_what_is_left():
    assert read("{level}:", "INFO: done").message == "done"


def test_begin_and_end_mark_a_message_inside_the_line():
    record = read('{begin}"{text+}"{end} {status}', '"GET /" 404')
    assert (record.message, record.status) == ('"GET /"', 404)


def test_a_component_at_the_end_is_cut_off_the_message():
    record = read("{level} {message} ({component})", "INFO hello (world) (kafka.Log)")
    assert (record.message, record.component) == ("hello (world)", "kafka.Log")


@pytest.mark.parametrize("line", ["INFO hello", "INFO hello (a b)", "INFO hello(x)"])
def test_a_line_without_a_component_at_its_end_does_not_fit(line):
    assert not fits("{level} {message} ({component})", line)


@pytest.mark.parametrize("word", ["INFO", "info", "Information", "STATEMENT", "wrn"])
def test_a_level_is_a_severity_word_in_any_case(word):
    assert fits("{level} {message}", f"{word} hello")


@pytest.mark.parametrize("word", ["-", "hello", "INFORM", "INFO1", "IN", "catastrophically"])
def test_a_level_is_no_other_word(word):
    assert not fits("{level} {message}", f"{word} hello")


@pytest.mark.parametrize(
    ("letter", "level"),
    [
        ("I", "INFO"),
        ("D", "DEBUG"),
        ("W", "WARNING"),
        ("E", "ERROR"),
        ("F", "CRITICAL"),
        ("C", "CRITICAL"),
        ("T", "TRACE"),
        ("V", "TRACE"),
        ("N", "NOTICE"),
    ],
)
def test_level1_is_one_letter(letter, level):
    assert read("{level1}/{message}", f"{letter}/hello").level == level


@pytest.mark.parametrize("line", ["X/hello", "i/hello", "/hello", "II/hello"])
def test_level1_is_no_other_letter(line):
    assert not fits("{level1}/{message}", line)


@pytest.mark.parametrize(
    ("priority", "level"),
    [
        (0, "CRITICAL"),
        (34, "CRITICAL"),
        (3, "ERROR"),
        (12, "WARNING"),
        (13, "NOTICE"),
        (14, "INFO"),
        (191, "DEBUG"),
    ],
)
def test_the_lowest_three_bits_of_a_priority_are_the_severity(priority, level):
    assert read("<{priority}>{message}", f"<{priority}>x").level == level


@pytest.mark.parametrize("priority", ["192", "1000", "", "x"])
def test_a_priority_is_a_number_up_to_191(priority):
    assert not fits("<{priority}>{message}", f"<{priority}>x")


def test_a_component_has_no_blanks():
    assert read("{component}: {message}", "a/b(c)[1]: x").component == "a/b(c)[1]"
    assert not fits("{component}: {message}", "a b: x")


def test_a_component_that_ends_in_plus_may_have_blanks():
    assert read("[{component+}] {message}", "[a b  c] x").component == "a b  c"


def test_padding_behind_a_component_is_not_part_of_it():
    assert read("[{component+}] {message}", "[main      ] x").component == "main"


def test_a_name_is_letters_digits_and_four_marks():
    assert read("{name}: {message}", "a.B_c$d-1: x").component == "a.B_c$d-1"
    assert not fits("{name}: {message}", "a/b: x")


def test_a_field_is_skipped():
    record = read("{thread} {message}", "main hello")
    assert (record.component, record.message) == (None, "hello")


def test_a_field_is_not_empty():
    assert not fits("[{thread}] {message}", "[] hello")


def test_a_field_goes_on_where_the_rest_of_the_layout_does_not_fit():
    assert read("{component}: {message}", "a:b:c: x").component == "a:b:c"


def test_a_field_with_blanks_goes_on_where_the_rest_of_the_layout_does_not_fit():
    assert read("[{component+}] {level} {message}", "[a] b] INFO x").component == "a] b"


@pytest.mark.parametrize(("number", "expected"), [("7", True), ("1" * 20, True), ("1" * 21, False), ("x", False)])
def test_digits_are_up_to_twenty(number, expected):
    assert fits("{digits} {message}", f"{number} x") is expected


@pytest.mark.parametrize(("status", "level"), [(200, "INFO"), (304, "INFO"), (404, "WARNING"), (503, "ERROR")])
def test_a_status_says_the_level(status, level):
    record = read("{status} {message}", f"{status} x")
    assert (record.status, record.level) == (status, level)


@pytest.mark.parametrize("status", ["099", "600", "20", "2000", "abc"])
def test_a_status_is_a_number_of_http(status):
    assert not fits("{status} {message}", f"{status} x")


def test_a_level_in_the_line_wins_over_that_of_the_status():
    assert read("{level} {status} {message}", "DEBUG 503 x").level == "DEBUG"


def test_time_is_the_pattern_that_is_given():
    expected = dt.datetime(2026, 3, 14, 9, 26, 53, tzinfo=dt.UTC)
    assert read("[{time}] {message}", "[2026-03-14T09:26:53Z] x", time=ISO).time == expected


def test_time_may_name_its_own_pattern():
    expected = dt.datetime(2026, 3, 14, tzinfo=dt.UTC)
    assert read("{time:%d.%m.%Y} {message}", "14.03.2026 x").time == expected


def test_digits_that_run_into_each_other_are_told_apart_by_their_number():
    expected = dt.datetime(2026, 3, 14, 9, 26, 53, tzinfo=dt.UTC)
    assert read("{time:%Y%m%d%H%M%S} {message}", "20260314092653 x").time == expected


def test_the_earlier_layout_wins():
    layouts = [Layout(format="t", text="{level} {message}"), Layout(format="t", text="{message}")]
    records = read_text(b"INFO x\nhello\n", tables=build_tables(layouts))
    assert [record.program for record in records] == [0, 1]


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ("{?a", "never closed"),
        ("a?}", "without"),
        ("{message} x", "nothing may follow"),
        ("{message} [{component}]", "nothing may follow"),
        ("{time:%Q} {message}", "unknown directive %Q"),
        ("{time} {message}", "no timestamp pattern"),
        ("{time:} {message}", "no timestamp pattern"),
        ("{thread+}", "something must follow"),
        ("{thread}{name}", "follows a field directly"),
        ("{thread}{?{name}?}", "follows a field directly"),
        ("{thread}{time:%Y}", "follows a field directly"),
    ],
)
def test_a_malformed_layout_is_an_error_that_shows_it(layout, said):
    with pytest.raises(FormatError, match=said) as caught:
        compile_layout(layout)
    assert repr(layout) in str(caught.value)


def test_offsets_of_a_layout_are_its_own():
    code = compile_layout("ab{?cd?}{x}e")
    assert code.pool == b"abcde"
    assert [operation[0] for operation in code.operations] == [
        Op.LITERAL,
        Op.OPTIONAL,
        Op.LITERAL,
        Op.FIELD,
        Op.LITERAL,
    ]
    assert code.operations[1][1] == 3
    assert code.stops == (frozenset(b"e \t"),)


@given(text=st.text(alphabet="ab{}?%+ :time[]nlvYsg", max_size=24))
def test_any_text_compiles_or_is_a_format_error(text):
    try:
        code = compile_layout(text, time="%Y")
    except FormatError:
        return
    assert all(operation[0] in set(Op) for operation in code.operations)
