"""What language models and their servers say: anything."""

from legible_output import check_text

from loganomaly.classify import CLASSES
from loganomaly.errors import LLMError
from loganomaly.providers.anthropic import AnthropicProvider
from loganomaly.providers.gemini import GeminiProvider
from loganomaly.providers.mistral import MistralProvider
from loganomaly.providers.ollama import OllamaProvider
from loganomaly.providers.openai import OpenAIProvider
from loganomaly.providers.provider import Completion, HTTPProvider, ModelSettings, Reply
from loganomaly.workflow.answer import ANOMALY, parse_answer, quoted_in

__all__ = ["answer", "reply"]

_PROVIDERS: tuple[HTTPProvider, ...] = (
    AnthropicProvider(),
    GeminiProvider(),
    MistralProvider(),
    OllamaProvider(),
    OpenAIProvider(),
)
_STATUS = (200, 200, 200, 200, 400, 401, 404, 429, 500, 529)


def answer(data: bytes) -> None:
    """Check that an answer is one of the classes in texts that nothing obeys, or is said to be none."""
    text = data.decode(errors="surrogateescape" if data[:1] == b"\xff" else "replace")
    try:
        read = parse_answer(text)
    except LLMError as error:
        check_text(str(error))
        return
    assert read.classification in {*CLASSES, ANOMALY}, "a class that is none"
    assert read.reason, "no reason"
    for said in (read.reason, read.quote, *read.tags):
        assert "\n" not in said, "a text of several lines"
        check_text(said)
    quoted_in(read.quote, text)


def reply(data: bytes) -> None:
    """Check that the reply of a server is an answer or one of the errors, which repeats no key and steers nothing."""
    if len(data) < 2:
        return
    provider, status, body = _PROVIDERS[data[0] % len(_PROVIDERS)], _STATUS[data[1] % len(_STATUS)], data[2:]
    settings = ModelSettings(model="m", endpoint="https://models.example/v1/chat/completions")
    headers = {"retry-after": body[:20].decode("latin-1"), "x-ratelimit-reset-requests": body[20:40].decode("latin-1")}
    try:
        read = provider.read(Reply(status=status, headers=headers, body=body), settings)
    except LLMError as error:
        check_text(str(error))
        wait = getattr(error, "retry_after", None)
        assert wait is None or 0 <= wait < float("inf"), f"a wait of {wait} s"
        return
    assert isinstance(read, Completion)
    assert min(read.prompt_tokens, read.answer_tokens) >= 0, "a negative count"
