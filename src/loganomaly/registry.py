"""Where exchangeable parts are registered: built-ins and plugins enter by the same door, entry points."""

import difflib
from importlib.metadata import entry_points
from typing import Any

from loganomaly.errors import UsageError

__all__ = ["DETECTORS", "load", "names"]

DETECTORS = "loganomaly.detectors"
"""Entry-point group of detectors."""


def names(group: str) -> list[str]:
    """Return the names registered in a group, sorted."""
    return sorted({entry.name for entry in entry_points(group=group)})


def load(group: str, name: str) -> Any:
    """Return what is registered under a name.

    Raises
    ------
    UsageError
        If there is no such name; says which there are.
    """
    for entry in entry_points(group=group, name=name):
        return entry.load()
    known = names(group)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    msg = f"no {group.rpartition('.')[2]} named {name!r}{hint} Known: {', '.join(known) or 'none'}."
    raise UsageError(msg)
