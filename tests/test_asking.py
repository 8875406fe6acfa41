"""Asking a model with care: which one, within limits, nothing twice, nothing in vain, and all of it on record."""

import asyncio
import itertools
import json
import logging
import os
import re
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpcore2
import pytest

from llm_server import (
    Answer,
    Script,
    anthropic_message,
    cut,
    json_answer,
    ollama,
    ollama_error,
    ollama_generate,
    openai_chat,
    openai_error,
    serving,
    stalled,
    text_answer,
)
from loganomaly.asking import choice as choosing
from loganomaly.asking import model as asking
from loganomaly.asking.audit import Audit
from loganomaly.asking.cache import AnswerCache, cache_key, default_cache_file
from loganomaly.asking.choice import AUTO, answers, choose
from loganomaly.asking.model import Limits, Model
from loganomaly.asking.usage import Usage
from loganomaly.errors import (
    LLMAuthenticationError,
    LLMError,
    LLMLimitError,
    LLMModelMissingError,
    LLMPaymentError,
    LLMRequestError,
    LLMRetryError,
    LLMUnparsedError,
    LLMUnreachableError,
    OutputError,
    UsageError,
)
from loganomaly.providers.provider import Completion, Prompt
from loganomaly.retry import RetryConfig

KEY = "zq-Correct.Horse_Battery9"
PROMPT = Prompt(
    system="You judge logs.", user="disk full on sda", schema={"type": "object"}, local='{"by": "evidence"}'
)
KEY_VARIABLES = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MISTRAL_API_KEY", "GEMINI_API_KEY", "OLLAMA_API_KEY", "MY_KEY"]


@pytest.fixture(autouse=True, scope="module")
def _certificates_read_once():
    """Share what takes most of the time of a new client: the certificates of the system."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def limits(*, attempts: int = 1, **changes) -> Limits:
    return Limits(retry=RetryConfig(max_attempts=attempts, initial_delay=0), **changes)


def chosen(url: str, provider: str = "ollama", **changes) -> choosing.Choice:
    path = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}.get(provider, "/api/generate")
    return choose(provider, **{"model": "m", "endpoint": url + path, "timeout": 10.0} | changes)


def with_model(
    script: Script, work: Callable[[Model], Awaitable[Any]], *, cache_file: Path | None = None, **changes
) -> tuple[Any, Model]:
    """Return what some work with a model returns, and the model as it is then."""
    made = {name: changes.pop(name) for name in ("limits", "audit") if name in changes}

    async def run(url: str) -> tuple[Any, Model]:
        async with Model(chosen(url, **changes), cache_file=cache_file, **{"limits": limits()} | made) as model:
            return await work(model), model

    with serving(ollama(script, model="m")) as server:
        return asyncio.run(run(server.url))


async def ask(model: Model, name: object = 1) -> str:
    return (await model.ask(PROMPT, identity=[name])).completion.text


async def failing(model: Model, name: object = 1) -> LLMError:
    with pytest.raises(LLMError) as caught:
        await model.ask(PROMPT, identity=[name])
    return caught.value


async def accepted(model: Model, name: object = 1) -> str:
    answer = await model.ask(PROMPT, identity=[name])
    model.accept(answer)
    return answer.completion.text


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def questions(server) -> int:
    return sum(asked.path == "/api/generate" for asked in server.requests)


# Answers are kept


def test_an_answer_that_is_kept_is_there_in_the_next_run(tmp_path):
    with AnswerCache(tmp_path / "c") as kept:
        kept.put("k", "the answer", model="m")
    with AnswerCache(tmp_path / "c") as kept:
        assert kept.get("k") == "the answer"


def test_the_last_answer_to_a_question_is_kept(tmp_path):
    with AnswerCache(tmp_path / "c") as kept:
        kept.put("k", "first", model="m")
        kept.put("k", "last", model="m")
        assert kept.get("k") == "last"


def test_what_was_never_asked_has_no_answer(tmp_path):
    with AnswerCache(tmp_path / "c") as kept:
        assert kept.get("k") is None
        assert kept.problem is None


def test_the_folder_of_the_answers_is_made(tmp_path):
    with AnswerCache(tmp_path / "a" / "b" / "c") as kept:
        kept.put("k", "x", model="m")
    assert (tmp_path / "a" / "b" / "c").exists()


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes")
def test_the_file_of_the_answers_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        with AnswerCache(tmp_path / "folder" / "c") as kept:
            kept.put("k", "x", model="m")
            modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "folder").iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + b"\xff" * 4096, b"\x00" * 10_000])
def test_a_file_that_is_damaged_is_told_of_and_all_goes_on_without(tmp_path, caplog, content):
    (tmp_path / "c").write_bytes(content)
    with caplog.at_level(logging.WARNING), AnswerCache(tmp_path / "c") as kept:
        kept.put("k", "x", model="m")
        assert kept.get("k") is None
    assert re.match(r"answers are not kept: .*c: .+", kept.problem)
    assert [record.getMessage() for record in caplog.records] == [kept.problem]


def test_a_file_that_is_damaged_stays_as_it_was(tmp_path):
    (tmp_path / "c").write_bytes(b"no database")
    with AnswerCache(tmp_path / "c") as kept:
        kept.put("k", "x", model="m")
    assert (tmp_path / "c").read_bytes() == b"no database"


@pytest.mark.parametrize("place", ["file/c", "folder"])
def test_a_place_where_nothing_can_be_written_is_told_of_and_all_goes_on_without(tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with AnswerCache(tmp_path / place) as kept:
        kept.put("k", "x", model="m")
        assert kept.get("k") is None
    assert "answers are not kept" in kept.problem


def test_a_table_that_is_lost_in_between_is_told_of(tmp_path):
    with AnswerCache(tmp_path / "c") as kept:
        with closing(sqlite3.connect(tmp_path / "c", isolation_level=None)) as other:
            other.execute("DROP TABLE answers_v1")
        assert kept.get("k") is None
        assert "no such table" in kept.problem
        kept.put("k", "x", model="m")


def test_what_is_no_text_in_the_file_is_no_answer(tmp_path):
    with AnswerCache(tmp_path / "c") as kept:
        with closing(sqlite3.connect(tmp_path / "c", isolation_level=None)) as other:
            other.execute("INSERT INTO answers_v1 (key, answer, model) VALUES ('k', x'ff', 'm')")
        assert kept.get("k") is None


def test_several_runs_keep_answers_in_the_same_file_at_once(tmp_path):
    def run(number: int) -> str | None:
        with AnswerCache(tmp_path / "c") as kept:
            for each in range(20):
                kept.put(f"{number}-{each}", "x", model="m")
            return kept.problem

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == [None] * 4
    with AnswerCache(tmp_path / "c") as kept:
        assert all(kept.get(f"{number}-{each}") for number in range(4) for each in range(20))


def test_a_key_tells_questions_apart_and_says_nothing_of_them():
    keys = {cache_key(parts) for parts in (["a", "b"], ["ab"], ["a", ["b"]], ["b", "a"], [], ["a", "b", None])}
    assert len(keys) == 6
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)


def test_a_key_is_the_same_in_each_run():
    assert cache_key(["ollama", "m", {"b": 1, "a": 2}]) == cache_key(["ollama", "m", {"a": 2, "b": 1}])


def test_half_a_character_in_a_question_has_a_key():
    assert cache_key(["\ud800"]) != cache_key(["?"])


def test_the_file_of_the_answers_stands_in_the_users_folder_for_such_things(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert default_cache_file().name == "llm-answers.sqlite"
    assert tmp_path in default_cache_file().parents or os.name == "nt"


# A model answers


def test_a_question_is_answered():
    text, model = with_model(ollama_generate("yes"), ask)
    assert text == "yes"
    assert model.usage.calls == 1


def test_what_an_answer_took_is_told():
    answer, _ = with_model(
        [ollama_error(503, "busy"), ollama_generate("yes", prompt_tokens=30, answer_tokens=7)],
        lambda model: model.ask(PROMPT, identity=[1]),
        limits=limits(attempts=3),
    )
    assert answer.completion == Completion(text="yes", prompt_tokens=30, answer_tokens=7)
    assert (answer.provider, answer.model, answer.cached, answer.attempts) == ("ollama", "m", False, 2)


def test_half_a_character_in_an_answer_becomes_a_question_mark():
    half = Answer(body=rb'{"response": "a \ud800 b", "done": true, "done_reason": "stop"}')
    assert with_model(half, accepted)[0] == "a ? b"


def test_a_model_is_used_when_it_is_open():
    with pytest.raises(RuntimeError, match="within `async with`"):
        asyncio.run(ask(Model(chosen("http://127.0.0.1:1"))))


def test_a_model_can_be_used_in_one_event_loop_after_the_other():
    with serving(ollama(ollama_generate("yes"), model="m")) as server:
        model = Model(chosen(server.url), limits=limits(max_calls=1))

        async def run() -> str:
            async with model:
                return await ask(model)

        assert [asyncio.run(run()), asyncio.run(run())] == ["yes", "yes"]
        assert model.usage.calls == 1


def test_what_a_model_can_do_is_asked_once():
    with serving(ollama(ollama_generate("yes"), model="m")) as server:

        async def run() -> None:
            async with Model(chosen(server.url), limits=limits(concurrency=3)) as model:
                await asyncio.gather(*(ask(model, name) for name in range(3)))

        asyncio.run(run())
        assert sorted(asked.path for asked in server.requests) == ["/api/generate"] * 3 + ["/api/show"]


# The same is not asked twice


def run_twice(tmp_path: Path, *, second: object = 1, changes: dict | None = None) -> tuple[list[str], Usage, int]:
    """Return the answers of two runs, what the second one took, and how many questions were sent."""
    file = tmp_path / "c"
    with serving(ollama([ollama_generate("first"), ollama_generate("second")], model="m")) as server:

        async def run(name: object, **changes) -> tuple[str, Usage]:
            async with Model(chosen(server.url, **changes), cache_file=file, limits=limits()) as model:
                return await accepted(model, name), model.usage

        one, _ = asyncio.run(run(1))
        two, usage = asyncio.run(run(second, **changes or {}))
        return [one, two], usage, questions(server)


def test_a_second_run_has_its_answers_from_the_first(tmp_path):
    texts, usage, sent = run_twice(tmp_path)
    assert (texts, sent) == (["first", "first"], 1)
    assert (usage.calls, usage.hits, usage.misses, usage.answered, usage.questions) == (0, 1, 0, 1, 1)


def test_a_second_run_sends_nothing_at_all_if_it_has_all_answers(tmp_path):
    file, paths = tmp_path / "c", []
    for _ in range(2):
        with serving(ollama(ollama_generate("yes"), model="m")) as server:

            async def run(url: str) -> str:
                async with Model(chosen(url), cache_file=file) as model:
                    return await accepted(model)

            assert asyncio.run(run(server.url)) == "yes"
            paths.append(len(server.requests))
    assert paths == [2, 0]


def test_another_question_is_asked(tmp_path):
    assert run_twice(tmp_path, second=2)[0] == ["first", "second"]


def test_another_model_is_asked(tmp_path):
    with serving(
        lambda asked: ollama_generate(asked.json["model"]) if "prompt" in asked.json else text_answer("{}")
    ) as s:

        async def run(name: str) -> str:
            async with Model(chosen(s.url, model=name), cache_file=tmp_path / "c") as model:
                return await accepted(model)

        assert [asyncio.run(run(name)) for name in ("a", "b", "a")] == ["a", "b", "a"]
        assert questions(s) == 2


def test_an_answer_that_nobody_accepted_is_not_kept(tmp_path):
    async def twice(model: Model) -> list[str]:
        return [await ask(model), await ask(model)]

    texts, model = with_model([ollama_generate("a"), ollama_generate("b")], twice, cache_file=tmp_path / "c")
    assert texts == ["a", "b"]
    assert model.usage.hits == 0


def test_an_answer_that_is_kept_tells_so(tmp_path):
    async def twice(model: Model) -> asking.Answer:
        await accepted(model)
        return await model.ask(PROMPT, identity=[1])

    answer, _ = with_model(ollama_generate("a"), twice, cache_file=tmp_path / "c")
    assert (answer.cached, answer.attempts, answer.completion.text) == (True, 0, "a")


def test_a_kept_answer_that_is_of_no_use_is_asked_for_again_and_replaced(tmp_path):
    async def again(model: Model) -> str:
        await accepted(model)
        bad = await model.ask(PROMPT, identity=[1])
        model.accept(await model.ask_again(PROMPT, bad, problem="odd"))
        return (await model.ask(PROMPT, identity=[1])).completion.text

    text, model = with_model([ollama_generate("bad"), ollama_generate("good")], again, cache_file=tmp_path / "c")
    assert text == "good"
    assert model.usage.calls == 2


def test_attempts_of_both_answers_are_told_where_a_question_is_asked_again():
    async def again(model: Model) -> asking.Answer:
        return await model.ask_again(PROMPT, await model.ask(PROMPT, identity=[1]), problem="odd")

    assert with_model([ollama_generate("bad"), ollama_generate("good")], again)[0].attempts == 2


def test_nothing_of_a_question_stands_in_the_file(tmp_path):
    async def run(model: Model) -> None:
        model.accept(await model.ask(PROMPT, identity=["subject-7781", PROMPT.system, PROMPT.user]))

    with_model(ollama_generate("the answer"), run, cache_file=tmp_path / "c")
    content = (tmp_path / "c").read_bytes()
    assert b"the answer" in content
    assert not [part for part in (b"subject-7781", b"disk full", b"sda", b"judge") if part in content]


def test_a_cache_that_does_not_work_is_told_of_and_not_in_the_way(tmp_path):
    (tmp_path / "c").write_bytes(b"no database")

    text, model = with_model(ollama_generate("yes"), accepted, cache_file=tmp_path / "c")
    assert text == "yes"
    assert "answers are not kept" in model.problem


def test_a_cache_that_works_is_no_problem(tmp_path):
    assert with_model(ollama_generate("yes"), accepted, cache_file=tmp_path / "c")[1].problem is None


# Limits


@pytest.mark.parametrize(("most", "attempts"), [(0, 3), (1, 1), (1, 5), (2, 3), (4, 3), (5, 1)])
@pytest.mark.parametrize("answer", [ollama_generate("yes"), ollama_error(503, "busy")])
def test_never_more_calls_are_made_than_the_limit_attempts_included(most, attempts, answer):
    with serving(ollama(answer, model="m")) as server:

        async def run() -> Usage:
            async with Model(chosen(server.url), limits=limits(attempts=attempts, max_calls=most)) as model:
                for name in range(8):
                    try:
                        await accepted(model, name)
                    except LLMError:
                        model._in_vain = 0  # go on, as if there had been an answer in between
                        model.stopped = None
                return model.usage

        usage = asyncio.run(run())
        assert questions(server) == usage.calls == most


def test_calls_at_the_same_time_keep_to_the_limit():
    with serving(ollama(ollama_generate("yes"), model="m")) as server:

        async def run() -> list:
            async with Model(chosen(server.url), limits=limits(max_calls=3, concurrency=8)) as model:
                return await asyncio.gather(*(accepted(model, name) for name in range(8)), return_exceptions=True)

        found = asyncio.run(run())
        assert questions(server) == 3
        assert sorted(type(each).__name__ for each in found) == ["LLMLimitError"] * 5 + ["str"] * 3


def test_without_any_call_allowed_nothing_is_sent():
    with serving(ollama(ollama_generate("yes"), model="m")) as server:

        async def run() -> LLMError:
            async with Model(chosen(server.url), limits=limits(max_calls=0)) as model:
                return await failing(model)

        assert isinstance(asyncio.run(run()), LLMLimitError)
        assert server.requests == []


def test_what_a_limit_leaves_out_is_counted_and_is_no_failure():
    async def run(model: Model) -> str:
        await accepted(model, 1)
        said = [str(await failing(model, name)) for name in (2, 3)]
        assert said[0] == said[1]
        return said[0]

    said, model = with_model(ollama_generate("yes"), run, limits=limits(max_calls=1))
    assert said == "all calls of this run are spent, 1 (llm.max_calls)"
    assert (model.usage.not_asked, dict(model.usage.failures)) == (2, {})
    assert (model.usage.questions, model.usage.answered) == (3, 1)


def test_kept_answers_are_given_when_no_call_is_left(tmp_path):
    async def run(model: Model) -> str:
        await accepted(model, 1)
        await failing(model, 2)
        return await ask(model, 1)

    assert with_model(ollama_generate("yes"), run, limits=limits(max_calls=1), cache_file=tmp_path / "c")[0] == "yes"


def test_no_question_is_asked_once_the_time_is_spent(monkeypatch):
    clock = itertools.count(1000.0, 10.0)  # ten seconds between two looks at it
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=lambda: next(clock)))

    async def run(model: Model) -> LLMError:
        await accepted(model, 1)
        return await failing(model, 2)

    error, model = with_model(ollama_generate("yes"), run, limits=limits(max_seconds=60, deadline=1000))
    assert isinstance(error, LLMLimitError)
    assert "the 60 s of this run are spent" in str(error)
    assert model.usage.calls == 1


def test_no_question_is_asked_for_which_the_tokens_do_not_suffice():
    async def run(model: Model) -> LLMError:
        await accepted(model, 1)
        return await failing(model, 2)

    # A question counts for its answer of 64 tokens and a third of its 31 bytes.
    error, model = with_model(
        ollama_generate("yes", prompt_tokens=90, answer_tokens=10), run, limits=limits(max_tokens=173), answer_tokens=64
    )
    assert isinstance(error, LLMLimitError)
    assert "the 173 tokens of this run do not suffice" in str(error)
    assert (model.usage.calls, model.usage.prompt_tokens, model.usage.answer_tokens) == (1, 90, 10)


def test_a_question_is_asked_for_which_the_tokens_suffice():
    async def run(model: Model) -> int:
        return len([await accepted(model, name) for name in (1, 2)])

    answer = ollama_generate("yes", prompt_tokens=90, answer_tokens=10)
    assert with_model(answer, run, limits=limits(max_tokens=174), answer_tokens=64)[0] == 2


def test_questions_under_way_count_for_their_tokens():
    async def run(model: Model) -> list:
        return await asyncio.gather(*(accepted(model, name) for name in range(3)), return_exceptions=True)

    found, _ = with_model(
        ollama_generate("yes", prompt_tokens=1, answer_tokens=1),
        run,
        limits=limits(max_tokens=150, concurrency=3),
        answer_tokens=64,
    )
    assert sorted(type(each).__name__ for each in found) == ["LLMLimitError", "str", "str"]


def test_a_failed_call_gives_its_tokens_back():
    async def run(model: Model) -> str:
        await failing(model, 1)
        return await accepted(model, 2)

    script = [ollama_error(503, "busy"), ollama_generate("yes", prompt_tokens=1, answer_tokens=1)]
    assert with_model(script, run, limits=limits(max_tokens=80), answer_tokens=64)[0] == "yes"


class Counting:
    """A script that counts how many requests are under way at once, and answers `together` of them together."""

    def __init__(self, together: int) -> None:
        self.most = self.now = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(together, timeout=10)

    def __call__(self, _asked: object) -> Answer:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)  # for more of them to come, if they do
        self._together.wait()
        with self._lock:
            self.now -= 1
        return ollama_generate("yes")


@pytest.mark.parametrize("concurrency", [1, 2, 3])
def test_as_many_questions_are_under_way_as_allowed_and_no_more(concurrency):
    script = Counting(concurrency)

    async def run(model: Model) -> None:
        await asyncio.gather(*(ask(model, name) for name in range(6)))

    with_model(script, run, limits=limits(concurrency=concurrency))
    assert script.most == concurrency


def test_questions_to_this_machine_are_asked_one_after_the_other_unless_told_otherwise():
    script = Counting(1)

    async def run(model: Model) -> None:
        await asyncio.gather(*(ask(model, name) for name in range(6)))

    with_model(script, run)
    assert script.most == 1


def test_questions_to_other_machines_are_asked_four_at_a_time_unless_told_otherwise(monkeypatch):
    script = Counting(4)
    monkeypatch.setattr(asking, "is_loopback", lambda _url: False)

    async def run(model: Model) -> None:
        await asyncio.gather(*(ask(model, name) for name in range(8)))

    with_model(script, run)
    assert script.most == 4


def test_a_question_ends_at_its_deadline_with_all_its_attempts():
    async def run(model: Model) -> LLMError:
        return await failing(model)

    error, model = with_model(stalled(), run, limits=limits(attempts=50, deadline=0.2))
    assert isinstance(error, LLMRetryError)
    assert re.search(r"did not answer within 0\.\d+ s$", str(error))
    assert model.usage.calls < 50


def test_a_wait_that_goes_beyond_the_deadline_is_not_begun():
    async def run(model: Model) -> LLMError:
        return await failing(model)

    wait = ollama_error(429, "slow down", headers={"retry-after": "50"})
    error, model = with_model(wait, run, limits=limits(attempts=5, deadline=20.0))
    assert isinstance(error, LLMRetryError)
    assert model.usage.calls == 1


# Nothing in vain


HOPELESS = {
    "authentication": (ollama_error(401, "who are you"), LLMAuthenticationError),
    "out_of_money": (ollama_error(402, "pay"), LLMPaymentError),
    "model_missing": (ollama_error(404, "model 'm' not found"), LLMModelMissingError),
}
PASSING = {
    "retry": (ollama_error(503, "busy"), LLMRetryError),
    "bad_request": (ollama_error(400, "no"), LLMRequestError),
    "unparsed": (text_answer("<html>"), LLMUnparsedError),
}


@pytest.mark.parametrize("kind", HOPELESS)
def test_after_a_failure_that_the_next_would_have_as_well_nothing_more_is_asked(kind):
    answer, error = HOPELESS[kind]

    async def run(model: Model) -> list[LLMError]:
        return [await failing(model, name) for name in range(3)]

    errors, model = with_model(answer, run, limits=limits(attempts=3))
    assert {type(each) for each in errors} == {error}
    assert model.usage.calls == 1
    assert (dict(model.usage.failures), model.usage.not_asked) == ({kind: 1}, 2)
    assert model.stopped is errors[0]


def test_where_nobody_listens_nothing_more_is_asked():
    async def run() -> tuple[list[LLMError], Model]:
        async with Model(chosen(unused_url()), limits=limits()) as model:
            return [await failing(model, name) for name in range(3)], model

    errors, model = asyncio.run(run())
    assert {type(each) for each in errors} == {LLMUnreachableError}
    assert (dict(model.usage.failures), model.usage.not_asked) == ({"unreachable": 1}, 2)


@pytest.mark.parametrize("kind", PASSING)
def test_after_two_questions_in_vain_nothing_more_is_asked(kind):
    answer, error = PASSING[kind]

    async def run(model: Model) -> list[LLMError]:
        return [await failing(model, name) for name in range(4)]

    errors, model = with_model(answer, run)
    assert {type(each) for each in errors} == {error}
    assert model.usage.calls == 2
    assert (dict(model.usage.failures), model.usage.not_asked) == ({kind: 2}, 2)


def test_questions_in_vain_with_answers_between_them_do_not_stop_it():
    async def run(model: Model) -> int:
        for name in range(4):
            await failing(model, ("bad", name))
            await accepted(model, ("good", name))
        return model.usage.calls

    script = [ollama_error(503, "busy"), ollama_generate("yes")] * 4
    assert with_model(script, run)[0] == 8


def test_attempts_of_one_question_count_as_one_in_vain():
    async def run(model: Model) -> str:
        await failing(model, 1)
        return await accepted(model, 2)

    script = [*[ollama_error(503, "busy")] * 3, ollama_generate("yes")]
    assert with_model(script, run, limits=limits(attempts=3))[0] == "yes"


def test_an_answer_of_no_use_counts_as_one_in_vain():
    async def run(model: Model) -> LLMError:
        for name in (1, 2):
            await ask(model, name)
            model.fail(LLMUnparsedError("what is this"))
        return await failing(model, 3)

    error, model = with_model(ollama_generate("?"), run)
    assert str(error) == "what is this"
    assert (dict(model.usage.failures), model.usage.calls) == ({"unparsed": 2}, 2)


def test_a_model_that_is_opened_anew_is_asked_again():
    with serving(ollama([ollama_error(401, "who"), ollama_generate("yes")], model="m")) as server:
        model = Model(chosen(server.url), limits=limits())

        async def run() -> str:
            async with model:
                try:
                    return await accepted(model)
                except LLMError as error:
                    return error.kind

        assert [asyncio.run(run()), asyncio.run(run())] == ["authentication", "yes"]
        assert model.stopped is None


# What it has cost


def test_the_numbers_of_a_run_are_told(tmp_path):
    async def run(model: Model) -> dict:
        await accepted(model, 1)
        await accepted(model, 1)
        await failing(model, 2)
        model.accept(await model.ask(PROMPT, identity=[3]))
        model.fail(LLMLimitError("enough"))
        await failing(model, 4)
        return model.usage.described()

    yes = ollama_generate("yes", prompt_tokens=30, answer_tokens=7)
    told, _ = with_model(
        [ollama_error(503, "busy"), yes, cut(yes), ollama_error(500, "oh"), yes],
        run,
        cache_file=tmp_path / "c",
        limits=limits(attempts=2),
    )
    assert told.pop("seconds") >= 0
    assert told == {
        "questions": 5,
        "answered": 3,
        "calls": 5,
        "cache": {"hits": 1, "misses": 4},
        "not_asked": 2,
        "tokens": {"prompt": 60, "answer": 14},
        "failures": {"retry": 1},
    }


def test_the_numbers_of_a_run_that_asked_nothing_are_all_zero():
    assert Usage().described() == {
        "questions": 0,
        "answered": 0,
        "calls": 0,
        "cache": {"hits": 0, "misses": 0},
        "not_asked": 0,
        "tokens": {"prompt": 0, "answer": 0},
        "seconds": 0.0,
        "failures": {},
    }


# Whether there is a model at all


def test_auto_asks_the_model_that_listens():
    text, model = with_model(ollama_generate("yes"), ask, provider=AUTO)
    assert text == "yes"
    assert (model.note, model.remote, model.choice.provider.name) == (None, True, "ollama")


def test_auto_is_the_evidence_where_nobody_listens():
    url = unused_url()

    async def run() -> tuple[asking.Answer, Model]:
        async with Model(chosen(url, AUTO)) as model:
            return await model.ask(PROMPT, identity=[1]), model

    answer, model = asyncio.run(run())
    assert (answer.completion.text, answer.provider, answer.model) == ('{"by": "evidence"}', "local", "local")
    assert (model.note, model.remote) == (f"no language model answers at {url}", False)
    assert (model.usage.calls, model.usage.questions, dict(model.usage.failures)) == (0, 1, {})


def test_whether_anybody_listens_is_found_out_once(monkeypatch):
    asked = []
    monkeypatch.setattr(asking, "answers", asked.append)
    model = Model(chosen("http://127.0.0.1:1", AUTO))
    model.settle()
    model.settle()
    assert asked == ["http://127.0.0.1:1/api/generate"]


def test_a_provider_that_is_named_is_not_replaced_by_the_evidence():
    async def run() -> LLMError:
        async with Model(chosen(unused_url()), limits=limits()) as model:
            return await failing(model)

    assert isinstance(asyncio.run(run()), LLMUnreachableError)


def test_of_addresses_elsewhere_it_is_assumed_that_somebody_listens():
    assert answers("https://models.invalid/v1")


def test_whether_somebody_listens_on_this_machine_is_tried():
    with serving(text_answer("")) as server:
        assert answers(server.url)
        assert server.requests == []
    assert not answers(unused_url())


def test_the_evidence_answers_without_any_file_or_request(tmp_path):
    async def run() -> asking.Answer:
        local = choose("local", model=None, endpoint=None)
        async with Model(local, cache_file=tmp_path / "c", audit=Audit(tmp_path / "a")) as model:
            return await model.ask_again(PROMPT, await model.ask(PROMPT, identity=[1]), problem="odd")

    assert asyncio.run(run()).completion.text == '{"by": "evidence"}'
    assert list(tmp_path.iterdir()) == []


# The record of what is sent


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_request_is_on_record_before_it_is_sent(tmp_path):
    seen = []

    def script(_asked: object) -> Answer:
        seen.append(lines_of(tmp_path / "a")[-1])
        return ollama_generate("yes")

    with_model(script, ask, audit=Audit(tmp_path / "a"))
    assert seen[0]["body"]["prompt"] == "disk full on sda"
    assert seen[0]["request"] == 2


def test_each_request_and_what_came_of_it_is_on_record(tmp_path):
    async def run(model: Model) -> None:
        await accepted(model, 1)
        await failing(model, 2)

    with_model([ollama_generate("yes"), cut(ollama_generate("yes"))], run, audit=Audit(tmp_path / "a"))
    lines = lines_of(tmp_path / "a")
    assert [(line["request"], sorted(line.keys() - {"time", "request"})) for line in lines] == [
        (1, ["body", "sent_to", "sha256"]),
        (1, ["received_bytes", "status"]),
        (2, ["body", "sent_to", "sha256"]),
        (2, ["received_bytes", "status"]),
        (3, ["body", "sent_to", "sha256"]),
        (3, ["failed"]),
    ]
    assert [line["status"] for line in lines if "status" in line] == [200, 200]
    assert lines[-1]["failed"] == "LLMRetryError"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"]) for line in lines)


def test_the_body_on_record_is_the_one_that_was_sent(tmp_path):
    with serving(ollama(ollama_generate("yes"), model="m")) as server:

        async def run() -> None:
            async with Model(chosen(server.url), audit=Audit(tmp_path / "a")) as model:
                await ask(model)

        asyncio.run(run())
        sent = [asked.json for asked in server.requests]
        assert [line["body"] for line in lines_of(tmp_path / "a") if "body" in line] == sent
        assert lines_of(tmp_path / "a")[2]["sent_to"] == f"{server.url}/api/generate"


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_no_key_is_on_record(tmp_path, monkeypatch, provider):
    monkeypatch.setenv("MY_KEY", KEY)
    answer = {"openai": openai_chat("yes"), "anthropic": anthropic_message("yes")}[provider]
    with serving(answer) as server:
        choice = chosen(server.url, provider, api_key_env="MY_KEY")
        assert choice.settings.api_key is not None

        async def run() -> None:
            async with Model(choice, audit=Audit(tmp_path / "a")) as model:
                await ask(model)

        asyncio.run(run())
        assert any(KEY in value for value in server.requests[0].headers.values())
    assert KEY not in (tmp_path / "a").read_text()


def test_the_record_of_a_run_is_added_to_that_of_the_runs_before(tmp_path):
    for _ in range(2):
        with_model(ollama_generate("yes"), ask, audit=Audit(tmp_path / "a"))
    assert len(lines_of(tmp_path / "a")) == 8


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes")
def test_the_record_is_its_owners_alone(tmp_path):
    with_model(ollama_generate("yes"), ask, audit=Audit(tmp_path / "new" / "a"))
    assert stat.S_IMODE((tmp_path / "new" / "a").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_nothing_is_sent_that_cannot_be_put_on_record(tmp_path):
    (tmp_path / "file").write_text("")
    with serving(ollama(ollama_generate("yes"), model="m")) as server:

        async def run() -> None:
            async with Model(chosen(server.url), audit=Audit(tmp_path / "file" / "a")) as model:
                await ask(model)

        with pytest.raises(OutputError, match="what is sent has to be written down there"):
            asyncio.run(run())
        assert server.requests == []


def test_half_a_character_can_be_put_on_record(tmp_path):
    async def run(model: Model) -> str:
        prompt = Prompt(system="", user="a \ud800 b", schema={})
        return (await model.ask(prompt, identity=[1])).completion.text

    assert with_model(ollama_generate("yes"), run, audit=Audit(tmp_path / "a"))[0] == "yes"


def test_a_request_that_is_given_up_is_on_record(tmp_path):
    async def run(model: Model) -> None:
        await failing(model)

    with_model(stalled(), run, audit=Audit(tmp_path / "a"), timeout=0.2)
    assert lines_of(tmp_path / "a")[-1]["failed"] == "LLMTimeoutError"


# Which provider, model, address and key


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("http://localhost:11434/api/generate", "ollama"),
        ("http://gpu-box:11434/api/chat", "ollama"),
        ("http://localhost:11434", "ollama"),
        ("https://api.openai.com/v1/chat/completions", "openai"),
        ("http://localhost:8000/v1", "openai"),
        ("https://api.anthropic.com/v1/messages", "anthropic"),
        ("https://api.mistral.ai/v1/chat/completions", "mistral"),
        ("https://generativelanguage.googleapis.com/v1beta", "gemini"),
    ],
)
def test_auto_tells_the_provider_by_the_address(endpoint, name):
    choice = choose(AUTO, model="m", endpoint=endpoint)
    assert (choice.provider.name, choice.automatic, choice.settings.endpoint) == (name, True, endpoint)


def test_an_address_that_tells_nothing_is_an_error_that_lists_the_providers():
    with pytest.raises(UsageError, match=r"whose address http://localhost:8080/x is: .* anthropic, gemini, .* openai$"):
        choose(AUTO, model="m", endpoint="http://localhost:8080/x?a=1")


def test_an_unknown_provider_names_the_nearest():
    with pytest.raises(UsageError, match=r"no providers named 'olama'; did you mean 'ollama'\?"):
        choose("olama", model="m", endpoint=None)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "mistral", "gemini"])
def test_a_model_that_is_not_given_is_an_error(provider):
    with pytest.raises(UsageError, match=f"^llm.model is not given: name one of the models of {provider}$"):
        choose(provider, model=None, endpoint=None)


def test_without_an_address_it_is_the_providers_own():
    assert choose("openai", model="m", endpoint=None).settings.endpoint == "https://api.openai.com/v1/chat/completions"


def test_the_evidence_needs_neither_model_nor_address():
    choice = choose("local", model=None, endpoint=None, loopback_only=True)
    assert (choice.provider.remote, choice.settings.endpoint, choice.missing_key) == (False, "", None)


def key_of(choice: choosing.Choice) -> str | None:
    key = choice.settings.api_key
    return None if key is None else key.get_secret_value()


OWN = {
    "openai": ("OPENAI_API_KEY", "https://api.openai.com/v1"),
    "anthropic": ("ANTHROPIC_API_KEY", "https://api.anthropic.com/v1/messages"),
    "mistral": ("MISTRAL_API_KEY", "https://api.mistral.ai/v1"),
    "gemini": ("GEMINI_API_KEY", "https://generativelanguage.googleapis.com/v1beta"),
}


@pytest.mark.parametrize("provider", OWN)
@pytest.mark.parametrize("address", [None, "own", "http://localhost:8000/v1", "http://127.0.0.1:8000/v1"])
def test_the_key_of_a_provider_is_for_its_own_address_and_this_machine(monkeypatch, provider, address):
    variable, own = OWN[provider]
    monkeypatch.setenv(variable, KEY)
    choice = choose(provider, model="m", endpoint=own if address == "own" else address)
    assert (key_of(choice), choice.missing_key) == (KEY, None)


@pytest.mark.parametrize("provider", [*OWN, "ollama"])
@pytest.mark.parametrize(
    "address",
    [
        "https://models.example/v1",
        "https://api.openai.com.evil.example/v1",
        "https://localhost.evil.example/v1",
        "https://evil.example/v1#api.openai.com",
        "https://evil.example/api.openai.com/v1",
    ],
)
def test_the_key_of_a_provider_is_for_no_other_address(monkeypatch, provider, address):
    for variable in KEY_VARIABLES:
        monkeypatch.setenv(variable, KEY)
    choice = choose(provider, model="m", endpoint=address)
    assert (key_of(choice), choice.missing_key) == (None, None)


def test_a_key_that_is_named_is_sent_where_it_is_told_to(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    choice = choose("openai", model="m", endpoint="https://models.example/v1", api_key_env="OPENAI_API_KEY")
    assert key_of(choice) == KEY


def test_a_key_that_is_named_counts_more_than_that_of_the_provider(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    assert key_of(choose("openai", model="m", endpoint=None, api_key_env="MY_KEY")) == KEY


@pytest.mark.parametrize(
    ("provider", "endpoint", "variable", "missing"),
    [
        ("openai", None, None, "OPENAI_API_KEY"),
        ("anthropic", None, None, "ANTHROPIC_API_KEY"),
        ("openai", None, "MY_KEY", "MY_KEY"),
        ("openai", "http://localhost:8000/v1", "MY_KEY", "MY_KEY"),
        ("openai", "https://models.example/v1", "MY_KEY", "MY_KEY"),
        ("openai", "http://localhost:8000/v1", None, None),
        ("openai", "https://models.example/v1", None, None),
        ("ollama", None, None, None),
        ("ollama", "http://gpu-box:11434", None, None),
    ],
)
@pytest.mark.parametrize("held", [None, "", "  "])
def test_a_key_that_is_needed_and_not_there_is_told_of(monkeypatch, *, provider, endpoint, variable, missing, held):
    if held is not None and missing is not None:
        monkeypatch.setenv(missing, held)
    choice = choose(provider, model="m", endpoint=endpoint, api_key_env=variable)
    assert (choice.missing_key, key_of(choice)) == (missing, None)


def test_without_the_key_nothing_is_sent():
    with serving(openai_chat("yes")) as server:

        async def run() -> list[LLMError]:
            async with Model(chosen(server.url, "openai", api_key_env="MY_KEY")) as model:
                return [await failing(model, name) for name in (1, 2)]

        errors = asyncio.run(run())
        assert {type(error) for error in errors} == {LLMAuthenticationError}
        assert re.search(r"^nothing was sent, .* MY_KEY holds no key$", str(errors[0]))
        assert server.requests == []


def test_no_key_is_sent_to_another_host_by_the_model_itself(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(choosing, "is_loopback", lambda _url: False)
    with serving(openai_chat("yes")) as server:

        async def run() -> str:
            async with Model(chosen(server.url, "openai")) as model:
                return await ask(model)

        assert asyncio.run(run()) == "yes"
        assert KEY not in str(server.requests[0].headers)


@pytest.mark.parametrize(
    ("provider", "endpoint"),
    [
        ("openai", None),
        ("anthropic", None),
        ("mistral", None),
        ("gemini", None),
        (AUTO, "https://api.openai.com/v1"),
        ("ollama", "http://192.0.2.7:11434"),
        ("ollama", "http://gpu-box:11434"),
        ("openai", "https://127.0.0.1.evil.example/v1"),
    ],
)
def test_addresses_elsewhere_are_refused_where_only_this_machine_is_allowed(provider, endpoint):
    with pytest.raises(UsageError, match="expected one on this machine"):
        choose(provider, model="m", endpoint=endpoint, loopback_only=True)


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:11434", "http://localhost:11434", "http://[::1]:11434"])
def test_addresses_on_this_machine_are_fine_where_only_this_machine_is_allowed(endpoint):
    assert choose("ollama", model="m", endpoint=endpoint, loopback_only=True).provider.name == "ollama"


def test_timeout_and_longest_answer_are_those_that_were_given():
    settings = choose("ollama", model="m", endpoint=None, timeout=7.0, answer_tokens=99).settings
    assert (settings.timeout, settings.answer_tokens) == (7.0, 99)


def test_no_key_stands_in_what_a_choice_says_of_itself(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    choice = choose("openai", model="m", endpoint=None)
    assert key_of(choice) == KEY
    assert KEY not in repr(choice) + str(choice)


def test_an_answer_repeats_no_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(lambda asked: openai_chat(f"you sent {asked.headers['authorization']}")) as server:

        async def run() -> str:
            async with Model(chosen(server.url, "openai")) as model:
                return await ask(model)

        assert asyncio.run(run()) == "you sent Bearer <key>"


def test_an_error_of_the_server_repeats_no_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(openai_error(401, f"Incorrect API key provided: {KEY}")) as server:

        async def run() -> LLMError:
            async with Model(chosen(server.url, "openai")) as model:
                return await failing(model)

        error = asyncio.run(run())
    assert isinstance(error, LLMAuthenticationError)
    assert "Incorrect API key provided: <key>" in str(error)


def test_where_a_server_tells_no_tokens_the_limit_counts_what_was_estimated():
    silent = json_answer({"model": "m", "response": "{}", "done": True, "done_reason": "stop"})

    async def work(model: Model) -> LLMError:
        await accepted(model, 1)
        return await failing(model, 2)

    error, model = with_model(silent, work, limits=limits(max_tokens=700))
    assert isinstance(error, LLMLimitError)
    assert model.usage.calls == 1


def test_a_key_is_not_sent_to_its_own_host_in_the_clear(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key-Zk81qpWm4Tx7Rv2n")
    open_, closed = (
        choosing.choose("openai", model="m", endpoint=f"{scheme}://api.openai.com/v1") for scheme in ("http", "https")
    )
    assert open_.settings.api_key is None
    assert closed.settings.api_key is not None


def test_an_address_of_another_service_has_no_model_of_ollama():
    with pytest.raises(UsageError, match=r"llm\.model is not given"):
        choosing.choose("auto", model=None, endpoint="http://localhost:8080/v1/chat/completions")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://me:hunter2x@localhost:8080/v1",
        "https://hunter2x@models.example/v1",
        "https://models.example/v1?key=hunter2x",
        "https://models.example/v1?api-version=1&api_key=hunter2x",
        "https://models.example/v1?access_token=hunter2x",
    ],
)
def test_a_key_in_an_address_is_refused_and_not_shown(endpoint):
    with pytest.raises(UsageError, match=r"llm\.api_key_env") as caught:
        choose("openai", model="m", endpoint=endpoint)
    assert "hunter2x" not in str(caught.value)


def test_a_version_in_an_address_is_no_key():
    endpoint = "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2026-01-01"
    assert choose("openai", model="m", endpoint=endpoint).settings.endpoint == endpoint


@pytest.mark.parametrize(
    "shown",
    [
        json_answer({"capabilities": ["completion"], "remote_host": "https://ollama.com:443"}),
        json_answer({"capabilities": ["completion"], "remote_model": "gpt-oss:120b"}),
        json_answer({"error": "not here"}, status=500),
        text_answer("<html>"),
    ],
)
def test_a_model_that_another_machine_runs_is_asked_nothing_in_compliance(shown):
    def script(asked):
        return shown if asked.path == "/api/show" else ollama_generate("yes")

    async def work(url: str, **changes) -> object:
        async with Model(chosen(url, **changes), limits=limits()) as model:
            try:
                return await ask(model)
            except LLMError as error:
                return error

    with serving(script) as server:
        refused = asyncio.run(work(server.url, loopback_only=True))
        assert questions(server) == 0
        assert isinstance(refused, LLMRequestError)
        assert "nothing was sent" in str(refused)
        assert asyncio.run(work(server.url)) == "yes"


def test_a_server_that_never_answers_is_asked_one_question():
    async def work(model: Model) -> None:
        for name in range(3):
            await failing(model, name)

    _, model = with_model(stalled(), work, timeout=0.2)
    assert (model.usage.calls, model.usage.not_asked) == (1, 2)
