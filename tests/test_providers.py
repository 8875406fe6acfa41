"""Providers of language models: what is posted, what is made of the reply, and what each fault means."""

import asyncio
import gzip
import json
import re
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

import anthropic
import httpcore2
import httpx2
import ollama as ollama_client
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from llm_server import (
    Answer,
    Script,
    anthropic_error,
    anthropic_message,
    bad_gzip,
    by_path,
    cut,
    dripping,
    gemini_content,
    gemini_error,
    huge,
    json_answer,
    mistral_error,
    nested,
    ollama,
    ollama_chat,
    ollama_error,
    ollama_generate,
    ollama_lines,
    ollama_show,
    openai_chat,
    openai_error,
    redirect,
    serving,
    stalled,
    text_answer,
)
from loganomaly.errors import (
    LLMAuthenticationError,
    LLMError,
    LLMModelMissingError,
    LLMPaymentError,
    LLMRequestError,
    LLMRetryError,
    LLMTimeoutError,
    LLMUnparsedError,
    LLMUnreachableError,
    UsageError,
)
from loganomaly.providers import Completion, HTTPProvider, ModelSettings, Prompt, Reply, Request
from loganomaly.providers.anthropic import AnthropicProvider
from loganomaly.providers.client import FAULTS, LARGEST_REPLY, HTTPClient
from loganomaly.providers.endpoints import check_loopback, host_of, is_loopback
from loganomaly.providers.failures import failure, wait_asked_for
from loganomaly.providers.gemini import GeminiProvider
from loganomaly.providers.local import LocalProvider
from loganomaly.providers.mistral import MistralProvider
from loganomaly.providers.ollama import OllamaProvider
from loganomaly.providers.openai import OpenAIProvider
from loganomaly.registry import load, names

KEY = "zq-Correct.Horse_Battery9"
SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"enum": ["normal", "anomaly"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}
PROMPT = Prompt(system="You judge logs.", user="disk full", schema=SCHEMA, local='{"verdict": "normal"}')
ANSWER = '{"verdict": "anomaly"}'
MESSAGES = [{"role": "system", "content": "You judge logs."}, {"role": "user", "content": "disk full"}]


@dataclass(frozen=True, kw_only=True)
class API:
    """One way to ask: a provider, a path, how a good answer and an error are built, and what "too long" is called."""

    provider: HTTPProvider
    path: str
    good: Callable[..., Answer]
    error: Callable[..., Answer]
    too_long: str
    key_header: tuple[str, str] = ("authorization", f"Bearer {KEY}")


APIS = {
    "generate": API(
        provider=OllamaProvider(), path="/api/generate", good=ollama_generate, error=ollama_error, too_long="length"
    ),
    "chat": API(provider=OllamaProvider(), path="/api/chat", good=ollama_chat, error=ollama_error, too_long="length"),
    "openai": API(
        provider=OpenAIProvider(),
        path="/v1/chat/completions",
        good=openai_chat,
        error=openai_error,
        too_long="length",
    ),
    "mistral": API(
        provider=MistralProvider(),
        path="/v1/chat/completions",
        good=openai_chat,
        error=mistral_error,
        too_long="length",
    ),
    "anthropic": API(
        provider=AnthropicProvider(),
        path="/v1/messages",
        good=anthropic_message,
        error=anthropic_error,
        too_long="max_tokens",
        key_header=("x-api-key", KEY),
    ),
    "gemini": API(
        provider=GeminiProvider(),
        path="/v1beta/models/m:generateContent",
        good=gemini_content,
        error=gemini_error,
        too_long="MAX_TOKENS",
        key_header=("x-goog-api-key", KEY),
    ),
}


@pytest.fixture(autouse=True, scope="module")
def _certificates_read_once():
    """Share what takes most of the time of a new client: the certificates of the system."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


every_api = pytest.mark.parametrize("api", APIS.values(), ids=APIS.keys())


def with_model(endpoint: str, **changes) -> ModelSettings:
    return ModelSettings(**{"model": "m", "endpoint": endpoint, "api_key": SecretStr(KEY), "timeout": 10.0} | changes)


def body_of(provider: HTTPProvider, endpoint: str, prompt: Prompt = PROMPT, **changes) -> dict:
    return dict(provider.request(prompt, with_model(endpoint, **changes)).body)


async def complete(provider: HTTPProvider, endpoint: str, **changes) -> Completion:
    async with HTTPClient() as send:
        return await provider.complete(PROMPT, with_model(endpoint, **changes), send=send)


async def prepare(provider: HTTPProvider, endpoint: str, **changes) -> ModelSettings:
    async with HTTPClient() as send:
        return await provider.prepare(with_model(endpoint, **changes), send=send)


async def post(url: str, headers: dict | None = None) -> Reply:
    async with HTTPClient() as send:
        return await send(Request(url=url, body={}, headers=headers or {}), timeout=10)


def ask(api: API, script: Script, **changes) -> Completion:
    with serving(script) as server:
        return asyncio.run(complete(api.provider, server.url + api.path, **changes))


def failed(api: API, script: Script, **changes) -> LLMError:
    with pytest.raises(LLMError) as caught:
        ask(api, script, **changes)
    return caught.value


def read(api: API, answer: Answer) -> Completion:
    reply = Reply(status=answer.status, headers=answer.headers, body=answer.body)
    return api.provider.read(reply, with_model("http://localhost:1" + api.path))


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def everything_said(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


# What is posted


@every_api
def test_the_question_is_posted_as_json_to_the_path_of_the_api(api):
    with serving(api.good(ANSWER)) as server:
        asyncio.run(complete(api.provider, server.url + api.path))
    (asked,) = server.requests
    assert (asked.method, asked.path) == ("POST", api.path)
    assert asked.headers["content-type"] == "application/json"
    assert asked.json == body_of(api.provider, server.url + api.path)


@every_api
def test_the_key_leaves_in_its_header_and_nowhere_else(api):
    with serving(api.good(ANSWER)) as server:
        asyncio.run(complete(api.provider, server.url + api.path))
    (asked,) = server.requests
    name, value = api.key_header
    assert asked.headers[name] == value
    assert [header for header, text in asked.headers.items() if KEY in text] == [name]
    assert KEY not in asked.path
    assert KEY.encode() not in asked.body


@every_api
def test_without_a_key_no_header_speaks_of_one(api):
    with serving(api.good(ANSWER)) as server:
        asyncio.run(complete(api.provider, server.url + api.path, api_key=None))
    (asked,) = server.requests
    assert not {"authorization", "x-api-key", "x-goog-api-key", "api-key"} & asked.headers.keys()


def test_ollama_generate_is_asked_for_one_answer_in_the_form_of_the_schema():
    assert body_of(OllamaProvider(), "http://localhost:11434/api/generate") == {
        "model": "m",
        "system": "You judge logs.",
        "prompt": "disk full",
        "format": SCHEMA,
        "stream": False,
        "options": {"temperature": 0, "num_predict": 512, "num_ctx": 4096},
    }


def test_ollama_chat_is_asked_the_same_in_messages():
    generate = body_of(OllamaProvider(), "http://localhost:11434/api/generate")
    chat = body_of(OllamaProvider(), "http://localhost:11434/api/chat")
    assert chat.pop("messages") == MESSAGES
    assert chat.items() <= generate.items()
    assert generate.keys() - chat.keys() == {"system", "prompt"}


@pytest.mark.parametrize(
    ("letter", "count", "context"),
    [
        ("x", 0, 4096),
        ("x", 8960, 4096),
        ("x", 8961, 8192),
        ("é", 4480, 4096),  # counted in bytes
        ("é", 4481, 8192),
        ("\ud800", 8961, 8192),  # sent as one question mark
        ("x", 40_000, 32768),
        ("x", 300_000, 131072),
        ("x", 1_000_000, 131072),
    ],
)
def test_ollama_is_asked_for_a_context_from_the_ladder_that_holds_question_and_answer(letter, count, context):
    half = letter * (count // 2)
    prompt = Prompt(system=half, user=half + letter * (count % 2), schema=SCHEMA)
    body = body_of(OllamaProvider(), "http://localhost:11434/api/chat", prompt)
    assert body["options"]["num_ctx"] == context


def test_the_longest_answer_counts_into_the_context_of_ollama():
    body = body_of(OllamaProvider(), "http://localhost:11434", answer_tokens=4096)
    assert body["options"] == {"temperature": 0, "num_predict": 4096, "num_ctx": 8192}


def test_openai_is_asked_for_the_strict_schema_and_for_no_temperature():
    assert body_of(OpenAIProvider(), "https://api.openai.com/v1") == {
        "model": "m",
        "messages": MESSAGES,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA},
        },
        "max_completion_tokens": 512,
        "stream": False,
    }


def test_servers_that_speak_as_openai_are_asked_for_temperature_0():
    own = body_of(OpenAIProvider(), "https://api.openai.com/v1")
    assert body_of(OpenAIProvider(), "http://localhost:8000/v1") == own | {"temperature": 0}


def test_mistral_is_asked_as_openai_but_for_the_name_of_the_longest_answer():
    own = body_of(OpenAIProvider(), "http://localhost:8000/v1")
    assert own.pop("max_completion_tokens") == 512
    assert body_of(MistralProvider(), "https://api.mistral.ai/v1") == own | {"max_tokens": 512}


@pytest.mark.parametrize("host", ["me.openai.azure.com", "me.services.ai.azure.com", "me.openai.azure.us"])
def test_azure_gets_its_own_key_header_and_no_temperature(host):
    request = OpenAIProvider().request(PROMPT, with_model(f"https://{host}/openai/v1?api-version=preview"))
    assert dict(request.headers) == {"api-key": KEY}
    assert request.url == f"https://{host}/openai/v1/chat/completions?api-version=preview"
    assert "temperature" not in request.body


def test_a_host_that_only_looks_like_azure_gets_the_usual_key_header():
    request = OpenAIProvider().request(PROMPT, with_model("https://azure.com.evil.example/v1"))
    assert dict(request.headers) == {"authorization": f"Bearer {KEY}"}


def test_anthropic_is_asked_for_the_schema_and_for_no_temperature():
    assert body_of(AnthropicProvider(), "https://api.anthropic.com/v1") == {
        "model": "m",
        "max_tokens": 512,
        "system": "You judge logs.",
        "messages": [{"role": "user", "content": "disk full"}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }


def test_anthropic_is_told_the_version_of_the_api():
    request = AnthropicProvider().request(PROMPT, with_model("https://api.anthropic.com/v1"))
    assert dict(request.headers) == {"anthropic-version": "2023-06-01", "x-api-key": KEY}


def test_gemini_is_asked_for_json_in_the_form_of_the_schema():
    assert body_of(GeminiProvider(), "https://generativelanguage.googleapis.com/v1beta") == {
        "systemInstruction": {"parts": [{"text": "You judge logs."}]},
        "contents": [{"role": "user", "parts": [{"text": "disk full"}]}],
        "generationConfig": {
            "maxOutputTokens": 512,
            "responseMimeType": "application/json",
            "responseJsonSchema": SCHEMA,
            "temperature": 0,
        },
    }


@pytest.mark.parametrize(
    ("provider", "endpoint", "url"),
    [
        (OllamaProvider(), "http://h:1", "http://h:1/api/chat"),
        (OllamaProvider(), "http://h:1/", "http://h:1/api/chat"),
        (OllamaProvider(), "http://h:1/api/", "http://h:1/api/chat"),
        (OllamaProvider(), "http://h:1/api/generate/", "http://h:1/api/generate"),
        (OllamaProvider(), "http://h/behind/api/chat", "http://h/behind/api/chat"),
        (OpenAIProvider(), "http://h/v1", "http://h/v1/chat/completions"),
        (OpenAIProvider(), "http://h/v1/", "http://h/v1/chat/completions"),
        (OpenAIProvider(), "http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        (OpenAIProvider(), "http://h/v1?a=b", "http://h/v1/chat/completions?a=b"),
        (MistralProvider(), "https://api.mistral.ai/v1", "https://api.mistral.ai/v1/chat/completions"),
        (AnthropicProvider(), "http://h/v1", "http://h/v1/messages"),
        (AnthropicProvider(), "http://h/v1/messages", "http://h/v1/messages"),
        (GeminiProvider(), "http://h/v1beta", "http://h/v1beta/models/m:generateContent"),
        (GeminiProvider(), "http://h/v1beta/models/x:generateContent", "http://h/v1beta/models/x:generateContent"),
    ],
)
def test_the_path_of_an_endpoint_is_completed(provider, endpoint, url):
    assert provider.request(PROMPT, with_model(endpoint)).url == url


@pytest.mark.parametrize(("model", "named"), [("models/g", "g"), ("../../x?y#z", "..%2F..%2Fx%3Fy%23z")])
def test_the_model_in_a_path_of_gemini_stays_one_part_of_it(model, named):
    request = GeminiProvider().request(PROMPT, with_model("http://h/v1beta", model=model))
    assert request.url == f"http://h/v1beta/models/{named}:generateContent"


def test_a_path_that_ollama_does_not_have_is_a_usage_error_that_shows_no_password():
    with pytest.raises(UsageError, match=r"expected one of Ollama's: /api/generate or /api/chat$") as caught:
        OllamaProvider().request(PROMPT, with_model("http://me:hunter2x@localhost:11434/v1?key=hunter2x"))
    assert "http://localhost:11434/v1" in str(caught.value)
    assert "hunter2x" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "server"),
    [
        ("http://localhost:11434/api/generate", {"ollama"}),
        ("http://localhost:11434", {"ollama"}),
        ("https://models.example/api/chat/", {"ollama"}),
        ("https://api.openai.com/v1/chat/completions", {"openai"}),
        ("http://localhost:8000/v1", {"openai"}),
        ("https://api.mistral.ai/v1/chat/completions", {"openai", "mistral"}),
        ("https://api.anthropic.com/v1/messages", {"anthropic"}),
        ("https://api.anthropic.com", {"anthropic"}),
        ("http://localhost:8000/v1/messages", {"anthropic"}),
        ("https://generativelanguage.googleapis.com/v1beta", {"gemini"}),
        ("https://api.anthropic.com.evil.example/", set()),
        ("http://localhost:8080", set()),
    ],
)
def test_an_endpoint_tells_whose_it_is(endpoint, server):
    providers = [load("loganomaly.providers", name)() for name in names("loganomaly.providers")]
    assert {provider.name for provider in providers if provider.serves(endpoint)} == server


@pytest.mark.parametrize("name", ["anthropic", "gemini", "local", "mistral", "ollama", "openai"])
def test_each_provider_is_registered_under_its_name(name):
    assert load("loganomaly.providers", name)().name == name


@pytest.mark.parametrize("kind", [OllamaProvider, OpenAIProvider, AnthropicProvider, MistralProvider, GeminiProvider])
def test_a_provider_serves_its_own_default_endpoint(kind):
    assert kind().serves(kind.default_endpoint)


# What a model can do


@pytest.mark.parametrize("path", ["", "/api/chat", "/api/generate"])
def test_a_model_of_ollama_that_can_think_is_told_not_to(path):
    script = ollama(APIS["generate" if path == "/api/generate" else "chat"].good(ANSWER), model="m")
    shown = ollama_show(["completion", "thinking"])
    with serving(lambda asked: shown if asked.path == "/api/show" else script(asked)) as server:
        able = asyncio.run(prepare(OllamaProvider(), server.url + path))
        assert asyncio.run(complete(OllamaProvider(), server.url + path, think=able.think)).text == ANSWER
    about, question = server.requests
    assert (about.path, about.json) == ("/api/show", {"model": "m"})
    assert about.headers["authorization"] == f"Bearer {KEY}"
    assert question.json["think"] is False


@pytest.mark.parametrize(
    "shown",
    [
        ollama_show(["completion"]),
        json_answer({}),
        json_answer({"capabilities": "thinking"}),
        json_answer([]),
        text_answer("Hello"),
        ollama_error(401, "unauthorized"),
        ollama_error(500, "no such column"),
    ],
)
def test_a_model_of_ollama_that_is_not_known_to_think_is_asked_as_it_is(shown):
    with serving(shown) as server:
        able = asyncio.run(prepare(OllamaProvider(), server.url))
    assert able == with_model(server.url)
    assert "think" not in body_of(OllamaProvider(), server.url)


@pytest.mark.parametrize("answer", [{"response": ANSWER}, {"response": ANSWER, "error": None, "done": True}])
def test_what_only_looks_like_ollama_is_heard_as_well(answer):
    script = by_path({"/api/generate": json_answer(answer)})
    with serving(script) as server:
        url = f"{server.url}/api/generate"
        assert asyncio.run(prepare(OllamaProvider(), url)) == with_model(url)
        assert asyncio.run(complete(OllamaProvider(), url)).text == ANSWER


def test_of_a_model_that_ollama_does_not_have_it_is_said_how_to_get_it():
    with serving(ollama(ollama_chat(ANSWER), model="other")) as server, pytest.raises(LLMModelMissingError) as caught:
        asyncio.run(complete(OllamaProvider(), server.url))
    assert str(caught.value).endswith("model 'm' not found; get the model with: ollama pull m")


@pytest.mark.parametrize("act", [prepare, complete])
def test_where_no_ollama_answers_it_is_said_how_to_start_one(act):
    with pytest.raises(LLMUnreachableError, match=r"; start Ollama with: ollama serve$"):
        asyncio.run(act(OllamaProvider(), unused_url()))


def test_other_providers_take_the_settings_as_they_are():
    assert asyncio.run(prepare(OpenAIProvider(), "http://localhost:1/v1")) == with_model("http://localhost:1/v1")


def test_the_local_provider_answers_with_the_evidence_and_sends_nothing():
    async def send(request, *, timeout):  # noqa: ASYNC109  (as Sender)
        raise AssertionError((request, timeout))

    answer = asyncio.run(LocalProvider().complete(PROMPT, with_model(""), send=send))
    assert answer == Completion(text='{"verdict": "normal"}')
    assert LocalProvider.remote is False


# What is made of an answer


@every_api
def test_text_and_tokens_of_an_answer_are_read(api):
    answer = ask(api, api.good(ANSWER, prompt_tokens=31, answer_tokens=9))
    assert answer == Completion(text=ANSWER, end="stop", prompt_tokens=31, answer_tokens=9)


@every_api
def test_an_answer_that_reached_its_longest_is_marked(api):
    assert ask(api, api.good('{"verd', end=api.too_long)) == Completion(
        text='{"verd', end="length", prompt_tokens=20, answer_tokens=8
    )


@every_api
@pytest.mark.parametrize("text", ["Certainly! Here is", '{"verdict": "fine"}', "", "[]", '"\\ud83d\u2028'])
def test_what_the_text_says_is_left_to_the_caller(api, text):
    assert ask(api, api.good(text)).text == text


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("openai", openai_chat(None, refusal="I cannot help with that.")),
        ("openai", openai_chat("", end="content_filter")),
        ("anthropic", anthropic_message("", end="refusal")),
        ("gemini", gemini_content("", end="SAFETY")),
        ("gemini", json_answer({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})),
    ],
)
def test_a_refusal_is_told_apart(name, answer):
    completion = ask(APIS[name], answer)
    assert (completion.text, completion.end) == ("", "refused")


def test_an_anthropic_answer_cut_by_the_context_is_marked():
    assert ask(APIS["anthropic"], anthropic_message("{", end="model_context_window_exceeded")).end == "length"


def test_pieces_of_an_ollama_answer_are_joined():
    assert ask(APIS["generate"], ollama_lines('{"verdict"', ': "anomaly"}')) == Completion(
        text=ANSWER, prompt_tokens=20, answer_tokens=8
    )


def test_thoughts_are_no_part_of_the_answer():
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "{"}, {"type": "text", "text": "}"}]
    parts = [{"text": "hm", "thought": True}, {"text": "{"}, {"text": "}"}]
    thoughts = {
        "generate": {"done": True, "response": "{}", "thinking": "hm"},
        "chat": {"done": True, "message": {"content": "{}", "thinking": "hm"}},
        "openai": {"choices": [{"message": {"content": "{}", "reasoning_content": "hm"}}]},
        "anthropic": {"content": blocks},
        "gemini": {"candidates": [{"content": {"parts": parts}}]},
    }
    assert {name: read(APIS[name], json_answer(body)).text for name, body in thoughts.items()} == dict.fromkeys(
        thoughts, "{}"
    )


def test_the_thoughts_of_gemini_count_as_tokens():
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 40}
    assert read(APIS["gemini"], json_answer({"usageMetadata": usage})).answer_tokens == 42


# What each fault means

ANYWHERE: dict[str, tuple[Callable[[API], Answer], type[LLMError]]] = {
    "400": (lambda api: api.error(400, "bad"), LLMRequestError),
    "401": (lambda api: api.error(401, "who are you"), LLMAuthenticationError),
    "402": (lambda api: api.error(402, "pay"), LLMPaymentError),
    "403": (lambda api: api.error(403, "not you"), LLMAuthenticationError),
    "408": (lambda api: api.error(408, "too slow"), LLMRetryError),
    "409": (lambda api: api.error(409, "conflict"), LLMRetryError),
    "413": (lambda api: api.error(413, "too long"), LLMRequestError),
    "422": (lambda api: api.error(422, "bad schema"), LLMRequestError),
    "425": (lambda api: api.error(425, "too early"), LLMRetryError),
    "429": (lambda api: api.error(429, "slow down"), LLMRetryError),
    "500": (lambda api: api.error(500, "broken"), LLMRetryError),
    "502": (lambda api: api.error(502, "bad gateway"), LLMRetryError),
    "503": (lambda api: api.error(503, "server busy, please try again."), LLMRetryError),
    "504": (lambda api: api.error(504, "timeout"), LLMRetryError),
    "529": (lambda api: api.error(529, "overloaded"), LLMRetryError),
    "204": (lambda _: Answer(status=204), LLMRequestError),
    "400 in words": (lambda _: text_answer("<h1>Bad Request</h1>", status=400), LLMRequestError),
    "401 in words": (lambda _: text_answer("<h1>Unauthorized</h1>", status=401), LLMAuthenticationError),
    "429 in words": (lambda _: text_answer("insufficient_quota", status=429), LLMRetryError),
    "502 in words": (lambda _: text_answer("<h1>Bad Gateway</h1>", status=502), LLMRetryError),
    "500 nested": (lambda _: replace(nested(), status=500), LLMRetryError),
    "stalled": (lambda _: stalled(), LLMTimeoutError),
    "dripping": (lambda api: dripping(api.good(ANSWER)), LLMTimeoutError),
    "cut": (lambda api: cut(api.good(ANSWER)), LLMRetryError),
    "cut before its body": (lambda _: Answer(missing=100), LLMRetryError),
    "redirect": (lambda _: redirect(), LLMRequestError),
    "huge": (lambda _: huge(), LLMUnparsedError),
    "huge error": (lambda _: replace(huge(), status=500), LLMUnparsedError),
    "huge once unpacked": (
        lambda _: Answer(body=gzip.compress(b" " * (LARGEST_REPLY + 1)), headers={"content-encoding": "gzip"}),
        LLMUnparsedError,
    ),
    "bad gzip": (lambda _: bad_gzip(), LLMUnparsedError),
    "empty": (lambda _: Answer(), LLMUnparsedError),
    "prose": (lambda _: text_answer("Certainly! The line is an anomaly."), LLMUnparsedError),
    "list": (lambda _: json_answer([]), LLMUnparsedError),
    "list of numbers": (lambda _: json_answer([1]), LLMUnparsedError),
    "text": (lambda _: json_answer(ANSWER), LLMUnparsedError),
    "half": (lambda api: Answer(body=api.good(ANSWER).body[:-9]), LLMUnparsedError),
    "nested": (lambda _: nested(), LLMUnparsedError),
    "no UTF-8": (lambda _: Answer(body=b'{"a": "\xff"}'), LLMUnparsedError),
    "number of 5000 digits": (lambda _: Answer(body=b'{"a": ' + b"9" * 5000 + b"}"), LLMUnparsedError),
}
SLOW = {"stalled", "dripping"}

SOMEWHERE: list[tuple[str, Answer, type[LLMError]]] = [
    ("generate", ollama_error(404, "model 'm' not found"), LLMModelMissingError),
    ("chat", ollama_error(404, "model 'm' not found"), LLMModelMissingError),
    ("generate", ollama_lines('{"ver', error="an error was encountered while running the model"), LLMRetryError),
    ("generate", ollama_lines(error="an error was encountered while running the model"), LLMRetryError),
    ("generate", ollama_lines('{"ver', done=False), LLMRetryError),
    ("generate", json_answer({"response": ANSWER, "done": False}), LLMRetryError),
    ("openai", openai_error(404, "no such model", code="model_not_found"), LLMModelMissingError),
    ("openai", openai_error(400, "no such model", code="model_not_found"), LLMModelMissingError),
    ("openai", json_answer({"error": {"type": "NotFoundError", "code": 404}}, status=404), LLMModelMissingError),
    ("openai", json_answer({"type": "NotFoundError", "code": 404}, status=404), LLMModelMissingError),
    ("openai", openai_error(404, "no such path"), LLMRequestError),
    ("openai", text_answer("404 page not found", status=404), LLMRequestError),
    ("openai", openai_error(400, "bad key", code="invalid_api_key"), LLMAuthenticationError),
    ("openai", openai_error(429, "slow down", kind="tokens", code="rate_limit_exceeded"), LLMRetryError),
    ("openai", openai_error(429, "no money", kind="insufficient_quota", code="insufficient_quota"), LLMPaymentError),
    ("openai", openai_error(429, "no money", code="credit_balance_exhausted"), LLMPaymentError),
    ("openai", openai_error(429, "no money", code="billing_hard_limit_reached"), LLMPaymentError),
    ("openai", openai_error(429, "no money", code="billing_not_active"), LLMPaymentError),
    ("openai", openai_error(429, "no money", code="enforced_spend_limit_reached"), LLMPaymentError),
    ("openai", openai_error(429, "no money", code="organization_spend_limit_exceeded"), LLMPaymentError),
    ("openai", openai_error(429, "no money", code="project_spend_limit_exceeded"), LLMPaymentError),
    ("openai", openai_error(429, "not insufficient_quota, says the message"), LLMRetryError),
    ("openai", openai_error(200, "the gateway lost the model"), LLMRetryError),
    ("openai", openai_error(200, "no money", code="insufficient_quota"), LLMPaymentError),
    ("openai", json_answer({"error": "the gateway lost the model"}), LLMRetryError),
    ("mistral", mistral_error(400, "Invalid model: m", kind="invalid_model"), LLMModelMissingError),
    ("mistral", json_answer({"detail": "Unauthorized"}, status=401), LLMAuthenticationError),
    ("mistral", json_answer({"detail": [{"msg": "Field required"}]}, status=422), LLMRequestError),
    ("anthropic", anthropic_error(404, "model: m", kind="not_found_error"), LLMModelMissingError),
    ("anthropic", anthropic_error(400, "bad", kind="invalid_request_error"), LLMRequestError),
    ("anthropic", anthropic_error(400, "no such file", kind="not_found_error"), LLMRequestError),
    ("anthropic", anthropic_error(401, "bad key", kind="authentication_error"), LLMAuthenticationError),
    ("anthropic", anthropic_error(402, "no money", kind="billing_error"), LLMPaymentError),
    ("anthropic", anthropic_error(400, "no money", kind="billing_error"), LLMPaymentError),
    ("anthropic", anthropic_error(429, "slow down", kind="rate_limit_error"), LLMRetryError),
    (
        "anthropic",
        anthropic_error(429, "limit", kind="rate_limit_error", code="enforced_spend_limit_reached"),
        LLMPaymentError,
    ),
    ("anthropic", anthropic_error(529, "Overloaded", kind="overloaded_error"), LLMRetryError),
    ("gemini", gemini_error(400, "bad key", reason="API_KEY_INVALID"), LLMAuthenticationError),
    ("gemini", gemini_error(403, "not you", code="PERMISSION_DENIED"), LLMAuthenticationError),
    ("gemini", gemini_error(404, "models/m is not found", code="NOT_FOUND"), LLMModelMissingError),
    ("gemini", gemini_error(429, "slow down", code="RESOURCE_EXHAUSTED"), LLMRetryError),
    ("gemini", gemini_error(503, "overloaded", code="UNAVAILABLE"), LLMRetryError),
    (
        "gemini",
        json_answer([{"error": {"code": 404, "status": "NOT_FOUND", "message": "gone"}}], status=404),
        LLMModelMissingError,
    ),
]


async def outcomes(url: str, longest: float) -> dict[str, type]:
    """Ask all APIs at once, each under its name."""
    async with HTTPClient() as send:
        asked = [
            api.provider.complete(PROMPT, with_model(f"{url}/{name}{api.path}", timeout=longest), send=send)
            for name, api in APIS.items()
        ]
        found = await asyncio.gather(*asked, return_exceptions=True)
    return {name: type(outcome) for name, outcome in zip(APIS, found, strict=True)}


@pytest.mark.parametrize("fault", ANYWHERE)
def test_each_fault_that_any_server_has_is_its_error(fault):
    answer, error = ANYWHERE[fault]
    script = by_path({f"/{name}{api.path}": answer(api) for name, api in APIS.items()})
    with serving(script) as server:
        found = asyncio.run(outcomes(server.url, 0.3 if fault in SLOW else 20))
    assert found == dict.fromkeys(APIS, error)


@pytest.mark.parametrize(("name", "answer", "error"), SOMEWHERE)
def test_each_fault_of_one_server_is_its_error(name, answer, error):
    assert type(failed(APIS[name], answer)) is error


@every_api
def test_an_address_where_nobody_answers_is_unreachable(api):
    url = unused_url()
    with pytest.raises(LLMUnreachableError, match="^" + re.escape(url)):
        asyncio.run(complete(api.provider, url + api.path))


def test_a_host_that_is_not_known_is_unreachable(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(LLMUnreachableError, match=r"^http://localhost:1: "):
        asyncio.run(post("http://localhost:1/"))


def test_an_answer_of_the_largest_size_is_read():
    with serving(huge(LARGEST_REPLY)) as server:
        assert len(asyncio.run(post(server.url)).body) == LARGEST_REPLY


def test_a_redirect_is_not_followed():
    with serving([redirect(), openai_chat(ANSWER)]) as server:
        assert asyncio.run(post(server.url)).status == 302
        assert len(server.requests) == 1


def test_one_client_asks_many_at_a_time():
    async def ask_all(url):
        async with HTTPClient() as send:
            asked = [send(Request(url=f"{url}/{number}", body={}), timeout=10) for number in range(20)]
            return [json.loads(reply.body) for reply in await asyncio.gather(*asked)]

    with serving(lambda asked: json_answer(asked.path)) as server:
        assert asyncio.run(ask_all(server.url)) == [f"/{number}" for number in range(20)]


def test_a_client_that_was_closed_can_be_opened_again():
    async def twice(url):
        client = HTTPClient()
        for _ in range(2):
            async with client as send:
                await send(Request(url=url, body={}), timeout=10)

    with serving(json_answer({})) as server:
        asyncio.run(twice(server.url))
    assert len(server.requests) == 2


def test_a_request_that_is_cancelled_stays_cancelled():
    async def cancel():
        begun, loop = asyncio.Event(), asyncio.get_running_loop()

        def script(_asked):
            loop.call_soon_threadsafe(begun.set)
            return stalled()

        with serving(script) as server:
            task = asyncio.create_task(post(server.url))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel())


# How long to wait


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503, 529])
@pytest.mark.parametrize("name", ["generate", "openai", "anthropic", "gemini"])
def test_the_wait_that_a_server_asks_for_goes_with_the_error(name, status):
    error = failed(APIS[name], APIS[name].error(status, "slow down", headers={"Retry-After": "7"}))
    assert error.retry_after == 7


@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}], 17),
        ([{"reason": "RATE_LIMIT_EXCEEDED"}, {"retryDelay": "1.5s"}], 1.5),
        ([{"retryDelay": "soon"}, {"retryDelay": 5}, 7, None], None),
        ({"retryDelay": "17s"}, None),
        (None, None),
    ],
)
def test_gemini_says_in_its_details_how_long_to_wait(details, seconds):
    body = json.dumps({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": details}}).encode()
    error = failure(Reply(status=429, headers={}, body=body), ModelSettings(model="m", endpoint="http://localhost:1"))
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": in_seconds(-500)}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00"}, 0),
        *(({"retry-after": text}, None) for text in ("", "-5", "soon", "nan", "inf", "1e9", "9" * 5000, "7, 7")),
    ],
)
def test_a_wait_is_read_from_the_headers(headers, seconds):
    assert wait_asked_for(headers) == seconds


def test_a_wait_can_be_told_as_a_date():
    assert 0 < wait_asked_for({"retry-after": in_seconds(500)}) <= 500


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{1,5} \d\d:\d\d:\d\d [+-]\d{1,5}"))
@settings(max_examples=100, deadline=None)
def test_any_header_is_a_wait_or_none(text):
    wait = wait_asked_for({"retry-after": text, "retry-after-ms": text})
    assert wait is None or 0 <= wait < float("inf")


# What is shown of keys


def test_settings_and_requests_do_not_show_the_key():
    for api in APIS.values():
        model = with_model("http://localhost:1" + api.path)
        request = api.provider.request(PROMPT, model)
        assert KEY in "".join(request.headers.values())
        assert KEY not in f"{model!r} {model} {request!r} {request}"


@every_api
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_server_that_repeats_the_key_does_not_get_it_into_the_error(api, status):
    error = failed(api, api.error(status, f"the key {KEY} is known to us, and so is {KEY}"))
    assert "the key <key> is known to us, and so is <key>" in str(error)
    assert KEY not in everything_said(error)


def test_an_error_in_the_middle_of_an_answer_does_not_show_the_key():
    error = failed(APIS["generate"], ollama_lines("{", error=f"the key {KEY}"))
    assert "the key <key>" in str(error)
    assert KEY not in everything_said(error)


def test_secrets_of_others_in_the_words_of_a_server_are_replaced():
    error = failed(APIS["openai"], openai_error(400, "cannot parse 'login password=hunter2x ok'"))
    assert "password=<password>" in str(error)
    assert "hunter2x" not in everything_said(error)


def test_the_words_of_a_server_are_one_line_that_no_terminal_obeys():
    error = failed(APIS["openai"], openai_error(400, "\x1b[31mbad\x1b[0m\r\nmodel\u202e"))
    assert str(error).endswith(" answered 400: bad model")


def test_the_words_of_a_server_are_cut():
    assert len(str(failed(APIS["openai"], openai_error(400, "x " * 500_000)))) < 400


def test_an_endless_message_is_not_read_to_its_end(monkeypatch):
    lengths = []
    monkeypatch.setattr("loganomaly.providers.failures.redact", lambda text: lengths.append(len(text)) or text)
    failed(APIS["openai"], openai_error(400, "x" * 1_000_000))
    assert lengths
    assert max(lengths) <= 10_000


@every_api
@pytest.mark.parametrize("key", ["", KEY + "\n", KEY + "\r\nX-Other: 1", KEY + "é", KEY + "\x00", KEY + " "])
def test_a_key_that_no_header_can_hold_is_an_error_that_does_not_show_it(api, key):
    with serving(api.good(ANSWER)) as server, pytest.raises(LLMAuthenticationError, match="header") as caught:
        asyncio.run(complete(api.provider, server.url + api.path, api_key=SecretStr(key)))
    assert KEY not in everything_said(caught.value)
    assert server.requests == []


def test_an_error_shows_the_host_without_names_passwords_and_queries():
    with serving(openai_error(400, "bad")) as server:
        endpoint = server.url.replace("//", "//me:hunter2x@") + "/v1?key=hunter2x"
        with pytest.raises(LLMRequestError) as caught:
            asyncio.run(complete(OpenAIProvider(), endpoint))
    assert str(caught.value) == f"{server.url} answered 400: bad"


# Faults of the connection

OUTCOMES = {
    "ConnectError": LLMUnreachableError,
    "ConnectTimeout": LLMUnreachableError,
    "ProxyError": LLMUnreachableError,
    "CloseError": LLMRetryError,
    "NetworkError": LLMRetryError,
    "PoolTimeout": LLMRetryError,
    "ReadError": LLMRetryError,
    "ReadTimeout": LLMRetryError,
    "RemoteProtocolError": LLMRetryError,
    "TimeoutException": LLMRetryError,
    "WriteError": LLMRetryError,
    "WriteTimeout": LLMRetryError,
    "DecodingError": LLMUnparsedError,
    "HTTPError": LLMRequestError,
    "HTTPStatusError": LLMRequestError,
    "InvalidURL": LLMRequestError,
    "LocalProtocolError": LLMRequestError,
    "ProtocolError": LLMRequestError,
    "RequestError": LLMRequestError,
    "SSEError": LLMRequestError,
    "TooManyRedirects": LLMRequestError,
    "TransportError": LLMRequestError,
    "UnsupportedProtocol": LLMRequestError,
}
MISUSE = {"CookieConflict", "RequestNotRead", "ResponseNotRead", "StreamClosed", "StreamConsumed", "StreamError"}
"""What httpx2 raises where its caller makes a mistake."""


def family(kind: type[BaseException]) -> set[type[BaseException]]:
    return {kind}.union(*(family(child) for child in kind.__subclasses__()))


def test_every_exception_of_the_http_library_has_an_outcome():
    exported = {name for name in dir(httpx2) if name in httpx2.__all__ and is_exception(getattr(httpx2, name))}
    assert exported == OUTCOMES.keys() | MISUSE
    assert {kind.__name__ for kind in family(httpx2.HTTPError)} <= OUTCOMES.keys()


def is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def test_the_table_of_faults_has_no_row_that_an_earlier_one_hides():
    rows = list(FAULTS)
    assert not [row for number, row in enumerate(rows) if issubclass(row, tuple(rows[:number]))]


@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES.items())
def test_each_fault_of_the_connection_is_its_error(fault, outcome):
    def fail(request):
        if fault == "HTTPStatusError":
            raise httpx2.HTTPStatusError("lost", request=request, response=httpx2.Response(500))
        raise getattr(httpx2, fault)("lost")

    async def send():
        async with HTTPClient() as client:
            client._direct = httpx2.AsyncClient(transport=httpx2.MockTransport(fail))
            await client(Request(url="http://localhost:1/", body={}), timeout=10)

    with pytest.raises(LLMError, match=r"^http://localhost:1: lost$") as caught:
        asyncio.run(send())
    assert type(caught.value) is outcome


def test_a_server_that_speaks_no_tls_is_a_request_error():
    with serving(json_answer({})) as server, pytest.raises(LLMRequestError, match="no TLS is spoken there") as caught:
        asyncio.run(post(server.url.replace("http:", "https:")))
    assert type(caught.value) is LLMRequestError
    assert server.requests == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_is_used_for_other_hosts_and_not_for_this_machine(monkeypatch, name):
    for other in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)

    async def ask_both(url):
        async with HTTPClient() as send:
            await send(Request(url=url, body={}), timeout=10)
            await send(Request(url="http://models.example/v1", body={}), timeout=10)

    with serving(json_answer({})) as server, serving(json_answer({})) as proxy:
        monkeypatch.setenv(name, proxy.url)
        asyncio.run(ask_both(server.url + "/v1"))
    assert [asked.path for asked in server.requests] == ["/v1"]
    assert [asked.path for asked in proxy.requests] == ["http://models.example/v1"]


def test_a_dead_proxy_does_not_keep_from_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", unused_url())
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving(json_answer({})) as server:
        assert asyncio.run(post(server.url)).status == 200
        with pytest.raises(LLMUnreachableError):
            asyncio.run(post("http://models.example/"))


# Which addresses are on this machine

HERE = [
    "http://127.0.0.1:11434/api/chat",
    "http://127.1.2.3/",
    "https://127.255.255.254",
    "http://[::1]:11434/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://localhost:11434",
    "HTTP://LocalHost/",
    "http://evil.example@127.0.0.1/",
    "http://evil.example:80@localhost/",
    "http://127.0.0.1/@evil.example",
    "http://127.0.0.1#@evil.example/",
    "http://127.0.0.1?@evil.example/",
]
ELSEWHERE = [
    "http://evil.example/",
    "http://127.0.0.1@evil.example/",
    "http://127.0.0.1:80@evil.example:81/",
    "http://localhost@evil.example/",
    r"http://127.0.0.1\@evil.example/",
    "http://evil.example#@127.0.0.1/",
    "http://evil.example?@127.0.0.1/",
    "http://evil.example/@127.0.0.1/",
    "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.1%2eevil.example/",
    "http://127.0.0.1\t.evil.example/",
    "http://localhost./",  # whatever a resolver makes of these: it may be asked for more than it says
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://0.0.0.0/",
    "http://0/",
    "http://[::]/",
    "http://[::ffff:10.0.0.1]/",
    "http://10.0.0.1/",
    "http://128.0.0.1/",
    "http://localho\u017ft/",
    "http://①②⑦.0.0.1/",
    "http:///api/chat",
    "http:127.0.0.1",
    "127.0.0.1:11434",
    "localhost",
    "",
]
NO_ADDRESS = [
    "http://[::1",
    "http://localhost:99999/",
    "http://localhost:abc/",
    "http://localhost:-1/",
    "http://localhost\uff0f@evil.example/",
    "http://me:hunter2x/@localhost/",
]


@pytest.mark.parametrize("url", HERE)
def test_an_address_of_this_machine_is_known(url):
    assert is_loopback(url)
    check_loopback(url)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_address_that_is_not_surely_this_machine_is_none_of_it(url):
    assert not is_loopback(url)
    with pytest.raises(UsageError, match="expected one on this machine"):
        check_loopback(url)


@pytest.mark.parametrize("url", NO_ADDRESS)
@pytest.mark.parametrize("function", [is_loopback, check_loopback, host_of, lambda url: asyncio.run(post(url))])
def test_what_is_no_address_is_a_usage_error_that_shows_nothing_of_it(function, url):
    with pytest.raises(UsageError, match=r"is no URL; expected one such as http://localhost:11434") as caught:
        function(url)
    assert "hunter2x" not in everything_said(caught.value)


@every_api
@pytest.mark.parametrize("url", NO_ADDRESS)
def test_an_endpoint_that_is_no_address_is_a_usage_error_of_every_provider(api, url):
    for act in (prepare, complete):
        if act is complete or isinstance(api.provider, OllamaProvider):
            with pytest.raises(UsageError, match="is no URL"):
                asyncio.run(act(api.provider, url))
    with pytest.raises(UsageError, match="is no URL"):
        api.provider.serves(url)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::1", "fe80::1%eth0"]])
def test_localhost_that_leads_elsewhere_is_none_of_this_machine(monkeypatch, addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 11434)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    with pytest.raises(UsageError, match="expected one on this machine"):
        check_loopback("http://localhost:11434/")


def test_a_check_looks_up_no_name_of_others(monkeypatch):
    def looked_up(*args):
        raise AssertionError(args)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with pytest.raises(UsageError):
        check_loopback("http://evil.example/")


PIECES = ["127.0.0.1", "localhost", "[::1]", "evil.example", "@", ":", "/", "\\", "?", "#", "80", ".", "%2e", "%40"]


@given(st.lists(st.sampled_from(PIECES) | st.characters(), max_size=8).map("".join))
@settings(max_examples=500, deadline=None)
def test_what_is_taken_for_this_machine_is_what_the_client_connects_to(rest):
    url = "http://" + rest
    try:
        here = is_loopback(url)
    except UsageError:
        return
    try:
        host = httpx2.URL(url).host
    except httpx2.InvalidURL:
        return  # nothing is sent
    if here:
        assert host in {"", "localhost", "::1"} or re.fullmatch(r"127(\.\d+){3}", host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://me:secret@models.example:8443/v1/messages?key=1#2", "https://models.example:8443"),
        ("http://[::1]:11434/api", "http://[::1]:11434"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_of_an_address_scheme_host_and_port_are_shown(url, host):
    assert host_of(url) == host


# Whatever comes back

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
STATUS = st.just(200) | st.sampled_from([400, 401, 404, 429, 500, 529]) | st.integers(100, 599)


def places(value: object, place: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, part in inner for found in places(part, (*place, key)))]


def with_part(value: object, place: tuple, part: object) -> object:
    if not place:
        return part
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = with_part(copy[place[0]], place[1:], part)
    return copy


@st.composite
def damaged(draw, *answers: Answer):
    """A good answer, or error, of which some parts are anything."""
    value = json.loads(draw(st.sampled_from(answers)).body)
    for _ in range(draw(st.integers(1, 3))):
        value = with_part(value, draw(st.sampled_from(places(value))), draw(JSON))
    return json.dumps(value).encode()


def check_reading(api: API, status: int, body: bytes) -> None:
    with suppress(LLMError):
        answer = read(api, Answer(status=status, body=body))
        assert isinstance(answer.text, str)
        assert answer.end in {"stop", "length", "refused"}
        assert [type(count) for count in (answer.prompt_tokens, answer.answer_tokens)] == [int, int]
        assert min(answer.prompt_tokens, answer.answer_tokens) >= 0


@every_api
@given(status=STATUS, body=st.binary(max_size=60) | JSON.map(json.dumps).map(str.encode))
@settings(max_examples=60, deadline=None)
def test_any_reply_is_an_answer_or_an_error(api, status, body):
    check_reading(api, status, body)


@every_api
@given(data=st.data(), status=STATUS)
@settings(max_examples=60, deadline=None)
def test_any_damaged_reply_is_an_answer_or_an_error(api, data, status):
    whole = [api.good(ANSWER), api.error(429, "slow down")]
    if api.provider.name == "gemini":
        whole.append(gemini_error(429, "slow down", reason="RATE_LIMIT_EXCEEDED"))
    check_reading(api, status, data.draw(damaged(*whole)))


@every_api
def test_a_reply_with_any_part_of_another_kind_is_an_answer_or_an_error(api):
    odd = (None, True, -1, 2.5, float("inf"), "", "x", [], {}, [[]], [{}], {"error": {"a": 1}})
    for status, whole in ((200, api.good(ANSWER)), (200, api.error(200, "lost")), (429, api.error(429, "slow"))):
        value = json.loads(whole.body)
        for place in places(value):
            for part in odd:
                check_reading(api, status, json.dumps(with_part(value, place, part)).encode())


@every_api
def test_an_error_nested_to_any_depth_is_an_answer_or_an_error(api):
    for depth in range(sys.getrecursionlimit() - 300, sys.getrecursionlimit() + 50):
        check_reading(api, 200, b'{"error": ' + b"[" * depth + b"]" * depth + b"}")


# The official clients read what tests/llm_server.py answers, and ask what the providers ask


def test_the_client_of_ollama_generates():
    with serving(ollama(ollama_generate(ANSWER, end="length"), model="m")) as server:
        client = ollama_client.Client(host=server.url)
        body = body_of(OllamaProvider(), server.url + "/api/generate", think=False)
        answer = client.generate(**body)
        client._client.close()
    assert (answer.response, answer.done, answer.done_reason) == (ANSWER, True, "length")
    assert (answer.prompt_eval_count, answer.eval_count) == (20, 8)
    assert server.requests[-1].path == "/api/generate"
    assert server.requests[-1].json == body


def test_the_client_of_ollama_chats():
    with serving(ollama(ollama_chat(ANSWER), model="m")) as server:
        client = ollama_client.Client(host=server.url)
        body = body_of(OllamaProvider(), server.url + "/api/chat", think=False)
        answer = client.chat(**body)
        client._client.close()
    assert (answer.message.role, answer.message.content, answer.done_reason) == ("assistant", ANSWER, "stop")
    assert server.requests[-1].path == "/api/chat"
    assert {key: value for key, value in server.requests[-1].json.items() if value != []} == body


def test_the_client_of_ollama_reads_an_answer_in_pieces():
    with serving(ollama_lines("{", "}")) as server:
        client = ollama_client.Client(host=server.url)
        pieces = [piece.response for piece in client.generate(model="m", prompt="x", stream=True)]
        client._client.close()
    assert pieces == ["{", "}", ""]


def test_the_client_of_ollama_lists_and_shows_models():
    script = ollama(ollama_chat(ANSWER), model="m", capabilities=["completion", "thinking"])
    with serving(script) as server:
        client = ollama_client.Client(host=server.url)
        assert client.show("m").capabilities == ["completion", "thinking"]
        assert [model.model for model in client.list().models] == ["m"]
        client._client.close()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ollama_error(401, "unauthorized"), 401),
        (ollama_error(404, "model 'm' not found"), 404),
        (ollama_error(429, "slow down"), 429),
        (ollama_error(503, "server busy"), 503),
    ],
)
def test_the_client_of_ollama_knows_the_errors(answer, status):
    with serving(answer) as server:
        client = ollama_client.Client(host=server.url)
        with pytest.raises(ollama_client.ResponseError) as caught:
            client.generate(model="m", prompt="x")
        client._client.close()
    assert caught.value.status_code == status
    assert caught.value.error == json.loads(answer.body)["error"]


def test_the_client_of_ollama_knows_an_error_in_the_middle_of_an_answer():
    with serving(ollama_lines("{", error="an error was encountered")) as server:
        client = ollama_client.Client(host=server.url)
        with pytest.raises(ollama_client.ResponseError, match="an error was encountered"):
            list(client.generate(model="m", prompt="x", stream=True))
        client._client.close()


def ask_openai(url: str, **changes) -> openai.types.chat.ChatCompletion:
    body = body_of(OpenAIProvider(), url) | changes
    with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        return client.chat.completions.create(**body)


def test_the_client_of_openai_completes():
    with serving(openai_chat(ANSWER, end="length")) as server:
        answer = ask_openai(server.url + "/v1")
    (choice,) = answer.choices
    (asked,) = server.requests
    assert (choice.message.content, choice.finish_reason) == (ANSWER, "length")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (20, 8)
    assert (asked.path, asked.json) == ("/v1/chat/completions", body_of(OpenAIProvider(), server.url + "/v1"))
    assert asked.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (openai_error(400, "bad"), openai.BadRequestError, None),
        (openai_error(401, "who", code="invalid_api_key"), openai.AuthenticationError, "invalid_api_key"),
        (openai_error(403, "not you"), openai.PermissionDeniedError, None),
        (openai_error(404, "no model", code="model_not_found"), openai.NotFoundError, "model_not_found"),
        (openai_error(422, "bad schema"), openai.UnprocessableEntityError, None),
        (openai_error(429, "no money", code="insufficient_quota"), openai.RateLimitError, "insufficient_quota"),
        (openai_error(503, "busy"), openai.InternalServerError, None),
    ],
)
def test_the_client_of_openai_knows_the_errors(answer, error, code):
    with serving(answer) as server, pytest.raises(error) as caught:
        ask_openai(server.url + "/v1")
    assert caught.value.code == code


def test_the_client_of_openai_waits_for_a_server_that_asks_for_it():
    slow_down = openai_error(429, "slow down", headers={"retry-after-ms": "1"})
    with serving([slow_down, slow_down, openai_chat(ANSWER)]) as server:
        with openai.OpenAI(base_url=server.url + "/v1", api_key=KEY, max_retries=2) as client:
            client.chat.completions.create(**body_of(OpenAIProvider(), server.url + "/v1"))
        assert len(server.requests) == 3


def ask_anthropic(url: str) -> anthropic.types.Message:
    with anthropic.Anthropic(base_url=url, api_key=KEY, max_retries=0) as client:
        return client.messages.create(**body_of(AnthropicProvider(), url + "/v1"))


def test_the_client_of_anthropic_creates_a_message():
    with serving(anthropic_message(ANSWER, end="max_tokens")) as server:
        answer = ask_anthropic(server.url)
    (block,) = answer.content
    (asked,) = server.requests
    assert (block.type, block.text, answer.stop_reason) == ("text", ANSWER, "max_tokens")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 8)
    assert (asked.path, asked.json) == ("/v1/messages", body_of(AnthropicProvider(), server.url + "/v1"))
    assert "anthropic-version" in asked.headers


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (anthropic_error(400, "bad", kind="invalid_request_error"), anthropic.BadRequestError),
        (anthropic_error(401, "who", kind="authentication_error"), anthropic.AuthenticationError),
        (anthropic_error(403, "not you", kind="permission_error"), anthropic.PermissionDeniedError),
        (anthropic_error(404, "model: m", kind="not_found_error"), anthropic.NotFoundError),
        (anthropic_error(429, "slow down", kind="rate_limit_error"), anthropic.RateLimitError),
        (anthropic_error(529, "Overloaded", kind="overloaded_error"), anthropic.InternalServerError),
    ],
)
def test_the_client_of_anthropic_knows_the_errors(answer, error):
    with serving(answer) as server, pytest.raises(error) as caught:
        ask_anthropic(server.url)
    assert caught.value.body == json.loads(answer.body)


# The server of the tests itself


def test_the_server_uses_its_answers_one_after_the_other_and_repeats_the_last():
    async def ask_thrice(url):
        async with HTTPClient() as send:
            return [(await send(Request(url=url, body={}), timeout=10)).status for _ in range(3)]

    with serving([text_answer("", status=500), json_answer({})]) as server:
        assert asyncio.run(ask_thrice(server.url)) == [500, 200, 200]


def test_the_server_answers_by_path():
    with serving(by_path({"/a": json_answer(1)})) as server:
        assert asyncio.run(post(server.url + "/a")).body == b"1"
        assert asyncio.run(post(server.url + "/b")).status == 404


def test_an_error_in_the_script_of_a_server_is_raised_at_its_end():
    def broken(asked):
        raise LookupError(asked.path)

    with pytest.raises(LookupError, match="/here"), serving(broken) as server:
        assert asyncio.run(post(server.url + "/here")).status == 500


def test_the_server_knows_only_its_model_where_it_is_an_ollama():
    with serving(ollama(ollama_chat(ANSWER), model="other")) as server, pytest.raises(LLMModelMissingError):
        asyncio.run(complete(OllamaProvider(), server.url))
