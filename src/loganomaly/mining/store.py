"""Templates in a file: plain JSON with a version, which holds words and counts and no value of the log."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loganomaly.errors import InputError, InputMissingError, InputUnreadableError
from loganomaly.mining.covering import Masked
from loganomaly.mining.learnt import Learnt
from loganomaly.mining.shape import Shape

__all__ = ["FORMAT", "VERSION", "load_templates", "shape_entry"]

FORMAT = "loganomaly-templates"
VERSION = 1
_FILE = "templates.json"


def load_templates(path: Path | str) -> tuple[Learnt, ...]:
    """Return the templates that an earlier run wrote to `path`: templates.json, or the folder that it is in.

    Raises
    ------
    InputError
        If it is not there, cannot be read, or is no file of templates.
    """
    file = Path(path)
    file = file / _FILE if file.is_dir() else file
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        msg = f"no templates at {str(file)!r}: expected the {_FILE} of an earlier run, or the folder that it is in"
        raise InputMissingError(msg) from error
    except OSError as error:
        raise InputUnreadableError(f"cannot read the templates in {str(file)!r}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{str(file)!r} holds no templates: it is not JSON ({error}); expected a {_FILE}") from error
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise InputError(f"{str(file)!r} holds no templates: expected the {_FILE} that a run writes")
    if content.get("version") != VERSION:
        found = content.get("version")
        msg = f"{str(file)!r} is of version {found!r}, this program reads version {VERSION}; make it anew from the logs"
        raise InputError(msg)
    try:
        return tuple(_learnt(entry) for entry in _list(content["templates"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise InputError(f"{str(file)!r} is damaged: {error}; make it anew from the logs") from error


def _learnt(entry: Mapping[str, Any]) -> Learnt:
    text, name = entry["log_template"], entry["template_id"]
    if not isinstance(text, str) or not isinstance(name, str):
        raise TypeError("a template has a text and an id")
    f"{text}{name}".encode()  # refuses halves of surrogate pairs
    return Learnt(id=name, text=text, shapes=tuple(_shape(shape) for shape in _list(entry["shapes"])))


def shape_entry(shape: Shape) -> dict[str, Any]:
    """Return a shape as it is saved."""
    tokens = shape.tokens
    kept = shape.constant | shape.unvaried
    entry: dict[str, Any] = {
        "id": f"{shape.id:016x}",
        "records": shape.records,
        "words": [
            None if slot and at not in kept else text
            for at, (text, slot) in enumerate(zip(tokens.texts, tokens.slots, strict=True))
        ],
        "gaps": list(tokens.gaps),
    }
    slots = [at for at in sorted(kept) if tokens.slots[at]]
    types = {str(at): kind for at, kind in enumerate(tokens.types) if kind}
    wide = [tokens.first[at + 1] - tokens.first[at] for at in range(len(tokens.texts))]
    return entry | {
        name: value
        for name, value in (
            ("status", shape.status),
            ("constants", slots),
            ("types", types),
            ("widths", wide if any(width != 1 for width in wide) else []),
            ("cut", shape.cut),
        )
        if value
    }


def _shape(entry: Mapping[str, Any]) -> Shape:
    """Return the shape that `shape_entry` made the entry of."""
    words, gaps = _list(entry["words"]), _list(entry["gaps"])
    types, widths = entry.get("types", {}), _list(entry.get("widths", []))
    constants, status = {int(at) for at in _list(entry.get("constants", []))}, entry.get("status", 0)
    if len(gaps) != len(words) + 1 or not isinstance(types, Mapping) or not all(isinstance(gap, str) for gap in gaps):
        raise ValueError("words and gaps do not fit")
    if not all(word is None or isinstance(word, str) for word in words):
        raise TypeError("a word is a text or null")
    "".join([*gaps, *(word or "" for word in words)]).encode()  # refuses halves of surrogate pairs
    records, cut = entry["records"], entry.get("cut", False)
    if not isinstance(records, int) or not isinstance(status, int) or not isinstance(cut, bool) or records < 0:
        raise TypeError("records and status are whole numbers, cut is true or false")
    number = int(str(entry["id"]), 16)
    if not 0 <= number < 1 << 64:
        raise ValueError("the id of a shape has 16 hexadecimal digits")
    first = [0]
    for at in range(len(words)):
        first.append(first[-1] + (int(widths[at]) if widths else 1))
    tokens = Masked(
        texts=tuple(word or "" for word in words),
        slots=tuple(word is None or at in constants for at, word in enumerate(words)),
        gaps=tuple(gaps),
        types=tuple(types.get(str(at)) for at in range(len(words))),
        fixed=(True,) * len(words),
        first=tuple(first),
    )
    fixed = frozenset(at for at in constants if status and words[at] == str(status))
    return Shape(
        id=number,
        tokens=tokens,
        records=records,
        status=status,
        constant=fixed,
        unvaried=frozenset(constants) - fixed,
        cut=cut,
    )


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, not {type(value).__name__}")
    return value
