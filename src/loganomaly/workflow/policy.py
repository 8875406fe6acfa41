"""What stands where the evidence and a model do not agree.

A model reads text that an attacker may have written, sees a few lines of many, and may be a poor one. So it can say in
words what was found, and it can raise an alarm if it shows what in the log it means; it lowers none. Scores and order
are those of the evidence, always.
"""

from collections.abc import Collection
from dataclasses import dataclass

from loganomaly.classify import CLASSES, NORMAL
from loganomaly.prompts.facts import Verdict
from loganomaly.prompts.instructions import TAG

__all__ = ["BY_EVIDENCE", "BY_MODEL", "BY_WORKFLOW", "READ", "SAYS_NORMAL", "Standing", "standing"]

BY_EVIDENCE = "evidence"
BY_MODEL = "model"
BY_WORKFLOW = "workflow"
"""Whose a verdict is: of the evidence, of a model, or of a step of the user's."""
SAYS_NORMAL = "model_says_normal"
"""Tag of findings that a model calls normal."""
READ = frozenset({"security_leak", "security_event", "error", "warning"})
"""Classes that can be read from a line; all others are measured, over many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The verdict that stands, whose it is, and why that of the model does not, if so."""

    verdict: Verdict
    by: str
    unheard: str | None = None


def standing(
    local: Verdict, opinion: Verdict, *, measured: Collection[str], suspicious: bool, quoted: bool
) -> Standing:
    """Return the verdict that stands.

    Parameters
    ----------
    local
        What the evidence says.
    opinion
        What the model says.
    measured
        Classes that the evidence supports besides that of its own verdict.
    suspicious
        Whether what it was asked about speaks to a model; then what it says counts for nothing.
    quoted
        Whether the model quotes words that stand in what it was sent.
    """
    if suspicious:
        return _unheard(local, "the log speaks to the model there", tag=TAG)
    if opinion.classification == NORMAL and local.classification != NORMAL:
        return _unheard(local, "a model can name an alarm, not lower it", tag=SAYS_NORMAL)
    if opinion.classification != local.classification:
        if _gravity(opinion) < _gravity(local):
            return _unheard(local, "a model can name an alarm, not lower it")
        if opinion.classification not in {*measured, *READ}:
            return _unheard(local, "nothing of the kind was measured")
        if opinion.classification not in measured and not quoted:
            return _unheard(local, "it quotes nothing from the log that shows it")
    tags = tuple(dict.fromkeys((*local.tags, *opinion.tags)))
    verdict = Verdict(classification=opinion.classification, reason=opinion.reason, tags=tags)
    return Standing(verdict=verdict, by=BY_MODEL)


def _gravity(verdict: Verdict) -> int:
    """Return how grave a class is: they are listed from the gravest down, after "normal"."""
    return 0 if verdict.classification == NORMAL else len(CLASSES) - CLASSES.index(verdict.classification)


def _unheard(local: Verdict, why: str, *, tag: str | None = None) -> Standing:
    tags = tuple(dict.fromkeys((*local.tags, tag))) if tag else local.tags
    verdict = Verdict(classification=local.classification, reason=local.reason, tags=tags)
    return Standing(verdict=verdict, by=BY_EVIDENCE, unheard=why)
