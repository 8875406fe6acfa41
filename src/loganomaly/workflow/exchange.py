"""A talk with a model about one question."""

from dataclasses import replace
from typing import Any, Protocol

from loganomaly.asking.model import Answer
from loganomaly.errors import LLMError, LLMUnparsedError
from loganomaly.prompts.writing import Question
from loganomaly.providers.provider import Prompt

__all__ = ["Exchange", "Partner"]


class Partner(Protocol):
    """The other side of a talk: a model that can be asked, or one that has answered before."""

    @property
    def remote(self) -> bool:
        """Whether it is a model, and not the classifier of this package."""

    async def ask_again(self, prompt: Prompt, before: Answer, *, problem: str) -> Answer:
        """Return another answer, because of a problem with the one before."""

    def accept(self, answer: Answer, *, keep: bool) -> None:
        """Take note that an answer is of use."""

    def fail(self, error: LLMError) -> None:
        """Take note that an answer is of no use."""


class Exchange:
    """A question, the answer to it, and how to ask once more."""

    def __init__(self, partner: Partner, prompt: Prompt, answer: Answer, *, question: Question) -> None:
        self.partner = partner
        self.prompt = prompt
        self.answer = answer
        self.question = question

    async def ask_again(self, problem: str) -> None:
        """Ask once more, telling the model what was wrong with its answer.

        Raises
        ------
        LLMError
            If there is no answer.
        """
        again = self.question.text.again.replace("{problem}", problem)
        prompt = replace(self.prompt, user=f"{self.prompt.user}\n\n{again}")
        self.answer = await self.partner.ask_again(prompt, self.answer, problem=problem)

    def check_refusal(self) -> None:
        """Make sure that the model was willing to answer.

        Raises
        ------
        LLMUnparsedError
            If it was not; asking again does not help.
        """
        if self.answer.completion.end == "refused":
            error = LLMUnparsedError(f"{self.answer.provider} {self.answer.model} refuses to answer")
            self.reject(error)
            raise error

    def restore(self, text: str) -> str:
        """Return words of the model with personal data in the place of their names.

        An answer that is kept was given to another line of the same finding, and one that came in a file perhaps as
        well: its names are of that, and stay.
        """
        of_another = self.answer.cached and self.question.identity[:1] == ("finding",)
        return text if of_another or self.answer.foreign else self.question.names.restore(text)

    def described(self) -> dict[str, Any]:
        """Return what the answer took, as the result "llm_call"."""
        answer = self.answer
        return {
            "provider": answer.provider,
            "model": answer.model,
            "cached": answer.cached,
            "attempts": answer.attempts,
            "prompt_tokens": answer.completion.prompt_tokens,
            "answer_tokens": answer.completion.answer_tokens,
        }

    def accept(self, *, keep: bool) -> None:
        """Say that the answer is of use, and whether it is to others: then it is kept."""
        self.partner.accept(self.answer, keep=keep)

    def reject(self, error: LLMError) -> None:
        """Say that the answer is of no use."""
        self.partner.fail(error)
