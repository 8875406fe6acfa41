"""Good input for each target: the samples of the data files, and what programs write."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import polars as pl
import yaml
import zstandard

from loganomaly.reading.formats import load_formats

__all__ = ["lines", "samples", "seeds_of"]

_NO_CONTROL = b"\0\0"  # what targets take for their settings, in front


@cache
def samples() -> tuple[tuple[bytes, ...], ...]:
    """Return the sample lines of each format, and of tables."""
    formats = [tuple(str(sample["line"]).encode() for sample in fmt.samples) for fmt in load_formats()]
    return (*formats, *((table,) for table in _TABLES))


@cache
def lines() -> tuple[bytes, ...]:
    """Return the sample lines of all formats, and those of all languages whose stack traces are read."""
    return (*(line for of_format in samples() for line in of_format), *_traces())


_TABLES = (
    b'time,level,component,message\n2026-03-14T09:26:53Z,INFO,web,"a ""b"",\nc"\n' * 3,
    b"#Fields: date time sc-status cs-uri-stem\n2026-03-14 09:26:53 500 /a\n",
    b"ts\tseverity\tmsg\n1773480413\terror\tdisk full\n",
)


def _traces() -> list[bytes]:
    """Return every text with line breaks in the data files of languages: their samples."""
    found: list[bytes] = []
    for file in resources.files("loganomaly.traces").joinpath("languages").iterdir():
        if file.name.endswith(".yaml"):
            _collect(yaml.safe_load(file.read_text(encoding="utf-8")), found)
    return found


def _collect(value: Any, found: list[bytes]) -> None:
    if isinstance(value, str) and "\n" in value:
        found.append(value.encode())
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _collect(item, found)


def _log() -> bytes:
    return b"\n".join(lines()[:60]) + b"\n"


def _packed() -> list[bytes]:
    """Return a log in each kind of file that is read."""
    log = _log()
    plain, packed, table, hidden, around = (io.BytesIO() for _ in range(5))
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name in ("a.log", "../../b.log", "/c.log"):
            info = tarfile.TarInfo(name)
            info.size = len(log)
            tar.addfile(info, io.BytesIO(log))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.log", log)
        archive.writestr("../b.log", log)
        archive.writestr("inner.tar", plain.getvalue())
    with zipfile.ZipFile(hidden, "w") as inner:
        inner.writestr("picture.png", b"\x89PNG\r\n\x1a\n")
    with zipfile.ZipFile(around, "w") as outer:
        outer.writestr("inner.zip", hidden.getvalue())
        outer.writestr("a.log", log)
    pl.DataFrame({"timestamp": ["2026-03-14T09:26:53Z"], "message": ["disk full"], "n": [1e300]}).write_parquet(table)
    small = log[:3000]
    return [
        *(gzip.compress(small), bz2.compress(small), lzma.compress(small), zstandard.compress(small)),
        *(gzip.compress(small) * 2, gzip.compress(plain.getvalue()), plain.getvalue(), packed.getvalue()),
        around.getvalue(),
        *(table.getvalue(), small.decode().encode("utf-16"), small.decode().encode("utf-16-be")),
        *(small.replace(b"\n", b"\r"), json.dumps({"Records": [{"a": 1, "msg": "x"}] * 3}, indent=1).encode()),
    ]


_CONFIG = b"""detectors:
  lof: {enabled: true, neighbors: 20, contamination: 0.1}
  contamination: 0.2
masks:
  - {name: order, pattern: 'ORD-[A-Z]+'}
suppress:
  - {template: "retry <*> of <*>", reason: burst + new, note: the nightly job}
  - {component: inventory-sync, reason: silence}
reading: {timezone: Europe/Berlin, day_first: null, year: 2026}
llm: {provider: auto, model: "m", timeout: 30, max_seconds: 300}
workflow: {order: null, retry: {max_attempts: 3, jitter: 0.1}}
"""
_SUPPRESS = b"""# known
suppress:
  - {level: WARNING, reason: burst}
  - id: 3f2a9c01b7de
    template: "retry <*> of <*> in <*> ms"
    reason: burst + new
"""
_ANSWER = b'{"classification": "error", "reason": "The disk is full.", "tags": ["disk"], "quote": "disk full"}'
_ENTRY = {
    "id": "3f2a9c01b7de",
    "subject": {"kind": "template", "name": "disk <*>"},
    "kinds": ["burst"],
    "reason": "a burst",
}
_TEMPLATES = {
    "format": "loganomaly-templates",
    "version": 1,
    "templates": [
        {
            "log_template": "disk <*> full",
            "template_id": "a1",
            "shapes": [{"id": "0f", "records": 3, "words": ["disk", None, "full"], "gaps": ["", " ", " ", ""]}],
        },
        {
            "log_template": "a <*>",
            "template_id": "a2",
            "shapes": [
                {
                    "id": "10", "records": 1, "words": ["a", "7"], "gaps": ["", " ", ""], "status": 7,
                    "constants": [1], "types": {"1": "number"}, "widths": [1, 2], "cut": True,
                }
            ],
        },
    ],
}  # fmt: skip
_REPLIES = (
    {"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7}},
    {"content": [{"type": "text", "text": "{}"}], "stop_reason": "end_turn", "usage": {"input_tokens": 7}},
    {"candidates": [{"content": {"parts": [{"text": "{}"}]}, "finishReason": "STOP"}], "usageMetadata": {}},
    {"response": "{}", "done": True, "done_reason": "stop", "eval_count": 3},
    {"error": {"code": "rate_limit_exceeded", "message": "Please try again in 7s", "type": "x", "details": []}},
)
_QUESTION = {"custom_id": "f", "system": "s", "user": "u", "schema": {}, "identity": ["finding"]}
_GIVEN = (
    _QUESTION,
    {"custom_id": "f", "provider": "ollama", "model": "m", "answer": "{}", "end": "stop"},
    {"custom_id": "f", "error": {"kind": "retry", "message": "busy"}},
    {"custom_id": "f", "response": {"status_code": 200, "body": _REPLIES[0]}},
    {"custom_id": "f", "result": {"type": "succeeded", "message": _REPLIES[1]}},
)
_FORMAT = b"""name: app
title: An app
layouts: ["{time} {level} {message}", "{json}"]
records: many lines
samples:
  - {line: "2026-03-14 09:26:53 ERROR disk full", time: "2026-03-14T09:26:53Z", level: ERROR, message: disk full}
"""


_SECRETS = (
    "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7Zk81qpWm4Tx7Rv2n\n" * 6 + "-----END RSA PRIVATE KEY-----",
    "login password=Zk81qpWm4Tx7Rv2n of ada@example.org from 10.0.0.7",
    "Authorization:\n Bearer Zk81qpWm4Tx7Rv2nQq",
    '{"api_key": "Zk81qpWm4Tx7Rv2nQq", "token": "Zk81qpWm4Tx7Rv2nQq"}',
    "connect postgres://ada:Zk81qpWm4Tx7Rv2n@db.example.org/orders",
)


def _of_tables() -> tuple[bytes, ...]:
    """Return the sample lines of each format behind the number of the tables that read them, loose and strict."""
    numbered = list(enumerate(samples()))
    return tuple(bytes([first + 2 * number]) + line for first in (1, 2) for number, own in numbered for line in own)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def seeds_of(target: str) -> tuple[bytes, ...]:
    """Return good input for a target."""
    several = tuple(b"\n".join(lines()[at : at + 5]) + b"\n" for at in range(0, len(lines()), 5))
    by_target: Mapping[str, tuple[bytes, ...]] = {
        "answer": (
            _ANSWER,
            b"```json\n" + _ANSWER + b"\n```",
            b"<think>x</think>" + _ANSWER,
            b"classification: error\n",
        ),
        "answers": tuple(_json(entry) for entry in _GIVEN),
        "config": (_CONFIG, b'{"nginx*.log": "web.yaml"}'),
        "cuts": _of_tables(),
        "documents": tuple(_NO_CONTROL + _json({"Records": [{"a": {"b": [1, "\n"]}}] * n}) for n in (1, 2)),
        "files": (*_packed(), *lines()[:20]),
        "findings": (_json([_ENTRY]), _json([])),
        "formats": (_FORMAT,),
        "kernels": (*_of_tables(), *several),
        "moments": (b"2026-03-14T09:26:53Z\n2026-03-14\n\n1969-12-31T23:59:59", b"2105-12-31T23:59:59.999999+14:00"),
        "reply": tuple(bytes([number % 5, 0]) + _json(reply) for number, reply in enumerate(_REPLIES)),
        "secrets": (*(f"{line}\n".encode() for line in _SECRETS), *lines()),
        "suppressions": (_SUPPRESS,),
        "templates": (_json(_TEMPLATES),),
    }
    return by_target.get(target, (*lines(), *several))
