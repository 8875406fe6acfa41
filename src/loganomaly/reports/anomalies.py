"""The list of anomalies.json: one entry per finding, worst first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from loganomaly.findings import Evidence, Finding
from loganomaly.wording import iso

__all__ = ["describe"]


def describe(
    findings: Sequence[Finding], *, names: Mapping[int, str], clean: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Return what anomalies.json says of findings.

    Parameters
    ----------
    names
        Name of each source, by its number.
    clean
        Takes secrets out of a text.
    """
    return [
        {
            "id": finding.id,
            "log": finding.log,
            "timestamp": iso(finding.timestamp),
            "classification": finding.classification,
            "reason": clean(finding.reason),
            "tags": list(finding.tags),
            "score": round(finding.score, 6),
            "severity": finding.severity,
            "component": clean(finding.component) if finding.component is not None else None,
            "source": names[finding.location.source],
            "line_number": finding.location.line + 1,
            "count": finding.count,
            "first_seen": iso(finding.first_time),
            "last_seen": iso(finding.last_time),
            "template_id": finding.template_id,
            "template": clean(finding.template),
            "related": [clean(text) for text in finding.related],
            "files": [names[source] for source in finding.sources],
            "evidence": [_evidence(evidence, clean=clean) for evidence in finding.evidence],
            "context": {"before": list(finding.before), "after": list(finding.after)},
            **({} if finding.trace is None else {"trace": asdict(finding.trace)}),
        }
        for finding in findings
    ]


def _evidence(evidence: Evidence, *, clean: Callable[[str], str]) -> dict[str, Any]:
    return {
        "detector": evidence.detector,
        "strength": round(evidence.strength, 6),
        "text": clean(evidence.text),
        "observed": evidence.observed,
        "expected": evidence.expected,
        "probability": evidence.probability,
        "first_line": None if evidence.lines is None else evidence.lines[0] + 1,
        "last_line": None if evidence.lines is None else evidence.lines[1] + 1,
        "count": evidence.count,
    }
