"""The fast decoder gives what zlib gives, of sound and of damaged data; blocks are made ahead in their order."""

import gzip
import io
import random
import threading
import zlib

import pytest

from loganomaly.reading import decoders
from loganomaly.reading.ahead import read_ahead
from loganomaly.reading.decoders import DamageError, decompressed

ORDER = random.Random(4)
TEXT = b"".join(b"%d user %d logged in from %d\n" % (n, n % 97, ORDER.randrange(10**9)) for n in range(8000))


def read(data, coding):
    """Return what data is decompressed to, and what is wrong with it."""
    blocks = []
    try:
        blocks.extend(decompressed(io.BytesIO(data), compression=coding))
    except DamageError as damage:
        return b"".join(blocks), str(damage)
    return b"".join(blocks), None


def damaged(order, data):
    """Return compressed data with something wrong in it, or after it."""
    kind, at = order.randrange(5), order.randrange(11, len(data))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([data[at] ^ 1 << order.randrange(8)]) + data[at + 1 :]
    if kind == 2:
        return data + bytes(order.randrange(1, 3000))
    if kind == 3:
        return data + order.randbytes(200)
    return data + data


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_the_fast_decoder_gives_what_zlib_gives(monkeypatch, coding):
    pytest.importorskip("isal")
    order = random.Random(5)
    for number in range(60):
        text = TEXT[: order.randrange(300, len(TEXT))]
        packed = gzip.compress(text, number % 10) if coding == "gzip" else zlib.compress(text, number % 10)[2:-4]
        data = damaged(order, packed) if number % 6 else packed
        fast = read(data, coding)
        with monkeypatch.context() as patch:
            patch.setattr(decoders, "_FAST", {})
            assert read(data, coding) == fast


def test_blocks_are_made_ahead_and_keep_their_order():
    blocks = [bytes([n + 1]) for n in range(20)]
    for end in (0, 1, 2, 3, 20):
        assert list(read_ahead(iter(blocks[:end]))) == blocks[:end]


def test_few_blocks_are_made_ahead_and_none_once_nobody_wants_them():
    made = 0

    def blocks():
        nonlocal made
        for _ in range(1000):
            made += 1
            yield b"x"

    ahead = read_ahead(blocks())
    for _ in range(10):
        next(ahead)
    ahead.close()
    assert 10 <= made <= 16
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("unpack")]


@pytest.mark.parametrize("before", [0, 1, 2, 3, 10])
def test_an_error_comes_after_the_blocks_before_it(before):
    def blocks():
        yield from [b"x"] * before
        raise DamageError("broken")

    ahead = read_ahead(blocks())
    assert [next(ahead) for _ in range(before)] == [b"x"] * before
    with pytest.raises(DamageError, match="broken"):
        next(ahead)
