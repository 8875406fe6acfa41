"""Hostile input made of good samples: pieces of them, cut anywhere, among what breaks readers."""

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

__all__ = ["HOSTILE", "mixed"]

HOSTILE = (
    *(b"", b"\n", b"\n\n\n", b"\r", b"\r\n", b"\n\r", b"\r\r\r", b" ", b"\t", b"\0", b"\0\0\0\0"),
    *(b"\v", b"\f", b"\x1a"),
    # Not UTF-8: alone, cut off, too long, halves of surrogate pairs, beyond Unicode; then byte order marks.
    *(b"\xff", b"\xfe\xff", b"\x80\xbf", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80"),
    *(b"\xef\xbb\xbf", "\ufeffa\n".encode("utf-16-le"), "\ufeffa\n".encode("utf-16-be")),
    # What terminals obey, and what is not seen.
    *(b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07", b"\x1b[2J\x1b[H", b"\x1b", b"\x9b31m", b"\xc2\x9b31m", b"\x7f\b\b"),
    *(text.encode() for text in ("\u202eevil\u202c", "\u200b", "\u200d\u200d", "\u2028", "\u2066x")),
    *(("e" + "\u0301" * 40).encode(),),
    *(text.encode() for text in ("\u05e9\u05dc\u05d5\u05dd", "\U0001f4a5", "\u0130\u0131\u017f\u212a", "\U000e0041")),
    # Times and numbers that are none, or out of reach.
    *(b"0000-00-00T00:00:00Z", b"9999-12-31T23:59:59.999999999Z", b"1969-12-31 23:59:59", b"2026-02-30 25:61:61"),
    *(b"-0001-01-01T00:00:00", b"2200-12-31T24:00:00+99:99", b"99999999999999999999", b"-9223372036854775808"),
    *(b"18446744073709551616", b"1e999", b"-1e999", b"NaN", b"Infinity", b"1e-400", b"0x1p99999", b"9" * 400),
    # JSON, logfmt and delimited text that is cut off, doubled or too deep.
    *(b"{", b"}", b'{"', b'"}', b'{"a":1,"a":2,"a":[{"a":3}]}', b'{"a":1e999,"b":NaN}', b"[" * 60, b'{"a":' * 60),
    *(b'{"\\ud800":"\\udfff"}', b"\\", b'"', b'""', b"'", b"\\u0000"),
    *(b'a="', b"a=b c=d", b"=", b",,,,", b";", b"|", b"\t\t"),
    # What other programs take for orders.
    *(b"=cmd|'/C calc'!A0", b"+1+1", b"@SUM(1)", b"<script>alert(1)</script>", b"<!--", b"&lt;", b"'; DROP TABLE x;--"),
    *(b"%s%n%x", b"{{7*7}}", b"${jndi:ldap://x}", b"../../etc/passwd", b"C:\\..\\x", b"$(reboot)", b"`reboot`"),
    # What the readers of traces and of tables begin with.
    *(b"Traceback (most recent call last):\n", b"\tat a.b(C.java:1)\n", b"Caused by: x\n", b"goroutine 1 [running]:\n"),
    *(b"#Fields: date time\n", b"time,level,message\n", b'  File "a", line 1\n', b"thread 'm' panicked at a:1:1:\n"),
    # Secrets, whole and cut off.
    *(b"password=hunter2x", b"-----BEGIN RSA PRIVATE KEY-----\n", b"Bearer Zk81qpWm4Tx7Rv2n", b"AKIA"),
    *(b"a@b.c", b"10.0.0.1"),
)  # fmt: skip
"""Pieces that break readers."""
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 1 << 64, -(10**30), 1e308, float("inf"), float("nan"), -0.5),
    *("", "-5", "f" * 40, "a\n\0<*>", "\ud800", "\u202e\x1b[2J", "x" * 5000),
    *([], {}, [[]], [None], {"": None}, {"a": [{}]}),
)
_MOST_PIECES = 12
_LONGEST_PIECE = 2000


def mixed(order: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return hostile input: pieces of the seeds and of `HOSTILE`, random bytes, and changed bytes, as `order` says."""
    if seeds and order.randrange(3) == 0 and (document := _altered(order, order.choice(seeds))):
        return document
    parts: list[bytes] = []
    for _ in range(order.randint(1, _MOST_PIECES)):
        what = order.randrange(8)
        if what < 3 and seeds:
            parts.append(order.choice(seeds)[:_LONGEST_PIECE])
        elif what < 5 and seeds:
            parts.append(_part(order, order.choice(seeds)[:_LONGEST_PIECE]))
        elif what == 5:
            parts.append(order.randbytes(order.randrange(24)))
        elif what == 6:
            parts.append(order.choice(HOSTILE) * order.choice((1, 1, 2, 70)))
        else:
            parts.append(order.choice(HOSTILE))
        if order.randrange(2):
            parts.append(b"\n")
    data = bytearray(b"".join(parts))
    for _ in range(order.choice((0, 0, 1, 4)) if data else 0):
        data[order.randrange(len(data))] = order.randrange(256)
    return bytes(data)


def _altered(order: random.Random, seed: bytes) -> bytes | None:
    """Return a JSON document in which some values are odd; None where the seed is none.

    A document that is cut or spliced is hardly ever one: its readers would see nothing but errors of syntax.
    """
    begin = next((at for at in range(min(3, len(seed))) if seed[at] in b"{["), 0)
    try:
        value = json.loads(seed[begin:])
    except ValueError:
        return None
    for _ in range(order.randint(1, 3)):
        value = _with_odd_value(order, value)
    return seed[:begin] + json.dumps(value).encode()


def _with_odd_value(order: random.Random, value: Any) -> Any:
    """Return a value in which one, at any depth, is another, or is left out."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not keys or order.randrange(6) == 0:
        return copy.deepcopy(order.choice(_ODD))
    key = order.choice(keys)
    if order.randrange(8) == 0:
        del value[key]
    else:
        value[key] = _with_odd_value(order, value[key])
    return value


def _part(order: random.Random, seed: bytes) -> bytes:
    begin, end = sorted((order.randint(0, len(seed)), order.randint(0, len(seed))))
    return seed[begin:end]
