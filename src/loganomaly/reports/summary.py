"""The mapping of summary.json: what was read, and what it looks like as a whole."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from loganomaly.case import Case
from loganomaly.findings import Finding
from loganomaly.mining.tokens import MOST_SLOTS
from loganomaly.profile import LEVEL_COLUMNS
from loganomaly.profile_caps import WIDTHS
from loganomaly.reading.program import Level
from loganomaly.wording import decoded, iso

__all__ = ["SCHEMA_VERSION", "summarise"]

SCHEMA_VERSION = 1
_MOST_TEMPLATES = 1000
_MOST_COMPONENTS = 50
_MOST_POINTS = 120


def summarise(
    case: Case,
    findings: Sequence[Finding],
    *,
    filename: str,
    lines: int,
    leaks: Sequence[Mapping[str, Any]],
    clean: Callable[[str], str],
) -> dict[str, Any]:
    """Return what summary.json says of the records of a case.

    Parameters
    ----------
    lines
        Lines of the input, read or not.
    leaks
        What is said of the leaks; see `leaks_in_summary`.
    clean
        Takes secrets out of a text.
    """
    profile, table = case.profile, case.table
    read, stray = int(profile.sources["lines"].sum()), int(profile.sources["stray"].sum())
    levels = dict(zip(LEVEL_COLUMNS, table.select(pl.col(*LEVEL_COLUMNS).sum()).row(0), strict=True))
    counted = int(table["records"].sum())
    return {
        "schema_version": SCHEMA_VERSION,
        "filename": filename,
        "original_log_count": lines,
        "processed_log_count": read,
        "records": case.records,
        "stray_lines": stray,
        "uncounted_records": case.records - counted,
        "cut_records": int(profile.sources["cut"].sum()),
        "limits": _limits(case),
        "anomalies_detected": len(findings),
        "volume_stats": _volume(case, clean=clean),
        "template_diversity": _diversity(table["records"].to_list()),
        "time_metrics": _times(case, errors=levels["error"] + levels["critical"]),
        "component_metrics": _components(case, clean=clean),
        "log_severity_summary": {level.name: int(levels[level.name.lower()] or 0) for level in reversed(Level)},
        "tag_summary": _tags(findings),
        "leaks": list(leaks),
    }


def _limits(case: Case) -> dict[str, int]:
    """Return how much the caps left out, besides the records that are counted elsewhere."""
    profile = case.profile
    kept = profile.values.group_by("shape", "slot").len()
    crowded = profile.slots.filter(pl.col("slot") == MOST_SLOTS - 1)
    return {
        "joined_templates": sum(template.cut for template in case.templates),
        "long_records": sum(shape.records for shape in case.shapes if shape.cut),
        "sampled_parameters": int((kept["len"] >= profile.most_values).sum()),
        "values_per_parameter": profile.most_values,
        "crowded_records": int(profile.shapes.join(crowded, on="shape", how="semi")["records"].sum()),
    }


def _volume(case: Case, *, clean: Callable[[str], str]) -> list[dict[str, Any]]:
    rows = case.table.select("number", "records").sort("records", "number", descending=[True, False])
    total = max(int(rows["records"].sum()), 1)
    listed = [
        {"template": clean(case.templates[number].text), "count": count, "ratio": count / total}
        for number, count in rows.head(_MOST_TEMPLATES).iter_rows()
    ]
    rest = int(rows["records"][_MOST_TEMPLATES:].sum())
    if rest:
        name = f"({len(rows) - _MOST_TEMPLATES} further templates)"
        listed.append({"template": name, "count": rest, "ratio": rest / total})
    return listed


def _diversity(counts: Sequence[int]) -> dict[str, Any]:
    total = sum(counts)
    shares = [count / total for count in counts if count]
    return {
        "unique_templates": len(counts),
        "template_entropy": max(0.0, -math.fsum(share * math.log2(share) for share in shares)),
        "top_template_ratio": max(shares, default=0.0),
    }


def _times(case: Case, *, errors: int) -> dict[str, Any]:
    timed = int(case.profile.sources["timed"].sum())
    rate = errors / case.records if case.records else 0.0
    if case.span is None:
        empty = dict.fromkeys(("logs_per_second", "logs_per_minute", "logs_per_hour", "peak_rate_per_minute"))
        return {
            "records_with_time": timed, "first_time": None, "last_time": None, **empty,
            "time_span_seconds": None, "error_rate": rate, "error_rate_over_time": [],
        }  # fmt: skip
    seconds = (case.span[1] - case.span[0]) / 1e6
    # Rates over less than a second say nothing: what was logged within it is what one second holds.
    per_second = timed / max(seconds, 1.0)
    return {
        "records_with_time": timed,
        "first_time": iso(case.span[0]),
        "last_time": iso(case.span[1]),
        "logs_per_second": per_second,
        "logs_per_minute": per_second * 60,
        "logs_per_hour": per_second * 3600,
        "peak_rate_per_minute": _peak_per_minute(case),
        "time_span_seconds": seconds,
        "error_rate": rate,
        "error_rate_over_time": _over_time(case, seconds=seconds),
    }


def _peak_per_minute(case: Case) -> float:
    """Return the records of the fullest minute; where buckets are wider, those of the fullest one per minute."""
    width = max(60, case.profile.total_width)
    totals = _totals(case, width)
    return float(totals["records"].max() or 0) * 60 / width  # type: ignore[arg-type]


def _totals(case: Case, width: int) -> pl.DataFrame:
    """Return records and errors per bucket of `width` seconds: start (seconds), records, errors."""
    return (
        case.profile.totals.with_columns(start=pl.col("bucket") * case.profile.total_width // width * width)
        .group_by("start")
        .agg(
            records=pl.col("count").sum(),
            errors=pl.col("count").filter(pl.col("level") >= Level.ERROR).sum(),
        )
        .sort("start")
    )


def _over_time(case: Case, *, seconds: float) -> list[dict[str, Any]]:
    wide = [width for width in WIDTHS if width >= case.profile.total_width and seconds / width <= _MOST_POINTS]
    width = wide[0] if wide else max(WIDTHS[-1], -(-int(seconds) // _MOST_POINTS))
    return [
        {"start": iso(start * 1_000_000), "seconds": width, "records": records, "errors": errors,
         "error_rate": errors / records}
        for start, records, errors in _totals(case, width).iter_rows()
    ]  # fmt: skip


def _components(case: Case, *, clean: Callable[[str], str]) -> dict[str, Any]:
    rows = (
        case.profile.components.group_by("name")
        .agg(pl.col("records", "errors").sum())
        .sort("records", "name", descending=[True, False])
    )
    return {
        "unique_components": len(rows),
        "top_components": [
            {"component": clean(decoded(name)), "count": records, "errors": errors}
            for name, records, errors in rows.head(_MOST_COMPONENTS).iter_rows()
        ],
    }


def _tags(findings: Iterable[Finding]) -> dict[str, int]:
    counts = Counter(tag for finding in findings for tag in finding.tags)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
