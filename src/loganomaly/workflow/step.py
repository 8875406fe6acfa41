"""One step of a workflow."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from loganomaly.workflow.context import WorkflowContext

__all__ = ["WorkflowStep"]


class WorkflowStep(ABC):
    """Looks at what the steps before it found, and adds what it finds itself.

    Steps that are registered in the entry-point group "loganomaly.workflow_steps" can be named in the settings; they
    are made without arguments. A step that holds something open does so from `__aenter__` to `__aexit__`, which the
    workflow calls.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @abstractmethod
    async def execute(self, context: WorkflowContext) -> bool:
        """Do the work. Return True to go on, False to stop the workflow here; an exception stops it as well."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
