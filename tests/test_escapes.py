import gzip
import io
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.escapes import without_escapes
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import Source, open_source, read_head, read_tail
from loganomaly.scan.opening import prepare
from loganomaly.scan.search import Search

COLOURED = b"\x1b[2m2024-05-01T12:00:00Z\x1b[0m \x1b[1;32m INFO\x1b[0m \x1b]0;title\x07ready\n"
PLAIN = b"2024-05-01T12:00:00Z  INFO ready\n"


def cleaned(data, *, size=1 << 20):
    return b"".join(without_escapes(data[i : i + size] for i in range(0, len(data), size)))


def source_of(folder, data, *, compression="none", encoding="utf-8"):
    path = Path(folder) / "some.log"
    path.write_bytes(data)
    return Source(name="some.log", path=path, compression=compression, encoding=encoding, size=len(data), modified=0.0)


def content(source):
    with open_source(source) as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("sequence", "rest"),
    [
        (b"\x1b[31m", b""),
        (b"\x1b[38;2;10;20;30m", b""),
        (b"\x1b[?25l\x1b[2K\x1b[1G", b""),
        (b"\x1b[ q", b""),
        (b"\x1b]0;user@host: ~\x07", b""),
        (b"\x1b]8;;http://a.example/\x1b\\", b""),
        (b"\x1bP1$r0m\x1b\\", b""),
        (b"\x1b(B\x1b)0", b""),
        (b"\x1b7\x1b8\x1bM\x1b=\x1bc", b""),
        (b"\x1b\x1b[31m", b""),
        (b"\x1b\t", b"\t"),
        (b"\x1b]0;open\x1b[1m", b""),
        (b"\x1b[31\xc3\xa9", "é".encode()),
        (b"\x1b\xc3\xa9", "é".encode()),
        (b"\x1b[31\n", b"\n"),
        (b"\x1b]0;open\n", b"\n"),
        (b"\x1b]0;open\r\n", b"\r\n"),
        (b"\x1b\n", b"\n"),
        (b"10%\r20%", b"10%\r20%"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
def test_a_sequence_goes_and_everything_else_stays_wherever_blocks_are_cut(sequence, rest, size):
    assert cleaned(b"before " + sequence + b" after\n", size=size) == b"before " + rest + b" after\n"


def test_a_sequence_that_does_not_end_hides_no_more_than_a_line_or_some_thousand_bytes():
    assert cleaned(b"\x1b]0;" + b"x" * 5000 + b" seen\nnext\n").endswith(b"xx seen\nnext\n")
    assert cleaned(b"a\x1b]0;hidden\nnext\n") == b"a\nnext\n"
    assert cleaned(b"a\x1b[" + b"1" * 10_000 + b"\n").endswith(b"111\n")


@given(st.lists(st.sampled_from([b"\x1b", b"[", b"]", b"0;1", b"m", b"\x07", b"\\", b"\n", b"\r", b"P", b"(", b"x"])))
def test_the_cuts_between_blocks_do_not_matter_and_no_line_break_is_lost(parts):
    data = b"".join(parts)
    whole = cleaned(data)
    assert b"\x1b" not in whole
    assert whole.count(b"\n") == data.count(b"\n")
    assert [cleaned(data, size=size) for size in (1, 2, 3)] == [whole] * 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_colours_are_gone_from_every_kind_of_source(tmp_path, encoding, pack):
    data = (COLOURED * 1000).decode().encode(encoding)
    compression = "none" if pack is bytes else "gzip"
    source = source_of(tmp_path, pack(data), compression=compression, encoding=encoding)
    assert content(source) == PLAIN * 1000
    assert read_head(source, size=len(PLAIN)) == PLAIN


def test_a_coloured_file_is_read_as_a_plain_one(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(COLOURED * 100)
    (source,) = find_sources([str(path)]).sources
    path = tmp_path / "plain.log"
    path.write_bytes(PLAIN * 100)
    (plain,) = find_sources([str(path)]).sources
    assert content(source) == content(plain)
    detected = [prepare(s, number=0, group=0, search=Search(floods=None)).detected for s in (source, plain)]
    assert detected[0].layouts == detected[1].layouts
    assert detected[0].share == 1.0


LATE = PLAIN * 100_000 + COLOURED * 1000  # the first escape character is 3 MB from the start
DELIVERED = PLAIN * 101_000


def test_a_first_escape_that_comes_late_is_removed_in_both_passes(tmp_path):
    source = source_of(tmp_path, LATE)
    place = len(DELIVERED) - 3 * len(PLAIN)
    for _ in range(2):
        with open_source(source) as stream:
            stream.seek(place)
            assert stream.read(len(PLAIN)) == PLAIN
        assert content(source) == DELIVERED


def test_a_seek_behind_an_escape_that_nobody_has_seen_yet_is_right(tmp_path):
    source = source_of(tmp_path, b"\xef\xbb\xbf" + LATE)
    with open_source(source) as stream:
        assert stream.seek(-len(PLAIN), os.SEEK_END) == len(DELIVERED) - len(PLAIN)
        assert stream.read() == PLAIN
        assert stream.seek(10) == 10
        assert stream.read(20) == DELIVERED[10:30]


def test_what_one_stream_has_looked_at_is_not_looked_at_again(tmp_path):
    source = source_of(tmp_path, PLAIN * 100_000)
    content(source)
    with open_source(source) as stream:
        read = []
        file = stream._keeper._raw._file
        file.read = read.append
        stream.seek(len(PLAIN) * 90_000)
        assert stream.read(len(PLAIN)) == PLAIN
    assert read == []


def test_the_last_bytes_of_a_plain_file_are_had_without_reading_it(tmp_path):
    source = source_of(tmp_path, LATE)
    assert read_tail(source, len(COLOURED)) == PLAIN
    assert source.memo.clean == 0
    assert read_tail(source_of(tmp_path, gzip.compress(LATE), compression="gzip"), 100) == b""


@settings(max_examples=80, deadline=None)
@given(
    parts=st.lists(st.sampled_from([b"plain text\n", b"\x1b[1m", b"\x1b]0;t\x07", b"x" * 40]), min_size=1, max_size=30),
    steps=st.lists(
        st.tuples(st.sampled_from([os.SEEK_SET, os.SEEK_END]), st.integers(0, 400), st.integers(0, 200)), max_size=8
    ),
)
def test_seeking_behaves_as_in_memory(parts, steps):
    data = b"".join(parts)
    memory = io.BytesIO(cleaned(data))
    end = len(memory.getvalue())
    with tempfile.TemporaryDirectory() as folder, open_source(source_of(folder, data)) as stream:
        for whence, target, size in steps:
            offset = min(target, end) if whence == os.SEEK_SET else -min(target, end)
            assert stream.seek(offset, whence) == memory.seek(offset, whence)
            assert stream.read(size) == memory.read(size)
            assert stream.tell() == memory.tell()
