"""The findings as a table: a row for each, for queries, dashboards and spreadsheets."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from loganomaly.legible import plain_text

__all__ = ["FINDING_COLUMNS", "finding_csv", "finding_table"]

_TEXT, _TIME = pl.String(), pl.Datetime("us", "UTC")
FINDING_COLUMNS: Mapping[str, pl.DataType] = {
    "id": _TEXT,
    "score": pl.Float64(),
    "severity": _TEXT,
    "classification": _TEXT,
    "subject": _TEXT,
    "name": _TEXT,
    "component": _TEXT,
    "source": _TEXT,
    "line_number": pl.Int64(),
    "count": pl.Int64(),
    "timestamp": _TIME,
    "first_seen": _TIME,
    "last_seen": _TIME,
    "template_id": _TEXT,
    "template": _TEXT,
    "incident": _TEXT,
    "detectors": pl.List(_TEXT),
    "kinds": pl.List(_TEXT),
    "tags": pl.List(_TEXT),
    "files": pl.List(_TEXT),
    "verdict_by": _TEXT,
    "reason": _TEXT,
    "log": _TEXT,
    "detail": _TEXT,
}
"""Columns of findings.parquet: the keys of an entry of anomalies.json, worst first.

`subject` and `name` are the kind of what it is about and how that is called, `detectors` those that saw something (the
strongest first), and `detail` is the whole entry as JSON. Times are UTC, null where the log has none.
"""
_STAMPS = ("timestamp", "first_seen", "last_seen")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def finding_table(anomalies: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return one row for each entry of anomalies.json; see `FINDING_COLUMNS`."""
    rows = {name: [entry.get(name) for entry in anomalies] for name in FINDING_COLUMNS}
    rows["subject"] = [entry["subject"]["kind"] for entry in anomalies]
    rows["name"] = [entry["subject"]["name"] for entry in anomalies]
    rows["detectors"] = [_detectors(entry["evidence"]) for entry in anomalies]
    rows["detail"] = [json.dumps(entry, ensure_ascii=True, allow_nan=False) for entry in anomalies]
    types = {name: _TEXT if name in _STAMPS else dtype for name, dtype in FINDING_COLUMNS.items()}
    # A lone surrogate, which a log may have, is no text elsewhere.
    columns = [pl.Series(name, _writable(values), dtype=types[name]) for name, values in rows.items()]
    return pl.DataFrame(columns).with_columns(pl.col(_STAMPS).str.to_datetime(time_unit="us", time_zone="UTC"))


def finding_csv(table: pl.DataFrame) -> bytes:
    """Return the rows as CSV for spreadsheets (RFC 4180, UTF-8): without `detail`, and no cell is a formula there."""
    told = table.drop("detail").with_columns(
        pl.col(_STAMPS).dt.to_string("iso:strict"),
        pl.col(pl.List(pl.String)).list.join(" "),
    )
    safe = [
        pl.Series(each.name, [None if text is None else _cell(text) for text in each.to_list()], dtype=_TEXT)
        for each in told.iter_columns()
        if each.dtype == pl.String
    ]
    return told.with_columns(safe).write_csv(line_terminator="\r\n").encode()


def _detectors(evidence: Sequence[Mapping[str, Any]]) -> list[str]:
    ordered = sorted(evidence, key=lambda each: -each["strength"])
    return list(dict.fromkeys(each["detector"] for each in ordered))


def _writable(values: list[Any]) -> list[Any]:
    return [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values]


def _cell(text: str) -> str:
    plain = plain_text(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
