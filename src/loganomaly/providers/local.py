"""The classifier of this package: what the evidence says, without any model or network."""

from typing import ClassVar

from loganomaly.providers.provider import Completion, LLMProvider, ModelSettings, Prompt, Sender

__all__ = ["LocalProvider"]


class LocalProvider(LLMProvider):
    """Answers with what the evidence says, in the form in which a model would."""

    name: ClassVar[str] = "local"
    remote: ClassVar[bool] = False

    async def complete(self, prompt: Prompt, settings: ModelSettings, *, send: Sender) -> Completion:  # noqa: ARG002
        """Return the answer of the evidence."""
        return Completion(text=prompt.local)
