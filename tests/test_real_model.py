"""A real language model: what official clients and our providers get from one, over HTTP.

`small_model` says what its server cannot show. Nothing here is about how good an answer is.
"""

import asyncio
import http.client
import json
import os
from contextlib import contextmanager
from urllib.parse import urlsplit

import anthropic
import jsonschema
import ollama
import openai
import pytest
from pydantic import SecretStr

from loganomaly.errors import LLMModelMissingError, LLMRequestError
from loganomaly.providers import ModelSettings, Prompt
from loganomaly.providers.anthropic import AnthropicProvider
from loganomaly.providers.client import HTTPClient
from loganomaly.providers.ollama import OllamaProvider
from loganomaly.providers.openai import OpenAIProvider
from small_model import MODEL, small_model

SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["normal", "anomaly"]}},
    "required": ["label"],
    "additionalProperties": False,
}
SYSTEM = 'Answer with JSON: {"label": "normal"} or {"label": "anomaly"}.'
LINE = "kernel: EXT4-fs error (device sda1): unable to read inode block"
PROMPT = Prompt(system=SYSTEM, user=LINE, schema=SCHEMA)
LONG_ANSWER = {
    "type": "object",
    "properties": {"story": {"type": "string", "minLength": 1500}},
    "required": ["story"],
    "additionalProperties": False,
}
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": LINE}]
SHORT = {"temperature": 0, "num_predict": 64}
OLLAMA_PATHS = ["/api/generate", "/api/chat"]


@pytest.fixture(scope="session")
def server():
    with small_model() as running:
        yield running


@pytest.fixture
def ollama_client(server):
    with ollama.Client(server.url, trust_env=False) as client:
        yield client


@pytest.fixture
def openai_client(server):
    own = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(base_url=server.openai_url, api_key="none", max_retries=0, http_client=own) as client:
        yield client


@pytest.fixture
def anthropic_client(server):
    own, url = anthropic.DefaultHttpxClient(trust_env=False), server.openai_url.removesuffix("/v1")
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0, http_client=own) as client:
        yield client


def fits_the_schema(text):
    jsonschema.validate(json.loads(text), SCHEMA)
    return True


@contextmanager
def posted(server, path, content):
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    try:
        connection.request("POST", path, content)
        yield connection.getresponse()
    finally:
        connection.close()


# The official client of Ollama: the server speaks as Ollama does.


def test_generate_answers_by_the_schema(ollama_client):
    reply = ollama_client.generate(MODEL, LINE, system=SYSTEM, format=SCHEMA, options=SHORT)
    assert fits_the_schema(reply.response)
    assert (reply.done, reply.done_reason, reply.model) == (True, "stop", MODEL)
    assert 0 < reply.eval_count <= SHORT["num_predict"]
    assert reply.prompt_eval_count > 20
    assert reply.total_duration >= reply.eval_duration + reply.prompt_eval_duration > 0


def test_chat_answers_by_the_schema(ollama_client):
    reply = ollama_client.chat(MODEL, MESSAGES, format=SCHEMA, options=SHORT)
    assert reply.message.role == "assistant"
    assert fits_the_schema(reply.message.content)


def test_a_stream_comes_in_pieces_of_which_the_last_says_why_it_ended(ollama_client):
    options = {"num_predict": 6, "temperature": 0}
    *pieces, last = ollama_client.generate(MODEL, "Tell me a story.", stream=True, options=options)
    assert len(pieces) > 1
    assert not any(piece.done for piece in pieces)
    assert "".join(piece.response for piece in pieces)
    assert (last.response, last.done, last.done_reason, last.eval_count) == ("", True, "length", 6)


def test_a_chat_streams_messages(ollama_client):
    *pieces, last = ollama_client.chat(MODEL, MESSAGES, stream=True, format=SCHEMA, options=SHORT)
    assert fits_the_schema("".join(piece.message.content for piece in pieces))
    assert last.done_reason == "stop"


def test_answers_stream_as_lines_of_json_unless_told_otherwise(server):
    body = {"model": MODEL, "prompt": "Say hi", "options": {"num_predict": 3}}
    with posted(server, "/api/generate", json.dumps(body)) as reply:
        assert reply.headers["content-type"] == "application/x-ndjson"
        parts = [json.loads(line) for line in reply.read().splitlines()]
    assert [part["done"] for part in parts] == [False] * (len(parts) - 1) + [True]
    with posted(server, "/api/generate", json.dumps(body | {"stream": False})) as reply:
        assert reply.headers["content-type"].startswith("application/json")
        assert json.loads(reply.read())["done"] is True


def test_the_same_seed_gives_the_same_answer(ollama_client):
    options = {"temperature": 1.5, "top_k": 100, "seed": 7, "num_predict": 12}
    ollama_client.generate(MODEL, "Tell me a story.", options=options)  # a prompt read anew is computed otherwise
    first, second = (ollama_client.generate(MODEL, "Tell me a story.", options=options).response for _ in range(2))
    assert first == second


def test_a_stop_ends_the_answer(ollama_client):
    reply = ollama_client.generate(MODEL, LINE, system=SYSTEM, format=SCHEMA, options=SHORT | {"stop": ["label"]})
    assert reply.done_reason == "stop"
    assert reply.response.strip().startswith("{")
    assert "label" not in reply.response


def test_what_the_model_is_and_can_is_told(ollama_client):
    assert [model.model for model in ollama_client.list().models] == [MODEL]
    assert ollama_client.show(MODEL).capabilities == ["completion"]


def test_an_empty_prompt_loads_the_model_and_without_keeping_alive_unloads_it(ollama_client):
    assert ollama_client.generate(MODEL).done_reason == "load"
    assert [model.model for model in ollama_client.ps().models] == [MODEL]
    assert ollama_client.generate(MODEL, keep_alive=0).done_reason == "unload"
    assert ollama_client.ps().models == []
    assert ollama_client.chat(MODEL).done_reason == "load"
    assert ollama_client.chat(MODEL, keep_alive="0s").done_reason == "unload"
    assert ollama_client.generate(MODEL, "Say hi", options={"num_predict": 2}).load_duration > 0


def test_a_model_that_is_not_kept_alive_answers_first(ollama_client):
    assert ollama_client.generate(MODEL, "Say hi", keep_alive=0, options={"num_predict": 8}).response
    assert ollama_client.ps().models == []


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model_is_not_found(ollama_client, stream):
    with pytest.raises(ollama.ResponseError, match="model 'nobody:7b' not found") as caught:
        list(ollama_client.generate("nobody:7b", "Say hi", stream=stream))
    assert caught.value.status_code == 404


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"format": {"type": "nonsense"}}, "nonsense"),
        ({"think": True}, "does not support thinking"),
        ({"keep_alive": "soon"}, "invalid duration"),
        ({"options": {"temperature": "hot"}}, "temperature"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_makes_no_sense_is_refused(ollama_client, more, says, stream):
    with pytest.raises(ollama.ResponseError, match=says) as caught:
        list(ollama_client.generate(MODEL, "Say hi", stream=stream, **more))
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("content", "says"), [("", "missing request body"), ("{", "Expecting"), ("[]", "object"), ("{}", "required")]
)
def test_a_body_that_is_no_request_is_refused(server, content, says):
    with posted(server, "/api/chat", content) as reply:
        assert reply.status == 400
        assert says in json.loads(reply.read())["error"]


@pytest.mark.parametrize("path", ["/api/pull", "/v1/chat/completions"])
def test_what_the_server_does_not_have_is_not_found(server, path):
    with posted(server, path, "{}") as reply:
        assert (reply.status, reply.read()) == (404, b"404 page not found")


def test_a_stream_that_its_reader_leaves_stops_the_model(server, ollama_client):
    before = len(server.generations)
    stream = ollama_client.chat(MODEL, MESSAGES, stream=True, format=LONG_ANSWER, options={"num_predict": 1000})
    assert next(stream).message.content
    stream.close()
    assert ollama_client.generate(MODEL, "Say hi", options={"num_predict": 2}).done_reason == "length"
    left, _ = server.generations[before:]
    assert left.end == "cancelled"
    assert 0 < left.answer_tokens < 1000


def test_the_server_keeps_what_it_was_asked(server, ollama_client):
    before = len(server.requests)
    ollama_client.show(MODEL)
    assert [(each.path, each.body) for each in server.requests[before:]] == [("/api/show", {"model": MODEL})]


# The official clients of OpenAI and Anthropic, at the server that llama.cpp brings.


def test_chat_completions_answer_by_the_schema(openai_client):
    form = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA}}
    reply = openai_client.chat.completions.create(
        model=MODEL, messages=MESSAGES, response_format=form, max_completion_tokens=64, temperature=0
    )
    assert fits_the_schema(reply.choices[0].message.content)
    assert reply.choices[0].finish_reason == "stop"
    assert 0 < reply.usage.completion_tokens <= 64


def test_chat_completions_say_where_they_are_cut(openai_client):
    reply = openai_client.chat.completions.create(model=MODEL, messages=MESSAGES, max_completion_tokens=2)
    assert reply.choices[0].finish_reason == "length"


def test_messages_are_answered_in_prose_where_the_form_is_ignored(anthropic_client):
    reply = anthropic_client.messages.create(
        model=MODEL,
        max_tokens=16,
        system=SYSTEM,
        messages=[{"role": "user", "content": "Tell me a story of the sea."}],
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
    )
    assert reply.stop_reason in {"end_turn", "max_tokens"}
    assert reply.content[0].type == "text"
    assert reply.usage.input_tokens > 0
    assert 0 < reply.usage.output_tokens <= 16


# Our providers.


def settings(endpoint, **more):
    return ModelSettings(**{"model": MODEL, "endpoint": endpoint, "answer_tokens": 64, "timeout": 120.0} | more)


async def asked(provider, given, prompt=PROMPT):
    async with HTTPClient() as send:
        return await provider.complete(prompt, await provider.prepare(given, send=send), send=send)


def answers_by_the_schema(provider, given):
    """Whether a service, ours or a real one, does what the provider relies on."""
    completion = asyncio.run(asked(provider, given))
    return (
        fits_the_schema(completion.text)
        and completion.end == "stop"
        and completion.prompt_tokens > 20
        and 0 < completion.answer_tokens <= given.answer_tokens
    )


@pytest.mark.parametrize("path", ["", "/api", *OLLAMA_PATHS])
def test_ollama_answers_our_provider_by_the_schema(server, path):
    assert answers_by_the_schema(OllamaProvider(), settings(server.url + path))


@pytest.mark.parametrize("path", ["", "/chat/completions"])
def test_chat_completions_answer_our_provider_by_the_schema(server, path):
    assert answers_by_the_schema(OpenAIProvider(), settings(server.openai_url + path))


@pytest.mark.parametrize("path", OLLAMA_PATHS)
def test_our_provider_asks_ollama_first_what_the_model_can(server, path):
    before = len(server.requests)
    asyncio.run(asked(OllamaProvider(), settings(server.url + path)))
    first, second = server.requests[before:]
    assert (first.path, second.path) == ("/api/show", path)
    assert "think" not in second.body  # this model cannot


@pytest.mark.parametrize("path", OLLAMA_PATHS)
def test_an_answer_of_ollama_that_is_cut_says_so(server, path):
    completion = asyncio.run(asked(OllamaProvider(), settings(server.url + path, answer_tokens=8)))
    assert (completion.end, completion.answer_tokens) == ("length", 8)


def test_an_answer_of_chat_completions_that_is_cut_says_so(server):
    completion = asyncio.run(asked(OpenAIProvider(), settings(server.openai_url, answer_tokens=3)))
    assert (completion.end, completion.answer_tokens) == ("length", 3)


def test_prose_of_messages_is_read_as_it_is(server):
    given = settings(server.openai_url, answer_tokens=16)
    completion = asyncio.run(asked(AnthropicProvider(), given))
    assert completion.text
    assert completion.end in {"stop", "length"}
    assert completion.prompt_tokens > 0
    assert 0 < completion.answer_tokens <= 16


@pytest.mark.parametrize("path", OLLAMA_PATHS)
def test_a_model_that_ollama_does_not_have_is_to_be_pulled(server, path):
    given = settings(server.url + path, model="nobody:7b")

    async def unprepared():
        async with HTTPClient() as send:
            await OllamaProvider().complete(PROMPT, given, send=send)

    for call in (asked(OllamaProvider(), given), unprepared()):
        with pytest.raises(LLMModelMissingError, match=r"get the model with: ollama pull nobody:7b$"):
            asyncio.run(call)


def test_a_question_longer_than_the_context_is_refused_by_chat_completions(server):
    question = Prompt(system=SYSTEM, user="disk " * 9000, schema=SCHEMA)
    with pytest.raises(LLMRequestError, match="exceeds the available context size"):
        asyncio.run(asked(OpenAIProvider(), settings(server.openai_url), question))


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  (it comes true in threads of the server)
            await asyncio.sleep(0.005)


async def cancelled(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "question",
    [
        Prompt(system="Tell a very long story, as JSON.", user="Go on.", schema=LONG_ANSWER),
        Prompt(system=SYSTEM, user="disk " * 3000, schema=SCHEMA),
    ],
    ids=["long answer", "long question"],
)
@pytest.mark.parametrize("path", OLLAMA_PATHS)
def test_a_call_that_is_cancelled_stops_the_model_and_the_next_one_is_answered(server, path, question):
    before = len(server.generations)

    async def scenario():
        await asked(OllamaProvider(), settings(server.url + path))
        given = settings(server.url + path, answer_tokens=1000)
        call = asyncio.create_task(asked(OllamaProvider(), given, question))
        await until(server.generating.is_set)
        await cancelled(call)
        return await asked(OllamaProvider(), settings(server.url + path))

    assert fits_the_schema(asyncio.run(scenario()).text)
    first, stopped, last = server.generations[before:]
    assert (first.end, stopped.end, last.end) == ("stop", "cancelled", "stop")
    assert stopped.answer_tokens < 1000


def test_calls_wait_for_each_other_and_who_leaves_the_queue_costs_nothing(server):
    provider, given = OllamaProvider(), settings(server.url)
    story = Prompt(system="Tell a very long story, as JSON.", user="Go on.", schema=LONG_ANSWER)
    before, requests = len(server.generations), len(server.requests)

    def waiting():
        return sum(each.path == "/api/chat" for each in server.requests[requests:])

    async def scenario():
        running = asyncio.create_task(asked(provider, settings(server.url, answer_tokens=1000), story))
        await until(server.generating.is_set)
        leaving = asyncio.create_task(asked(provider, given))
        await until(lambda: waiting() == 2)
        await cancelled(leaving)
        staying = [asyncio.create_task(asked(provider, given)) for _ in range(2)]
        await until(lambda: waiting() == 4)
        await cancelled(running)
        return await asyncio.gather(*staying)

    assert all(fits_the_schema(completion.text) for completion in asyncio.run(scenario()))
    assert [each.end for each in server.generations[before:]] == ["cancelled", "stop", "stop"]


# Real services, where the environment names one. Nothing is sent anywhere without the name of a model to be tested.

SERVICES = [
    ("Ollama", OllamaProvider, "OLLAMA_HOST", "LOGANOMALY_TEST_OLLAMA_MODEL"),
    ("OpenAI", OpenAIProvider, "OPENAI_API_KEY", "LOGANOMALY_TEST_OPENAI_MODEL"),
    ("Anthropic", AnthropicProvider, "ANTHROPIC_API_KEY", "LOGANOMALY_TEST_ANTHROPIC_MODEL"),
]


@pytest.fixture(params=SERVICES, ids=[name for name, *_ in SERVICES])
def service(request):
    name, provider, where, model = request.param
    if missing := [variable for variable in (where, model) if not os.environ.get(variable)]:
        pytest.skip(f"NOT RUN against the real {name}: set {' and '.join(missing)}")
    given = {"model": os.environ[model], "answer_tokens": 1024}
    if where == "OLLAMA_HOST":
        return provider(), settings(ollama_address(os.environ[where]), **given)
    return provider(), settings(provider.default_endpoint, api_key=SecretStr(os.environ[where]), **given)


def ollama_address(host):
    if "://" in host:
        return host
    return f"http://{host}" if ":" in host else f"http://{host}:11434"


def test_the_real_service_answers_by_the_schema(service):
    assert answers_by_the_schema(*service)


def test_the_real_service_says_that_a_model_is_missing(service):
    provider, given = service
    missing = settings(given.endpoint, api_key=given.api_key, model="loganomaly-no-such-model")
    with pytest.raises(LLMModelMissingError, match="loganomaly-no-such-model"):
        asyncio.run(asked(provider, missing))
