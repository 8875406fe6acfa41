"""Logs that detectors are checked on: each goes on as logs do but for one thing, or is of an odd form."""

import datetime as dt
from collections.abc import Iterator
from functools import cache

__all__ = ["log_line", "synthetic_logs"]

_START = dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC)


def log_line(second: int, message: str, *, level: str = "INFO", component: str = "web") -> str:
    r"""Return a line of a log, `second` seconds after its beginning.

    Examples
    --------
    >>> log_line(61, "query took 8 ms", component="db")
    '2026-03-14 09:01:01 INFO db: query took 8 ms\n'
    """
    return f"{_START + dt.timedelta(seconds=second):%Y-%m-%d %H:%M:%S} {level} {component}: {message}\n"


@cache
def synthetic_logs() -> dict[str, tuple[str, ...]]:
    """Return the logs that detectors are checked on, by title: the text of each of their sources."""
    steady = list(_steady(seconds=1800))
    return {
        "blank lines": ("\n\n\n",),
        "one line": (log_line(0, "disk full", level="ERROR"),),
        "one line without an end": (log_line(0, "ready").rstrip("\n"),),
        "no timestamps": ("".join(f"worker {i} took {i % 7} ms\n" for i in range(300)) + "panic: no memory\n",),
        "all lines equal": (log_line(0, "still alive") * 400,),
        "all lines different": ("".join(f"{_word(i)} {_word(i * 7 + 1)} {_word(i * i)}\n" for i in range(300)),),
        "steady": ("".join(steady),),
        "all errors": ("".join(line.replace("INFO", "FATAL") for line in steady),),
        "one error": (
            "".join([*steady[:500], log_line(500, "cannot open table", level="ERROR", component="db"), *steady[500:]]),
        ),
        "flood and burst": (
            "".join(
                [
                    *steady[:1500],
                    *(log_line(1000, f"retry {i} of 50", level="WARN", component="queue") for i in range(1400)),
                    *steady[1500:],
                ]
            ),
        ),
        "silence": ("".join(line for line in steady if "sync" not in line or line < log_line(900, "")),),
        "a dip": ("".join(line for line in steady if "query" not in line or not _at(700) <= line < _at(1000)),),
        "a heartbeat that stops": (
            "".join(sorted([*steady, *(log_line(i * 90, "lease renewed", component="sync") for i in range(12))])),
        ),
        "a level shift": (
            "".join(sorted([*steady, *(log_line(i, f"cache miss {i}") for i in range(1800) if i > 900 or i % 5 == 0)])),
        ),
        "a slow one": (
            "".join([*steady, *(log_line(1800, f"query took {ms} ms", component="db") for ms in (8, 4000))]),
        ),
        "a new user": (
            "".join(
                [
                    *(line.replace("heartbeat ok", f"login by user{n % 5}") for n, line in enumerate(steady)),
                    *(log_line(1800 + i, f"login by user{i % 5}", component="sync") for i in range(200)),
                    log_line(2000, "login by mallory9", component="sync"),
                ]
            ),
        ),
        "known events": (
            "".join(
                sorted(
                    [
                        *steady,
                        *(log_line(i, "connect to db failed: Connection refused") for i in range(0, 1800, 20)),
                        log_line(900, "Out of memory: Killed process 4242 (java)", component="kernel"),
                        log_line(1500, "write of 12 B failed: No space left on device", level="ERROR", component="db"),
                    ]
                )
            ),
        ),
        "secrets": ("".join([*steady, log_line(1800, "login password=hunter2x ok")]),),
        "failed logins": (
            "".join(
                line + (log_line(n, f"login failed for user{n % 9} from 203.0.113.7") if n in range(500, 530) else "")
                for n, line in enumerate(steady)
            ),
        ),
        "stack traces": (
            "".join(
                line + ("".join(f"\tat shop.Cart.add(Cart.java:{k})\n" for k in range(9)) if number % 40 == 0 else "")
                for number, line in enumerate(steady)
            ),
        ),
        "strange characters": ("".join(f"é\x85 \u2028 \x1b[31m{chr(0x4E00 + i)}\r\n\x0b\n" for i in range(120)),),
        "two sources": (
            "".join(steady),
            "".join(
                [
                    *(log_line(i * 10, "heartbeat ok", component="sync") for i in range(90)),
                    *(log_line(900 + i, f"lost the peer {i}", level="ERROR", component="sync") for i in range(40)),
                    log_line(
                        940, "token: Authorization: Bearer 9f8a7b6c5d4e3f2a1b0c", level="CRITICAL", component="sync"
                    ),
                ]
            ),
        ),
        "requests": ("".join(_requests(count=240)),),
        "requests of two kinds": ("".join(_orders_and_returns(count=240)),),
        "json lines": (
            "".join(
                f'{{"time":"2026-03-14T09:{i // 60:02}:{i % 60:02}Z","level":"info","msg":"sent {i} B"}}\n'
                for i in range(300)
            ),
        ),
    }


def _at(second: int) -> str:
    """Return the beginning of the lines of a second, which sorts before them."""
    return log_line(second, "").partition(" INFO")[0]


def _steady(*, seconds: int) -> Iterator[str]:
    """Yield a log that goes on as it always does."""
    for second in range(seconds):
        yield log_line(second, f"GET /cart/{second % 97} took {3 + second % 29} ms")
        if second % 2 == 0:
            yield log_line(second, f"query took {4 + second % 31} ms", component="db")
        if second % 10 == 0:
            yield log_line(second, "heartbeat ok", component="sync")


def _requests(*, count: int) -> Iterator[str]:
    """Yield the lines of requests, four at a time; one lacks its end, and one takes long."""
    lines = [
        (
            start + step * (1 + request % 3) + (400 if request == 99 and step == 3 else 0),
            f"request req-{request:04} {what}",
        )
        for request in range(count)
        for start in [request * 2]
        for step, what in enumerate(("begins", "reads the cart", "writes the order", "ends"))
        if request != 77 or step < 3
    ]
    for second, message in sorted(lines):
        yield log_line(second, message)


def _orders_and_returns(*, count: int) -> Iterator[str]:
    """Yield the lines of requests of two kinds in turn; one is of both."""
    orders = ("order received", "price looked up", "stock reserved", "card charged", "parcel sent")
    returns = ("return received", "label printed", "parcel scanned", "goods checked", "money sent back")
    lines = [
        (request * 3 + step * (1 + request % 3), f"request req-{request:04}: {what}")
        for request in range(count)
        for step, what in enumerate([*orders, *returns] if request == 99 else (orders, returns)[request % 2])
    ]
    for second, message in sorted(lines):
        yield log_line(second, message)


def _word(number: int) -> str:
    """Return a word of letters for a number: another one for each below 26 ** 4."""
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))
