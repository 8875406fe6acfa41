"""Models of Anthropic, by its Messages.

Wire format: the types of Anthropic's own client, version 2, and https://docs.claude.com/en/api/messages
"""

from typing import ClassVar

from loganomaly.providers.endpoints import parts_of
from loganomaly.providers.failures import failure
from loganomaly.providers.openai import with_path
from loganomaly.providers.provider import Completion, HTTPProvider, ModelSettings, Prompt, Reply, Request
from loganomaly.providers.replies import count_of, json_of, object_of
from loganomaly.providers.schemas import without_limits

__all__ = ["AnthropicProvider"]

_VERSION = "2023-06-01"
_PATH = "/messages"


class AnthropicProvider(HTTPProvider):
    """Asks `.../v1/messages`; the endpoint may leave out `/messages`."""

    name: ClassVar[str] = "anthropic"
    default_endpoint: ClassVar[str | None] = "https://api.anthropic.com/v1/messages"
    key_variable: ClassVar[str | None] = "ANTHROPIC_API_KEY"

    def serves(self, endpoint: str) -> bool:
        """Whether the path is that of Messages, or the host Anthropic's."""
        parts = parts_of(endpoint)
        return parts.path.rstrip("/").endswith("/v1/messages") or (parts.hostname or "").endswith(".anthropic.com")

    def request(self, prompt: Prompt, settings: ModelSettings) -> Request:
        """Return what is posted."""
        # No temperature: newer models refuse it.
        body = {
            "model": settings.model,
            "max_tokens": settings.answer_tokens,
            "system": prompt.system,
            "messages": [{"role": "user", "content": prompt.user}],
            "output_config": {"format": {"type": "json_schema", "schema": without_limits(prompt.schema)}},
        }
        key = settings.api_key
        headers = {"anthropic-version": _VERSION, **({} if key is None else {"x-api-key": key.get_secret_value()})}
        return Request(url=with_path(settings.endpoint, _PATH), body=body, headers=headers)

    def read(self, reply: Reply, settings: ModelSettings) -> Completion:
        """Return the answer in a reply."""
        if reply.status != 200:
            raise failure(reply, settings)
        body = json_of(reply, settings)
        content, usage, reason = body.get("content"), object_of(body.get("usage")), body.get("stop_reason")
        pieces = [
            block["text"]
            for block in (content if isinstance(content, list) else [])
            if isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str)
        ]
        cut = reason in ("max_tokens", "model_context_window_exceeded")  # which may be a list: that is in no set
        return Completion(
            text="".join(pieces),
            end="refused" if reason == "refusal" else "length" if cut else "stop",
            prompt_tokens=count_of(usage.get("input_tokens")),
            answer_tokens=count_of(usage.get("output_tokens")),
        )
