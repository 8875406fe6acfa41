"""The report of a run as files that can be mailed, or pasted into a ticket."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from loganomaly.reports.markdown import report_markdown
from loganomaly.reports.page.page import report_page
from loganomaly.reports.story import Told

__all__ = ["REPORTS", "report_files"]

REPORTS = ("report.html", "report.md")
"""Names of the files."""


def report_files(
    summary: Mapping[str, Any],
    anomalies: Sequence[Mapping[str, Any]],
    *,
    leaks: Sequence[Mapping[str, Any]],
    template_file: Mapping[str, Any],
    timeline: pl.DataFrame,
) -> dict[str, bytes]:
    """Return report.html and report.md, by name, of what the other files of a run hold."""
    told = Told.of(summary, anomalies, leaks=leaks, templates=template_file.get("templates", ()), timeline=timeline)
    return dict(zip(REPORTS, (report_page(told), report_markdown(told)), strict=True))
