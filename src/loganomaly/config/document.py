"""A YAML file as a tree of nodes that know their lines.

Only plain scalars are ever turned into values; no tag constructs anything, and aliases are refused, so that
neither an unsafe tag nor a "billion laughs" file can do harm.
"""

from typing import TYPE_CHECKING, Any

import yaml

from loganomaly.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "MAX_BYTES",
    "compose_document",
    "describe_node",
    "is_blank",
    "is_list",
    "is_mapping",
    "key_name",
    "line_of",
    "read_text",
    "scalar_value",
]

MAX_BYTES = 256 * 1024
"""A settings file is a few kilobytes; a log file given by mistake is not."""

_MAX_DEPTH = 20
_MAX_SHOWN = 60
_MAX_NUMBER = 64
"""Characters of a number: above any sensible one, far below where converting text gets slow or refused."""

_STANDARD = "tag:yaml.org,2002:"
_NAMES = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:bool"})
_MAPPING = _STANDARD + "map"
_NULL = _STANDARD + "null"
_SEQUENCE = _STANDARD + "seq"
_STRING = _STANDARD + "str"
_NUMBERS = {_STANDARD + "float", _STANDARD + "int"}
_SCALARS = _NUMBERS | {_STANDARD + "bool", _NULL, _STRING}


class _RefusedError(yaml.MarkedYAMLError):
    """Valid YAML that a settings file has no use for."""


class _PlainLoader(yaml.SafeLoader):
    """A safe loader that refuses aliases and deep nesting while it composes."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            reason = f"alias *{event.anchor} is not allowed in a configuration; write the value out in full"
            raise _RefusedError(problem=reason, problem_mark=event.start_mark)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            reason = f"nested more than {_MAX_DEPTH} levels deep; the deepest key is at level 4"
            raise _RefusedError(problem=reason, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def read_text(path: "Path", *, kind: str = "configuration file") -> str:
    """Return the UTF-8 text of the file, without a byte order mark.

    Parameters
    ----------
    kind
        What is expected there, for messages.

    Raises
    ------
    ConfigError
        When the file is missing, unreadable, larger than ``MAX_BYTES`` or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        msg = f"{path}: no such file; give the path of a YAML {kind}"
        raise ConfigError(msg) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"{path}: cannot be read ({reason}); give the path of a readable YAML {kind}"
        raise ConfigError(msg) from error
    if len(data) > MAX_BYTES:
        msg = f"{path}: larger than {MAX_BYTES // 1024} KiB; expected a YAML {kind}, is this a log?"
        raise ConfigError(msg)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        msg = f"{path}, line {line}: byte 0x{byte:02x} is not UTF-8 text; save the file as UTF-8"
        raise ConfigError(msg) from error


def compose_document(text: str, *, source: str) -> yaml.Node | None:
    """Return the root node of the one YAML document in ``text``, or None when it holds none.

    Parameters
    ----------
    source
        Name of the file, for messages.

    Raises
    ------
    ConfigError
        When the text is not YAML, holds two documents, an alias, or nests too deep.
    """
    try:
        loader = _PlainLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        msg = f"{source}, line {line}: character U+{error.character:04X} is not allowed in YAML; remove it"
        raise ConfigError(msg) from error
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else loader.line) + 1
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        if error.problem and error.problem.startswith("found unknown escape character"):
            reason += "; put text with backslashes, such as a pattern, in single quotes"
        kind = "" if isinstance(error, _RefusedError) else "not valid YAML: "
        msg = f"{source}, line {line}: {kind}{reason}"
        raise ConfigError(msg) from error
    except (OverflowError, ValueError) as error:
        # PyYAML converts "\UFFFFFFFF" and %YAML 1.<digits> unchecked.
        msg = f"{source}, line {loader.line + 1}: not valid YAML: a character code or number is out of range"
        raise ConfigError(msg) from error


def scalar_value(node: yaml.Node) -> bool | float | str | None:
    """Return the value of a plain scalar.

    Raises
    ------
    ValueError
        When the node is a list or mapping, has another tag (a date, ``!!binary``, ``!anything``), or a text
        that its tag does not allow (``!!int x``).
    """
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS:
        raise ValueError(node.tag)
    if node.tag in _NUMBERS and len(node.value) > _MAX_NUMBER:
        raise ValueError(node.value)
    try:
        value: bool | float | str | None = yaml.constructor.SafeConstructor().construct_object(node)
    except (ArithmeticError, LookupError) as error:
        raise ValueError(node.value) from error
    return value


def describe_node(node: yaml.Node) -> str:
    """Show a node as it was written, in one short line of printable characters."""
    tag = "" if node.tag in _SCALARS | {_MAPPING, _SEQUENCE} else f" tagged {_shorten(_short_tag(node.tag))!r}"
    if isinstance(node, yaml.MappingNode):
        return f"a mapping{tag}"
    if isinstance(node, yaml.SequenceNode):
        return f"a list{tag}"
    if is_blank(node):
        return "nothing"
    text = _shorten(node.value)
    return (repr(text) if node.tag == _STRING or not text.isprintable() else text) + tag


def _short_tag(tag: str) -> str:
    return tag.replace(_STANDARD, "!!")


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def is_blank(node: yaml.Node) -> bool:
    """Tell whether nothing is written: an empty document, or a key whose lines below are all comments."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL and not node.value


def is_mapping(node: yaml.Node) -> bool:
    """Tell whether the node is a plain mapping, not a set or one with a tag of its own."""
    return isinstance(node, yaml.MappingNode) and node.tag == _MAPPING


def is_list(node: yaml.Node) -> bool:
    """Tell whether the node is a plain list."""
    return isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE


def key_name(node: yaml.Node) -> str | None:
    """Return the name a key node spells, or None for a key that is not text, such as ``1`` or ``[a]``.

    YAML takes ``off`` and ``on`` for false and true; as a key each is a name like any other.
    """
    return node.value if isinstance(node, yaml.ScalarNode) and node.tag in _NAMES else None


def line_of(node: yaml.Node) -> int:
    """Return the line a node starts on, counted from 1."""
    return int(node.start_mark.line) + 1
