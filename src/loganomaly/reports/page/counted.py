"""What was counted: templates, components, severities, sessions, rules that held, leaks and floods, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from loganomaly.charts.looks import SEVERITIES
from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.reports.page.tables import section, share_bar, table
from loganomaly.reports.story import Told, brief
from loganomaly.wording import amount, percent

__all__ = ["counted_sections"]

_MOST = 100
_MOST_TEMPLATES = 100
_TEXT = 240


def counted_sections(told: Told) -> Iterator[Markup]:
    """Yield the sections."""
    yield _leaks(told)
    yield _floods(told)
    yield _templates(told)
    yield _components(told)
    yield _severities(told)
    yield _sessions(told)
    yield _rules(told)


def _more(count: int, shown: int, noun: str, *, where: str) -> Content:
    return (
        el("p", f"{amount(count - shown, f'more {noun}')}, listed in {where}.", class_="quiet")
        if count > shown
        else None
    )


def _leaks(told: Told) -> Markup:
    leaks = told.leaks or told.summary["leaks"]
    rows = (
        (
            brief(leak["title"], most=_TEXT),
            leak["severity"],
            el("code", brief(f"{leak['source']}:{leak['line_number']}", most=_TEXT)),
            leak["count"],
            el("code", brief(leak["template"], most=_TEXT)),
        )
        for leak in leaks[:_MOST]
    )
    heads = ("Kind", "Severity", "Where", "Records", "Template")
    return section(
        "leaks",
        "Leaks",
        [
            el("p", "Secrets and personal data in plain text. Their values are not in this report."),
            table("Leaks, the worst first", heads, rows, numbers=("Records",)),
        ]
        if leaks
        else el("p", "No secrets or personal data were found in plain text."),
        _more(len(leaks), _MOST, "leak", where="leaks.json"),
        count=len(leaks),
    )


def _floods(told: Told) -> Markup:
    floods = told.floods()
    rows = (
        (
            el("code", brief(flood["template"] or flood["subject"]["name"], most=_TEXT)),
            flood["count"],
            told.clock.between(flood["first_seen"], flood["last_seen"]),
            brief(flood["reason"], most=_TEXT),
        )
        for flood in floods[:_MOST]
    )
    return section(
        "floods",
        "Floods",
        table("Floods, the worst first", ("Template", "Records", "When", "Why"), rows, numbers=("Records",))
        if floods
        else el("p", "No line comes again and again so often that it floods the log."),
        _more(len(floods), _MOST, "flood", where="anomalies.json"),
        count=len(floods),
    )


def _templates(told: Told) -> Markup:
    entries = [entry for entry in told.templates if entry["count"]]
    most = max((entry["count"] for entry in entries), default=1)
    rows = (
        (
            el("code", brief(entry["log_template"], most=_TEXT)),
            entry["count"],
            [percent(entry["ratio"]), share_bar(entry["count"] / most)],
            entry["severity"],
            brief(entry["component"] or "", most=80),
            f"{entry['score']:.2f}" if entry["score"] else "",
        )
        for entry in entries[:_MOST_TEMPLATES]
    )
    heads = ("Template", "Records", "Share", "Severity", "Component", "Score")
    return section(
        "templates",
        "Templates",
        table("Most common templates", heads, rows, numbers=("Records", "Score"))
        if entries
        else el("p", "There are no templates to show."),
        _more(len(entries), _MOST_TEMPLATES, "template", where="templates.json and templates.parquet"),
        count=told.summary["template_diversity"]["unique_templates"],
    )


def _components(told: Told) -> Markup:
    metrics = told.summary["component_metrics"]
    top = metrics["top_components"]
    most = max((entry["count"] for entry in top), default=1)
    rows = (
        (
            el("code", brief(entry["component"], most=_TEXT)),
            entry["count"],
            share_bar(entry["count"] / max(most, 1)),
            entry["errors"],
            percent(entry["errors"] / entry["count"]) if entry["count"] else "",
        )
        for entry in top[:_MOST]
    )
    heads = ("Component", "Records", "Of the most", "Errors", "Error rate")
    return section(
        "components",
        "Components",
        table("Components with the most records", heads, rows, numbers=("Records", "Errors", "Error rate"))
        if top
        else el("p", "The logs name no components."),
        _more(metrics["unique_components"], len(top[:_MOST]), "component", where="timeline.parquet"),
        count=metrics["unique_components"],
    )


def _severities(told: Told) -> Markup:
    counts: Mapping[str, int] = told.summary["log_severity_summary"]
    most, total = max([*counts.values(), 1]), max(sum(counts.values()), 1)
    rows = (
        (name, counts[name], [percent(counts[name] / total), share_bar(counts[name] / most)])
        for name in SEVERITIES
        if counts.get(name)
    )
    return section(
        "severities",
        "Severities",
        table("Records by severity", ("Severity", "Records", "Share"), rows, numbers=("Records",)),
    )


def _sessions(told: Told) -> Markup:
    groups: list[Mapping[str, Any]] = list(told.summary["sessions"])
    rows = ((el("code", brief(each["key"], most=_TEXT)), each["sessions"], each["unusual"]) for each in groups[:_MOST])
    return section(
        "sessions",
        "Sessions",
        table("Records that share an id", ("Sessions by", "Sessions", "Unusual"), rows, numbers=("Sessions", "Unusual"))
        if groups
        else el("p", "No records share an id."),
    )


def _rules(told: Told) -> Markup:
    rules = told.summary["rules"]
    held = rules["held"]
    rows = (
        (
            each["rule"],
            each["severity"],
            brief(each["reason"], most=_TEXT),
            each["count"],
            el("code", brief(f"{each['source']}:{each['line_number']}", most=_TEXT)),
        )
        for each in held[:_MOST]
    )
    untranslated = rules["untranslated"]
    return section(
        "rules",
        "Rules that held",
        table(
            "Rules, the worst first", ("Rule", "Severity", "Meaning", "Records", "First at"), rows, numbers=("Records",)
        )
        if held
        else el("p", f"None of {amount(rules['in_use'], 'rule')} held."),
        _more(len(held), _MOST, "rule", where="summary.json"),
        el("p", f"{amount(len(untranslated), 'rule')} could not be translated, see summary.json.", class_="quiet")
        if untranslated
        else None,
        count=len(held),
    )
