"""From findings to incidents."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from loganomaly.findings import Finding
from loganomaly.incidents.cause import first_cause
from loganomaly.incidents.incident import Event, Incident, raised, summed_up, told
from loganomaly.incidents.linking import link
from loganomaly.incidents.moments import Moment, moment_of, touched
from loganomaly.incidents.near import near_spans

__all__ = ["Grouped", "find_incidents"]

_ALONE = 0.75
"""Score from which on a single finding is an incident: that takes a flood, a silence, or detectors that agree. Below
it, a line of its own says as much as an incident of one would; a leak is no event in time, however bad it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Incidents, worst first.

    `findings` are those given, in the order given, each with the id of its incident; `gap` is how long it may be quiet
    within an incident, in microseconds.
    """

    incidents: tuple[Incident, ...]
    findings: tuple[Finding, ...]
    gap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    number: int
    finding: Finding
    moment: Moment


def find_incidents(
    findings: Sequence[Finding],
    *,
    span: tuple[int, int] | None = None,
    lines: Mapping[int, int] | None = None,
) -> Grouped:
    """Return what belongs together among findings.

    Findings are joined by single linkage over the times at which what is unusual begins and ends; see `longest_gap`
    for how far apart, `Moment` for what begins when. Without times, lines of a source take their place; where only
    some findings have none, they go with what stands beside them. Leaks, and what was there all the time, join an
    incident that they begin within, and make none. Everything that is said of an incident comes from its findings: it
    holds secrets only if they do.

    Parameters
    ----------
    findings
        In any order; it does not matter. With `timestamp`, the times of single values are known.
    span
        First and last time of the log, microseconds; that of the findings without.
    lines
        Lines of each source, by its number.

    Examples
    --------
    >>> find_incidents([]).incidents
    ()
    """
    whole = span or _span(findings)
    order = sorted(range(len(findings)), key=lambda n: _place(findings[n]))
    members = [_Member(number=n, finding=findings[n], moment=moment_of(findings[n], span=whole)) for n in order]
    linked = link([member.moment for member in members], span=whole, lines=lines or {})
    kept = [group for group in linked.groups if len(group) > 1 or members[group[0]].finding.score >= _ALONE]
    extents = [_extent(group, linked.reaches, members) for group in kept]
    groups = [[members[n] for n in group] for group in kept]
    for member, place in _within([member for member in members if member.moment.standing], groups, extents):
        groups[place].append(member)
    incidents = _named([_incident(_in_order(group), extent) for group, extent in zip(groups, extents, strict=True)])
    of = {member.number: incident.id for incident, group in zip(incidents, groups, strict=True) for member in group}
    return Grouped(
        incidents=tuple(sorted(incidents, key=_rank)),
        findings=tuple(replace(finding, incident=of.get(n)) for n, finding in enumerate(findings)),
        gap=linked.gap,
    )


def _place(finding: Finding) -> tuple[int, int, str, float]:
    return (finding.location.source, finding.location.line, finding.id, -finding.score)


def _span(findings: Sequence[Finding]) -> tuple[int, int] | None:
    times = [time for f in findings for time in (f.first_time, f.last_time) if time is not None]
    return (min(times), max(times)) if times else None


def _extent(group: Sequence[int], reaches: Mapping[int, int], members: Sequence[_Member]) -> tuple[int, int] | None:
    """Return when a group begins and ends; None without times."""
    starts = [onset for n in group for onset in [members[n].moment.onset] if onset is not None]
    ends = [reaches[n] for n in group if n in reaches]
    return (min(starts), max(ends)) if starts and ends else None


def _within(
    standing: Sequence[_Member], groups: Sequence[Sequence[_Member]], extents: Sequence[tuple[int, int] | None]
) -> list[tuple[_Member, int]]:
    """Return the standing members that begin within a group, each with the number of that group."""
    spans: defaultdict[int | None, list[tuple[int, int]]] = defaultdict(list)
    numbers: defaultdict[int | None, list[int]] = defaultdict(list)
    for number, (group, extent) in enumerate(zip(groups, extents, strict=True)):
        # Groups without times are of one source each, in which their lines tell.
        source = None if extent else group[0].moment.source
        lines = [line for member in group for line in member.moment.lines]
        spans[source].append(extent or (min(lines), max(lines)))
        numbers[source].append(number)
    waiting: defaultdict[int | None, list[tuple[int, _Member]]] = defaultdict(list)
    for member in standing:
        onset, line = member.moment.onset, member.moment.lines[0]
        waiting[member.moment.source if onset is None else None].append((line if onset is None else onset, member))
    return [
        (member, numbers[source][place])
        for source, entries in waiting.items()
        for (_, member), place in zip(
            entries, near_spans([at for at, _ in entries], spans[source], before=0), strict=True
        )
        if place is not None
    ]


def _in_order(group: Sequence[_Member]) -> list[_Member]:
    """Return a group in the order of its timeline; what has no time stays behind what it was joined to."""
    keys: list[tuple[int, int]] = []
    timed = any(member.moment.onset is not None for member in group)
    now = 0
    for place, member in enumerate(group):
        if not timed:
            now = member.moment.lines[0]
        elif member.moment.onset is not None:
            now = member.moment.onset
        keys.append((now, place))
    return [group[place] for _, place in sorted(keys)]


def _incident(group: Sequence[_Member], extent: tuple[int, int] | None) -> Incident:
    findings = [member.finding for member in group]
    # What makes the incident comes before what only began within it.
    worst_first = sorted(group, key=lambda m: (m.moment.standing, -m.finding.score, *_place(m.finding)))
    sources = {source for m in group for source in touched(m.finding, told=m.moment.evidence)}
    return Incident(
        id="",
        score=raised([finding.score for finding in findings]),
        start=None if extent is None else extent[0],
        end=None if extent is None else extent[1],
        findings=tuple(finding.id for finding in findings),
        cause=first_cause([(member.finding, member.moment) for member in group]),
        components=tuple(sorted({f.component for f in findings if f.component is not None})),
        sources=tuple(sorted(sources)),
        title=summed_up([member.finding for member in worst_first]),
        timeline=tuple(Event(time=m.moment.onset, finding=m.finding.id, text=told(m.finding)) for m in group),
    )


def _named(incidents: Sequence[Incident]) -> list[Incident]:
    """Return the incidents with their ids: that of the first finding tells them apart.

    Files that are judged by settings of their own may have findings of one id each: then their order tells.
    """
    seen: Counter[str] = Counter()
    named: dict[int, Incident] = {}
    for number in sorted(range(len(incidents)), key=lambda n: _rank(incidents[n])):
        first = incidents[number].findings[0]
        identity = hashlib.blake2b(f"incident\0{first}\0{seen[first]}".encode(), digest_size=6).hexdigest()
        seen[first] += 1
        named[number] = replace(incidents[number], id=identity)
    return [named[number] for number in range(len(incidents))]


def _rank(incident: Incident) -> tuple[float, bool, int, tuple[int, ...], tuple[str, ...], str]:
    """Return the key by which incidents are sorted: worst first, then by time and place."""
    start = incident.start
    return (-round(incident.score, 6), start is None, start or 0, incident.sources, incident.findings, incident.title)
