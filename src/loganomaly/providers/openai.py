"""Models behind OpenAI's Chat Completions, or what speaks the same: vLLM, llama.cpp, LM Studio, Groq, Azure ...

Wire format: https://platform.openai.com/docs/api-reference/chat and the types of OpenAI's own client, version 3.
"""

from typing import Any, ClassVar
from urllib.parse import urlunsplit

from loganomaly.providers.endpoints import parts_of
from loganomaly.providers.failures import failure
from loganomaly.providers.provider import Completion, HTTPProvider, ModelSettings, Prompt, Reply, Request
from loganomaly.providers.replies import count_of, first_of, json_of, object_of
from loganomaly.providers.schemas import without_limits

__all__ = ["OpenAIProvider", "with_path"]

_PATH = "/chat/completions"


class OpenAIProvider(HTTPProvider):
    """Asks `.../chat/completions`; the endpoint may leave that part out."""

    name: ClassVar[str] = "openai"
    default_endpoint: ClassVar[str | None] = "https://api.openai.com/v1/chat/completions"
    key_variable: ClassVar[str | None] = "OPENAI_API_KEY"
    limit: ClassVar[str] = "max_completion_tokens"
    """Name of the longest answer in requests."""

    def serves(self, endpoint: str) -> bool:
        """Whether the path is that of Chat Completions."""
        return parts_of(endpoint).path.rstrip("/").endswith((_PATH, "/v1"))

    def request(self, prompt: Prompt, settings: ModelSettings) -> Request:
        """Return what is posted."""
        url = with_path(settings.endpoint, _PATH)
        host = parts_of(url).hostname or ""
        azure = host.endswith((".azure.com", ".azure.us", ".azure.cn"))
        strict = azure or host == "api.openai.com" or host.endswith(".mistral.ai")
        schema = without_limits(prompt.schema) if strict else prompt.schema
        body: dict[str, Any] = {
            "model": settings.model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "verdict", "strict": True, "schema": schema},
            },
            self.limit: settings.answer_tokens,
            "stream": False,
        }
        if not azure and host != "api.openai.com":
            body["temperature"] = 0  # some of OpenAI's own models refuse it
        return Request(url=url, body=body, headers=_headers(settings, azure=azure))

    def read(self, reply: Reply, settings: ModelSettings) -> Completion:
        """Return the answer in a reply."""
        if reply.status != 200:
            raise failure(reply, settings)
        body = json_of(reply, settings)
        if body.get("error"):  # of gateways, once the status is sent
            raise failure(Reply(status=500, headers={}, body=reply.body), settings)
        choice, usage = first_of(body.get("choices")), object_of(body.get("usage"))
        message = object_of(choice.get("message"))
        text = message.get("content")
        refused = bool(message.get("refusal")) or choice.get("finish_reason") == "content_filter"
        return Completion(
            text=text if isinstance(text, str) else "",
            end="refused" if refused else "length" if choice.get("finish_reason") == "length" else "stop",
            prompt_tokens=count_of(usage.get("prompt_tokens")),
            answer_tokens=count_of(usage.get("completion_tokens")),
        )


def with_path(endpoint: str, path: str) -> str:
    """Return an endpoint with `path` at its end, if it is not there yet.

    Examples
    --------
    >>> with_path("http://localhost:8080/v1", "/chat/completions")
    'http://localhost:8080/v1/chat/completions'
    """
    parts = parts_of(endpoint)
    own = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=own if own.endswith(path) else own + path))


def _headers(settings: ModelSettings, *, azure: bool) -> dict[str, str]:
    if settings.api_key is None:
        return {}
    key = settings.api_key.get_secret_value()
    return {"api-key": key} if azure else {"authorization": f"Bearer {key}"}
