"""What a reply that is no answer means: decided by its status and by the codes in it, never by its wording."""

import email.utils
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from loganomaly.errors import (
    LLMAuthenticationError,
    LLMError,
    LLMModelMissingError,
    LLMPaymentError,
    LLMRequestError,
    LLMRetryError,
)
from loganomaly.legible import plain_text
from loganomaly.providers.endpoints import host_of
from loganomaly.providers.provider import ModelSettings, Reply
from loganomaly.providers.replies import first_of, object_of
from loganomaly.redaction.secrets import redact

__all__ = ["failure", "wait_asked_for"]

_BY_STATUS: dict[int, type[LLMError]] = {
    401: LLMAuthenticationError,
    402: LLMPaymentError,
    403: LLMAuthenticationError,
    408: LLMRetryError,
    409: LLMRetryError,
    425: LLMRetryError,
    429: LLMRetryError,
}
"""What other statuses mean is told by their class: 5xx may pass, all others are the request's fault."""
_PAYMENT = frozenset(
    {
        "billing_error",
        "billing_hard_limit_reached",
        "billing_not_active",
        "credit_balance_exhausted",
        "enforced_spend_limit_reached",
        "insufficient_quota",
        "organization_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "project_spend_limit_exceeded",
        "spend_limit_reached",
        "usage_limit_exceeded",
    }
)
_MODEL = frozenset({"invalid_model", "model_not_found", "unknown_model"})
_NOT_FOUND = frozenset({"NOT_FOUND", "NotFoundError", "not_found_error"})
"""By those who say so of models and of wrong paths alike."""
_KEY = frozenset({"API_KEY_INVALID", "authentication_error", "invalid_api_key"})
_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")
_LONGEST = 300  # characters of a server's own words that are shown
_READ = 10_000  # and that are read for it: a message can be as long as the largest reply


def failure(reply: Reply, settings: ModelSettings, *, missing: str = "") -> LLMError:
    """Return the error that a reply with an error status is.

    Parameters
    ----------
    missing
        What to do where the model is missing.
    """
    codes, said = _told(reply)
    kind = _kind(reply.status, codes)
    server = f"{host_of(settings.endpoint)} answered {reply.status}{f': {_shown(said, settings)}' if said else ''}"
    if issubclass(kind, LLMRetryError):
        return kind(server, retry_after=wait_asked_for(reply.headers) or _wait_in(reply))
    if kind is LLMModelMissingError:
        return kind(f"{server}; there is no model {settings.model!r}: {missing or 'give another as llm.model'}")
    if kind is LLMAuthenticationError:
        return kind(f"{server}; check the key in the environment, and what it may do")
    return kind(server)


def _kind(status: int, codes: Collection[str]) -> type[LLMError]:
    if not _PAYMENT.isdisjoint(codes):
        return LLMPaymentError
    if not _MODEL.isdisjoint(codes) or (status == 404 and not _NOT_FOUND.isdisjoint(codes)):
        return LLMModelMissingError
    if not _KEY.isdisjoint(codes):
        return LLMAuthenticationError
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return LLMRetryError if status >= 500 else LLMRequestError


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Return how long a server asks to wait, in seconds, as its headers say; None where they do not.

    Examples
    --------
    >>> wait_asked_for({"retry-after": "7"}), wait_asked_for({"retry-after-ms": "1500"}), wait_asked_for({})
    (7.0, 1.5, None)
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", value):
            return float(value) / unit
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _wait_in(reply: Reply) -> float | None:
    """Return how long Gemini asks to wait, which says so in the body: `"retryDelay": "17s"`."""
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    details = object_of((first_of(value) or object_of(value)).get("error")).get("details")
    waits = [object_of(detail).get("retryDelay") for detail in details] if isinstance(details, list) else []
    found = next((match for wait in waits if isinstance(wait, str) and (match := _DELAY.fullmatch(wait))), None)
    return float(found[1]) if found else None


def _told(reply: Reply) -> tuple[frozenset[str], str]:
    """Return the codes and the message of an error's body, whichever of the usual forms it has."""
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return frozenset(), ""
    body = first_of(value) or object_of(value)  # Gemini wraps its errors in a list
    error = body.get("error", body)
    if not isinstance(error, dict):
        return frozenset(), error if isinstance(error, str) else ""
    codes = {text for name in ("type", "code", "status") if isinstance(text := error.get(name), str)}
    details = error.get("details")  # Gemini lists them, Anthropic has one object
    for detail in details if isinstance(details, list) else [details]:
        codes |= {text for name in ("reason", "error_code") if isinstance(text := object_of(detail).get(name), str)}
    message = error.get("message")
    return frozenset(codes), message if isinstance(message, str) else ""


def _shown(text: str, settings: ModelSettings) -> str:
    """Return a server's words as they can be shown: it may repeat the key, or a line of the log."""
    if settings.api_key is not None and (key := settings.api_key.get_secret_value()):
        text = text.replace(key, "<key>")
    return redact(plain_text(text[:_READ]))[:_LONGEST]
