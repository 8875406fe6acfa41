"""The contract of providers of language models, as a run that every registered provider has to pass.

::

    @pytest.mark.parametrize("name", names(PROVIDERS))
    def test_keeps_the_contract(name):
        check_provider(load(PROVIDERS, name))
"""

import asyncio
import json
from collections.abc import Callable

from pydantic import SecretStr

from loganomaly.errors import LLMAuthenticationError, LLMError, LLMRetryError
from loganomaly.providers.provider import (
    Completion,
    HTTPProvider,
    LLMProvider,
    ModelSettings,
    Prompt,
    Reply,
    Request,
)

__all__ = ["check_provider"]

_KEY = "key-Zk81qpWm4Tx7Rv2n"
_SCHEMA = {
    "type": "object",
    "properties": {"classification": {"type": "string", "enum": ["normal", "error"]}},
    "required": ["classification"],
    "additionalProperties": False,
}
_PROMPT = Prompt(
    system="what you are told: Grüße",
    user='what you are asked: "5 < 6"\n| line',
    schema=_SCHEMA,
    local='{"classification": "error"}',
)
_ODD_BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"7",
    b"<html>",
    b"\xff\xfe",
    b"[" * 5000,
    b'{"error": 7}',
    b"{}\n{}",
)


def check_provider(make: Callable[[], LLMProvider]) -> None:
    """Check that a provider keeps its contract.

    Parameters
    ----------
    make
        Makes the provider, without arguments, as the registry does.

    Raises
    ------
    AssertionError
        If it does not; the message says what was expected.
    """
    provider = make()
    assert isinstance(provider, LLMProvider), f"{provider!r} is no LLMProvider"
    assert provider.name, f"{type(provider).__name__} has no name"
    _check_serves(provider)
    if isinstance(provider, HTTPProvider):
        _check_requests(provider)
        _check_replies(provider)
    elif not provider.remote:
        _check_local(provider)


def _settings(provider: LLMProvider, *, key: str | None = _KEY) -> ModelSettings:
    endpoint = provider.default_endpoint or "http://127.0.0.1:9"
    return ModelSettings(
        model="some-model", endpoint=endpoint, api_key=SecretStr(key) if key else None, answer_tokens=77
    )


def _check_serves(provider: LLMProvider) -> None:
    if provider.default_endpoint is not None:
        assert provider.serves(provider.default_endpoint), f"{provider.name} does not know its own default endpoint"
    assert not provider.serves("http://other.example/"), f"{provider.name} takes any address for its own"


def _check_requests(provider: HTTPProvider) -> None:
    settings = _settings(provider)
    request = provider.request(_PROMPT, settings)
    assert isinstance(request, Request), "request returns a Request"
    assert request == provider.request(_PROMPT, settings), "request is a function of its arguments"
    text = json.dumps(request.body, ensure_ascii=False, allow_nan=False)
    for part in (_PROMPT.system, _PROMPT.user):
        assert json.dumps(part, ensure_ascii=False)[1:-1] in text, f"the question lacks {part!r}"
    assert '"enum": ["normal", "error"]' in text, "the form of the answer is asked for by its schema"
    assert "77" in text, "answers are limited"
    assert _KEY not in text, "a key stands in a header, never in the body"
    assert _KEY not in request.url, "a key stands in a header, never in the address"
    assert any(_KEY in value for value in request.headers.values()), "the key is sent"
    assert _KEY not in repr(request), "a repr shows no key"
    without = provider.request(_PROMPT, _settings(provider, key=None))
    assert not any("None" in value for value in without.headers.values()), "without a key, none is sent"


def _check_replies(provider: HTTPProvider) -> None:
    settings = _settings(provider)
    for status in (200, 204, 302, 400, 404, 418, 500):
        for body in _ODD_BODIES:
            _read(provider, Reply(status=status, headers={}, body=body), settings)
    for status, expected in ((401, LLMAuthenticationError), (403, LLMAuthenticationError), (503, LLMRetryError)):
        error = _read(provider, Reply(status=status, headers={}, body=b"{}"), settings)
        assert isinstance(error, expected), f"status {status}: expected {expected.__name__}, got {error!r}"
    busy = _read(provider, Reply(status=429, headers={"retry-after": "7"}, body=b"{}"), settings)
    assert isinstance(busy, LLMRetryError), f"status 429: expected LLMRetryError, got {busy!r}"
    assert busy.retry_after == 7, "how long a server asks to wait is told"
    echo = json.dumps({"error": {"message": f"wrong key {_KEY}"}}).encode()
    said = _read(provider, Reply(status=401, headers={}, body=echo), settings)
    assert _KEY not in str(said), "an error shows no key, whatever the server says"


def _read(provider: HTTPProvider, reply: Reply, settings: ModelSettings) -> Completion | LLMError:
    """Return what a reply is read as; anything but an answer or an LLMError fails."""
    try:
        answer = provider.read(reply, settings)
    except LLMError as error:
        return error
    assert isinstance(answer, Completion), f"read returns a Completion, not {answer!r}"
    assert reply.status == 200, f"status {reply.status} is no answer"
    assert isinstance(answer.text, str), "an answer is a text"
    assert min(answer.prompt_tokens, answer.answer_tokens) >= 0, "tokens are counts"
    return answer


def _check_local(provider: LLMProvider) -> None:
    async def send(request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109  (what a sender is)
        msg = f"{provider.name} says that it is not remote, and sends to {request.url} within {timeout} s"
        raise AssertionError(msg)

    answer = asyncio.run(provider.complete(_PROMPT, _settings(provider), send=send))
    assert answer.text == _PROMPT.local, "the answer is that of the evidence"
