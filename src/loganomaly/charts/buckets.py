"""Counts over time in buckets wide enough to be seen."""

import polars as pl

from loganomaly.profile_caps import WIDTHS

__all__ = ["rebucketed", "width_for"]


def width_for(seconds: float, *, least: int, most: int) -> int:
    """Return the width of a bucket, in seconds, of which a span has at most `most`; a multiple of `least`.

    Examples
    --------
    >>> width_for(7200, least=1, most=120), width_for(7200, least=90, most=120), width_for(0, least=1, most=120)
    (60, 90, 1)
    """
    wanted = [width for width in (least, *WIDTHS) if width % least == 0 and seconds / width <= most]
    return wanted[0] if wanted else least * max(1, -(-int(seconds) // (least * most)))


def rebucketed(rows: pl.DataFrame, *, most: int) -> pl.DataFrame:
    """Return rows of timeline.parquet in at most `most` buckets: columns name, start, seconds, records; by both.

    The first bucket begins at or before the first row. Rows of several sorts must have buckets of one width.
    """
    if rows.is_empty():
        return rows.select("name", "start", "seconds", "records")
    begins = rows["start"].dt.epoch("s").sort()
    least = int(rows["seconds"][0])
    width = width_for(int(begins[-1] - begins[0]) + least, least=least, most=most)
    start = pl.col("start").dt.epoch("us") // (width * 1_000_000) * (width * 1_000_000)
    return (
        rows.with_columns(start=start.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        .group_by("name", "start")
        .agg(pl.lit(width, dtype=pl.Int64).alias("seconds"), pl.col("records").sum())
        .sort("name", "start")
    )
