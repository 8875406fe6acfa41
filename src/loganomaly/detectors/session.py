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
_RARE = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetector:
    """Tells what few sessions do: of a template that few have, of what they lack, repeat, turn round or take long for.

    Evidence on a template that is rare among sessions is about it; other deviations are subjects of their own,
    shown by the first session that has them.
    """

    name: str = "session"
    weight: float = 0.6
    aspect: str = "session"
    full: float = 3.5

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
        is_rare = deviation.kind == "rare" and deviation.number is not None
        subject = Subject(kind="session", name=call(deviation, case.templates, key=judged.group.key))
        return Evidence(
            detector=self.name,
            subject=case.subject(deviation.number) if is_rare else subject,  # type: ignore[arg-type]
            strength=surprise(deviation.probability, full=self.full) * _size(deviation),
            text=f"{text}: {session['text'][:_LONGEST_NAME]}{more}",
            observed=deviation.observed,
            expected=deviation.expected,
            probability=deviation.probability,
            tags=("rare",) if is_rare else ("session",),
            location=None if is_rare else Location(source=source, line=line, offset=unplace(session["last_offset"])[1]),
            count=None if is_rare else session["records"],
            span=None if is_rare or session["first_time"] is None else (session["first_time"], session["last_time"]),
            lines=None if is_rare else (line, line),
        )


def _size(deviation: Deviation) -> float:
    """Return 0..1: how far off a count or a duration is; twice the usual is little, eight times as much is all.

    That a template is rare among sessions adds little to that it is rare.
    """
    if deviation.kind == "rare":
        return _RARE
    if deviation.kind not in {"count", "slow"}:
        return 1.0
    ratio = (deviation.observed + 1) / (deviation.expected + 1)
    return min(1.0, abs(math.log2(ratio)) / 3)
