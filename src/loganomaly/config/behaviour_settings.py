"""The settings of behavioural rules: how often something may happen, within some time."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from loganomaly.config.section import DISAGREE, Section

if TYPE_CHECKING:
    from loganomaly.behaviours.rule import BehaviourRule

__all__ = ["BehaviourConfig"]

_MOST = 100_000
"""Largest threshold: so many records of a group and window are kept."""


class BehaviourConfig(Section):
    """One behavioural rule."""

    name: str = Field(
        min_length=1,
        examples=["brute-force"],
        pattern=r"^[\w.:-]{1,60}$",
        description="Name of the rule: letters, digits, dashes; one with that of a built-in rule takes its place.",
    )
    enabled: bool = Field(default=True, description="Whether it holds; false switches a built-in rule off.")
    type: str | None = Field(
        default=None,
        examples=["count"],
        description="What is measured: 'count' of records, 'distinct_count' of values of a field, or 'ratio' of "
        "records that match the pattern.",
    )
    pattern: str | None = Field(
        default=None,
        min_length=1,
        description="Regular expression of RE2 that records match, with groups (?P<name>...); null means all records.",
    )
    group_by: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        description="What records have in common that are counted together: a named value, a group of the pattern, "
        "component, level, source or template; a name or a list of names, none for all records.",
    )
    field: str | None = Field(
        default=None, min_length=1, description="Of what different values are counted, in a 'distinct_count'."
    )
    window_minutes: float = Field(default=10.0, gt=0, le=527_040, description="Length of the window (minutes).")
    threshold: int | None = Field(
        default=None,
        ge=1,
        le=_MOST,
        description="From how many in a window on it is too much; of a 'ratio', records in the window from which on it "
        "is measured, 20 if not given (count).",
    )
    threshold_ratio: float | None = Field(
        default=None, gt=0, le=1, description="From which share of the records on it is too much, in a 'ratio' (0..1)."
    )
    reason: str | None = Field(
        default=None,
        min_length=1,
        description="What is said of it, with {group}, {count}, {ratio} and {window} in the place of what was found.",
    )
    severity: Literal["critical", "high", "medium", "low"] = Field(
        default="high", description="How bad it is; what is low is no finding of its own."
    )
    tags: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Words that findings are tagged with."
    )

    @field_validator("group_by", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    @model_validator(mode="after")
    def _rule_works(self) -> Self:
        if not self.enabled:
            return self
        wrong = self._wrong()
        if wrong is not None:
            key, reason = wrong
            raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [key], "reason": reason})
        return self

    def _wrong(self) -> tuple[str, str] | None:
        from loganomaly.behaviours.rule import RATIO, TYPES, wrong_in

        if self.type not in TYPES:
            near = get_close_matches(self.type or "", TYPES, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            given = "not given" if self.type is None else f"given {self.type!r}"
            return "type", f"{given}, expected one of {', '.join(map(repr, TYPES))}{hint}"
        if self.threshold is None and self.type != RATIO:
            return "threshold", f"not given, expected from how many on it is too much: 1 to {_MOST:,}"
        return wrong_in(self.rule)

    @property
    def rule(self) -> "BehaviourRule":
        """The rule that it says."""
        from loganomaly.behaviours.rule import BehaviourRule

        return BehaviourRule(
            name=self.name,
            type=str(self.type),
            pattern=self.pattern,
            group_by=self.group_by,
            field=self.field,
            window_minutes=self.window_minutes,
            threshold=20 if self.threshold is None else self.threshold,
            threshold_ratio=self.threshold_ratio,
            reason=self.reason,
            severity=self.severity,
            tags=self.tags,
        )
