"""What happens more often, in more ways, or to a larger share than rules allow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from loganomaly.behaviours import BehaviourRule, Verdict, built_in_rules, verdicts
from loganomaly.case import Case
from loganomaly.findings import Evidence, Location
from loganomaly.profile import unplace

__all__ = ["BehaviourDetector"]

_MOST_GROUPS = 5
"""Groups that are told each of a rule and a template."""
_BESIDES = 0.95
"""Strength of what is said of the others: the worst is heard first."""
_STRENGTH = {"critical": 1.0, "high": 0.9, "medium": 0.75, "low": 0.4}


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourDetector:
    """Reports the groups of records that reach the threshold of a rule, at the line that reached it first.

    What it says is about the template of that line, and of no other line. Of several groups with the same rule and
    template, those that go furthest are told. `rules` are those that records were counted by.
    """

    name: str = "behaviour"
    weight: float = 0.97
    aspect: str = "rule"
    rules: tuple[BehaviourRule, ...] = field(default_factory=built_in_rules)

    def detect(self, case: Case) -> list[Evidence]:
        """Return a piece of evidence per rule, template and group, of a few groups."""
        found = verdicts(case.profile, self.rules, case.members)
        order = {rule.name: number for number, rule in enumerate(self.rules)}
        found.sort(key=lambda verdict: (order[verdict.rule.name], verdict.template))
        alike = groupby(found, key=lambda verdict: (verdict.rule.name, verdict.template))
        return [evidence for _, same in alike for evidence in self._of_groups(case, list(same))]

    def _of_groups(self, case: Case, found: Sequence[Verdict]) -> Iterator[Evidence]:
        worst = sorted(found, key=lambda v: (-(v.ratio or 0.0), -v.count, v.time, v.place, v.group))
        others = len(worst) - 1
        more = f", and so in {others:,} more {'group' if others == 1 else 'groups'}" if others else ""
        for number, verdict in enumerate(worst[:_MOST_GROUPS]):
            yield self._evidence(case, verdict, share=_BESIDES if number else 1.0, more="" if number else more)

    def _evidence(self, case: Case, verdict: Verdict, *, share: float, more: str) -> Evidence:
        rule, group = verdict.rule, verdict.group
        if "template" in rule.group_by:
            group = f"{group}, {case.templates[verdict.template].text}".removeprefix(", ")
        source, line = unplace(verdict.place)
        return Evidence(
            detector=self.name,
            subject=case.subject(verdict.template),
            strength=share * _STRENGTH[rule.severity],
            text=rule.tell(group=group, count=verdict.count, ratio=verdict.ratio) + more,
            observed=float(verdict.count if verdict.ratio is None else verdict.ratio),
            expected=rule.least,
            tags=("behaviour", *rule.tags),
            about=rule.name,
            location=Location(source=source, line=line, offset=unplace(verdict.offset)[1]),
            count=verdict.count,
            span=(verdict.since, verdict.time),
            lines=(line, line),
        )
