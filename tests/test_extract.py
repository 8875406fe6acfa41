"""The second pass: the lines of findings and those around them, from plain and compressed files, without secrets."""

import gzip
import lzma
from bz2 import compress as bz2_compress

import pytest
import zstandard

from loganomaly.extract import AFTER, BEFORE, Excerpt, excerpts, with_lines
from loganomaly.findings import Finding, Location, Subject
from loganomaly.reading.detect import detect
from loganomaly.reading.lines import begins_record, time_of
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import open_source
from loganomaly.redaction.secrets import redact
from loganomaly.testing import log_line

LINES = [log_line(i, f"job {i} done") for i in range(40)]


def finding(location, name="t"):
    return Finding(
        id=name,
        subject=Subject(kind="template", name=name),
        template_id=name,
        template="",
        score=0.6,
        classification="rare_event",
        reason="",
        tags=(),
        component=None,
        severity="INFO",
        count=1,
        first_time=None,
        last_time=None,
        location=location,
        evidence=(),
    )


def place(text, line, *, source=0):
    """Return the location of a line of a text."""
    lines = text.encode().split(b"\n")
    return Location(source=source, line=line, offset=sum(len(one) + 1 for one in lines[:line]))


def extracted(tmp_path, text, *lines, pack=bytes, name="a.log"):
    """Return the findings on lines of a text that was written to a file."""
    path = tmp_path / name
    path.write_bytes(pack(text.encode()))
    (source,) = find_sources([str(path)], spool_dir=tmp_path).sources
    with open_source(source) as stream:
        tables = detect(stream.read()).tables()
    return with_lines(
        [finding(place(text, line), name=str(line)) for line in lines],
        lambda _, places: excerpts(source, places),
        begins_record=lambda _, line: begins_record(line, tables),
        time_of=lambda _, line: time_of(line, tables),
        clean=redact,
    )


def plain(lines):
    return tuple(line.rstrip("\n") for line in lines)


def test_a_finding_gets_its_line_its_time_and_the_lines_around_it(tmp_path):
    (found,) = extracted(tmp_path, "".join(LINES), 20)
    assert found.log == LINES[20].rstrip("\n")
    assert found.before == plain(LINES[20 - BEFORE : 20])
    assert found.after == plain(LINES[21 : 21 + AFTER])
    assert found.timestamp == 1_773_478_820 * 1_000_000


def test_the_first_line_has_nothing_before_it(tmp_path):
    (found,) = extracted(tmp_path, "".join(LINES), 0)
    assert (found.log, found.before, found.after) == (LINES[0].rstrip("\n"), (), plain(LINES[1 : 1 + AFTER]))


@pytest.mark.parametrize("end", ["\n", ""])
def test_the_last_line_has_nothing_after_it(tmp_path, end):
    (found,) = extracted(tmp_path, "".join(LINES).rstrip("\n") + end, 39)
    assert (found.log, found.before, found.after) == (LINES[39].rstrip("\n"), plain(LINES[36:39]), ())


def test_a_file_of_one_line_is_that_line(tmp_path):
    (found,) = extracted(tmp_path, LINES[0], 0)
    assert (found.log, found.before, found.after) == (LINES[0].rstrip("\n"), (), ())


def test_findings_keep_their_order_whatever_the_order_of_their_lines(tmp_path):
    found = extracted(tmp_path, "".join(LINES), 30, 2, 30, 11)
    assert [f.id for f in found] == ["30", "2", "30", "11"]
    assert [f.log for f in found] == [LINES[i].rstrip("\n") for i in (30, 2, 30, 11)]


def test_a_record_of_several_lines_is_shown_whole_and_what_follows_it_after_it(tmp_path):
    trace = ["java.lang.IllegalStateException: no cart\n", *(f"\tat shop.Cart.add(Cart.java:{i})\n" for i in range(5))]
    (found,) = extracted(tmp_path, "".join([*LINES[:20], *trace, *LINES[20:]]), 19)
    assert found.log == "".join([LINES[19], *trace]).rstrip("\n")
    assert found.after == plain(LINES[20:23])


def test_of_an_endless_record_only_the_beginning_is_shown(tmp_path):
    trace = [f"\tat shop.Cart.add(Cart.java:{i})\n" for i in range(500)]
    (found,) = extracted(tmp_path, "".join([*LINES[:20], *trace, *LINES[20:]]), 19)
    assert found.log.count("\n") == 39


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2_compress, lzma.compress, lambda data: zstandard.ZstdCompressor().compress(data)],
    ids=["gzip", "bzip2", "xz", "zstd"],
)
def test_lines_of_compressed_files_are_the_same(tmp_path, pack):
    text = "".join(LINES * 100)
    places = (3_999, 0, 1_234)
    assert extracted(tmp_path, text, *places, pack=pack) == extracted(tmp_path, text, *places, name="b.log")


def test_carriage_returns_at_the_end_of_lines_are_left_out(tmp_path):
    text = "".join(line.replace("\n", "\r\n") for line in LINES)
    (found,) = extracted(tmp_path, text, 20)
    assert found.log == LINES[20].rstrip("\n")
    assert found.before + found.after == plain([*LINES[17:20], *LINES[21:24]])


def test_a_very_long_line_is_cut_and_its_end_is_not_taken_for_another(tmp_path):
    text = "".join([*LINES[:20], log_line(20, "x" * 100_000), *LINES[20:]])
    (found,) = extracted(tmp_path, text, 20)
    assert 1_000 < len(found.log) < 10_000
    assert found.log == log_line(20, "x" * 100_000)[: len(found.log)]
    assert found.before == plain(LINES[17:20])
    assert found.after == ()


def test_a_very_long_line_before_a_finding_is_left_out_rather_than_shown_from_its_middle(tmp_path):
    text = "".join([*LINES[:20], log_line(20, "x" * 100_000), *LINES[20:]])
    (found,) = extracted(tmp_path, text, 22)
    assert found.log == LINES[21].rstrip("\n")
    assert found.before == plain(LINES[20:21])


@pytest.mark.parametrize("line", [18, 19, 20])
def test_a_line_half_as_long_as_what_is_read_leaves_the_lines_beside_it_whole(tmp_path, line):
    long = log_line(19, "y" * 20_000)
    lines = [*LINES[:19], long, *LINES[20:]]
    (found,) = extracted(tmp_path, "".join(lines), line)
    assert found.log == lines[line].rstrip("\n")[:4_000]
    assert [text[:4_000] for text in found.before] == [text[:4_000] for text in plain(lines[line - 3 : line])]
    assert [text[:4_000] for text in found.after] == [text[:4_000] for text in plain(lines[line + 1 : line + 4])]


def test_a_long_file_that_ends_without_a_line_break_shows_its_last_line(tmp_path):
    text = "".join([*LINES, log_line(40, "z" * 20_000), log_line(41, "shut down")]).rstrip("\n")
    (found,) = extracted(tmp_path, text, 39)
    assert found.after[-1] == log_line(41, "shut down").rstrip("\n")


def test_secrets_are_masked_in_the_line_and_around_it(tmp_path):
    lines = [*LINES[:20], log_line(20, "password=hunter2x"), log_line(21, "password=hunter3x"), *LINES[22:]]
    for line in (19, 20, 21, 22):
        (found,) = extracted(tmp_path, "".join(lines), line)
        shown = "\n".join([*found.before, found.log, *found.after])
        assert "hunter" not in shown
        assert shown.count("password=<password>") == 2


@pytest.mark.parametrize("padding", range(3_960, 4_010, 3))
def test_a_secret_at_the_place_where_a_line_is_cut_is_masked(tmp_path, padding):
    secret = "AKIAZ5Q7RMB3XK2LPW4T"  # made up
    lines = [*LINES[:20], log_line(20, f"{'x' * padding} {secret} y"), *LINES[21:]]
    for line in (19, 20, 21):
        (found,) = extracted(tmp_path, "".join(lines), line)
        assert "AKIAZ" not in "\n".join([*found.before, found.log, *found.after])


def test_a_record_whose_size_is_known_is_not_looked_at_for_its_end():
    excerpt = Excerpt(data=b"before\nfirst\nsecond\nafter\n", start=7, size=2)
    (found,) = with_lines(
        [finding(Location(source=0, line=1, offset=7))],
        lambda _, places: dict.fromkeys(places, excerpt),
        begins_record=lambda *_: pytest.fail("the size is known"),
        time_of=lambda *_: None,
        clean=str,
    )
    assert (found.before, found.log, found.after) == (("before",), "first\nsecond", ("after",))


def test_each_source_is_read_once_for_all_of_its_findings():
    asked = []

    def fetch(source, places):
        asked.append((source, sorted(p.line for p in places)))
        return {p: Excerpt(data=f"{source} {p.line}\n".encode(), start=0, size=1) for p in places}

    places = [Location(source=s, line=n, offset=0) for s, n in ((1, 5), (0, 7), (1, 2))]
    found = with_lines(
        [finding(p) for p in places],
        fetch,
        begins_record=lambda *_: True,
        time_of=lambda place, _: place.line,
        clean=str,
    )
    assert asked == [(0, [7]), (1, [2, 5])]
    assert [(f.log, f.timestamp) for f in found] == [("1 5", 5), ("0 7", 7), ("1 2", 2)]
