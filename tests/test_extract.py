"""The second pass: the lines of findings and those around them, from plain and compressed files, without secrets."""

import gzip
import lzma
from bz2 import compress as bz2_compress
from dataclasses import replace

import pytest
import zstandard

from loganomaly.extract import AFTER, BEFORE, Excerpt, excerpts, with_lines
from loganomaly.findings import Finding, Location, Subject
from loganomaly.reading.detect import detect
from loganomaly.reading.lines import fits_layout, record_lines, time_of
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import open_source
from loganomaly.redaction.secrets import redact
from loganomaly.testing import log_line
from loganomaly.traces import Trace

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
        lambda places: excerpts(source, places[0]),
        record_lines=lambda _, text: record_lines(text, tables),
        fits_layout=lambda _, line: fits_layout(line, tables),
        time_of=lambda _, text: time_of(text, tables),
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


TRACE = [
    "java.lang.IllegalStateException: no cart\n",
    "\tat shop.Cart.add(Cart.java:7)\n",
    "Caused by: java.io.IOException: disk full, password=hunter2x\n",
    "\tat java.base/java.io.File.write(File.java:3)\n",
    "\tat shop.Store.save(Store.java:42)\n",
]


def test_the_trace_of_a_record_names_its_root_cause_by_its_line_in_the_file(tmp_path):
    (found,) = extracted(tmp_path, "".join([*LINES[:20], *TRACE, *LINES[20:]]), 19)
    assert found.trace == Trace(
        language="java",
        exception="java.io.IOException",
        message="disk full, password=<password>",
        line=23,
        function="shop.Store.save",
        file="Store.java",
        file_line=42,
        own=True,
    )


def test_a_trace_of_another_record_is_not_that_of_the_finding(tmp_path):
    found = extracted(tmp_path, "".join([*LINES[:20], *TRACE, *LINES[20:]]), 18, 20 + len(TRACE))
    assert [f.trace for f in found] == [None, None]


def test_a_root_cause_far_below_what_is_shown_is_found(tmp_path):
    frames = [f"\tat shop.web.filters.Filter{i}.doFilter(Filter{i}.java:{i})\n" for i in range(900)]
    trace = [TRACE[0], *frames, *TRACE[2:]]
    assert sum(map(len, trace)) > 40_000
    (found,) = extracted(tmp_path, "".join([*LINES[:20], *trace, *LINES[20:]]), 19)
    assert (found.trace.line, found.trace.function) == (20 + 902, "shop.Store.save")
    assert found.trace.message == "disk full, password=<password>"
    assert found.log.count("\n") == 39


def test_a_trace_in_a_file_of_few_timestamps_belongs_to_its_record(tmp_path):
    trace = [
        log_line(20, "order 7 failed").replace("INFO", "ERROR"),
        "Traceback (most recent call last):\n",
        '  File "/app/shop.py", line 42, in charge\n',
        "ValueError: no cart\n",
    ]
    loose = [line for i in range(30) for line in (LINES[i], *[f"row {k} of {i}\n" for k in range(9)])]
    (found,) = extracted(tmp_path, "".join([*loose, *trace, *LINES[30:]]), len(loose))
    assert found.log.endswith("\nValueError: no cart")
    assert (found.trace.exception, found.trace.line) == ("ValueError", len(loose) + 4)


def test_a_trace_in_a_row_of_a_frame_is_at_that_row():
    excerpt = Excerpt(data="".join(TRACE).encode(), start=0, size=len(TRACE))
    (found,) = with_lines(
        [finding(Location(source=0, line=8, offset=0))],
        lambda places: [(place, excerpt) for place in places[0]],
        record_lines=lambda *_: pytest.fail("the size is known"),
        fits_layout=lambda *_: pytest.fail("the size is known"),
        time_of=lambda *_: None,
        clean=str,
    )
    assert (found.trace.line, found.trace.function) == (9, "shop.Store.save")


@pytest.mark.parametrize("name", ["a.log", "b.log.gz"])
def test_places_near_to_each_other_are_read_once(tmp_path, monkeypatch, name):
    text = "".join(LINES * 400)
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    (source,) = find_sources([str(tmp_path / name)], spool_dir=tmp_path).sources
    read = []

    class Counted:
        def __init__(self, stream):
            self.stream = stream

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.stream.close()

        def seek(self, offset):
            assert offset >= self.stream.tell()
            return self.stream.seek(offset)

        def read(self, size):
            read.append(self.stream.read(size))
            return read[-1]

    monkeypatch.setattr("loganomaly.extract.open_source", lambda source: Counted(open_source(source)))
    data = text.encode()
    places = [place(text, line) for line in (0, 1, 500, 900, 9_000, 15_990, 15_999)]
    for location, excerpt in excerpts(source, places):
        assert excerpt.data[excerpt.start :].split(b"\n")[0] == data[location.offset :].split(b"\n")[0]
        assert data[location.offset : location.offset + 100_000].startswith(excerpt.data[excerpt.start :])
        assert (excerpt.data[excerpt.start :] + excerpt.more) == data[location.offset : location.offset + 131_072]
    assert sum(map(len, read)) <= len(data)


def test_lines_just_before_the_damage_of_a_file_are_shown(tmp_path):
    text = "".join(LINES * 200)
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(text.encode())[:-9])
    (source,) = find_sources([str(path)], spool_dir=tmp_path).sources
    places = [place(text, line) for line in (7_000, 7_010, 7_020)]
    found = dict(excerpts(source, places))
    assert [found[p].data[found[p].start :].decode().split("\n")[0] + "\n" for p in places] == [
        (LINES * 200)[line] for line in (7_000, 7_010, 7_020)
    ]


def test_a_record_whose_size_is_known_is_not_looked_at_for_its_end():
    excerpt = Excerpt(data=b"before\nfirst\nsecond\nafter\n", start=7, size=2)
    (found,) = with_lines(
        [finding(Location(source=0, line=1, offset=7))],
        lambda places: [(place, excerpt) for place in places[0]],
        record_lines=lambda *_: pytest.fail("the size is known"),
        fits_layout=lambda *_: pytest.fail("the size is known"),
        time_of=lambda *_: None,
        clean=str,
    )
    assert (found.before, found.log, found.after) == (("before",), "first\nsecond", ("after",))


def sampled(tmp_path, text, own, *lines, pack=bytes, name="a.log"):
    """Return the samples of a finding on a line of a text, which names other lines too."""
    path = tmp_path / name
    path.write_bytes(pack(text.encode()))
    (source,) = find_sources([str(path)], spool_dir=tmp_path).sources
    places = tuple(place(text, line) for line in (own, *lines))
    (found,) = with_lines(
        [replace(finding(places[0]), places=places)],
        lambda places: excerpts(source, places[0]),
        record_lines=lambda *_: 1,
        fits_layout=lambda *_: True,
        time_of=lambda *_: None,
        clean=redact,
    )
    return [(sample.source, sample.line, sample.text) for sample in found.samples]


@pytest.mark.parametrize(("pack", "name"), [(bytes, "a.log"), (gzip.compress, "a.log.gz")])
def test_samples_are_the_lines_at_the_places_of_a_finding_in_the_order_of_the_log(tmp_path, pack, name):
    text = "".join(LINES)
    expected = [(0, line, LINES[line].rstrip("\n")) for line in (3, 20, 39)]
    assert sampled(tmp_path, text, 20, 39, 3, pack=pack, name=name) == expected


def test_a_sample_that_says_what_another_says_is_left_out(tmp_path):
    text = "".join(["job done\n"] * 9 + ["job lost\n"])
    assert sampled(tmp_path, text, 9, 0, 5) == [(0, 0, "job done"), (0, 9, "job lost")]


def test_samples_hold_no_secret_that_is_in_them_or_goes_on_in_them(tmp_path):
    key = "".join(f"MIIEvQIBADANBgkqhkiG9w0BAQ{i:02}abcdefgh\n" for i in range(20))
    text = "login password=hunter2x ok\n-----BEGIN PRIVATE KEY-----\n" + key + "-----END PRIVATE KEY-----\ndone\n"
    shown = " ".join(line for _, _, line in sampled(tmp_path, text, 0, 1, 2, 15, 22))
    assert "hunter2x" not in shown
    assert "MIIE" not in shown
    assert "<password>" in shown


def test_a_sample_is_the_first_line_of_its_record_cut_if_it_is_long(tmp_path):
    text = LINES[0] + "\tat shop.Cart.add(Cart.java:7)\n" + LINES[1].rstrip("\n") + "y" * 5_000 + "\n"
    first, second = (line for _, _, line in sampled(tmp_path, text, 0, 2))
    assert first == LINES[0].rstrip("\n")
    assert second.startswith(LINES[1].rstrip("\n"))
    assert len(second) == 1_000


def test_each_source_is_read_once_for_all_of_its_findings():
    asked = []

    def fetch(by_source):
        for source, places in by_source.items():
            asked.append((source, sorted(p.line for p in places)))
            yield from [(p, Excerpt(data=f"{source} {p.line}\n".encode(), start=0, size=1)) for p in places]

    places = [Location(source=s, line=n, offset=0) for s, n in ((1, 5), (0, 7), (1, 2))]
    found = with_lines(
        [finding(p) for p in places],
        fetch,
        record_lines=lambda *_: 1,
        fits_layout=lambda *_: True,
        time_of=lambda place, _: place.line,
        clean=str,
    )
    assert asked == [(0, [7]), (1, [2, 5])]
    assert [(f.log, f.timestamp) for f in found] == [("1 5", 5), ("0 7", 7), ("1 2", 2)]
