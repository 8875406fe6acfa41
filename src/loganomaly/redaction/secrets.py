"""Finds secrets in lines and masks them in text."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml

__all__ = [
    "Leak",
    "SecretKind",
    "find_leaks",
    "leak_kinds",
    "may_go_on",
    "placeholder_names",
    "redact",
    "redact_personal",
    "replace_personal",
    "replace_secrets",
    "secret_name",
]

_PLACEHOLDER = re.compile(
    r"(?i)example|^x+$|^\*+$|^\.+$|changeme|redacted|^(?:null|none|nil|true|false|undefined|empty|yes|no|set|unset)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKind:
    """One kind of secret; `words` are the letters (lower case) without which a line cannot hold one.

    A word is a run of letters, with `prefix` the beginning of one; see leaks.yaml for the kinds that differ. A secret
    of a `long` kind may go on over many lines, others over two at most.
    """

    name: str
    title: str
    severity: str
    words: tuple[str, ...]
    prefix: bool
    pattern: re.Pattern[str]
    samples: tuple[str, ...]
    counterexamples: tuple[str, ...]
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret in a text: its kind, and where its value stands."""

    kind: SecretKind
    start: int
    end: int


@cache
def leak_kinds() -> tuple[SecretKind, ...]:
    """Return the built-in kinds of secrets."""
    text = resources.files("loganomaly.redaction").joinpath("leaks.yaml").read_text(encoding="utf-8")
    return tuple(_kind(entry) for entry in yaml.safe_load(text)["kinds"])


def _kind(entry: Mapping[str, Any]) -> SecretKind:
    return SecretKind(
        name=entry["name"],
        title=entry["title"],
        severity=entry["severity"],
        words=tuple(entry["words"]),
        prefix=bool(entry.get("prefix", False)),
        # ASCII only, as the compiled search for candidates: \u017f is no s.
        pattern=re.compile(entry["pattern"], re.ASCII),
        samples=tuple(entry["samples"]),
        counterexamples=tuple(entry["not"]),
        long=bool(entry.get("long", False)),
    )


def find_leaks(text: str) -> Iterator[Leak]:
    """Yield the secrets in `text`, by kind, then by place; values that stand for a secret are none."""
    letters = text.lower()
    for kind in leak_kinds():
        if kind.words and not any(word in letters for word in kind.words):
            continue
        for match in kind.pattern.finditer(text):
            if not _PLACEHOLDER.search(match["value"]):
                yield Leak(kind=kind, start=match.start("value"), end=match.end("value"))


_PERSONAL = (
    ("e-mail", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    ("ip", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")),
    (
        "ip",
        re.compile(
            r"(?i)(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5})?(?![\w:])"
        ),
    ),
)


def redact_personal(text: str) -> str:
    """Return `text` with secrets, e-mail addresses and IP addresses replaced.

    Examples
    --------
    >>> redact_personal("login of ada@example.org from 10.0.0.7")
    'login of <e-mail> from <ip>'
    """
    return replace_personal(redact(text), _kind_alone)


def redact(text: str) -> str:
    """Return `text` with every secret replaced by ``<KIND>``; secrets that overlap by that of the first.

    The number of lines stays the same.

    Examples
    --------
    >>> redact("login password=hunter2x ok")
    'login password=<password> ok'
    """
    return replace_secrets(text, _kind_alone)


def replace_secrets(text: str, name: Callable[[str, str], str]) -> str:
    """Return `text` with every secret replaced by ``<NAME>``, which `name` makes of its kind and value.

    Of secrets that overlap, the kind is that of the first. The number of lines stays the same.
    """
    spans: list[tuple[int, int, str]] = []
    for leak in sorted(find_leaks(text), key=lambda leak: (leak.start, -leak.end)):
        if not spans or leak.start >= spans[-1][1]:
            spans.append((leak.start, leak.end, leak.kind.name))
        else:
            start, end, kind = spans[-1]
            spans[-1] = start, max(end, leak.end), kind
    parts, done = [], 0
    for start, end, kind in spans:
        breaks = "\n" * text.count("\n", start, end)
        parts += [text[done:start], f"<{name(kind, text[start:end])}>{breaks}"]
        done = end
    return "".join([*parts, text[done:]])


def replace_personal(text: str, name: Callable[[str, str], str]) -> str:
    """Return `text` with e-mail and IP addresses replaced by ``<NAME>``, which `name` makes of their kind and value."""
    for kind, pattern in _PERSONAL:
        text = pattern.sub(lambda found, kind=kind: f"<{name(kind, found[0])}>", text)  # type: ignore[misc]
    return text


def placeholder_names() -> frozenset[str]:
    """Return every kind whose name stands in the place of a value."""
    return frozenset([*(kind.name for kind in leak_kinds()), *(kind for kind, _ in _PERSONAL)])


def _kind_alone(kind: str, _value: str) -> str:
    return kind


def may_go_on(text: str) -> bool:
    """Return whether a secret that goes on over more than two lines may begin in a text.

    Examples
    --------
    >>> may_go_on("-----BEGIN RSA PRIVATE KEY-----"), may_go_on("password=hunter2x")
    (True, False)
    """
    letters = text.lower()
    return any(word in letters for kind in leak_kinds() if kind.long for word in kind.words)


_PROBES = ("Zk81qpWm4Tx7", "Bearer Zk81qpWm4Tx7Rv2n")


@lru_cache(maxsize=4096)
def secret_name(name: str) -> str | None:
    """Return the kind of secret that a field of this name holds, whatever its value is; None where none is sure.

    Examples
    --------
    >>> secret_name("db.password")
    'password'
    """
    for probe in _PROBES:
        text = f"{name}={probe}"
        for leak in find_leaks(text):
            if leak.end > len(name):
                return leak.kind.name
    return None
