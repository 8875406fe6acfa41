"""Models that Ollama serves, on this machine or another.

Wire format: the OpenAPI description and the page on errors in Ollama's own documentation, as of version 0.33.
"""

import json
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlunsplit

from loganomaly.errors import (
    LLMModelMissingError,
    LLMRequestError,
    LLMRetryError,
    LLMUnparsedError,
    LLMUnreachableError,
    UsageError,
)
from loganomaly.providers.endpoints import host_of, parts_of
from loganomaly.providers.failures import failure
from loganomaly.providers.provider import Completion, HTTPProvider, ModelSettings, Prompt, Reply, Request, Sender
from loganomaly.providers.replies import count_of, json_of, object_of

__all__ = ["OllamaProvider"]

_CONTEXTS = (4096, 8192, 16384, 32768, 65536, 131072)
"""Sizes of context that are asked for (tokens): few, because Ollama loads the model anew for each."""
_BYTES_PER_TOKEN = 2.5
"""Fewer than texts have, so that Ollama, which cuts silently what is too long, cuts nothing."""
_PATHS = ("/api/generate", "/api/chat")
_LONGEST_LOOK = 10.0  # seconds to look at what a model can do
_NO_PATH = ("", "/api")


class OllamaProvider(HTTPProvider):
    """Asks `/api/generate` or `/api/chat`, as the path of the endpoint says; without one, the latter."""

    name: ClassVar[str] = "ollama"
    default_endpoint: ClassVar[str | None] = "http://localhost:11434/api/generate"
    default_model: ClassVar[str | None] = "mistral:instruct"
    key_variable: ClassVar[str | None] = "OLLAMA_API_KEY"

    def serves(self, endpoint: str) -> bool:
        """Whether the path is one of Ollama's, or the port is and there is no path."""
        parts = parts_of(endpoint)
        path = parts.path.rstrip("/")
        return path.endswith(_PATHS) or (parts.port == 11434 and path in _NO_PATH)

    async def prepare(self, settings: ModelSettings, *, send: Sender) -> ModelSettings:
        """Return the settings; a model that can think is told not to, for its thoughts break the form of the answer.

        Where the server does not tell, as one that only looks like Ollama, the model is asked as it is.
        """
        parts = parts_of(_url(settings.endpoint))
        path = parts.path.removesuffix("/generate").removesuffix("/chat") + "/show"
        request = Request(
            url=urlunsplit(parts._replace(path=path)), body={"model": settings.model}, headers=_headers(settings)
        )
        try:
            reply = await send(request, timeout=min(settings.timeout, _LONGEST_LOOK))
            told = json_of(reply, settings) if reply.status == 200 else {}
        except LLMUnreachableError as error:
            raise _not_there(error) from error
        except (LLMRetryError, LLMUnparsedError):
            told = {}
        if settings.local_only and (not told or told.get("remote_host") or told.get("remote_model")):
            msg = (
                f"{host_of(settings.endpoint)} does not run the model {settings.model!r} itself, or does not tell; "
                "nothing was sent: --compliance-mode takes models on this machine only"
            )
            raise LLMRequestError(msg)
        able = told.get("capabilities")
        return replace(settings, think=False) if isinstance(able, list) and "thinking" in able else settings

    async def complete(self, prompt: Prompt, settings: ModelSettings, *, send: Sender) -> Completion:
        """Return the answer to a question."""
        try:
            return await super().complete(prompt, settings, send=send)
        except LLMUnreachableError as error:
            raise _not_there(error) from error

    def request(self, prompt: Prompt, settings: ModelSettings) -> Request:
        """Return what is posted."""
        url = _url(settings.endpoint)
        asked: dict[str, Any] = {"system": prompt.system, "prompt": prompt.user}
        if url.endswith("/chat"):
            asked = {
                "messages": [
                    {"role": "system", "content": prompt.system},
                    {"role": "user", "content": prompt.user},
                ]
            }
        size = len((prompt.system + prompt.user).encode("utf-8", "replace")) / _BYTES_PER_TOKEN + settings.answer_tokens
        body = {
            "model": settings.model,
            **asked,
            "format": prompt.schema,
            "stream": False,
            "options": {
                "temperature": 0,
                "num_predict": settings.answer_tokens,
                "num_ctx": next((context for context in _CONTEXTS if context >= size), _CONTEXTS[-1]),
            },
            **({} if settings.think is None else {"think": settings.think}),
        }
        return Request(url=url, body=body, headers=_headers(settings))

    def read(self, reply: Reply, settings: ModelSettings) -> Completion:
        """Return the answer in a reply, which may be one object or one a line."""
        if reply.status == 404:
            raise _missing(reply, settings)
        if reply.status != 200:
            raise failure(reply, settings)
        text, last = "", {}
        for part in _parts(reply, settings):
            if part.get("error"):
                # An error once the answer has begun comes with status 200.
                raise LLMRetryError(
                    str(failure(Reply(status=500, headers={}, body=json.dumps(part).encode()), settings))
                )
            piece = object_of(part.get("message")).get("content", part.get("response"))
            text += piece if isinstance(piece, str) else ""
            last = part
        if last.get("done", True) is not True:
            msg = f"{host_of(settings.endpoint)}: the answer breaks off"
            raise LLMRetryError(msg)
        return Completion(
            text=text,
            end="length" if last.get("done_reason") == "length" else "stop",
            prompt_tokens=count_of(last.get("prompt_eval_count")),
            answer_tokens=count_of(last.get("eval_count")),
        )


def _parts(reply: Reply, settings: ModelSettings) -> list[dict[str, Any]]:
    try:
        parts = [json.loads(reply.body)]
    except RecursionError as error:
        msg = f"{host_of(settings.endpoint)}: expected JSON objects, got something else"
        raise LLMUnparsedError(msg) from error
    except ValueError:
        try:
            parts = [json.loads(line) for line in reply.body.split(b"\n") if line.strip()]
        except (ValueError, RecursionError) as error:
            msg = f"{host_of(settings.endpoint)}: expected JSON objects, got something else"
            raise LLMUnparsedError(msg) from error
    if not parts or not all(isinstance(part, dict) for part in parts):
        msg = f"{host_of(settings.endpoint)}: expected JSON objects, got something else"
        raise LLMUnparsedError(msg)
    return parts


def _url(endpoint: str) -> str:
    """Return where to post questions."""
    parts = parts_of(endpoint)
    path = parts.path.rstrip("/")
    if path in _NO_PATH:
        path = "/api/chat"
    elif not path.endswith(_PATHS):
        msg = f"given the endpoint {host_of(endpoint)}{path}, expected one of Ollama's: {' or '.join(_PATHS)}"
        raise UsageError(msg)
    return urlunsplit(parts._replace(path=path))


def _headers(settings: ModelSettings) -> dict[str, str]:
    key = settings.api_key
    return {} if key is None else {"authorization": f"Bearer {key.get_secret_value()}"}


def _missing(reply: Reply, settings: ModelSettings) -> LLMModelMissingError:
    said = str(failure(reply, settings))
    return LLMModelMissingError(f"{said}; get the model with: ollama pull {settings.model}")


def _not_there(error: LLMUnreachableError) -> LLMUnreachableError:
    return LLMUnreachableError(f"{error}; start Ollama with: ollama serve")
