"""The step that reads the line before a model is asked."""

from dataclasses import replace

from loganomaly.legible import plain_text
from loganomaly.prompts.instructions import looks_like_instructions
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.line import words_of
from loganomaly.workflow.step import WorkflowStep

__all__ = ["ThinkingStep"]


class ThinkingStep(WorkflowStep):
    """Adds "thinking": severity, component, action, error_indicators, and whether the line speaks to a model.

    The first two are None where the line does not say; what is known of a finding counts more than the line alone. The
    model is told of them.
    """

    def __init__(self) -> None:
        super().__init__("thinking")

    async def execute(self, context: WorkflowContext) -> bool:
        """Read the line."""
        facts = context.facts
        if facts.kind == "template":
            action, indicators = words_of(facts.about)
            severity, component = facts.severity, facts.component
        else:
            reading = context.reading
            action, indicators = reading.action, reading.indicators
            severity, component = facts.severity or reading.severity, facts.component or reading.component
        action = plain_text(action)
        context.facts = replace(
            facts, severity=severity, component=component, action=action or None, indicators=indicators
        )
        context.add_result(
            "thinking",
            {
                "severity": severity,
                "component": component,
                "action": action or None,
                "error_indicators": list(indicators),
                "looks_like_instructions": looks_like_instructions(context.get_result("log")),
            },
        )
        return True
