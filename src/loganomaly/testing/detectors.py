"""The contract of detectors, as a run that every registered detector has to pass.

::

    @pytest.mark.parametrize("name", names(DETECTORS))
    def test_keeps_the_contract(name):
        check_detector(load(DETECTORS, name))
"""

import dataclasses
import io
import math
from collections.abc import Sequence
from functools import cache, lru_cache
from numbers import Real
from typing import Any

import numpy as np
import polars as pl

from loganomaly.behaviours import built_in_rules
from loganomaly.case import Case, build_case
from loganomaly.detectors.base import Detector
from loganomaly.findings import Evidence
from loganomaly.floods import FloodSettings
from loganomaly.profile import Profile
from loganomaly.reading.chunks import cut_chunks
from loganomaly.reading.detect import detect
from loganomaly.reading.program import Level, Tables
from loganomaly.redaction.pseudonyms import Pseudonymizer
from loganomaly.registry import DETECTORS, load, names
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.rules import RuleSearch
from loganomaly.scan.search import Search
from loganomaly.scan.session_keys import Sample, choose_keys, sample_ids
from loganomaly.scan.sessions import SessionKeys
from loganomaly.sessions.wording import call, call_mix
from loganomaly.testing.logs import synthetic_logs
from loganomaly.wording import iso

__all__ = ["case_of", "check_detector"]

_CHUNK_LINES = 90  # not a divisor of anything: chunks begin in the middle of floods, bursts and buckets


def case_of(*logs: str, chunk_lines: int | None = None, floods: FloodSettings | None = None) -> Case:
    r"""Return the case of some logs, each the whole text of one source, without any file.

    Parameters
    ----------
    chunk_lines
        Lines that are scanned at a time; whole logs without. The case is the same.

    Examples
    --------
    >>> case_of("job 1 done\njob 2 done\n", "hello\n").records
    3
    """
    settings = floods or FloodSettings()
    parts = [Profile.empty(floods=settings)]
    texts = [log.encode("utf-8", errors="surrogatepass") for log in logs]
    samples = [Sample(data=np.frombuffer(data, np.uint8), tables=_tables(data)) for data in texts]
    ids = [sample_ids(sample, source=source) for source, sample in enumerate(samples)]
    leaks = LeakSearch(pseudonyms=Pseudonymizer(b"the same for all cases"))
    search = Search(
        floods=settings,
        sessions=choose_keys(pl.concat(ids)) if ids else SessionKeys(),
        leaks=leaks,
        behaviours=built_in_rules(),
        rules=RuleSearch(beside=leaks.kinds),
    )
    for source, data in enumerate(texts):
        tables = _tables(data)
        for piece in cut_chunks(io.BytesIO(data), tables, most_lines=chunk_lines):
            chunk = Chunk(source=source, data=piece.data, first_line=piece.first_line, offset=piece.offset)
            parts.append(scan(chunk, tables, search=search).profile)
    return build_case(Profile.merge(parts))


@lru_cache(maxsize=64)
def _tables(data: bytes) -> Tables:
    # The same logs are read again and again, and finding out their format takes longest.
    return detect(data).tables()


def check_detector(detector_class: type[Any]) -> None:
    """Check that a detector keeps its contract; see `loganomaly.detectors.base.Detector`.

    It is a frozen dataclass that needs no arguments, registered in the entry-point group "loganomaly.detectors" under
    its `name`. An empty case gives no evidence. The same logs give the same evidence, in whatever pieces and order
    they are read. Evidence is well formed: strengths 0..1, numbers finite, subjects that exist, one line of text.

    Raises
    ------
    AssertionError
        If it does not; the message says what was found and what was expected.
    """
    detector = _check_value(detector_class)
    nothing = detector.detect(case_of())
    _require(nothing == [], f"an empty case gave {len(nothing)} pieces of evidence, expected none")
    for title, logs in synthetic_logs().items():
        case = _whole(title)
        found = detector.detect(case)
        for evidence in found:
            _check_evidence(evidence, detector=detector, case=case, where=f"on the log {title!r}")
        _same(found, detector.detect(case), f"judging the log {title!r} twice")
        _same(found, detector.detect(_in_chunks(title)), f"reading the log {title!r} in chunks")
        if len(logs) > 1:
            # Which source a subject is first seen in depends on their order; what is said of it does not.
            turned = detector.detect(_turned(title))
            _same(
                [_placeless(evidence) for evidence in found],
                [_placeless(evidence) for evidence in turned],
                f"reading the sources of the log {title!r} in another order",
            )


def _check_value(detector_class: type[Any]) -> Detector:
    """Check what a detector is; return one with its defaults."""
    title = detector_class.__name__
    parameters: Any = getattr(detector_class, "__dataclass_params__", None)
    _require(
        parameters is not None and parameters.frozen, f"{title} is no frozen dataclass; use @dataclass(frozen=True)"
    )
    _require(
        parameters.init and not hasattr(detector_class, "__post_init__"),
        f"the constructor of {title} does work; leave it to the dataclass, and do the work in detect()",
    )
    needed = [
        field.name
        for field in dataclasses.fields(detector_class)
        if field.init and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    _require(not needed, f"{title}() needs values for {', '.join(needed)}; give them defaults")
    detector: Detector = detector_class()
    _require(isinstance(detector, Detector), f"{title} lacks one of name, weight, aspect and detect(case)")
    _require(detector == detector_class(), f"{title}() does not equal {title}(); compare by value")
    known = names(DETECTORS)
    _require(
        detector.name in known and load(DETECTORS, detector.name) is detector_class,
        f"{title} is not registered as {detector.name!r} in the entry-point group {DETECTORS!r}, which has:"
        f" {', '.join(known) or 'nothing'}",
    )
    _require(_is_share(detector.weight), f"the weight of {title} is {detector.weight!r}, expected a number in 0..1")
    return detector


def _check_evidence(evidence: Any, *, detector: Detector, case: Case, where: str) -> None:
    _require(isinstance(evidence, Evidence), f"{evidence!r} {where} is no Evidence")
    what = f"evidence of {detector.name!r} on {evidence.subject.name!r} {where}"
    _require(evidence.detector == detector.name, f"{what} names the detector {evidence.detector!r}")
    _require(_is_share(evidence.strength), f"{what} has strength {evidence.strength!r}, expected a number in 0..1")
    _require(
        evidence.probability is None or _is_share(evidence.probability),
        f"{what} has probability {evidence.probability!r}, expected None or a number in 0..1",
    )
    for name in ("observed", "expected"):
        number = getattr(evidence, name)
        _require(number is None or _is_finite(number), f"{what} has {name} {number!r}, expected a finite number")
    _require(
        bool(evidence.text.strip()) and len(evidence.text.splitlines()) == 1,
        f"{what} has the text {evidence.text!r}, expected one line that is not blank",
    )
    _require(
        evidence.subject.name in _subjects(case, evidence.subject.kind),
        f"{what}: the case has no {evidence.subject.kind} of this name",
    )
    _check_places(evidence, case=case, what=what)


def _check_places(evidence: Evidence, *, case: Case, what: str) -> None:
    lines = dict(case.profile.sources.select("source", "lines").iter_rows())
    place = evidence.location
    if place is not None:
        _require(place.source in lines, f"{what} stands in source {place.source}, which is not in the case")
        _require(0 <= place.line < lines[place.source], f"{what} stands in line {place.line}, of {lines[place.source]}")
    kind = evidence.subject.kind
    _require(kind == "template" or place is not None, f"{what} has no location, a {kind} needs one")
    if evidence.lines is not None:
        _require(place is not None, f"{what} has lines, but no location that says of which source")
        first, last = evidence.lines
        most = lines[place.source] if place else 0
        _require(0 <= first <= last < most, f"{what} has the lines {first} to {last}, of {most}")
    _require(evidence.span is None or evidence.span[0] <= evidence.span[1], f"{what} ends before it begins")
    _require(evidence.count is None or 0 < evidence.count <= case.records, f"{what} has count {evidence.count}")


def _subjects(case: Case, kind: str) -> set[str]:
    if kind == "session":
        return {
            call(deviation, case.templates, key=judged.group.key)
            for judged in case.sessions
            for deviation in judged.deviations
        } | {call_mix(mix, case.templates, key=judged.group.key) for judged in case.sessions for mix in judged.mixes}
    if kind == "component":
        return {name.decode("utf-8", errors="replace") for name in case.profile.components["name"].to_list()}
    if kind == "level":
        return {Level(level).name for level in case.profile.totals["level"].unique()}
    if kind == "window":
        return {str(iso(bucket * case.width * 1_000_000)) for bucket in case.buckets.tolist()}
    return {template.id for template in case.templates} if kind == "template" else set()


def _same(one: Sequence[Evidence], other: Sequence[Evidence], how: str) -> None:
    """Check that two lists hold the same evidence, in any order."""
    first, second = (sorted(found, key=repr) for found in (one, other))
    _require(
        first == second,
        f"{how} changes the evidence: {[e for e in first if e not in second]} became"
        f" {[e for e in second if e not in first]}",
    )


def _placeless(evidence: Evidence) -> Evidence:
    return dataclasses.replace(evidence, location=None, lines=None)


def _is_finite(number: Any) -> bool:
    return isinstance(number, Real) and not isinstance(number, bool) and math.isfinite(number)


def _is_share(number: Any) -> bool:
    return _is_finite(number) and 0 <= number <= 1


def _require(holds: bool, message: str) -> None:  # noqa: FBT001  (as assert, but for every way Python is run)
    if not holds:
        raise AssertionError(message)


# The cases are the same for every detector, and most of the time goes into making them.
@cache
def _whole(title: str) -> Case:
    return case_of(*synthetic_logs()[title])


@cache
def _in_chunks(title: str) -> Case:
    return case_of(*synthetic_logs()[title], chunk_lines=_CHUNK_LINES)


@cache
def _turned(title: str) -> Case:
    return case_of(*reversed(synthetic_logs()[title]))
