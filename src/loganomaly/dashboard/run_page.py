"""The run itself: what was read and how, what was asked of a model, and what to know about the results."""

from collections.abc import Mapping
from typing import Any

from dash import html

from loganomaly.dashboard.parts import Part, empty, panel, shown, span_of, table
from loganomaly.dashboard.results_folder import Run
from loganomaly.wording import percent

__all__ = ["run_page"]

_MOST = 500


def run_page(run: Run) -> list[Part]:
    """Return the page."""
    summary = run.summary
    return [
        html.H1("Run"),
        _remarks(summary),
        _inputs(summary),
        _skipped(summary),
        html.Div([_model(summary.get("llm")), _rest(summary)], className="columns"),
    ]


def _remarks(summary: Mapping[str, Any]) -> Part:
    notices = [str(each) for each in summary.get("notices", ())]
    return (
        panel("Remarks", html.Ul([html.Li(shown(each, most=500)) for each in notices]), id="remarks")
        if notices
        else None
    )


def _inputs(summary: Mapping[str, Any]) -> Part:
    files = list(summary.get("input_files", ()))
    if not files:
        return panel("Inputs", empty("No file was read."), id="inputs")
    rows = [
        [
            shown(each["name"], most=200),
            html.Span(
                shown(each.get("format", "—"), most=60), title=shown("; ".join(each.get("layouts", ())), most=500)
            ),
            percent(each.get("share_read", 0)),
            f"{each.get('lines', 0):,}",
            f"{each.get('records', 0):,}",
            f"{each.get('records_with_time', 0):,}",
            f"{each.get('records_without_format', 0):,}",
            _size(each.get("size")),
            shown(each.get("compression", "none"), most=20),
            span_of(each["first_time"], each["last_time"]) if each.get("first_time") else "no times",
            shown(each.get("damage", ""), most=200),
        ]
        for each in files[:_MOST]
    ]
    head = [
        "File",
        "Format",
        "Read",
        "Lines",
        "Records",
        "With time",
        "Without format",
        "Size",
        "Compression",
        "When",
        "Damage",
    ]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    return panel(f"Inputs ({len(files):,})",
                 table(head, rows, label="Inputs", numbers=(2, 3, 4, 5, 6, 7), id="input-table"),
                 note="“Read” is how much of the sample lines the detected format reads.", id="inputs")  # fmt: skip


def _size(size: object) -> str:
    if not isinstance(size, int):
        return "—"
    amounts = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
    return next((f"{size / unit:.1f} {name}" for unit, name in amounts if size >= unit), f"{size:,} B")


def _skipped(summary: Mapping[str, Any]) -> Part:
    skipped = list(summary.get("skipped_files", ()))
    if not skipped:
        return None
    rows = [[shown(each["name"], most=200), shown(each["reason"], most=300)] for each in skipped[:_MOST]]
    return panel(
        f"Skipped files ({len(skipped):,})", table(["File", "Reason"], rows, label="Skipped files"), id="skipped"
    )


def _model(llm: Mapping[str, Any] | None) -> Part:
    if not llm:
        return panel("Language model", empty("No language model was part of this run."), id="llm-use")
    cache, tokens = llm.get("cache") or {}, llm.get("tokens") or {}
    facts: dict[str, object] = {
        "Provider": llm.get("provider") or "—",
        "Model": llm.get("model") or "none",
        "Endpoint": llm.get("endpoint") or "—",
        "Questions": llm.get("questions", 0),
        "Answered": llm.get("answered", 0),
        "Calls": llm.get("calls", 0),
        "Cache hits": cache.get("hits", 0),
        "Cache misses": cache.get("misses", 0),
        "Not asked": llm.get("not_asked", 0),
        "Tokens of prompts": tokens.get("prompt", 0),
        "Tokens of answers": tokens.get("answer", 0),
        "Seconds": llm.get("seconds", 0),
    }
    failures = llm.get("failures") or {}
    return panel(
        "Language model",
        html.P(shown(llm["note"], most=500), className="note") if llm.get("note") else None,
        _facts(facts),
        html.H3("Failures") if failures else None,
        _facts({str(name).replace("_", " "): count for name, count in failures.items()}) if failures else None,
        id="llm-use",
    )


def _rest(summary: Mapping[str, Any]) -> Part:
    rules, suppressed = summary.get("rules") or {}, summary.get("suppressed") or {}
    facts: dict[str, object] = {
        "Records": summary.get("records", 0),
        "Lines read": summary.get("processed_log_count", 0),
        "Stray lines": summary.get("stray_lines", 0),
        "Records cut": summary.get("cut_records", 0),
        "Suppressed findings": suppressed.get("count", 0),
        "Rules in use": rules.get("in_use", 0),
        "Rules that held": len(rules.get("held", ())),
        "Compliance mode": "on" if summary.get("compliance_mode") else "off",
        **{f"Seconds to {name}": spent for name, spent in (summary.get("stages") or {}).items()},
    }
    sessions = [
        [shown(each.get("key", ""), most=80), f"{each.get('sessions', 0):,}", f"{each.get('unusual', 0):,}"]
        for each in summary.get("sessions", ())
    ]
    return panel(
        "Details",
        _facts(facts),
        html.H3("Sessions") if sessions else None,
        table(["Id", "Sessions", "Unusual"], sessions, label="Sessions", numbers=(1, 2)) if sessions else None,
        id="run-details",
    )


def _facts(facts: Mapping[str, object]) -> Part:
    return html.Dl(
        [
            part
            for name, value in facts.items()
            for part in (
                html.Dt(shown(name, most=60)),
                html.Dd(f"{value:,}" if isinstance(value, int | float) else shown(value, most=200)),
            )
        ]
    )
