"""Sessions in which templates come together that do so in no other."""

from dataclasses import dataclass

from loganomaly.case import Case
from loganomaly.findings import Evidence, Location, Subject
from loganomaly.profile import unplace
from loganomaly.sessions.mixes import Mix
from loganomaly.sessions.verdicts import JudgedGroup
from loganomaly.sessions.wording import call_mix, tell_mix

__all__ = ["SessionMixDetector"]

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMixDetector:
    """Tells of sessions that no deviation explains and whose templates are a set unlike those of all others.

    Parameters
    ----------
    usual, full
        Distance of a mix, for strength 0 and 1: see `Mix`. Alone, it is reported where the session is unusual
        (`loganomaly.sessions.mixes.UNUSUAL`).
    """

    name: str = "session_mix"
    weight: float = 0.55
    aspect: str = "session"
    usual: float = 0.5
    full: float = 0.72

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on each set of templates that make the difference, shown by the first session with them."""
        found: dict[str, Evidence] = {}
        for judged in case.sessions:
            for mix in judged.mixes:
                evidence = self._evidence(case, judged, mix)
                # The farthest comes first.
                found.setdefault(evidence.subject.name, evidence)
        return list(found.values())

    def _evidence(self, case: Case, judged: JudgedGroup, mix: Mix) -> Evidence:
        key, size = judged.group.key, len(judged.group.table)
        session = judged.group.table.row(int(mix.rows[0]), named=True)
        source, line = unplace(session["last_place"])
        more = "" if len(mix.rows) == 1 else f" and {len(mix.rows) - 1:,} more"
        return Evidence(
            detector=self.name,
            subject=Subject(kind="session", name=call_mix(mix, case.templates, key=key)),
            strength=judged.regular * min(1.0, max(0.0, (mix.distance - self.usual) / (self.full - self.usual))),
            text=f"{tell_mix(mix, case.templates, key=key, of=size)}: {session['text'][:_LONGEST_NAME]}{more}",
            observed=mix.observed[0],
            expected=mix.usual[0],
            tags=("session",),
            location=Location(source=source, line=line, offset=unplace(session["last_offset"])[1]),
            count=session["records"],
            span=None if session["last_time"] is None else (session["last_time"], session["last_time"]),
            lines=(line, line),
        )
