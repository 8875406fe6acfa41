"""Records whose words say that something went wrong, above all where their level does not."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.detectors.spoken import Spoken, read_spoken
from loganomaly.findings import Evidence
from loganomaly.reading.program import Level
from loganomaly.troubles import Grade

__all__ = ["WordingDetector"]

_WEIGHTS = {
    Grade.MILD: (0.4, 0.15, 0.1, 0.1),
    Grade.BAD: (0.85, 0.6, 0.2, 0.2),
    Grade.GRAVE: (1.0, 0.9, 0.6, 0.3),
}
"""Strength of words of a grade in records below WARNING (or of no level), WARNING, ERROR, CRITICAL: where the level
says as much, words add little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingDetector:
    """Says how unlikely a record whose words are as bad as this one's is in this log; see `loganomaly.troubles`.

    Messages are read once per shape. Where the words count something (`3 errors`), the values that the whole log has
    in that place decide: none speaks if it always is 0.

    Parameters
    ----------
    full
        At one in 10 ** full records that speak so, or fewer, the strength is at its highest.
    floor
        Share 0..1 of the strength that is left where all records speak so.
    """

    name: str = "wording"
    weight: float = 0.45
    aspect: str = "trouble"
    full: float = 3.0
    floor: float = 0.2

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on templates with messages that say that something went wrong, one each."""
        spoken: defaultdict[int, list[Spoken]] = defaultdict(list)
        for each in read_spoken(case):
            spoken[each.number].append(each)
        totals = {
            grade: sum(each.records for several in spoken.values() for each in several if each.grade >= grade)
            for grade in _WEIGHTS
        }
        records = dict(case.table.select("number", "records").iter_rows())
        found = []
        for number, several in spoken.items():
            grades = sorted({each.grade for each in several}, reverse=True)
            evidence = [
                self._judge(case, [each for each in several if each.grade >= grade], grade, totals, records[number])
                for grade in grades
            ]
            found.append(max(evidence, key=lambda e: e.strength))
        return found

    def _judge(
        self, case: Case, spoken: Sequence[Spoken], grade: Grade, totals: Mapping[Grade, int], records: int
    ) -> Evidence:
        """Return the evidence on a template of so many records, of which some say things of this grade or worse."""
        own = sum(each.records for each in spoken)
        # Its own records count once, as with severities.
        others = totals[grade] - own
        share = min(1.0, (others + 1) / max(case.records - records + 1, 1))
        level = _level(spoken)
        rank = max(0, level - Level.NOTICE)
        rest = f"other lines that say something as bad make up {others / case.records:.2%} of the log" if others else ""
        # Words that stand for themselves, at their first place, rather than the largest of numbers.
        best = min(
            spoken, key=lambda each: (each.value is not None, -abs(each.value or 0), each.place.source, each.place.line)
        )
        return Evidence(
            detector=self.name,
            subject=case.subject(best.number),
            strength=_WEIGHTS[grade][rank] * (self.floor + (1 - self.floor) * surprise(share, full=self.full)),
            text=_told(best, own=own, records=records, level=level if rank < grade else Level.UNKNOWN)
            + f"; {rest or 'no other line says anything as bad'}",
            observed=float(grade),
            probability=share,
            tags=("warning" if grade == Grade.MILD else "error",),
            location=best.place,
            count=own,
        )


def _told(spoken: Spoken, *, own: int, records: int, level: Level) -> str:
    """Return what a template says, in how many of its records, and the level that hides it (UNKNOWN for none)."""
    says = f'says "{spoken.word}"'
    if own < records:
        if spoken.value is not None:
            says += f", up to {spoken.value:,.6g}," if spoken.value >= 0 else f", down to {spoken.value:,.6g},"
        says += f" in {own:,} of {records:,} records"
    return says if level == Level.UNKNOWN else f"{says} at level {level.name}"


def _level(spoken: Sequence[Spoken]) -> Level:
    """Return the level that most of the records have; among equals, the most severe."""
    counts: defaultdict[int, int] = defaultdict(int)
    for each in spoken:
        counts[each.level] += each.records
    return Level(max(counts, key=lambda level: (counts[level], level)))
