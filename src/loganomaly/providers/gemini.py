"""Models of Google's Gemini, by generateContent.

Wire format: https://ai.google.dev/api/generate-content
"""

from typing import ClassVar
from urllib.parse import quote, urlunsplit

from loganomaly.providers.endpoints import parts_of
from loganomaly.providers.failures import failure
from loganomaly.providers.provider import Completion, HTTPProvider, ModelSettings, Prompt, Reply, Request
from loganomaly.providers.replies import count_of, first_of, json_of, object_of
from loganomaly.providers.schemas import without_limits

__all__ = ["GeminiProvider"]

_METHOD = ":generateContent"


class GeminiProvider(HTTPProvider):
    """Asks `.../models/MODEL:generateContent`; the endpoint may leave that part out."""

    name: ClassVar[str] = "gemini"
    default_endpoint: ClassVar[str | None] = "https://generativelanguage.googleapis.com/v1beta"
    key_variable: ClassVar[str | None] = "GEMINI_API_KEY"

    def serves(self, endpoint: str) -> bool:
        """Whether the path is that of generateContent, or the host Gemini's."""
        parts = parts_of(endpoint)
        return parts.path.endswith(_METHOD) or parts.hostname == "generativelanguage.googleapis.com"

    def request(self, prompt: Prompt, settings: ModelSettings) -> Request:
        """Return what is posted."""
        parts = parts_of(settings.endpoint)
        path = parts.path.rstrip("/")
        if not path.endswith(_METHOD):
            path += f"/models/{quote(settings.model.removeprefix('models/'), safe='')}{_METHOD}"
        body = {
            "systemInstruction": {"parts": [{"text": prompt.system}]},
            "contents": [{"role": "user", "parts": [{"text": prompt.user}]}],
            "generationConfig": {
                "maxOutputTokens": settings.answer_tokens,
                "responseMimeType": "application/json",
                "responseJsonSchema": without_limits(prompt.schema),
                "temperature": 0,
            },
        }
        key = settings.api_key
        headers = {} if key is None else {"x-goog-api-key": key.get_secret_value()}
        return Request(url=urlunsplit(parts._replace(path=path)), body=body, headers=headers)

    def read(self, reply: Reply, settings: ModelSettings) -> Completion:
        """Return the answer in a reply."""
        if reply.status != 200:
            raise failure(reply, settings)
        body = json_of(reply, settings)
        first, usage = first_of(body.get("candidates")), object_of(body.get("usageMetadata"))
        parts = object_of(first.get("content")).get("parts")
        pieces = [
            part["text"]
            for part in (parts if isinstance(parts, list) else [])
            if isinstance(part, dict) and isinstance(part.get("text"), str) and not part.get("thought")
        ]
        reason = first.get("finishReason")
        return Completion(
            text="".join(pieces),
            end="stop" if reason == "STOP" else "length" if reason == "MAX_TOKENS" else "refused",
            prompt_tokens=count_of(usage.get("promptTokenCount")),
            answer_tokens=count_of(usage.get("candidatesTokenCount")) + count_of(usage.get("thoughtsTokenCount")),
        )
