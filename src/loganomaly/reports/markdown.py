"""A report as Markdown, for tickets: text of a log can be no markup, mention, reference or link there."""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from loganomaly.legible import plain_lines, plain_text
from loganomaly.reports.story import Anomaly, Told, brief, class_of, fitting, what_of, where_of
from loganomaly.wording import amount, times

__all__ = ["code", "fenced", "prose", "report_markdown"]

_MOST_INCIDENTS, _MOST_EVENTS = 5, 25
_MOST_FINDINGS = 10
_MOST_LEAKS = 20
_MOST_NAMES = 6
# Bytes; together less than 60,000, for comments on GitHub have at most 65,536 characters.
_INCIDENT_ROOM, _FINDING_ROOM, _LEAK_ROOM = 16_000, 30_000, 6_000
_LOG, _LOG_LINES = 1500, 12
_TEXT, _NAME = 300, 120
# Words and numbers, with what sentences put around them. All else may mean something: to Markdown, or as a mention, a
# reference to an issue, a commit or a ticket, or a link.
_WORD = re.compile(
    r"""(?!["'(]*[0-9a-f]{7,40}\b)[("']*(?:[^\W\d_]+(?:['-][^\W\d_]+)*|\d{1,6}|\d+(?:[-,.:]\d+)+|\d{4}-\d\d-\d\dT[\d:.]+Z)%?[)"',.:;?!]*"""
)
_RUNS = re.compile("`+")


def report_markdown(told: Told) -> bytes:
    """Return the report, less than 60,000 bytes: the worst thing, key figures, incidents, the worst findings, leaks."""
    more = ("report.html", "summary.json", "anomalies.json", "findings.csv", "leaks.json", "templates.json")
    parts = [
        "# Log analysis",
        f"**{prose(told.headline())}**",
        prose(told.scope()) + f". Made {told.made:%Y-%m-%d %H:%M} UTC.",
        _figures(told),
        *_incidents(told),
        *_findings(told),
        *_leaks(told),
        f"More is in the folder of the results: {', '.join(map(code, more))}.",
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def code(text: str) -> str:
    """Return text as a code span, in which nothing is markup.

    Examples
    --------
    >>> print(code("@all see `x`"), code("a b"))
    `` @all see `x` `` `a b`
    """
    plain = " ".join(plain_text(text).split())
    if not plain:
        return ""
    fence = _fence(plain, least=1)
    space = " " if "`" in (plain[0], plain[-1]) else ""
    return f"{fence}{space}{plain}{space}{fence}"


def prose(text: str) -> str:
    """Return a sentence, with all in code spans that is no plain word or number.

    The punctuation around such spans stays outside of them.

    Examples
    --------
    >>> print(prose("88 records in com.shop.Orders at 10:05:14, see #12 of @all."))
    88 records in `com.shop.Orders` at 10:05:14, see `#12` of `@all`.
    """
    told: list[str] = []
    words = plain_text(text).split()
    for plain, group in groupby(enumerate(words), key=lambda each: _is_plain(each[1], first=each[0] == 0)):
        part = " ".join(word for _, word in group)
        told.append(part if plain else _span(part))
    return " ".join(told)


def _is_plain(word: str, *, first: bool) -> bool:
    begins_a_list = first and re.match(r"\d+[.)]", word)
    return _WORD.fullmatch(word) is not None and not begins_a_list


def _span(text: str) -> str:
    """Return a code span, with the punctuation around it outside."""
    core = text.strip("\"'(),.:;?")
    if not core:
        return code(text)
    before, after = text[: text.index(core)], text[text.index(core) + len(core) :]
    return f"{before}{code(core)}{after}"


def fenced(text: str) -> str:
    """Return lines as a block of code, with a fence longer than any in them."""
    plain = plain_lines(text.replace("\t", "    "))
    fence = _fence(plain, least=3)
    return f"{fence}text\n{plain}\n{fence}"


def _fence(text: str, *, least: int) -> str:
    return "`" * max(least, 1 + max(map(len, _RUNS.findall(text)), default=0))


def _figures(told: Told) -> str:
    figures = told.figures()
    lines = [
        "| " + " | ".join(figure.name for figure in figures) + " |",
        "|" + " ---: |" * len(figures),
        "| " + " | ".join(figure.value for figure in figures) + " |",
    ]
    return "\n".join(lines)


def _incidents(told: Told) -> Iterator[str]:
    if not told.incidents:
        return
    yield "## Incidents"
    parts = (_incident(told, incident, n) for n, incident in enumerate(told.incidents, start=1))
    shown = fitting(parts, most=_MOST_INCIDENTS, room=_INCIDENT_ROOM)
    yield from shown
    if rest := len(told.incidents) - len(shown):
        yield f"{amount(rest, 'more incident')}, listed in `summary.json`."


def _incident(told: Told, incident: Mapping[str, Any], number: int) -> str:
    clock = told.clock
    span = clock.between(incident["start"], incident["end"])
    lines = [f"### Incident {number}: {prose(brief(incident['title'], most=_TEXT))}", ""]
    cause = told.cause(incident)
    if cause is not None:
        when = f" at {prose(clock.at(cause.time))}" if cause.time else ""
        component = f" in {code(brief(cause.anomaly['component'], most=_NAME))}" if cause.anomaly["component"] else ""
        what, where = prose(brief(cause.what, most=_TEXT)), code(brief(where_of(cause.anomaly), most=_NAME))
        lines += [
            f"- First cause candidate{when}{component}: {what} ({where})",
            f"- Why: {prose(brief(cause.why, most=_TEXT))}",
        ]
    lines += [f"- When: {prose(span)} UTC"] if span else []
    lines += [f"- Score: {incident['score']:.2f}"]
    for name in ("components", "files"):
        if incident[name]:
            lines.append(f"- {name.capitalize()}: {_names(incident[name])}")
    lines += ["- Timeline:"]
    events = incident["timeline"]
    for event in events[:_MOST_EVENTS]:
        at = f"{prose(clock.at(event['time']))} " if event["time"] else ""
        lines.append(f"  - {at}{prose(brief(event['text'], most=_TEXT))}")
    if len(events) > _MOST_EVENTS:
        lines.append(f"  - and {amount(len(events) - _MOST_EVENTS, 'more event')}")
    return "\n".join(lines)


def _names(names: list[str]) -> str:
    listed = ", ".join(code(brief(name, most=_NAME)) for name in names[:_MOST_NAMES])
    return f"{listed} and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else listed


def _findings(told: Told) -> Iterator[str]:
    if not told.anomalies:
        return
    yield "## Worst findings"
    parts = (_finding(told, anomaly, n) for n, anomaly in enumerate(told.anomalies, start=1))
    shown = fitting(parts, most=_MOST_FINDINGS, room=_FINDING_ROOM)
    yield from shown
    if rest := len(told.anomalies) - len(shown):
        yield f"{amount(rest, 'more finding')}, listed in `findings.csv` and `anomalies.json`."


def _finding(told: Told, anomaly: Anomaly, number: int) -> str:
    when = told.clock.between(anomaly["first_seen"], anomaly["last_seen"])
    facts = [
        f"score {anomaly['score']:.2f}",
        prose(anomaly["severity"]),
        code(brief(where_of(anomaly), most=_NAME)),
        times(anomaly["count"]),
        *([prose(when)] if when else []),
        *([code(brief(anomaly["component"], most=_NAME))] if anomaly["component"] else []),
        f"id {code(anomaly['id'])}",
    ]
    lines = anomaly["log"].split("\n")
    shown = brief("\n".join(lines[:_LOG_LINES]), most=_LOG) + ("\n…" if len(lines) > _LOG_LINES else "")
    parts = [
        f"### {number}. {prose(brief(what_of(anomaly), most=_TEXT))}",
        ", ".join(facts),
        prose(brief(anomaly["reason"], most=2 * _TEXT)),
        _opinion(anomaly),
        fenced(shown),
    ]
    return "\n\n".join(part for part in parts if part)


def _opinion(anomaly: Anomaly) -> str:
    opinion = (anomaly.get("llm") or {}).get("opinion")
    if not opinion:
        return ""
    who = code(brief(anomaly["llm"]["model"] or anomaly["llm"]["provider"] or "the workflow", most=_NAME))
    unheard = f" (does not count: {prose(brief(opinion['unheard'], most=_TEXT))})" if opinion["unheard"] else ""
    return f"{who} says {prose(class_of(opinion))}{unheard}: {prose(brief(opinion['reason'], most=_TEXT))}"


def _leaks(told: Told) -> Iterator[str]:
    leaks = told.leaks or told.summary["leaks"]
    if not leaks:
        return
    yield "## Leaks"
    parts = (
        f"- {prose(brief(leak['severity'], most=_NAME))}: {prose(brief(leak['title'], most=_NAME))} in "
        f"{code(brief(leak['source'], most=_NAME) + ':' + str(leak['line_number']))}, {times(leak['count'])}"
        for leak in leaks
    )
    shown = fitting(parts, most=_MOST_LEAKS, room=_LEAK_ROOM)
    yield "\n".join(shown)
    if rest := len(leaks) - len(shown):
        yield f"{amount(rest, 'more leak')}, listed in `leaks.json`."
