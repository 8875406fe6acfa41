"""From evidence on a subject to the finding that users are shown."""

from collections.abc import Mapping, Sequence

import polars as pl

from loganomaly.case import Case
from loganomaly.classify import classify, explain, kinds_of
from loganomaly.findings import CONTEXT, Evidence, Finding, Location, Subject
from loganomaly.fusion import Voice, weigh
from loganomaly.reading.program import Level
from loganomaly.suppression import finding_id
from loganomaly.wording import decoded

__all__ = ["finding_on"]


def finding_on(
    case: Case,
    numbers: Mapping[str, int],
    subject: Subject,
    score: float,
    evidence: tuple[Evidence, ...],
    *,
    by: Mapping[str, Voice],
) -> Finding:
    """Return the finding that some evidence, what counts most first, makes of a subject.

    Parameters
    ----------
    numbers
        Number of each template, by its id.
    by
        What evidence counts for.
    """
    spot = next((e for e in evidence if e.location is not None), None)
    # What stands beside it is no reason of its own: the finding is the same without.
    kinds = kinds_of(evidence, [0.0 if e.detector == CONTEXT else weigh(e, by) for e in evidence])
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
