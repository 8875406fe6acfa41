"""What the overview counts in a span of time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganomaly.dashboard.address import moment_of
from loganomaly.dashboard.results_folder import Run

__all__ = ["Measures", "error_rates", "incidents_in", "leaks_in", "measured", "rows_in"]

_ERRORS = ("ERROR", "CRITICAL")
_FLOOD = "log_flood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What a span of time holds; None where it is not known.

    Attributes
    ----------
    lines
        Of the whole log; records, where there is a span.
    peak
        Records in the fullest minute.
    error_rate
        Share 0..1 of records that are errors or worse.
    """

    lines: int | None
    templates: int | None
    findings: int | None
    leaks: int | None
    floods: int | None
    error_rate: float | None
    peak: float | None


def measured(
    run: Run, findings: pl.DataFrame | None, *, since: dt.datetime | None, until: dt.datetime | None
) -> Measures:
    """Return what there is of a run in a span of time; `findings` are those in it."""
    summary, times = run.summary, run.summary.get("time_metrics", {})
    floods = None if findings is None else int((findings["classification"] == _FLOOD).sum())
    leaks = len(leaks_in(run, since=since, until=until))
    if since is None and until is None:
        return Measures(
            lines=summary.get("original_log_count"),
            templates=summary.get("template_diversity", {}).get("unique_templates"),
            findings=summary.get("anomalies_detected"),
            leaks=leaks,
            floods=floods,
            error_rate=times.get("error_rate"),
            peak=times.get("peak_rate_per_minute"),
        )
    levels = rows_in(run.levels, since=since, until=until)
    total = int(levels["records"].sum())
    errors = int(levels.filter(pl.col("name").is_in(_ERRORS))["records"].sum())
    return Measures(
        lines=total,
        templates=rows_in(run.rates, since=since, until=until)["name"].to_physical().n_unique(),
        findings=None if findings is None else len(findings),
        leaks=leaks,
        floods=floods,
        error_rate=errors / total if total else None,
        peak=_peak(levels),
    )


def rows_in(rows: pl.DataFrame, *, since: dt.datetime | None, until: dt.datetime | None) -> pl.DataFrame:
    """Return the rows of a timeline whose buckets, all of one width, reach into a span of time."""
    if since is not None and len(rows):
        rows = rows.filter(pl.col("start") > since - dt.timedelta(seconds=int(rows["seconds"][0])))
    if until is not None:
        rows = rows.filter(pl.col("start") <= until)
    return rows


def _peak(levels: pl.DataFrame) -> float | None:
    if levels.is_empty():
        return None
    width = max(60, int(levels["seconds"][0]))
    slot = pl.col("start").dt.epoch("s") // width
    most: Any = levels.group_by(slot.alias("slot")).agg(pl.col("records").sum())["records"].max()
    return float(most) * 60 / width


def error_rates(levels: pl.DataFrame, *, most: int) -> pl.DataFrame:
    """Return how much of the log was errors when, in at most `most` buckets: start, records, errors, rate."""
    from loganomaly.charts.buckets import rebucketed

    counts = rebucketed(levels, most=most)
    return (
        counts.group_by("start")
        .agg(
            records=pl.col("records").sum(),
            errors=pl.col("records").filter(pl.col("name").is_in(_ERRORS)).sum(),
        )
        .with_columns(rate=pl.col("errors") / pl.col("records"))
        .sort("start")
    )


def incidents_in(
    run: Run, *, since: dt.datetime | None, until: dt.datetime | None
) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the incidents that reach into a span of time, worst first, each with its number from 1 on."""
    numbered = list(enumerate(run.summary.get("incidents", ()), start=1))
    return [(number, each) for number, each in numbered if _reaches(each, "start", "end", since=since, until=until)]


def leaks_in(run: Run, *, since: dt.datetime | None, until: dt.datetime | None) -> Sequence[Mapping[str, Any]]:
    """Return the leaks in a span of time, the worst first; those of the summary where nothing else is known."""
    if run.leaks is None:
        return list(run.summary.get("leaks", ()))
    return [each for each in run.leaks if _reaches(each, "first_seen", "last_seen", since=since, until=until)]


def _reaches(
    entry: Mapping[str, Any], first: str, last: str, *, since: dt.datetime | None, until: dt.datetime | None
) -> bool:
    if since is None and until is None:
        return True
    begin, end = moment_of(entry.get(first)), moment_of(entry.get(last))
    if begin is None or end is None:
        return False
    return (since is None or end >= since) and (until is None or begin <= until)
