"""Judges a case once: runs the detectors, fuses their evidence into one score, and folds what belongs together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loganomaly.case import Case
from loganomaly.context import VOICE, in_context
from loganomaly.detectors.base import Detector
from loganomaly.finding_on import finding_on
from loganomaly.findings import CONTEXT, Evidence, Finding, Subject
from loganomaly.folding import folded, rank
from loganomaly.fusion import THRESHOLD, Voice, fuse, trouble_of, voices, weigh
from loganomaly.redaction.secrets import redact
from loganomaly.suppression import Hidden, Suppression, sort_out
from loganomaly.telling import told
from loganomaly.trouble_within import trouble_within

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Findings, worst first, and the score and evidence of every subject that any detector spoke of.

    `hidden` are findings that were suppressed, worst first, which `findings` has not; `besides` are those that it has
    although a suppression is about them: they have another reason as well. `beyond` are subjects that reach the
    threshold but would take the findings beyond the contamination that was asked for. `voices` says what evidence
    counts for.
    """

    findings: tuple[Finding, ...]
    scores: Mapping[Subject, float]
    evidence: Mapping[Subject, tuple[Evidence, ...]]
    voices: Mapping[str, Voice]
    hidden: tuple[Hidden, ...] = ()
    besides: tuple[Hidden, ...] = ()
    beyond: frozenset[Subject] = frozenset()


def judge(
    case: Case,
    detectors: Iterable[Detector],
    *,
    suppressions: Sequence[Suppression] = (),
    contamination: float | None = None,
    clean: Callable[[str], str] = redact,
) -> Judgement:
    """Run `detectors` over `case`.

    What `suppressions` hide is taken out before findings are folded, so that nothing is hidden for standing beside it;
    they are compared with what findings say once `clean` has taken secrets out.

    Parameters
    ----------
    contamination
        Largest share 0..1 of all records that findings are about, the worst first; without, as many as there are.
    """
    given = list(detectors)
    by = {**voices(given), CONTEXT: VOICE}
    heard: defaultdict[Subject, list[Evidence]] = defaultdict(list)
    for detector in given:
        for evidence in detector.detect(case):
            heard[evidence.subject].append(evidence)
    numbers = {template.id: number for number, template in enumerate(case.templates)}

    def found() -> list[Finding]:
        return [
            finding_on(case, numbers, subject, scores[subject], ranked[subject], by=by)
            for subject in ranked
            if scores[subject] >= THRESHOLD
        ]

    ranked = {subject: _ranked(several, by) for subject, several in sorted(heard.items())}
    strengths = {subject: trouble_of(several, by) for subject, several in ranked.items()}
    scores = {
        subject: fuse(several, by, trouble=trouble_within(case, subject, several, strengths))
        for subject, several in ranked.items()
    }
    for subject, evidence in in_context(case, found(), ranked, by).items():
        ranked[subject] = _ranked([*ranked[subject], evidence], by)
        scores[subject] = fuse(ranked[subject], by)
    findings = sorted(found(), key=rank)
    within = _within(findings, records=case.records, contamination=contamination)
    sorted_out = sort_out(within, suppressions, clean=clean)
    unusual = [numbers[finding.template_id] for finding in findings if finding.template_id is not None]
    return Judgement(
        findings=tuple(told(case, folded(sorted_out.shown), unusual=unusual)),
        scores=scores,
        evidence=ranked,
        hidden=sorted_out.hidden,
        besides=sorted_out.besides,
        beyond=frozenset(finding.subject for finding in findings[len(within) :]),
        voices=by,
    )


def _ranked(evidence: Iterable[Evidence], by: Mapping[str, Voice]) -> tuple[Evidence, ...]:
    """Return evidence on one subject, what counts most first."""
    return tuple(sorted(evidence, key=lambda e: (-weigh(e, by), e.detector, e.text)))


def _within(findings: Sequence[Finding], *, records: int, contamination: float | None) -> Sequence[Finding]:
    """Return the worst findings, as long as they are together about at most so large a share of the records."""
    if contamination is None:
        return findings
    left = contamination * records
    for number, finding in enumerate(findings):
        left -= _size(finding)
        if left < 0:
            return findings[:number]
    return findings


def _size(finding: Finding) -> int:
    """Return how many records a finding is about: evidence may speak of some of them only, or of stretches of lines."""
    stretches = {e.lines: e.count or e.lines[1] - e.lines[0] + 1 for e in finding.evidence if e.lines is not None}
    others = [e.count or finding.count for e in finding.evidence if e.lines is None]
    return min(finding.count, max(sum(stretches.values()), *others, 0))
