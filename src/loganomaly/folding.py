"""Folds findings that are one event into the worst of them, and ranks them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from loganomaly.findings import MOST_SAMPLES, Finding

__all__ = ["folded", "rank"]

_NEAR_LINES = 10
_NEAR_SECONDS = 30
_FEW = 5
"""Findings of at most so many records each that lie this near to each other in one source are one event."""
_SAME = 0.8
"""Frequent findings whose times overlap by this share 0..1 of both together are one event."""
_LONG = 10
"""A finding over a time of more windows than this does not explain one of them."""
_MOST = 0.5
"""Share 0..1 of the records of a burst from which on those that have findings tell of it."""
_BESIDE, _BESIDE_MANY = "line beside it that is as rare", "lines beside it that are as rare"
_AT_ONCE, _AT_ONCE_MANY = "kind of line over the same time", "kinds of line over the same time"


def folded(findings: Iterable[Finding]) -> list[Finding]:
    """Fold findings that are one event into the worst of them; worst first.

    Rare findings side by side in a source are one event, and so are frequent ones that begin and end together. A window
    of time says nothing new where another finding is about the same time, nor does the burst of a component or a level
    where its lines are findings.
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
    """Leave out the windows of time at which something else was found, and bursts that are those of other findings."""
    given = [f for several in [list(findings)] for f in several if not _is_told(f, several)]
    spans = [
        span
        for f in given
        if f.subject.kind != "window"
        for span in ((f.first_time, f.last_time), *(e.span for e in f.evidence))
        if span is not None
    ]
    return [f for f in given if f.subject.kind != "window" or not any(_explains(span, f) for span in spans)]


def _is_told(burst: Finding, findings: Sequence[Finding]) -> bool:
    """Whether most records of a component's or level's burst are in findings on lines of that time alone."""
    kind, name = burst.subject.kind, burst.subject.name
    if kind not in {"component", "level"} or any("burst" not in e.tags for e in burst.evidence):
        return False
    told = sum(
        f.count
        for f in findings
        if f.template_id is not None and (f.component if kind == "component" else f.severity) == name
        if any(_within(f, e.span) for e in burst.evidence)
    )
    return told >= _MOST * max(e.count or burst.count for e in burst.evidence)


def _within(finding: Finding, span: tuple[int, int] | None) -> bool:
    first, last = finding.first_time, finding.last_time
    return span is not None and first is not None and last is not None and span[0] <= first and last < span[1]


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
