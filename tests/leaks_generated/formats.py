"""Eight log formats, each with its own way to write a message that holds quotes, newlines or blanks."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from leaks_generated.drawing import USERS, WORDS, draw
from leaks_generated.kinds import Whole
from leaks_generated.surroundings import Message, in_url, styled

IN_QUERY = ("password", "url-credentials")
START = dt.datetime(2026, 3, 2, 8, 0, 0, tzinfo=dt.UTC)


class Parts(NamedTuple):
    """What is before the value, the value, and what is after it, as they stand in the line.

    `secret_as` is what a secret may be called as well, because it is in a field that is named after it.
    """

    before: str
    value: str
    after: str
    secret_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """A log format: `write` makes the line of a message; `header` is the first line of a file, if there is one."""

    write: Callable[[Random, Message, dt.datetime], Parts]
    header: str = ""


def syslog(rng, message, time):
    """RFC 3164 as files hold it; rsyslog writes a newline as #012."""
    opening = f"{time:%b} {time.day:2} {time:%H:%M:%S} web-{rng.randint(1, 9)} {_app(rng)}[{rng.randint(300, 30000)}]: "
    return _around(opening, _escaped(message, lambda text: text.replace("\n", "#012")))


def logback(rng, message, time):
    """The pattern layout of log4j and logback."""
    opening = f"{_iso(time, ' ', ',')} {_level(rng):5} [main] com.acme.{_app(rng).capitalize()} - "
    return _around(opening, _escaped(message, _one_line))


def json_lines(rng, message, time):
    """An object a line; what has a name is as often a field of its own as it is in the message."""
    opening = f'{{"timestamp":"{_iso(time)}Z","level":"{_level(rng).lower()}","logger":"{_app(rng)}","message":"'
    if message.field and rng.random() < 0.5:
        name = styled(message.field, style=rng.choice(("snake", "camel")))
        before, value, after, _ = _field(message, _json)
        return Parts(
            f'{opening}{_neutral(rng)}","{_json(name)}":"{before}', value, f'{after}"}}', secret_as=("password",)
        )
    before, value, after, _ = _escaped(message, _json)
    return Parts(opening + before, value, after + '"}')


def logfmt(rng, message, time):
    """key=value; what has a name is as often a pair of its own as it is in the message."""
    opening = f"time={_iso(time)}Z level={_level(rng).lower()} component={_app(rng)} "
    if message.field and rng.random() < 0.5:
        before, value, after, _ = _field(message, _json)
        name = styled(message.field, style="snake")
        quotes = '"' if any(mark in before + value + after for mark in ' ="\\') else ""
        return Parts(
            f'{opening}msg="{_neutral(rng)}" {name}={quotes}{before}', value, after + quotes, secret_as=("password",)
        )
    before, value, after, _ = _escaped(message, _json)
    return Parts(f'{opening}msg="{before}', value, after + '"')


def nginx(rng, message, time):
    """The combined access log: a value is in the query of the address or of the referrer, URL-encoded."""
    address = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    opening = f'{address} - {rng.choice(("-", "-", *USERS))} [{time:%d/%b/%Y:%H:%M:%S} +0000] "'
    agent = f'"Mozilla/5.0 (X11; Linux x86_64; rv:{rng.randint(90, 130)}.0) Gecko/20100101"'
    status = f"{rng.choice((200, 302, 401, 403))} {rng.randint(100, 9000)}"
    if message.field and rng.random() < 0.8:
        name = in_url(styled(message.field, style=rng.choice(("snake", "camel"))))
        before, value, after, _ = _field(message, in_url)
        secret_as = IN_QUERY
        before = f"/{rng.choice(WORDS)}?lang=en&{name}={before}"
        if rng.random() < 0.25:
            host = f"https://www.acme-{rng.choice(WORDS)}.com"
            before = f'{opening}GET /style.css HTTP/1.1" {status} "{host}{before}'
            return Parts(before, value, f'{after}" {agent}', IN_QUERY)
    else:
        before, value, after, secret_as = _escaped(message, in_url)
        before = f"/collect?event=log&message={before}"
    return Parts(f"{opening}GET {before}", value, f'{after} HTTP/1.1" {status} "-" {agent}', secret_as)


def csv(rng, message, time):
    """RFC 4180: the message is quoted, its quotes are doubled."""
    before, value, after, _ = _escaped(message, lambda text: _one_line(text).replace('"', '""'))
    return Parts(f'{_iso(time)}Z,{_level(rng)},{_app(rng)},"{before}', value, after + f'",{rng.randint(1, 900)}')


def klog(rng, message, time):
    """The format of klog and glog."""
    opening = (
        f"{_level(rng)[0]}{time:%m%d %H:%M:%S}.{rng.randint(0, 999999):06} {rng.randint(1, 99999):7} "
        f"{_app(rng)}.go:{rng.randint(20, 900)}] "
    )
    return _around(opening, _escaped(message, _one_line))


def python_logging(rng, message, time):
    """The format that the documentation of logging gives."""
    return _around(f"{_iso(time, ' ', ',')} - {_app(rng)} - {_level(rng)} - ", _escaped(message, _one_line))


FORMATS = {
    "syslog": Format(syslog),
    "logback": Format(logback),
    "json": Format(json_lines),
    "logfmt": Format(logfmt),
    "nginx": Format(nginx),
    "csv": Format(csv, "timestamp,level,component,message,duration_ms"),
    "klog": Format(klog),
    "python": Format(python_logging),
}
"""The formats by their names."""


def time_of(number):
    """Return the time of the line with a number."""
    return START + dt.timedelta(milliseconds=730 * number)


def _around(opening, parts):
    return parts._replace(before=opening + parts.before)


def _escaped(message, escape) -> Parts:
    return Parts(escape(message.before), escape(message.value), escape(message.after))


def _field(message, escape) -> Parts:
    whole: Whole = message.whole
    return Parts(escape(whole.before), escape(whole.value), escape(whole.after))


def _json(text):
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _one_line(text):
    return text.replace("\n", "\\n")


def _iso(time, between="T", point="."):
    return f"{time:%Y-%m-%d}{between}{time:%H:%M:%S}{point}{time.microsecond // 1000:03}"


def _level(rng):
    return rng.choice(("INFO", "INFO", "INFO", "WARN", "ERROR", "DEBUG"))


def _app(rng):
    return rng.choice(WORDS)


def _neutral(rng):
    return (
        rng.choice(("request handled", "state dumped", "settings loaded", "call failed")) + f" {draw(rng, '23456', 1)}"
    )
