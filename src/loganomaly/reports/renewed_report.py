"""The report in a folder of results, made anew when these were completed."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from loganomaly.reports.report_files import REPORTS, report_files
from loganomaly.reports.timeline_table import TIMELINE_COLUMNS

__all__ = ["renewed_report"]

_LEAKS, _TEMPLATES, _TIMELINE = "leaks.json", "templates.json", "timeline.parquet"
_LEAK_KEYS = frozenset({"title", "severity", "source", "line_number", "count", "template"})
_TEMPLATE_KEYS = frozenset({
    "template_id", "log_template", "count", "ratio", "severity", "component", "score", "parameters"
})  # fmt: skip
_WRONG = (AttributeError, KeyError, RecursionError, TypeError, ValueError)


def renewed_report(
    folder: Path, summary: Mapping[str, Any], anomalies: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of the report of a folder, by name, and remarks; none where the folder has no report.

    What the report tells beside the summary and the findings is read from the folder. Where that is missing or damaged,
    the report does without, which is a remark.
    """
    there = [name for name in REPORTS if (folder / name).is_file()]
    if not there:
        return {}, []
    notes: list[str] = []
    leaks = _read(folder / _LEAKS, _leaks, notes)
    templates = _read(folder / _TEMPLATES, _templates, notes)
    timeline = _read(folder / _TIMELINE, _timeline, notes)
    try:
        made = report_files(
            {**summary, "notices": [*summary["notices"], *notes]},
            anomalies,
            leaks=leaks or (),
            template_file={"templates": templates or ()},
            timeline=pl.DataFrame(schema=TIMELINE_COLUMNS) if timeline is None else timeline,
        )
    except _WRONG:
        left = f"{', '.join(there)}: not made anew, for the results are damaged or of another version"
        return {}, [*notes, left]
    return {name: made[name] for name in there}, notes


def _read(path: Path, read: Any, notes: list[str]) -> Any:
    """Return what a file holds; None where it cannot be read, which is noted."""
    try:
        return read(path.read_bytes())
    except FileNotFoundError:
        notes.append(f"{path.name} is missing; the report does without")
    except OSError as error:
        notes.append(f"{path.name} cannot be read ({error.strerror or error}); the report does without")
    except (pl.exceptions.PolarsError, *_WRONG):
        notes.append(f"{path.name} is damaged, or of another version; the report does without")
    return None


def _leaks(content: bytes) -> list[dict[str, Any]]:
    return _entries(json.loads(content), _LEAK_KEYS)


def _templates(content: bytes) -> list[dict[str, Any]]:
    return _entries([each for each in json.loads(content)["templates"] if each["count"]], _TEMPLATE_KEYS)


def _entries(value: Any, keys: frozenset[str]) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) and keys <= each.keys() for each in value):
        raise TypeError("expected a list of objects")
    return value


def _timeline(content: bytes) -> pl.DataFrame:
    rows = pl.read_parquet(io.BytesIO(content))
    if dict(rows.schema) != dict(TIMELINE_COLUMNS):
        raise TypeError("expected other columns")
    return rows
