"""A model that is asked with care: each question once, within limits, and no more once that is clearly in vain."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from loganomaly.asking.audit import Audit
from loganomaly.asking.cache import AnswerCache, cache_key
from loganomaly.asking.choice import LOCAL, Choice, answers
from loganomaly.asking.usage import Usage
from loganomaly.errors import (
    LLMAuthenticationError,
    LLMError,
    LLMLimitError,
    LLMModelMissingError,
    LLMPaymentError,
    LLMTimeoutError,
    LLMUnparsedError,
    LLMUnreachableError,
)
from loganomaly.providers.endpoints import host_of, is_loopback
from loganomaly.providers.local import LocalProvider
from loganomaly.providers.provider import Completion, ModelSettings, Prompt, Reply, Request, Sender
from loganomaly.retry import RetryConfig, RetryState, with_retries

__all__ = ["Answer", "Limits", "Model"]

_LOG = logging.getLogger(__name__)
_IN_VAIN = 2
"""Questions in a row without an answer, after which no more are asked."""
_HOPELESS = (LLMAuthenticationError, LLMModelMissingError, LLMPaymentError, LLMUnreachableError)
"""Failures that the next question would have as well."""
_BYTES_PER_TOKEN = 3.0  # before the server has told how many there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What asking may cost.

    Parameters
    ----------
    max_calls
        Requests of a run, attempts included (count).
    max_seconds
        Time after which a run asks no further question (seconds).
    max_tokens
        Tokens of a run, in questions and answers (count); None for no limit.
    concurrency
        Questions that are asked at the same time (count); None for 1 on this machine, where servers answer one after
        the other, and 4 elsewhere.
    deadline
        Longest time for one question, with all attempts and waits (seconds).
    """

    max_calls: int = 20
    max_seconds: float = 300.0
    max_tokens: int | None = None
    concurrency: int | None = None
    deadline: float = 90.0
    retry: RetryConfig = field(default_factory=RetryConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said: its words, why they end, whether they were kept from before, and what it took.

    It is `foreign` if it came in a file, perhaps to a question about another line.
    """

    completion: Completion
    provider: str
    model: str
    cached: bool = False
    attempts: int = 0
    key: str | None = None
    foreign: bool = False


class Model:
    """The model that the settings choose, as an asynchronous context manager; see `Choice` and `Limits`.

    Parameters
    ----------
    cache_file
        Where answers are kept; None to keep none.
    audit
        Writes down what is sent; None for nothing.

    Attributes
    ----------
    usage
        What asking has cost since it was opened, for which time the limits hold.
    note
        Why it is the local classifier, where it is instead of "auto"; None otherwise.
    problem
        What was wrong with the cache, once it is closed; None where all was well.
    stopped
        The failure after which nothing is asked any more; None where all is well.
    """

    def __init__(
        self,
        choice: Choice,
        *,
        limits: Limits | None = None,
        cache_file: Path | None = None,
        audit: Audit | None = None,
    ) -> None:
        self.choice = choice
        self.limits = limits or Limits()
        self.usage = Usage()
        self.note: str | None = None
        self.stopped: LLMError | None = None
        self._cache_file = cache_file
        self._audit = audit
        self._cache: AnswerCache | None = None
        self._in_vain = 0
        self._reserved = 0
        self._begun: float | None = None
        self._ready: asyncio.Lock | None = None
        self._is_ready = False
        self._is_settled = False
        self.problem: str | None = None
        self._settings: ModelSettings = choice.settings
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.usage, self.stopped, self._in_vain, self._reserved = Usage(), None, 0, 0
        self._begun = None
        self._ready = asyncio.Lock()
        self._is_ready = False
        self._stack = contextlib.AsyncExitStack()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        self.problem = self._cache.problem if self._cache else None
        self._cache = None

    @property
    def audited(self) -> bool:
        """Whether what is sent is written down."""
        return self._audit is not None

    @property
    def remote(self) -> bool:
        """Whether text leaves this process."""
        return self.choice.provider.remote

    def settle(self) -> None:
        """Find out, once, whether anybody answers at the address of "auto"; if not, it is the local classifier."""
        choice = self.choice
        if choice.automatic and self.remote and not self._is_settled and not answers(choice.settings.endpoint):
            self.note = f"no language model answers at {host_of(choice.settings.endpoint)}"
            self.choice = Choice(provider=LocalProvider(), settings=ModelSettings(model=LOCAL, endpoint=""))
        self._is_settled = True

    async def get_ready(self) -> None:
        """Settle which model it is, and open what asking it needs, once."""
        if self._ready is None:
            msg = "a model is used within `async with`"
            raise RuntimeError(msg)
        async with self._ready:
            if self._is_ready:
                return
            self._is_ready = True
            await asyncio.to_thread(self.settle)
            if not self.remote:
                return
            if self._cache_file is not None:
                self._cache = self._stack.enter_context(AnswerCache(self._cache_file))
            await self._open()

    async def _open(self) -> None:
        from loganomaly.providers.client import HTTPClient  # loads much, and only those who ask a model need it

        client = await self._stack.enter_async_context(HTTPClient())
        self._send: Sender = client if self._audit is None else self._audit.watching(client)
        self._gate = asyncio.Semaphore(self.limits.concurrency or (1 if is_loopback(self._settings.endpoint) else 4))
        self._prepared = False
        self._preparing = asyncio.Lock()

    async def _prepare(self, *, ends: float) -> None:
        """Find out, once and before the first request, what the model can do."""
        async with self._preparing:
            if self._prepared:
                return
            if self.choice.missing_key is not None:
                msg = f"nothing was sent, for the environment variable {self.choice.missing_key} holds no key"
                raise LLMAuthenticationError(msg)
            settings = self.choice.settings
            hurried = replace(settings, timeout=min(settings.timeout, max(0.001, ends - time.monotonic())))
            ready = await self.choice.provider.prepare(hurried, send=self._send)
            self._settings = replace(ready, timeout=settings.timeout)
            self._prepared = True

    async def ask(self, prompt: Prompt, *, identity: Sequence[object]) -> Answer:
        """Return the answer to a question.

        Parameters
        ----------
        identity
            What the answer holds for: an answer to a question of the same identity, to the same model, is used again.

        Raises
        ------
        LLMError
            If there is no answer, or the model is not asked any more.
        """
        await self.get_ready()
        self.usage.questions += 1
        provider, settings = self.choice.provider, self.choice.settings
        if not self.remote:
            completion = await provider.complete(prompt, settings, send=_nowhere)
            return Answer(completion=completion, provider=provider.name, model=settings.model)
        key = cache_key([provider.name, settings.model, *identity])
        kept = self._cache.get(key) if self._cache else None
        if kept is not None:
            self.usage.hits += 1
            return Answer(
                completion=Completion(text=kept), provider=provider.name, model=settings.model, cached=True, key=key
            )
        self.usage.misses += 1
        return await self._asked(prompt, key=key)

    async def ask_again(self, prompt: Prompt, before: Answer, *, problem: str) -> Answer:
        """Return another answer to a question whose answer could not be used.

        Raises
        ------
        LLMError
            If there is none.
        """
        if not self.remote:
            return before
        _LOG.info("%s is asked again: %s", before.model, problem)
        answer = await self._asked(prompt, key=before.key)
        return replace(answer, attempts=before.attempts + answer.attempts)

    def accept(self, answer: Answer, *, keep: bool = True) -> None:
        """Count an answer as usable, and keep it."""
        self.usage.answered += 1
        self._in_vain = 0
        if keep and self._cache and answer.key and not answer.cached:
            self._cache.put(answer.key, answer.completion.text, model=answer.model)

    def fail(self, error: LLMError) -> None:
        """Count a question as one without an answer; stop asking where the next would be in vain as well."""
        if isinstance(error, LLMLimitError):
            self.usage.not_asked += 1
            self.stopped = self.stopped or error
            return
        self.usage.failures[error.kind] += 1
        self._in_vain += 1
        silent = isinstance(error, LLMTimeoutError) and not self.usage.answered  # it may never answer
        if silent or isinstance(error, _HOPELESS) or self._in_vain >= _IN_VAIN:
            self.stopped = self.stopped or error

    async def _asked(self, prompt: Prompt, *, key: str | None) -> Answer:
        async with self._gate:
            if self.stopped is not None:
                self.usage.not_asked += 1
                raise self.stopped
            state = RetryState()
            begun = time.monotonic()
            self._begun = begun if self._begun is None else self._begun
            try:
                self._spend(0)  # nothing at all is sent once the limits are reached
                completion = await with_retries(
                    lambda: self._attempt(prompt, ends=begun + self.limits.deadline),
                    self.limits.retry,
                    deadline=self.limits.deadline,
                    state=state,
                )
            except LLMError as error:
                self.fail(error)
                raise
            seconds = time.monotonic() - begun
            _LOG.info("%s answered after %.1f s and %d attempts", self._settings.model, seconds, state.attempts)
            return Answer(
                completion=completion,
                provider=self.choice.provider.name,
                model=self._settings.model,
                attempts=state.attempts,
                key=key,
            )

    async def _attempt(self, prompt: Prompt, *, ends: float) -> Completion:
        await self._prepare(ends=ends)
        settings = self._settings
        size = len((prompt.system + prompt.user).encode("utf-8", "replace")) / _BYTES_PER_TOKEN
        wanted = int(size) + settings.answer_tokens
        self._spend(wanted)
        begun = time.monotonic()
        left = max(0.001, ends - begun)
        self.usage.calls += 1
        try:
            completion = await self.choice.provider.complete(
                prompt, replace(settings, timeout=min(settings.timeout, left)), send=self._send
            )
        finally:
            self._reserved -= wanted
            self.usage.seconds += time.monotonic() - begun
        if settings.api_key is not None and (secret := settings.api_key.get_secret_value()):
            # A server may repeat anything.
            completion = replace(completion, text=completion.text.replace(secret, "<key>"))
        told = completion.prompt_tokens or completion.answer_tokens
        self.usage.prompt_tokens += completion.prompt_tokens if told else int(size)
        self.usage.answer_tokens += completion.answer_tokens if told else settings.answer_tokens
        # Halves of characters, which JSON can tell, stand in no file and on no screen.
        return replace(completion, text=completion.text.encode("utf-8", "replace").decode())

    def _spend(self, tokens: int) -> None:
        """Make sure that another call is within the limits, those calls included that are under way."""
        usage, limits = self.usage, self.limits
        if usage.calls >= limits.max_calls:
            msg = f"all calls of this run are spent, {limits.max_calls:,} (llm.max_calls)"
            raise LLMLimitError(msg)
        if self._begun is not None and time.monotonic() - self._begun >= limits.max_seconds:
            msg = f"the {limits.max_seconds:g} s of this run are spent (llm.max_seconds)"
            raise LLMLimitError(msg)
        spent = usage.prompt_tokens + usage.answer_tokens + self._reserved
        if limits.max_tokens is not None and spent + tokens > limits.max_tokens:
            msg = f"the {limits.max_tokens:,} tokens of this run do not suffice for another question (llm.max_tokens)"
            raise LLMLimitError(msg)
        self._reserved += tokens


async def _nowhere(request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109  (what a sender is)
    msg = f"a provider that is not remote sends nothing, within {timeout:g} s or later, to {host_of(request.url)}"
    raise LLMUnparsedError(msg)
