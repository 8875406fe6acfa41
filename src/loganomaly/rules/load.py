r"""The built-in rules: data files in `files/`.

An entry has a `name`, a `reason` (what the event means, a phrase), `tags`, a `severity`, and a `pattern`: a regular
expression of RE2, or several of which one matches, for text in any case of letters; where one under ``unless`` matches
as well, the entry does not hold ("no deadlock detected"). ``critical`` is what no healthy system logs, ``high`` what
somebody has to look at, ``medium`` what is bad beside something else, ``low`` what tells what others mean.

``anchors`` are texts of which a record that the pattern matches has one, at the beginning of a word: only such records
are looked at. `samples` must match, those under ``not`` must not: they are the tests.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from loganomaly.rules.expression import AllOf, Expression, Not, Pattern, pattern
from loganomaly.rules.rule import Rule
from loganomaly.yaml_text import read_yaml

__all__ = ["FILES", "default_rules"]

FILES = ("kernel", "storage", "process", "network", "database", "service", "login", "attack")
"""Names of the data files."""


@cache
def default_rules() -> tuple[Rule, ...]:
    """Return the built-in rules, in the order of their files."""
    folder = resources.files("loganomaly.rules").joinpath("files")
    found = []
    for name in FILES:
        text = folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        found += [_rule(entry) for entry in read_yaml(text)["rules"]]
    return tuple(found)


def _rule(entry: Mapping[str, Any]) -> Rule:
    expression: Expression = _any_case(entry["pattern"])
    if "unless" in entry:
        expression = AllOf((expression, Not(_any_case(entry["unless"]))))
    return Rule(
        name=entry["name"],
        reason=entry["reason"],
        severity=entry["severity"],
        expression=expression,
        tags=tuple(entry["tags"]),
        anchors=tuple(entry["anchors"]),
        samples=tuple(entry["samples"]),
        counterexamples=tuple(entry["not"]),
    )


def _any_case(given: str | Sequence[str]) -> Pattern:
    several = [given] if isinstance(given, str) else given
    return pattern(f"(?i:{'|'.join(several)})", utf8=False)
