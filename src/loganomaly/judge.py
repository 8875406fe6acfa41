"""Judges a case once: runs the detectors, fuses their evidence into one score, and folds what belongs together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import polars as pl

from loganomaly.case import Case
from loganomaly.classify import classify, explain, kinds_of
from loganomaly.detectors.base import Detector
from loganomaly.findings import Evidence, Finding, Location, Subject
from loganomaly.fusion import THRESHOLD, Voice, fuse, voices, weigh
from loganomaly.reading.program import Level
from loganomaly.redaction.secrets import redact
from loganomaly.suppression import Hidden, Suppression, finding_id, sort_out
from loganomaly.wording import decoded

__all__ = ["Judgement", "judge", "rank"]

_NEAR_LINES = 10
_NEAR_SECONDS = 30
_FEW = 5
"""Findings of at most so many records each that lie this near to each other in one source are one event."""
_SAME = 0.8
"""Frequent findings whose times overlap by this share 0..1 of both together are one event."""
_BESIDE, _BESIDE_MANY = "line beside it that is as rare", "lines beside it that are as rare"
_AT_ONCE, _AT_ONCE_MANY = "kind of line over the same time", "kinds of line over the same time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Findings, worst first, and the score and evidence of every subject that any detector spoke of.

    `hidden` are findings that were suppressed, worst first, which `findings` has not; `besides` are those that it has
    although a suppression is about them: they have another reason as well.
    """

    findings: tuple[Finding, ...]
    scores: Mapping[Subject, float]
    evidence: Mapping[Subject, tuple[Evidence, ...]]
    hidden: tuple[Hidden, ...] = ()
    besides: tuple[Hidden, ...] = ()


def judge(
    case: Case,
    detectors: Iterable[Detector],
    *,
    suppressions: Sequence[Suppression] = (),
    clean: Callable[[str], str] = redact,
) -> Judgement:
    """Run `detectors` over `case`.

    What `suppressions` hide is taken out before findings are folded, so that nothing is hidden for standing beside it;
    they are compared with what findings say once `clean` has taken secrets out.
    """
    given = list(detectors)
    by = voices(given)
    by_subject: defaultdict[Subject, list[Evidence]] = defaultdict(list)
    for detector in given:
        for evidence in detector.detect(case):
            by_subject[evidence.subject].append(evidence)

    ranked = {
        subject: tuple(sorted(found, key=lambda e: (-weigh(e, by), e.detector, e.text)))
        for subject, found in sorted(by_subject.items())
    }
    scores = {subject: fuse(found, by) for subject, found in ranked.items()}
    numbers = {template.id: number for number, template in enumerate(case.templates)}
    findings = [
        _finding(case, numbers, subject, scores[subject], ranked[subject], by=by)
        for subject in ranked
        if scores[subject] >= THRESHOLD
    ]
    sorted_out = sort_out(sorted(findings, key=rank), suppressions, clean=clean)
    return Judgement(
        findings=tuple(_folded(sorted_out.shown)),
        scores=scores,
        evidence=ranked,
        hidden=sorted_out.hidden,
        besides=sorted_out.besides,
    )


def _finding(
    case: Case,
    numbers: Mapping[str, int],
    subject: Subject,
    score: float,
    evidence: tuple[Evidence, ...],
    *,
    by: Mapping[str, Voice],
) -> Finding:
    spot = next((e for e in evidence if e.location is not None), None)
    kinds = kinds_of(evidence, [weigh(e, by) for e in evidence])
    tags = tuple(dict.fromkeys(tag for e in evidence for tag in e.tags))
    common = {
        "id": finding_id(subject, kinds),
        "subject": subject,
        "score": score,
        "classification": classify(evidence),
        "reason": explain(evidence),
        "tags": tags,
        "evidence": evidence,
        "kinds": kinds,
    }
    if subject.kind != "template":
        return _elsewhere(case, subject, evidence, spot=spot, common=common)
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


def _elsewhere(
    case: Case,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    *,
    spot: Evidence | None,
    common: Mapping[str, object],
) -> Finding:
    """Return a finding on what is no template: the evidence says where and when."""
    if spot is None or spot.location is None:
        msg = f"evidence on {subject.kind} {subject.name!r} without a location"
        raise ValueError(msg)
    count, sources, *times = _extent(case, subject) or (spot.count or 1, (spot.location.source,), *_span(evidence))
    return Finding(
        **common,  # type: ignore[arg-type]
        template_id=None,
        template="",
        component=subject.name if subject.kind == "component" else None,
        severity=subject.name if subject.kind == "level" else Level.UNKNOWN.name,
        count=count,
        first_time=times[0],
        last_time=times[1],
        location=spot.location,
        sources=sources,
    )


def _span(evidence: Sequence[Evidence]) -> tuple[int | None, int | None]:
    """Return the span that the first piece of evidence speaks of."""
    return evidence[0].span or (None, None)


def _extent(case: Case, subject: Subject) -> tuple[int, tuple[int, ...], int | None, int | None] | None:
    """Return how many records a component or level has, in which sources, and when first and last; None of others."""
    shapes = case.profile.shapes
    if subject.kind == "level":
        rows = shapes = shapes.with_columns(records=pl.col(subject.name.lower())).filter(pl.col("records") > 0)
    elif subject.kind == "component":
        named = [name for name in case.profile.components["name"].unique() if decoded(name) == subject.name]
        rows = case.profile.components.filter(pl.col("name").is_in(named))
        shapes = shapes.join(rows, on="component", how="semi")
    else:
        return None
    times = shapes.select(pl.col("first_time").min(), pl.col("last_time").max()).row(0)
    return int(rows["records"].sum()), tuple(rows["source"].unique().sort().to_list()), *times


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """Fold findings that are one event into the worst of them; worst first.

    Rare findings side by side in a source are one event, and so are frequent ones that begin and end together.
    """
    ordered = sorted(findings, key=lambda f: (f.location.source, f.location.line, f.id))
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
    return finding.count <= _FEW and "leak" not in finding.tags


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
        sources=tuple(sorted({source for f in run for source in f.sources})),
        first_time=min(times, default=None),
        last_time=max(times, default=None),
    )
