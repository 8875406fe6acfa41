"""Where exchangeable parts are registered: built-ins and plugins enter by the same door, entry points."""

import difflib
from collections.abc import Collection, Sequence
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any

from loganomaly.errors import UsageError

__all__ = ["DETECTORS", "PROVIDERS", "STEPS", "checked_names", "load", "names", "registered"]

DETECTORS = "loganomaly.detectors"
"""Entry-point group of detectors."""
PROVIDERS = "loganomaly.providers"
"""Entry-point group of providers of language models."""
STEPS = "loganomaly.workflow_steps"
"""Entry-point group of steps of the workflow."""


@cache
def _installed(group: str) -> EntryPoints:
    """Return what all packages register in a group: looking through them takes 3 ms, and a run asks thirty times."""
    return entry_points(group=group)


def registered(group: str) -> Sequence[EntryPoint]:
    """Return what is registered in a group."""
    return tuple(_installed(group))


def names(group: str) -> list[str]:
    """Return the names registered in a group, sorted."""
    return sorted({entry.name for entry in registered(group)})


def load(group: str, name: str) -> Any:
    """Return what is registered under a name.

    Raises
    ------
    UsageError
        If there is no such name; says which there are.
    """
    for entry in registered(group):
        if entry.name == name:
            return entry.load()
    raise _unknown(group, name)


def checked_names(group: str, given: Collection[str]) -> frozenset[str]:
    """Return the names given, all of which are registered in a group.

    Raises
    ------
    UsageError
        If one is not, or if a text is given where a list of names is expected.
    """
    if isinstance(given, str):
        msg = f"given the text {given!r}; expected a list of names: [{given!r}]"
        raise UsageError(msg)
    wrong = sorted(set(given) - set(names(group))) if given else []
    if wrong:
        raise _unknown(group, wrong[0])
    return frozenset(given)


def _unknown(group: str, name: str) -> UsageError:
    known = names(group)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return UsageError(f"no {group.rpartition('.')[2]} named {name!r}{hint} Known: {', '.join(known) or 'none'}.")
