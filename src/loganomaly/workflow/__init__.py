"""The LLM workflow: a second opinion on a line of a log, or on a finding, in exchangeable steps.

>>> from loganomaly.workflow import LogAnalysisWorkflow, WorkflowStep
>>> class LengthStep(WorkflowStep):
...     def __init__(self):
...         super().__init__("length")
...     async def execute(self, context):
...         context.add_result("length", len(context.get_result("log")))
...         return True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loganomaly.retry import RetryConfig, RetryState
    from loganomaly.workflow.context import WorkflowContext
    from loganomaly.workflow.evaluation import ResponseEvaluationStep
    from loganomaly.workflow.llm_call import LLMCallStep
    from loganomaly.workflow.prompt import PromptGenerationStep
    from loganomaly.workflow.step import WorkflowStep
    from loganomaly.workflow.thinking import ThinkingStep
    from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = [
    "LLMCallStep",
    "LogAnalysisWorkflow",
    "PromptGenerationStep",
    "ResponseEvaluationStep",
    "RetryConfig",
    "RetryState",
    "ThinkingStep",
    "WorkflowContext",
    "WorkflowStep",
]

_HOMES = {
    "LLMCallStep": "loganomaly.workflow.llm_call",
    "LogAnalysisWorkflow": "loganomaly.workflow.workflow",
    "PromptGenerationStep": "loganomaly.workflow.prompt",
    "ResponseEvaluationStep": "loganomaly.workflow.evaluation",
    "RetryConfig": "loganomaly.retry",
    "RetryState": "loganomaly.retry",
    "ThinkingStep": "loganomaly.workflow.thinking",
    "WorkflowContext": "loganomaly.workflow.context",
    "WorkflowStep": "loganomaly.workflow.step",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: a step by itself needs no model.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    msg = f"module 'loganomaly.workflow' has no attribute {name!r}; it has: {', '.join(__all__)}"
    raise AttributeError(msg)
