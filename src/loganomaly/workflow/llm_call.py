"""The step that asks the model."""

import json
import secrets
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from loganomaly.asking.audit import Audit
from loganomaly.asking.choice import AUTO, choose
from loganomaly.asking.model import Limits, Model
from loganomaly.prompts.facts import Facts, Verdict
from loganomaly.prompts.fencing import fenced
from loganomaly.prompts.writing import Question, enhanced, system_of
from loganomaly.providers.provider import Prompt
from loganomaly.redaction.pseudonyms import Pseudonyms
from loganomaly.workflow.answer import MODEL_SCHEMA
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.exchange import Exchange
from loganomaly.workflow.step import WorkflowStep

__all__ = ["LLMCallStep", "hear", "identity_of", "prompt_of", "question_of"]

_DEFAULT_ENDPOINT = "http://localhost:11434/api/generate"


class LLMCallStep(WorkflowStep):
    """Adds "llm_response", the words of the model, and "llm_call": what it took.

    It asks what "prompt" says, in which secrets are replaced once more, whoever wrote it. Personal data that stand
    behind names in the answer are put back.

    Parameters
    ----------
    provider
        Name of a registered provider; "local" asks no model, "auto" the endpoint if it answers, else no model.
    model, endpoint
        What to ask, and where; None for the provider's own.
    api_key_env
        Environment variable that holds the key; None for the provider's own.
    timeout
        Longest wait for one answer (seconds).
    answer_tokens
        Longest answer (tokens).
    limits
        What asking may cost in all.
    cache_file
        SQLite file of answers; None to keep none.
    audit
        File in which everything that is sent is written down; None for none.
    loopback_only
        Whether addresses elsewhere than on this machine are an error.

    Raises
    ------
    UsageError
        If there is no such provider, or the model or address cannot be told.
    """

    def __init__(
        self,
        *,
        provider: str = AUTO,
        model: str | None = None,
        endpoint: str | None = None,
        api_key_env: str | None = None,
        timeout: float = 30.0,
        answer_tokens: int = 512,
        limits: Limits | None = None,
        cache_file: Path | None = None,
        audit: Path | None = None,
        loopback_only: bool = False,
    ) -> None:
        super().__init__("llm_call")
        if provider == AUTO and endpoint is None:
            endpoint = _DEFAULT_ENDPOINT
        choice = choose(
            provider,
            model=model,
            endpoint=endpoint,
            api_key_env=api_key_env,
            timeout=timeout,
            answer_tokens=answer_tokens,
            loopback_only=loopback_only,
        )
        self.model = Model(
            choice, limits=limits, cache_file=cache_file, audit=Audit(audit) if audit is not None else None
        )

    async def __aenter__(self) -> Self:
        await self.model.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.model.__aexit__(kind, error, trace)

    async def execute(self, context: WorkflowContext) -> bool:
        """Ask the model.

        Raises
        ------
        LLMError
            If there is no answer.
        """
        question = question_of(context)
        prompt = prompt_of(question, context.facts)
        answer = await self.model.ask(prompt, identity=identity_of(question))
        hear(context, Exchange(self.model, prompt, answer, question=question))
        return True


def hear(context: WorkflowContext, exchange: Exchange) -> None:
    """Note down what a model answered.

    Raises
    ------
    LLMUnparsedError
        If it would not.
    """
    answer = exchange.answer
    context.exchange = exchange
    context.add_result("llm_call", exchange.described())
    exchange.check_refusal()
    context.add_result("llm_response", exchange.restore(answer.completion.text))


def prompt_of(question: Question, facts: Facts) -> Prompt:
    """Return a question as providers take it."""
    return Prompt(system=question.system, user=question.user, schema=MODEL_SCHEMA, local=_as_answer(facts.verdict))


def identity_of(question: Question) -> tuple[object, ...]:
    """Return what an answer to a question holds for: its subject and reasons, and how it is asked."""
    return (question.text.system, question.text.user, MODEL_SCHEMA, *question.identity)


def question_of(context: WorkflowContext) -> Question:
    """Return the question: that of the step before, or one of what a step of the user's wrote.

    Such a step may add "prompt", and "system_prompt" in the place of the built-in one. Whoever wrote it, nothing that
    looks like a secret leaves.
    """
    written, text = context.question, context.get_result("prompt")
    own_system = context.get_result("system_prompt")
    if written is not None and text == written.user:
        system = written.names.hide(written.system if own_system is None else str(own_system))
        return replace(
            written,
            system=system,
            user=written.names.hide(written.user),
            identity=written.identity if own_system is None else (*written.identity, system),
        )
    names, built_in = Pseudonyms(personal=True), enhanced()
    names.reserve([str(text), str(own_system)])
    if text is None:  # there is no step that writes one
        user = fenced([names.hide(context.get_result("log"))], mark=secrets.token_hex(6))
        identity: tuple[str, ...] = context.facts.identity
    else:
        user = names.hide(str(text))
        identity = ("prompt", user)
    system = system_of(built_in) if own_system is None else names.hide(str(own_system))
    return Question(
        system=system,
        user=user,
        shown=user,
        texts=(context.facts.log,),
        names=names,
        text=built_in,
        identity=(*identity, system),
    )


def _as_answer(verdict: Verdict) -> str:
    return json.dumps(
        {
            "classification": verdict.classification,
            "reason": verdict.reason,
            "tags": list(verdict.tags),
            "quote": "",
        },
        ensure_ascii=False,
    )
