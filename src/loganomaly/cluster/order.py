"""The parts of a source in their order, whichever order they are done in: how many lines come before each.

A part that cannot be read to its end is the last that counts, as for a reader who goes from the start to the end.
"""

from dataclasses import dataclass, field
from typing import Any

from loganomaly.cluster.spans import Span
from loganomaly.cluster.tasks import Brief

__all__ = ["InOrder", "Placed", "SourceOrder"]


@dataclass(frozen=True, slots=True)
class InOrder:
    """A part that is done: what stands for its profile, its number, what is known of it, and where it is."""

    number: int
    part: Any
    brief: Brief
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A part whose place is known, with how many lines of its source come before it."""

    part: Any
    lines_before: int


@dataclass(slots=True)
class SourceOrder:
    """What is known of the parts of one source."""

    lines: int = 0
    damage: str | None = None
    closed: bool = False
    """Whether no further part counts."""
    escaped_in: Span | None = None
    """The part from which on the source must be read in one go."""
    clean: int = 0
    """Up to which byte of its text there is no escape sequence, as far as that is known."""
    _next: int = 0
    _waiting: dict[int, InOrder] = field(default_factory=dict)

    def done(self, part: InOrder) -> tuple[list[Placed], int]:
        """Note that a part is done; return those whose place is known now, and how many parts are settled by it."""
        self._waiting[part.number] = part
        placed: list[Placed] = []
        settled = 0
        while self._next in self._waiting:
            each = self._waiting.pop(self._next)
            self._next += 1
            settled += 1
            if self.closed:
                continue
            if each.brief.escaped:
                self.closed, self.escaped_in = True, each.span
                continue
            placed.append(Placed(each.part, self.lines))
            self.lines += each.brief.lines
            if each.brief.damage is not None:
                self.closed, self.damage = True, each.brief.damage
            elif each.span is not None:
                self.clean = each.span.end - each.span.mark
        return placed, settled
