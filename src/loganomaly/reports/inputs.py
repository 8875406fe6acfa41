"""What summary.json says of each input: how it was read, and what was counted in it."""

from typing import Any

import polars as pl

from loganomaly.profile import Profile
from loganomaly.reading.detect import Detected
from loganomaly.wording import iso

__all__ = ["describe_input"]


def describe_input(
    profile: Profile, number: int, *, name: str, compression: str, size: int, detected: Detected
) -> dict[str, Any]:
    """Return the entry of a source: its name, compression, size in bytes, format and counts."""
    return {
        "name": name,
        "compression": compression,
        "size": size,
        **_reading(detected),
        **_counts(profile, number),
    }


def _reading(detected: Detected) -> dict[str, Any]:
    return {
        "format": detected.name,
        "layouts": [
            layout.text if layout.time is None else layout.text.replace("{time}", f"{{time:{layout.time}}}")
            for layout in detected.layouts
        ],
        "share_read": round(detected.share, 4),
    }


def _counts(profile: Profile, number: int) -> dict[str, Any]:
    rows = profile.sources.filter(pl.col("source") == number)
    shapes = profile.shapes.filter(pl.col("source") == number)
    counts = rows.row(0, named=True) if len(rows) else dict.fromkeys(rows.columns, 0)
    return {
        "lines": counts["lines"],
        "records": counts["records"],
        "records_with_time": counts["timed"],
        "records_without_format": counts["unmatched"],
        "first_time": iso(shapes["first_time"].min()),  # type: ignore[arg-type]
        "last_time": iso(shapes["last_time"].max()),  # type: ignore[arg-type]
    }
