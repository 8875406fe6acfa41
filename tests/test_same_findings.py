"""The same log gives the same findings, however it is cut into chunks, spread over workers or split into files."""

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly import LogAnalyzer
from loganomaly.config import load_config
from loganomaly.reports.writer import to_json

START = 1_773_478_800  # 2026-03-14 09:00:00 UTC


@dataclass(frozen=True, kw_only=True)
class Event:
    """What the log says at a second after its start; further lines belong to the record."""

    second: int
    component: str
    level: str
    message: str
    more: tuple[str, ...] = ()


def stamp(second, form="%Y-%m-%dT%H:%M:%SZ"):
    return datetime.fromtimestamp(START + second, UTC).strftime(form)


def plain(event):
    return "\n".join([f"{stamp(event.second)} {event.level} [{event.component}] {event.message}", *event.more])


def spaced(event):
    when = stamp(event.second, "%Y-%m-%d %H:%M:%S,000")
    return "\n".join([f"{when} {event.level} {event.component}: {event.message}", *event.more])


def json_line(event):
    text = "\n".join([event.message, *event.more])
    return json.dumps({"ts": stamp(event.second), "level": event.level, "logger": event.component, "msg": text})


def logfmt(event):
    return f'time={stamp(event.second)} level={event.level} component={event.component} msg="{event.message}"'


def syslog(event):
    return f"{stamp(event.second, '%b %d %H:%M:%S')} host {event.component}[77]: {event.level}: {event.message}"


def timeless(event):
    return f"{event.level} {event.component} {event.message}"


FORMATS = (plain, spaced, json_line, logfmt, syslog, timeless)
ODD = (
    "disk full",
    "cannot open table orders",
    "shutting down now",
    "login password=hunter2x ok",
    "query took 90000 ms",
)
TRACE = ("\tat shop.Cart.add(Cart.java:7)", "\tat shop.Main.run(Main.java:9)")


def steady(order, seconds):
    for second in range(0, seconds, 2):
        message = f"GET /cart/{order.randrange(99)} in {order.randrange(3, 30)} ms"
        yield Event(second=second, component="web", level="INFO", message=message)
    for second in range(0, seconds, 5):
        yield Event(second=second, component="db", level="INFO", message=f"query took {order.randrange(4, 40)} ms")


def heartbeat(order, seconds):
    ends = order.choice([seconds, seconds * 2 // 3])
    for second in range(0, ends, 10):
        yield Event(second=second, component="sync", level="INFO", message="heartbeat ok")


def requests(order, seconds):
    steps = ("begins", "reads the cart", "writes the order", "ends")
    for number in range(seconds // 4):
        lacks = order.random() < 0.02
        for step, what in enumerate(steps[:3] if lacks else steps):
            second = min(number * 4 + step * (1 + number % 3), seconds)
            yield Event(second=second, component="shop", level="INFO", message=f"request req-{number:05} {what}")


def flood(order, seconds):
    begin = order.randrange(seconds)
    for number in range(order.randrange(100, 400)):
        yield Event(
            second=begin + number // 40, component="pool", level="WARN", message=f"pool of {number} is full, retry"
        )


def burst(order, seconds):
    begin = order.randrange(seconds)
    for number in range(order.randrange(5, 60)):
        yield Event(second=begin + number, component="db", level="ERROR", message=f"lost the peer {number}")


def odd(order, seconds):
    texts = (
        "disk full",
        "cannot open table orders",
        "shutting down now",
        "login password=hunter2x ok",
        "query took 90000 ms",
    )
    for text in order.sample(texts, 3):
        level = order.choice(["INFO", "ERROR", "CRITICAL"])
        more = TRACE if order.random() < 0.5 else ()
        yield Event(second=order.randrange(seconds), component="db", level=level, message=text, more=more)


PARTS = (heartbeat, requests, flood, burst, odd)


@st.composite
def logs(draw):
    """Return the records of a log, each the text of one or more lines."""
    write = draw(st.sampled_from(FORMATS))
    chosen = draw(st.lists(st.sampled_from(PARTS), unique=True))
    seconds = draw(st.sampled_from([200, 900]))
    order = random.Random(draw(st.integers(0, 2**16)))
    events = [event for part in (steady, *chosen) for event in part(order, seconds)]
    return [write(event) for event in sorted(events, key=second_of)]


def second_of(event):
    return event.second


def text_of(records):
    return "".join(f"{record}\n" for record in records)


def said(results):
    """Return everything that is said of a log, to the byte, but how long it took."""
    summary = {key: value for key, value in results.summary.items() if key not in {"stages", "filename"}}
    return {
        "anomalies.json": to_json(results.anomalies).decode(),
        "templates.json": to_json(results.template_file).decode(),
        "summary.json": to_json(summary).decode(),
        "sessions": results.sessions.to_dicts(),
        "templates": results.templates.to_dicts(),
    }


def write(folder, *texts):
    """Write consecutive files of a log into an empty folder, and return it."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, text in enumerate(texts, start=1):
        folder.joinpath(f"app.log.{number}").write_text(text, encoding="utf-8")
    return folder


@settings(max_examples=6, deadline=None, derandomize=True)
@given(logs(), st.integers(20, 90), st.integers(91, 900))
def test_batch_size_and_workers_change_nothing(tmp_path_factory, records, few, many):
    folder = write(tmp_path_factory.getbasetemp() / "chunks", text_of(records))
    whole = said(LogAnalyzer().analyze(folder))
    for batch_size, workers in ((few, 1), (many, 2), (few + 1, 3)):
        assert said(LogAnalyzer().analyze(folder, batch_size=batch_size, workers=workers)) == whole


def test_batches_of_a_single_line_change_nothing(tmp_path):
    order = random.Random(5)
    events = [event for part in (steady, odd) for event in part(order, 200)]
    folder = write(tmp_path, text_of([plain(event) for event in sorted(events, key=second_of)]))
    assert said(LogAnalyzer().analyze(folder, batch_size=1, workers=3)) == said(LogAnalyzer().analyze(folder))


@settings(max_examples=4, deadline=None, derandomize=True)
@given(logs(), st.integers(5, 90), st.integers(91, 900), st.integers(1, 4))
def test_batches_of_a_frame_change_nothing(records, few, many, at_once):
    frame = pl.DataFrame({"log": records})
    whole = LogAnalyzer().analyze(frame)
    for batch_size in (few, many):
        cut = asyncio.run(LogAnalyzer().analyze_batch(frame, batch_size=batch_size, max_concurrent=at_once))
        assert said(cut) == said(whole)
        assert cut.lines.equals(whole.lines)


def findings_of(results, *, lines_before):
    """Return all that findings say, but the incident; `lines_before` each file are counted with its own lines."""
    return [
        (
            *(finding.id, finding.subject, finding.template, finding.score, finding.classification, finding.reason),
            *(finding.tags, finding.kinds, finding.component, finding.severity, finding.count, finding.related),
            *(finding.first_time, finding.last_time, finding.timestamp, finding.log, finding.nearest),
            finding.location.line + lines_before[finding.location.source],
            [(sample.line + lines_before[sample.source], sample.text) for sample in finding.samples],
            [(e.detector, e.strength, e.text, e.observed, e.expected, e.probability) for e in finding.evidence],
        )
        for finding in results.findings
    ]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(logs(), st.floats(0.2, 0.8))
def test_a_log_in_consecutive_files_has_the_same_findings_but_for_floods(tmp_path_factory, records, where):
    # Windows of records do not go on from one file to the next, and incidents take note of what files findings share.
    # A file ends with a record: one that is torn in two is two.
    analyzer = LogAnalyzer(without=["rolling_window"])
    cut = int(where * len(records))
    first, second = text_of(records[:cut]), text_of(records[cut:])
    base = tmp_path_factory.getbasetemp()
    whole = analyzer.analyze(write(base / "one", first + second))
    parts = analyzer.analyze(write(base / "two", first, second))
    assert findings_of(parts, lines_before=(0, first.count("\n"))) == findings_of(whole, lines_before=(0,))
    assert parts.templates.to_dicts() == whole.templates.to_dicts()
    assert parts.sessions.to_dicts() == whole.sessions.to_dicts()
    assert parts.summary["sessions"] == whole.summary["sessions"]


def test_a_flood_that_lies_within_one_file_is_found_in_consecutive_files(tmp_path):
    # How much it counts for depends on how much of its file it is.
    order = random.Random(6)
    events = sorted((event for part in (steady, flood) for event in part(order, 900)), key=second_of)
    records = [plain(event) for event in events]
    ends = max(number for number, event in enumerate(events) if event.component == "pool")
    window = 60
    assert window < ends + window < len(records) - window
    first, second = text_of(records[: ends + window]), text_of(records[ends + window :])
    analyzer = LogAnalyzer(load_config(overrides={"detectors.rolling_window.window_size": window}))
    whole = analyzer.analyze(write(tmp_path / "one", first + second))
    parts = analyzer.analyze(write(tmp_path / "two", first, second))
    told = [
        [(f.id, f.classification, f.count, f.first_time, f.last_time, f.location) for f in results.findings]
        for results in (whole, parts)
    ]
    assert told[0] == told[1]
    assert [finding.classification for finding in whole.findings] == ["log_flood"]
