"""Level shifts: what is logged at one rate, and from some time on at another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.detectors.changes import Changes, changes
from loganomaly.detectors.places import Places, known_places
from loganomaly.detectors.series import Counts, blocks
from loganomaly.findings import Evidence, Subject
from loganomaly.wording import clock, decoded, duration

__all__ = ["ShiftDetector"]


_EXPLAINS = 0.5
"""Share of a component's change from which on one template explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    """Place of the first watched bucket of the new rate, and both rates in records per bucket."""

    key: Any
    at: int
    before: float
    after: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftDetector:
    """Finds components and templates whose rate changes once and stays; see `changes`.

    What stops altogether fell silent, and what begins is new: a shift has records on both sides. A component is
    reported only where no template explains its change, and then in place of its templates.

    Parameters
    ----------
    fewest
        Records on each side of the change.
    least_ratio
        How many times the lower rate the higher one is.
    """

    name: str = "shift"
    weight: float = 0.6
    aspect: str = "time"
    full: float = 6.0
    fewest: int = 10
    fewest_buckets: int = 24
    least_ratio: float = 1.5

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on components and templates whose rate changed for good."""
        if len(case.buckets) < self.fewest_buckets:
            return []
        places = known_places(case)
        owners = case.table["component"].to_list()
        members: dict[bytes, list[int]] = {}
        for number in places.known(range(len(owners))):
            members.setdefault(owners[number], []).append(number)
        of_templates = list(self._shifts(case, case.series, key="number"))
        of_components: list[_Shift] = []
        found = []
        for shift in self._shifts(case, case.component_series, key="name"):
            numbers = members.get(shift.key, [])
            if not numbers or any(owners[inner.key] == shift.key and _explains(inner, shift) for inner in of_templates):
                continue
            of_components.append(shift)
            subject = Subject(kind="component", name=decoded(shift.key))
            found.append(self._evidence(case, places, subject, shift, numbers))
        found += [
            self._evidence(case, places, case.subject(shift.key), shift, [shift.key])
            for shift in of_templates
            if not any(owners[shift.key] == other.key and _at_once(shift, other) for other in of_components)
        ]
        return found

    def _shifts(self, case: Case, series: pl.DataFrame, *, key: str) -> Iterator[_Shift]:
        for block in blocks(case, series, key=key, fewest=2 * self.fewest):
            found = changes(block.counts, block.exposures)
            for row in np.flatnonzero(self._is_shift(block.counts, found)):
                yield _Shift(
                    key=block.keys[row],
                    at=int(found.at[row]),
                    before=float(found.before[row]),
                    after=float(found.after[row]),
                    probability=float(found.probability[row]),
                )

    def _is_shift(self, counts: Counts, found: Changes) -> NDArray[np.bool_]:
        later = np.arange(counts.shape[1]) >= found.at[:, None]
        fewest = np.minimum((counts * later).sum(axis=1), (counts * ~later).sum(axis=1))
        low, high = np.minimum(found.before, found.after), np.maximum(found.before, found.after)
        likely = found.probability > 10 ** (-self.full / 4)
        return np.asarray(~likely & (fewest >= self.fewest) & (high >= self.least_ratio * low))

    def _evidence(
        self, case: Case, places: Places, subject: Subject, shift: _Shift, numbers: Sequence[int]
    ) -> Evidence:
        width = case.width * 1_000_000
        span = (int(case.buckets[shift.at]) * width, (int(case.buckets[-1]) + 1) * width)
        place = places.within(numbers, span)
        each = duration(case.width)
        return Evidence(
            detector=self.name,
            subject=subject,
            strength=surprise(shift.probability, full=self.full),
            text=f"{shift.before:.3g} records every {each} until {clock(span[0], case.span)},"
            f" {shift.after:.3g} ever since",
            observed=shift.after,
            expected=shift.before,
            probability=shift.probability,
            tags=("shift",),
            location=place,
            span=span,
            # It is told once: each record of the new rate is as good as another.
            lines=(place.line, place.line),
        )


def _at_once(one: _Shift, other: _Shift) -> bool:
    return abs(one.at - other.at) <= 1


def _explains(inner: _Shift, shift: _Shift) -> bool:
    """Whether the shift of a part is most of this one."""
    share = (inner.after - inner.before) / (shift.after - shift.before)
    return _at_once(inner, shift) and share >= _EXPLAINS
