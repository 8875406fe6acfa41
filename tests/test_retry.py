"""Calls that are tried again: which, when, and how often."""

import asyncio
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.errors import (
    LLMAuthenticationError,
    LLMError,
    LLMModelMissingError,
    LLMPaymentError,
    LLMRequestError,
    LLMRetryError,
    LLMUnparsedError,
    LLMUnreachableError,
    UsageError,
)
from loganomaly.retry import RetryConfig, RetryState, with_retries

EXACT = {"jitter": 0.0}


def busy(count: int = 1, *, retry_after: float | None = None) -> list[BaseException]:
    return [LLMRetryError(f"busy {number}", retry_after=retry_after) for number in range(count)]


class Run:
    """A call that has one outcome after the other, the answer "done" last, and the waits between them."""

    def __init__(self, *outcomes: BaseException) -> None:
        self.outcomes = list(outcomes)
        self.waits: list[float] = []
        self.calls = 0
        self.state = RetryState()

    async def call(self) -> str:
        self.calls += 1
        if self.outcomes:
            raise self.outcomes.pop(0)
        return "done"

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def __call__(self, *, deadline: float | None = None, **changes) -> str:
        config = RetryConfig(**changes)
        return asyncio.run(with_retries(self.call, config, deadline=deadline, state=self.state, sleep=self.sleep))


def waits(count: int, **changes) -> list[float]:
    run = Run(*busy(count))
    run(max_attempts=count + 1, **changes)
    return run.waits


def test_a_call_that_succeeds_is_made_once():
    run = Run()
    assert run() == "done"
    assert (run.calls, run.waits) == (1, [])
    assert run.state == RetryState(attempts=1, waited=0.0, errors=[])


def test_a_call_that_fails_for_the_moment_is_made_again():
    run = Run(*busy(2))
    assert run() == "done"
    assert run.calls == 3


def test_waits_double_up_to_the_longest():
    assert waits(6, **EXACT) == [1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"initial_delay": 0.5, "max_delay": 3.0}, [0.5, 1, 2, 3]),
        ({"backoff_factor": 3.0, "max_delay": 100.0}, [1, 3, 9, 27]),
        ({"backoff_factor": 1.0, "initial_delay": 2.0}, [2, 2, 2, 2]),
        ({"initial_delay": 0.0}, [0, 0, 0, 0]),
        ({"initial_delay": 0.0, "max_delay": 0.0}, [0, 0, 0, 0]),
        ({"initial_delay": 20.0, "max_delay": 10.0}, [20, 20, 20, 20]),
    ],
)
def test_waits_follow_the_settings(changes, expected):
    assert waits(4, **EXACT, **changes) == expected


def test_waits_stay_finite_whatever_the_number_of_attempts():
    assert waits(2000, **EXACT)[-1] == 10


def test_the_random_part_lies_between_nothing_and_its_share():
    found = waits(200, backoff_factor=1.0, initial_delay=4.0, jitter=0.25)
    assert 4 <= min(found) < max(found) <= 5


@given(
    initial_delay=st.floats(0, 100),
    max_delay=st.floats(0, 100),
    backoff_factor=st.floats(1, 10),
    jitter=st.floats(0, 2),
)
@settings(max_examples=60, deadline=None)
def test_every_wait_is_at_least_the_first_and_at_most_the_longest_with_its_random_part(**changes):
    longest = max(changes["max_delay"], changes["initial_delay"]) * (1 + changes["jitter"])
    for wait in waits(4, **changes):
        assert changes["initial_delay"] <= wait * (1 + 1e-9)
        assert wait <= longest * (1 + 1e-9)


def test_the_last_error_is_raised_where_no_attempt_succeeds():
    errors = busy(3)
    run = Run(*errors)
    with pytest.raises(LLMRetryError) as caught:
        run(max_attempts=3)
    assert caught.value is errors[-1]
    assert (run.calls, len(run.waits)) == (3, 2)


def test_one_attempt_means_no_wait():
    run = Run(*busy(1))
    with pytest.raises(LLMRetryError):
        run(max_attempts=1)
    assert (run.calls, run.waits) == (1, [])


def test_a_server_that_nobody_answers_at_is_asked_again():
    assert Run(LLMUnreachableError("nobody"))() == "done"


@pytest.mark.parametrize(
    "error",
    [
        LLMError("failed"),
        LLMPaymentError("no money"),
        LLMAuthenticationError("bad key"),
        LLMModelMissingError("no model"),
        LLMRequestError("bad"),
        LLMUnparsedError("prose"),
        UsageError("no URL"),
        TimeoutError("ours"),
        ValueError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_end_the_call_at_once(error):
    run = Run(error)
    with pytest.raises(type(error)) as caught:
        run()
    assert caught.value is error
    assert (run.calls, run.waits) == (1, [])


def test_another_error_after_a_wait_ends_the_call_too():
    run = Run(*busy(1), LLMPaymentError("no money"))
    with pytest.raises(LLMPaymentError):
        run(max_attempts=9)
    assert run.calls == 2


# What a server asks for


def test_a_server_that_asks_to_wait_longer_is_obeyed():
    run = Run(*busy(2, retry_after=30))
    run(**EXACT)
    assert run.waits == [30, 30]


@pytest.mark.parametrize("asked", [0.0, 0.5])
def test_a_server_that_asks_to_wait_shorter_does_not_shorten_the_wait(asked):
    run = Run(*busy(2, retry_after=asked))
    run(**EXACT)
    assert run.waits == [1, 2]


def test_what_a_server_asks_for_is_forgotten_at_the_next_error():
    run = Run(*busy(1, retry_after=30), *busy(1))
    run(**EXACT)
    assert run.waits == [30, 2]


def test_the_longest_wait_of_this_side_does_not_bind_what_a_server_asks_for():
    run = Run(*busy(1, retry_after=45))
    run(max_delay=5.0)
    assert run.waits == [45]


def test_a_wait_as_long_as_the_longest_that_is_obeyed_is_obeyed():
    run = Run(*busy(1, retry_after=60))
    assert run() == "done"
    assert run.waits == [60]


@pytest.mark.parametrize(("asked", "most"), [(60.5, 60.0), (math.inf, 60.0), (1e9, 60.0), (3.0, 2.0), (0.1, 0.0)])
def test_a_server_that_asks_for_more_is_not_called_again(asked, most):
    run = Run(*busy(1, retry_after=asked))
    with pytest.raises(LLMRetryError) as caught:
        run(max_attempts=9, max_retry_after=most)
    assert caught.value.retry_after == asked
    assert (run.calls, run.waits) == (1, [])


# The deadline


@pytest.mark.parametrize("deadline", [0.0, 0.5, 1.0])
def test_no_attempt_begins_after_the_deadline(deadline):
    run = Run(*busy(1))
    with pytest.raises(LLMRetryError, match="busy 0"):
        run(deadline=deadline, **EXACT)
    assert (run.calls, run.waits) == (1, [])


def test_an_attempt_before_the_deadline_is_made():
    run = Run(*busy(1))
    assert run(deadline=100.0, **EXACT) == "done"


def test_a_server_that_asks_to_wait_past_the_deadline_is_not_called_again():
    run = Run(*busy(1, retry_after=30))
    with pytest.raises(LLMRetryError):
        run(deadline=20.0)
    assert run.calls == 1


def test_time_spent_in_attempts_and_waits_counts_towards_the_deadline(monkeypatch):
    passed = [0.0]
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + passed[0])

    class Slow(Run):
        async def call(self):
            passed[0] += 100
            return await super().call()

        async def sleep(self, seconds):
            passed[0] += seconds
            await super().sleep(seconds)

    run = Slow(*busy(9))  # attempts end after 100, 250 and 400 s
    with pytest.raises(LLMRetryError, match="busy 2"):
        run(max_attempts=9, deadline=350, initial_delay=50.0, max_delay=50.0, **EXACT)
    assert run.waits == [50, 50]


# What is written down


def test_attempts_waits_and_errors_are_written_down():
    errors = busy(2, retry_after=7)
    run = Run(*errors)
    run(**EXACT)
    assert run.state == RetryState(attempts=3, waited=14.0, errors=errors)


def test_what_failed_for_good_is_written_down_too():
    errors = busy(1)
    run = Run(*errors, LLMPaymentError("no money"))
    with pytest.raises(LLMPaymentError):
        run(**EXACT)
    assert run.state == RetryState(attempts=2, waited=1.0, errors=errors)


def test_a_state_goes_on_from_where_it_is():
    run = Run()
    run.state.attempts = 4
    run()
    assert run.state.attempts == 5


def test_two_states_share_nothing():
    RetryState().errors.append(LLMRetryError("busy"))
    assert RetryState().errors == []


def test_no_state_is_needed():
    assert asyncio.run(with_retries(Run().call, RetryConfig())) == "done"


# Cancellation


def test_a_call_that_is_cancelled_is_not_made_again():
    run = Run(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        run()
    assert (run.calls, run.waits) == (1, [])
    assert run.state == RetryState(attempts=1)


def test_a_wait_can_be_cancelled():
    run = Run(*busy(1))

    async def cancel():
        waiting = asyncio.Event()

        async def sleep(_seconds):
            waiting.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(with_retries(run.call, RetryConfig(), sleep=sleep))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert run.calls == 1


# Settings


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("max_attempts", 1),
        ("initial_delay", 0),
        ("max_delay", 0),
        ("backoff_factor", 1),
        ("jitter", 0),
        ("max_retry_after", 0),
    ],
)
@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, -math.inf, "3", None, [3]], ids=repr)
def test_a_value_out_of_range_is_a_usage_error(name, least, wrong):
    with pytest.raises(UsageError) as caught:
        RetryConfig(**{name: wrong})
    assert str(caught.value) == f"RetryConfig: given {name}={wrong!r}, expected a number, at least {least}"


@pytest.mark.parametrize(("name", "wrong"), [("max_attempts", 0), ("max_attempts", 0.5), ("backoff_factor", 0.99)])
def test_a_value_just_out_of_range_is_a_usage_error(name, wrong):
    with pytest.raises(UsageError, match=f"given {name}={wrong}, expected a number, at least 1$"):
        RetryConfig(**{name: wrong})


def test_the_least_values_are_in_range():
    RetryConfig(max_attempts=1, initial_delay=0, max_delay=0, backoff_factor=1, jitter=0, max_retry_after=0)


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        RetryConfig().max_attempts = 5
