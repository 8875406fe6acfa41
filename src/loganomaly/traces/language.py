"""The languages whose traces are read: data files that say what their lines look like, with samples."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from loganomaly.yaml_text import read_yaml

__all__ = ["Foreign", "Kind", "Language", "load_languages", "parse_language"]


class Kind(StrEnum):
    """What a line of a trace is.

    A *head* names an exception: its frames stand below it, or above it where a line says that a trace follows.
    """

    OPEN = "open"
    """Says that a trace follows, the last call last, its head at the end."""
    MEMBER = "member"
    """Begins one of the exceptions of a group, by its `number`."""
    START = "start"
    """A head. Above frames alone it makes a trace; of several, the last above the first frame counts."""
    SURE = "sure"
    """A head that makes a trace without frames, too."""
    PERHAPS = "perhaps"
    """A head if the next line is the first frame and there is no other."""
    CAUSE = "cause"
    """A head: the cause of the exception before it."""
    WRAPPER = "wrapper"
    """A head: the exception before it is its cause."""
    ASIDE = "aside"
    """A head of an exception that came on top, and is the cause of nothing."""
    CAUSES = "causes"
    """Below it, to a blank line, are causes, one a line."""
    GROUP = "group"
    """Below it are exceptions of which the first counts."""
    FRAME = "frame"
    FUNCTION = "function"
    """The function of a frame if the next line is its place."""
    PLACE = "place"
    """File and line of the frame, or of the head, above it."""
    SHARED = "shared"
    """Says that the last `count` frames are those of the exception before."""
    RESTART = "restart"
    """The frames above it are of what reports the exception, not of where it happened."""
    MESSAGE = "message"
    """The message of the head above it."""
    NEXT = "next"
    """Begins another trace, if there are frames above it."""
    STOP = "stop"
    """Ends what there is to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """What is not the user's own code.

    `functions` are modules and packages of it, `folders` stand anywhere in the path of its files, and `places` are how
    its paths begin.
    """

    functions: tuple[str, ...]
    folders: tuple[str, ...]
    places: tuple[str, ...]

    def holds(self, *, function: str | None, file: str | None) -> bool:
        """Return whether a frame is of the runtime, the standard library, or a well-known library."""
        if function is not None:
            name = function.lstrip("<&*(")
            if any(name.startswith(prefix) and name[len(prefix) :][:1] in _ENDS for prefix in self.functions):
                return True
        if file is None:
            return False
        path = file.replace("\\", "/")
        return path.startswith(self.places) or any(folder in f"/{path}" for folder in self.folders)


_ENDS = frozenset(["", *"./:\\$(<>[`- "])  # what can stand behind the name of a module


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How traces of one language look; `samples` are its tests.

    Attributes
    ----------
    marks
        Texts without any of which a text holds no trace.
    lines
        Kinds of lines; the first pattern that fits a line says which it is.
    again
        Whether a head behind frames is the cause of the one before it, rather than another trace.
    callees
        Whether a frame names the function that is called, and the place that calls it.
    headed
        Whether frames without a head are no trace.
    """

    name: str
    title: str
    marks: tuple[str, ...]
    lines: tuple[tuple[Kind, re.Pattern[str]], ...]
    again: bool
    callees: bool
    headed: bool
    foreign: Foreign
    samples: tuple[Mapping[str, Any], ...]

    def kind(self, line: str) -> tuple[Kind | None, re.Match[str] | None]:
        """Return what a line is."""
        for kind, pattern in self.lines:
            if match := pattern.match(line):
                return kind, match
        return None, None

    def has(self, kind: Kind) -> bool:
        """Return whether lines of a kind are known."""
        return any(known is kind for known, _ in self.lines)

    def is_likely(self, text: str) -> bool:
        """Return whether a text can hold a trace of this language."""
        return any(mark in text for mark in self.marks)


def parse_language(text: str) -> Language:
    """Read the data file of a language."""
    raw = read_yaml(text)
    foreign = raw["foreign"]
    return Language(
        name=raw["name"],
        title=raw["title"],
        marks=tuple(raw["marks"]),
        lines=tuple(_line(entry, parts=raw.get("parts", {})) for entry in raw["lines"]),
        again=bool(raw.get("again", False)),
        callees=bool(raw.get("callees", False)),
        headed=bool(raw.get("headed", False)),
        foreign=Foreign(
            functions=tuple(foreign.get("functions", ())),
            folders=tuple(f"/{folder}" for folder in foreign.get("folders", ())),
            places=tuple(foreign.get("places", ())),
        ),
        samples=tuple(raw["samples"]),
    )


def _line(entry: Mapping[str, str], *, parts: Mapping[str, str]) -> tuple[Kind, re.Pattern[str]]:
    ((kind, pattern),) = entry.items()
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return Kind(kind), re.compile(pattern)


@cache
def load_languages() -> tuple[Language, ...]:
    """Return the built-in languages, in the order of their names."""
    folder = resources.files("loganomaly.traces").joinpath("languages")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return tuple(parse_language(file.read_text(encoding="utf-8")) for file in files)
