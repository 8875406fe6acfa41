"""The local classifier: what kind of thing a finding is, and why, in words, from the evidence alone. Deterministic."""

from collections.abc import Sequence

from loganomaly.findings import Evidence
from loganomaly.legible import plain_text

__all__ = ["CLASSES", "NORMAL", "classify", "explain"]

NORMAL = "normal"
_BY_TAG = (
    ("leak", "security_leak"),
    ("silence", "silence"),
    ("flood", "log_flood"),
    ("critical", "error"),
    ("error", "error"),
    ("value", "value_out_of_range"),
    ("burst", "burst"),
    ("warning", "warning"),
    ("rare", "rare_event"),
    ("outlier", "rare_event"),
    ("window", "unusual_mix"),
)
CLASSES = (NORMAL, *dict.fromkeys(name for _, name in _BY_TAG))
"""Every classification that the local classifier gives."""
_MOST_SENTENCES = 2
_ABOUT = dict.fromkeys(("rare", "outlier", "new", "burst", "flood"), "how often")
"""What evidence with a tag is about; without one of these tags, each detector says a thing of its own."""


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
    """Return one or two sentences with the numbers of the evidence that counts most; `evidence` is strongest first.

    Each says another thing: of several detectors that say how often something was seen, the first speaks. What the
    log says in them is shown as no terminal obeys it.
    """
    sentences: dict[str, str] = {}
    for e in evidence:
        about = next((_ABOUT[tag] for tag in e.tags if tag in _ABOUT), e.detector)
        sentences.setdefault(about, _sentence(plain_text(e.text).strip()))
    return " ".join(list(sentences.values())[:_MOST_SENTENCES])


def _sentence(text: str) -> str:
    first = text.split(maxsplit=1)[0] if text else ""
    # The name of a field (duration_ms) stays as it is written.
    begins = first.rstrip(",:;").isalpha() and first.islower()
    ended = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:] if begins else ended
