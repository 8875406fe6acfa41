"""Answers questions that were prepared: later, or on another machine than that of the logs."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from loganomaly.asking.model import Model
from loganomaly.errors import LLMError, LogAnomalyError
from loganomaly.opinions.answers import GivenAnswer
from loganomaly.opinions.asked import run_until_done, work_through
from loganomaly.opinions.prepared import Prepared
from loganomaly.prompts.writing import Question, enhanced
from loganomaly.redaction.pseudonyms import Pseudonyms
from loganomaly.workflow.evaluation import usable_answer
from loganomaly.workflow.exchange import Exchange

__all__ = ["answer_prepared"]


def answer_prepared(
    questions: Sequence[Prepared],
    model: Model,
    *,
    personal: bool = True,
    told: Callable[[int, int], None] | None = None,
) -> tuple[list[GivenAnswer], bool]:
    """Return the answers to questions, in their order, and whether all were asked: False if it was interrupted.

    Parameters
    ----------
    personal
        Whether e-mail and IP addresses are hidden, as secrets are: the file may have been edited.
    told
        Called with how many are done, and how many there are.
    """
    answers: dict[str, GivenAnswer] = {}

    async def one(question: Prepared) -> None:
        answers[question.custom_id] = await _answer(question, model, personal=personal)
        if told:
            told(len(answers), len(questions))

    async def all_of_them() -> None:
        async with model:
            await work_through(questions, one)

    done = run_until_done(all_of_them())
    return [answers[question.custom_id] for question in questions if question.custom_id in answers], done


async def _answer(prepared: Prepared, model: Model, *, personal: bool) -> GivenAnswer:
    names = Pseudonyms(personal=personal)
    prompt = replace(prepared.prompt, system=names.hide(prepared.prompt.system), user=names.hide(prepared.prompt.user))
    question = Question(
        system=prompt.system,
        user=prompt.user,
        shown=prompt.user,
        texts=tuple(line for line in prompt.user.split("\n") if line.startswith("| ")),  # what is there as data
        names=names,
        text=enhanced(),
        identity=(),
    )
    name, settings = prepared.custom_id, model.choice.settings
    try:
        answer = await model.ask(prompt, identity=prepared.identity)
        exchange = Exchange(model, prompt, answer, question=question)
        await usable_answer(exchange)
    except LogAnomalyError as error:  # such as that what is sent cannot be written down
        return GivenAnswer(
            custom_id=name,
            provider=model.choice.provider.name,
            model=settings.model,
            kind=error.kind if isinstance(error, LLMError) else type(error).__name__,
            message=str(error),
        )
    answer = exchange.answer
    return GivenAnswer(custom_id=name, provider=answer.provider, model=answer.model, completion=answer.completion)
