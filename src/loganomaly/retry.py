"""Trying a call again that failed for the moment: when, how often, and after how long.

What is tried again is told by the type of the error, `LLMRetryError`, and how long to wait by tenacity.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import tenacity
from tenacity.wait import wait_base

from loganomaly.errors import LLMRetryError, UsageError

__all__ = ["RetryConfig", "RetryState", "with_retries"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryConfig:
    """When a failed call is made again.

    Parameters
    ----------
    max_attempts
        Attempts in all, the first included (count).
    initial_delay
        Wait before the second attempt (seconds).
    max_delay
        Longest wait that this side chooses (seconds), without its random part.
    backoff_factor
        Each wait is this many times the one before it (ratio).
    jitter
        Largest random part that is added to a wait, as a share of it (ratio).
    max_retry_after
        A server that asks to wait (Retry-After) is obeyed up to this long; one that asks for more is not called again
        (seconds).

    Raises
    ------
    UsageError
        If a value is out of range, or not finite.

    Examples
    --------
    >>> RetryConfig(max_attempts=5, initial_delay=0.5).max_attempts
    5
    """

    max_attempts: int = 3
    initial_delay: float = 1.0
    max_delay: float = 10.0
    backoff_factor: float = 2.0
    jitter: float = 0.1
    max_retry_after: float = 60.0

    def __post_init__(self) -> None:
        least = {"max_attempts": 1, "backoff_factor": 1}
        for name in self.__slots__:
            value = getattr(self, name)
            if not (isinstance(value, int | float) and least.get(name, 0) <= value < math.inf):
                msg = f"RetryConfig: given {name}={value!r}, expected a number, at least {least.get(name, 0)}"
                raise UsageError(msg)


@dataclass(slots=True, kw_only=True)
class RetryState:
    """What became of a call: attempts made, seconds waited between them, and the errors of those that failed."""

    attempts: int = 0
    waited: float = 0.0
    errors: list[LLMRetryError] = field(default_factory=list)


async def with_retries(
    call: Callable[[], Awaitable[_T]],
    config: RetryConfig,
    *,
    deadline: float | None = None,
    state: RetryState | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> _T:
    """Return what `call` returns; if it raises `LLMRetryError`, call again after a wait.

    Parameters
    ----------
    deadline
        No attempt begins later than this many seconds after the first one began.
    state
        Where to write down what was done.
    sleep
        Waits; for tests.

    Raises
    ------
    LLMRetryError
        That of the last attempt, if no attempt succeeded.
    LLMError
        Any other one, of the first attempt that raised it.
    """
    told = state if state is not None else RetryState()
    backoff = _backoff(config)

    def wait(call_state: tenacity.RetryCallState) -> float:
        own = backoff(call_state)
        own += own * random.uniform(0, config.jitter)  # noqa: S311  (no secret)
        return max(own, _asked(call_state) or 0.0)

    def stop(call_state: tenacity.RetryCallState) -> bool:
        if call_state.attempt_number >= config.max_attempts or (_asked(call_state) or 0.0) > config.max_retry_after:
            return True
        return deadline is not None and (call_state.seconds_since_start or 0.0) + call_state.upcoming_sleep >= deadline

    async def attempt() -> _T:
        told.attempts += 1
        try:
            return await call()
        except LLMRetryError as error:
            told.errors.append(error)
            raise

    async def pause(seconds: float) -> None:
        told.waited += seconds
        await sleep(seconds)

    retrying = tenacity.AsyncRetrying(
        stop=stop,
        wait=wait,
        retry=tenacity.retry_if_exception_type(LLMRetryError),
        sleep=pause,
        reraise=True,
    )
    return await retrying(attempt)


def _backoff(config: RetryConfig) -> wait_base:
    if not config.initial_delay:
        return tenacity.wait_fixed(0)
    return tenacity.wait_exponential(
        multiplier=config.initial_delay,
        exp_base=config.backoff_factor,
        max=max(config.max_delay, config.initial_delay),
    )


def _asked(call_state: tenacity.RetryCallState) -> float | None:
    """Return how long the server asked to wait."""
    error = call_state.outcome.exception() if call_state.outcome else None
    return error.retry_after if isinstance(error, LLMRetryError) else None
