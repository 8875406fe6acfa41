"""The contract of a detector: a frozen value that turns a case into evidence."""

import math
from typing import Protocol, runtime_checkable

from loganomaly.case import Case
from loganomaly.findings import Evidence

__all__ = ["Detector", "surprise"]


@runtime_checkable
class Detector(Protocol):
    """Looks at a case and says what is unusual about which subjects.

    The same case gives the same evidence; a case without records gives none; strengths are 0..1.
    `weight` 0..1 is how far the detector's full strength alone takes a subject's score. Detectors of one `aspect` see
    the same thing in different ways; known are "time" and "kind" (change), "trouble", "session", "value", "silence",
    "flood", "leak" and "rule". See `loganomaly.fusion`.
    """

    @property
    def name(self) -> str:
        """The name under which it is registered."""

    @property
    def weight(self) -> float:
        """How far its full strength alone takes a score."""

    @property
    def aspect(self) -> str:
        """What it looks at."""

    def detect(self, case: Case) -> list[Evidence]:
        """Return the evidence, in any order."""


def surprise(probability: float, *, full: float) -> float:
    """Return the strength 0..1 of something that unlikely: 1 at 10 ** -full and below.

    Examples
    --------
    >>> surprise(0.01, full=4)
    0.5
    """
    if probability >= 1:
        return 0.0
    return min(1.0, -math.log10(max(probability, 1e-300)) / full)
