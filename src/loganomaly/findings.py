"""What detectors say and what users are shown: evidence, subjects, findings."""

from dataclasses import dataclass, field

from loganomaly.traces import Trace

__all__ = ["CONTEXT", "MOST_SAMPLES", "SUBJECTS", "Evidence", "Finding", "Location", "Nearest", "Sample", "Subject"]

CONTEXT = "context"
"""Stands in the place of a detector's name where evidence is what other findings tell; see `loganomaly.context`."""
MOST_SAMPLES = 5
"""Lines of the log that a finding shows at most."""
SUBJECTS = ("template", "component", "level", "session", "window")
"""Kinds of subjects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A line: number of its source, its number counted from 0, and the byte offset where it begins."""

    source: int
    line: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """What a finding is about: its kind, and its id or name.

    Kinds are "template" (by id), "component" and "level" (by name), "session" (what sessions do otherwise), and
    "window" (by its beginning, ISO 8601).
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one detector says of one subject.

    Attributes
    ----------
    strength
        0..1, higher is more anomalous.
    observed, expected
        The numbers behind it, in the unit that `text` names.
    probability
        How likely the observation is if the log goes on as usual; None where the detector has no such model.
    text
        A phrase with the numbers in it that completes "This is unusual: ...".
    tags
        What kind of thing it is: "flood", "silence", "shift", "leak" ...
    about
        Which part of the subject it speaks of, where there are several: a field, a kind of secret. Evidence on another
        part is news, whatever is known of this one.
    location
        The line that shows it best; None for the subject's first.
    count
        How many records it speaks of; None for all of the subject's.
    span
        First and last time (microseconds) it speaks of; None for the subject's.
    lines
        First and last line, counted from 0 in the location's source, it speaks of; None for all of the subject's.
    """

    detector: str
    subject: Subject
    strength: float
    text: str
    observed: float | None = None
    expected: float | None = None
    probability: float | None = None
    tags: tuple[str, ...] = ()
    about: str = ""
    location: Location | None = None
    count: int | None = None
    span: tuple[int, int] | None = None
    lines: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The normal template that is most like that of a finding in its words.

    `count` are its records, `similarity` is 0..1: the cosine of both templates' words, those that few templates have
    counting most.
    """

    template_id: str
    template: str
    count: int
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A line of the log, without secrets: its source, its number counted from 0, and its text."""

    source: int
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something unusual, with everything a person needs to judge it.

    `score` is 0..1, higher is more anomalous; times are microseconds since the epoch, UTC; `lines` are the lines of
    `log` (redacted), `before` and `after` a few lines around it; `related` are the templates that were folded into it.
    `kinds` are the kinds of evidence that carry it; with the subject they make its `id`.
    `trace` is what the stack trace in its record says (redacted), its `line` counted from 1 in the source.
    `incident` is the id of the incident that it belongs to.
    `nearest` is the normal template that is worded most like its own, None where none is like it. `places` are lines
    that show it, at most MOST_SAMPLES with its `location`, and `samples` what is written there, without repetitions.
    """

    id: str
    subject: Subject
    template_id: str | None
    template: str
    score: float
    classification: str
    reason: str
    tags: tuple[str, ...]
    component: str | None
    severity: str
    count: int
    first_time: int | None
    last_time: int | None
    location: Location
    evidence: tuple[Evidence, ...]
    kinds: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    timestamp: int | None = None
    log: str = ""
    before: tuple[str, ...] = field(default=())
    after: tuple[str, ...] = field(default=())
    trace: Trace | None = None
    incident: str | None = None
    nearest: Nearest | None = None
    places: tuple[Location, ...] = ()
    samples: tuple[Sample, ...] = ()

    @property
    def about(self) -> str:
        """What it is about in words: the text of its template, or the name of its component, level, session, window."""
        return self.template if self.subject.kind == "template" else self.subject.name
