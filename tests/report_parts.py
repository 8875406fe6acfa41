"""Results made by hand, as large and as hostile as a test wants them."""

from datetime import UTC, datetime, timedelta

import polars as pl

from loganomaly.reports.timeline_table import TIMELINE_COLUMNS

BEGIN = datetime(2026, 3, 14, 9, tzinfo=UTC)
KEPT = {
    "timestamp", "first_seen", "last_seen", "start", "end", "time", "first_time", "last_time", "id", "finding",
    "incident", "template_id", "detector",
}  # fmt: skip
"""Keys whose values no log has a say in."""


def at(minutes):
    return (BEGIN + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def finding(number, *, incident=None, timed=True, **changes):
    """Return an entry of anomalies.json with all that one can have."""
    time = at(number % 120) if timed else None
    return {
        "id": f"{number:012x}",
        "subject": {"kind": "template", "name": "disk <*> failed"},
        "log": "2026-03-14 09:00:00 ERROR [db] disk 7 failed\n\tat store.Disk.write(Disk.java:7)",
        "timestamp": time,
        "classification": "value_out_of_range",
        "kinds": ["value_out_of_range/took_ms"],
        "reason": "Seen 3 times, where 0.1 are usual.",
        "tags": ["burst", "new"],
        "verdict_by": "evidence",
        "llm": {
            "provider": "ollama", "model": "small", "cached": False, "attempts": 1, "failure": None, "found": {},
            "opinion": {"classification": "error", "reason": "The disk broke.", "tags": ["disk"], "quote": "disk 7",
                        "quote_found": True, "unheard": "it quotes nothing of the log"},
        },
        "score": 0.9,
        "severity": "ERROR",
        "component": "db",
        "source": "app.log",
        "line_number": number + 1,
        "count": 3,
        "first_seen": time,
        "last_seen": time,
        "template_id": f"{number % 50:010x}",
        "template": "disk <*> failed",
        "nearest": {"template_id": "0" * 10, "template": "disk <*> read", "count": 9, "similarity": 0.5,
                    "added": ["failed"], "missing": ["read"]},
        "related": ["pool <*> is empty"],
        "incident": incident,
        "files": ["app.log", "b.log"],
        "evidence": [
            {"detector": "value", "strength": 0.9, "text": "took_ms: 2 values up to 900 where nine of ten are below 9",
             "observed": 900.0, "expected": 5.0, "probability": 1e-12, "first_line": 1, "last_line": 2, "count": 2},
            {"detector": "burst", "strength": 1.0, "text": "3 records within 1 min, where 0.1 are usual",
             "observed": None, "expected": None, "probability": 0.0, "first_line": None, "last_line": None,
             "count": None},
        ],
        "samples": [{"source": "b.log", "line_number": 4, "log": "disk 8 failed"}],
        "context": {"before": ["disk 7 is slow"], "after": ["bye"]},
        "trace": {"language": "java", "exception": "java.io.IOException", "message": "disk full", "line": 2,
                  "function": "store.Disk.write", "file": "Disk.java", "file_line": 7, "own": True},
        **changes,
    }  # fmt: skip


def incident(number, findings):
    """Return an entry of `incidents` of summary.json, which began with the first of its findings."""
    return {
        "id": f"{number:012x}",
        "title": "error in db, 2 more findings",
        "score": 0.9,
        "start": at(number),
        "end": at(number + 5),
        "findings": [each["id"] for each in findings],
        "components": ["db", "web"],
        "files": ["app.log", "b.log"],
        "first_cause": {"finding": findings[0]["id"], "reason": "The first unusual thing of 3 findings."},
        "timeline": [
            {"time": at(number), "finding": each["id"], "text": "error: disk <*> failed (3 times)"} for each in findings
        ],
    }


def leak(**changes):
    return {
        "kind": "password", "title": "Password in a URL", "severity": "high", "personal": False, "source": "app.log",
        "line_number": 3, "last_line_number": 9, "count": 2, "first_seen": at(1), "last_seen": at(2),
        "template_id": "0" * 10, "template": "connecting to <*>", "field": "url", "sample": "connecting to <password>",
        "values": 1, "all_values": True, "pseudonyms": {"password-1234": 2}, **changes,
    }  # fmt: skip


def template(number, **changes):
    numbers = {
        "count": 90, "min": 1.0, "max": 900.0, "quantiles": {"0.5": 4.0, "0.9": 9.0, "0.99": 800.0},
        "histogram": [{"from": 1.0, "to": 9.0, "count": 80}, {"from": 9.0, "to": 900.0, "count": 10}],
    }  # fmt: skip
    return {
        "template_id": f"{number:010x}", "log_template": "disk <*> failed", "count": 5, "ratio": 0.5,
        "severity": "ERROR", "component": "db", "score": 0.5, "first_seen": at(0), "last_seen": at(9),
        "parameters": [{"position": 0, "name": "took_ms", "type": "number", "distinct": None, "exact": False,
                        "values": [], "numbers": numbers, "masked": False}],
        "shapes": [], **changes,
    }  # fmt: skip


def summary(*, incidents=(), leaks=(), timed=True, **changes):
    """Return the mapping of summary.json, with something of everything."""
    return {
        "schema_version": 1,
        "filename": "logs",
        "original_log_count": 1000,
        "processed_log_count": 900,
        "records": 800,
        "anomalies_detected": 3,
        "template_diversity": {"unique_templates": 50, "template_entropy": 1.0, "top_template_ratio": 0.5},
        "time_metrics": {"records_with_time": 800, "first_time": at(0) if timed else None,
                         "last_time": at(120) if timed else None, "peak_rate_per_minute": 40.0 if timed else None,
                         "error_rate": 0.1},
        "component_metrics": {"unique_components": 2,
                              "top_components": [{"component": "db", "count": 500, "errors": 9},
                                                 {"component": "web", "count": 300, "errors": 0}]},
        "log_severity_summary": {"CRITICAL": 0, "ERROR": 80, "INFO": 720},
        "leaks": list(leaks),
        "incidents": list(incidents),
        "input_files": [{"name": "app.log", "compression": "none", "size": 9, "format": "text",
                         "layouts": ["{message}"], "share_read": 1.0, "lines": 900, "records": 800,
                         "records_with_time": 800,
                         "records_without_format": 0, "first_time": at(0) if timed else None,
                         "last_time": at(120) if timed else None}],
        "sessions": [{"key": "request_id", "sessions": 30, "unusual": 2}],
        "rules": {"in_use": 9, "untranslated": [{"file": "a.yml", "id": "1", "title": "a", "reason": "b"}],
                  "held": [{"rule": "disk-full", "reason": "no room is left", "severity": "high", "tags": ["disk"],
                            "source": "app.log", "line_number": 4, "count": 2, "template_id": "0" * 10,
                            "template": "disk <*> failed"}]},
        "skipped_files": [{"name": "a.png", "reason": "it is no log"}],
        "suppressed": {"count": 1, "findings": []},
        "notices": ["c.log: not all of it was read"],
        "settings": {"contamination": None, "names": "all"},
        "llm": {"provider": "ollama", "model": "small", "endpoint": "http://localhost:1", "note": "it was slow",
                "interrupted": False, "questions": 3, "answered": 2, "calls": 3, "cache": {"hits": 0, "misses": 3},
                "not_asked": 0, "tokens": {"prompt": 5, "answer": 5}, "seconds": 1.0, "failures": {}},
        **changes,
    }  # fmt: skip


def timeline(templates=3):
    """Return rows of timeline.parquet: of two severities, and of templates, over two hours."""
    rows = [
        ("severity", name, BEGIN + timedelta(minutes=n), 60, 1 + n % 7)
        for name in ("ERROR", "INFO")
        for n in range(120)
    ]
    rows += [
        ("template", f"{number:010x}", BEGIN + timedelta(minutes=n), 60, 1 + n % 5)
        for number in range(templates)
        for n in range(0, 120, 2)
    ]
    return pl.DataFrame(rows, schema=TIMELINE_COLUMNS, orient="row")


def whole(*, hostile=None):
    """Return the arguments of `report_files` for results with something of everything, every text being `hostile`."""
    findings = [finding(n, incident=f"{0:012x}") for n in range(2)]
    findings += [finding(2, classification="log_flood", kinds=["log_flood"])]
    leaks = [leak(), leak(severity="critical")]
    parts = {
        "summary": summary(incidents=[incident(0, findings[:2])], leaks=leaks),
        "anomalies": findings,
        "leaks": leaks,
        "template_file": {"templates": [template(n) for n in range(3)]},
    }
    if hostile is not None:
        parts = replaced(parts, hostile)
    return {**parts, "timeline": timeline()}


def replaced(value, text, key=None):
    """Return a value with every text in it replaced, but for those that no log has a say in."""
    if isinstance(value, dict):
        return {name: replaced(each, text, name) for name, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, text, key) for each in value]
    return text if isinstance(value, str) and key not in KEPT else value
