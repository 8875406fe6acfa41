"""Floods: stretches of a log that one template dominates; and the folding of floods in frames."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loganomaly.case import Case
from loganomaly.errors import UsageError
from loganomaly.findings import Evidence, Location
from loganomaly.floods import FEWEST_ROWS, FloodSettings, flooded_rows
from loganomaly.wording import duration

__all__ = ["RollingWindowDetector", "rolling_window_chunking"]

_REST = 0.1
"""Lines outside a flood, as a share of those in it, that halve its strength: there is little to compare it with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingWindowDetector:
    """Stretches of rows in which one shape makes up `repetition_threshold` of every window of `window_size` records.

    A flood is as strong as the template's share in it exceeds its share in the rest of the same source: a log that
    always consists of one template is not flooded by it, and a rest of a few lines says little of what is usual.
    """

    window_size: int = 1000
    repetition_threshold: float = 0.75
    name: str = "rolling_window"
    weight: float = 0.9
    aspect: str = "flood"

    def detect(self, case: Case) -> list[Evidence]:
        """Return one piece of evidence per flood."""
        floods = case.profile.floods.table()
        if not len(floods):
            return []
        sources = {row["source"]: row for row in case.profile.sources.iter_rows(named=True)}
        totals = {
            (source, shape): records
            for source, shape, records in case.profile.shapes.select("source", "shape", "records").iter_rows()
        }
        found = []
        for row in floods.join(case.members, on="shape").iter_rows(named=True):
            source, records = sources[row["source"]], row["records"]
            lines = row["last_line"] - row["first_line"] + 1
            inside = min(1.0, records / lines)
            elsewhere = max(source["records"] - min(lines, source["records"]), 0)
            outside = min(1.0, (totals[row["source"], row["shape"]] - records) / elsewhere) if elsewhere else inside
            grounds = elsewhere / (elsewhere + _REST * lines)
            strength = max(0.0, 1 - outside / inside) * min(1.0, math.log10(records) / 3) * grounds
            if strength < 0.1:
                continue
            span = None if row["first_time"] is None else (row["first_time"], row["last_time"])
            seconds = (span[1] - span[0]) / 1e6 if span else 0.0
            within = f" within {duration(seconds)}" if seconds > 0 else ""
            found.append(
                Evidence(
                    detector=self.name,
                    subject=case.subject(row["number"]),
                    strength=strength,
                    text=f"{records:,} records of this kind in lines {row['first_line'] + 1:,} to"
                    f" {row['last_line'] + 1:,}{within}: {inside:.0%} of all lines there, {outside:.1%} elsewhere",
                    observed=inside,
                    expected=outside,
                    tags=("flood",),
                    location=Location(source=row["source"], line=row["first_line"], offset=row["first_offset"]),
                    count=records,
                    span=span,
                    lines=(row["first_line"], row["last_line"]),
                )
            )
        return found


def rolling_window_chunking(
    frame: Any, *, window_size: int = 1000, repetition_threshold: float = 0.75, column: str = "log"
) -> Any:
    """Fold the floods of a frame into one row each.

    Parameters
    ----------
    frame
        pandas or polars frame with a column of log lines, in order.
    window_size, repetition_threshold
        A template floods a window of `window_size` rows if it makes up this share 0..1 of it; a frame with fewer
        rows (but at least 20) is one window.

    Returns
    -------
    frame
        The rows in order (pandas: with their index), where each flood is its first row, and the columns
        `is_flood` (bool), `flood_count` (rows that the row stands for, 1 for others), `flood_first` and
        `flood_last` (row numbers from 0) and `flood_template` (null for others).

    Raises
    ------
    InputError
        If the frame has no such column, or no rows.
    UsageError
        If a parameter is out of range.
    """
    from loganomaly.frames import add_columns, lines_of, take_rows
    from loganomaly.pattern_miner import mine_rows

    if window_size < 2:
        msg = f"window_size is {window_size}; expected a whole number of 2 or more"
        raise UsageError(msg)
    if not 0 < repetition_threshold <= 1:
        msg = f"repetition_threshold is {repetition_threshold}; expected a share above 0, at most 1"
        raise UsageError(msg)
    mined = mine_rows(lines_of(frame, column=column))
    rows = len(mined.numbers)
    settings = FloodSettings(window_size=window_size, repetition_threshold=repetition_threshold)
    window = window_size if rows >= window_size else rows if rows >= FEWEST_ROWS else rows + 1
    numbers = mined.numbers.astype(np.int32)
    flooded = flooded_rows(numbers, len(mined.templates), window, settings.fewest(min(window, rows)))
    row = pl.DataFrame({"row": np.arange(rows), "number": numbers, "flooded": flooded})
    # Flooded rows of one template that are less than a window apart are one flood.
    runs = row.filter("flooded").with_columns(
        flood=(pl.col("row") - pl.col("row").shift(1).over("number") >= window).fill_null(value=True)
        .cast(pl.Int64).cum_sum().over("number")
    )  # fmt: skip
    floods = runs.group_by("number", "flood").agg(
        first=pl.col("row").min(), last=pl.col("row").max(), count=pl.len()
    ).filter(pl.col("count") > 1)  # fmt: skip
    heads = {row["first"]: row for row in floods.iter_rows(named=True)}
    folded = runs.join(floods, on=["number", "flood"]).filter(pl.col("row") != pl.col("first"))["row"].to_numpy()
    keep = np.setdiff1d(np.arange(rows), folded)
    head = [heads.get(int(k)) for k in keep]
    return add_columns(
        take_rows(frame, keep),
        {
            "is_flood": [h is not None for h in head],
            "flood_count": [h["count"] if h else 1 for h in head],
            "flood_first": [h["first"] if h else int(k) for h, k in zip(head, keep, strict=True)],
            "flood_last": [h["last"] if h else int(k) for h, k in zip(head, keep, strict=True)],
            "flood_template": [mined.templates[h["number"]].text if h else None for h in head],
        },
    )
