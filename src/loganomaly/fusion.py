"""One score 0..1 from the evidence of many detectors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from loganomaly.detectors.base import Detector
from loganomaly.findings import Evidence

__all__ = ["THRESHOLD", "Voice", "fuse", "trouble_of", "voices", "weigh"]

THRESHOLD = 0.5
"""Score from which on something is reported."""
_TROUBLE = "trouble"
"""The aspect of detectors that say that something went wrong."""
_CHANGE = {"time", "kind"}
"""Aspects that tell of change. It is no trouble by itself: it counts in full where the records tell of some."""
_CALM = 0.5
"""What change counts for where nothing tells of trouble."""
_ENOUGH = 0.6
"""Strength of trouble from which on change counts in full: that of a warning."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How much a detector has to say: how far its full strength takes a score, and what it looks at."""

    weight: float
    aspect: str


def voices(detectors: Iterable[Detector]) -> dict[str, Voice]:
    """Return the voice of each detector, by its name."""
    return {detector.name: Voice(detector.weight, detector.aspect) for detector in detectors}


def weigh(evidence: Evidence, by: Mapping[str, Voice]) -> float:
    """Return what a piece of evidence counts for, 0..1."""
    return by[evidence.detector].weight * evidence.strength


def trouble_of(evidence: Iterable[Evidence], by: Mapping[str, Voice]) -> float:
    """Return the strength 0..1 of the trouble that evidence tells of."""
    return max((e.strength for e in evidence if by[e.detector].aspect == _TROUBLE), default=0.0)


def fuse(evidence: Sequence[Evidence], by: Mapping[str, Voice], *, trouble: float = 0.0) -> float:
    """Return the score 0..1 of a subject from its evidence: 1 minus the product of (1 - what each aspect counts for).

    Detectors of one aspect see the same thing in different ways, so that the one that counts most speaks for all;
    aspects are taken as independent, and each can only raise the score. Change counts for less where nothing tells of
    trouble: a rare message is reported sooner if it is an error than if it is a greeting.

    Parameters
    ----------
    trouble
        Strength 0..1 of trouble that the records are known to tell of besides, see `loganomaly.trouble_within`.
    """
    best: dict[str, float] = {}
    for e in evidence:
        aspect = by[e.detector].aspect
        best[aspect] = max(best.get(aspect, 0.0), weigh(e, by))
    told = max(trouble, trouble_of(evidence, by))
    calm = _CALM + (1 - _CALM) * min(1.0, told / _ENOUGH)
    return 1 - prod(1 - best[aspect] * (calm if aspect in _CHANGE else 1.0) for aspect in sorted(best))
