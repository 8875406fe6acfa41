"""The suppress file: what it says, and entries put in and taken out without touching what else is written there."""

from collections.abc import Collection, Sequence
from pathlib import Path

import yaml

from loganomaly.config.document import MAX_BYTES, compose_document, is_list, is_mapping, key_name, line_of, read_text
from loganomaly.config.load import parse_config
from loganomaly.config.settings import SuppressConfig
from loganomaly.errors import ConfigError
from loganomaly.reports.writer import alone_in, replace_file

__all__ = ["add_entries", "load_suppress_file", "remove_entries"]

_KEY = "suppress"
_KIND = "file of findings that are not shown, which `loganomaly dismiss` writes"
_HEADER = """\
# Findings that are not shown: those on this template, component, session or level, for these reasons and no others.
# Used by: loganomaly --suppress FILE, or the key suppress_file of a configuration.
"""


def load_suppress_file(path: Path) -> tuple[SuppressConfig, ...]:
    """Return the entries of a suppress file, in order.

    Raises
    ------
    ConfigError
        When it cannot be read, or holds anything but entries; each problem with its line.
    """
    return _entries(read_text(path, kind=_KIND), source=str(path))


def add_entries(path: Path, entries: Sequence[SuppressConfig]) -> bool:
    """Append entries to a suppress file, which is made if need be; return whether what else was in it is kept.

    Comments and the order of what is there are kept, unless it writes its entries in brackets.

    Raises
    ------
    ConfigError
        When the file is no suppress file.
    OutputError
        When it cannot be written.
    """
    with alone_in(_folder(path)):
        text = read_text(path, kind=_KIND) if path.exists() else _HEADER
        before = _entries(text, source=str(path))
        return _write(path, _appended(text, entries), entries=(*before, *entries))


def remove_entries(path: Path, entries: Collection[SuppressConfig]) -> bool:
    """Take entries out of a suppress file; see `add_entries`."""
    with alone_in(_folder(path)):
        text = read_text(path, kind=_KIND)
        before = _entries(text, source=str(path))
        left = tuple(entry for entry in before if entry not in entries)
        gone = [number for number, entry in enumerate(before) if entry in entries]
        return _write(path, _without(text, gone), entries=left)


def _folder(path: Path) -> Path:
    folder = path.resolve().parent
    if not folder.is_dir():
        raise ConfigError(f"{path}: there is no folder {str(path.parent)!r}; make it, or choose another file")
    return folder


def _entries(text: str, *, source: str) -> tuple[SuppressConfig, ...]:
    root = compose_document(text, source=source)
    for key, _ in root.value if root is not None and is_mapping(root) else ():
        if key_name(key) not in {None, _KEY}:
            raise ConfigError(
                f"{source}, line {line_of(key)}: given the key {key_name(key)!r}; a file of findings that are not "
                f"shown has the key {_KEY!r} alone, other settings go to that of --config"
            )
    return parse_config(text, source=source).suppress


def _write(path: Path, text: str, *, entries: tuple[SuppressConfig, ...]) -> bool:
    """Write the text if it says what the entries say, else the entries anew."""
    try:
        kept = parse_config(text, source=str(path)).suppress == entries
    except ConfigError:  # such as of a document that is ended by "..."
        kept = False
    data = (text if kept else _appended(_HEADER, entries)).encode()
    if len(data) > MAX_BYTES:
        raise ConfigError(
            f"{path}: would be larger than {MAX_BYTES // 1024} KiB, which is not read; take entries out of it, "
            "or choose another file"
        )
    replace_file(path, data)
    return kept


def _appended(text: str, entries: Sequence[SuppressConfig]) -> str:
    node = _list_node(text)
    end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += end
    if node is None:
        text += f"{_KEY}:{end}"
    indent = " " * (node.start_mark.column if node is not None and is_list(node) else 0)
    return text + "".join(f"{indent}{line}{end}" for entry in entries for line in _lines(entry))


def _without(text: str, numbers: Collection[int]) -> str:
    """Return the text without the lines of some entries; comments above an entry stay."""
    node = _list_node(text)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        return text
    lines = text.splitlines(keepends=True)
    for entry in [node.value[number] for number in sorted(numbers, reverse=True)]:
        first = last = entry.start_mark.line
        while not lines[first].lstrip().startswith("-"):
            first -= 1
        # A block ends where the next thing begins, behind comments: its last value ends where it does.
        for part in [entry] if entry.flow_style else [value for _, value in entry.value]:
            last = max(last, part.end_mark.line if part.end_mark.column else part.end_mark.line - 1)
        del lines[first : last + 1]
    return "".join(lines)


def _list_node(text: str) -> yaml.Node | None:
    """Return what stands behind the key, which is nothing or a list, or None where there is no such key."""
    root = compose_document(text, source="")
    if root is None or not is_mapping(root):
        return None
    return next((value for key, value in root.value if key_name(key) == _KEY), None)


def _lines(entry: SuppressConfig) -> list[str]:
    given = [(name, value) for name, value in entry.model_dump(include=set(_ORDER)).items() if value is not None]
    given.sort(key=lambda item: _ORDER.index(item[0]))
    return [f"{'- ' if place == 0 else '  '}{name}: {_quoted(value)}" for place, (name, value) in enumerate(given)]


_ORDER = ("id", "template", "component", "session", "level", "reason", "note", "date")


def _quoted(text: str) -> str:
    r"""Return a text as YAML writes it in double quotes; what a terminal would obey or hide is escaped.

    Examples
    --------
    >>> print(_quoted("caf\u00e9 \x9b31m"))
    "café \x9b31m"
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character == " " or character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
