"""Reads traces that name the exception first, then the calls, the last one first: those of most languages."""

import re

from loganomaly.traces.blocks import Block, Frame, Lines, frame_of, head_of, indent_of
from loganomaly.traces.language import Kind, Language

__all__ = ["read_downward"]

_NUMBER = re.compile(r"\s*+(?:\d++: )?")


def read_downward(lines: Lines, language: Language) -> list[Block]:
    """Return the exceptions of the first trace in *lines*."""
    reader = _Reader(language)
    for number, (line, kind, match) in enumerate(lines):
        if not reader.take(number, line, kind, match):
            break
    return reader.blocks


class _Reader:
    """What was read so far, line by line."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.blocks: list[Block] = []
        self.framed = False  # there are frames
        self.pending: Frame | None = None  # a function that waits for its place
        self.maybe: Block | None = None  # a head if the next line is the first frame
        self.aside: Block | None = None
        self.group = ""  # "open" before the first exception of a group, "taken" behind its head
        self.in_causes = False

    def take(self, number: int, line: str, kind: Kind | None, match: re.Match[str] | None) -> bool:
        """Read one more line; return whether the trace goes on."""
        if self.in_causes and line.strip():
            self._cause_alone(number, line)
            return True
        self.in_causes = False
        maybe, pending = self.maybe, self.pending
        if line.strip():
            self.maybe = self.pending = None
        if kind is None or match is None:
            self._message_below(line)
            return True
        match kind:
            case Kind.START | Kind.SURE:
                return self._start(kind, number, line, match)
            case Kind.PERHAPS:
                if not self._message_below(line):
                    self.maybe = head_of(Kind.START, number, line, match)
            case Kind.CAUSE | Kind.WRAPPER:
                aside = self.aside
                # Without indentation nobody can say whose cause it is; most are of the exception itself.
                if aside is not None and indent_of(line) >= aside.indent > self.blocks[0].indent:
                    kind = Kind.ASIDE
                self.blocks.append(head_of(kind, number, line, match))
            case Kind.ASIDE:
                self.aside = head_of(kind, number, line, match)
                self.blocks.append(self.aside)
            case Kind.FRAME:
                self._frame(number, line, frame_of(match), maybe)
            case Kind.FUNCTION:
                self.pending, self.maybe = frame_of(match), maybe
            case Kind.PLACE:
                self._place(number, line, frame_of(match), pending, maybe)
            case Kind.SHARED if self.blocks:
                self.blocks[-1].shared = int(match["count"])
            case Kind.RESTART if self.blocks:
                self.blocks[-1].frames.clear()
            case Kind.MESSAGE if self.blocks:
                self.blocks[-1].message = match["message"].strip()
            case Kind.CAUSES:
                self.in_causes = bool(self.blocks)
            case Kind.GROUP:
                self.group = "open"
            case Kind.NEXT:
                return not self.framed
            case Kind.STOP:
                return not self.blocks
        return True

    def _start(self, kind: Kind, number: int, line: str, match: re.Match[str]) -> bool:
        head = head_of(kind, number, line, match)
        if self.group == "open":
            self.group, head.kind = "taken", Kind.CAUSE
        elif self.group or (self.framed and not self.language.again):
            return False
        elif self.framed:
            head.kind = Kind.CAUSE
        elif any(block.kind is not Kind.START for block in self.blocks):
            return True  # it stands in a message
        else:
            self.blocks.clear()
        self.blocks.append(head)
        return True

    def _frame(self, number: int, line: str, frame: Frame, maybe: Block | None) -> None:
        if not self.blocks:
            self.blocks.append(maybe or Block(kind=Kind.START, line=number, indent=indent_of(line)))
        self.blocks[-1].frames.append(frame)
        self.framed = True

    def _place(self, number: int, line: str, place: Frame, pending: Frame | None, maybe: Block | None) -> None:
        if pending is not None:
            self._frame(number, line, Frame(function=pending.function, file=place.file, line=place.line), maybe)
        elif self.blocks and (frames := self.blocks[-1].frames):
            if frames[-1].file is None:
                frames[-1] = Frame(function=frames[-1].function, file=place.file, line=place.line)
        elif self.blocks and self.blocks[-1].place is None:
            self.blocks[-1].place = place

    def _message_below(self, line: str) -> bool:
        """Take a line for the message of the head above it, if that has none; return whether it is."""
        if not self.blocks or self.framed or self.blocks[-1].message is not None or not line.strip():
            return False
        self.blocks[-1].message = line.strip()
        return True

    def _cause_alone(self, number: int, line: str) -> None:
        number_of = _NUMBER.match(line)
        text = line[number_of.end() if number_of else 0 :].strip()
        self.blocks.append(
            Block(kind=Kind.CAUSE, line=number, indent=0, exception=self.blocks[0].exception, message=text)
        )
