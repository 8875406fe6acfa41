"""Checks what callers give to an analysis."""

from pathlib import Path
from typing import Any

from loganomaly.errors import UsageError

__all__ = ["check_positive", "paths_of"]


def check_positive(name: str, value: int | None) -> None:
    """Check that the argument `name`, if it is given, is 1 or more.

    Raises
    ------
    UsageError
        If it is less.
    """
    if value is not None and value < 1:
        msg = f"{name} is {value}; expected a whole number of 1 or more"
        raise UsageError(msg)


def paths_of(data: Any) -> list[str]:
    """Return the paths given, one or a list of them.

    Raises
    ------
    UsageError
        If it is anything else, or an empty list.
    """
    paths = [data] if isinstance(data, str | Path) else data
    # Some lazy frames are iterables that cannot be iterated over, so it is asked for less than that.
    if not isinstance(paths, list | tuple) or not paths or not all(isinstance(p, str | Path) for p in paths):
        given = "an empty list" if isinstance(paths, list | tuple) and not paths else f"a {type(data).__name__}"
        msg = f"given {given}; expected a path, a list of paths, or a data frame (pandas, polars; not a lazy one)"
        raise UsageError(msg)
    return [str(path) for path in paths]
