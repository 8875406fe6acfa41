"""Folders of results that are made up: what the dashboard reads, without an analysis."""

import datetime as dt
import json

import polars as pl

from loganomaly.reports.parquet import finding_files
from loganomaly.reports.template_table import template_table

START = dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC)


def iso(seconds):
    return None if seconds is None else (START + dt.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def entry(number, *, first=None, last=None, **more):
    """Return an entry of anomalies.json."""
    text = more.pop("text", f"order {number} refused")
    return {
        "id": f"{number:012x}",
        "subject": {"kind": "template", "name": text},
        "log": f"line of {text}",
        "timestamp": iso(first),
        "classification": "error",
        "kinds": ["burst"],
        "reason": "Seen often.",
        "tags": ["burst", "error"],
        "verdict_by": "evidence",
        "score": 0.5,
        "severity": "ERROR",
        "component": "checkout",
        "source": "app.log",
        "line_number": number + 1,
        "count": 3,
        "first_seen": iso(first),
        "last_seen": iso(last if last is not None else first),
        "template_id": "aaaaaaaaaa",
        "template": text,
        "nearest": None,
        "related": [],
        "incident": None,
        "files": ["app.log"],
        "evidence": [
            {"detector": "burst", "strength": 0.9, "text": "3 records within 1 s", "observed": 3.0, "expected": 0.1,
             "probability": 0.001, "first_line": 1, "last_line": 3, "count": 3}
        ],
        "samples": [{"source": "app.log", "line_number": number + 1, "log": f"line of {text}"}],
        "context": {"before": ["before"], "after": ["after"]},
        **more,
    }  # fmt: skip


NUMBERS = {
    "count": 9, "min": 1.0, "max": 9000.0, "quantiles": {"0.5": 3.0, "0.9": 8.0, "0.99": 9000.0},
    "histogram": [{"from": 1.0, "to": 10.0, "count": 8}, {"from": 8000.0, "to": 9000.0, "count": 1}],
}  # fmt: skip


def template(number=0, **more):
    """Return an entry of templates.json."""
    return {
        "template_id": "aaaaaaaaaa" if number == 0 else f"{number:010x}",
        "log_template": f"order <*> refused by {number}",
        "count": 100 - number,
        "ratio": 0.5,
        "severity": "ERROR",
        "component": "checkout",
        "score": 0.5,
        "first_seen": iso(0),
        "last_seen": iso(600),
        "parameters": [
            {"position": 0, "name": None, "type": "number", "distinct": 9, "exact": True,
             "values": [{"value": "<b>1</b>", "count": 3}], "numbers": NUMBERS, "masked": False}
        ],
        **more,
    }  # fmt: skip


def summary(count, *, timed=True, **more):
    """Return a summary.json on so many findings."""
    return {
        "schema_version": 1,
        "filename": "app.log",
        "original_log_count": 1000,
        "processed_log_count": 1000,
        "records": 1000,
        "anomalies_detected": count,
        "template_diversity": {"unique_templates": 2, "template_entropy": 1.0, "top_template_ratio": 0.5},
        "time_metrics": {
            "records_with_time": 1000 if timed else 0,
            "first_time": iso(0) if timed else None,
            "last_time": iso(600) if timed else None,
            "logs_per_second": 1.6 if timed else None,
            "logs_per_minute": 100.0 if timed else None,
            "logs_per_hour": 6000.0 if timed else None,
            "peak_rate_per_minute": 300.0 if timed else None,
            "time_span_seconds": 600.0 if timed else None,
            "error_rate": 0.1,
            "error_rate_over_time": [],
        },
        "component_metrics": {
            "unique_components": 1,
            "top_components": [{"component": "checkout", "count": 1000, "errors": 100}],
        },
        "log_severity_summary": {"ERROR": 100, "INFO": 900},
        "tag_summary": {},
        "leaks": [],
        "incidents": [],
        "input_files": [
            {"name": "app.log", "compression": "none", "size": 100, "format": "text", "layouts": ["{message}"],
             "share_read": 1.0, "lines": 1000, "records": 1000, "records_with_time": 1000,
             "records_without_format": 0, "first_time": iso(0), "last_time": iso(600)}
        ],
        "skipped_files": [{"name": "a.md", "reason": "not a log"}],
        "notices": ["a remark"],
        **more,
    }  # fmt: skip


def incident(*findings, start=0, end=300):
    """Return an entry of `incidents` in summary.json."""
    return {
        "id": "1111aaaa2222",
        "title": "error in checkout",
        "score": 0.9,
        "start": iso(start),
        "end": iso(end),
        "findings": list(findings),
        "components": ["checkout"],
        "files": ["app.log"],
        "first_cause": {"finding": findings[0], "reason": "The first unusual thing."},
        "timeline": [{"time": iso(start), "finding": each, "text": "error: order refused"} for each in findings],
    }


LEAK = {
    "kind": "url-credentials", "title": "Password in a URL", "severity": "high", "personal": False,
    "source": "app.log", "line_number": 7, "last_line_number": 7, "count": 2, "first_seen": iso(60),
    "last_seen": iso(61), "template_id": "aaaaaaaaaa", "template": "connect <*>", "field": None,
    "sample": "connect <url-credentials>", "values": 1, "all_values": True, "pseudonyms": {"url-credentials-1": 2},
}  # fmt: skip


def counts():
    """Return a timeline.parquet of ten minutes."""
    rows = [
        (of, name, START + dt.timedelta(minutes=minute), 60, 10 * minute + 1)
        for of, names in (("severity", ("ERROR", "INFO")), ("component", ("checkout",)), ("template", ("aaaaaaaaaa",)))
        for name in names
        for minute in range(10)
    ]
    schema = {"of": pl.String, "name": pl.String, "start": pl.Datetime("us", "UTC"), "seconds": pl.Int64,
              "records": pl.Int64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def write_folder(path, entries=None, *, templates=None, leaks=(LEAK,), timed=True, **more):
    """Write a folder of results, and return it."""
    path.mkdir(exist_ok=True)
    entries = [entry(0, first=60), entry(1, first=120, last=400)] if entries is None else entries
    for name, content in finding_files(entries).items():
        (path / name).write_bytes(content)
    template_table([template()] if templates is None else templates).write_parquet(path / "templates.parquet")
    (counts() if timed else counts().clear()).write_parquet(path / "timeline.parquet")
    (path / "leaks.json").write_text(json.dumps(list(leaks)), encoding="utf-8")
    told = summary(len(entries), timed=timed, **more)
    (path / "summary.json").write_text(json.dumps(told), encoding="utf-8")
    return path
