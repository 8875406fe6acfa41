"""The rules that nobody has to set up, from a data file with samples."""

from dataclasses import fields
from functools import cache
from importlib import resources
from typing import Any

from loganomaly.behaviours.rule import BehaviourRule
from loganomaly.yaml_text import read_yaml

__all__ = ["built_in_entries", "built_in_rules"]

_KEYS = {field.name for field in fields(BehaviourRule)}


@cache
def built_in_rules() -> tuple[BehaviourRule, ...]:
    """Return the built-in rules."""
    return tuple(_rule(entry) for entry in built_in_entries())


@cache
def built_in_entries() -> tuple[dict[str, Any], ...]:
    """Return the entries of the data file, with their samples."""
    text = resources.files("loganomaly.behaviours").joinpath("rules.yaml").read_text(encoding="utf-8")
    return tuple(read_yaml(text)["rules"])


def _rule(entry: dict[str, Any]) -> BehaviourRule:
    given: dict[str, Any] = {key: value for key, value in entry.items() if key in _KEYS}
    for key in ("group_by", "tags"):
        given[key] = tuple(entry[key])
    return BehaviourRule(**{**given, "pattern": "".join(entry["pattern"]), "built_in": True})
