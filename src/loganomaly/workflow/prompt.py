"""The step that writes the question."""

import secrets

from loganomaly.errors import UsageError
from loganomaly.prompts.fields import check_fields
from loganomaly.prompts.writing import PromptText, enhanced, write_question
from loganomaly.redaction.pseudonyms import Pseudonyms
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.step import WorkflowStep

__all__ = ["PromptGenerationStep"]


class PromptGenerationStep(WorkflowStep):
    """Adds "prompt", the text of the question, in which no secret is left.

    Parameters
    ----------
    template
        "enhanced" for the built-in prompt, "custom" for `custom_template`.
    custom_template
        Text with fields such as {log}; see `loganomaly.prompts.fields`. How to answer is said besides.
    redact_personal
        Whether e-mail and IP addresses are hidden as well.

    Raises
    ------
    ConfigError
        If a field is unknown.
    UsageError
        If `template` is neither, or a custom one is missing.
    """

    def __init__(
        self, *, template: str = "enhanced", custom_template: str | None = None, redact_personal: bool = True
    ) -> None:
        super().__init__("prompt")
        if template not in {"enhanced", "custom"} or (template == "custom" and custom_template is None):
            msg = f"given template={template!r}, expected 'enhanced', or 'custom' with a custom_template"
            raise UsageError(msg)
        if custom_template is not None:
            check_fields(custom_template)
        built_in = enhanced()
        custom = template == "custom" and custom_template is not None
        self.text = (
            PromptText(system=built_in.system, user=str(custom_template), again=built_in.again) if custom else built_in
        )
        self.redact_personal = redact_personal

    async def execute(self, context: WorkflowContext) -> bool:
        """Write the question."""
        names = Pseudonyms(personal=self.redact_personal)
        context.question = write_question(context.facts, self.text, mark=secrets.token_hex(6), names=names)
        context.add_result("prompt", context.question.user)
        return True
