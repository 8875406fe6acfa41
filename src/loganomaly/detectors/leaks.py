"""Secrets in lines."""

from dataclasses import dataclass

from loganomaly.case import Case
from loganomaly.findings import Evidence, Location
from loganomaly.redaction.secrets import leak_kinds

__all__ = ["LeakDetector"]

_STRENGTH = {"critical": 1.0, "high": 0.9}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakDetector:
    """Reports each kind of secret that a template's lines hold."""

    name: str = "leak"
    weight: float = 0.97
    aspect: str = "leak"

    def detect(self, case: Case) -> list[Evidence]:
        """Return one piece of evidence per template and kind of secret."""
        kinds = {kind.name: kind for kind in leak_kinds()}
        found = []
        leaks = case.profile.leaks.join(case.members, on="shape").sort("source", "first_line", "kind")
        for row in leaks.iter_rows(named=True):
            kind, count = kinds[row["kind"]], row["count"]
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
