"""What archives have in common: their members, and the limits that hostile ones meet."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from loganomaly.reading.places import Place

__all__ = ["MOST_MEMBERS", "MOST_NESTED_BYTES", "NESTING", "Member", "member_name", "written"]

MOST_MEMBERS = 10_000
"""Members of an archive, of those in it too, that are looked at: support bundles have some thousands at most, and
each one costs time and memory however small it is."""
NESTING = 2
"""How deep archives are walked: an archive in an archive is how hosts and services are bundled, a third level none."""
MOST_NESTED_BYTES = 4 << 30
"""Of an archive or table in an archive: it is copied to disk as it is, to be read from there."""
_LONGEST_NAME = 500
_DATED = range(315_619_200, 4_102_444_800)  # 1980-01-02 to 2100: what lies outside is no date but a placeholder


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of an archive: a file, or what cannot be read.

    Attributes
    ----------
    name
        As the archive has it; None for what is said of the archive's rest.
    problem
        Why it cannot be read.
    modified
        Seconds since the epoch; hostile or missing as the archive has it.
    place
        Where in the archive's file it lies; None where it does not lie there as it is.
    content
        Its bytes, where it has no place: to be taken before the next member is.
    """

    name: str | None
    problem: str | None = None
    modified: float = 0.0
    place: Place | None = None
    content: Iterator[bytes] | None = None


def member_name(name: str) -> str:
    r"""Return the name of a member as it is shown: a relative path without what a terminal or file system would obey.

    >>> member_name("/var/../log\\app\x1b.log")
    'var/__/log/app\ufffd.log'
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = "".join("\ufffd" if unicodedata.category(char)[0] == "C" else char for char in text)
    parts = [part for part in re.split(r"[/\\]", text) if part not in {"", "."}]
    shown = "/".join("__" if part == ".." else part for part in parts) or "_"
    return shown if len(shown) <= _LONGEST_NAME else "\u2026" + shown[-_LONGEST_NAME:]


def written(member: Member, *, archive: float) -> float:
    """Return when a member was written, or when the *archive* was, where the member does not tell."""
    if math.isfinite(member.modified) and int(member.modified) in _DATED:
        return float(member.modified)
    return archive
