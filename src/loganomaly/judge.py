"""Judges a case once: runs the detectors, fuses their evidence into one score, and folds what belongs together."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

import polars as pl

from loganomaly.case import Case
from loganomaly.classify import classify, explain
from loganomaly.detectors.base import Detector
from loganomaly.findings import MOST_SAMPLES, Evidence, Finding, Location, Subject
from loganomaly.reading.program import Level
from loganomaly.telling import told
from loganomaly.wording import decoded

__all__ = ["THRESHOLD", "Judgement", "fuse", "judge", "rank"]

THRESHOLD = 0.5
"""Score from which on something is reported."""
_NEAR_LINES = 10
_NEAR_SECONDS = 30
_FEW = 5
"""Findings of at most so many records each that lie this near to each other in one source are one event."""
_SAME = 0.8
"""Frequent findings whose times overlap by this share 0..1 of both together are one event."""
_LONG = 10
"""A finding over a time of more windows than this does not explain one of them."""
_BESIDE, _BESIDE_MANY = "line beside it that is as rare", "lines beside it that are as rare"
_AT_ONCE, _AT_ONCE_MANY = "kind of line over the same time", "kinds of line over the same time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Findings, worst first, and the score and evidence of every subject that any detector spoke of."""

    findings: tuple[Finding, ...]
    scores: Mapping[Subject, float]
    evidence: Mapping[Subject, tuple[Evidence, ...]]


def judge(case: Case, detectors: Iterable[Detector]) -> Judgement:
    """Run `detectors` over `case`.

    The score of a subject is 1 minus the product of (1 - weight * strength) over the detectors that speak of it, each
    by its strongest evidence: every detector can only raise it, none alone beyond its weight.
    """
    weights: dict[str, float] = {}
    by_subject: defaultdict[Subject, list[Evidence]] = defaultdict(list)
    for detector in detectors:
        weights[detector.name] = detector.weight
        for evidence in detector.detect(case):
            by_subject[evidence.subject].append(evidence)

    ranked = {
        subject: tuple(sorted(found, key=lambda e: (-weights[e.detector] * e.strength, e.detector, e.text)))
        for subject, found in sorted(by_subject.items())
    }
    scores = {subject: fuse(found, weights) for subject, found in ranked.items()}
    numbers = {template.id: number for number, template in enumerate(case.templates)}
    findings = [
        _finding(case, numbers, subject, scores[subject], ranked[subject])
        for subject in ranked
        if scores[subject] >= THRESHOLD
    ]
    unusual = [numbers[finding.template_id] for finding in findings if finding.template_id is not None]
    return Judgement(findings=tuple(told(case, _folded(findings), unusual=unusual)), scores=scores, evidence=ranked)


def fuse(evidence: Iterable[Evidence], weights: Mapping[str, float]) -> float:
    """Return the score 0..1 of a subject from its evidence and the weight of each detector."""
    best: defaultdict[str, float] = defaultdict(float)
    for e in evidence:
        best[e.detector] = max(best[e.detector], weights[e.detector] * e.strength)
    return 1 - prod(1 - best[name] for name in sorted(best))


def _finding(
    case: Case, numbers: Mapping[str, int], subject: Subject, score: float, evidence: tuple[Evidence, ...]
) -> Finding:
    spot = next((e for e in evidence if e.location is not None), None)
    identity = hashlib.blake2b(f"{subject.kind}\0{subject.name}".encode(), digest_size=6).hexdigest()
    tags = tuple(dict.fromkeys(tag for e in evidence for tag in e.tags))
    common = {
        "id": identity,
        "subject": subject,
        "score": score,
        "classification": classify(evidence),
        "reason": explain(evidence),
        "tags": tags,
        "evidence": evidence,
    }
    if subject.kind != "template":
        location = spot.location if spot else None
        if spot is None or location is None:
            msg = f"evidence on {subject.kind} {subject.name!r} without a location"
            raise ValueError(msg)
        span = evidence[0].span or (None, None)
        count, sources = spot.count or 1, (location.source,)
        if subject.kind == "component":
            named = [name for name in case.profile.components["name"].unique() if decoded(name) == subject.name]
            rows = case.profile.components.filter(pl.col("name").is_in(named))
            count, sources = int(rows["records"].sum()), tuple(sorted(rows["source"].unique().to_list()))
        return Finding(
            **common,  # type: ignore[arg-type]
            template_id=None,
            template="",
            component=subject.name if subject.kind == "component" else None,
            severity=Level.UNKNOWN.name,
            count=count,
            first_time=span[0],
            last_time=span[1],
            location=location,
            sources=sources,
        )
    number = numbers[subject.name]
    row = case.table.row(number, named=True)
    own = Location(source=row["source"], line=row["first_line"], offset=row["first_offset"])
    return Finding(
        **common,  # type: ignore[arg-type]
        template_id=subject.name,
        template=case.templates[number].text,
        component=decoded(row["component"]) if row["component"] else None,
        severity=Level(row["level"]).name,
        count=row["records"],
        first_time=row["first_time"],
        last_time=row["last_time"],
        location=(spot.location if spot else None) or own,
        sources=tuple(row["sources"]),
    )


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """Fold findings that are one event into the worst of them; worst first.

    Rare findings side by side in a source are one event, and so are frequent ones that begin and end together. A window
    of time says nothing new where another finding is about the same time.
    """
    ordered = sorted(_without_explained(findings), key=lambda f: (f.location.source, f.location.line, f.id))
    kept: list[Finding] = []
    for foldable, group in groupby(ordered, key=_is_event):
        if not foldable:
            kept += group
            continue
        run: list[Finding] = []
        for finding in group:
            if run and not _near(run[-1], finding):
                kept.append(_fold(run, one=_BESIDE, many=_BESIDE_MANY))
                run = []
            run.append(finding)
        kept.append(_fold(run, one=_BESIDE, many=_BESIDE_MANY))
    together: list[list[Finding]] = []
    for finding in sorted(kept, key=rank):
        group_of = next((group for group in together if _same_span(group[0], finding)), None)
        if group_of is None:
            together.append([finding])
        else:
            group_of.append(finding)
    return sorted((_fold(group, one=_AT_ONCE, many=_AT_ONCE_MANY) for group in together), key=rank)


def _without_explained(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out the windows of time at which something else was found."""
    given = list(findings)
    spans = [
        span
        for f in given
        if f.subject.kind != "window"
        for span in ((f.first_time, f.last_time), *(e.span for e in f.evidence))
        if span is not None
    ]
    return [f for f in given if f.subject.kind != "window" or not any(_explains(span, f) for span in spans)]


def _explains(span: tuple[int | None, int | None], window: Finding) -> bool:
    """Whether a stretch of time overlaps a window, and is not so long that it would overlap most of them."""
    first, last = span
    if first is None or last is None or window.first_time is None or window.last_time is None:
        return False
    width = window.last_time - window.first_time
    return first < window.last_time and last >= window.first_time and last - first <= _LONG * width


def rank(finding: Finding) -> tuple[float, int, int, str]:
    """Return the key by which findings are sorted: worst first, then by place."""
    return (-round(finding.score, 6), finding.location.source, finding.location.line, finding.id)


def _same_span(one: Finding, other: Finding) -> bool:
    """Whether two frequent findings, new in the log, begin and end together."""
    if not ("new" in one.tags and "new" in other.tags and one.first_time is not None and other.first_time is not None):
        return False
    both = min(one.last_time, other.last_time) - max(one.first_time, other.first_time)  # type: ignore[type-var, operator]
    either = max(one.last_time, other.last_time) - min(one.first_time, other.first_time)  # type: ignore[type-var, operator]
    return both >= _SAME * either


def _is_event(finding: Finding) -> bool:
    return finding.template_id is not None and finding.count <= _FEW and "leak" not in finding.tags


def _near(one: Finding, other: Finding) -> bool:
    if one.location.source != other.location.source:
        return False
    if one.first_time is not None and other.first_time is not None:
        return abs(other.first_time - one.first_time) <= _NEAR_SECONDS * 1_000_000
    return other.location.line - one.location.line <= _NEAR_LINES


def _fold(run: Sequence[Finding], *, one: str, many: str) -> Finding:
    worst = min(run, key=rank)
    others = [f for f in run if f is not worst]
    if not others:
        return worst
    times = [t for f in run for t in (f.first_time, f.last_time) if t is not None]
    more = f"1 more {one}" if len(others) == 1 else f"{len(others)} more {many}"
    return replace(
        worst,
        reason=f"{worst.reason} Together with {more}.",
        related=(*worst.related, *(text for f in others for text in (f.template, *f.related))),
        places=(*worst.places, *(place for f in others for place in (f.location, *f.places)))[:MOST_SAMPLES],
        sources=tuple(sorted({source for f in run for source in f.sources})),
        first_time=min(times, default=None),
        last_time=max(times, default=None),
    )
