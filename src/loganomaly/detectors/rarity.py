"""Templates that are seldom seen, in a log whose lines mostly are not."""

import math
from dataclasses import dataclass

import polars as pl

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence
from loganomaly.wording import percent, times

__all__ = ["RarityDetector"]

_TINY = 0.0001  # a share below this is told as less than it


@dataclass(frozen=True, slots=True, kw_only=True)
class RarityDetector:
    """Says how unlikely it is that a line of this log has a template as rare as this one.

    The probability is the share of records in templates that are as rare or rarer: in a log where every second line
    is one of a kind, being one of a kind is no news. Each time that a template comes again it is less of a surprise,
    whatever its share: the strength is divided by 1 + log2 of its records.
    """

    name: str = "rarity"
    weight: float = 0.5
    aspect: str = "kind"
    full: float = 4.0
    most: int = 50
    common: float = 0.1

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on templates with at most `most` records, where so rare ones are at most a share `common`."""
        if not case.records:
            return []
        shares = (
            case.table.group_by("records").agg(pl.len().alias("templates")).sort("records")
            .with_columns(share=(pl.col("records") * pl.col("templates")).cum_sum() / case.records)
        )  # fmt: skip
        share_of = dict(shares.select("records", "share").iter_rows())
        found = []
        for number, records in (
            case.table.filter(pl.col("records") <= self.most).select("number", "records").iter_rows()
        ):
            share = share_of[records]
            if share > self.common:
                continue
            found.append(
                Evidence(
                    detector=self.name,
                    subject=case.subject(number),
                    strength=surprise(share, full=self.full) / (1 + math.log2(records)),
                    text=f"seen {times(records)} in {case.records:,} records; {_told(share, records / case.records)}",
                    observed=float(records),
                    probability=share,
                    tags=("rare",),
                )
            )
        return found


def _told(share: float, own: float) -> str:
    """Return what is said of the share of records that are as rare, of which `own` are the template's."""
    # The two are the same number of records over the same total.
    if share == own:
        return "no other kind of line is as rare"
    return f"{'only ' if share >= _TINY else ''}{percent(share)} of the log is that rare"
