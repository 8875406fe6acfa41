"""How many records there were when: of each severity, component and template."""

from collections.abc import Callable

import polars as pl

from loganomaly.case import Case
from loganomaly.reading.program import Level
from loganomaly.reports.timeline_table import TIMELINE_COLUMNS
from loganomaly.wording import decoded

__all__ = ["timeline"]

_MICROSECONDS = 1_000_000


def timeline(case: Case, *, clean: Callable[[str], str]) -> pl.DataFrame:
    """Return the records of a case by time; see `TIMELINE_COLUMNS`. Records without a time are in no row.

    `clean` takes secrets out of a text.
    """
    levels = pl.DataFrame(
        {"level": [int(level) for level in Level], "name": [level.name for level in Level]},
        schema={"level": pl.Int64, "name": pl.String},
    )
    totals = case.profile.totals.group_by("bucket", "level").agg(pl.col("count").sum()).join(levels, on="level")
    names = case.component_series["name"].unique().to_list()
    called = pl.DataFrame(
        {"name": names, "called": [clean(decoded(name)) for name in names]},
        schema={"name": pl.Binary, "called": pl.String},
    )
    components = (
        case.component_series.join(called, on="name")
        .group_by("called", "bucket")
        .agg(pl.col("count").sum())
        .rename({"called": "name"})
    )
    ids = pl.DataFrame(
        {"number": range(len(case.templates)), "name": [template.id for template in case.templates]},
        schema={"number": pl.Int64, "name": pl.String},
    )
    return pl.concat([
        _rows(totals, of="severity", width=case.profile.total_width),
        _rows(components, of="component", width=case.width),
        _rows(case.series.join(ids, on="number"), of="template", width=case.width),
    ])  # fmt: skip


def _rows(counts: pl.DataFrame, *, of: str, width: int) -> pl.DataFrame:
    """Return the rows of one sort from the columns name, bucket, count; by name, then by time."""
    return (
        counts.select(
            of=pl.lit(of),
            name="name",
            start=(pl.col("bucket") * width * _MICROSECONDS).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            seconds=pl.lit(width, dtype=pl.Int64),
            records="count",
        )
        .cast(pl.Schema(TIMELINE_COLUMNS))
        .sort("name", "start")
    )
