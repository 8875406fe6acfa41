"""Reads the YAML of data files."""

from typing import Any

import yaml

__all__ = ["read_yaml"]


def read_yaml(text: str | bytes) -> Any:
    """Return what a text in YAML says, as plain values.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or asks for more than plain values.

    Examples
    --------
    >>> read_yaml("{name: badge, anchors: [emp-]}")
    {'name': 'badge', 'anchors': ['emp-']}
    """
    if yaml.__with_libyaml__:  # seven times as fast, and in all wheels
        return yaml.load(text, Loader=yaml.CSafeLoader)
    return yaml.safe_load(text)
