"""Stack traces: the exception that it all began with, and the top frame of the user's own code."""

import dataclasses
import json

import pytest

from loganomaly.traces import Trace, read_trace
from loganomaly.traces.language import Kind, load_languages
from loganomaly.traces.lines import LONGEST_LINE, plain_lines, unescaped

SAMPLES = [
    pytest.param(language.name, sample["text"], sample["trace"], id=f"{language.name}-{number}")
    for language in load_languages()
    for number, sample in enumerate(language.samples)
]
TEXTS = {str(param.id): param.values[1] for param in SAMPLES}
JAVA = "java.lang.IllegalStateException: no cart\n\tat com.acme.Cart.pay(Cart.java:7)\n"


def cause(text):
    """Return type and message of the root cause, the line, and the frame."""
    found = read_trace(text)
    return found and (found.exception, found.message, found.line, found.function, found.file, found.file_line)


@pytest.mark.parametrize(("language", "text", "expected"), SAMPLES)
def test_the_samples_of_the_data_files_are_read_as_they_say(language, text, expected):
    assert dataclasses.asdict(read_trace(text)) == {"language": language, **expected}


@pytest.mark.parametrize(("language", "text", "expected"), SAMPLES)
def test_bytes_and_other_line_ends_are_read_the_same(language, text, expected):
    assert dataclasses.asdict(read_trace(text.replace("\n", "\r\n").encode())) == {"language": language, **expected}


@pytest.mark.parametrize(("language", "text", "expected"), SAMPLES)
def test_a_trace_in_a_string_of_json_is_read_the_same_but_for_its_line(language, text, expected):
    line = json.dumps({"level": "error", "stack": text, "thread": 7})
    assert dataclasses.asdict(read_trace(line)) == {"language": language, **expected, "line": 1}
    assert read_trace(f"first line\n{line}").line == 2


@pytest.mark.parametrize(("language", "text", "expected"), SAMPLES)
def test_a_trace_below_a_line_of_log_is_read_the_same(language, text, expected):
    record = f"2026-03-14 09:26:53 ERROR [web] request failed\n{text}"
    assert dataclasses.asdict(read_trace(record)) == {"language": language, **expected, "line": expected["line"] + 1}


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.name)
def test_each_pattern_of_a_language_is_that_of_a_line_of_its_samples(language):
    lines = [line for sample in language.samples for line in _readable(sample["text"])]
    unused = [pattern.pattern for _, pattern in language.lines if not any(map(pattern.match, lines))]
    assert unused == []


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.name)
def test_what_is_not_own_is_listed_once_and_in_order(language):
    for names in (language.foreign.functions, language.foreign.folders, language.foreign.places):
        assert list(names) == sorted(set(names))


def _readable(text):
    return [line for one in (text, *unescaped(text)) for line in plain_lines(one)]


def test_every_kind_of_line_is_that_of_some_language():
    assert {kind for language in load_languages() for kind, _ in language.lines} == set(Kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "2026-03-14 09:26:53 INFO looked at 7 orders (all fine)",
        "java.lang.IllegalStateException: a type and a message alone are no trace",
        "Error: settings\n  0: eth0\n  1: wlan0",
        "config:\n  0: eth0\n  1: wlan0",
        "Caused by: a loose cable",
        "panic: no frames",
        "at noon (12:00)\nat midnight()",
        "steps\n#1 open the box\n#2 close it",
        "File x, line 3\nName: value",
        "C:\\new\\table at 7:30",
        "\x00\x01\ud800",
    ],
)
def test_other_text_is_no_trace(text):
    assert read_trace(text) is None


@pytest.mark.parametrize(
    "prefix",
    [
        "2026-03-14T09:26:53.123456789Z stderr F ",
        "web-1  | ",
        "Mar 14 09:26:53 web1 shop[77]: ",
    ],
)
def test_what_a_container_or_the_journal_writes_before_each_line_is_left_out(prefix):
    text = "".join(prefix + line + "\n" for line in JAVA.splitlines())
    assert cause(text) == ("java.lang.IllegalStateException", "no cart", 1, "com.acme.Cart.pay", "Cart.java", 7)


def test_colours_are_left_out():
    text = f"\x1b[31m{JAVA}".replace("no cart", "\x1b[1mno cart\x1b[0m")
    assert cause(text)[:2] == ("java.lang.IllegalStateException", "no cart")


def test_indentation_does_not_matter():
    text = TEXTS["java-0"].replace("\t", "")
    assert cause(text) == cause(TEXTS["java-0"]) == cause(TEXTS["java-0"].replace("\t", "        "))


def test_frames_in_common_with_the_exception_before_are_those_of_the_cause_too():
    text = (
        "com.acme.OrderException: 7\n"
        "\tat com.acme.Orders.place(Orders.java:17)\n"
        "\tat java.base/java.lang.Thread.run(Thread.java:833)\n"
        "Caused by: java.io.IOException: gone\n"
        "\tat java.base/java.io.File.read(File.java:3)\n"
        "\t... 2 more\n"
    )
    assert read_trace(text).function == "com.acme.Orders.place"
    assert read_trace(text.replace("2 more", "1 more")) == dataclasses.replace(
        read_trace(text), function="java.io.File.read", file="File.java", file_line=3, own=False
    )


def test_a_trace_that_was_cut_off_says_what_is_left():
    assert cause(JAVA.split("\n", 1)[1]) == (None, "", 1, "com.acme.Cart.pay", "Cart.java", 7)
    assert cause(JAVA + "Caused by: java.io.IOException: gone") == ("java.io.IOException", "gone", 3, None, None, None)


def test_a_message_of_several_lines_is_its_first():
    text = JAVA.replace("no cart", "no cart\nHint: look again\n\n  in the shop")
    assert cause(text)[:3] == ("java.lang.IllegalStateException", "no cart", 1)


def test_of_two_traces_the_first_counts():
    assert read_trace(JAVA + "\nlater\n" + TEXTS["java-2"]) == read_trace(JAVA)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_beginning_and_end_of_a_trace_can_be_read(name):
    lines = TEXTS[name].split("\n")
    for count in range(len(lines)):
        for some in (lines[:count], lines[count:]):
            found = read_trace("\n".join(some))
            assert found is None or (isinstance(found, Trace) and 1 <= found.line <= len(some))


def test_a_thousand_frames_do_not_hide_the_cause():
    frames = "".join(f"\tat com.acme.Deep.call(Deep.java:{i})\n" for i in range(1_000))
    text = f"java.lang.RuntimeException: top\n{frames}Caused by: java.lang.StackOverflowError\n{frames}"
    assert cause(text) == ("java.lang.StackOverflowError", "", 1002, "com.acme.Deep.call", "Deep.java", 0)


HOSTILE = [
    "(",
    "a.",
    "A::",
    "\\",
    '"',
    '\\"',
    '"\\n',
    "at a.b(",
    " in a:1",
    "Uncaught A: ",
    "AError (",
    "---> ",
    "\x1b[",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_lines_are_read_in_time_that_grows_as_they_do(piece):
    # What grows faster takes minutes here.
    line = "at " + piece * (LONGEST_LINE // len(piece))
    assert read_trace("\n".join([JAVA.rstrip(), *[line] * 300])).line == 1
    read_trace("at " + piece * (200_000 // len(piece)))


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.name)
def test_no_pattern_is_slow_on_what_nearly_fits_it_again_and_again(language):
    lines = {line.strip() for sample in language.samples for line in sample["text"].split("\n")} - {""}
    pieces = [piece for line in sorted(lines) for piece in (f"{line} ", line[:-1] or line, line[: len(line) // 2 + 1])]
    for piece in pieces:
        text = piece * (LONGEST_LINE // len(piece) + 1)
        for _, pattern in language.lines:
            pattern.match(text)
            pattern.match(f"\tat {text}")
