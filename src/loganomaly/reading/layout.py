r"""The layout language: how format data files write down the shape of a line.

A layout is text with placeholders: ``{time} {level} [{thread+}] {name} - {message}``.

- A blank stands for one blank or more; every other character stands for itself.
- ``{?`` ... ``?}`` encloses an optional group.
- ``{time}`` is any of the known timestamps; ``{time:%Y-%m-%d %H:%M:%S}`` is this one. The directives are those of
  strptime, with ``%f`` for any number of digits, ``%e`` for a day or hour that may be padded with a blank, ``%s`` for
  an epoch of any unit and ``%z`` for any way to write a zone; ``%p`` may stand behind blanks. In a timestamp, a blank
  may follow a comma.
- ``{level}`` is a severity word, ``{level1}`` one letter (I, W, E ...), ``{priority}`` a syslog priority,
  ``{sign}`` one of Redis' signs, ``{cef}`` a severity of CEF (0 to 10, or a word), ``{windows}`` a level 0 to 5.
- ``{component}`` has no blanks, ``{name}`` is a component of letters, digits and ``. _ $ -``.
- ``{digits}``, ``{status}`` (an HTTP status), ``{json}``, ``{logfmt}``.
- ``{delimited:comma:...}`` is a whole row of delimited text; `columns` says how its columns are written down.
- ``{message}`` is the rest of the line; ``{message} ({component})`` takes the component from its end;
  ``{begin}`` and ``{end}`` mark a message inside a line that is checked on to its end.
- A line break ends the head of a record: the rest of the layout is matched against the lines that go on with it. There,
  a break stands for any white space, and the message is the first line of what it matches.
- Any other name is a field that is skipped: no blanks, or any text where the name ends in ``+``.

A field ends where what follows it matches; if the rest of the layout then fails, the field is tried further on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from loganomaly.errors import FormatError
from loganomaly.reading.columns import Column, parse_table
from loganomaly.reading.program import LONGEST_NAME, SECRET_COLUMN, Op, Part, Role, Text, key_hash
from loganomaly.redaction.names import is_telling

__all__ = ["Code", "Operation", "compile_layout"]

Operation = tuple[int, int, int, int]

_PIECE = re.compile(r"\{\?|\?\}|\{[a-z0-9_]+\+?(?::[^{}]*)?\}|\n|[ \t]+|[^{ \t\n?]+|\?|\{")
_DIRECTIVES: dict[str, tuple[Operation, ...]] = {
    "Y": ((Op.NUMBER, 4, 4, Part.YEAR),),
    "y": ((Op.NUMBER, 2, 2, Part.SHORT_YEAR),),
    "m": ((Op.NUMBER, 1, 2, Part.MONTH),),
    "d": ((Op.NUMBER, 1, 2, Part.DAY),),
    "e": ((Op.NUMBER, -1, 2, Part.DAY),),
    "H": ((Op.NUMBER, 1, 2, Part.HOUR),),
    "I": ((Op.NUMBER, -1, 2, Part.HOUR),),
    "M": ((Op.NUMBER, 1, 2, Part.MINUTE),),
    "S": ((Op.NUMBER, 1, 2, Part.SECOND),),
    "f": ((Op.FRACTION, 0, 0, 0),),
    "b": ((Op.MONTH, 0, 0, 0),),
    "a": ((Op.WEEKDAY, 0, 0, 0),),
    "z": ((Op.ZONE, 0, 0, 0),),
    "s": ((Op.EPOCH, 0, 0, 0),),
    "p": ((Op.MERIDIEM, 0, 0, 0),),
}
_TWO_DIGITS = {"m", "d", "H", "M", "S"}
_DIGITS = _TWO_DIGITS | {"Y", "y"}
_SIMPLE: dict[str, Operation] = {
    "level": (Op.LEVEL, 0, 0, 0),
    "level1": (Op.LEVEL, 1, 0, 0),
    "sign": (Op.LEVEL, 2, 0, 0),
    "cef": (Op.LEVEL, 3, 0, 0),
    "windows": (Op.LEVEL, 4, 0, 0),
    "priority": (Op.PRIORITY, 0, 0, 0),
    "digits": (Op.NUMBER, 1, 20, Part.SKIP),
    "status": (Op.NUMBER, 3, 3, Part.STATUS),
    "json": (Op.JSON, 0, 0, 0),
    "logfmt": (Op.LOGFMT, 0, 0, 0),
    "begin": (Op.BEGIN, 0, 0, 0),
    "end": (Op.END, 0, 0, 0),
}
_BLANKS = frozenset(b" \t")
_BREAKS = frozenset(b" \t\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A compiled layout, not yet placed among others.

    `operations` hold offsets into `pool` and `stops` that are relative to this layout.
    """

    operations: tuple[Operation, ...]
    pool: bytes
    stops: tuple[frozenset[int], ...]


@lru_cache(maxsize=1 << 13)
def compile_layout(layout: str, *, time: str | None = None) -> Code:
    """Compile `layout`; `time` is the pattern that ``{time}`` stands for.

    Raises
    ------
    FormatError
        If the layout is malformed, or has ``{time}`` and no `time` is given.

    Examples
    --------
    >>> compile_layout("{level}: {message}").operations[0][0] == Op.LEVEL
    True
    """
    pieces = _expand(_PIECE.findall(layout), layout=layout, time=time)
    compiler = _Compiler(layout)
    compiler.add(pieces)
    if compiler.open_groups:
        msg = f"layout {layout!r}: a group is opened with '{{?' and never closed; add '?}}'"
        raise FormatError(msg)
    return Code(operations=tuple(compiler.operations), pool=bytes(compiler.pool), stops=tuple(compiler.stops))


def _expand(pieces: Sequence[str], *, layout: str, time: str | None) -> list[str]:
    """Replace ``{time}`` and ``{time:PATTERN}`` by the pieces of the pattern."""
    expanded: list[str] = []
    for piece in pieces:
        if not piece.startswith("{time"):
            expanded.append(piece)
            continue
        pattern = piece[6:-1] if piece.startswith("{time:") else time
        if not pattern:
            msg = f"layout {layout!r} has {{time}}, but no timestamp pattern was given"
            raise FormatError(msg)
        # A comma is as good as nothing before a blank: 14/03/2026, 09:26:53
        expanded += [", " if part.isspace() else part for part in re.findall(r"%.|[ \t]+|[^% \t]+", pattern)]
    return expanded


class _Compiler:
    """Turns pieces into operations, one after the other."""

    def __init__(self, layout: str) -> None:
        self.layout = layout
        self.operations: list[Operation] = []
        self.pool = bytearray()
        self.stops: list[frozenset[int]] = []
        self.open_groups: list[int] = []

    def add(self, pieces: Sequence[str]) -> None:
        position = 0
        while position < len(pieces):
            position += self.add_piece(pieces, position)

    def add_piece(self, pieces: Sequence[str], position: int) -> int:
        """Compile the piece at `position`; return how many pieces were used."""
        piece = pieces[position]
        if piece == "{?":
            self.open_groups.append(len(self.operations))
            self.operations.append((Op.OPTIONAL, 0, 0, 0))
        elif piece == "?}":
            if not self.open_groups:
                msg = f"layout {self.layout!r}: '?}}' without '{{?' before it"
                raise FormatError(msg)
            self.operations[self.open_groups.pop()] = (Op.OPTIONAL, len(self.operations), 0, 0)
        elif piece == "\n":
            self.operations.append((Op.BREAK, 0, 0, 0))
        elif piece in {" ", ", "} or piece.isspace():
            self.operations.append((Op.BLANKS, int(piece == ", "), 0, 0))
        elif piece.startswith("{delimited:"):
            self.add_table(pieces)
        elif piece == "{message}":
            return self.add_message(pieces, position)
        elif len(piece) == 2 and piece[0] == "%":
            self.add_directive(pieces, position)
        elif len(piece) > 1 and piece[0] == "{":
            self.add_placeholder(pieces, position)
        else:
            self.operations.append((Op.LITERAL, len(self.pool), len(piece.encode()), 0))
            self.pool += piece.encode()
        return 1

    def add_message(self, pieces: Sequence[str], position: int) -> int:
        if list(pieces[position + 1 :]) == [" ", "(", "{component}", ")"]:
            self.operations.append((Op.TRAILER, 0, 0, 0))
            return 5
        if position + 1 < len(pieces):
            msg = f"layout {self.layout!r}: nothing may follow {{message}} but ' ({{component}})'"
            raise FormatError(msg)
        self.operations.append((Op.MESSAGE, 0, 0, 0))
        return 1

    def add_table(self, pieces: Sequence[str]) -> None:
        if len(pieces) > 1:
            msg = f"layout {self.layout!r}: {{delimited}} reads whole lines; nothing may stand beside it"
            raise FormatError(msg)
        try:
            table = parse_table(pieces[0][len("{delimited:") : -1])
        except FormatError as error:
            msg = f"layout {self.layout!r}: {error}"
            raise FormatError(msg) from error
        columns = table.columns
        timed = [column for column in columns if column.time is not None]
        names = [column.name.strip() for column in columns if column.name.strip()]
        head = (sum(len(name.encode()) for name in names), key_hash("".join(f"\n{name}" for name in names), upper=True))
        self.operations.append((Op.DELIMITED, ord(table.delimiter), len(columns), table.options))
        self.operations.append((Op.HEADER, *head, len(timed)))
        first = len(self.operations) + len(columns)
        times: list[Operation] = []
        for column in columns:
            operations = self.time_of(column)
            at = (first + len(times), first + len(times) + len(operations))
            meaning = (column.rank, len(self.pool)) if column.time is None else at
            if column.time is None:
                name = column.name.strip().encode()[:LONGEST_NAME]
                self.pool += bytes([len(name)]) + name
            secret = column.role == Role.SKIP and is_telling(column.name)
            self.operations.append((Op.COLUMN, SECRET_COLUMN if secret else column.role, *meaning))
            times += operations
        self.operations += times

    def time_of(self, column: Column) -> Sequence[Operation]:
        """Return the operations of a column's time; their literals are added to the pool."""
        if column.time is None:
            return ()
        inner = _Compiler(self.layout)
        inner.pool = self.pool
        inner.add(_expand(["{time}"], layout=self.layout, time=column.time))
        return inner.operations

    def add_directive(self, pieces: Sequence[str], position: int) -> None:
        letter = pieces[position][1]
        if letter not in _DIRECTIVES:
            msg = f"layout {self.layout!r}: unknown directive %{letter}; known: {' '.join(sorted(_DIRECTIVES))}"
            raise FormatError(msg)
        operations = _DIRECTIVES[letter]
        beside = [pieces[p] for p in (position - 1, position + 1) if 0 <= p < len(pieces)]
        if letter in _TWO_DIGITS and any(other[0] == "%" and other[1:] in _DIGITS for other in beside):
            # Digits that run into each other (20260314) can only be told apart by their number.
            operations = tuple((op, 2, 2, part) for op, _, _, part in operations)
        self.operations += operations

    def add_placeholder(self, pieces: Sequence[str], position: int) -> None:
        name = pieces[position][1:-1]
        if name in _SIMPLE:
            self.operations.append(_SIMPLE[name])
            return
        role = Role.COMPONENT if name.rstrip("+") in {"component", "name"} else Role.SKIP
        text = Text.NAME if name == "name" else Text.ANY if name.endswith("+") else Text.WORD
        stops = self.first_bytes(pieces[position + 1 :])
        if text != Text.ANY:
            stops |= _BLANKS
        elif not stops:
            msg = f"layout {self.layout!r}: something must follow {{{name}}}, which may hold blanks"
            raise FormatError(msg)
        self.operations.append((Op.FIELD, role, len(self.stops), text))
        self.stops.append(stops)

    def first_bytes(self, pieces: Sequence[str]) -> frozenset[int]:
        """Return the bytes with which `pieces` can begin; a field before them ends there."""
        found: frozenset[int] = frozenset()
        for position, piece in enumerate(pieces):
            if piece == "{?":
                depth, end = 1, position + 1
                while end < len(pieces) and depth:
                    depth += (pieces[end] == "{?") - (pieces[end] == "?}")
                    end += 1
                return found | self.first_bytes(pieces[position + 1 : end - 1]) | self.first_bytes(pieces[end:])
            if piece == "?}" or piece in {"{begin}", "{end}"}:
                continue
            if piece == "\n":
                return found | _BREAKS
            if piece.isspace() or piece == ", ":
                return found | _BLANKS
            if (piece.startswith("{") and len(piece) > 1) or piece.startswith("%"):
                msg = f"layout {self.layout!r}: {piece} follows a field directly; put a blank or a literal between"
                raise FormatError(msg)
            return found | {piece.encode()[0]}
        return found
