"""The frame of templates."""

from collections.abc import Callable, Mapping

import polars as pl

from loganomaly.case import Case
from loganomaly.findings import Subject
from loganomaly.reading.program import Level
from loganomaly.reports.summary import iso
from loganomaly.wording import decoded

__all__ = ["template_frame"]


def template_frame(case: Case, *, scores: Mapping[Subject, float], clean: Callable[[str], str]) -> pl.DataFrame:
    """Return one row per template; see `Results.templates` for its columns."""
    total = max(case.records, 1)
    rows = [
        {
            "template_id": case.templates[row["number"]].id,
            "log_template": clean(case.templates[row["number"]].text),
            "count": row["records"],
            "ratio": row["records"] / total,
            "severity": Level(row["level"]).name,
            "component": clean(decoded(row["component"])) if row["component"] else None,
            "score": scores.get(case.subject(row["number"]), 0.0),
            "first_seen": iso(row["first_time"]),
            "last_seen": iso(row["last_time"]),
        }
        for row in case.table.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
