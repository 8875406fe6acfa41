"""Rules of Sigma (sigmahq.io), read by pySigma and translated to patterns on lines; what cannot be is listed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from loganomaly.errors import ConfigError
from loganomaly.patterns import compiled
from loganomaly.rules.rule import Rule, RuleSeverity
from loganomaly.rules.sigma_conditions import UntranslatableError, translate

__all__ = ["SigmaRules", "Untranslated", "load_sigma"]

_SEVERITIES: Mapping[str, RuleSeverity] = {
    "critical": "critical",
    "high": "high",
    "medium": "medium",
    "low": "low",
    "informational": "low",
}
_SECURITY = ("attack.", "car.", "cve.", "d3fend.")
_LONGEST_NAME = 60
_TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_WITHOUT = b""  # a record that has none of the fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Untranslated:
    """A rule that is not used: its file, id and title as far as it has them, and why."""

    file: str
    id: str | None
    title: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigmaRules:
    """What became of the rules of some files."""

    rules: tuple[Rule, ...] = ()
    untranslated: tuple[Untranslated, ...] = ()


def load_sigma(paths: Sequence[str], *, taken: Iterable[str] = ()) -> SigmaRules:
    """Return the Sigma rules of files, and of all .yml and .yaml files in folders.

    Parameters
    ----------
    taken
        Names that other rules have; a rule whose title makes one of them is numbered.

    Raises
    ------
    ConfigError
        pySigma is not installed, or a path does not exist or cannot be read.
    """
    try:
        import sigma.rule  # noqa: F401
    except ImportError as error:
        msg = "rules.sigma needs pySigma, which is not installed; install it with: pip install 'loganomaly[sigma]'"
        raise ConfigError(msg) from error
    rules: list[Rule] = []
    untranslated: list[Untranslated] = []
    names = set(taken)
    for file in _files(paths):
        for document in _documents(file):
            made = _translated(document, file=str(file), names=names)
            if isinstance(made, Rule):
                names.add(made.name)
                rules.append(made)
            else:
                untranslated.append(made)
    return SigmaRules(rules=tuple(rules), untranslated=tuple(untranslated))


def _files(paths: Sequence[str]) -> Iterator[Path]:
    for given in paths:
        path = Path(given)
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix in {".yml", ".yaml"} and each.is_file())
        elif path.is_file():
            yield path
        else:
            msg = f"rules.sigma: there is no file or folder {given!r}; give one with Sigma rules in YAML"
            raise ConfigError(msg)


def _documents(file: Path) -> Iterator[Any]:
    """Yield the documents of a file; a text in the place of one says why it cannot be read."""
    try:
        yield from (each for each in yaml.safe_load_all(file.read_text(encoding="utf-8")) if each is not None)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        yield f"it is no YAML: {' '.join(str(error).split())}"
    except OSError as error:
        msg = f"rules.sigma: {file}: {error.strerror}"
        raise ConfigError(msg) from error


def _translated(document: Any, *, file: str, names: set[str]) -> Rule | Untranslated:
    if not isinstance(document, dict):
        reason = document if isinstance(document, str) else "it is no Sigma rule: expected names with values"
        return Untranslated(file=file, id=None, title=None, reason=reason)
    title, identifier = (_text(document.get(key)) for key in ("title", "id"))
    try:
        return _rule(document, file=file, names=names)
    except UntranslatableError as error:
        return Untranslated(file=file, id=identifier, title=title, reason=str(error))


def _rule(document: dict[str, Any], *, file: str, names: set[str]) -> Rule:
    from sigma.exceptions import SigmaError
    from sigma.rule import SigmaRule

    for key, what in (("correlation", "a correlation of several events"), ("filter", "a filter of other rules")):
        if key in document:
            msg = f"it is {what}, and a single line does not tell that"
            raise UntranslatableError(msg)
    _check_regexes(document.get("detection"))
    try:
        parsed = SigmaRule.from_dict(document, collect_errors=True)
        if parsed.errors:
            raise UntranslatableError(_told(parsed.errors[0]))
        conditions = [condition.parsed for condition in parsed.detection.parsed_condition]
    except SigmaError as error:
        raise UntranslatableError(_told(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        # What pySigma did not foresee in what it was given.
        msg = f"pySigma cannot read it: {error}"
        raise UntranslatableError(msg) from error
    if len(conditions) != 1:
        msg = f"it has {len(conditions)} conditions, expected one"
        raise UntranslatableError(msg)
    expression, anchors = translate(conditions[0])
    title = _text(parsed.title) or "Sigma rule"
    tags = tuple(tag for tag in map(str, parsed.tags) if _TAG.fullmatch(tag))
    level = "medium" if parsed.level is None else str(parsed.level).lower()
    rule = Rule(
        name=_name(title, names),
        reason=title,
        severity=_SEVERITIES.get(level, "medium"),
        expression=expression,
        tags=("sigma", *(("security",) if any(tag.startswith(_SECURITY) for tag in tags) else ()), *tags),
        anchors=anchors,
        origin=file,
    )
    if rule.holds(_WITHOUT):
        msg = "it holds for every line that has none of its fields"
        raise UntranslatableError(msg)
    return rule


def _check_regexes(detection: Any, *, regex: bool = False) -> None:
    """Refuse what RE2 cannot read, before pySigma tries it with an engine of its own."""
    if isinstance(detection, dict):
        for key, value in detection.items():
            _check_regexes(value, regex="re" in str(key).split("|")[1:])
    elif isinstance(detection, list):
        for value in detection:
            _check_regexes(value, regex=regex)
    elif regex and isinstance(detection, str):
        try:
            compiled(detection, utf8=True)
        except ValueError as error:
            msg = f"RE2 cannot read the regular expression {detection!r}: {error}"
            raise UntranslatableError(msg) from error


def _told(error: Exception) -> str:
    return " ".join(str(error).split())


def _text(value: Any) -> str | None:
    """Return a text of a rule on one line."""
    return None if value is None else " ".join(str(value).split())


def _name(title: str, names: set[str]) -> str:
    slug = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")[:_LONGEST_NAME].strip("-") or "sigma-rule"
    name, number = slug, 1
    while name in names:
        number += 1
        name = f"{slug}-{number}"
    return name
