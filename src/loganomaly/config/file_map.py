"""The value of ``--file-config-map``: which configuration file goes with which input files."""

import json
from pathlib import Path

from loganomaly.errors import ConfigError

__all__ = ["parse_file_config_map"]

_FORM = (
    "expected a JSON object from file names or glob patterns to configuration files, "
    'such as {"app.log": "app.yaml", "*.access.log": "access.yaml"}'
)


def parse_file_config_map(text: str) -> dict[str, Path]:
    """Return the configuration file for each file name or glob pattern, in the order given.

    Neither side is looked up: whether the files exist is seen when they are opened.

    Raises
    ------
    ConfigError
        When the text is not JSON, not an object, names a pattern twice, or has an empty or non-string entry.

    Examples
    --------
    >>> parse_file_config_map('{"*.log": "logs.yaml"}')["*.log"].name
    'logs.yaml'
    """
    pairs = _pairs(text)
    paths: dict[str, Path] = {}
    for number, (pattern, value) in enumerate(pairs, start=1):
        entry = f"file config map, entry {number} ({json.dumps(pattern)})"
        if not pattern:
            msg = f"{entry}: the file name or pattern is empty; {_FORM}"
            raise ConfigError(msg)
        if pattern in paths:
            msg = f"{entry}: given twice; {_FORM}, each pattern once"
            raise ConfigError(msg)
        if not isinstance(value, str) or not value:
            msg = f"{entry}: given {_describe(value)} instead of the path of a configuration file; {_FORM}"
            raise ConfigError(msg)
        paths[pattern] = Path(value)
    return paths


class _Object(list[tuple[str, object]]):
    """The pairs of a JSON object as written, so that a repeated name is seen."""


def _pairs(text: str) -> _Object:
    try:
        # Numbers are refused anyway; kept as text they cannot be too long to convert.
        parsed = json.loads(text, object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number)
    except json.JSONDecodeError as error:
        msg = f"file config map, line {error.lineno}, column {error.colno}: {error.msg}; {_FORM}"
        raise ConfigError(msg) from error
    except RecursionError as error:
        msg = f"file config map: nested too deep; {_FORM}"
        raise ConfigError(msg) from error
    if not isinstance(parsed, _Object):
        msg = f"file config map, line 1, column 1: given {_describe(parsed)}; {_FORM}"
        raise ConfigError(msg)
    return parsed


class _Number:
    """A JSON number, left as written."""

    def __init__(self, written: str) -> None:
        self.written = written


def _describe(value: object) -> str:
    match value:
        case _Object():
            return "an object"
        case list():
            return "a list"
        case "":
            return "an empty text"
        case str():
            return "a text"
        case None | bool():
            return json.dumps(value)
        case _Number():
            return f"the number {value.written[:30]}"
        case _:
            return "a value that is not JSON"
