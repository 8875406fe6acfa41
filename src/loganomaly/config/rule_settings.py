"""The settings of rules: events that are known."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from loganomaly.config.section import DISAGREE, Section

__all__ = ["RulePatternConfig", "RulesConfig", "unknown_rule"]

_NAME = "[a-z][a-z0-9-]{0,59}"
_TAG = r"[a-z0-9][a-z0-9._-]{0,59}"
_TAKEN = frozenset({
    "burst", "dip", "flood", "heartbeat", "leak", "new", "new_value", "outlier", "rare", "session", "shift", "silence",
    "value", "window",
})  # fmt: skip
"""Tags that say what was measured."""


class RulesConfig(Section):
    """Rules: which are searched for in every line."""

    enabled: bool = Field(default=True, description="Search every line for what rules know.")
    without: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Names of rules that are not searched for."
    )
    sigma: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Files and folders with Sigma rules; needs pip install 'loganomaly[sigma]'."
    )


class RulePatternConfig(Section):
    """A rule of the user's."""

    name: str = Field(min_length=1, examples=["out-of-paper"], description="Name: small letters, digits, dashes.")
    pattern: str = Field(
        min_length=1,
        examples=["(?i)out of paper"],
        description="Regular expression of RE2 for what stands in a line; ^ and $ are the ends of the line.",
    )
    reason: str = Field(min_length=1, examples=["the printer needs paper"], description="What it means, a phrase.")
    tags: Annotated[tuple[str, ...], Field(strict=False)] = Field(default=(), description="Tags of what it finds.")
    severity: Literal["critical", "high", "medium", "low"] = Field(
        default="medium",
        description="How bad it is: critical and high alone are a finding, medium beside something else, low is not.",
    )

    @model_validator(mode="after")
    def _rule_works(self) -> Self:
        from loganomaly.rules import default_rules, own_rule

        key, reason = "", ""
        wrong = next((n for n, tag in enumerate(self.tags) if not re.fullmatch(_TAG, tag) or tag in _TAKEN), None)
        if not re.fullmatch(_NAME, self.name):
            key, reason = "name", f"given {self.name!r}, expected a small letter, then small letters, digits and dashes"
        elif any(rule.name == self.name for rule in default_rules()):
            key = "name"
            reason = (
                f"there is a built-in rule {self.name!r}; choose another name, and name that one under rules.without "
                "if this one is to take its place"
            )
        elif "\n" in self.reason or not self.reason.isprintable():
            key, reason = "reason", f"given {self.reason!r}, expected one line of text"
        elif wrong is not None:
            tag = self.tags[wrong]
            why = "says what was measured" if tag in _TAKEN else "is not of small letters, digits, dots and dashes"
            key, reason = f"tags.{wrong + 1}", f"{tag!r} {why}; choose another tag"
        else:
            try:
                own_rule(self.name, self.pattern, reason=self.reason)
            except ValueError as error:
                key, reason = "pattern", f"given {self.pattern!r}: {error}"
        if key:
            raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [key], "reason": reason})
        return self


def unknown_rule(name: str, known: Iterable[str]) -> str:
    """Return what is said of a name under rules.without that no rule has."""
    near = get_close_matches(name, sorted(known), n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`loganomaly rules` lists them"
    return f"no rule is called {name!r}; {hint}"
