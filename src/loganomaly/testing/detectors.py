"""The contract of detectors, as a run that every registered detector has to pass.

::

    @pytest.mark.parametrize("name", names(DETECTORS))
    def test_keeps_the_contract(name):
        check_detector(load(DETECTORS, name))
"""

import dataclasses
import datetime as dt
import io
import math
from collections.abc import Iterator, Sequence
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
from loganomaly.wording import iso

__all__ = ["case_of", "check_detector", "log_line", "synthetic_logs"]

_START = dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC)
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
            chunk = Chunk(
                source=source,
                data=np.frombuffer(piece.data, np.uint8),
                first_line=piece.first_line,
                offset=piece.offset,
            )
            parts.append(scan(chunk, tables, search=search).profile)
    return build_case(Profile.merge(parts))


@lru_cache(maxsize=64)
def _tables(data: bytes) -> Tables:
    # The same logs are read again and again, and finding out their format takes longest.
    return detect(data).tables()


def log_line(second: int, message: str, *, level: str = "INFO", component: str = "web") -> str:
    r"""Return a line of a log, `second` seconds after its beginning.

    Examples
    --------
    >>> log_line(61, "query took 8 ms", component="db")
    '2026-03-14 09:01:01 INFO db: query took 8 ms\n'
    """
    return f"{_START + dt.timedelta(seconds=second):%Y-%m-%d %H:%M:%S} {level} {component}: {message}\n"


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


@cache
def synthetic_logs() -> dict[str, tuple[str, ...]]:
    """Return the logs that detectors are checked on, by title: the text of each of their sources."""
    steady = list(_steady(seconds=1800))
    return {
        "blank lines": ("\n\n\n",),
        "one line": (log_line(0, "disk full", level="ERROR"),),
        "one line without an end": (log_line(0, "ready").rstrip("\n"),),
        "no timestamps": ("".join(f"worker {i} took {i % 7} ms\n" for i in range(300)) + "panic: no memory\n",),
        "all lines equal": (log_line(0, "still alive") * 400,),
        "all lines different": ("".join(f"{_word(i)} {_word(i * 7 + 1)} {_word(i * i)}\n" for i in range(300)),),
        "steady": ("".join(steady),),
        "all errors": ("".join(line.replace("INFO", "FATAL") for line in steady),),
        "one error": (
            "".join([*steady[:500], log_line(500, "cannot open table", level="ERROR", component="db"), *steady[500:]]),
        ),
        "flood and burst": (
            "".join(
                [
                    *steady[:1500],
                    *(log_line(1000, f"retry {i} of 50", level="WARN", component="queue") for i in range(1400)),
                    *steady[1500:],
                ]
            ),
        ),
        "silence": ("".join(line for line in steady if "sync" not in line or line < log_line(900, "")),),
        "a dip": ("".join(line for line in steady if "query" not in line or not _at(700) <= line < _at(1000)),),
        "a heartbeat that stops": (
            "".join(sorted([*steady, *(log_line(i * 90, "lease renewed", component="sync") for i in range(12))])),
        ),
        "a level shift": (
            "".join(sorted([*steady, *(log_line(i, f"cache miss {i}") for i in range(1800) if i > 900 or i % 5 == 0)])),
        ),
        "a slow one": (
            "".join([*steady, *(log_line(1800, f"query took {ms} ms", component="db") for ms in (8, 4000))]),
        ),
        "a new user": (
            "".join(
                [
                    *(line.replace("heartbeat ok", f"login by user{n % 5}") for n, line in enumerate(steady)),
                    *(log_line(1800 + i, f"login by user{i % 5}", component="sync") for i in range(200)),
                    log_line(2000, "login by mallory9", component="sync"),
                ]
            ),
        ),
        "known events": (
            "".join(
                sorted(
                    [
                        *steady,
                        *(log_line(i, "connect to db failed: Connection refused") for i in range(0, 1800, 20)),
                        log_line(900, "Out of memory: Killed process 4242 (java)", component="kernel"),
                        log_line(1500, "write of 12 B failed: No space left on device", level="ERROR", component="db"),
                    ]
                )
            ),
        ),
        "secrets": ("".join([*steady, log_line(1800, "login password=hunter2x ok")]),),
        "failed logins": (
            "".join(
                line + (log_line(n, f"login failed for user{n % 9} from 203.0.113.7") if n in range(500, 530) else "")
                for n, line in enumerate(steady)
            ),
        ),
        "stack traces": (
            "".join(
                line + ("".join(f"\tat shop.Cart.add(Cart.java:{k})\n" for k in range(9)) if number % 40 == 0 else "")
                for number, line in enumerate(steady)
            ),
        ),
        "strange characters": ("".join(f"é\x85 \u2028 \x1b[31m{chr(0x4E00 + i)}\r\n\x0b\n" for i in range(120)),),
        "two sources": (
            "".join(steady),
            "".join(
                [
                    *(log_line(i * 10, "heartbeat ok", component="sync") for i in range(90)),
                    *(log_line(900 + i, f"lost the peer {i}", level="ERROR", component="sync") for i in range(40)),
                    log_line(
                        940, "token: Authorization: Bearer 9f8a7b6c5d4e3f2a1b0c", level="CRITICAL", component="sync"
                    ),
                ]
            ),
        ),
        "requests": ("".join(_requests(count=240)),),
        "requests of two kinds": ("".join(_orders_and_returns(count=240)),),
        "json lines": (
            "".join(
                f'{{"time":"2026-03-14T09:{i // 60:02}:{i % 60:02}Z","level":"info","msg":"sent {i} B"}}\n'
                for i in range(300)
            ),
        ),
    }


def _at(second: int) -> str:
    """Return the beginning of the lines of a second, which sorts before them."""
    return log_line(second, "").partition(" INFO")[0]


def _steady(*, seconds: int) -> Iterator[str]:
    """Yield a log that goes on as it always does."""
    for second in range(seconds):
        yield log_line(second, f"GET /cart/{second % 97} took {3 + second % 29} ms")
        if second % 2 == 0:
            yield log_line(second, f"query took {4 + second % 31} ms", component="db")
        if second % 10 == 0:
            yield log_line(second, "heartbeat ok", component="sync")


def _requests(*, count: int) -> Iterator[str]:
    """Yield the lines of requests, four at a time; one lacks its end, and one takes long."""
    lines = [
        (
            start + step * (1 + request % 3) + (400 if request == 99 and step == 3 else 0),
            f"request req-{request:04} {what}",
        )
        for request in range(count)
        for start in [request * 2]
        for step, what in enumerate(("begins", "reads the cart", "writes the order", "ends"))
        if request != 77 or step < 3
    ]
    for second, message in sorted(lines):
        yield log_line(second, message)


def _orders_and_returns(*, count: int) -> Iterator[str]:
    """Yield the lines of requests of two kinds in turn; one is of both."""
    orders = ("order received", "price looked up", "stock reserved", "card charged", "parcel sent")
    returns = ("return received", "label printed", "parcel scanned", "goods checked", "money sent back")
    lines = [
        (request * 3 + step * (1 + request % 3), f"request req-{request:04}: {what}")
        for request in range(count)
        for step, what in enumerate([*orders, *returns] if request == 99 else (orders, returns)[request % 2])
    ]
    for second, message in sorted(lines):
        yield log_line(second, message)


def _word(number: int) -> str:
    """Return a word of letters for a number: another one for each below 26 ** 4."""
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))
