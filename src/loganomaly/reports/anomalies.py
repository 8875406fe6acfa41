"""The list of anomalies.json: one entry per finding, worst first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from loganomaly.findings import Evidence, Finding
from loganomaly.mining.likeness import differing_words
from loganomaly.wording import iso

__all__ = ["describe"]

_MOST_WORDS = 20  # of a template that differ from another


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
            "subject": {"kind": finding.subject.kind, "name": clean(finding.about)},
            "log": finding.log,
            "timestamp": iso(finding.timestamp),
            "classification": finding.classification,
            "kinds": list(finding.kinds),
            "reason": clean(finding.reason),
            "tags": list(finding.tags),
            "verdict_by": "evidence",
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
            "nearest": _nearest(finding, clean=clean),
            "related": [clean(text) for text in finding.related],
            "incident": finding.incident,
            "files": [names[source] for source in finding.sources],
            "evidence": [_evidence(evidence, clean=clean) for evidence in finding.evidence],
            "samples": [
                {"source": names[sample.source], "line_number": sample.line + 1, "log": sample.text}
                for sample in finding.samples
            ],
            "context": {"before": list(finding.before), "after": list(finding.after)},
            **({} if finding.trace is None else {"trace": asdict(finding.trace)}),
        }
        for finding in findings
    ]


def _nearest(finding: Finding, *, clean: Callable[[str], str]) -> dict[str, Any] | None:
    if finding.nearest is None:
        return None
    own, usual = clean(finding.template), clean(finding.nearest.template)
    added, missing = differing_words(own, usual)
    return {
        "template_id": finding.nearest.template_id,
        "template": usual,
        "count": finding.nearest.count,
        "similarity": round(finding.nearest.similarity, 6),
        "added": list(added[:_MOST_WORDS]),
        "missing": list(missing[:_MOST_WORDS]),
    }


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
