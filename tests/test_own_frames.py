"""Stack traces whose every line has a timestamp of its own, and formats that show by marks what writes a source."""

import numpy as np
import pytest

from loganomaly.errors import FormatError
from loganomaly.reading.detect import detect
from loganomaly.reading.formats import parse_format
from loganomaly.reading.lines import time_of
from loganomaly.reading.records import last_record_start
from loganomaly.testing import read_text

T = "2026-03-14T09:26:54.1000000Z "
PYTHON = [
    "Traceback (most recent call last):",
    '  File "a.py", line 3, in <module>',
    "    pay(17)",
    "    ^^^^^^^",
    "ValueError: no order",
]
JAVA = ["java.lang.Error: x", "\tat a.B.c(B.java:3)", "Caused by: java.io.IOException: y", "\t... 3 more"]


def written(*messages):
    return "".join(f"{T}{message}\n" for message in messages).encode()


def read(data):
    """Return message and lines of each record."""
    return [(record.message, record.lines) for record in read_text(data, tables=detect(data).tables())]


def test_frames_belong_to_the_exception_and_the_exception_of_python_says_what_happened():
    assert read(written("##[group]Run", *PYTHON, *JAVA, "##[endgroup]")) == [
        ("##[group]Run", 1),
        (PYTHON[0], 4),
        (PYTHON[4], 1),
        (JAVA[0], 4),
        ("##[endgroup]", 1),
    ]


@pytest.mark.parametrize(
    "message", ["at noon", "... 3 more", "  ... and so on", "  shell: bash", 'File "a" is missing']
)
def test_what_is_no_frame_begins_a_record(message):
    data = written("##[group]Run", "first", message)
    assert [lines for _, lines in read(data)] == [1, 1, 1]


def test_without_its_mark_frames_of_a_timestamped_log_are_read_as_before():
    assert [lines for _, lines in read(written("first", *JAVA))] == [1, 1, 1, 1, 1]


def test_a_level_that_the_sample_lacks_is_read_all_the_same():
    data = written(*["##[group]Run", "x"] * 300)
    record = read_text(written("##[error]failed"), tables=detect(data).tables())[0]
    assert (record.level, record.message) == ("ERROR", "failed")


def test_a_chunk_is_not_cut_within_a_trace():
    head, trace = written("##[group]Run", "first"), written(*JAVA)
    tables = detect(head + trace).tables()
    assert last_record_start(np.frombuffer(head + trace, np.uint8), tables) == len(head)


def test_the_time_of_a_record_of_many_lines_may_stand_in_any_of_them():
    event = (
        b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>\n <System>\n"
        b"  <Provider Name='Orders'/>\n  <EventID>1</EventID>\n  <Level>2</Level>\n"
        b"  <TimeCreated SystemTime='1970-01-01T00:00:01Z'/>\n </System>\n</Event>\n"
    )
    assert time_of(event, detect(event * 3).tables()) == 1_000_000


@pytest.mark.parametrize(
    ("line", "problem"),
    [("frames: both", "frames is one of"), ("marks: x", "marks is a list"), ("sign: 1", "may have")],
)
def test_a_malformed_format_is_refused(line, problem):
    text = f"name: x\ntitle: x\nlayouts: ['{{message}}']\nsamples: [{{line: x}}]\n{line}\n"
    with pytest.raises(FormatError, match=problem):
        parse_format(text, origin="x.yaml")
