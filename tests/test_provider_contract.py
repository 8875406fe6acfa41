"""Every registered provider keeps the contract, and the contract notices one that does not."""

# ruff: noqa: ARG002  (methods that take the place of others)

import dataclasses
import json

import pytest

from loganomaly.errors import LLMRetryError
from loganomaly.providers import Completion, LLMProvider
from loganomaly.providers.local import LocalProvider
from loganomaly.providers.openai import OpenAIProvider
from loganomaly.registry import PROVIDERS, load, names
from loganomaly.testing import check_provider


@pytest.mark.parametrize("name", names(PROVIDERS))
def test_a_registered_provider_keeps_the_contract(name):
    provider = load(PROVIDERS, name)
    assert provider().name == name
    check_provider(provider)


def test_the_documented_providers_are_there():
    assert {"anthropic", "gemini", "local", "mistral", "ollama", "openai"} <= set(names(PROVIDERS))


class KeyInBody(OpenAIProvider):
    def request(self, prompt, settings):
        request = super().request(prompt, settings)
        return dataclasses.replace(request, body={**request.body, "key": settings.api_key.get_secret_value()})


class NoSchema(OpenAIProvider):
    def request(self, prompt, settings):
        request = super().request(prompt, settings)
        return dataclasses.replace(request, body={k: v for k, v in request.body.items() if k != "response_format"})


class Random(OpenAIProvider):
    calls = 0

    def request(self, prompt, settings):
        self.calls += 1
        request = super().request(prompt, settings)
        return dataclasses.replace(request, body={**request.body, "seed": self.calls})


class Trusting(OpenAIProvider):
    def read(self, reply, settings):
        return Completion(text=json.loads(reply.body)["text"])


class Forgiving(OpenAIProvider):
    def read(self, reply, settings):
        return Completion(text="normal")


class Hasty(OpenAIProvider):
    def read(self, reply, settings):
        if reply.status == 429:
            raise LLMRetryError("busy")
        return super().read(reply, settings)


class Greedy(OpenAIProvider):
    def serves(self, endpoint):
        return True


class Talkative(LocalProvider):
    async def complete(self, prompt, settings, *, send):
        await send(OpenAIProvider().request(prompt, settings), timeout=1)
        return Completion(text=prompt.local)


class Nameless(LLMProvider):
    name = ""

    async def complete(self, prompt, settings, *, send):
        return Completion(text="")


@pytest.mark.parametrize(
    "wrong",
    [KeyInBody, NoSchema, Random, Forgiving, Hasty, Greedy, Talkative, Nameless],
    ids=lambda kind: kind.__name__,
)
def test_the_contract_notices(wrong):
    with pytest.raises(AssertionError):
        check_provider(wrong)


def test_the_contract_notices_a_reply_that_is_trusted():
    with pytest.raises(ValueError, match="Expecting value"):
        check_provider(Trusting)
