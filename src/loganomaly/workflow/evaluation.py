"""The step that reads what the model answered, and decides what stands."""

from collections.abc import Iterable

from loganomaly.classify import NORMAL
from loganomaly.errors import LLMUnparsedError
from loganomaly.prompts.facts import Verdict
from loganomaly.prompts.instructions import looks_like_instructions
from loganomaly.workflow.answer import ANOMALY, ModelAnswer, parse_answer, quoted_in
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.exchange import Exchange
from loganomaly.workflow.policy import BY_EVIDENCE, standing
from loganomaly.workflow.step import WorkflowStep

__all__ = ["ResponseEvaluationStep", "usable_answer"]


class ResponseEvaluationStep(WorkflowStep):
    """Adds "opinion", what the model says; and "classification", "reason" and "tags", what stands, by "verdict_by".

    An answer that cannot be read is asked for once more. See `loganomaly.workflow.policy` for what stands.
    """

    def __init__(self, name: str = "evaluation") -> None:
        super().__init__(name)

    async def execute(self, context: WorkflowContext) -> bool:
        """Read the answer.

        Raises
        ------
        LLMUnparsedError
            If it cannot be read; then the verdict of the evidence stands.
        """
        exchange = context.exchange
        if exchange is None:
            answer = parse_answer(str(context.get_result("llm_response", "")))
            data = str(context.get_result("log"))
        else:
            answer = await self._asked(context, exchange)
            data = exchange.question.shown
            context.add_result("llm_response", exchange.restore(exchange.answer.completion.text))
            answer = answer.model_copy(update={"reason": exchange.restore(answer.reason)})
        facts = context.facts
        suspicious = _speaks_to_models(exchange.question.texts if exchange is not None else (facts.log,))
        if answer.classification == ANOMALY:
            named = facts.verdict.classification
            answer = answer.model_copy(update={"classification": named if named != NORMAL else "warning"})
        opinion = Verdict(classification=answer.classification, reason=answer.reason, tags=tuple(answer.tags))
        found = quoted_in(answer.quote, data)
        quote = answer.quote if found else ""
        stands = standing(facts.verdict, opinion, measured=facts.classes, suspicious=suspicious, quoted=found)
        by = BY_EVIDENCE if exchange is not None and not exchange.partner.remote else stands.by
        context.add_result(
            "opinion",
            {
                "classification": answer.classification,
                "reason": answer.reason,
                "tags": answer.tags,
                # What the model says that it read, only if it is there to be read.
                "quote": quote if exchange is None else exchange.restore(quote),
                "quote_found": found,
                "unheard": stands.unheard,
            },
        )
        context.add_result("classification", stands.verdict.classification)
        context.add_result("reason", stands.verdict.reason)
        context.add_result("tags", list(stands.verdict.tags))
        context.add_result("verdict_by", by)
        return True

    async def _asked(self, context: WorkflowContext, exchange: Exchange) -> ModelAnswer:
        """Return what the model says; what it took is told even if that is of no use."""
        try:
            return await usable_answer(exchange)
        finally:
            context.add_result("llm_call", exchange.described())


async def usable_answer(exchange: Exchange) -> ModelAnswer:
    """Return what the model says, asked once more if its first answer cannot be read.

    Raises
    ------
    LLMError
        If there is no answer that can be read.
    """
    exchange.check_refusal()
    try:
        answer = _read(exchange)
    except LLMUnparsedError as problem:
        await exchange.ask_again(str(problem))
        try:
            answer = _read(exchange)
        except LLMUnparsedError as error:
            exchange.reject(error)
            raise
    # What was answered to a line that gives orders is of no use to another.
    exchange.accept(keep=not _speaks_to_models(exchange.question.texts))
    return answer


def _speaks_to_models(texts: Iterable[str]) -> bool:
    return any(looks_like_instructions(text) for text in texts)


def _read(exchange: Exchange) -> ModelAnswer:
    completion = exchange.answer.completion
    if completion.end == "length":
        msg = "the answer was cut off: be shorter"
        raise LLMUnparsedError(msg)
    return parse_answer(completion.text)
