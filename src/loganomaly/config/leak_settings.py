"""The settings of what is secret."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from loganomaly.config.section import DISAGREE, Section

__all__ = ["LeaksConfig", "SecurityPatternConfig"]

_NAME = "[a-z][a-z0-9-]{0,59}"


class LeaksConfig(Section):
    """Secrets and personal data: which are searched for, and masked wherever something is written."""

    enabled: bool = Field(default=True, description="Search every line; what is written is masked all the same.")
    ip_addresses: bool = Field(default=False, description="Whether IP addresses are personal data.")
    without: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Kinds that are neither searched for nor masked, but in what is sent elsewhere."
    )
    key_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        examples=["LOGANOMALY_KEY"],
        description="Environment variable with the key that keeps pseudonyms the same in all runs; null: new ones.",
    )

    @model_validator(mode="after")
    def _kinds_exist(self) -> Self:
        if not self.without:  # kinds take a while to load
            return self
        from loganomaly.redaction.kinds import all_kinds

        names = [kind.name for kind in all_kinds()]
        for number, name in enumerate(self.without, start=1):
            if name not in names:
                reason = f"no kind of secret is called {name!r}; expected some of {', '.join(names)}"
                raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [f"without.{number}"], "reason": reason})
        return self


class SecurityPatternConfig(Section):
    """A kind of secret of the user's."""

    name: str = Field(min_length=1, examples=["badge"], description="Name of the kind: small letters, digits, dashes.")
    pattern: str = Field(
        min_length=1,
        examples=["EMP-[0-9]{6}"],
        description="Regular expression of RE2; the groups whose name begins with 'value' are the secret, or all is.",
    )
    severity: Literal["critical", "high", "medium", "low"] = Field(
        default="high", description="How bad it is; what is low is no finding of its own."
    )

    @model_validator(mode="after")
    def _pattern_works(self) -> Self:
        from loganomaly.redaction.kinds import all_kinds, own_kind

        key, reason = "", ""
        if not re.fullmatch(_NAME, self.name):
            key, reason = "name", f"given {self.name!r}, expected a small letter, then small letters, digits and dashes"
        elif any(kind.name == self.name for kind in all_kinds()):
            key, reason = "name", f"there is a built-in kind {self.name!r}; choose another name"
        else:
            try:
                own_kind(self.name, self.pattern)
            except ValueError as error:
                key, reason = "pattern", f"given {self.pattern!r}: {error}"
        if key:
            raise PydanticCustomError(DISAGREE, "{reason}", {"keys": [key], "reason": reason})
        return self
