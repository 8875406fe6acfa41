"""How much the records of a level, a component or a window of time tell of trouble."""

from collections.abc import Iterable, Mapping

import polars as pl

from loganomaly.case import Case
from loganomaly.findings import Evidence, Subject
from loganomaly.reading.program import Level
from loganomaly.wording import decoded

__all__ = ["trouble_within"]


def trouble_within(
    case: Case, subject: Subject, evidence: Iterable[Evidence], strengths: Mapping[Subject, float]
) -> float:
    """Return the trouble 0..1 that the records of a subject tell of, on average; of sessions nothing is known.

    Detectors tell of the trouble of templates. A burst of errors of many kinds is trouble, and one of greetings is
    none, though nothing tells of the level, the component or the window as such.

    Parameters
    ----------
    strengths
        Strength 0..1 of the trouble that each template tells of.
    """
    numbers = _members(case, subject)
    if numbers is None:
        return 0.0
    within = case.series.filter(pl.col("number").is_in(numbers))
    spans = [e.span for e in evidence if e.span is not None]
    if spans:
        start, stop = min(span[0] for span in spans), max(span[1] for span in spans)
        width = case.width * 1_000_000
        within = within.filter(pl.col("bucket").is_between(start // width, max(start, stop - 1) // width))
    counts = dict(within.group_by("number").agg(pl.col("count").sum()).iter_rows())
    told = sum(strengths.get(case.subject(number), 0.0) * count for number, count in sorted(counts.items()))
    return float(told / max(sum(counts.values()), 1))


def _members(case: Case, subject: Subject) -> list[int] | None:
    """Return the numbers of the templates that a subject is made up of."""
    table = case.table
    if subject.kind == "window":
        return table["number"].to_list()
    if subject.kind == "level":
        return table.filter(pl.col("level") == Level[subject.name])["number"].to_list()
    if subject.kind == "component":
        owners = table.select("number", "component").drop_nulls().iter_rows()
        return [number for number, name in owners if decoded(name) == subject.name]
    return None
