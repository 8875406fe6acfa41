"""Line formats: data files that say how a log writes time, severity, component and message."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Literal, get_args

import yaml

from loganomaly.errors import FormatError
from loganomaly.reading.layout import compile_layout
from loganomaly.reading.program import Op, Option, Role
from loganomaly.yaml_text import read_yaml

__all__ = [
    "BARE_TIMES",
    "Format",
    "Layout",
    "data_file",
    "expand",
    "load_formats",
    "parse_format",
    "timestamp_patterns",
]

BARE_TIMES = frozenset({"%s", "%H:%M:%S%f", "%I:%M:%S%f%p"})
"""Timestamp patterns that hold no date: much that is no timestamp looks like them."""


_GOES_ON = 4
Lines = Literal["any", "single line", "many lines"]
_LINES: tuple[Lines, ...] = get_args(Lines)
Frames = Literal["begin", "join"]
_FRAMES: tuple[Frames, ...] = get_args(Frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way to write a line: a layout of a format with one timestamp pattern filled in.

    Lines of a layout that `goes_on` belong to the record before them, and so do those of one that `joins` whose message
    is a frame of a stack trace.
    """

    format: str
    text: str
    time: str | None = None
    goes_on: bool = False
    joins: bool = False

    @property
    def head(self) -> str:
        """The layout of a record's first line."""
        return self.text.partition("\n")[0]

    @property
    def captures(self) -> int:
        """How much of a line this layout understands; breaks ties between layouts that match the same lines."""
        # A layout that goes on names the lines it is for, so it comes before those that any line may fit.
        return _captures(self.text, self.time) + (_GOES_ON if self.goes_on else 0)


@cache
def _captures(text: str, time: str | None) -> int:
    worth = {Op.JSON: 5, Op.LOGFMT: 4, Op.LEVEL: 2, Op.PRIORITY: 2, Op.TRAILER: 1, Op.BEGIN: 2}
    total = 3 if time is not None or "{time:" in text else 0
    optional_until = 0
    roles = set[int]()
    for place, (operation, a, _, c) in enumerate(compile_layout(text, time=time).operations):
        if operation == Op.OPTIONAL:
            optional_until = a
        elif operation == Op.COLUMN and a > Role.SKIP:
            roles.add(a)
        elif operation == Op.DELIMITED:
            # A header says what the columns mean; a table that takes no rows of others comes before those that do.
            total += 6 + (len(Role) + 2 if c & Option.EXACT else 0)
        elif place >= optional_until:
            total += worth.get(Op(operation), 0) + (operation == Op.FIELD and a == Role.COMPONENT)
    return total + len(roles) + (2 if Role.TIME in roles else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A named family of layouts with sample lines, which are its tests.

    A sample is a mapping with `line` and what is read from it: `time` (ISO, UTC), `level`, `component`, `status`,
    `message`; what it leaves out is absent from the line. A sample of several lines is read as one record.

    Lines that fit `continuations`, which are layouts too, belong to the record before them.

    `records` says what becomes of lines that no layout reads: where all records are of a "single line", each is a
    record of its own; where most are of "many lines", each belongs to the record before it; "any" leaves it to how
    many of a source's lines are read.

    Where `frames` "join", a line whose message is a frame of a stack trace belongs to the record before it: the lines
    of a program are written one by one, each with a timestamp of its own.

    A line that fits one of `marks`, which are layouts too, shows what writes the source: all layouts of the format are
    then used, and no others, if they read all that others would. Without such a line, none of them is.
    """

    name: str
    title: str
    layouts: tuple[str, ...]
    samples: tuple[Mapping[str, Any], ...]
    records: Lines = "any"
    continuations: tuple[str, ...] = ()
    frames: Frames = "begin"
    marks: tuple[str, ...] = ()


def parse_format(text: str, *, origin: str) -> Format:
    """Read a format data file.

    Raises
    ------
    FormatError
        If the text is no YAML, a key is missing or unknown, or a layout or sample is malformed; names `origin`.
    """
    try:
        raw = read_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # such as 2026-02-30, which YAML takes for a date
        msg = f"{origin}: a format is a YAML mapping; this is not YAML: {error}"
        raise FormatError(msg) from error
    expected = {"name", "title", "layouts", "samples"}
    optional = {"continuations", "frames", "marks", "records"}
    if not isinstance(raw, dict) or set(raw) - optional != expected:
        given = sorted(map(str, raw)) if isinstance(raw, dict) else type(raw).__name__
        wanted = f"the keys {sorted(expected)} and may have {sorted(optional)}"
        msg = f"{origin}: a format has {wanted}, given: {given}"
        raise FormatError(msg)
    records = raw.get("records", "any")
    if records not in _LINES:
        msg = f"{origin}: records is one of {list(_LINES)}, given: {records!r}"
        raise FormatError(msg)
    frames = raw.get("frames", "begin")
    if frames not in _FRAMES:
        msg = f"{origin}: frames is one of {list(_FRAMES)}, given: {frames!r}"
        raise FormatError(msg)
    for key, kind in (("layouts", str), ("samples", dict), ("continuations", str), ("marks", str)):
        if key in optional and key not in raw:
            continue
        if not isinstance(raw[key], list) or not raw[key] or not all(isinstance(item, kind) for item in raw[key]):
            kinds = "texts" if kind is str else "mappings"
            msg = f"{origin}: {key} is a list of one or more {kinds}, given: {raw[key]!r}"
            raise FormatError(msg)
    continuations: list[str] = raw.get("continuations", [])
    marks: list[str] = raw.get("marks", [])
    for layout in (*raw["layouts"], *continuations, *marks):
        try:
            compile_layout(layout.partition("\n")[0], time="%Y")
            compile_layout(layout, time="%Y")
        except FormatError as error:
            msg = f"{origin}: {error}"
            raise FormatError(msg) from error
    return Format(
        name=raw["name"],
        title=raw["title"],
        layouts=tuple(raw["layouts"]),
        samples=tuple(raw["samples"]),
        records=records,
        continuations=tuple(continuations),
        frames=frames,
        marks=tuple(marks),
    )


def data_file(name: str) -> Any:
    """Return the content of one of this package's YAML data files."""
    return read_yaml(_data().joinpath(name).read_text(encoding="utf-8"))


@cache
def load_formats() -> tuple[Format, ...]:
    """Return the built-in formats, in the order of their names."""
    files = sorted(_data().joinpath("formats").iterdir(), key=lambda file: file.name)
    return tuple(parse_format(file.read_text(encoding="utf-8"), origin=file.name) for file in files)


@cache
def timestamp_patterns() -> tuple[str, ...]:
    """Return the timestamp patterns that ``{time}`` stands for, most common first."""
    return tuple(entry["pattern"] for entry in data_file("timestamps.yaml")["timestamps"])


def _data() -> Traversable:
    return resources.files("loganomaly.reading").joinpath("data")


def expand(formats: Iterable[Format], *, patterns: Sequence[str]) -> list[Layout]:
    """Return each layout of `formats` once per timestamp pattern, or once where it names its own or has none."""
    layouts: list[Layout] = []
    for fmt in formats:
        for text in (*fmt.layouts, *fmt.marks, *fmt.continuations):
            times = patterns if "{time}" in text else (None,)
            kind = {"goes_on": text in fmt.continuations, "joins": fmt.frames == "join"}
            layouts += [Layout(format=fmt.name, text=text, time=time, **kind) for time in times]
    return layouts
