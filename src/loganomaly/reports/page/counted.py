"""What was counted: templates, components, severities, sessions, rules that held, leaks and floods, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from loganomaly.charts.looks import SEVERITIES
from loganomaly.reports.page.elements import Markup, el
from loganomaly.reports.page.tables import listing, section, share_bar, table
from loganomaly.reports.story import Told, brief
from loganomaly.wording import amount, percent

__all__ = ["counted_sections"]

_TEXT, _NAME = 240, 80


def counted_sections(told: Told) -> Iterator[Markup]:
    """Yield the sections."""
    yield _leaks(told)
    yield _floods(told)
    yield _templates(told)
    yield _components(told)
    yield _severities(told)
    yield _sessions(told)
    yield _rules(told)


def _leaks(told: Told) -> Markup:
    leaks = told.leaks or told.summary["leaks"]
    if not leaks:
        return section("leaks", "Leaks", el("p", "No secrets or personal data were found in plain text."), count=0)
    heads = ("Kind", "Severity", "Where", "Records", "Template")
    rows = (
        (
            brief(leak["title"], most=_TEXT),
            brief(leak["severity"], most=_NAME),
            el("code", brief(f"{leak['source']}:{leak['line_number']}", most=_TEXT)),
            leak["count"],
            el("code", brief(leak["template"], most=_TEXT)),
        )
        for leak in leaks
    )
    return section(
        "leaks",
        "Leaks",
        el("p", "Secrets and personal data in plain text. Their values are not in this report."),
        listing(
            "Leaks, the worst first",
            heads,
            rows,
            of=len(leaks),
            noun="leak",
            where="leaks.json",
            numbers=("Records",),
        ),
        count=len(leaks),
    )


def _floods(told: Told) -> Markup:
    floods = told.floods
    if not floods:
        none = "No line comes again and again so often that it floods the log."
        return section("floods", "Floods", el("p", none), count=0)
    rows = (
        (
            el("code", brief(flood["template"] or flood["subject"]["name"], most=_TEXT)),
            flood["count"],
            told.clock.between(flood["first_seen"], flood["last_seen"]),
            brief(flood["reason"], most=_TEXT),
        )
        for flood in floods
    )
    return section(
        "floods",
        "Floods",
        listing(
            "Floods, the worst first",
            ("Template", "Records", "When", "Why"),
            rows,
            of=len(floods),
            noun="flood",
            where="anomalies.json",
            numbers=("Records",),
        ),
        count=len(floods),
    )


def _templates(told: Told) -> Markup:
    entries = [entry for entry in told.templates if entry["count"]]
    count = told.summary["template_diversity"]["unique_templates"]
    if not entries:
        return section("templates", "Templates", el("p", "There are no templates to show."), count=count)
    most = max(entry["count"] for entry in entries)
    rows = (
        (
            el("code", brief(entry["log_template"], most=_TEXT)),
            entry["count"],
            [percent(entry["ratio"]), share_bar(entry["count"] / most)],
            brief(entry["severity"], most=_NAME),
            brief(entry["component"] or "", most=_NAME),
            f"{entry['score']:.2f}" if entry["score"] else "",
        )
        for entry in entries
    )
    return section(
        "templates",
        "Templates",
        listing(
            "Most common templates",
            ("Template", "Records", "Share", "Severity", "Component", "Score"),
            rows,
            of=len(entries),
            noun="template",
            where="templates.json and templates.parquet",
            numbers=("Records", "Score"),
        ),
        count=count,
    )


def _components(told: Told) -> Markup:
    metrics = told.summary["component_metrics"]
    top, count = metrics["top_components"], metrics["unique_components"]
    if not top:
        return section("components", "Components", el("p", "The logs name no components."), count=count)
    most = max([1, *(entry["count"] for entry in top)])
    rows = (
        (
            el("code", brief(entry["component"], most=_TEXT)),
            entry["count"],
            share_bar(entry["count"] / most),
            entry["errors"],
            percent(entry["errors"] / entry["count"]) if entry["count"] else "",
        )
        for entry in top
    )
    return section(
        "components",
        "Components",
        listing(
            "Components with the most records",
            ("Component", "Records", "Of the most", "Errors", "Error rate"),
            rows,
            of=count,
            noun="component",
            where="timeline.parquet",
            numbers=("Records", "Errors", "Error rate"),
        ),
        count=count,
    )


def _severities(told: Told) -> Markup:
    counts: Mapping[str, int] = told.summary["log_severity_summary"]
    most, total = max([1, *counts.values()]), max(sum(counts.values()), 1)
    rows = (
        (name, counts[name], [percent(counts[name] / total), share_bar(counts[name] / most)])
        for name in SEVERITIES
        if counts.get(name)
    )
    heads = ("Severity", "Records", "Share")
    return section("severities", "Severities", table("Records by severity", heads, rows, numbers=("Records",)))


def _sessions(told: Told) -> Markup:
    groups: list[Mapping[str, Any]] = list(told.summary["sessions"])
    if not groups:
        return section("sessions", "Sessions", el("p", "No records share an id."))
    rows = ((el("code", brief(each["key"], most=_TEXT)), each["sessions"], each["unusual"]) for each in groups)
    return section(
        "sessions",
        "Sessions",
        listing(
            "Records that share an id",
            ("Sessions by", "Sessions", "Unusual"),
            rows,
            of=len(groups),
            noun="kind",
            where="summary.json",
            numbers=("Sessions", "Unusual"),
        ),
    )


def _rules(told: Told) -> Markup:
    rules = told.summary["rules"]
    held, untranslated = rules["held"], len(rules["untranslated"])
    rows = (
        (
            brief(each["rule"], most=_TEXT),
            brief(each["severity"], most=_NAME),
            brief(each["reason"], most=_TEXT),
            each["count"],
            el("code", brief(f"{each['source']}:{each['line_number']}", most=_TEXT)),
        )
        for each in held
    )
    told_of_others = f"{amount(untranslated, 'rule')} could not be translated, listed in summary.json."
    return section(
        "rules",
        "Rules that held",
        listing(
            "Rules, the worst first",
            ("Rule", "Severity", "Meaning", "Records", "First at"),
            rows,
            of=len(held),
            noun="rule",
            where="summary.json",
            numbers=("Records",),
        )
        if held
        else el("p", f"None of {amount(rules['in_use'], 'rule')} held."),
        el("p", told_of_others, class_="quiet") if untranslated else None,
        count=len(held),
    )
