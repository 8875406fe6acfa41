"""What is known of what a model is asked about."""

from dataclasses import dataclass

__all__ = ["Facts", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What somebody, the evidence or a model, says of a finding: what it is, why, and words for it."""

    classification: str
    reason: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a line of a log, or of a finding that it shows. All texts but `kind` may come from the log.

    Attributes
    ----------
    log
        The line, or all lines of its record.
    kind
        What the finding is about: "line", "template", "component", "level", "session" or "window".
    about
        Text of the template, or name of the component, level, session or window.
    severity, component, action
        As the line says them; None where it does not.
    indicators
        Words of the line that say that something went wrong.
    count
        How many records there are of it.
    first_seen, last_seen
        ISO 8601, UTC; None where no time is known.
    evidence
        Sentences of detectors, each with its name, what counts most first.
    nearest
        The normal template that is worded most like it, and how often it was seen.
    before, after
        The lines around it.
    samples
        Further lines that show it.
    verdict
        What the evidence says of it.
    classes
        Classifications that the evidence supports.
    identity
        What an answer holds for: the same question with the same identity is not asked twice.
    """

    log: str
    kind: str = "line"
    about: str = ""
    severity: str | None = None
    component: str | None = None
    action: str | None = None
    indicators: tuple[str, ...] = ()
    count: int = 1
    first_seen: str | None = None
    last_seen: str | None = None
    evidence: tuple[str, ...] = ()
    nearest: tuple[str, int] | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    verdict: Verdict
    classes: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
