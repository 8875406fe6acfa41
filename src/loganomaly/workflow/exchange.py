"""A talk with a model about one question."""

from dataclasses import replace

from loganomaly.asking.model import Answer, Model
from loganomaly.errors import LLMError
from loganomaly.prompts.writing import Question
from loganomaly.providers.provider import Prompt

__all__ = ["Exchange"]


class Exchange:
    """A question, the answer to it, and how to ask once more."""

    def __init__(self, model: Model, prompt: Prompt, answer: Answer, *, question: Question) -> None:
        self.model = model
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
        self.answer = await self.model.ask_again(prompt, self.answer)

    def accept(self) -> None:
        """Say that the answer is of use; it is kept then."""
        self.model.accept(self.answer)

    def reject(self, error: LLMError) -> None:
        """Say that the answer is of no use."""
        self.model.fail(error)
