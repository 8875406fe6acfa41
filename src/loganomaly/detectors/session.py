"""Sessions that do otherwise than the others: requests, blocks, processes whose lines are a set that few have."""

import math
from dataclasses import dataclass

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence, Location, Subject
from loganomaly.profile import unplace
from loganomaly.sessions.deviations import Deviation
from loganomaly.sessions.verdicts import THRESHOLD, JudgedGroup
from loganomaly.sessions.wording import call, tell

__all__ = ["SessionDetector"]

_LONGEST_NAME = 120
_RARE, _ORDER = 0.15, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetector:
    """Tells what few sessions do: of a template that few have, of what they lack, repeat, turn round or take long for.

    Evidence on a template that is rare among sessions is about it; other deviations are subjects of their own,
    shown by the first session that has them.

    Strengths are those of how unlikely a deviation is, times the share of sessions that are of a usual kind: where each
    session goes its own way, as users do, none is off the way.
    """

    name: str = "session"
    weight: float = 0.7
    aspect: str = "session"
    full: float = 2.2

    def detect(self, case: Case) -> list[Evidence]:
        """Return one piece of evidence per deviation of each group of sessions."""
        found = []
        for judged in case.sessions:
            for number, deviation in enumerate(judged.deviations):
                rows = (judged.main == number).nonzero()[0]
                rows = rows[judged.score[rows] >= THRESHOLD]
                if len(rows):
                    found.append(self._evidence(case, judged, deviation, row=int(rows[0]), sessions=len(rows)))
        return found

    def _evidence(self, case: Case, judged: JudgedGroup, deviation: Deviation, *, row: int, sessions: int) -> Evidence:
        session = judged.group.table.row(row, named=True)
        source, line = unplace(session["last_place"])
        text = tell(deviation, case.templates, key=judged.group.key)
        more = "" if sessions == 1 else f" and {sessions - 1:,} more"
        rare = deviation.number if deviation.kind == "rare" else None
        is_rare = rare is not None
        subject = Subject(kind="session", name=call(deviation, case.templates, key=judged.group.key))
        return Evidence(
            detector=self.name,
            subject=subject if rare is None else case.subject(rare),
            strength=judged.regular * surprise(deviation.probability, full=self.full) * _size(deviation),
            text=f"{text}: {session['text'][:_LONGEST_NAME]}{more}",
            observed=deviation.observed,
            expected=deviation.expected,
            probability=deviation.probability,
            tags=("rare",) if is_rare else ("session",),
            location=None if is_rare else Location(source=source, line=line, offset=unplace(session["last_offset"])[1]),
            count=None if is_rare else session["records"],
            # It shows once no line follows.
            span=None if is_rare or session["last_time"] is None else (session["last_time"], session["last_time"]),
            lines=None if is_rare else (line, line),
        )


def _size(deviation: Deviation) -> float:
    """Return 0..1: how much a deviation matters, besides how unlikely it is.

    Twice the usual is little, eight times as much is all. Order is often that of chance, and that a template is rare
    among sessions adds little to that it is rare.
    """
    match deviation.kind:
        case "rare":
            return _RARE
        case "order":
            return _ORDER
        case "count" | "slow" if deviation.observed > deviation.expected:
            return min(1.0, math.log2((deviation.observed + 1) / (deviation.expected + 1)) / 3)
    return 1.0
