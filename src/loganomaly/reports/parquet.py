"""Results as Parquet tables: what dashboards and queries read, a part at a time."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from loganomaly.reports.finding_table import finding_csv, finding_table
from loganomaly.reports.template_table import template_table

__all__ = ["finding_files", "template_files"]

_ROWS = 4096  # of a group: looking up one finding reads no more


def finding_files(anomalies: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Return findings.parquet and findings.csv, by name, of the entries of anomalies.json."""
    table = finding_table(anomalies)
    return {"findings.parquet": _parquet(table), "findings.csv": finding_csv(table)}


def template_files(templates: Sequence[Mapping[str, Any]], timeline: pl.DataFrame) -> dict[str, bytes]:
    """Return templates.parquet and timeline.parquet, by name, of the templates of templates.json."""
    return {"templates.parquet": _parquet(template_table(templates)), "timeline.parquet": _parquet(timeline)}


def _parquet(table: pl.DataFrame) -> bytes:
    written = io.BytesIO()
    table.write_parquet(written, compression="zstd", row_group_size=_ROWS)
    return written.getvalue()
