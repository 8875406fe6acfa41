"""Models of Mistral AI: Chat Completions as OpenAI's, but for names.

Wire format: https://docs.mistral.ai/api
"""

from typing import ClassVar

from loganomaly.providers.endpoints import parts_of
from loganomaly.providers.openai import OpenAIProvider

__all__ = ["MistralProvider"]


class MistralProvider(OpenAIProvider):
    """Asks Mistral's own service."""

    name: ClassVar[str] = "mistral"
    default_endpoint: ClassVar[str | None] = "https://api.mistral.ai/v1/chat/completions"
    key_variable: ClassVar[str | None] = "MISTRAL_API_KEY"
    limit: ClassVar[str] = "max_tokens"

    def serves(self, endpoint: str) -> bool:
        """Whether the host is Mistral's."""
        return (parts_of(endpoint).hostname or "").endswith(".mistral.ai")
