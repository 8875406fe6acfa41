"""Secrets in lines."""

from dataclasses import dataclass, field

from loganomaly.case import Case
from loganomaly.findings import Evidence, Location
from loganomaly.redaction.kinds import Kind, all_kinds

__all__ = ["LeakDetector"]

_STRENGTH = {"critical": 1.0, "high": 0.9, "medium": 0.75}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakDetector:
    """Reports each kind of secret that a template's lines hold, but those of low severity: leaks.json has them.

    `kinds` are those that may be found.
    """

    name: str = "leak"
    weight: float = 0.97
    aspect: str = "leak"
    kinds: tuple[Kind, ...] = field(default_factory=all_kinds)

    def detect(self, case: Case) -> list[Evidence]:
        """Return one piece of evidence per template and kind of secret."""
        kinds = {kind.name: kind for kind in self.kinds}
        found = []
        for row in case.leaks.iter_rows(named=True):
            kind, count = kinds[row["kind"]], row["count"]
            if kind.severity not in _STRENGTH:
                continue
            lines = "a line" if count == 1 else f"{count:,} lines"
            found.append(
                Evidence(
                    detector=self.name,
                    subject=case.subject(row["number"]),
                    strength=_STRENGTH[kind.severity],
                    text=f"{kind.title} in plain text in {lines}: whoever reads the log has it",
                    observed=float(count),
                    expected=0.0,
                    tags=("leak", kind.name),
                    about=kind.name,
                    location=Location(source=row["source"], line=row["first_line"], offset=row["first_offset"]),
                    count=count,
                    lines=(row["first_line"], row["last_line"]),
                )
            )
        return found
