"""The dotted names of the settings: which exist, which are near a wrong one, and what each expects."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from loganomaly.config.settings import Config

__all__ = ["expected", "items_at", "known_names", "nearest_keys", "section_at"]

_KINDS = {
    "array": "a list of texts",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a finite number",
    "string": "text",
}
_BOUNDS = {"exclusiveMinimum": "above", "maximum": "at most", "minimum": "at least"}


def section_at(path: tuple[str, ...]) -> type[BaseModel] | None:
    """Return the section at ``path``, or None where there is a value or nothing; ``()`` is the whole.

    The entries of a list are named by their numbers, from 1 on.

    Examples
    --------
    >>> section_at(("detectors", "lof")).__name__
    'LofConfig'
    """
    kind = _kind_at(path)
    return kind if _is_section(kind) else None


def items_at(path: tuple[str, ...]) -> type[BaseModel] | None:
    """Return what each entry of the list of sections at ``path`` is, or None where there is no such list.

    Examples
    --------
    >>> items_at(("masks",)).__name__
    'MaskConfig'
    """
    return _items_of(_kind_at(path))


def _kind_at(path: tuple[str, ...]) -> Any:
    """Return the type of what is at ``path``, or None where nothing is."""
    kind: Any = Config
    for name in path:
        items = _items_of(kind)
        if items is not None:
            kind = items if name.isdecimal() else None
        else:
            field = kind.model_fields.get(name) if _is_section(kind) else None
            kind = field.annotation if field else None
    return kind


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _items_of(kind: Any) -> type[BaseModel] | None:
    items = get_args(kind)[0] if get_origin(kind) is tuple else None
    return items if _is_section(items) else None


def known_names(path: tuple[str, ...]) -> list[str]:
    """Return the names in the section at ``path``, sorted; none when there is no section.

    Examples
    --------
    >>> known_names(("detectors",))
    ['contamination', 'lof', 'rolling_window']
    """
    section = section_at(path)
    return sorted(section.model_fields) if section else []


def expected(path: tuple[str, ...]) -> str:
    """Say in words what the known key at ``path`` accepts, from the same bounds that are checked.

    Examples
    --------
    >>> expected(("detectors", "lof", "neighbors"))
    'a whole number, at least 1'
    """
    if section_at(path) is not None:
        return f"a mapping with keys among {', '.join(known_names(path))}"
    if items_at(path) is not None:
        return f"a list of mappings with the keys {', '.join(known_names((*path, '1')))}"
    parent = section_at(path[:-1])
    if parent is None:
        msg = f"{'.'.join(path)!r} is not a key of the configuration"
        raise KeyError(msg)
    return _in_words(parent.model_json_schema()["properties"][path[-1]])


def nearest_keys(section: tuple[str, ...], name: str) -> list[str]:
    """Return the dotted keys most like the unknown ``name`` in ``section``, best first; maybe none.

    Tried in turn: for a name with dots a near path; a near name beside it and the very name elsewhere; a near
    path; a near last name.
    """
    keys = list(_all_keys())
    wanted = name.lower()
    whole = get_close_matches(".".join((*section, wanted)), keys, n=1)
    if whole and "." in wanted:
        return whole
    beside = get_close_matches(wanted, known_names(section), n=1)
    elsewhere = [key for key in keys if _last(key) == _last(wanted)]
    if beside or elsewhere:
        return list(dict.fromkeys([".".join((*section, near)) for near in beside] + elsewhere))
    if whole:
        return whole
    last = get_close_matches(_last(wanted), sorted({_last(key) for key in keys}), n=1)
    return [key for key in keys if last and _last(key) == last[0]]


def _all_keys(section: type[BaseModel] = Config, prefix: tuple[str, ...] = ()) -> Iterator[str]:
    for name in section.model_fields:
        path = (*prefix, name)
        yield ".".join(path)
        below = section_at(path)
        if below is not None:
            yield from _all_keys(below, path)


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _shown(example: Any) -> str:
    """Return an example as it is written in YAML."""
    return f"'{example}'" if isinstance(example, str) else str(example)


def _in_words(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        examples = {"examples": schema["examples"]} if "examples" in schema else {}
        choices = [{**choice, **examples} if choice["type"] != "null" else choice for choice in schema["anyOf"]]
        return " or ".join(_in_words(choice) for choice in choices)
    if "enum" in schema:
        return f"one of {', '.join(map(repr, schema['enum']))}"
    kind = "non-empty text" if "minLength" in schema else _KINDS[schema["type"]]
    example = f" such as {_shown(schema['examples'][0])}" if "examples" in schema else ""
    bounds = [f"{word} {schema[bound]:g}" for bound, word in _BOUNDS.items() if bound in schema]
    return ", ".join([kind + example, *bounds])
