"""Findings of planted stories: what detectors would say of a log in which this and that happens."""

import hashlib

from loganomaly.findings import Evidence, Finding, Location, Subject

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = (0, 24 * HOUR)


def finding(
    name, at=None, *, lasting=0, score=0.6, kind="rare", level="INFO", component=None, source=0, line=None, count=1,
    seen_from=None, sources=None, text=None, session=None,
):  # fmt: skip
    """Return a finding whose unusual part begins `at` (microseconds; None without times) and lasts so long."""
    line = (at or 0) // SECOND if line is None else line
    end = None if at is None else at + lasting
    first = at if seen_from is None else seen_from
    subject = Subject(kind="component" if kind == "silence" else "template", name=name)
    location = Location(source=source, line=line, offset=line * 50)
    span = None
    if at is not None and kind in {"burst", "flood", "new"}:
        span = (at, end)
    if at is not None and kind == "silence":
        span = (at, max(at, DAY[1]))  # that of the absence
    tags = {"value": ("value",), "leak": ("leak", "password")}.get(kind, (kind,))
    evidence = [Evidence(detector=kind, subject=subject, strength=0.9, text=kind, tags=tags, span=span)]
    if kind in {"leak", "value"}:
        evidence = [
            Evidence(
                detector=kind, subject=subject, strength=0.9, text=kind, tags=tags, location=location, count=1,
                lines=(line, line),
            )
        ]  # fmt: skip
    if session is not None:
        evidence.append(
            Evidence(detector="session", subject=subject, strength=0.5, text="odd", tags=("session", session))
        )
    return Finding(
        id=hashlib.blake2b(name.encode(), digest_size=6).hexdigest(),
        subject=subject,
        template_id=None if kind == "silence" else name,
        template="" if kind == "silence" else (text or f"template {name}"),
        score=score,
        classification={"flood": "log_flood", "leak": "security_leak", "silence": "silence"}.get(kind, "rare_event"),
        reason="Seen.",
        tags=tuple(dict.fromkeys(tag for e in evidence for tag in e.tags)),
        component=component,
        severity=level,
        count=count,
        first_time=first,
        last_time=end,
        timestamp=at,
        location=location,
        evidence=tuple(evidence),
        sources=(source,) if sources is None else sources,
    )


def named(incident, findings):
    """Return the names of an incident's findings, in the order of its timeline."""
    names = {f.id: f.subject.name for f in findings}
    return [names[identity] for identity in incident.findings]
