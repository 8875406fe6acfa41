"""The patterns of rules: regular expressions that RE2 runs in linear time, on many records at once and on one."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from loganomaly import patterns

__all__ = ["Pattern", "compiled"]

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LINES = {"A": "(?:^)", "z": "(?:$)"}
"""What says in a text of many records what these say in that of one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern in two forms.

    `on_lines` is for texts with one record a line, of which no match covers more than one; `on_record` for the text of
    one record. `groups` are the numbers of the named groups; `digits` says that it may tell one digit from another.
    """

    on_lines: Any
    on_record: Any
    groups: dict[str, int]
    digits: bool


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """Return a pattern, compiled.

    Raises
    ------
    ValueError
        RE2 cannot read it, or it covers the empty text.
    """
    on_record = patterns.compiled(text, utf8=True)
    on_lines = patterns.compiled(f"(?m){_ESCAPED.sub(_of_lines, text)}", utf8=True, one_line=True)
    if on_record.search(b"") is not None:
        raise ValueError("it covers the empty text, and so every record; leave the pattern out if that is meant")
    groups = {name.decode(): number for name, number in on_record.groupindex.items()}
    return Pattern(on_lines=on_lines, on_record=on_record, groups=groups, digits=patterns.tells_digits(text))


def _of_lines(escape: re.Match[str]) -> str:
    return _LINES.get(escape[1], escape[0])
