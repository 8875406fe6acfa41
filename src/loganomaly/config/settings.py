"""The settings themselves: frozen values with defaults, bounds and units."""

import re
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from loganomaly.config.behaviour_settings import BehaviourConfig
from loganomaly.config.leak_settings import LeaksConfig, SecurityPatternConfig
from loganomaly.config.llm_settings import LLMConfig, WorkflowConfig
from loganomaly.config.rule_settings import RulePatternConfig, RulesConfig, unknown_rule
from loganomaly.config.section import DISAGREE, Section
from loganomaly.errors import ConfigError
from loganomaly.reading.zones import find_zone

__all__ = [
    "SUPPRESSIBLE",
    "Config",
    "DetectorsConfig",
    "LofConfig",
    "MaskConfig",
    "ReadingConfig",
    "RollingWindowConfig",
    "SuppressConfig",
    "set_keys",
]

SUPPRESSIBLE = ("template", "component", "session", "level")
"""What entries of `suppress` can be about: what stays the same from log to log, unlike a window of time."""


_BOTH = "keep one of the two, with both patterns: this|that"
_ADVICE = {
    "masks": _BOTH,
    "additional_security_patterns": _BOTH,
    "behavioral_rules": "give one of the two another name",
    "additional_rule_based_patterns": _BOTH,
}
"""What to do about a name that is given twice."""


class ReadingConfig(Section):
    """How timestamps are read that do not say themselves."""

    timezone: str = Field(
        default="UTC",
        min_length=1,
        examples=["Europe/Berlin"],
        description="Zone of timestamps without one: an IANA name, or an offset such as '+02:00'.",
    )
    day_first: bool | None = Field(
        default=None, description="Whether 03/04/2026 is the third of April; null means found out by the lines."
    )
    year: int | None = Field(
        default=None,
        ge=1970,
        le=2200,
        description="Year of the first timestamp without one; null means found out by when the file was written.",
    )

    @model_validator(mode="after")
    def _timezone_exists(self) -> Self:
        try:
            find_zone(self.timezone)
        except ConfigError as error:
            raise PydanticCustomError(DISAGREE, "{reason}", {"keys": ["timezone"], "reason": str(error)}) from error
        return self


class MaskConfig(Section):
    """What the values of one type look like."""

    name: str = Field(
        min_length=1,
        examples=["order_id"],
        description="Name of the type; a mask with that of a built-in one takes its place.",
    )
    pattern: str | None = Field(
        min_length=1,
        examples=[r"ORD-\d+"],
        description="Regular expression, without look-around, for whole values; null switches the built-in mask off.",
    )

    @model_validator(mode="after")
    def _mask_works(self) -> Self:
        from loganomaly.mining.masks import Mask, check_mask, check_name

        key = "name"
        try:
            check_name(self.name)
            key = "pattern"
            check_mask(Mask(name=self.name, pattern=self.pattern))
        except ConfigError as error:
            raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [key], "reason": str(error)}) from error
        return self


class SuppressConfig(Section):
    """Findings that are not shown: those on a template, component, session or level, for reasons that are known."""

    template: str | None = Field(default=None, description="Text of the template, as anomalies.json has it.")
    component: str | None = Field(default=None, description="Name of the component, of findings on a whole component.")
    session: str | None = Field(
        default=None, description="What few sessions do, as anomalies.json names it, of findings on sessions."
    )
    level: str | None = Field(default=None, description="Name of the level, of findings on a whole level.")
    reason: str = Field(
        min_length=1,
        examples=["error + rare_event"],
        description="Kinds of evidence that are known ('kinds' in anomalies.json), with a plus sign between them.",
    )
    id: str | None = Field(default=None, description="Id of the finding: 12 digits 0-9 and a-f.")
    note: str | None = Field(default=None, description="Why it is not shown.")
    date: str | None = Field(default=None, description="When it was dismissed.")

    @model_validator(mode="after")
    def _says_what_and_why(self) -> Self:
        key, reason = "", ""
        subjects = self._subjects()
        if len(subjects) != 1:
            key = subjects[1][0] if subjects else SUPPRESSIBLE[0]
            given = " and ".join(name for name, _ in subjects) or "none"
            reason = (
                "an entry is about a template, a component, a session or a level, "
                f"and here {given} {'is' if len(subjects) < 2 else 'are'} given; give one of them"
            )
        elif self.level is not None and self.level not in _levels():
            key, reason = "level", f"given {self.level!r}, expected one of {', '.join(_levels())}"
        elif any(not part.strip() for part in self.reason.split("+")):
            key, reason = "reason", f"given {self.reason!r}, expected reasons such as 'error + rare_event'"
        elif self.id is not None and not re.fullmatch("[0-9a-f]{12}", self.id):
            key, reason = "id", f"given {self.id!r}, expected 12 digits 0-9 and a-f, or no id"
        if key:
            raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [key], "reason": reason})
        return self

    @property
    def about(self) -> tuple[str, str]:
        """What the entry is about: its kind, such as "component", and its text or name."""
        return self._subjects()[0]

    def _subjects(self) -> list[tuple[str, str]]:
        return [(name, text) for name in SUPPRESSIBLE if (text := getattr(self, name)) is not None]


def _levels() -> list[str]:
    """Return the names of levels, the gravest first."""
    from loganomaly.reading.program import Level  # numpy would make every start slower

    return [level.name for level in sorted(Level, reverse=True)]


class LofConfig(Section):
    """Local outlier factor."""

    enabled: bool = Field(default=True, description="Run the local outlier factor detector.")
    neighbors: int = Field(default=20, ge=1, description="Neighbours each point is compared with (count).")
    contamination: float = Field(
        default=0.1, gt=0, le=0.5, description="Share of the points expected to be anomalous (0..0.5)."
    )


class RollingWindowConfig(Section):
    """Repetition within windows of consecutive lines."""

    enabled: bool = Field(default=True, description="Run the rolling window detector.")
    window_size: int = Field(default=1000, ge=2, description="Consecutive lines in one window (count).")
    repetition_threshold: float = Field(
        default=0.75, gt=0, le=1, description="Share of a window from which it counts as repetitive (0..1)."
    )


class DetectorsConfig(Section):
    """Which detectors run, and with what."""

    lof: LofConfig = Field(default_factory=LofConfig, description="Local outlier factor.")
    rolling_window: RollingWindowConfig = Field(
        default_factory=RollingWindowConfig, description="Repetition within windows of lines."
    )
    contamination: float | None = Field(
        default=None,
        gt=0,
        le=0.5,
        description="Largest share of all records that findings are about, the worst first (0..0.5); "
        "null means as many as are unusual.",
    )


class Config(Section):
    """All settings of a run.

    Raises
    ------
    pydantic.ValidationError
        When built directly from wrong values; :func:`loganomaly.config.load_config` raises ``ConfigError``.

    Examples
    --------
    >>> Config().detectors.lof.neighbors
    20
    """

    reading: ReadingConfig = Field(default_factory=ReadingConfig, description="Reading of timestamps.")
    masks: Annotated[tuple[MaskConfig, ...], Field(strict=False)] = Field(
        default=(), description="What values look like, before what the built-in masks say of them."
    )
    suppress: Annotated[tuple[SuppressConfig, ...], Field(strict=False)] = Field(
        default=(), description="Findings that are not shown."
    )
    suppress_file: str | None = Field(
        default=None,
        min_length=1,
        description="File with further entries of suppress, as `loganomaly dismiss` writes it.",
    )
    detectors: DetectorsConfig = Field(default_factory=DetectorsConfig, description="The detectors.")
    leaks: LeaksConfig = Field(default_factory=LeaksConfig, description="Secrets and personal data.")
    additional_security_patterns: Annotated[tuple[SecurityPatternConfig, ...], Field(strict=False)] = Field(
        default=(), description="What is secret besides what the built-in kinds know."
    )
    behavioral_rules: Annotated[tuple[BehaviourConfig, ...], Field(strict=False)] = Field(
        default=(), description="How often something may happen, within some time."
    )
    rules: RulesConfig = Field(default_factory=RulesConfig, description="Events that are known.")
    additional_rule_based_patterns: Annotated[tuple[RulePatternConfig, ...], Field(strict=False)] = Field(
        default=(), description="Events that are known besides what the built-in rules know."
    )
    llm: LLMConfig = Field(default_factory=LLMConfig, description="The language model.")
    workflow: WorkflowConfig = Field(default_factory=WorkflowConfig, description="The LLM workflow.")

    @field_validator("masks", "additional_security_patterns", "behavioral_rules", "additional_rule_based_patterns")
    @classmethod
    def _names_differ(cls, entries: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        key = str(info.field_name)
        first: dict[str, int] = {}
        for number, entry in enumerate(entries, start=1):
            if entry.name in first:
                reason = f"{entry.name!r} is given twice, first as {key}.{first[entry.name]}; {_ADVICE[key]}"
                raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [f"{number}.name"], "reason": reason})
            first[entry.name] = number
        return entries

    @model_validator(mode="after")
    def _rules_exist(self) -> Self:
        if not self.rules.without or self.rules.sigma:  # whose names are known when they are read
            return self
        from loganomaly.rules import default_rules

        known = {*(rule.name for rule in default_rules()), *(rule.name for rule in self.additional_rule_based_patterns)}
        for number, name in enumerate(self.rules.without, start=1):
            if name not in known:
                place = {"keys": [f"rules.without.{number}"], "reason": unknown_rule(name, known)}
                raise PydanticCustomError(DISAGREE, "{reason}", place)
        return self

    @field_validator("suppress")
    @classmethod
    def _ids_of_suppressions_differ(cls, entries: tuple[SuppressConfig, ...]) -> tuple[SuppressConfig, ...]:
        first: dict[str, int] = {}
        for number, entry in enumerate(entries, start=1):
            if entry.id is not None and entry.id in first:
                reason = (
                    f"{entry.id} is given twice, first as suppress.{first[entry.id]}; "
                    "take the id out of the one that was written by hand"
                )
                raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [f"{number}.id"], "reason": reason})
            if entry.id is not None:
                first[entry.id] = number
        return entries


def set_keys(config: Config) -> frozenset[str]:
    """Return the dotted keys that were given, by file or override, rather than left at their default.

    A key that was given its default value counts as given: that, too, is a choice.

    Examples
    --------
    >>> sorted(set_keys(Config(llm=LLMConfig(timeout=5, model="tiny"))))
    ['llm.model', 'llm.timeout']
    """
    return frozenset(_given_below(config, ""))


def _given_below(section: BaseModel, prefix: str) -> list[str]:
    given = []
    for name in section.model_fields_set:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            given += _given_below(value, f"{prefix}{name}.")
        else:
            given.append(f"{prefix}{name}")
    return given
