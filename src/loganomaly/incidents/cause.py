"""What an incident may have begun with: the first unusual thing in it that is no mere consequence."""

import re
from collections.abc import Sequence

from loganomaly.findings import Finding
from loganomaly.incidents.incident import Cause
from loganomaly.incidents.moments import Moment
from loganomaly.wording import amount, duration, times

__all__ = ["first_cause"]

_LATER = 0.7
"""What each earlier candidate leaves of a later one's weight: it must be far more unusual to outdo that."""
_TOLD = 1.25
"""How much more something weighs whose words tell of a change: it outdoes what is as unusual and a step earlier."""
_TOGETHER = 1_000_000
"""Microseconds within which the order of two lines, of two programs perhaps, tells nothing."""
_CHANGES = re.compile(
    r"(?<![^\W_])(?:deploy|migrat|config|restart|reboot|reload|upgrad|downgrad|version|releas|install|uninstall"
    r"|roll(?:ed|ing)?[ -]?(?:back|out)|start(?:ed|ing|up)\b|stopp|shut(?:ting)?[ -]?down|failover|enabl|disabl|chang)"
    r"[^\W\d_]*",
    re.IGNORECASE,
)
_CONSEQUENCES = frozenset({"burst", "flood", "leak"})


def first_cause(members: Sequence[tuple[Finding, Moment]]) -> Cause | None:
    """Return the first cause candidate of the findings of an incident, in the order of its timeline.

    A candidate is what is new or rare, a value, a level or a silence; not a flood, not a burst of what was known, not
    a leak. Each weighs its score, 0.7 times as much with each candidate before it, and a quarter more where its words
    tell of a change. The heaviest is the first cause candidate; among equals, the earlier one.
    """
    best: tuple[float, int] | None = None
    earlier, now = 0, None
    candidates = [n for n, (finding, moment) in enumerate(members) if _may_be(finding, moment)]
    for seen, n in enumerate(candidates):
        finding, moment = members[n]
        if now is None or moment.onset is None or moment.onset - now > _TOGETHER:
            earlier, now = seen, moment.onset
        weight = finding.score * _LATER**earlier * (_TOLD if _change(finding) else 1)
        if best is None or weight > best[0]:
            best = (weight, n)
    if best is None:
        return None
    place = best[1]
    return Cause(finding=members[place][0].id, place=place, reason=_reason(members, place))


def _may_be(finding: Finding, moment: Moment) -> bool:
    if "leak" in finding.tags or "flood" in finding.tags:
        return False
    # What begins here was never logged before, whatever it does then.
    begins = moment.onset is None or finding.first_time is None or finding.first_time >= moment.onset
    return begins or moment.evidence is None or not _CONSEQUENCES.intersection(moment.evidence.tags)


def _change(finding: Finding) -> str | None:
    """Return the first word of a finding that tells of a change."""
    found = (_CHANGES.search(text) for text in (finding.template, *finding.related))
    return next((match[0].lower() for match in found if match), None)


def _reason(members: Sequence[tuple[Finding, Moment]], place: int) -> str:
    finding, moment = members[place]
    if len(members) == 1:
        order = "The only unusual thing here"
    elif place == 0:
        order = f"The first unusual thing of {amount(len(members), 'finding')}"
        order += _distance(moment, members[1][1], ", %s before the next")
    else:
        order = f"The likeliest beginning of {amount(len(members), 'finding')}"
        order += _distance(members[0][1], moment, ", %s after the first of them")
    seen = f"seen {times(finding.count)}" if moment.evidence is None or moment.evidence.span is not None else ""
    change = _change(finding)
    words = f"its words tell of a change ({change})" if change else ""
    return "; ".join(part for part in (order, seen, words) if part) + "."


def _distance(one: Moment, other: Moment, text: str) -> str:
    if one.onset is None or other.onset is None or other.onset - one.onset < _TOGETHER:
        return ""
    return text % duration((other.onset - one.onset) / 1e6)
