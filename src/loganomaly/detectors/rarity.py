"""Templates that are seldom seen, in a log whose lines mostly are not."""

from dataclasses import dataclass

import polars as pl

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence
from loganomaly.reading.program import Level
from loganomaly.wording import percent, times

__all__ = ["RarityDetector"]

_TINY = 0.0001  # a share below this is told as less than it


@dataclass(frozen=True, slots=True, kw_only=True)
class RarityDetector:
    """Says how unlikely it is that a line of this log has a template as rare as this one.

    The probability is the share of records in templates that are as rare or rarer, and as severe: in a log where every
    second line is one of a kind, being one of a kind is no news, but an error that is may be. Each time that a template
    comes again it is less of a surprise, whatever its share: the strength is divided by its records.
    """

    name: str = "rarity"
    weight: float = 0.5
    aspect: str = "kind"
    full: float = 3.0
    most: int = 50
    common: float = 0.1

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on templates with at most `most` records, where so rare ones are at most a share `common`."""
        if not case.records:
            return []
        share_of = _shares(case)
        found = []
        for number, records, level in (
            case.table.filter(pl.col("records") <= self.most).select("number", "records", "level").iter_rows()
        ):
            severity = max(level, Level.INFO)
            share = share_of[severity, records]
            if share > self.common:
                continue
            found.append(
                Evidence(
                    detector=self.name,
                    subject=case.subject(number),
                    strength=surprise(share, full=self.full) / records,
                    text=f"seen {times(records)} in {case.records:,} records; "
                    f"{_told(share, records / case.records, severe=severity >= Level.WARNING)}",
                    observed=float(records),
                    probability=share,
                    tags=("rare",),
                )
            )
        return found


def _shares(case: Case) -> dict[tuple[int, int], float]:
    """Return the share of records in templates that are at least so severe (from INFO on) and at most so frequent."""
    severity = pl.max_horizontal("level", pl.lit(int(Level.INFO), dtype=pl.Int64))
    table = case.table.select("records", severity=severity)
    shares: dict[tuple[int, int], float] = {}
    for level in table["severity"].unique().to_list():
        counts = (
            table.filter(pl.col("severity") >= level)
            .group_by("records").agg(pl.len().alias("templates")).sort("records")
            .with_columns(share=(pl.col("records") * pl.col("templates")).cum_sum() / case.records)
        )  # fmt: skip
        shares |= {(level, records): share for records, share in counts.select("records", "share").iter_rows()}
    return shares


def _told(share: float, own: float, *, severe: bool) -> str:
    """Return what is said of the share of records that are as rare, of which `own` are the template's."""
    as_rare = "as rare and as severe" if severe else "as rare"
    # The two are the same number of records over the same total.
    if share == own:
        return f"no other kind of line is {as_rare}"
    return f"{'only ' if share >= _TINY else ''}{percent(share)} of the log is {as_rare}"
