"""What an incident is, and what is said of one: its score, title and timeline."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loganomaly.findings import Finding
from loganomaly.wording import amount, times

__all__ = ["Cause", "Event", "Incident", "raised", "summed_up", "told"]

_AGREED = 0.3
"""What many findings take off the doubt that the worst of them leaves."""
_LONGEST = 160  # characters of a template in a timeline
_MOST_NAMED = 2  # kinds of findings in a title


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The first unusual thing that other findings may follow from: a place to look at, not a proof.

    `finding` is its id, `place` where in the timeline it stands, counted from 0, `reason` one sentence.
    """

    finding: str
    place: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A finding in a timeline: when it begins (microseconds, or None), its id, and one line of text."""

    time: int | None
    finding: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Findings that belong together.

    Attributes
    ----------
    id
        12 hexadecimal digits; the same in every run over the same log.
    score
        0..1, higher is more anomalous: that of the worst finding, a little more where there are several.
    start, end
        Microseconds since the epoch, UTC: when the first finding begins and the last one ends, where one that only
        comes again after long pauses counts as it begins; None without times.
    findings
        Their ids, in the order of the timeline.
    cause
        The first cause candidate; None where all are consequences, such as a flood alone.
    components, sources
        Where the findings are, in order: names of components, numbers of sources.
    title
        One line.
    timeline
        The findings in order of time, each where what is unusual of it begins; without times in order of lines.
    """

    id: str
    score: float
    start: int | None
    end: int | None
    findings: tuple[str, ...]
    cause: Cause | None
    components: tuple[str, ...]
    sources: tuple[int, ...]
    title: str
    timeline: tuple[Event, ...]


def raised(scores: Sequence[float]) -> float:
    """Return the score of an incident from those of its findings.

    Examples
    --------
    >>> raised([0.6]), round(raised([0.6, 0.5]), 3)
    (0.6, 0.66)
    """
    return 1 - (1 - max(scores)) * (1 - _AGREED * (1 - 1 / len(scores)))


def summed_up(findings: Sequence[Finding]) -> str:
    """Return a title: the kinds of the worst findings, where they are, and how many more there are.

    `findings` are in the order in which they are named.
    """
    named = Counter((_words(f.classification), f.component or "") for f in findings)
    shown = list(named.items())[:_MOST_NAMED]
    parts = [
        f"{kind}{f' in {_line(where)}' if where else ''}{'' if count == 1 else f' ({count:,} findings)'}"
        for (kind, where), count in shown
    ]
    rest = len(findings) - sum(count for _, count in shown)
    return ", ".join([*parts, amount(rest, "more finding")] if rest else parts)


def told(finding: Finding) -> str:
    """Return what a timeline says of a finding."""
    kind = finding.subject.kind
    # What sessions do says that it is of sessions.
    what = finding.about if kind in {"template", "session"} else f"{kind} {finding.about}"
    often = f" ({times(finding.count)})" if kind == "template" and finding.count > 1 else ""
    return f"{_words(finding.classification)}: {_line(what)}{often}"


def _words(classification: str) -> str:
    return classification.replace("_", " ")


def _line(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
