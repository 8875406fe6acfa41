"""Masks: patterns that say which tokens of a message are one value, and of which type."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import polars as pl

from loganomaly.errors import ConfigError
from loganomaly.yaml_text import read_yaml

__all__ = ["Mask", "all_of", "builtin_masks", "check_mask", "check_name", "masks_in_use"]

_NAME = re.compile(r"[^\W\d][\w.-]{0,63}")
_TAKEN = ("list", "text")
"""Types of parameters that no mask covers."""
_PROBES = ("", "a", "1", "a 1-_./:\u00e9")
"""In these, a pattern must not match an empty piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A pattern (of Rust's regex crate: linear time, no look-around) for the values of one type.

    Without a pattern it covers nothing: it takes the place of a built-in one that is not wanted.
    With `names`, what it covers may be a name that happens to look so: a constant where it never varies. With `apart`,
    the tokens that it covers stay parameters of their own, of these types where there are as many, else of its name.
    `matches` says of messages which part is masked, `rejects` are messages in which nothing is: the samples.
    """

    name: str
    pattern: str | None
    names: bool = False
    apart: tuple[str, ...] | None = None
    matches: Mapping[str, str] = field(default_factory=dict, hash=False)
    rejects: tuple[str, ...] = ()


@cache
def builtin_masks() -> tuple[Mask, ...]:
    """Return the masks of the data file, in the order in which they are applied."""
    text = resources.files("loganomaly.mining").joinpath("data/masks.yaml").read_text(encoding="utf-8")
    return tuple(
        Mask(
            name=entry["name"],
            pattern=entry["pattern"],
            names=entry.get("names", False),
            apart=tuple(entry["apart"]) if "apart" in entry else None,
            matches=entry["matches"],
            rejects=tuple(entry["rejects"]),
        )
        for entry in read_yaml(text)
    )


def masks_in_use(own: Sequence[Mask] = ()) -> tuple[Mask, ...]:
    """Return the masks that are applied: one's own, then the built-in ones that have none of their names.

    Raises
    ------
    ConfigError
        If one of them cannot work, or two have the same name.
    """
    names: set[str] = set()
    for mask in own:
        check_mask(mask)
        if mask.name in names:
            raise ConfigError(f"mask {mask.name!r} is given twice; keep one, with both patterns: this|that")
        names.add(mask.name)
    return (*own, *(mask for mask in builtin_masks() if mask.name not in names))


def all_of(several: Iterable[Sequence[Mask]]) -> tuple[Mask, ...]:
    """Return the masks of several uses, each once: one's own in their order, then the built-in ones in theirs."""
    every = list(dict.fromkeys(mask for masks in several for mask in masks if mask.pattern is not None))
    builtin = builtin_masks()
    return (*(mask for mask in every if mask not in builtin), *(mask for mask in builtin if mask in every))


def check_name(name: str) -> None:
    """Refuse a name that a mask cannot have.

    Raises
    ------
    ConfigError
        If it is not made of letters, digits, dots, dashes and underscores, or is what unmasked parameters are called.
    """
    if not _NAME.fullmatch(name):
        made = "of letters, digits, dots, dashes and underscores, at most 64, a letter first"
        raise ConfigError(f"mask {name!r}: expected a name made {made}, such as 'order_id'")
    if name in _TAKEN:
        raise ConfigError(f"mask {name!r}: that is what parameters are called that no mask covers; give another name")


def check_mask(mask: Mask) -> None:
    """Refuse a mask that cannot work.

    Raises
    ------
    ConfigError
        If its name is none, or its pattern; if the pattern matches the empty text; if the mask has no pattern, and
        there is no built-in one of that name.
    """
    check_name(mask.name)
    if mask.pattern is None:
        names = list(dict.fromkeys(each.name for each in builtin_masks()))
        if mask.name not in names:
            known = f"there is no built-in mask of that name to be switched off; there are {', '.join(names)}"
            raise ConfigError(f"mask {mask.name!r} has no pattern, and {known}")
        return
    try:
        found = pl.Series(_PROBES).str.extract_all(mask.pattern)
    except pl.exceptions.ComputeError as error:
        msg = f"mask {mask.name!r}: {mask.pattern!r} is no pattern that can be used: {_cause(error)}"
        raise ConfigError(f"{msg}; masks are regular expressions without look-around and back references") from error
    if found.list.contains("").any():
        raise ConfigError(f"mask {mask.name!r}: {mask.pattern!r} matches the empty text; expected a pattern for values")


def _cause(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (causes or lines or [type(error).__name__])[0].removeprefix("regex error: ").rstrip(".")
