"""What asking models has cost."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Usage"]


@dataclass(slots=True)
class Usage:
    """Counts of a run.

    `questions` were put; `calls` are requests to a model, attempts included; `answered` are questions with a usable
    answer, `hits` those of them that the cache had; `not_asked` were left out by a limit or after a failure. Tokens are
    those that servers told, or else an estimate. `seconds` is the time spent waiting for answers, of all calls
    together. `failures` counts questions without an answer, by the kind of the error.
    """

    questions: int = 0
    answered: int = 0
    calls: int = 0
    hits: int = 0
    misses: int = 0
    not_asked: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)

    def described(self) -> dict[str, Any]:
        """Return the counts as JSON has them."""
        return {
            "questions": self.questions,
            "answered": self.answered,
            "calls": self.calls,
            "cache": {"hits": self.hits, "misses": self.misses},
            "not_asked": self.not_asked,
            "tokens": {"prompt": self.prompt_tokens, "answer": self.answer_tokens},
            "seconds": round(self.seconds, 3),
            "failures": dict(sorted(self.failures.items())),
        }
