"""When and where what is unusual about a finding begins: not where its template was first seen."""

from dataclasses import dataclass

from loganomaly.findings import Evidence, Finding

__all__ = ["Moment", "moment_of", "touched"]

_LASTING = 0.5
"""What goes on for more than this share 0..1 of the log is a state of it: its end tells nothing."""
_ABSENT = {"silence", "heartbeat", "dip"}
"""Tags of evidence that speaks of what is not there."""
_EVERYWHERE = 8
"""What occurs in more files than this shows none in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The unusual part of a finding.

    Attributes
    ----------
    onset, end
        Microseconds since the epoch; None without times.
    pace
        Microseconds from one of its records to the next, on average: whether it goes on, or only comes again.
    standing
        Whether it tells nothing of when something happened: a leak, or what was always there.
    source, lines
        A source, and the first and last line in it, counted from 0.
    evidence
        The evidence that told the time; None where that is the template's first record.
    keys
        What other findings may share: components, files and sessions, as (kind, name).
    """

    onset: int | None
    end: int | None
    pace: float
    standing: bool
    source: int
    lines: tuple[int, int]
    evidence: Evidence | None
    keys: tuple[tuple[str, str], ...]


def moment_of(finding: Finding, *, span: tuple[int, int] | None) -> Moment:
    """Return the unusual part of a finding; `span` is the first and last time of the log.

    Of the evidence that names a time, the strongest counts: a stretch (flood, burst, what is new), for silence its
    beginning, for single values the time of their line. Without any, it is all records of the template.
    """
    telling = sorted((e for e in finding.evidence if _tells(finding, e)), key=lambda e: "leak" in e.tags)
    told = telling[0] if telling else None
    onset, end = _times(finding, told)
    wide = False
    if onset is not None and end is not None and span is not None and end - onset > _LASTING * (span[1] - span[0]):
        wide, end = True, onset
    count = finding.count if told is None or told.count is None else told.count
    line = finding.location.line
    lines = told.lines if told is not None and told.location == finding.location else None
    is_leak = "leak" in finding.tags and (told is None or "leak" in told.tags)
    return Moment(
        onset=onset,
        end=end,
        pace=0.0 if onset is None or end is None else (end - onset) / max(count - 1, 1),
        standing=is_leak or (wide and told is None),
        source=finding.location.source,
        lines=lines or (line, line),
        evidence=told,
        keys=_keys(finding, told),
    )


def touched(finding: Finding, *, told: Evidence | None) -> tuple[int, ...]:
    """Return the sources in which a finding is unusual, in order; `told` is its `Moment.evidence`."""
    if told is not None and told.location is not None and told.location.source in finding.sources:
        return (told.location.source,)
    return finding.sources or (finding.location.source,)


def _tells(finding: Finding, evidence: Evidence) -> bool:
    """Whether evidence says which of the records of a finding are unusual, and their time or lines are known."""
    if evidence.span is not None:
        return True
    if evidence.location != finding.location:
        return False
    if finding.first_time is None:
        return evidence.lines is not None
    return finding.timestamp is not None and evidence.count is not None and evidence.count < finding.count


def _times(finding: Finding, told: Evidence | None) -> tuple[int | None, int | None]:
    first, last = finding.first_time, finding.last_time
    if told is None:
        return first, last
    if told.span is None:
        return finding.timestamp, finding.timestamp
    start, end = told.span
    if _ABSENT & set(told.tags):
        # The span is that of the absence. The last line before it is more exact than the bucket of time that it is in.
        exact = finding.timestamp if finding.location == told.location else None
        stopped = exact if exact is not None and exact <= start and start - exact <= end - start else start
        return stopped, end if "dip" in told.tags else stopped
    if finding.related and first is not None and last is not None and 0 < start - first <= end - start:
        return first, max(end, last)  # what was folded into it began a little earlier
    # A bucket of time begins before the first record in it.
    start = start if first is None or not start <= first <= end else first
    end = end if last is None or not start <= last <= end else last
    return start, end


def _keys(finding: Finding, told: Evidence | None) -> tuple[tuple[str, str], ...]:
    found = {("component", finding.component)} if finding.component is not None else set()
    sources = touched(finding, told=told)
    if len(sources) <= _EVERYWHERE:
        found |= {("file", str(source)) for source in sources}
    for evidence in finding.evidence:
        if evidence.subject.kind == "session":
            found.add(("session", evidence.subject.name))
        elif "session" in evidence.tags:
            found |= {("session", tag) for tag in evidence.tags if tag != "session"}
    return tuple(sorted(found))
