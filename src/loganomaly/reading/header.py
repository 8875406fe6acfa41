"""Finds the headers of delimited text in sample lines: names of columns above rows, `#Fields:` of W3C extended logs."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loganomaly.reading.columns import DELIMITERS, Column, Table, write_table
from loganomaly.reading.formats import Layout
from loganomaly.reading.program import Option, Role
from loganomaly.reading.records import LONGEST_RECORD
from loganomaly.reading.roles import columns_of, role_of
from loganomaly.redaction.names import is_telling

__all__ = ["Headers", "find_headers"]

_LOOKED_AT = 400  # lines below a header that must bear it out
_WITHIN = 12  # lines in which a header without a mark of its own stands
_MOST_TABLES = 8  # headers that differ, in one source
_FIELDS = re.compile(rb"#fields(?::[ \t]*|[ \t,;|])", re.IGNORECASE)
_DATE = re.compile(rb"#date:\s*(\d{4}-\d\d-\d\d)\b", re.IGNORECASE)
_SEPARATOR = re.compile(rb"#separator\s+(?:\\x([0-9a-fA-F]{2})|(\S))")
_NAME = re.compile(r"[@_$#(*]?[^\W\d_](?!.*\d:\d)[\w .@:%#$&*/()\[\]°+-]{0,63}")
_LONGEST_NAME = 4  # words; prose goes on
_MOSTLY, _NEARLY_ALL = 0.5, 0.9  # shares of rows that have as many cells as the header, with a time or without
_FEWEST_ROWS = 3  # where nothing but the number of cells speaks for a header


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """How the tables of a source are written.

    `rows` are the lines of the sample, those that quoted fields hold together as one; `day` is the date, in days since
    the epoch, of times that are a time of day only, where the text says.
    """

    layouts: tuple[Layout, ...]
    rows: tuple[bytes, ...]
    day: int | None = None


def find_headers(lines: Sequence[bytes]) -> Headers | None:
    """Find headers in `lines`, of which none is blank; None where there are none."""
    if any(_FIELDS.match(line) for line in lines):
        return _marked(lines)
    for place, line in enumerate(lines[:_WITHIN]):
        for delimiter in (*",\t;|", " "):
            if found := _unmarked(lines, place, line, delimiter):
                return found
    return None


def _marked(lines: Sequence[bytes]) -> Headers | None:
    """Read `#Fields:` directives: of W3C, whose names have blanks between, or Zeek, which says its separator."""
    tables: dict[tuple[str, tuple[str, ...]], list[bytes]] = {}
    rows: list[bytes] = []
    separator, day = "\t", None
    for line in lines:
        if found := _SEPARATOR.match(line):
            separator = chr(int(found[1], 16)) if found[1] else found[2].decode()
        elif found := _DATE.match(line):
            day = _day(found[1].decode()) if day is None else day
        elif found := _FIELDS.match(line):
            text = line[found.end() :].decode(errors="replace").strip()
            is_w3c = found[0].rstrip().endswith(b":")
            names = tuple(text.split() if is_w3c else text.split(separator))
            rows = tables.setdefault(("w3c" if is_w3c else separator, names), [])
        elif not line.startswith(b"#"):
            rows.append(line)
    common = sorted(tables.items(), key=lambda item: -len(item[1]))[:_MOST_TABLES]
    found_tables = [(kind, table) for (kind, names), rows in common if (table := _table(kind, names, rows))]
    if not found_tables:
        return None
    layouts = [_layout(kind, table) for kind, table in found_tables]
    if len(layouts) > 1:
        # Which header holds is told by the number of cells; the first reads the rows of headers that the sample lacks.
        exact = [(kind, _exact(table)) for kind, table in found_tables]
        layouts = [*(_layout(kind, table) for kind, table in exact), layouts[0]]
    return Headers(layouts=tuple(layouts), rows=tuple(lines), day=day)


def _day(text: str) -> int | None:
    try:
        return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days
    except ValueError:  # 2026-02-30
        return None


def _table(kind: str, names: Sequence[str], rows: Sequence[bytes]) -> Table | None:
    """Return the table with these names of columns, or None where it has fewer than two, or an unknown delimiter."""
    delimiter = kind if kind != "w3c" else "\t" if sum(b"\t" in row for row in rows) * 2 > len(rows) else " "
    if len(names) < 2 or delimiter not in DELIMITERS.values():
        return None
    quotes = delimiter == " "
    cells = [_cells(row, delimiter, quotes=quotes) or [] for row in rows]
    options = Option.COMMENTS if quotes else Option.COMMENTS | Option.NO_QUOTES
    return Table(delimiter=delimiter, columns=columns_of(names, cells), options=int(options))


def _exact(table: Table) -> Table:
    return Table(delimiter=table.delimiter, columns=table.columns, options=table.options | Option.EXACT)


def _layout(kind: str, table: Table) -> Layout:
    return Layout(format="w3c" if kind == "w3c" else "zeek", text=write_table(table))


def _unmarked(lines: Sequence[bytes], place: int, line: bytes, delimiter: str) -> Headers | None:
    """Read `line` as a header, and what follows as its rows; None where one does not bear out the other."""
    names = _names(line.decode(errors="replace"), delimiter)
    if names is None:
        return None
    head, below = lines[: place + 1], lines[place + 1 :]
    cells = [_cells(row, delimiter, quotes=True) or [] for row in _join(below[:_LOOKED_AT], delimiter)]
    cells = [row for row in cells if [cell.strip() for cell in row] != names]
    if not cells:
        return None
    widths = Counter(len(row) for row in cells)
    if widths[len(names) + 1] > widths[len(names)]:  # Event Viewer has no name for the column of the description
        names = [*names, ""]
    fitting = [row for row in cells if len(row) == len(names)]
    above = [_cells(one, delimiter, quotes=True) or [] for one in lines[:place]]
    if len(fitting) < _MOSTLY * len(cells) or any(len(row) == len(names) for row in above):
        return None
    columns = columns_of(names, fitting)
    if not _is_borne_out(columns, fitting, share=len(fitting) / len(cells), delimiter=delimiter):
        return None
    options = int(Option.COMMENTS) if any(one.startswith(b"#") for one in head) else 0
    text = write_table(Table(delimiter=delimiter, columns=columns, options=options))
    name = "tsv" if delimiter == "\t" else "columns" if delimiter == " " else "csv"
    return Headers(layouts=(Layout(format=name, text=text),), rows=(*head, *_join(below, delimiter)))


def _names(line: str, delimiter: str) -> list[str] | None:
    """Return the names of columns that a line is, or None where it looks like something else."""
    text = line.removeprefix("#").strip() if line.startswith("#") else line
    if text[:1].isspace():  # indented
        return None
    cells = _cells(text.encode(), delimiter, quotes=True) if delimiter in text else None
    if not cells or len(cells) < 2:
        return None
    names = [cell.strip() for cell in cells]
    given = [name for name in names if name]
    if len(given) < 2 or len(given) + 1 < len(names) or len(set(given)) < len(given):
        return None
    if not all(_NAME.fullmatch(name) and len(name.split()) <= _LONGEST_NAME for name in given):
        return None
    return names


def _is_borne_out(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, share: float, delimiter: str) -> bool:
    """Whether rows speak for a header: `share` of all rows, half of them at least, have as many cells as it."""
    timed = [column for column in columns if column.time is not None]
    roles = {column.role for column in columns if column.role == role_of(column.name)} - {Role.SKIP, Role.TIME}
    by_name = any(role_of(column.name) == Role.TIME for column in timed)
    if delimiter == " ":  # prose and most logs have blanks
        return by_name and len(columns) > _FEWEST_ROWS and share >= _NEARLY_ALL
    if by_name:
        return True
    if any(column.name and column.name in {row[place].strip() for row in rows} for place, column in enumerate(columns)):
        return False
    if timed:
        return share >= _NEARLY_ALL and (bool(roles) or len(columns) > _FEWEST_ROWS)
    if not _differs(columns, rows) or share < _NEARLY_ALL:
        return False
    if roles or any(is_telling(column.name) for column in columns):
        return True
    return share == 1 and len(rows) >= _FEWEST_ROWS and len(columns) >= _FEWEST_ROWS


def _differs(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bool:
    """Whether some column has numbers under a name without digits: the header is not a row like the others."""
    for place, column in enumerate(columns):
        values = [row[place].strip() for row in rows if row[place].strip()]
        numbers = sum(value.lstrip("+-").replace(".", "", 1).isdigit() for value in values)
        if column.name and values and numbers >= _NEARLY_ALL * len(values):
            return True
    return False


def _join(lines: Sequence[bytes], delimiter: str) -> list[bytes]:
    """Join the lines that quoted fields hold together, as the reader does."""
    if delimiter == " ":
        return list(lines)
    odd = [place for place, line in enumerate(lines) if line.count(b'"') % 2]
    behind = dict(pairwise(odd))
    joined: list[bytes] = []
    place = 0
    while place < len(lines):
        last = behind.get(place, place)
        row = b"\n".join(lines[place : last + 1]) if last - place < LONGEST_RECORD else b""
        if last == place or not row or _cells(row, delimiter, quotes=True) is None:
            row, last = lines[place], place
        joined.append(row)
        place = last + 1
    return joined


def _cells(row: bytes, delimiter: str, *, quotes: bool) -> list[str] | None:
    """Return the cells of a row; None where a line break stands outside quotes."""
    text = row.decode(errors="replace")
    if not quotes or '"' not in text:
        if "\n" in text:
            return None
        return text.split() if delimiter == " " else text.split(delimiter)
    edge = r"[ \t]" if delimiter == " " else re.escape(delimiter)
    cell = re.compile(rf' *"((?:[^"]|"")*+)" *(?={edge}|\Z)|((?:(?!{edge}).)*)', re.DOTALL)
    cells: list[str] = []
    at = 0
    while at <= len(text):
        found = cell.match(text, at)
        content = found[1] if found and found[1] is not None else found[2] if found else ""
        if found and found[1] is None and "\n" in content:
            return None
        cells.append(content)
        at = (found.end() if found else at) + 1
        while delimiter == " " and at < len(text) and text[at] in " \t":
            at += 1
    return cells
