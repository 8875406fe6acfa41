"""Defaults, then a YAML file, then overrides: one checked :class:`Config`, or every problem with its line."""

import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from loganomaly.config.document import (
    compose_document,
    describe_node,
    is_blank,
    is_list,
    is_mapping,
    key_name,
    line_of,
    read_text,
    scalar_value,
)
from loganomaly.config.keys import expected, items_at, known_names, nearest_keys, section_at
from loganomaly.config.section import DISAGREE
from loganomaly.config.settings import Config
from loganomaly.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

__all__ = ["load_config", "parse_config"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Given:
    """A value for a known key; ``line`` is 0 for an override.

    That of a list of sections in a file, and of each of its entries, is a mapping: what is below it comes in it.
    """

    path: tuple[str, ...]
    value: object
    shown: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Problem:
    """One thing that is wrong; ``line`` is 0 for an override."""

    text: str
    line: int


def load_config(path: "Path | None" = None, *, overrides: Mapping[str, object] | None = None) -> Config:
    """Return the settings: overrides win over the file, the file wins over the defaults.

    Parameters
    ----------
    path
        A YAML file in UTF-8; an empty one leaves every default.
    overrides
        Values by dotted key, such as ``{"detectors.lof.neighbors": 5}``.

    Raises
    ------
    ConfigError
        When the file cannot be read, or a key or value is wrong. All wrong keys and values are listed, one a
        line, each with the line of the file or the name of the option, and what was expected there.

    Examples
    --------
    >>> load_config(overrides={"llm.timeout": 5}).llm.timeout
    5.0
    """
    text = "" if path is None else read_text(path)
    return parse_config(text, source=str(path), overrides=overrides)


def parse_config(text: str, *, source: str, overrides: Mapping[str, object] | None = None) -> Config:
    """Return the settings of a YAML text; see `load_config`.

    Parameters
    ----------
    source
        Name of the file, for messages.

    Examples
    --------
    >>> parse_config("llm: {timeout: 5}", source="my.yaml").llm.timeout
    5.0
    """
    given: dict[tuple[str, ...], _Given] = {}
    problems: list[_Problem] = []
    for item in [*_from_text(text, source=source), *_from_overrides(overrides or {})]:
        if isinstance(item, _Problem):
            problems.append(item)
            continue
        for below in [path for path in given if path[: len(item.path)] == item.path]:
            del given[below]
        given[item.path] = item
    try:
        config = Config.model_validate(_nested(given))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        problems += [_wrong_value(detail, given=given) for detail in details]
    else:
        if not problems:
            return config
    problems = list(dict.fromkeys(problems))  # each entry of a list of values is one of the list
    problems.sort(key=lambda problem: (problem.line == 0, problem.line))
    raise ConfigError("\n".join(f"{source}, line {p.line}: {p.text}" if p.line else p.text for p in problems))


def _from_text(text: str, *, source: str) -> Iterator[_Given | _Problem]:
    root = compose_document(text, source=source)
    if root is not None:
        yield from _entry((), root, line=line_of(root))


def _entry(path: tuple[str, ...], node: yaml.Node, *, line: int) -> Iterator[_Given | _Problem]:
    if items_at(path) is not None and is_list(node):
        yield _Given(path=path, value={}, shown=describe_node(node), line=line)
        for number, entry in enumerate(node.value, start=1):
            yield from _list_entry((*path, str(number)), entry)
    elif section_at(path) is None:
        if items_at(path) is None or not is_blank(node):
            yield _value(path, node, line=line)
    elif is_mapping(node):
        yield from _section(path, node)
    elif not is_blank(node):
        name = ".".join(path) or "the file"
        yield _Problem(text=f"{name}: given {describe_node(node)}, expected {expected(path)}.", line=line)


def _list_entry(path: tuple[str, ...], node: yaml.Node) -> Iterator[_Given | _Problem]:
    line = line_of(node)
    if is_mapping(node):
        yield _Given(path=path, value={}, shown=describe_node(node), line=line)
        yield from _section(path, node)
    else:
        yield _value(path, node, line=line)


def _value(path: tuple[str, ...], node: yaml.Node, *, line: int) -> _Given:
    try:
        value: object = [scalar_value(item) for item in node.value] if is_list(node) else scalar_value(node)
    except ValueError:
        value = node  # of no valid type: refused below with the others, unless an override replaces it
    return _Given(path=path, value=value, shown=describe_node(node), line=line)


def _section(path: tuple[str, ...], section: yaml.Node) -> Iterator[_Given | _Problem]:
    first: dict[str, int] = {}
    for key, node in section.value:
        name, line = key_name(key), line_of(key)
        if name is None:
            keys = ", ".join(known_names(path))
            yield _Problem(text=f"given {describe_node(key)} as a key, expected one of {keys}.", line=line)
        elif name not in known_names(path):
            yield _Problem(text=_unknown_in_file(path, name), line=line)
        elif name in first:
            key_text = ".".join((*path, name))
            text = f"{key_text}: given twice, first on line {first[name]}; keep one of the two."
            yield _Problem(text=text, line=line)
        else:
            first[name] = line
            yield from _entry((*path, name), node, line=line)


def _from_overrides(overrides: Mapping[str, object]) -> Iterator[_Given | _Problem]:
    for key, value in overrides.items():
        path = tuple(key.split("."))
        lists = [".".join(path[:depth]) for depth in range(1, len(path)) if items_at(path[:depth]) is not None]
        if lists:
            yield _Problem(text=f"option {key}: an entry of a list; give {lists[0]} as a whole.", line=0)
        elif section_at(path) is not None:
            keys = ", ".join(f"{key}.{name}" for name in known_names(path))
            yield _Problem(text=f"option {key}: a section, not a value; give one of its keys: {keys}.", line=0)
        elif path[-1] in known_names(path[:-1]):
            shown = " ".join(reprlib.repr(value).split())
            yield _Given(path=path, value=value, shown=shown, line=0)
        else:
            yield _Problem(text=_unknown_option(path), line=0)


def _nested(given: Mapping[tuple[str, ...], _Given]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, item in given.items():
        section = tree
        for name in path[:-1]:
            section = section.setdefault(name, {})
        section[path[-1]] = dict(item.value) if item.line and isinstance(item.value, dict) else item.value
    for path in [path for path, item in given.items() if item.line and items_at(path) is not None]:
        section = tree
        for name in path[:-1]:
            section = section[name]
        if isinstance(section[path[-1]], dict):
            section[path[-1]] = list(section[path[-1]].values())
    return tree


def _wrong_value(detail: "ErrorDetails", *, given: Mapping[tuple[str, ...], _Given]) -> _Problem:
    path = tuple(str(part + 1) if isinstance(part, int) else part for part in detail["loc"])
    kind = detail["type"]
    if path and path[-1].isdecimal() and items_at(path[:-1]) is None:  # an entry of a list of values
        path, kind = path[:-1], "list_type"
    if detail["type"] == DISAGREE:
        # One of the keys was given, for the defaults agree: point at the first that was.
        paths = [(*path, *name.split(".")) for name in detail["ctx"]["keys"]]
        path = next((each for each in paths if each in given), paths[0])
        text = detail["msg"]
    elif detail["type"] == "extra_forbidden":  # in a list that is an override: those of files were refused before
        text = f"unknown key, expected one of {', '.join(known_names(path[:-1]))}"
    elif path in given:
        hint = _quoting_hint(given[path], kind=kind)
        text = f"given {given[path].shown}, expected {expected(path)}{hint}"
    else:
        text = f"{'not given, ' if detail['type'] == 'missing' else ''}expected {expected(path)}"
    line = next(given[path[:depth]].line for depth in range(len(path), 0, -1) if path[:depth] in given)
    return _Problem(text=f"{'' if line else 'option '}{'.'.join(path)}: {text}.", line=line)


def _quoting_hint(item: _Given, *, kind: str) -> str:
    """Say how to write a value whose type in YAML is not the one it looks like, such as ``"20"`` or 1e3."""
    if not item.line:
        return ""
    is_block = isinstance(item.value, yaml.CollectionNode) and not item.value.flow_style
    if kind == "string_type" and item.value is not None and not is_block:
        return "; put text in quotes"
    if kind in {"float_type", "int_type"} and isinstance(item.value, str):
        try:
            number = Decimal(item.value)
        except InvalidOperation:
            return ""
        if number.is_finite() and abs(number.adjusted()) < 16:
            return f"; this is text in YAML, write {number:f} without quotes"
    return ""


def _unknown_in_file(section: tuple[str, ...], name: str) -> str:
    dotted = ".".join((*section, name))
    near = nearest_keys(section, name)
    if dotted in near:
        nested = name.replace(".", ": {") + ": ..." + "}" * name.count(".")
        return f"unknown key {dotted!r}; write one name a level: {nested}"
    known = f" Known keys here: {', '.join(known_names(section))}."
    prefix = "".join(f"{part}." for part in section)
    shown = [key.removeprefix(prefix) if key.rpartition(".")[0] == prefix[:-1] else key for key in near]
    return f"unknown key {dotted!r}{_did_you_mean(shown)}{known}"


def _unknown_option(path: tuple[str, ...]) -> str:
    depth = max(depth for depth in range(len(path)) if section_at(path[:depth]) is not None)
    section = path[:depth]
    near = nearest_keys(section, ".".join(path[depth:]))
    where = f"in {'.'.join(section)}" if section else "here"
    known = f" Known keys {where}: {', '.join(known_names(section))}."
    return f"option {'.'.join(path)!r}: unknown key{_did_you_mean(near)}{known}"


def _did_you_mean(names: list[str]) -> str:
    return f"; did you mean {' or '.join(map(repr, names))}?" if names else "."
