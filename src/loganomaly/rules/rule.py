"""One rule: an event that is known, and how logs write it."""

from dataclasses import dataclass
from typing import Literal

from loganomaly.rules.expression import Expression, holds, pattern

__all__ = ["SEVERITIES", "Rule", "RuleSeverity", "own_rule"]

RuleSeverity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[RuleSeverity, ...] = ("critical", "high", "medium", "low")
"""How bad what a rule knows may be, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule; its fields are those of an entry of a data file, see `loganomaly.rules.load`.

    `anchors` are texts of which a record must have one at the beginning of a word, in any case of letters, or the rule
    holds for it in no case; a rule without any is tried on every record. `origin` is where it comes from.
    """

    name: str
    reason: str
    severity: RuleSeverity
    expression: Expression
    tags: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    origin: str = "built-in"
    samples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()

    # What is searched for by compiled code has these as well; see `loganomaly.scan.anchors`.
    @property
    def inside(self) -> tuple[str, ...]:
        """None: anchors begin words."""
        return ()

    @property
    def names(self) -> tuple[str, ...]:
        """No texts that are given a value."""
        return ()

    @property
    def near(self) -> tuple[str, ...]:
        """No texts that are followed by a digit."""
        return ()

    @property
    def forms(self) -> tuple[str, ...]:
        """Nothing that only its form tells."""
        return ()

    @property
    def least(self) -> int:
        """How long the word of an anchor is does not matter."""
        return 0

    def holds(self, record: bytes) -> bool:
        """Return whether the rule holds for a record."""
        return holds(self.expression, record)


def own_rule(
    name: str, pattern_text: str, *, reason: str, severity: RuleSeverity = "medium", tags: tuple[str, ...] = ()
) -> Rule:
    """Return a rule of the user's.

    Raises
    ------
    ValueError
        RE2 cannot read the pattern, or it covers the empty text.

    Examples
    --------
    >>> own_rule("paper", "out of paper", reason="The printer needs paper").holds(b"lp0: out of paper")
    True
    """
    expression = pattern(pattern_text)
    if expression.search(b"") is not None:
        raise ValueError("it covers the empty text, and so would be found everywhere")
    return Rule(name=name, reason=reason, severity=severity, expression=expression, tags=tags, origin="settings")
