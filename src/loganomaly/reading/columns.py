r"""How layouts write down the columns of delimited text: ``{delimited:comma:%Y-%m-%d=Date,%H:%M:%S=Time,level=Lvl}``.

Behind the delimiter stand the names of the columns in order, each with what it means in front where that is known: a
role, or the pattern of its timestamps. Two columns with a pattern are the date and the time of day of one timestamp.
A number behind a role (``message2=body``) is for rows in which the column without one is empty; neighbours of the same
role and number are one text, from the first to the last. What layouts and lists cannot hold is written as ``\x2c``.
"""

import re
from dataclasses import dataclass

from loganomaly.errors import FormatError
from loganomaly.reading.program import Option, Role

__all__ = ["DELIMITERS", "Column", "Table", "parse_table", "write_table"]

DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|", "blanks": " "}
"""Names of the delimiters in layouts; blanks are one delimiter however many they are."""
_OPTIONS = {"comments": Option.COMMENTS, "noquotes": Option.NO_QUOTES, "exact": Option.EXACT}
_ROLES = {role.name.lower(): role for role in Role if role not in {Role.SKIP, Role.TIME}}
_SPECIAL = re.compile(r"[\\,={}\x00-\x1f\x7f]")
_ROLE = re.compile(r"([a-z]+)([2-9]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name, and its role with a rank (lower wins), or the `time` pattern of its values."""

    name: str
    role: Role = Role.SKIP
    rank: int = 0
    time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How delimited text is written.

    `options` are those of `Option`, added up.
    """

    delimiter: str
    columns: tuple[Column, ...]
    options: int = 0


def write_table(table: Table) -> str:
    """Return the layout of `table`.

    >>> write_table(Table(delimiter=",", columns=(Column(name="lvl", role=Role.LEVEL), Column(name="host"))))
    '{delimited:comma:level=lvl,host}'
    """
    names = {delimiter: name for name, delimiter in DELIMITERS.items()}
    words = [names[table.delimiter], *(word for word, option in _OPTIONS.items() if table.options & option)]
    return f"{{delimited:{'+'.join(words)}:{','.join(_write(column) for column in table.columns)}}}"


def parse_table(text: str) -> Table:
    """Read what stands behind ``delimited:`` in a layout.

    Raises
    ------
    FormatError
        If a delimiter, an option or a role is unknown, there are fewer than two columns, or more than two with a time.
    """
    head, _, rest = text.partition(":")
    delimiter, *options = head.split("+")
    if delimiter not in DELIMITERS or not set(options) <= set(_OPTIONS):
        msg = f"{{delimited:{head}: known are {', '.join(DELIMITERS)}, then +{' and +'.join(_OPTIONS)}"
        raise FormatError(msg)
    columns = tuple(_parse(item) for item in rest.split(","))
    times = sum(column.time is not None for column in columns)
    if len(columns) < 2 or times > 2:
        msg = f"{{delimited}} has two columns or more, up to two of them with a time; given: {rest!r}"
        raise FormatError(msg)
    return Table(
        delimiter=DELIMITERS[delimiter], columns=columns, options=sum(int(_OPTIONS[word]) for word in set(options))
    )


def _write(column: Column) -> str:
    name = _escape(column.name)
    if column.time is not None:
        return f"{_escape(column.time)}={name}"
    if column.role == Role.SKIP:
        return name
    return f"{column.role.name.lower()}{column.rank + 1 if column.rank else ''}={name}"


def _parse(item: str) -> Column:
    meaning, equals, name = item.partition("=")
    if not equals:
        return Column(name=_unescape(item))
    if meaning.startswith("%"):
        return Column(name=_unescape(name), role=Role.TIME, time=_unescape(meaning))
    found = _ROLE.fullmatch(meaning)
    if not found or found[1] not in _ROLES:
        msg = f"{{delimited}}: {meaning!r} in {item!r} is neither a time pattern nor one of {', '.join(_ROLES)}"
        raise FormatError(msg)
    return Column(name=_unescape(name), role=_ROLES[found[1]], rank=int(found[2] or 1) - 1)


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)
