"""One behavioural rule: what is counted, of which group, in how much time, and how much is too much."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from loganomaly.behaviours.patterns import Pattern, compiled

__all__ = ["COUNT", "DISTINCT", "PLACEHOLDERS", "RATIO", "ROLES", "SLICES", "TYPES", "BehaviourRule", "wrong_in"]

COUNT, DISTINCT, RATIO = "count", "distinct_count", "ratio"
TYPES = (COUNT, DISTINCT, RATIO)
ROLES = ("component", "level", "source", "template")
"""What records have besides named values."""
SLICES = 20
"""Into how many slices of time the window of a ratio is cut."""
PLACEHOLDERS = ("group", "count", "ratio", "window")
"""What stands in braces in a reason."""

_MOST_VALUES = 64
_MICROSECONDS = 60_000_000
_BRACES = re.compile(r"\{([^{}]*)\}")
_REASONS = {
    COUNT: "{count} records of {group} within {window}",
    DISTINCT: "{count} different values of {field} in records of {group} within {window}",
    RATIO: "{ratio} of the records of {group} within {window}",
}


@dataclass(frozen=True, kw_only=True)
class BehaviourRule:
    r"""A rule.

    Attributes
    ----------
    type
        "count" of the records that match `pattern`, "distinct_count" of the values of `field` in them, or "ratio":
        their share of all records.
    group_by, field
        Named values of records, any case, or groups of the pattern, or some of ROLES. Those with the same values of
        `group_by` are counted together; without, all are.
    window_minutes, threshold, threshold_ratio
        A window of time in which there are so many at least is too much; of a ratio, if the share is so large as well.
    words
        A pattern that messages have which match, and that says nothing of the values in them: one record tells of all
        that have its shape.

    Examples
    --------
    >>> pattern = r"refused (?P<who>\w+)"
    >>> BehaviourRule(name="guessing", type="count", pattern=pattern, group_by=("who",), threshold=5).window
    600000000
    """

    name: str
    type: str
    pattern: str | None = None
    group_by: tuple[str, ...] = ()
    field: str | None = None
    window_minutes: float = 10.0
    threshold: int = 20
    threshold_ratio: float | None = None
    reason: str | None = None
    severity: str = "high"
    tags: tuple[str, ...] = ()
    words: str | None = None
    built_in: bool = False

    @cached_property
    def id(self) -> int:
        """A number of 64 bits: the same rule has the same in the settings of all files."""
        return int.from_bytes(hashlib.blake2b(repr(self).encode(), digest_size=8).digest())

    @cached_property
    def compiled(self) -> Pattern | None:
        """The pattern, compiled."""
        return None if self.pattern is None else compiled(self.pattern)

    @property
    def names(self) -> tuple[str, ...]:
        """What a record must have to be counted: the names of the groups, and the field."""
        return (*self.group_by, *(() if self.field is None else (self.field,)))

    @property
    def window(self) -> int:
        """The window in microseconds."""
        return max(SLICES, round(self.window_minutes * _MICROSECONDS))

    @property
    def width(self) -> int:
        """Width, in microseconds, of the slots of time in which is counted: a slice of a ratio's window, else all."""
        return self.window // SLICES if self.type == RATIO else self.window

    @property
    def most(self) -> int:
        """How many records or values of a slot are told apart; from `threshold` on, the slot alone is too much."""
        return {COUNT: self.threshold, DISTINCT: max(self.threshold, _MOST_VALUES)}.get(self.type, 0)

    @property
    def least(self) -> float:
        """What the number that is observed is compared with."""
        return float(self.threshold if self.threshold_ratio is None else self.threshold_ratio)

    def tell(self, *, group: str, count: int, ratio: float | None) -> str:
        """Return the reason, filled in, on one line, and the numbers behind it."""
        said = {
            "group": group or "the log",
            "count": f"{count:,}",
            "ratio": "" if ratio is None else f"{ratio:.0%}",
            "window": _duration(self.window_minutes),
            "field": self.field or "",
        }
        reason = _BRACES.sub(lambda found: said.get(found[1], found[0]), self.reason or _REASONS[self.type])
        what = {COUNT: "", DISTINCT: f" of {self.field}"}.get(self.type, "")
        number = said["ratio"] + f" of {count:,}" if ratio is not None else said["count"]
        least = f"{self.threshold_ratio:.0%}" if self.threshold_ratio is not None else f"{self.threshold:,}"
        numbers = f"rule {self.name}: {number}{what} within {said['window']}, from {least} on"
        return " ".join(f"{reason} ({numbers})".split())


def wrong_in(rule: BehaviourRule) -> tuple[str, str] | None:
    """Return which key of a rule is wrong, and why; None where none is."""
    groups: dict[str, int] = {}
    if rule.pattern is not None:
        try:
            groups = compiled(rule.pattern).groups
        except ValueError as error:
            return "pattern", f"given {rule.pattern!r}: {error}"
    if rule.type == DISTINCT and rule.field is None:
        return "field", "not given, expected the name of the value of which different ones are counted"
    if rule.type != DISTINCT and rule.field is not None:
        return "field", f"a {rule.type} looks at no field; leave it out, or make the type 'distinct_count'"
    if rule.type == RATIO:
        if rule.threshold_ratio is None:
            return "threshold_ratio", "not given, expected the share (above 0, at most 1) that is too large"
        if rule.pattern is None:
            return "pattern", "not given, expected what the records match whose share is measured"
        own = [name for name in rule.group_by if name in groups]
        if own:
            reason = f"records that do not match have no {own[0]!r}, a group of the pattern; group by what all have"
            return "group_by", reason
    elif rule.threshold_ratio is not None:
        return "threshold_ratio", f"a {rule.type} has no ratio; leave it out, or make the type 'ratio'"
    twice = next((name for name in rule.names if [each.lower() for each in rule.names].count(name.lower()) > 1), None)
    if twice is not None:
        return "group_by", f"{twice!r} is given twice; give it once"
    unknown_group = _unknown_group(rule, groups)
    if unknown_group is not None:
        return unknown_group
    unknown = [name for name in _BRACES.findall(rule.reason or "") if name not in PLACEHOLDERS]
    if unknown:
        return "reason", f"given {{{unknown[0]}}}, expected one of {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}"
    return None


def _unknown_group(rule: BehaviourRule, groups: Mapping[str, int]) -> tuple[str, str] | None:
    """Tell of a name that is most likely meant to be a group of the pattern, for that has groups nobody asks for."""
    unused = sorted(set(groups) - set(rule.names))
    name = next((name for name in rule.names if name not in groups and name not in ROLES), None)
    if not unused or name is None:
        return None
    key = "group_by" if name in rule.group_by else "field"
    reason = (
        f"the pattern has no group {name!r}, but {', '.join(map(repr, unused))}, which nothing asks for; give one of "
        "these, or leave its name out of the pattern"
    )
    return key, reason


def _duration(minutes: float) -> str:
    for unit, size in (("hour", 60.0), ("minute", 1.0)):
        if minutes >= size and (minutes / size).is_integer():
            number = int(minutes / size)
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return f"{minutes:g} minutes" if minutes >= 1 else f"{minutes * 60:g} seconds"
