"""What the steps of a workflow share."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from loganomaly.errors import LLMError, LogAnomalyError
from loganomaly.prompts.facts import Facts
from loganomaly.prompts.writing import Question
from loganomaly.redaction.secrets import redact
from loganomaly.workflow.exchange import Exchange

if TYPE_CHECKING:
    from loganomaly.workflow.line import LineReading

__all__ = ["WorkflowContext"]


class WorkflowContext:
    """The results of the steps so far, by name; the first is "log".

    Parameters
    ----------
    log
        The line, or lines of a record, that the workflow is about.
    facts
        What is known of it already; None to read it from the line.

    Attributes
    ----------
    question
        The question, once it is written.
    exchange
        The talk with the model, once it was asked.

    Examples
    --------
    >>> context = WorkflowContext("ERROR disk full")
    >>> context.add_result("found", 3)
    >>> context.get_result("found"), context.get_result("nothing", default="-")
    (3, '-')
    """

    def __init__(self, log: str, *, facts: Facts | None = None) -> None:
        self._results: dict[str, Any] = {"log": log}
        self._errors: list[dict[str, str]] = []
        self._facts = facts
        self.question: Question | None = None
        self.exchange: Exchange | None = None

    @property
    def facts(self) -> Facts:
        """What is known of the line; without anything given, what the evidence in it says."""
        if self._facts is None:
            log = self._results["log"]
            self._facts = Facts(log=log, verdict=self.reading.verdict, identity=("line", redact(log)))
        return self._facts

    @facts.setter
    def facts(self, facts: Facts) -> None:
        self._facts = facts

    @cached_property
    def reading(self) -> "LineReading":
        """What the line says by itself."""
        from loganomaly.workflow.line import read_line  # loads what reads whole logs

        return read_line(self._results["log"])

    @property
    def results(self) -> Mapping[str, Any]:
        """Everything that steps found, by name."""
        return MappingProxyType(self._results)

    @property
    def errors(self) -> tuple[Mapping[str, str], ...]:
        """What went wrong: the "step", the "kind" of error, and a "message"."""
        return tuple(self._errors)

    def get_result(self, name: str, default: Any = None) -> Any:
        """Return what a step found; `default` if none did."""
        return self._results.get(name, default)

    def add_result(self, name: str, value: Any) -> None:
        """Note down what a step found, in the place of what was there."""
        self._results[name] = value

    def add_error(self, step: str, error: Exception | str) -> None:
        """Note down what went wrong in a step."""
        if isinstance(error, LLMError):
            kind, message = error.kind, str(error)
        elif isinstance(error, LogAnomalyError):
            kind, message = type(error).__name__, str(error)
        elif isinstance(error, Exception):
            kind, message = type(error).__name__, str(error) or type(error).__name__
        else:
            kind, message = "stopped", error
        self._errors.append({"step": step, "kind": kind, "message": message})
