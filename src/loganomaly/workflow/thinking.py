"""The step that reads the line before a model is asked."""

from dataclasses import replace

from loganomaly.prompts.instructions import looks_like_instructions
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.line import read_line
from loganomaly.workflow.step import WorkflowStep

__all__ = ["ThinkingStep"]


class ThinkingStep(WorkflowStep):
    """Adds "thinking": severity, component, action, error_indicators, and whether the line speaks to a model.

    The first two are None where the line does not say; what is known of the finding counts more than the line alone.
    The model is told of them.
    """

    def __init__(self) -> None:
        super().__init__("thinking")

    async def execute(self, context: WorkflowContext) -> bool:
        """Read the line."""
        log = context.get_result("log")
        reading = read_line(log)
        known = context.facts
        facts = replace(
            known,
            severity=known.severity or reading.severity,
            component=known.component or reading.component,
            action=known.action or reading.action or None,
            indicators=known.indicators or reading.indicators,
        )
        context.facts = facts
        context.add_result(
            "thinking",
            {
                "severity": facts.severity,
                "component": facts.component,
                "action": facts.action,
                "error_indicators": list(facts.indicators),
                "looks_like_instructions": looks_like_instructions(log),
            },
        )
        return True
