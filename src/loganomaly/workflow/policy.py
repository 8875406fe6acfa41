"""What stands where the evidence and a model do not agree.

A model reads text that an attacker may have written. So it can name and explain what was found, and it can raise an
alarm, but it lowers none: scores and order are those of the evidence, always.
"""

from loganomaly.classify import NORMAL
from loganomaly.prompts.facts import Verdict
from loganomaly.prompts.instructions import TAG

__all__ = ["BY_EVIDENCE", "BY_MODEL", "SAYS_NORMAL", "standing"]

BY_EVIDENCE = "evidence"
BY_MODEL = "model"
SAYS_NORMAL = "model_says_normal"
"""Tag of findings that a model calls normal."""
_CERTAIN = frozenset({"security_leak"})
"""Classes that are told by what was taken out before the model saw it."""


def standing(local: Verdict, opinion: Verdict, *, suspicious: bool) -> tuple[Verdict, str]:
    """Return the verdict that stands, and whose it is: that of the evidence or of the model.

    Parameters
    ----------
    local
        What the evidence says.
    opinion
        What the model says.
    suspicious
        Whether what it was asked about speaks to a model; then what it says counts for nothing.
    """
    if suspicious:
        return _tagged(local, TAG), BY_EVIDENCE
    if opinion.classification == NORMAL and local.classification != NORMAL:
        return _tagged(local, SAYS_NORMAL), BY_EVIDENCE
    if local.classification in _CERTAIN:
        return local, BY_EVIDENCE
    tags = tuple(dict.fromkeys((*local.tags, *opinion.tags)))
    return Verdict(classification=opinion.classification, reason=opinion.reason, tags=tags), BY_MODEL


def _tagged(verdict: Verdict, tag: str) -> Verdict:
    tags = tuple(dict.fromkeys((*verdict.tags, tag)))
    return Verdict(classification=verdict.classification, reason=verdict.reason, tags=tags)
