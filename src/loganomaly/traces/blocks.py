"""What a trace is read into: exceptions in the order in which they stand, each with its frames."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from loganomaly.traces.language import Kind

__all__ = ["Block", "Frame", "Lines", "frame_of", "head_of", "indent_of"]

_MOST_DIGITS = 9  # of a line number; no file has more lines
_MARGIN = re.compile(r"[\s|+]*+")  # of an exception group, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One call of a stack."""

    function: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(slots=True, kw_only=True)
class Block:
    """One exception, filled while it is read: its line, counted from 0, what is said of it, and its frames, top first.

    `kind` says how it belongs to the one before it, `place` where its head says that it happened, and `shared` how
    many frames it has in common with the one before it, which are not written again.
    """

    kind: Kind
    line: int
    indent: int
    exception: str | None = None
    message: str | None = None
    place: Frame | None = None
    frames: list[Frame] = field(default_factory=list)
    shared: int = 0


def indent_of(line: str) -> int:
    """Return how far a line is indented, the margin of an exception group included."""
    margin = _MARGIN.match(line)
    return margin.end() if margin else 0


def head_of(kind: Kind, number: int, line: str, match: re.Match[str]) -> Block:
    """Return the exception that a head names."""
    groups = match.groupdict()
    message = groups.get("message")
    if message is None and "message" in groups:
        message = ""
    return Block(
        kind=kind,
        line=number,
        indent=indent_of(line),
        exception=groups.get("exception"),
        message=message.strip() if message is not None else None,
        place=frame_of(match) if groups.get("file") else None,
    )


def frame_of(match: re.Match[str]) -> Frame:
    """Return the frame, or the part of one, that a line names."""
    groups = match.groupdict()
    line = groups.get("line")
    return Frame(
        function=groups.get("function"),
        file=groups.get("file"),
        line=int(line) if line and len(line) <= _MOST_DIGITS else None,
    )


Lines = Sequence[tuple[str, Kind | None, re.Match[str] | None]]
"""Lines, and what each of them is."""
