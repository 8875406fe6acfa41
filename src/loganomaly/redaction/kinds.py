r"""Kinds of secrets and personal data: what they look like, how bad they are, and how a search comes to them quickly.

The built-in ones are data files in `kinds/`. An entry has a `name`, a `title`, a `severity` (critical, high, medium or
low) and says in one of three ways what it looks like, always as a regular expression that RE2 reads, in linear time, of
the text without the escapes of URLs, JSON and so on:

``token``
    What stands alone, between signs that can be no part of it. With ``near``, only behind one of these names.
``pattern``
    All of it; the groups whose name begins with ``value`` are the secret. In it, «join» is what joins a name to its
    value, and «near» what stands between the name of a number and the number.

``check`` names what else must hold of a value; see `loganomaly.redaction.checks`. ``personal`` data is no secret of the
system's, ``optional`` kinds are searched for only where they are asked for, and a ``long`` secret may go on over many
lines, others over two.

Without one of these, a text holds none of a kind, and nothing is searched for it: ``anchors`` are texts with which a
token begins, or goes on behind a sign, of at least ``least`` bytes; ``inside`` are texts that stand anywhere, ``names``
are given a value, ``near`` are followed by a digit, and ``forms`` are told by compiled code: see
`loganomaly.scan.candidates`. All are searched for in any case of letters. Blanks in the names of ``names`` and ``near``
stand for any sign that joins words, or none.

``samples`` must be found, those under ``not`` must not: they are the tests. «alnum 36» in them stands for as many
random signs, so that no file holds what looks like a real secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from loganomaly.patterns import compiled, on_rows
from loganomaly.redaction.checks import Check, check_named
from loganomaly.yaml_text import read_yaml

__all__ = ["Kind", "all_kinds", "default_kinds", "own_kind"]

_FILES = ("cloud", "development", "services", "general", "personal")
_BEFORE = "(?:^|[^A-Za-z0-9])"
_AFTER = "(?:[^A-Za-z0-9]|$)"
_VALUE = "value"
# In the patterns of data files: what stands between the name of a value and the value, quotes and sign.
_JOIN = r"""["'`\])]{0,4}(?:\s{0,3}(?:=>|:=|:)\s{0,3}|>|\s{1,3}==?\s{1,3}|==?)(?:[uUbBrR]{0,2}["'`\[{]{1,3})?"""
# Behind the name of a number: the rest of the name, then signs, with words such as "number" among them.
_NEAR_AFTER = "(?:[_.-]?[a-z_.-]{0,20})(?:[^A-Za-z0-9]{1,4}[a-z]{0,12}){1,3}"
_SHORT_NAME = 5  # letters; a shorter one counts as a word of its own only


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of secret or personal datum; the fields are those of an entry of a data file.

    `utf8` says that the pattern tells characters; otherwise it tells bytes.
    `groups` are the numbers of the groups of its pattern that are the secret, `named` all that have a name. With
    `check_digits`, a number that only looks so passes now and then: many that fail tell that none is what it seems.
    """

    name: str
    title: str
    severity: str
    pattern: Any
    utf8: bool = False
    groups: tuple[int, ...]
    named: tuple[tuple[str, int], ...] = ()
    check: Check | None = None
    personal: bool = False
    optional: bool = False
    long: bool = False
    anchors: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    least: int = 0
    check_digits: bool = False
    samples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()

    @property
    def on_rows(self) -> tuple[Any, bool]:
        """What searches many rows at once for the pattern, and whether they must be searched each alone."""
        return on_rows(self.pattern.pattern.decode(), utf8=self.utf8)

    @property
    def anchored(self) -> bool:
        """Whether a text without any of its anchors holds none; a user's kind has no anchors."""
        return bool(self.anchors or self.inside or self.names or self.near or self.forms)


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Return the built-in kinds, the more particular ones first."""
    folder = resources.files("loganomaly.redaction").joinpath("kinds")
    found = []
    for name in _FILES:
        text = folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        found += [_kind(entry) for entry in read_yaml(text)["kinds"]]
    return tuple(found)


@cache
def default_kinds() -> tuple[Kind, ...]:
    """Return the built-in kinds that nobody has to ask for."""
    return tuple(kind for kind in all_kinds() if not kind.optional)


def own_kind(name: str, pattern: str, *, severity: str = "high") -> Kind:
    """Return a kind of the user's: what the pattern covers, or its groups whose name begins with ``value``.

    Raises
    ------
    ValueError
        RE2 cannot read the pattern, or it covers the empty text.

    Examples
    --------
    >>> own_kind("badge", "EMP-[0-9]{6}").title
    'badge'
    """
    readable = compiled(pattern, utf8=True)
    if readable.search(b"") is not None:
        raise ValueError("it covers the empty text, and so would be found everywhere")
    return Kind(name=name, title=name, severity=severity, pattern=readable, utf8=True, groups=_groups(readable) or (0,))


def _kind(entry: Mapping[str, Any]) -> Kind:
    check = entry.get("check")
    near = tuple(entry.get("near", ()))
    if "pattern" in entry:
        pattern = entry["pattern"].replace("«join»", _JOIN).replace("«near»", _NEAR_AFTER)
    elif near:
        short, long = (
            "|".join(name.replace(" ", "[ _.-]?") for name in near if _is_short(name) == wanted)
            for wanted in (True, False)
        )
        named = "|".join([*([f"(?:^|[^A-Za-z0-9])(?:{short})"] if short else []), *([long] if long else [])])
        pattern = f"(?i:(?:{named}){_NEAR_AFTER})(?P<{_VALUE}>{entry['token']}){_AFTER}"
    else:
        pattern = f"{_BEFORE}(?P<{_VALUE}>{entry['token']}){_AFTER}"
    readable = compiled(pattern)
    return Kind(
        name=entry["name"],
        title=entry["title"],
        severity=entry["severity"],
        pattern=readable,
        groups=_groups(readable),
        named=_named(readable),
        check=check_named(check) if check is not None else check_named("token") if "token" in entry else None,
        personal=bool(entry.get("personal", False)),
        optional=bool(entry.get("optional", False)),
        long=bool(entry.get("long", False)),
        anchors=tuple(entry.get("anchors", ())),
        inside=tuple(entry.get("inside", ())),
        names=_spellings(entry.get("names", ()), "_-."),
        near=_spellings(near, " _-."),
        forms=tuple(entry.get("forms", ())),
        least=int(entry.get("least", 0)),
        check_digits=check is not None and (check in {"card", "iban"} or check.startswith("stdnum.")),
        samples=tuple(entry["samples"]),
        counterexamples=tuple(entry["not"]),
    )


def _is_short(name: str) -> bool:
    return len(name.replace(" ", "")) < _SHORT_NAME


def _groups(pattern: Any) -> tuple[int, ...]:
    """Return the numbers of the groups whose name begins with "value"."""
    return tuple(sorted(number for name, number in _named(pattern) if name.startswith(_VALUE)))


def _named(pattern: Any) -> tuple[tuple[str, int], ...]:
    return tuple((name.decode(), number) for name, number in pattern.groupindex.items())


def _spellings(names: Sequence[str], signs: str) -> tuple[str, ...]:
    joined = (name.replace(" ", sign) for name in names for sign in (*signs, ""))
    return tuple(dict.fromkeys(joined))
