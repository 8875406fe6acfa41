"""The columns of timeline.parquet."""

from collections.abc import Mapping

import polars as pl

__all__ = ["TIMELINE_COLUMNS"]

TIMELINE_COLUMNS: Mapping[str, pl.DataType] = {
    "of": pl.String(),
    "name": pl.String(),
    "start": pl.Datetime("us", "UTC"),
    "seconds": pl.Int64(),
    "records": pl.Int64(),
}
"""Columns of timeline.parquet.

`of` says what is counted: "severity", "component" or "template"; `name` is which (of a template its id), and `records`
how many there were in the `seconds` from `start` (UTC) on. Where there were none, there is no row. Severities are
counted in up to 20,000 buckets, the others in up to 120.
"""
