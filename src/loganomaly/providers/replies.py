"""Reading of replies, which may hold anything."""

import json
from typing import Any

from loganomaly.errors import LLMUnparsedError
from loganomaly.providers.endpoints import host_of
from loganomaly.providers.provider import ModelSettings, Reply

__all__ = ["count_of", "first_of", "json_of", "object_of"]


def json_of(reply: Reply, settings: ModelSettings) -> dict[str, Any]:
    """Return the JSON object that a reply with a good status holds.

    Raises
    ------
    LLMUnparsedError
        If it holds none.
    """
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        msg = f"{host_of(settings.endpoint)}: expected a JSON object, got something else"
        raise LLMUnparsedError(msg) from error
    if not isinstance(value, dict):
        msg = f"{host_of(settings.endpoint)}: expected a JSON object, got another JSON value"
        raise LLMUnparsedError(msg)
    return value


def object_of(value: object) -> dict[str, Any]:
    """Return a value if it is an object; otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def first_of(value: object) -> dict[str, Any]:
    """Return the first of a list of objects; otherwise an empty one."""
    return object_of(value[0]) if isinstance(value, list) and value else {}


def count_of(value: object) -> int:
    """Return a value if it is a count; otherwise 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
