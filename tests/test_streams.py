import bz2
import codecs
import gzip
import io
import itertools
import lzma
import os
import random
import tempfile
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.content import detect_encoding
from loganomaly.reading.decoders import detect_compression, peek
from loganomaly.reading.streams import Source, open_source, read_head

TEXT = b"".join(b"2024-05-01 12:00:00 INFO worker %d is ready\n" % (number * 7919) for number in range(60_000))
NOISE = random.Random(7).randbytes(300_000).hex().encode()  # hardly compressible: many compressed blocks

COMPRESS = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": zstandard.ZstdCompressor().compress,
}
SKIPPABLE_FRAME = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"seek"

compressions = pytest.mark.parametrize("compression", COMPRESS)


def source_of(folder, data, *, compression="none", encoding="utf-8"):
    path = folder / "some.log"
    path.write_bytes(data)
    return Source(name="some.log", path=path, compression=compression, encoding=encoding, size=len(data), modified=0.0)


def exhaust(read, got):
    while block := read():
        got += block


def read_until_error(stream, size):
    got = bytearray()
    with pytest.raises(InputUnreadableError) as caught:
        exhaust(lambda: stream.read(size), got)
    return bytes(got), str(caught.value)


@compressions
def test_compression_is_told_by_the_first_bytes(compression):
    assert detect_compression(COMPRESS[compression](TEXT)[:16]) == compression


@pytest.mark.parametrize("start", [b"", b"P", b"BZh9 is text", b"INFO", b"\x1f", b"\x28\xb5"])
def test_other_first_bytes_are_no_compression(start):
    assert detect_compression(start) == "none"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["INFO ready\n" * 9, "2024-05-01 12:00:01 ошибка 17 в модуле 4\r\n" * 9])
def test_encoding_is_told_without_a_byte_order_mark(encoding, text):
    assert detect_encoding(text.encode(encoding)) == encoding


def test_encoding_is_told_by_the_byte_order_mark_where_nothing_else_tells():
    assert detect_encoding(codecs.BOM_UTF16_LE + "日本語".encode("utf-16-le")) == "utf-16-le"
    assert detect_encoding(codecs.BOM_UTF16_BE + "日本語".encode("utf-16-be")) == "utf-16-be"
    assert detect_encoding(b"") == "utf-8"


def test_a_plain_file_is_delivered_as_it_is(tmp_path):
    with open_source(source_of(tmp_path, TEXT)) as stream:
        assert stream.read() == TEXT


@compressions
def test_a_compressed_file_is_delivered_whole(tmp_path, compression):
    source = source_of(tmp_path, COMPRESS[compression](TEXT), compression=compression)
    with open_source(source) as stream:
        assert b"".join(iter(lambda: stream.read(1 << 20), b"")) == TEXT


@compressions
def test_all_members_of_a_compressed_file_are_read(tmp_path, compression):
    pack = COMPRESS[compression]
    data = pack(TEXT) + pack(b"") + pack(NOISE) + b"\0" * 512
    with open_source(source_of(tmp_path, data, compression=compression)) as stream:
        assert stream.read() == TEXT + NOISE


def test_skippable_zstd_frames_are_passed_over(tmp_path):
    data = SKIPPABLE_FRAME + COMPRESS["zstd"](TEXT) + SKIPPABLE_FRAME
    assert detect_compression(data) == "zstd"
    with open_source(source_of(tmp_path, data, compression="zstd")) as stream:
        assert stream.read() == TEXT


@compressions
def test_output_far_larger_than_its_input_comes_in_bounded_blocks(tmp_path, compression):
    size = 64 << 20
    source = source_of(tmp_path, COMPRESS[compression](b"\n" * size), compression=compression)
    with open_source(source) as stream:
        lengths = [len(block) for block in iter(lambda: stream.read(1 << 20), b"")]
    assert sum(lengths) == size
    assert max(lengths) == 1 << 20


@compressions
@pytest.mark.parametrize("size", [1 << 10, 1 << 20, (1 << 20) + 1])
def test_a_truncated_file_delivers_what_lies_before_the_damage_and_then_raises(tmp_path, compression, size):
    # Two streams, the second cut short: all of the first lies before the damage.
    packed = COMPRESS[compression](NOISE)
    source = source_of(tmp_path, COMPRESS[compression](TEXT) + packed[:-9], compression=compression)
    with open_source(source) as stream:
        got, message = read_until_error(stream, size)
        assert (TEXT + NOISE).startswith(got)
        assert len(got) >= len(TEXT)
        assert "some.log" in message
        assert f"{len(got):,} bytes" in message
        with pytest.raises(InputUnreadableError):
            stream.read(1)


def test_a_truncated_gzip_file_loses_nothing_but_the_end(tmp_path):
    packed = gzip.compress(NOISE)
    with open_source(source_of(tmp_path, packed[:-8], compression="gzip")) as stream:
        assert read_until_error(stream, 1 << 20)[0] == NOISE


def test_a_truncated_gzip_file_gives_all_that_zlib_gives_wherever_it_is_cut(tmp_path):
    # Each byte of this stream stands for about a thousand: some cuts leave output inside zlib at the end.
    packed = gzip.compress(b"\n" * (3 << 20))
    middle = len(packed) // 3
    for cut in range(middle - 20, middle + 20):
        expected = zlib.decompressobj(wbits=31).decompress(packed[:cut])
        with open_source(source_of(tmp_path, packed[:cut], compression="gzip")) as stream:
            assert len(read_until_error(stream, 1 << 20)[0]) == len(expected)


def test_a_wrong_checksum_loses_no_byte(tmp_path):
    packed = bytearray(gzip.compress(TEXT))
    packed[-8] ^= 1
    with open_source(source_of(tmp_path, bytes(packed), compression="gzip")) as stream:
        assert read_until_error(stream, 1 << 16)[0] == TEXT


@compressions
def test_garbage_after_a_stream_raises_once_the_stream_is_delivered(tmp_path, compression):
    source = source_of(tmp_path, COMPRESS[compression](TEXT) + b"garbage" * 9, compression=compression)
    with open_source(source) as stream:
        assert read_until_error(stream, 1 << 20)[0] == TEXT


@compressions
def test_reading_a_damaged_file_whole_raises(tmp_path, compression):
    source = source_of(tmp_path, COMPRESS[compression](NOISE)[:-9], compression=compression)
    with open_source(source) as stream, pytest.raises(InputUnreadableError):
        stream.read()


@pytest.mark.parametrize(
    "read",
    [
        lambda stream: stream.read1(1 << 16),
        lambda stream: stream.readline(),
        lambda stream: stream.readinto(bytearray(1 << 16)),
        lambda stream: stream.readinto1(bytearray(1 << 16)),
    ],
    ids=["read1", "readline", "readinto", "readinto1"],
)
def test_no_way_of_reading_takes_damage_for_the_end(tmp_path, read):
    source = source_of(tmp_path, gzip.compress(NOISE)[:-9], compression="gzip")
    with open_source(source) as stream, pytest.raises(InputUnreadableError):
        exhaust(lambda: b"x" if read(stream) else b"", bytearray())


def test_iterating_over_lines_does_not_take_damage_for_the_end(tmp_path):
    source = source_of(tmp_path, gzip.compress(TEXT)[:-9], compression="gzip")
    with open_source(source) as stream, pytest.raises(InputUnreadableError):
        list(stream)


def test_a_damaged_file_can_be_read_again_from_its_start(tmp_path):
    source = source_of(tmp_path, gzip.compress(NOISE)[:-8], compression="gzip")
    with open_source(source) as stream:
        read_until_error(stream, 1 << 20)
        stream.seek(0)
        assert stream.read(1000) == NOISE[:1000]


@pytest.mark.parametrize("size", [10, -1])
def test_an_error_of_the_disk_is_raised_as_unreadable_input(tmp_path, size):
    with open_source(source_of(tmp_path, TEXT)) as stream:
        # From here on the open file is a folder, and reading it is an error of the operating system.
        folder = os.open(tmp_path, os.O_RDONLY)
        os.dup2(folder, stream.fileno())
        os.close(folder)
        with pytest.raises(InputUnreadableError, match=r"some\.log"):
            stream.read(size)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_file_that_is_gone_cannot_be_opened(tmp_path, compression):
    source = source_of(tmp_path, gzip.compress(TEXT), compression=compression)
    source.path.unlink()
    with pytest.raises(InputUnreadableError, match=r"cannot open 'some\.log'"):
        open_source(source)


@pytest.mark.parametrize("compression", ["none", *COMPRESS])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", b""),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
def test_every_encoding_is_delivered_as_utf_8_without_its_mark(tmp_path, compression, encoding, mark):
    text = "2024-05-01 ошибка 🔥 ready\n" * 50_000  # pairs of surrogates and blocks that end within a character
    data = mark + text.encode(encoding)
    packed = COMPRESS.get(compression, bytes)(data)
    with open_source(source_of(tmp_path, packed, compression=compression, encoding=encoding)) as stream:
        assert stream.read() == text.encode()
        assert stream.seek(5) == 5
        assert stream.read(5) == text.encode()[5:10]


def test_an_odd_byte_at_the_end_of_utf_16_becomes_a_replacement_character(tmp_path):
    source = source_of(tmp_path, "ready".encode("utf-16-le") + b"!", encoding="utf-16-le")
    assert read_head(source) == "ready\ufffd".encode()


@pytest.mark.parametrize("data", [b"", b"a", b"ab", codecs.BOM_UTF8, codecs.BOM_UTF8 + b"a"])
@pytest.mark.parametrize("compression", ["none", *COMPRESS])
def test_files_as_short_as_a_mark_are_delivered(tmp_path, data, compression):
    packed = COMPRESS.get(compression, bytes)(data)
    source = source_of(tmp_path, packed, compression=compression)
    assert read_head(source) == data.removeprefix(codecs.BOM_UTF8)


def test_bytes_that_are_not_utf_8_are_delivered_as_they_are(tmp_path):
    assert read_head(source_of(tmp_path, b"stra\xdfe \x00\xff\n")) == b"stra\xdfe \x00\xff\n"


SEEKABLE = "".join(f"line {number} Ärger\n" for number in range(400))
DELIVERED = SEEKABLE.encode()


@settings(max_examples=60, deadline=None)
@given(
    packing=st.sampled_from(
        [
            ("none", "utf-8", b""),
            ("none", "utf-8", codecs.BOM_UTF8),
            ("none", "utf-16-le", codecs.BOM_UTF16_LE),
            ("gzip", "utf-8", codecs.BOM_UTF8),
            ("bz2", "utf-16-be", b""),
            ("xz", "utf-8", b""),
            ("zstd", "utf-8", b""),
        ]
    ),
    steps=st.lists(
        st.tuples(
            st.sampled_from([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END]),
            st.integers(0, len(DELIVERED)),
            st.integers(0, 3000),
        ),
        max_size=8,
    ),
)
def test_seeking_behaves_as_in_memory(packing, steps):
    compression, encoding, mark = packing
    memory = io.BytesIO(DELIVERED)
    with tempfile.TemporaryDirectory() as folder:
        packed = COMPRESS.get(compression, bytes)(mark + SEEKABLE.encode(encoding))
        with open_source(source_of(Path(folder), packed, compression=compression, encoding=encoding)) as stream:
            for whence, target, size in steps:
                base = {os.SEEK_SET: 0, os.SEEK_CUR: memory.tell(), os.SEEK_END: len(DELIVERED)}[whence]
                assert stream.seek(target - base, whence) == memory.seek(target - base, whence)
                assert stream.read(size) == memory.read(size)
                assert stream.tell() == memory.tell()


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_read_longer_than_the_buffer_after_a_seek_is_whole(tmp_path, compression):
    packed = COMPRESS.get(compression, bytes)(TEXT)
    with open_source(source_of(tmp_path, packed, compression=compression)) as stream:
        for start in (2_000_000, 100, 1_500_000):
            stream.seek(start)
            assert stream.read(1 << 21) == TEXT[start : start + (1 << 21)]


def test_seeking_before_the_start_is_an_error(tmp_path):
    source = source_of(tmp_path, gzip.compress(TEXT), compression="gzip")
    with open_source(source) as stream, pytest.raises(ValueError, match="before the start"):
        stream.seek(-1)


def test_seeking_past_the_end_of_a_compressed_file_stops_there(tmp_path):
    source = source_of(tmp_path, gzip.compress(TEXT), compression="gzip")
    with open_source(source) as stream:
        assert stream.seek(10 * len(TEXT)) == len(TEXT)
        assert stream.read(1) == b""


def test_lines_can_be_iterated(tmp_path):
    with open_source(source_of(tmp_path, COMPRESS["xz"](TEXT), compression="xz")) as stream:
        assert list(itertools.islice(stream, 3)) == TEXT.splitlines(keepends=True)[:3]


def test_closing_the_stream_closes_the_file(tmp_path):
    stream = open_source(source_of(tmp_path, gzip.compress(TEXT), compression="gzip"))
    stream.read(1)
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)


def test_the_head_of_a_damaged_file_is_what_lies_before_the_damage(tmp_path):
    source = source_of(tmp_path, gzip.compress(TEXT)[:-8], compression="gzip")
    assert read_head(source, size=len(TEXT) + 1) == TEXT
    assert read_head(source, size=10) == TEXT[:10]


@compressions
def test_peek_gives_the_start_in_its_own_encoding(tmp_path, compression):
    data = "ready\n".encode("utf-16") * 100
    source = source_of(tmp_path, COMPRESS[compression](data), compression=compression)
    with source.path.open("rb") as file:
        assert peek(file, size=50) == (compression, data[:50])


@compressions
def test_peek_raises_when_nothing_can_be_decompressed(tmp_path, compression):
    source = source_of(tmp_path, COMPRESS[compression](NOISE)[:12] + b"\xaa" * 50)
    with (
        source.path.open("rb") as file,
        pytest.raises(InputUnreadableError, match=f"cannot be decompressed as {compression}"),
    ):
        peek(file, size=50)
