"""What was read and how: inputs, skipped files, the use of a language model, remarks and settings."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.reports.page.tables import listing, section
from loganomaly.reports.story import Told, brief, fitting
from loganomaly.wording import amount, percent

__all__ = ["run_sections"]

_MOST = 100
_TEXT = 400
_ROOM = 60_000  # bytes of all remarks
_LONGEST = 10_000  # characters of all settings


def run_sections(told: Told) -> Iterator[Markup]:
    """Yield the sections."""
    yield _llm(told.summary["llm"])
    yield _inputs(told)
    yield _notices(told)
    yield _settings(told.summary["settings"])


def _llm(llm: Mapping[str, Any] | None) -> Markup:
    return section("llm", "Language model", el("p", _use(llm)))


def _use(llm: Mapping[str, Any] | None) -> Content:
    if llm is None:
        return "No language model was asked."
    note = f"{brief(llm['note'], most=_TEXT)}. " if llm["note"] else ""
    if not llm["questions"]:
        return f"Judged by the evidence alone. {note}"
    who = brief(f"{llm['provider']} {llm['model'] or ''}".strip(), most=_TEXT)
    asked, calls = amount(llm["questions"], "question"), amount(llm["calls"], "call")
    tokens = sum(llm["tokens"].values())
    return (
        f"{who} answered {llm['answered']:,} of {asked}: {calls}, "
        f"{llm['cache']['hits']:,} kept from before, {amount(tokens, 'token')}, {llm['seconds']:.1f} s. {note}"
    )


def _inputs(told: Told) -> Markup:
    inputs, skipped = told.summary["input_files"], told.summary["skipped_files"]
    read = (
        (
            el("code", brief(entry["name"], most=_TEXT)),
            brief(entry["format"], most=_TEXT),
            percent(entry["share_read"]) if entry["share_read"] else "none",
            entry["lines"],
            entry["records"],
            _span(told, entry),
        )
        for entry in inputs
    )
    left = ((el("code", brief(each["name"], most=_TEXT)), brief(each["reason"], most=_TEXT)) for each in skipped)
    files = {"noun": "file", "where": "summary.json"}
    return section(
        "inputs",
        "Inputs",
        listing(
            "Files that were read",
            ("Input", "Format", "Read by it", "Lines", "Records", "When"),
            read,
            of=len(inputs),
            numbers=("Read by it", "Lines", "Records"),
            **files,
        )
        if inputs
        else el("p", "No file was read."),
        [
            el("h3", "Skipped"),
            listing("Files that were not read", ("File", "Reason"), left, of=len(skipped), **files),
        ]
        if skipped
        else None,
        count=len(inputs),
    )


def _span(told: Told, entry: Mapping[str, Any]) -> str:
    return told.clock.between(entry["first_time"], entry["last_time"]) or "no times"


def _notices(told: Told) -> Markup:
    notices = [brief(str(notice), most=_TEXT) for notice in told.summary["notices"]]
    hidden = told.summary["suppressed"]["count"]
    if hidden:
        notices.append(f"{amount(hidden, 'finding')} hidden by suppressions, listed in summary.json")
    return section(
        "notices",
        "Notices",
        el("ul", fitting((el("li", notice) for notice in notices), most=_MOST, room=_ROOM))
        if notices
        else el("p", "No remarks."),
    )


def _settings(settings: Mapping[str, Any]) -> Markup:
    text = json.dumps(settings, indent=2, ensure_ascii=False)
    return section("settings", "Settings", el("pre", brief(text, most=_LONGEST), tabindex="0"))
