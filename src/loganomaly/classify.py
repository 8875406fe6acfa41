"""The local classifier: what kind of thing a finding is, and why, in words, from the evidence alone. Deterministic."""

from collections.abc import Sequence

from loganomaly.findings import Evidence

__all__ = ["CLASSES", "NORMAL", "classify", "explain"]

NORMAL = "normal"
_BY_TAG = (
    ("leak", "security_leak"),
    ("silence", "silence"),
    ("heartbeat", "silence"),
    ("dip", "silence"),
    ("flood", "log_flood"),
    ("critical", "error"),
    ("error", "error"),
    ("value", "value_out_of_range"),
    ("burst", "burst"),
    ("shift", "level_shift"),
    ("warning", "warning"),
    ("rare", "rare_event"),
    ("outlier", "rare_event"),
)
CLASSES = (NORMAL, *dict.fromkeys(name for _, name in _BY_TAG))
"""Every classification that the local classifier gives."""
_MOST_SENTENCES = 2


def classify(evidence: Sequence[Evidence]) -> str:
    """Return the class of a finding: that of its strongest evidence, the graver one among equals."""
    if not evidence:
        return NORMAL
    rank = {tag: place for place, (tag, _) in enumerate(_BY_TAG)}
    tags = [(-round(e.strength, 1), rank[tag]) for e in evidence for tag in e.tags if tag in rank]
    grave = [place for strength, place in tags if strength <= -0.5]
    if not tags:
        return NORMAL
    return _BY_TAG[min(grave) if grave else min(tags)[1]][1]


def explain(evidence: Sequence[Evidence]) -> str:
    """Return one or two sentences with the numbers of the evidence that counts most; `evidence` is strongest first."""
    # One sentence per detector: what it says second repeats what it says first.
    texts = {e.detector: e.text for e in reversed(evidence)}
    order = dict.fromkeys(e.detector for e in evidence)
    sentences = [texts[name][:1].upper() + texts[name][1:] + "." for name in order]
    return " ".join(sentences[:_MOST_SENTENCES])
