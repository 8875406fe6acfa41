"""What the settings mean for a workflow: its steps, in their order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loganomaly.asking.cache import default_cache_file
from loganomaly.asking.choice import AUTO
from loganomaly.asking.model import Limits
from loganomaly.config import Config, LLMConfig, load_config, set_keys
from loganomaly.config.keys import section_at
from loganomaly.errors import ConfigError
from loganomaly.registry import STEPS, load
from loganomaly.retry import RetryConfig
from loganomaly.workflow.llm_call import LLMCallStep
from loganomaly.workflow.prompt import PromptGenerationStep
from loganomaly.workflow.step import WorkflowStep

__all__ = ["config_of", "steps_of"]

_DEFAULTS = {f"llm.{name}": getattr(LLMConfig(), name) for name in ("endpoint", "model")}
_ORDER = ("thinking", "prompt", "llm_call", "evaluation")


def config_of(given: Mapping[str, Any] | Config) -> Config:
    """Return settings that are given as the YAML file has them.

    Raises
    ------
    ConfigError
        If a key is unknown or a value wrong.
    """
    return given if isinstance(given, Config) else load_config(overrides=dict(_flat(given, ())))


def steps_of(
    config: Config, *, loopback_only: bool = False, audit: Path | None = None, provider: str | None = None
) -> list[WorkflowStep]:
    """Return the steps that the settings name, ready to run.

    Parameters
    ----------
    loopback_only
        Send nothing elsewhere than to this machine, and hide personal data whatever the settings say.
    audit
        File in which everything that is sent is written down.
    provider
        In the place of that of the settings.

    Raises
    ------
    ConfigError
        If the settings do not go together.
    UsageError
        If there is no step or provider of a name.
    """
    steps = config.workflow.steps
    order = config.workflow.order or _ORDER
    made: list[WorkflowStep] = []
    for name in order:
        if name == "thinking" and not steps.thinking.enabled:
            continue
        kind = load(STEPS, name)
        if kind is PromptGenerationStep:
            made.append(
                PromptGenerationStep(
                    template=steps.prompt.template,
                    custom_template=steps.prompt.custom_template,
                    redact_personal=config.llm.redact_personal or loopback_only,
                )
            )
        elif kind is LLMCallStep:
            made.append(_llm_call(config, loopback_only=loopback_only, audit=audit, provider=provider))
        else:
            made.append(_made(kind, name))
    return made


def _made(kind: Any, name: str) -> WorkflowStep:
    step = kind()
    if not isinstance(step, WorkflowStep):
        msg = f"workflow.order: {name!r} is registered as {kind!r}; expected a WorkflowStep that takes no arguments"
        raise ConfigError(msg)
    return step


def _llm_call(config: Config, *, loopback_only: bool, audit: Path | None, provider: str | None) -> LLMCallStep:
    llm, retry = config.llm, config.workflow.retry
    own = config.workflow.steps.llm_call
    given = set_keys(config)
    provider = provider or own.provider or llm.provider
    # The defaults are those of the default provider, even if they are written out.
    meant = given
    if provider not in {AUTO, "ollama"}:
        meant = given - {key for key, value in _DEFAULTS.items() if getattr(llm, key.removeprefix("llm.")) == value}
    model = own.model or (llm.model if "llm.model" in meant else None)
    cache_file = Path(llm.cache_file).expanduser() if llm.cache_file is not None else default_cache_file()
    return LLMCallStep(
        provider=provider,
        model=model,
        endpoint=llm.endpoint if "llm.endpoint" in meant or provider == AUTO else None,
        api_key_env=llm.api_key_env,
        timeout=llm.timeout,
        answer_tokens=llm.answer_tokens,
        limits=Limits(
            max_calls=llm.max_calls,
            max_seconds=llm.max_seconds,
            max_tokens=llm.max_tokens,
            concurrency=llm.concurrency,
            deadline=llm.deadline,
            retry=RetryConfig(
                max_attempts=min(retry.max_attempts, llm.max_retries + 1),
                initial_delay=retry.initial_delay,
                max_delay=retry.max_delay,
                backoff_factor=retry.backoff_factor,
                jitter=retry.jitter,
                max_retry_after=retry.max_retry_after,
            ),
        ),
        cache_file=cache_file if llm.cache else None,
        audit=audit,
        loopback_only=loopback_only,
    )


def _flat(given: Mapping[str, Any], path: tuple[str, ...]) -> list[tuple[str, object]]:
    """Return the values in a tree of settings, by their dotted keys."""
    found: list[tuple[str, object]] = []
    for name, value in given.items():
        below = (*path, str(name))
        if isinstance(value, Mapping) and section_at(below) is not None:
            found += _flat(value, below)
        else:
            found.append((".".join(below), value))
    return found
