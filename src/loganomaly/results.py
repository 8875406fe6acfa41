"""The results of an analysis: what users get from the library, and what is written to a folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from loganomaly.findings import Finding
from loganomaly.reports.parquet import finding_files, template_files
from loganomaly.reports.report_files import report_files
from loganomaly.reports.timeline_table import TIMELINE_COLUMNS
from loganomaly.reports.writer import to_json, write_results

__all__ = ["FileReport", "Results"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """The summary and anomalies of one of several input files."""

    summary: Mapping[str, Any]
    anomalies: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Results:
    """What an analysis found.

    Attributes
    ----------
    summary
        The mapping of summary.json.
    anomalies
        The list of anomalies.json, worst first, with the second opinions of a model where one was asked.
    findings
        The same as objects, as the evidence judges them.
    templates
        polars frame, one row per template, most frequent first: `template_id` (text, the same in every run),
        `log_template` (text, `<*>` where it varies), `count` (records), `ratio` (share 0..1 of all records),
        `severity` (that of most of its records), `component` (that of most of its records, or null), `score`
        (anomaly score 0..1), `first_seen` and `last_seen` (ISO 8601 in UTC, or null).
    template_file
        The mapping of templates.json: the same with what is known of each parameter's values, and what a later run
        needs to give the same template the same id.
    leaks
        The list of leaks.json: secrets and personal data in plain text, the worst first, without their values.
    timeline
        polars frame, how many records of each severity, component and template there were when; see
        `loganomaly.reports.timeline_table.TIMELINE_COLUMNS`.
    session_table
        Makes the frame that `sessions` is.
    lines
        For a frame, as the evidence judges it: its rows, order and index, and the columns `template_id`,
        `log_template`, `anomaly_score` (0..1), `is_anomaly`, `anomaly_source` (the detector that counts most),
        `classification`, `reason`, `tags`. Of a finding on sessions one row is an anomaly, the one it names; of those
        on components, levels and windows none is. None for files.
    files
        For several input files: the reports on each, by name.
    notices
        One-line remarks for the user.
    further
        Contents of further files that `save` writes, by name: the questions to a model that were prepared.
    """

    summary: dict[str, Any]
    anomalies: list[dict[str, Any]]
    findings: tuple[Finding, ...] = ()
    templates: pl.DataFrame = field(default_factory=pl.DataFrame)
    template_file: Mapping[str, Any] = field(default_factory=dict)
    leaks: list[dict[str, Any]] = field(default_factory=list)
    timeline: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TIMELINE_COLUMNS))
    session_table: Callable[[], pl.DataFrame] = field(default=pl.DataFrame, repr=False)
    lines: Any = None
    files: Mapping[str, FileReport] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    further: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def incidents(self) -> list[dict[str, Any]]:
        """The findings that belong together, worst first: the list `incidents` of summary.json."""
        return list(self.summary.get("incidents", ()))

    @cached_property
    def sessions(self) -> pl.DataFrame:
        """The sessions: one row for each, the most unusual first; made when it is first asked for.

        Columns are `session` (the id that its lines share), `key` (name of the field, or how such ids are written),
        `line_count`, `first_seen` and `last_seen` (ISO 8601 in UTC, or null), `anomaly_score` (0..1), `is_anomaly`, and
        `reason` (null for those that are not unusual).
        """
        return self.session_table()

    @property
    def interrupted(self) -> bool:
        """Whether the user interrupted the asking of a model: the results are complete, but for its opinions."""
        return bool(self.summary.get("llm", {}).get("interrupted", False))

    def save(self, folder: Path | str, *, summary_only: bool = False, report: bool = True) -> list[Path]:
        """Write the results: summary.json, anomalies.json, leaks.json, templates.json, tables of them, and a report.

        The tables are findings.parquet, findings.csv, templates.parquet and timeline.parquet. The report is
        report.html, a page that needs no network, and report.md for tickets, left out where `report` is false. Of
        several files, a summary and anomalies for each in `files/`. With `summary_only`, neither anomalies nor leaks
        nor findings nor a report. Questions that were prepared are written as well. Returns the paths written. Each
        file appears whole or not at all.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        contents: dict[str, bytes] = {}
        for name, each in self.files.items():
            stem = f"files/{_stem(name, taken=contents)}"
            contents[f"{stem}.summary.json"] = to_json(each.summary)
            if not summary_only:
                contents[f"{stem}.anomalies.json"] = to_json(each.anomalies)
        if not summary_only:
            contents["anomalies.json"] = to_json(self.anomalies)
            contents["leaks.json"] = to_json(self.leaks)
            contents.update(finding_files(self.anomalies))
            if report:
                contents.update(self._report())
        contents.update(self.further)
        contents["templates.json"] = to_json(self.template_file)
        contents.update(template_files(self.template_file.get("templates", ()), self.timeline))
        contents["summary.json"] = to_json(self.summary)
        return write_results(Path(folder), contents)

    def _report(self) -> dict[str, bytes]:
        return report_files(
            self.summary,
            self.anomalies,
            leaks=self.leaks,
            template_file=self.template_file,
            timeline=self.timeline,
        )


def _stem(name: str, *, taken: Mapping[str, bytes]) -> str:
    """Return a file name for a source: its path with separators replaced, made unique."""
    plain = "".join(c if c.isalnum() or c in "._-" else "_" for c in name).strip("._") or "log"
    plain, number = plain[-120:], 1
    stem = plain
    while f"files/{stem}.summary.json" in taken:
        number += 1
        stem = f"{plain}-{number}"
    return stem
