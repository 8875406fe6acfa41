"""Absence: what was logged steadily and then no more, or not for a while, and beats that are missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.detectors.absence import Absence, overlap, together
from loganomaly.detectors.base import surprise
from loganomaly.detectors.beats import Missed, missed_beats
from loganomaly.detectors.changes import changes, levelled
from loganomaly.detectors.places import Places, known_places
from loganomaly.detectors.runs import dips, tails
from loganomaly.detectors.series import Series, blocks, occupied, whole_series
from loganomaly.findings import Evidence, Location, Subject
from loganomaly.reading.program import Level
from loganomaly.wording import amount, clock, decoded, duration

__all__ = ["SilenceDetector"]

_FOLLOWS = 0.3
"""Share of what the rest of the log has in as much time, below which the log as a whole is quiet."""
_CHANGED = 1e-3
"""Probability below which a rate has changed for good, so that dips are judged by the rate of their time."""
_TOLD = 5.0
"""Records of the rest that are usual in a stretch, from which on they tell whether the log is quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceDetector:
    """Finds components and templates that were logged steadily and then no more, or nearly not for a while.

    - silence: seen in most buckets of time, and then in none up to the end of the log. With a share p of buckets in
      which it is seen while it is active, m buckets without have probability (1 - p) ** m, where p is estimated by
      (seen + 1) / (active + 2) (Laplace): few buckets prove little. If buckets without it come in a row, 1 - p is how
      often one is followed by another. If it goes with the rest of the log, and that has little left, the probability
      is that of a Poisson count.
    - dip: next to nothing for a while, see `tails`.
    - heartbeat: beats that are missing, see `missed_beats`, even of what has few records.

    What began only after `latest_start` of the log (a share 0..1) was no part of its routine, and errors that end are
    good news. A template is not reported where its component is, and of what stops at the same time only the one with
    most records, with how many others.

    Parameters
    ----------
    steadiness
        Share of the buckets of its active time in which a subject is seen.
    fewest_buckets, fewest_silent
        Buckets of active time, and without records at the end of the log.
    full_beats
        As `full`, for heartbeats: what comes at regular intervals varies less than counts do.
    fewest_beats
        Beats that are missing in a row.
    routine
        Share 0..1 of the log's time over which something must be heard to be missed.
    """

    name: str = "silence"
    weight: float = 0.85
    aspect: str = "silence"
    full: float = 12.0
    full_beats: float = 8.0
    steadiness: float = 0.6
    fewest_buckets: int = 12
    fewest_silent: int = 6
    fewest_beats: int = 3
    latest_start: float = 0.34
    routine: float = 0.34

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on what is missing."""
        if case.span is None:
            return []
        places = known_places(case)
        members: dict[bytes | None, list[int]] = {}
        owners, levels = case.table["component"].to_list(), case.table["level"].to_list()
        for number in places.known(range(len(owners))):
            members.setdefault(owners[number], []).append(number)
        loud = _loud_components(case)
        gone: list[tuple[int, Absence, Subject, list[int]]] = []
        of_components: dict[bytes, list[Absence]] = {}
        counts = dict(case.profile.components.group_by("name").agg(pl.col("records").sum()).iter_rows())
        names = case.profile.components.unique("component").sort("name")
        beating, named = occupied(case.profile.component_series, names.select("component", "name"))
        for absence in self._absences(case, case.component_series, beating, named, key="name"):
            if absence.key not in loud:
                of_components.setdefault(absence.key, []).append(absence)
                subject = Subject(kind="component", name=decoded(absence.key))
                gone.append((counts[absence.key], absence, subject, members.get(absence.key, [])))
        beating, named = occupied(case.profile.series, case.members)
        for absence in self._absences(case, case.series, beating, named, key="number"):
            n = absence.key
            own = of_components.get(owners[n], [])
            if levels[n] < Level.WARNING and not any(overlap(absence, other) for other in own):
                gone.append((case.table["records"][n], absence, case.subject(n), [n]))
        found = [
            self._evidence(case, places, absence, subject, numbers, others=others)
            for absence, subject, numbers, others in together(gone)
        ]
        # Where all is quiet at once, it is the log that is.
        return found + [self._quiet(case, places, absence) for absence in self._dips(case, whole_series(case))]

    def _absences(
        self, case: Case, series: pl.DataFrame, beating: NDArray[np.int64], named: Sequence[Any], *, key: str
    ) -> Iterator[Absence]:
        """Yield what is missing of each subject, one thing each: beats before silence before dips."""
        told = set()
        for missed in missed_beats(beating, end=_last_bucket(case)):
            absence = self._missed(case, missed, named[missed.key])
            if absence is not None:
                told.add(absence.key)
                yield absence
        for block in blocks(case, series, key=key, fewest=self.fewest_buckets):
            for absence in (*self._silences(case, block), *self._dips(case, block)):
                if absence.key not in told:
                    told.add(absence.key)
                    yield absence

    def _missed(self, case: Case, missed: Missed, key: Any) -> Absence | None:
        width = case.profile.width
        start, stop = case.span or (0, 0)
        long = (stop - start) / 1e6 / width
        if (
            missed.beats < self.fewest_beats
            or missed.first - start / 1e6 / width > self.latest_start * long
            or missed.active < self.routine * long
            or missed.probability > 10 ** (-self.full_beats / 4)
        ):
            return None
        begin = missed.after * width * 1_000_000
        until = _last_bucket(case) if missed.until is None else missed.until
        if _is_quiet(case, missed.after + 1, until):
            return None
        every, beats = duration(missed.period * width), amount(missed.beats, "beat")
        text = f"every {every} until {clock(begin, case.span)}, then {beats} missed"
        if missed.until is not None:
            text += f" until {clock(missed.until * width * 1_000_000, case.span)}"
        return Absence(
            key=key,
            tag="heartbeat",
            begin=begin,
            end=None if missed.until is None else missed.until * width * 1_000_000,
            slack=int(missed.period * width * 1_000_000),
            text=text,
            observed=0.0,
            expected=float(missed.beats),
            probability=missed.probability,
        )

    def _silences(self, case: Case, block: Series) -> Iterator[Absence]:
        counts, buckets = block.counts, case.buckets
        number = counts.shape[1]
        seen, place = counts > 0, np.arange(number)
        first, last = seen.argmax(axis=1), number - 1 - seen[:, ::-1].argmax(axis=1)
        times = seen.sum(axis=1)
        active, gone = last - first + 1, number - 1 - last
        latest = np.maximum.accumulate(np.where(seen, place, -1), axis=1)
        pause = np.where((place > first[:, None]) & (place <= last[:, None]), place - latest, 0).max(axis=1)
        is_steady = (active >= max(self.fewest_buckets, self.routine * number)) & (times >= self.steadiness * active)
        is_silent = (gone >= self.fewest_silent) & (first <= self.latest_start * number) & (gone > 2 * pause)
        absent = active - times
        again = (~seen[:, 1:] & ~seen[:, :-1] & (place[1:] > first[:, None]) & (place[1:] <= last[:, None])).sum(axis=1)
        stays = np.maximum(1 - (times + 1) / (active + 2), again / (absent + 1))
        exposure = block.exposures[1]
        later = place > last[:, None]
        while_active = (exposure * ((place >= first[:, None]) & ~later)).sum(axis=1)
        with_the_rest = counts.sum(axis=1) / while_active * (exposure * later).sum(axis=1)
        probability = np.maximum(stays**gone, np.exp(-with_the_rest))
        for row in np.flatnonzero(is_steady & is_silent):
            usual = float(counts[row].sum() / active[row])
            lasting = duration(float(gone[row]) * case.width)
            yield Absence(
                key=block.keys[row],
                tag="silence",
                begin=(int(buckets[last[row]]) + 1) * case.width * 1_000_000,
                end=None,
                slack=case.width * 1_000_000,
                text=f"logged steadily ({usual:.3g} records every {duration(case.width)}), then nothing for the last"
                f" {lasting} of the log",
                observed=0.0,
                expected=usual * float(gone[row]),
                probability=max(float(probability[row]), 1e-300),
            )

    def _dips(self, case: Case, block: Series) -> Iterator[Absence]:
        exposures = levelled(block.exposures, changes(block.counts, block.exposures), most=_CHANGED)
        runs, stands_out = dips(block.counts, exposures)
        judged = tails(block.counts, exposures, runs, clumpiness=1.0, upper=False)
        unlikely = judged.probability <= 10 ** (-self.full / 4)
        nothing = judged.observed <= judged.expected / 8
        begun = (block.counts > 0).argmax(axis=1) <= self.latest_start * block.counts.shape[1]
        for row in np.flatnonzero(stands_out & unlikely & nothing & begun & (runs.stop - runs.start >= 2)):
            first, last = int(block.buckets[runs.start[row]]), int(block.buckets[runs.stop[row] - 1])
            begin, end = first * case.width * 1_000_000, (last + 1) * case.width * 1_000_000
            observed, expected = float(judged.observed[row]), float(judged.expected[row])
            few = f"only {amount(int(observed), 'record')}" if observed else "nothing"
            yield Absence(
                key=block.keys[row],
                tag="dip",
                begin=begin,
                end=end,
                slack=case.width * 1_000_000,
                text=f"{few} from {clock(begin, case.span)} to {clock(end, case.span)}, where {expected:,.3g} records"
                " are usual",
                observed=observed,
                expected=expected,
                probability=float(judged.probability[row]),
            )

    def _quiet(self, case: Case, places: Places, absence: Absence) -> Evidence:
        """Return evidence on the whole log, which has the name of its most frequent level."""
        subject = Subject(kind="level", name=Level(absence.key).name)
        said = replace(absence, text=f"the log as a whole has {absence.text}")
        return self._evidence(case, places, said, subject, range(len(case.templates)), others=0)

    def _evidence(
        self, case: Case, places: Places, absence: Absence, subject: Subject, numbers: Sequence[int], *, others: int
    ) -> Evidence:
        if subject.kind == "component" and (absence.end is None or not numbers):
            place = _last_line(case, subject.name)
        else:
            place = places.last_before(numbers, absence.begin + case.width * 1_000_000)
        also = f"; {amount(others, 'other kind')} of line stopped with it" if others else ""
        return Evidence(
            detector=self.name,
            subject=subject,
            strength=surprise(absence.probability, full=self.full_beats if absence.tag == "heartbeat" else self.full),
            text=absence.text + also,
            observed=absence.observed,
            expected=absence.expected,
            probability=absence.probability,
            tags=(absence.tag,) if absence.tag == "silence" or absence.end else (absence.tag, "silence"),
            location=place,
            span=(absence.begin, absence.end or max(absence.begin, (case.span or (0, 0))[1])),
            # No record is odd, only that there are no more: the last one stands for them.
            lines=(place.line, place.line),
        )


def _last_bucket(case: Case) -> int:
    """Return the last of the finest buckets, and the last of all records."""
    return (case.span or (0, 0))[1] // (case.profile.width * 1_000_000)


def _is_quiet(case: Case, first: int, last: int) -> bool:
    """Whether the log as a whole has far fewer records than usual in the finest buckets from `first` to `last`."""
    width = case.profile.width
    totals = case.profile.totals.with_columns(bucket=pl.col("bucket") * case.profile.total_width // width)
    start, stop = (time // (width * 1_000_000) for time in case.span or (0, 0))
    within = pl.col("bucket").is_between(first, last - 1)
    here = int(totals.filter(within)["count"].sum())
    share = max(last - first, 1) / max(stop - start + 1 - (last - first), 1)
    usual = (int(totals["count"].sum()) - here) * share
    return usual >= _TOLD and here < _FOLLOWS * usual


def _loud_components(case: Case) -> set[bytes]:
    """Return the components most of whose records are warnings or worse."""
    bad = pl.col("records").filter(pl.col("level") >= Level.WARNING).sum()
    shares = case.table.group_by("component").agg(share=bad / pl.col("records").sum())
    return set(shares.filter(pl.col("component").is_not_null() & (pl.col("share") > 0.5))["component"].to_list())


def _last_line(case: Case, component: str) -> Location:
    """Return the last line of a component."""
    named = [name for name in case.profile.components["name"].unique() if decoded(name) == component]
    row = case.profile.components.filter(pl.col("name").is_in(named)).sort("source", "last_line").row(-1, named=True)
    return Location(source=row["source"], line=row["last_line"], offset=row["last_offset"])
