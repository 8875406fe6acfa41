"""Findings of a page: each with its line, the evidence, and charts of what is unusual."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import polars as pl

from loganomaly.charts.over_time import rate_figure
from loganomaly.charts.parts import distribution_figure
from loganomaly.reports.page.charts import bars_drawing, chart, rate_drawing
from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.reports.page.incidents import MOST_INCIDENTS
from loganomaly.reports.page.tables import names, section, table
from loganomaly.reports.story import Anomaly, Told, brief, seconds, what_of, where_of
from loganomaly.wording import amount, times

__all__ = ["MOST_FINDINGS", "FindingCards", "finding_section"]

MOST_FINDINGS = 200
_ROOM = 2_000_000  # bytes of all findings of a page
_OPEN = 3  # of the worst findings are unfolded
_PRINTED = 20  # of the worst findings are printed as a whole
_LOG, _LINE, _TEXT = 4000, 500, 600  # characters of the record, of a line beside it, of what is said
_MOST_EVIDENCE = 20
_MOST_FILES = 10
_MOST_OF_SPAN = 0.8  # of the log that is shaded
_MOST_RELATED = 10
_MOST_WORDS = 20


class FindingCards:
    """The findings of a page: the worst ones, and those that incidents may have begun with.

    Attributes
    ----------
    cards
        What the page says of each, by place in the list of findings.
    anchors
        The places of those on the page.
    """

    def __init__(self, told: Told, *, span: tuple[float, float] | None) -> None:
        self.told = told
        self.span = span
        causes = [told.cause(incident) for incident in told.incidents[:MOST_INCIDENTS]]
        begun = dict.fromkeys(cause.place for cause in causes if cause is not None)
        places = list(dict.fromkeys([*begun, *range(min(len(told.anomalies), MOST_FINDINGS))]))
        self.anchors = self._anchors(places)
        self.cards = self._cards(places)
        self.anchors = {place: anchor for place, anchor in self.anchors.items() if place in self.cards}

    def _anchors(self, places: Sequence[int]) -> dict[int, str]:
        """Return an anchor for each place: the id, with a number where several have the same."""
        taken: set[str] = set()
        anchors = {}
        for place in sorted(places):
            own = re.sub("[^0-9A-Za-z]", "", str(self.told.anomalies[place]["id"]))[:40]
            anchor = name = f"finding-{own}"
            number = 1
            while anchor in taken:
                number += 1
                anchor = f"{name}-{number}"
            taken.add(anchor)
            anchors[place] = anchor
        return anchors

    def _cards(self, places: Sequence[int]) -> dict[int, Markup]:
        room, cards = _ROOM, {}
        for place in places:
            card = self._card(place)
            room -= len(card.encode())
            if room < 0:
                break
            cards[place] = card
        return dict(sorted(cards.items()))

    @cached_property
    def _rows(self) -> Mapping[str, pl.DataFrame]:
        """Rows of the timeline by template, of those that findings are about."""
        wanted = {each["template_id"] for each in map(self.told.anomalies.__getitem__, self.anchors)} - {None}
        rows = self.told.timeline.filter(of="template").filter(pl.col("name").is_in(sorted(wanted)))
        return {str(key[0]): part for key, part in rows.partition_by("name", as_dict=True).items()}

    @cached_property
    def _templates(self) -> Mapping[str, Mapping[str, Any]]:
        return {entry["template_id"]: entry for entry in self.told.templates}

    @cached_property
    def _incidents(self) -> Mapping[str, int]:
        return {each["id"]: n for n, each in enumerate(self.told.incidents[:MOST_INCIDENTS], start=1)}

    def _card(self, place: int) -> Markup:
        anomaly, anchor = self.told.anomalies[place], self.anchors[place]
        classes = ["finding", f"severity-{_severity(anomaly).lower()}", *(["printed"] if place < _PRINTED else [])]
        return el(
            "details",
            el("summary", self._summary(place, anomaly)),
            el("p", brief(anomaly["reason"], most=_TEXT), class_="reason"),
            _opinion(anomaly),
            _lines(anomaly),
            _trace(anomaly),
            _nearest(anomaly),
            el("div", self._charts(anomaly), class_="charts"),
            _evidence(anomaly),
            _samples(anomaly),
            self._rest(anomaly, anchor),
            class_=" ".join(classes),
            id=anchor,
            open=place < _OPEN,
        )

    def _summary(self, place: int, anomaly: Anomaly) -> Content:
        clock = self.told.clock
        when = clock.between(anomaly["first_seen"], anomaly["last_seen"]) or clock.at(anomaly["timestamp"])
        return [
            el("span", f"{place + 1}", class_="rank"),
            el("h3", brief(what_of(anomaly), most=200)),
            el(
                "span",
                el("span", _severity(anomaly), class_="badge"),
                el("span", f"score {anomaly['score']:.2f}"),
                el("span", when) if when else None,
                el("span", times(anomaly["count"])),
                el("span", brief(anomaly["component"], most=80)) if anomaly["component"] else None,
                el("code", where_of(anomaly)),
                class_="key",
            ),
        ]

    def _charts(self, anomaly: Anomaly) -> Iterator[Markup]:
        rows = self._rows.get(anomaly["template_id"])
        if rows is not None and not rows.is_empty():
            figure = rate_figure(
                rows,
                name=brief(anomaly["template"]),
                severity=_severity(anomaly),
                window=self._window(anomaly),
                span=self.told.span,
            )
            yield chart(figure, title="Records of this template over time", drawing=rate_drawing(rows, span=self.span))
        for evidence in anomaly["evidence"]:
            if evidence["detector"] == "value" and (numbers := self._numbers(anomaly, evidence)):
                name, known = numbers
                yield _distribution(name, known, observed=evidence["observed"])

    def _window(self, anomaly: Anomaly) -> tuple[str, str] | None:
        """Return first and last time of a finding, if that is not most of the log."""
        first, last = anomaly["first_seen"], anomaly["last_seen"]
        span, own = self.span, seconds((first, last))
        if span is None or own is None or own[1] - own[0] > _MOST_OF_SPAN * (span[1] - span[0]):
            return None
        return first, last

    def _numbers(self, anomaly: Anomaly, evidence: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        """Return the name of the parameter that evidence is about, and what is known of its numbers."""
        template = self._templates.get(anomaly["template_id"])
        known = [each for each in (template or {}).get("parameters", ()) if each.get("numbers")]
        named = [each for each in known if each["name"] and evidence["text"].startswith(each["name"])]
        highest = [each for each in known if each["numbers"]["max"] == evidence["observed"]]
        best = max(named, key=lambda each: len(each["name"]), default=None) or next(iter(highest), None)
        if best is None:
            return None
        return str(best["name"] or f"value {(best['position'] or 0) + 1}"), best["numbers"]

    def _rest(self, anomaly: Anomaly, anchor: str) -> Markup:
        incident = self._incidents.get(anomaly["incident"]) if anomaly["incident"] is not None else None
        related = [brief(text) for text in anomaly["related"]]
        facts: list[tuple[str, Content]] = [
            ("Incident", el("a", f"Incident {incident}", href=f"#incident-{incident}") if incident else None),
            ("Same event", names(related, most=_MOST_RELATED)),
            ("Files", names(anomaly["files"], most=_MOST_FILES) if len(anomaly["files"]) > 1 else None),
            ("Tags", names(anomaly["tags"], most=_MOST_WORDS)),
            ("Id", [el("code", anomaly["id"]), " ", el("a", "link to this finding", href=f"#{anchor}")]),
        ]
        return el("dl", ([el("dt", name), el("dd", value)] for name, value in facts if value), class_="facts")


def finding_section(told: Told, cards: FindingCards) -> Markup:
    """Return the findings, worst first, and how many more there are."""
    rest = len(told.anomalies) - len(cards.cards)
    more = f"{amount(rest, 'more finding')}, listed in findings.csv and anomalies.json."
    return section(
        "findings",
        "Findings",
        list(cards.cards.values()) or el("p", "Nothing unusual was found."),
        el("p", more, class_="quiet") if rest else None,
        count=len(told.anomalies),
    )


def _severity(anomaly: Anomaly) -> str:
    return str(anomaly["severity"])


def _lines(anomaly: Anomaly) -> Markup:
    context = anomaly["context"]
    before = [el("span", brief(line, most=_LINE), "\n", class_="near") for line in context["before"]]
    after = [el("span", brief(line, most=_LINE), "\n", class_="near") for line in context["after"]]
    return el("pre", before, el("mark", brief(anomaly["log"], most=_LOG)), after, tabindex="0")


def _opinion(anomaly: Anomaly) -> Content:
    """Return what a model says of it, or why it says nothing."""
    llm = anomaly.get("llm")
    if not llm:
        return None
    who = brief(llm["model"] or llm["provider"] or "the workflow", most=80)
    if (opinion := llm["opinion"]) is None:
        failure = llm["failure"]
        told = (
            f"{who} gave no opinion: {brief(failure['message'], most=_TEXT)}" if failure else f"{who} gave no opinion."
        )
        return el("p", told, class_="opinion")
    unheard = f" Does not count: {brief(opinion['unheard'], most=_TEXT)}." if opinion["unheard"] else ""
    quote = [" It quotes: ", el("code", brief(opinion["quote"], most=_TEXT))] if opinion["quote"] else None
    return el(
        "p",
        el("strong", f"{who} says {opinion['classification'].replace('_', ' ')}: "),
        brief(opinion["reason"], most=_TEXT),
        unheard,
        quote,
        class_="opinion",
    )


def _trace(anomaly: Anomaly) -> Content:
    trace = anomaly.get("trace")
    if trace is None:
        return None
    what = ": ".join(text for text in (trace["exception"], brief(trace["message"], most=_LINE)) if text)
    place = trace["file"] if trace["file_line"] is None else f"{trace['file']}:{trace['file_line']}"
    where = " ".join(text for text in (trace["function"], f"({place})" if trace["file"] else "") if text)
    own = "" if trace["own"] or not where else ", library code"
    return el("p", el("strong", "Root cause: "), el("code", brief(what, most=_TEXT)),
              [" at ", el("code", brief(where, most=_TEXT)), own] if where else None)  # fmt: skip


def _nearest(anomaly: Anomaly) -> Content:
    usual = anomaly["nearest"]
    if usual is None:
        return None
    missing, added = (" ".join(usual[name][:_MOST_WORDS]) for name in ("missing", "added"))
    return el(
        "p",
        el("strong", "Like: "),
        el("code", brief(usual["template"], most=_TEXT)),
        f", seen {times(usual['count'])}",
        ["; here without ", el("code", brief(missing, most=_TEXT))] if missing else None,
        ["; here with ", el("code", brief(added, most=_TEXT))] if added else None,
    )


def _evidence(anomaly: Anomaly) -> Markup:
    heads = ("Detector", "Strength", "What it saw", "Observed", "Expected", "Probability")
    rows = (
        (
            evidence["detector"],
            f"{evidence['strength']:.2f}",
            brief(evidence["text"], most=_TEXT),
            _number(evidence["observed"]),
            _number(evidence["expected"]),
            _probability(evidence["probability"]),
        )
        for evidence in anomaly["evidence"][:_MOST_EVIDENCE]
    )
    return table("Evidence", heads, rows, numbers=("Strength", "Observed", "Expected", "Probability"))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1 else f"{value:,.10g}"


def _probability(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}" if value else "< 1e-300"


def _samples(anomaly: Anomaly) -> Content:
    """Return further lines that show it."""
    own = anomaly["source"], anomaly["line_number"]
    others = [each for each in anomaly["samples"] if (each["source"], each["line_number"]) != own]
    if not others:
        return None
    items = (
        el("li", el("small", f"{each['source']}:{each['line_number']}"), el("pre", brief(each["log"], most=_LINE)))
        for each in others
    )
    return el("div", el("h4", "Further lines that show it"), el("ul", items, class_="samples"))


def _distribution(name: str, numbers: Mapping[str, Any], *, observed: float | None) -> Markup:
    quantiles = ", ".join(f"{float(share):.0%} up to {value:,g}" for share, value in numbers["quantiles"].items())
    here = f"; here {observed:,g}" if observed is not None else ""
    words = f"{numbers['count']:,} values from {numbers['min']:,g} to {numbers['max']:,g}: {quantiles}{here}."
    return chart(
        distribution_figure(numbers, name=brief(name, most=60), observed=observed),
        title=f"Values of {brief(name, most=60)}",
        drawing=bars_drawing([bar["count"] for bar in numbers["histogram"]], words=words),
    )
