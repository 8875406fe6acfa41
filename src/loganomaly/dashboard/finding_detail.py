"""One finding: its lines, what each detector saw, what a model said, and what is like it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from dash import html

from loganomaly.charts.over_time import rate_figure
from loganomaly.charts.parts import distribution_figure
from loganomaly.dashboard.address import Address
from loganomaly.dashboard.parts import (
    Part,
    badge,
    empty,
    graph,
    moment,
    opens,
    score_bar,
    severity_mark,
    shown,
)
from loganomaly.dashboard.results_folder import ResultsFolder, Run
from loganomaly.wording import percent

__all__ = ["as_text", "finding_detail"]

_MOST_SAMPLES = 5
_MOST_LIKE = 8
_MOST_PLACES = 4000
_VALUE = "value"


def finding_detail(folder: ResultsFolder, run: Run, address: Address, *, theme: str) -> list[Part]:
    """Return what the panel says of the finding that is open."""
    finding = address.finding or ""
    entry = folder.detail(finding)
    if entry is None:
        return [*_head("No such finding"), empty(f"There is no finding {shown(finding, most=60)} in these results.")]
    subject = entry["subject"]
    return [
        *_head(shown(subject["name"], most=400)),
        html.P(
            [score_bar(float(entry["score"])), severity_mark(entry["severity"]), badge(_words(entry["classification"])),
             *(badge(tag, className="badge faint") for tag in entry["tags"])],
            className="badges",
        ),
        html.P(shown(entry["reason"], most=1500), className="reason"),
        _actions(),
        _facts(entry),
        _rate(run, entry, theme=theme),
        html.H3("Lines"),
        _lines(entry),
        html.H3("Evidence"),
        *[_evidence(folder, entry, each, theme=theme) for each in entry["evidence"]],
        *_model(entry),
        *_prompt(folder.prompt(entry["id"])),
        *_like(run, address, finding, entry),
        html.Details([html.Summary("JSON"), html.Pre(json.dumps(entry, indent=2), id="finding-json")]),
        html.Pre(as_text(entry), id="finding-text", hidden=True),
    ]  # fmt: skip


def _head(title: str) -> list[Part]:
    return [
        html.Button("✕", id="detail-close", className="close", title="Close (Esc)", **{"aria-label": "Close"}),
        html.H2(title, id="detail-title", tabIndex=-1),
    ]


def _actions() -> Part:
    return html.P(
        [
            html.Button("Copy text", id="copy-text", className="button", **{"data-copy": "finding-text"}),
            html.Button("Copy JSON", id="copy-json", className="button", **{"data-copy": "finding-json"}),
            html.Button("Copy link", id="copy-link", className="button", **{"data-copy": "address"}),
            html.Span(id="copied", role="status"),
        ],
        className="actions",
    )


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _facts(entry: Mapping[str, Any]) -> Part:
    trace = entry.get("trace")
    facts = {
        "First seen": moment(entry["first_seen"]),
        "Last seen": moment(entry["last_seen"]),
        "Records": f"{entry['count']:,}",
        "Component": entry["component"] or "—",
        "Where": f"{entry['source']}, line {entry['line_number']:,}",
        "Files": ", ".join(entry["files"]) if len(entry["files"]) > 1 else None,
        "Root cause": f"{trace.get('cause') or trace}" if isinstance(trace, Mapping) else None,
        "Usual line like it": entry["nearest"]["template"] if entry.get("nearest") else None,
        "Also in it": "; ".join(entry["related"]) or None,
        "Judged by": entry["verdict_by"],
        "Id": entry["id"],
    }
    pairs = [(name, value) for name, value in facts.items() if value is not None]
    return html.Dl([part for name, value in pairs for part in (html.Dt(name), html.Dd(shown(value, most=600)))])


def _rate(run: Run, entry: Mapping[str, Any], *, theme: str) -> Part:
    """Draw how often its template, or component, occurred over time."""
    subject, template = entry["subject"], entry["template_id"]
    if subject["kind"] == "component":
        rows, name = run.components.filter(pl.col("name") == subject["name"]), subject["name"]
    elif template:
        rows = run.rates.filter(pl.col("name") == template)
        name = entry["template"]
    else:
        return None
    if rows.is_empty():
        return None
    window = (entry["first_seen"], entry["last_seen"]) if entry["first_seen"] and entry["last_seen"] else None
    figure = rate_figure(rows, name=str(name), severity=_severity(entry), window=window)
    return html.Div(
        [html.H3("How often"), graph(figure, label="Records of this kind over time", theme=theme, name="rate")]
    )


def _severity(entry: Mapping[str, Any]) -> str:
    return str(entry["severity"] or "UNKNOWN")


def _lines(entry: Mapping[str, Any]) -> Part:
    before, after = entry["context"]["before"], entry["context"]["after"]
    lines = [html.Code(shown(text, lines=True), className="beside") for text in before]
    lines.append(html.Code(shown(entry["log"], lines=True), className="itself", **{"data-testid": "finding-log"}))
    lines += [html.Code(shown(text, lines=True), className="beside") for text in after]
    others = [each for each in entry["samples"] if each["line_number"] != entry["line_number"]][:_MOST_SAMPLES]
    samples = [
        html.Div([html.Span(shown(f"{each['source']}:{each['line_number']}"), className="faint"),
                  html.Code(shown(each["log"], lines=True))])
        for each in others
    ]  # fmt: skip
    return html.Div(
        [
            html.Pre(lines, className="log", id="finding-lines", tabIndex=0,
                     **{"aria-label": "The line with those before and after it"}),
            html.Details([html.Summary(f"{len(samples)} more lines of this kind"), html.Pre(samples, className="log")])
            if samples
            else None,
        ]
    )  # fmt: skip


def _evidence(folder: ResultsFolder, entry: Mapping[str, Any], evidence: Mapping[str, Any], *, theme: str) -> Part:
    numbers = []
    for name in ("observed", "expected", "probability"):
        value = evidence.get(name)
        if value is not None:
            numbers.append(f"{name} {value:,.6g}")
    if evidence.get("first_line") is not None:
        numbers.append(f"lines {evidence['first_line']:,} to {evidence['last_line']:,}")
    strength = float(evidence["strength"])
    return html.Article(
        [
            html.P(
                [
                    html.Strong(_words(evidence["detector"])),
                    html.Meter(value=strength, min=0, max=1, title=f"strength {percent(strength)}"),
                    html.Span(percent(strength), className="faint"),
                ],
                className="facts",
            ),
            html.P(shown(evidence["text"], most=1000)),
            html.P(" · ".join(numbers), className="faint") if numbers else None,
            _distribution(folder, entry, evidence, theme=theme) if evidence["detector"] == _VALUE else None,
        ],
        className="evidence",
        **{"data-testid": f"evidence-{evidence['detector']}"},
    )


def _distribution(folder: ResultsFolder, entry: Mapping[str, Any], evidence: Mapping[str, Any], *, theme: str) -> Part:
    """Draw the values of the parameter that is out of range, and where the one that is told stands."""
    known = [each for each in folder.parameters(str(entry["template_id"])) if each.get("numbers")]
    observed = evidence.get("observed")
    about = {kind.partition("/")[2] for kind in entry["kinds"] if kind.startswith("value_out_of_range/")}
    chosen = [each for each in known if _called(each) in about]
    if observed is not None and len(chosen) != 1:
        chosen = [each for each in chosen or known if each["numbers"]["max"] == observed] or chosen
    if not chosen:
        return None
    name = chosen[0]["name"] or f"parameter {(chosen[0]['position'] or 0) + 1}"
    figure = distribution_figure(chosen[0]["numbers"], name=name, observed=observed)
    return graph(figure, label=f"Values of {shown(name, most=60)}", theme=theme)


def _called(parameter: Mapping[str, Any]) -> str:
    return str(parameter["name"] or f"parameter-{(parameter['position'] or 0) + 1}")


def _model(entry: Mapping[str, Any]) -> list[Part]:
    """Say what a language model made of it, if one was asked."""
    llm = entry.get("llm")
    if not isinstance(llm, Mapping):
        return []
    opinion, local = llm.get("opinion"), entry.get("local") or {}
    told: list[Part] = [html.P(
        f"{shown(llm.get('provider') or 'no provider', most=60)}, {shown(llm.get('model') or 'no model', most=100)}"
        f"{', from the cache' if llm.get('cached') else ''}; the verdict is that of: {entry['verdict_by']}.",
        className="faint",
    )]  # fmt: skip
    if isinstance(opinion, Mapping):
        told += [
            html.P([badge(_words(opinion["classification"])), *(badge(tag) for tag in opinion.get("tags") or ())]),
            html.P(shown(opinion["reason"], most=2000), id="llm-reason"),
        ]
        if opinion.get("quote"):
            found = "stands in the log" if opinion.get("quote_found") else "does not stand in the log"
            told.append(html.Blockquote([html.Code(shown(opinion["quote"], most=500)), html.Span(f" ({found})")]))
    if llm.get("failure"):
        told.append(html.P(f"It gave no opinion: {shown(llm['failure'], most=500)}", className="error"))
    if local:
        told.append(
            html.P(f"The evidence says: {_words(local.get('classification'))}. {shown(local.get('reason'), most=1000)}")
        )
    return [html.H3("Language model"), html.Div(told, className="evidence", id="llm", **{"data-testid": "llm"})]


def _prompt(prompt: str | None) -> list[Part]:
    """Show the question to a language model, where it was written down."""
    if prompt is None:
        return []
    text = html.Pre(shown(prompt, most=20_000, lines=True), id="llm-prompt")
    return [html.Details([html.Summary("The question to a language model"), text])]


def _like(run: Run, address: Address, finding: str, entry: Mapping[str, Any]) -> list[Part]:
    """List findings of the same template, incident or classification, those most alike first."""
    if run.findings is None:
        return []
    others = run.findings.filter(pl.col("key") != finding)
    groups: Sequence[tuple[str, str, Any]] = (
        ("same kind of line", "template_id", entry["template_id"]),
        ("same incident", "incident", entry["incident"]),
        ("same classification", "classification", entry["classification"]),
    )
    seen: dict[str, Part] = {}
    for told, column, value in groups:
        if value is None or len(seen) >= _MOST_LIKE:
            continue
        # `id` is asked for, not `head` of all: few rows are made into objects.
        rows = others.lazy().filter(pl.col(column) == value).head(_MOST_LIKE * 2)
        for row in rows.select("key", "name", "severity", "score", "begin").collect().iter_rows(named=True):
            if row["key"] not in seen and len(seen) < _MOST_LIKE:
                seen[row["key"]] = html.Li(
                    opens(
                        [severity_mark(row["severity"]), html.Span(shown(row["name"], most=160)),
                         html.Span(f"{told}, {moment(row['begin'])}", className="faint")],
                        address, finding=row["key"],
                    )
                )  # fmt: skip
    if not seen:
        return []
    return [html.H3("Similar findings"), html.Ul(list(seen.values()), className="like", id="similar")]


def as_text(entry: Mapping[str, Any]) -> str:
    """Return a finding as text, for a message to somebody."""
    head = (
        f"{entry['score']:.2f} {entry['severity'] or '-'} {_words(entry['classification'])}: "
        f"{shown(entry['subject']['name'], most=1000)}"
    )
    place = f"{entry['source']}:{entry['line_number']}"
    seen = f"first {moment(entry['first_seen'])}, last {moment(entry['last_seen'])} UTC, {entry['count']:,} records"
    lines = [shown(entry["reason"], most=2000), "", shown(entry["log"], lines=True)]
    evidence = [f"- {each['detector']}: {shown(each['text'], most=1000)}" for each in entry["evidence"]]
    return "\n".join([head, place, seen, *lines, "", *evidence, "", f"[{entry['id']}]", ""])
