"""The workflow: a list of steps, run one after the other."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from loganomaly.asking.model import Model
from loganomaly.asking.usage import Usage
from loganomaly.config import Config
from loganomaly.errors import LLMError, UsageError
from loganomaly.prompts.facts import Facts
from loganomaly.prompts.instructions import TAG
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.evaluation import ResponseEvaluationStep
from loganomaly.workflow.from_config import config_of, steps_of
from loganomaly.workflow.llm_call import LLMCallStep
from loganomaly.workflow.policy import BY_EVIDENCE, BY_WORKFLOW
from loganomaly.workflow.prompt import PromptGenerationStep
from loganomaly.workflow.step import WorkflowStep
from loganomaly.workflow.thinking import ThinkingStep

__all__ = ["LogAnalysisWorkflow"]

_LOG = logging.getLogger(__name__)
_BUILT_IN = frozenset({LLMCallStep, PromptGenerationStep, ResponseEvaluationStep, ThinkingStep})


class LogAnalysisWorkflow:
    """Runs steps on a line of a log, or on a finding; whatever fails in them, the verdict of the evidence is left.

    Parameters
    ----------
    config
        Settings, as the YAML file has them (`{}` for all defaults), or a `Config`.
    steps
        Steps in the place of those that the settings name.

    Raises
    ------
    ConfigError
        If a setting is wrong.
    UsageError
        If there is no step or provider of a name, or two steps have the same.

    Examples
    --------
    >>> import asyncio
    >>> workflow = LogAnalysisWorkflow({"llm": {"provider": "local"}})
    >>> [step.name for step in workflow.steps]
    ['thinking', 'prompt', 'llm_call', 'evaluation']
    >>> result = asyncio.run(workflow.execute("ERROR: Failed to connect to database: Connection refused"))
    >>> result["classification"], result["verdict_by"], result["errors"]
    ('error', 'evidence', [])
    """

    def __init__(
        self, config: Mapping[str, Any] | Config | None = None, *, steps: Iterable[WorkflowStep] | None = None
    ) -> None:
        self.steps: list[WorkflowStep] = list(steps) if steps is not None else steps_of(config_of(config or {}))
        self._check()
        self._stack: contextlib.AsyncExitStack | None = None
        self._lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None
        self._users = 0

    # --- the list of steps

    def insert(self, step: WorkflowStep, *, before: str | None = None, after: str | None = None) -> None:
        """Insert a step before or after another one; at the end where neither is given."""
        if before is not None and after is not None:
            msg = f"given before={before!r} and after={after!r}; expected one of them"
            raise UsageError(msg)
        place = len(self.steps)
        if before is not None:
            place = self._place(before)
        elif after is not None:
            place = self._place(after) + 1
        self._change([*self.steps[:place], step, *self.steps[place:]])

    def replace(self, name: str, step: WorkflowStep) -> None:
        """Put a step in the place of another one."""
        place = self._place(name)
        self._change([*self.steps[:place], step, *self.steps[place + 1 :]])

    def remove(self, name: str) -> None:
        """Leave a step out."""
        place = self._place(name)
        self._change([*self.steps[:place], *self.steps[place + 1 :]])

    def reorder(self, order: Sequence[str]) -> None:
        """Put the steps into another order, given by all of their names."""
        if sorted(order) != sorted(step.name for step in self.steps):
            names = ", ".join(step.name for step in self.steps)
            msg = f"given the order {', '.join(order)}; expected each of {names} once"
            raise UsageError(msg)
        self._change([self.steps[self._place(name)] for name in order])

    def _place(self, name: str) -> int:
        for place, step in enumerate(self.steps):
            if step.name == name:
                return place
        msg = f"no step named {name!r}; there are {', '.join(step.name for step in self.steps)}"
        raise UsageError(msg)

    def _change(self, steps: list[WorkflowStep]) -> None:
        if self._stack is not None:
            msg = "the steps of a workflow cannot change while it is open; change them before `async with`"
            raise UsageError(msg)
        before, self.steps = self.steps, steps
        try:
            self._check()
        except UsageError:
            self.steps = before
            raise

    def _check(self) -> None:
        seen: set[str] = set()
        for step in self.steps:
            if not isinstance(step, WorkflowStep):
                msg = f"given {step!r} as a step; expected a WorkflowStep"
                raise UsageError(msg)
            if not getattr(step, "name", ""):
                msg = f"{type(step).__name__} has no name: call super().__init__(name) in its __init__"
                raise UsageError(msg)
            if step.name in seen:
                msg = f"two steps are named {step.name!r}; give one of them another name, or use replace"
                raise UsageError(msg)
            seen.add(step.name)

    # --- running them

    async def __aenter__(self) -> Self:
        """Open what steps hold open: a client, a cache. Without, each `execute` does so by itself.

        Several may use the workflow at the same time in one event loop; the last one to leave closes it.
        """
        loop = asyncio.get_running_loop()
        if self._users and self._lock is not None and self._lock[0] is not loop:
            msg = "the workflow is in use in another event loop or thread; make another one for this"
            raise UsageError(msg)
        if self._lock is None or self._lock[0] is not loop:
            self._lock = loop, asyncio.Lock()
        async with self._lock[1]:
            if self._stack is None:
                async with contextlib.AsyncExitStack() as stack:
                    for step in self.steps:
                        await stack.enter_async_context(step)
                    self._stack = stack.pop_all()
            self._users += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is None:
            return
        async with self._lock[1]:
            self._users -= 1
            if self._users == 0 and self._stack is not None:
                stack, self._stack = self._stack, None
                await stack.aclose()

    @property
    def model(self) -> Model | None:
        """The model that is asked; None where no step asks one."""
        return next((step.model for step in self.steps if isinstance(step, LLMCallStep)), None)

    @property
    def usage(self) -> Usage:
        """What asking has cost so far; all zero where no step asks a model."""
        return self.model.usage if self.model is not None else Usage()

    def asks_nobody(self) -> bool:
        """Whether running it says nothing that the evidence does not: no model answers, and all steps are built in."""
        if any(type(step) not in _BUILT_IN for step in self.steps):
            return False
        if self.model is not None:
            self.model.settle()
        return self.model is None or not self.model.remote

    async def execute(
        self, log: str, *, facts: Facts | None = None, known: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run the steps on a line of a log, or on all lines of a record.

        Parameters
        ----------
        facts
            What is known of it already; None to read it from the line.
        known
            Results that steps can get from the beginning, by name, such as the id of the finding.

        Returns
        -------
        dict
            "log", "classification", "reason", "tags", "llm_response" (text, or None), "errors" (list of mappings with
            "step", "kind" and "message"), "failed_step" (name, or None), "verdict_by" ("model" or "evidence"), and what
            each step added.

        Raises
        ------
        UsageError
            If `log` is no text.
        """
        if not isinstance(log, str):
            msg = f"given {type(log).__name__} as log; expected a text"
            raise UsageError(msg)
        context = WorkflowContext(log, facts=facts)
        for name, value in (known or {}).items():
            context.add_result(name, value)
        async with self:
            return await self._run(context)

    async def _run(self, context: WorkflowContext) -> dict[str, Any]:
        failed = None
        for step in self.steps:
            try:
                went_on = await step.execute(context)
            except LLMError as error:
                context.add_error(step.name, error)
                failed = step.name
            except Exception as error:  # noqa: BLE001  (a step may be anybody's, and must not cost the finding)
                _LOG.warning("step %s failed", step.name, exc_info=error)
                context.add_error(step.name, error)
                failed = step.name
            else:
                if went_on:
                    continue
                forgot = "; it returned None: return True to go on" if went_on is None else ""
                context.add_error(step.name, f"the step stopped the workflow{forgot}")
                failed = step.name
            break
        return _result(context, failed=failed)


def _result(context: WorkflowContext, *, failed: str | None) -> dict[str, Any]:
    """Return the result; where no step told a classification, or a reason, that of the evidence stands."""
    local = context.facts.verdict
    thinking = context.get_result("thinking")
    speaks = isinstance(thinking, Mapping) and thinking.get("looks_like_instructions")
    result: dict[str, Any] = {
        "log": context.get_result("log"),
        "classification": local.classification,
        "reason": local.reason,
        "tags": list(dict.fromkeys((*local.tags, *((TAG,) if speaks else ())))),
        "verdict_by": BY_EVIDENCE,
        "llm_response": None,
    }
    result.update(context.results)
    if context.get_result("classification") is not None and context.get_result("verdict_by") is None:
        result["verdict_by"] = BY_WORKFLOW
    result["errors"] = [dict(error) for error in context.errors]
    result["failed_step"] = failed
    return result
