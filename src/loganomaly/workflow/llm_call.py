"""The step that asks the model."""

import json
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from loganomaly.asking.audit import Audit
from loganomaly.asking.choice import AUTO, choose
from loganomaly.asking.model import Limits, Model
from loganomaly.errors import LLMUnparsedError
from loganomaly.prompts.facts import Verdict
from loganomaly.prompts.writing import Question, enhanced
from loganomaly.providers.provider import Prompt
from loganomaly.redaction.pseudonyms import Pseudonyms
from loganomaly.workflow.answer import MODEL_SCHEMA
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.exchange import Exchange
from loganomaly.workflow.step import WorkflowStep

__all__ = ["LLMCallStep"]

_DEFAULT_MODEL = "mistral:instruct"
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
        if provider in {AUTO, "ollama"} and model is None:
            model = _DEFAULT_MODEL
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
        """Ask the model."""
        question = _question(context)
        prompt = Prompt(
            system=question.system,
            user=question.user,
            schema=MODEL_SCHEMA,
            local=_as_answer(context.facts.verdict),
        )
        identity = (question.text.system, question.text.user, MODEL_SCHEMA, *question.identity)
        answer = await self.model.ask(prompt, identity=identity)
        context.exchange = Exchange(self.model, prompt, answer, question=question)
        if answer.completion.end == "refused":
            error = LLMUnparsedError(f"{answer.provider} {answer.model} refuses to answer")
            context.exchange.reject(error)
            raise error
        context.add_result("llm_response", question.names.restore(answer.completion.text))
        context.add_result("llm_call", _described(context.exchange))
        return True


def _question(context: WorkflowContext) -> Question:
    """Return the question: that of the step before, or one of what a step of the user's wrote."""
    written, text = context.question, context.get_result("prompt")
    if written is not None and text == written.user:
        # Once more, whoever wrote the step before: nothing that looks like a secret leaves.
        return replace(written, system=written.names.hide(written.system), user=written.names.hide(written.user))
    names, built_in = Pseudonyms(personal=True), enhanced()
    user = names.hide(str(text if text is not None else context.get_result("log")))
    system = names.hide(str(context.get_result("system_prompt") or ""))
    return Question(system=system, user=user, data=user, names=names, text=built_in, identity=("prompt", system, user))


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


def _described(exchange: Exchange) -> dict[str, Any]:
    answer = exchange.answer
    return {
        "provider": answer.provider,
        "model": answer.model,
        "cached": answer.cached,
        "attempts": answer.attempts,
        "prompt_tokens": answer.completion.prompt_tokens,
        "answer_tokens": answer.completion.answer_tokens,
    }
