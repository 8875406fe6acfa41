"""What changed before it broke, and what mended it: weak findings near an incident, or in it, count for more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loganomaly.case import Case
from loganomaly.findings import CONTEXT, Evidence, Finding, Subject
from loganomaly.fusion import Voice
from loganomaly.incidents import find_incidents, near_incident
from loganomaly.wording import duration

__all__ = ["VOICE", "in_context"]

VOICE = Voice(0.36, CONTEXT)
"""Makes a finding of what is rare, but not of what is a little unusual."""
_SURE = 0.7
"""Score from which on an incident is one that others are taken for parts of."""
_SUMS = {"component", "level", "window"}
"""Subjects that are made up of many templates."""
_ONCE = 2
"""What occurs more often than this tells no moment at which something changed."""
_FEW = 5
"""Findings of at most so many records are rare lines, which do not vouch for others."""


def in_context(
    case: Case, findings: Sequence[Finding], evidence: Mapping[Subject, tuple[Evidence, ...]], by: Mapping[str, Voice]
) -> dict[Subject, Evidence]:
    """Return evidence on rare templates without a finding that begin in an incident, shortly before or after it.

    Incidents are those that the findings make: score and time alone tell, so that nothing depends on wording.
    """
    told = {finding.subject for finding in findings}
    given = [finding for finding in findings if not _sums_up(finding, by)]
    # Rare lines alone do not vouch for each other.
    rare = {finding.id for finding in given if finding.count <= _FEW}
    found = find_incidents(given, span=case.span)
    incidents = [
        # What ends an incident comes behind the last of its findings.
        replace(incident, end=incident.end + found.gap)
        for incident in found.incidents
        if incident.score >= _SURE and incident.end is not None and not rare.issuperset(incident.findings)
    ]
    rows = {template.id: number for number, template in enumerate(case.templates)}
    table = case.table.select("records", "first_time").rows()
    subjects = [
        (subject, first)
        for subject, known in evidence.items()
        if subject.kind == "template" and subject not in told and any(by[e.detector].aspect == "kind" for e in known)
        for records, first in [table[rows[subject.name]]]
        if records <= _ONCE and first is not None
    ]
    near = near_incident([first for _, first in subjects], incidents, before=found.gap)
    return {
        subject: _evidence(subject, first, start=incident.start, end=incident.end - found.gap)
        for (subject, first), incident in zip(subjects, near, strict=True)
        if incident is not None and incident.start is not None and incident.end is not None
    }


def _sums_up(finding: Finding, by: Mapping[str, Voice]) -> bool:
    """Whether a finding is the change of a component, a level or a window: of lines that are judged themselves."""
    return finding.subject.kind in _SUMS and all(by[e.detector].aspect == "time" for e in finding.evidence)


def _evidence(subject: Subject, first: int, *, start: int, end: int) -> Evidence:
    ahead, behind = (start - first) / 1e6, (first - end) / 1e6
    text = "among other unusual things"
    if ahead > 0:
        text = f"{duration(ahead)} before other unusual things begin"
    elif behind > 0:
        text = f"{duration(behind)} after other unusual things end"
    return Evidence(
        detector=CONTEXT,
        subject=subject,
        strength=1.0,
        text=f"seen {text}",
        observed=ahead,
        tags=(CONTEXT,),
        span=(first, first),
    )
