"""JSON Schemas as services take them that know a part of the language only."""

from collections.abc import Mapping
from typing import Any

__all__ = ["without_limits"]

_LIMITS = frozenset({"maxItems", "maxLength", "minItems", "minLength"})


def without_limits(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema without limits on lengths, which strict modes refuse.

    Examples
    --------
    >>> without_limits({"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 9}})
    {'type': 'array', 'items': {'type': 'string'}}
    """
    return {
        name: without_limits(value) if isinstance(value, Mapping) else value
        for name, value in schema.items()
        if name not in _LIMITS
    }
