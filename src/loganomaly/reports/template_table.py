"""The templates of a run as a table."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

__all__ = ["TEMPLATE_COLUMNS", "template_table"]

_TEXT, _TIME = pl.String(), pl.Datetime("us", "UTC")
TEMPLATE_COLUMNS: Mapping[str, pl.DataType] = {
    "template_id": _TEXT,
    "log_template": _TEXT,
    "count": pl.Int64(),
    "ratio": pl.Float64(),
    "severity": _TEXT,
    "component": _TEXT,
    "score": pl.Float64(),
    "first_seen": _TIME,
    "last_seen": _TIME,
    "parameters": _TEXT,
}
"""Columns of templates.parquet: the keys of a template in templates.json, most frequent first.

`parameters` is JSON: what is known of the values of each. Templates of earlier runs without records have no row.
"""


def template_table(templates: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return one row for each template of templates.json that has records; see `TEMPLATE_COLUMNS`."""
    now = [entry for entry in templates if entry["count"]]
    columns = []
    for name, dtype in TEMPLATE_COLUMNS.items():
        values = [entry[name] for entry in now]
        if name == "parameters":
            values = [json.dumps(value, ensure_ascii=True, allow_nan=False) for value in values]
        columns.append(pl.Series(name, values, dtype=_TEXT if dtype == _TIME else dtype))
    seen = pl.col("first_seen", "last_seen").str.to_datetime(time_unit="us", time_zone="UTC")
    return pl.DataFrame(columns).with_columns(seen)
