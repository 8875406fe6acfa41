"""The settings of the language model, and of the workflow that asks it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from loganomaly.config.section import DISAGREE, Section
from loganomaly.errors import ConfigError

__all__ = [
    "LLMCallStepConfig",
    "LLMConfig",
    "PromptStepConfig",
    "RetrySettings",
    "StepsConfig",
    "ThinkingStepConfig",
    "WorkflowConfig",
]


class LLMConfig(Section):
    """The language model that gives a second opinion."""

    provider: str = Field(
        default="auto",
        min_length=1,
        description="Name of a registered provider; 'local' asks no model, 'auto' asks the endpoint if it answers.",
    )
    model: str = Field(default="mistral:instruct", min_length=1, description="Name of the model to ask.")
    endpoint: str = Field(
        default="http://localhost:11434/api/generate",
        pattern=r"^https?://[^\s/]\S*$",
        examples=["http://localhost:11434/api/generate"],
        description="HTTP address that requests are posted to (URL); not given, that of the provider.",
    )
    api_key_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        examples=["OPENAI_API_KEY"],
        description="Environment variable that holds the key; null means the provider's own, at its own address.",
    )
    timeout: float = Field(default=30.0, gt=0, description="Longest wait for one answer (seconds).")
    deadline: float = Field(
        default=90.0, gt=0, description="Longest time for one question, with all attempts and waits (seconds)."
    )
    max_retries: int = Field(default=3, ge=0, description="Further attempts after a failed request (count).")
    max_calls: int = Field(default=20, ge=0, description="Most requests of a run, attempts included (count).")
    max_seconds: float = Field(
        default=300.0, gt=0, description="Time after which a run asks no further question (seconds)."
    )
    max_tokens: int | None = Field(
        default=None, ge=1, description="Most tokens of a run, in questions and answers; null means no limit (count)."
    )
    answer_tokens: int = Field(default=512, ge=64, description="Longest answer (tokens).")
    concurrency: int | None = Field(
        default=None,
        ge=1,
        description="Questions asked at the same time; null means 1 on this machine, 4 elsewhere (count).",
    )
    redact_personal: bool = Field(
        default=True,
        description="Send names in the place of personal data, IP addresses too; secrets never leave.",
    )
    cache: bool = Field(default=True, description="Keep answers, so that the same is not asked again.")
    cache_file: str | None = Field(
        default=None, min_length=1, description="SQLite file of the answers; null means one in the user's cache folder."
    )


class RetrySettings(Section):
    """How a failed call of a model is made again; llm.max_retries bounds the attempts as well."""

    max_attempts: int = Field(default=3, ge=1, description="Attempts in all, the first included (count).")
    initial_delay: float = Field(default=1.0, ge=0, description="Wait before the second attempt (seconds).")
    max_delay: float = Field(
        default=10.0, ge=0, description="Longest wait between two attempts (seconds); at least initial_delay."
    )
    backoff_factor: float = Field(
        default=2.0, ge=1, description="Each wait is this many times the one before it (ratio)."
    )
    jitter: float = Field(
        default=0.1, ge=0, description="Largest random part of a wait, as a share of that wait (ratio)."
    )
    max_retry_after: float = Field(
        default=60.0,
        ge=0,
        description="Longest wait that a server is granted; one that asks for more is left (seconds).",
    )

    @model_validator(mode="after")
    def _delays_agree(self) -> Self:
        if self.max_delay < self.initial_delay:
            raise PydanticCustomError(
                DISAGREE,
                "{reason}",
                {
                    "keys": ["max_delay", "initial_delay"],
                    "reason": f"max_delay is {self.max_delay:g} s, expected at least initial_delay, which is "
                    f"{self.initial_delay:g} s; raise max_delay or lower initial_delay",
                },
            )
        return self


class ThinkingStepConfig(Section):
    """The step that reads severity, component, action and words of trouble before the model is asked."""

    enabled: bool = Field(default=True, description="Run the thinking step.")


class PromptStepConfig(Section):
    """The step that writes the prompt."""

    template: Literal["enhanced", "custom"] = Field(
        default="enhanced", description="The built-in prompt ('enhanced') or custom_template ('custom')."
    )
    custom_template: str | None = Field(
        default=None,
        min_length=1,
        description="Text of the prompt when template is 'custom', with fields such as {log}.",
    )

    @model_validator(mode="after")
    def _custom_has_its_template(self) -> Self:
        reason = ""
        if self.custom_template is not None:
            from loganomaly.prompts.fields import check_fields

            try:
                check_fields(self.custom_template)
            except ConfigError as error:
                reason = str(error)
        elif self.template == "custom":
            reason = (
                "template is 'custom' but custom_template has no text; give the prompt as "
                "custom_template or use template 'enhanced'"
            )
        if reason:
            raise PydanticCustomError(DISAGREE, "{reason}", {"keys": ["custom_template", "template"], "reason": reason})
        return self


class LLMCallStepConfig(Section):
    """The step that asks the model."""

    provider: str | None = Field(
        default=None, min_length=1, description="Provider for this step; null means that of llm.provider."
    )
    model: str | None = Field(
        default=None, min_length=1, description="Model for this step; null means that of llm.model."
    )


class StepsConfig(Section):
    """The steps of the workflow."""

    thinking: ThinkingStepConfig = Field(default_factory=ThinkingStepConfig, description="Reading before asking.")
    prompt: PromptStepConfig = Field(default_factory=PromptStepConfig, description="Writing the prompt.")
    llm_call: LLMCallStepConfig = Field(default_factory=LLMCallStepConfig, description="Asking the model.")


class WorkflowConfig(Section):
    """How findings are put to the language model."""

    order: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None,
        min_length=1,
        examples=[["thinking", "prompt", "llm_call", "evaluation"]],
        description="Names of registered steps, in their order; null means thinking, prompt, llm_call, evaluation.",
    )
    retry: RetrySettings = Field(default_factory=RetrySettings, description="Making a failed call again.")
    steps: StepsConfig = Field(default_factory=StepsConfig, description="The steps of the workflow.")
