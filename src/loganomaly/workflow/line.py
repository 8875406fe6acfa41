"""What a line of a log says by itself: read by the same code that reads whole logs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loganomaly.case import build_case
from loganomaly.classify import NORMAL, classify
from loganomaly.detectors.leaks import LeakDetector
from loganomaly.detectors.severity import SeverityDetector
from loganomaly.detectors.wording import WordingDetector
from loganomaly.floods import FloodSettings
from loganomaly.frame_scan import FrameScan
from loganomaly.prompts.facts import Verdict
from loganomaly.reading.dates import TimeSettings
from loganomaly.reading.program import Level, Tables
from loganomaly.reading.severity import level_word
from loganomaly.redaction.secrets import find_leaks, redact
from loganomaly.scan.leaks import LeakSearch
from loganomaly.troubles import Grade, find_troubles
from loganomaly.wording import decoded

__all__ = ["LineReading", "read_line", "words_of"]

_ENDS = (": ", "; ", ", ", " - ", " (", ". ", " because ")
"""What ends the first clause of a message."""
_LEADING = re.compile(r"(?:[\[(<]?([A-Za-z]{1,15})[\])>:]+|([A-Z]{4,15}))\s+(?=\S)", re.ASCII)
_LONGEST_ACTION = 120  # characters
_MOST_INDICATORS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReading:
    """What a line says: severity and component (None where it does not), template, what was being done, and trouble.

    `verdict` is what the evidence in it says.
    """

    severity: str | None
    component: str | None
    template: str
    action: str
    indicators: tuple[str, ...]
    verdict: Verdict


def read_line(log: str) -> LineReading:
    """Return what a line, or the lines of one record, say.

    Examples
    --------
    >>> reading = read_line("ERROR: Failed to connect to database: Connection refused")
    >>> reading.severity, reading.action, reading.verdict.classification
    ('ERROR', 'Failed to connect to database', 'error')
    """
    log = log.strip("\r\n").encode("utf-8", "replace").decode()  # halves of characters stand in no frame
    frame = pl.DataFrame({"log": [log]}, schema={"log": pl.String})
    work = FrameScan(frame, floods=FloodSettings(enabled=False), times=TimeSettings(), leaks=LeakSearch())
    case = build_case(work.batch(0, 1).profile)
    if not case.templates:  # a blank line
        return LineReading(
            severity=None,
            component=None,
            template="",
            action="",
            indicators=(),
            verdict=Verdict(classification=NORMAL, reason="The line is blank."),
        )
    row = case.table.row(0, named=True)
    template = redact(case.templates[0].text)
    evidence = [
        e for detector in (LeakDetector(), SeverityDetector(), WordingDetector()) for e in detector.detect(case)
    ]
    evidence.sort(key=lambda e: -e.strength)
    said, begin = _leading_level(template, work.tables)
    level = Level(row["level"]) or said
    # A template is of one line; what went wrong is often said in the last one of a record.
    troubles = find_troubles(log if "\n" in log else template[begin:])
    indicators = tuple(dict.fromkeys(trouble.word for trouble in troubles))
    worst = max((trouble.grade for trouble in troubles), default=None)
    tags = dict.fromkeys(tag for e in evidence for tag in e.tags)
    classification = classify(evidence)
    if classification == NORMAL and worst is not None:
        classification = "warning" if worst == Grade.MILD else "error"
        tags[classification] = None
    return LineReading(
        severity=level.name if level != Level.UNKNOWN else None,
        component=redact(decoded(row["component"])) if row["component"] else None,
        template=template,
        action=_first_clause(template[begin:]),
        indicators=indicators[:_MOST_INDICATORS],
        verdict=Verdict(classification=classification, reason=_reason(level, indicators, log), tags=tuple(tags)),
    )


def words_of(template: str) -> tuple[str, tuple[str, ...]]:
    """Return what was being done, and the words of trouble, of a template that is known.

    Examples
    --------
    >>> words_of("connection to <*> refused, giving up")
    ('connection to <*> refused', ('refused', 'giving up'))
    """
    words = dict.fromkeys(trouble.word for trouble in find_troubles(template))
    return _first_clause(template), tuple(words)[:_MOST_INDICATORS]


def _leading_level(template: str, tables: Tables) -> tuple[Level, int]:
    """Return the level that a message begins with where no layout tells, as in "ERROR: ...", and where it ends."""
    found = _LEADING.match(template)
    if found is None:
        return Level.UNKNOWN, 0
    word = np.frombuffer((found[1] or found[2]).encode(), np.uint8)
    level = Level(int(level_word(word, 0, len(word), tables)))
    return level, found.end() if level else 0


def _reason(level: Level, indicators: Sequence[str], log: str) -> str:
    says = []
    leaks = dict.fromkeys(leak.kind.title for leak in find_leaks(log))
    if leaks:
        says.append(f"{', '.join(leaks)} in plain text")
    if level != Level.UNKNOWN:
        says.append(f"severity {level.name}")
    if indicators:
        quoted = ", ".join(f'"{word}"' for word in indicators)
        says.append(f"says {quoted}")
    if not says:
        return "Nothing in the line tells of trouble."
    text = "; ".join(says)
    return f"{text[0].upper()}{text[1:]}."


def _first_clause(template: str) -> str:
    end = min((at for mark in _ENDS if (at := template.find(mark)) > 0), default=len(template))
    return template[: min(end, _LONGEST_ACTION)].strip()
