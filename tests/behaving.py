"""Logs that are counted by behavioural rules, in pieces and in any order; shared by tests."""

import numpy as np

from loganomaly.behaviours import verdicts
from loganomaly.case import build_case
from loganomaly.floods import FloodSettings
from loganomaly.profile import Profile, unplace
from loganomaly.reading.detect import detect
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search

FLOODS = FloodSettings()


def parts_of(text, rules, *, sizes=(), source=0, name="app.log"):
    """Return the profiles of pieces of a log, of so many lines each; the last one has the rest."""
    lines = text.encode().splitlines(keepends=True)
    tables = detect(text.encode()).tables()
    parts, first, offset = [], 0, 0
    for size in (*sizes, len(lines)):
        piece = b"".join(lines[first : first + size])
        if piece:
            chunk = Chunk(
                source=source, data=np.frombuffer(piece, np.uint8), first_line=first, offset=offset, name=name
            )
            parts.append(scan(chunk, tables, search=Search(floods=FLOODS, behaviours=tuple(rules))).profile)
        first, offset = first + size, offset + len(piece)
    return parts


def merged(parts):
    return Profile.merge([Profile.empty(floods=FLOODS), *parts])


def verdicts_of(text, *rules, sizes=()):
    profile = merged(parts_of(text, rules, sizes=sizes))
    return verdicts(profile, rules, build_case(profile).members)


def line_of(verdict):
    """Return the number of the line of a verdict, counted from 0 in its source."""
    return unplace(verdict.place)[1]
