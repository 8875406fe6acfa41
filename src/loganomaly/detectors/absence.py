"""What is missing of a subject, and what is missing together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from loganomaly.findings import Subject

__all__ = ["Absence", "overlap", "together"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What is missing.

    Attributes
    ----------
    key
        What the subject is called in its series.
    tag
        "silence", "dip" or "heartbeat".
    begin, end
        When it was last there, and when it came back, if it did; microseconds since the epoch.
    slack
        How exact they are.
    text, observed, expected, probability
        As in `Evidence`.
    """

    key: Any
    tag: str
    begin: int
    end: int | None
    slack: int
    text: str
    observed: float
    expected: float
    probability: float


def together(
    gone: Sequence[tuple[int, Absence, Subject, list[int]]],
) -> Iterator[tuple[Absence, Subject, list[int], int]]:
    """Yield of what is missing over the same time the subject with most records, and how many others there are."""
    left = sorted(gone, key=lambda entry: (-entry[0], entry[2]))
    while left:
        (_, absence, subject, numbers), *rest = left
        left = [entry for entry in rest if not _same_time(absence, entry[1])]
        yield absence, subject, numbers, len(rest) - len(left)


def _same_time(one: Absence, other: Absence) -> bool:
    if (one.end is None) != (other.end is None):
        return False
    slack = max(one.slack, other.slack)
    return abs(one.begin - other.begin) <= slack and abs((one.end or 0) - (other.end or 0)) <= slack


def overlap(one: Absence, other: Absence) -> bool:
    """Whether there is a time at which both are missing."""
    begins_before = other.end is None or one.begin < other.end
    return begins_before and (one.end is None or other.begin < one.end)
