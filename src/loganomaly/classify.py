"""The local classifier: what kind of thing a finding is, and why, in words, from the evidence alone. Deterministic."""

import re
from collections.abc import Sequence

from loganomaly.findings import Evidence
from loganomaly.legible import plain_text

__all__ = ["CLASSES", "NORMAL", "classify", "explain", "kind_of", "kinds_of"]

NORMAL = "normal"
_BY_TAG = (
    ("leak", "security_leak"),
    ("behaviour", "unusual_behaviour"),
    ("security", "security_event"),
    ("silence", "silence"),
    ("heartbeat", "silence"),
    ("dip", "silence"),
    ("flood", "log_flood"),
    ("critical", "error"),
    ("error", "error"),
    ("value", "value_out_of_range"),
    ("new_value", "new_value"),
    ("session", "unusual_session"),
    ("burst", "burst"),
    ("shift", "level_shift"),
    ("warning", "warning"),
    ("rare", "rare_event"),
    ("outlier", "rare_event"),
    ("window", "unusual_mix"),
)
CLASSES = (NORMAL, *dict.fromkeys(name for _, name in _BY_TAG))
"""Every classification that the local classifier gives."""
_MOST_SENTENCES = 2
_CARRIES = 0.5
"""Evidence carries a finding if it counts for at least this share 0..1 of what the strongest counts for."""
_ODD = re.compile(r"[^\w.:-]+")  # in names of kinds: what would not be read again from "this + that"
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


def kind_of(evidence: Evidence) -> str:
    """Return what kind of reason a piece of evidence is, whatever its numbers.

    That is its class, or where it has none its first tag or its detector; and behind a slash what it is about.

    Examples
    --------
    >>> from loganomaly.findings import Subject
    >>> subject = Subject(kind="template", name="t")
    >>> kind_of(Evidence(detector="leak", subject=subject, strength=1.0, text="", tags=("leak",), about="password"))
    'security_leak/password'
    """
    name = classify([evidence])
    if name == NORMAL:
        name = next(iter(evidence.tags), evidence.detector)
    parts = (name, evidence.about) if evidence.about else (name,)
    return "/".join(_ODD.sub("_", part) for part in parts)


def kinds_of(evidence: Sequence[Evidence], counts_for: Sequence[float]) -> tuple[str, ...]:
    """Return the kinds of evidence that carry a finding, the graver ones first.

    Those are the ones that count for at least half as much as the strongest, and the one that names the finding: what
    speaks softly comes and goes from one log to the next, and is no reason of its own.

    Parameters
    ----------
    counts_for
        What each piece of evidence counts for, 0..1.
    """
    counts: dict[str, float] = {}
    for e, count in zip(evidence, counts_for, strict=True):
        kind = kind_of(e)
        counts[kind] = max(counts.get(kind, 0.0), count)
    least = _CARRIES * max(counts.values(), default=0.0)
    carrying = {kind for kind, count in counts.items() if count >= least}
    named = [kind for kind in counts if kind.partition("/")[0] == classify(evidence)]
    if named:
        carrying.add(min(named, key=lambda kind: (-counts[kind], kind)))
    order = {name: place for place, name in enumerate(CLASSES)}
    return tuple(sorted(carrying, key=lambda kind: (order.get(kind.partition("/")[0], len(order)), kind)))


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
