"""Finds secrets and personal data in text, and takes them out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import re2

from loganomaly.redaction.checks import is_stand_in
from loganomaly.redaction.kinds import Kind, all_kinds, default_kinds
from loganomaly.redaction.views import unescaped, views

__all__ = [
    "Leak",
    "Redactor",
    "Span",
    "default_redactor",
    "disjoint",
    "find_leaks",
    "matches",
    "may_go_on",
    "personal_redactor",
    "placeholder_names",
    "redact",
    "redact_personal",
    "search",
    "search_words",
    "secret_redactor",
]

_LONG_VALUE = 256  # bytes of a value that is no secret after all, and is searched for others only so often
_MOST_LONG = 16
_TABLES = 64 << 20  # bytes that the search for all texts at once may take: with fewer it is slow
_NOWHERE = rb"[^\x00-\xff]"
_AROUND = 10  # bytes beside a value that its check may look at
_MOST_GROUPS = 3  # at the end of a number that may be words behind it
# Without one of these a text holds nothing that is told by a form: see `loganomaly.scan.candidates`.
_FORMS = {
    "at": "@",
    "card": "[0-9]{4}[ -]?[0-9]{4,6}",
    "colon": ":AA",
    "credentials": "@",
    "fiscal": "[A-Z]{6}",
    "iban": "[A-Z]{2}[0-9]{2}",
    "ip": r"[0-9]\.[0-9]|:[0-9A-F]{0,4}:",
    "phone": r"\+[0-9]|\([0-9]{3}\)",
    "ssn": "-[0-9]{2}-",
    "tilde": "Q~",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret or personal datum in a text: its kind, and where its value stands."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """What a search found in bytes: the kind, where the value stands, and whether it is a secret.

    It is none where a check does not hold: a number of 16 digits which is no card's, say.
    """

    kind: Kind
    start: int
    end: int
    holds: bool


@dataclass(frozen=True)
class Redactor:
    """Finds what is of some kinds, and takes it out. Kinds that come first are the more particular ones.

    Examples
    --------
    >>> redactor = Redactor(default_kinds())
    >>> redactor.redact("login password=hunter2x ok")
    'login password=<password> ok'
    >>> [(leak.kind.name, leak.start, leak.end) for leak in redactor.find("login password=hunter2x ok")]
    [('password', 15, 23)]
    """

    kinds: tuple[Kind, ...]

    def find(self, text: str) -> Iterator[Leak]:
        """Yield the leaks in a text by place; they do not overlap. What only stands for a secret is none."""
        # A lone surrogate is no text that could be written, but may come from JSON.
        data = text.encode("utf-8", "surrogatepass")
        at = _characters(text, data)
        for kind, start, end in self.spans(data):
            yield Leak(kind=kind, start=at(start), end=at(end))

    def spans(self, data: bytes) -> list[tuple[Kind, int, int]]:
        """Return the leaks in bytes, disjoint and by place: kind, start, end."""
        return disjoint((span for span in search(data, self._present) if span.holds), self._ranks)

    def redact(self, text: str) -> str:
        """Return a text with ``<KIND>`` in the place of each leak; its number of lines stays the same."""
        return self.replace(text, _kind_alone)

    def replace(self, text: str, name: Callable[[Kind, str], str]) -> str:
        """Return a text with ``<NAME>`` in the place of each leak, which `name` makes of its kind and value.

        The number of lines stays the same.
        """
        parts, done = [], 0
        for leak in self.find(text):
            value = text[leak.start : leak.end]
            parts += [text[done : leak.start], f"<{name(leak.kind, value)}>", "\n" * value.count("\n")]
            done = leak.end
        return "".join([*parts, text[done:]]) if parts else text

    def _present(self, data: bytes) -> list[Kind]:
        """Return the kinds that the bytes may hold, in order."""
        numbers = self._unanchored.union(self._anchors.Match(data) or ())
        return [self.kinds[number] for number in sorted(numbers)]

    @cached_property
    def _unanchored(self) -> frozenset[int]:
        """The numbers of the kinds that any text may hold."""
        return frozenset(number for number, kind in enumerate(self.kinds) if not kind.anchored)

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {kind.name: rank for rank, kind in enumerate(self.kinds)}

    @cached_property
    def _anchors(self) -> Any:
        """The texts of all kinds, searched for at once."""
        options = re2.Options()
        options.log_errors, options.never_capture = False, True
        options.encoding, options.case_sensitive = re2.Options.Encoding.LATIN1, False
        options.max_mem = _TABLES
        anchors = re2.Set.SearchSet(options)
        for kind in self.kinds:
            texts = map(re.escape, search_words(kind))
            ways = [*texts, *(_FORMS[form] for form in kind.forms)]
            anchors.Add("|".join(ways).encode() if ways else _NOWHERE)
        anchors.Compile()
        return anchors


def matches(kind: Kind, data: bytes) -> Iterator[Span]:
    """Yield what a kind's pattern finds in bytes, in order, with whether it is a secret."""
    find = kind.pattern.search
    at, long = 0, 0
    while at <= len(data):
        match = find(data, at)
        if match is None:
            return
        begin, end = _value(kind, match)
        holds = _holds(kind, data, begin, end, match)
        if not holds and kind.check_digits and (shorter := _shorter(kind, data, match)) is not None:
            (begin, end), holds = shorter, True
        yield Span(kind, begin, end, holds)
        if holds:
            at = max(end, match.start() + 1)
            continue
        # What is no secret may hold one; but not so often that a hostile line is expensive.
        long += end - begin > _LONG_VALUE
        at = max(begin if long <= _MOST_LONG else end, match.start() + 1)


def _value(kind: Kind, match: Any) -> tuple[int, int]:
    for number in kind.groups:
        begin, end = match.span(number)
        if begin >= 0:
            return begin, end
    begin, end = match.span()
    return begin, end


def _shorter(kind: Kind, data: bytes, match: Any) -> tuple[int, int] | None:
    """Return a number that ends before one of the last blanks of a match, if it is one: a word may stand behind it."""
    end = match.end()
    for _ in range(_MOST_GROUPS):
        end = data.rfind(b" ", match.start() + 1, end)
        match = kind.pattern.search(data, match.start(), end + 1) if end > 0 else None
        if match is None:
            return None
        begin, behind = _value(kind, match)
        if _holds(kind, data, begin, behind, match):
            return begin, behind
    return None


def _holds(kind: Kind, data: bytes, begin: int, end: int, match: Any) -> bool:
    """Return whether a value data[begin:end] is what it looks like."""
    text = unescaped(data[begin:end]).decode("utf-8", errors="replace")
    if is_stand_in(text):
        return False
    if kind.check is None:
        return True
    spans = {name: match.span(number) for name, number in kind.named}
    groups = {name: data[first:last] for name, (first, last) in spans.items() if first >= 0}
    groups |= {"before": data[max(0, begin - _AROUND) : begin], "behind": data[end : end + _AROUND]}
    return kind.check(text, {name: part.decode("utf-8", errors="replace") for name, part in groups.items()})


def search(data: bytes, kinds: Callable[[bytes], Iterable[Kind]]) -> Iterator[Span]:
    """Yield what is found in bytes, as they stand and with escapes undone, by view, then by kind, then by place.

    `kinds` returns those that a view may hold.
    """
    for view in views(data):
        for kind in kinds(view.data):
            for span in matches(kind, view.data):
                start, end = view.place(span.start, span.end)
                yield Span(span.kind, start, end, span.holds)


def disjoint(spans: Iterable[Span], ranks: Mapping[str, int]) -> list[tuple[Kind, int, int]]:
    """Return spans by place, those that overlap as one, of the kind with the lowest rank.

    An address that begins in a secret is none, but the secret and the host behind it: ``u:hunter2x@host``.
    """
    found = [(span.start, span.end, ranks[span.kind.name], span.kind) for span in spans if span.end > span.start]
    found.sort(key=lambda each: each[:3])
    merged: list[tuple[int, int, int, Kind]] = []
    for start, end, order, kind in found:
        if merged and start < merged[-1][1]:
            low, high, first, known = merged[-1]
            if "at" in kind.forms and not known.personal:
                continue
            merged[-1] = (low, max(high, end), min(first, order), known if first < order else kind)
        else:
            merged.append((start, end, order, kind))
    return [(kind, start, end) for start, end, _, kind in merged]


@cache
def default_redactor() -> Redactor:
    """Return the redactor of all that the program writes: the built-in kinds but IP addresses."""
    return Redactor(default_kinds())


@cache
def personal_redactor() -> Redactor:
    """Return the redactor of what leaves the machine: every built-in kind."""
    return Redactor(all_kinds())


@cache
def secret_redactor() -> Redactor:
    """Return the redactor of secrets alone, without personal data."""
    return Redactor(tuple(kind for kind in all_kinds() if not kind.personal))


def find_leaks(text: str) -> Iterator[Leak]:
    """Yield the secrets and personal data in `text` by place, but IP addresses; they do not overlap."""
    return default_redactor().find(text)


def redact(text: str) -> str:
    """Return `text` with every secret and personal datum but IP addresses replaced by ``<KIND>``.

    The number of lines stays the same.

    Examples
    --------
    >>> redact("login password=hunter2x ok")
    'login password=<password> ok'
    """
    return default_redactor().redact(text)


def redact_personal(text: str) -> str:
    """Return `text` with every secret and personal datum replaced, IP addresses as well.

    Examples
    --------
    >>> redact_personal("login of ada@acme.dev from 10.0.0.7")
    'login of <e-mail> from <ip>'
    """
    return personal_redactor().redact(text)


def placeholder_names() -> frozenset[str]:
    """Return every kind whose name stands in the place of a value."""
    return frozenset(kind.name for kind in all_kinds())


def _kind_alone(kind: Kind, _value: str) -> str:
    return kind.name


def may_go_on(text: str) -> bool:
    """Return whether a secret that goes on over more than two lines may begin in a text.

    Examples
    --------
    >>> may_go_on("-----BEGIN RSA PRIVATE KEY-----"), may_go_on("password=hunter2x")
    (True, False)
    """
    letters = text.lower()
    return any(word.lower() in letters for kind in default_kinds() if kind.long for word in kind.anchors)


def _characters(text: str, data: bytes) -> Callable[[int], int]:
    """Return what makes offsets in the bytes of a text offsets in the text."""
    if len(text) == len(data):
        return int
    return lambda offset: len(data[:offset].decode("utf-8", "surrogatepass"))


def search_words(kind: Kind) -> tuple[str, ...]:
    """Return the texts without one of which there is no secret of a kind, but for its forms."""
    return *kind.anchors, *kind.inside, *kind.names, *kind.near
