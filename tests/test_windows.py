"""Windows of time: what is unlike the rest of a log is found, and the noise of logs in which nothing happens is not."""

import datetime as dt

import numpy as np
import pytest

from loganomaly.detectors.severity import SeverityDetector
from loganomaly.detectors.windows import WindowDetector
from loganomaly.judge import judge
from loganomaly.testing import case_of, log_line

WINDOWS, SECONDS = 120, 30  # an hour is watched in buckets of 30 s
KINDS = ("page <*> served", "cache hit for <*>", "cache miss for <*>", "mail sent to <*>", "order <*> placed",
         "order <*> shipped", "pool resized to <*>", "session of <*> expired")  # fmt: skip
MIX = np.array([40, 20, 10, 8, 8, 6, 4, 1]) / 97


def counted(counts, kinds=KINDS):
    """Return the lines of a log with so many records of each kind (column) in each window (row)."""
    lines = []
    for window, row in enumerate(np.asarray(counts)):
        texts = [kind for kind, count in zip(kinds, row, strict=True) for _ in range(int(count))]
        seconds = np.sort(np.arange(len(texts)) * 997 % SECONDS)
        lines += [
            log_line(window * SECONDS + int(second), text.replace("<*>", str(n)))
            for n, (second, text) in enumerate(zip(seconds, texts, strict=True))
        ]
    return "".join(lines)


def steady(seed, *, rate=40.0, windows=WINDOWS, mix=MIX):
    rates = np.broadcast_to(rate, (windows,))
    return np.random.default_rng(seed).poisson(rates[:, None] * mix[None, :])


def found_in(counts, kinds=KINDS):
    return WindowDetector().detect(case_of(counted(counts, kinds)))


def with_incident(counts, window, records):
    """Return counts and kinds with three more kinds of line that are seen in one window only."""
    more = np.zeros((len(counts), 3), np.int64)
    more[window] = records
    return np.hstack([counts, more]), (*KINDS, "shard <*> lost", "election begun by <*>", "term <*> has no leader")


def test_a_window_of_lines_that_are_seen_at_no_other_time_is_found():
    (found,) = found_in(*with_incident(steady(1), 60, 25))
    assert found.subject.kind == "window"
    assert found.subject.name == "2026-03-14T09:30:00Z"
    assert found.strength >= 0.5
    assert found.span[0] == int(dt.datetime(2026, 3, 14, 9, 30, tzinfo=dt.UTC).timestamp()) * 1_000_000
    assert found.span[1] - found.span[0] == 30_000_000
    assert "25 of `shard <*> lost` (usually none)" in found.text
    assert (found.observed, found.expected) == (25, 0)


def test_a_window_names_at_most_three_templates_and_its_records():
    counts, kinds = with_incident(steady(2), 20, 25)
    counts[20, 0] = 0
    (found,) = found_in(counts, kinds)
    assert found.text.count("(usually") == 3
    assert found.count == counts[20].sum()


def test_the_line_of_a_window_is_in_it():
    counts, kinds = with_incident(steady(3), 80, 25)
    log = counted(counts, kinds)
    (found,) = WindowDetector().detect(case_of(log))
    line = log.split("\n")[found.location.line]
    assert line.startswith("2026-03-14 09:40:")
    assert any(word in line for word in ("shard", "election", "leader"))
    assert log.encode()[found.location.offset :].startswith(line.encode())


def test_of_windows_in_a_row_the_one_that_is_farthest_out_speaks():
    counts, kinds = with_incident(steady(4), 60, 25)
    counts[61, -3:] = 12
    (found,) = found_in(counts, kinds)
    assert found.subject.name == "2026-03-14T09:30:00Z"


@pytest.mark.parametrize("rate", [4, 40], ids=["quiet", "busy"])
@pytest.mark.parametrize("seed", range(4))
def test_the_noise_of_a_poisson_process_is_no_window(seed, rate):
    assert [e for e in found_in(steady(seed, rate=rate)) if e.strength >= 0.5] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_rhythm_of_busy_and_quiet_hours_is_no_window(seed):
    rhythm = 20 * (1.05 + np.sin(np.arange(120) * 2 * np.pi / 24))
    assert [e for e in found_in(steady(seed, rate=rhythm, windows=WINDOWS)) if e.strength >= 0.5] == []


@pytest.mark.parametrize("seed", range(3))
def test_many_rare_templates_are_no_window(seed):
    mix = 1 / np.arange(1, 41) ** 1.5
    kinds = tuple(f"{chr(97 + n // 26)}{chr(97 + n % 26)}x event of <*>" for n in range(40))
    assert [e for e in found_in(steady(seed, mix=mix / mix.sum()), kinds) if e.strength >= 0.5] == []


def test_a_shift_to_another_mix_that_lasts_is_no_window():
    counts = steady(5)
    counts[60:] = steady(6)[60:, ::-1]
    assert found_in(counts) == []


def test_what_recurs_as_often_as_there_are_neighbours_is_no_window():
    counts, kinds = with_incident(steady(7), 10, 25)
    counts[[10, 30, 50, 70, 90], -3:] = 25
    assert found_in(counts, kinds) == []


@pytest.mark.parametrize(("seconds", "found"), [(11, 0), (60, 1)])
def test_a_log_of_fewer_than_twelve_windows_has_none_that_is_unlike_the_rest(seconds, found):
    usual = [text.replace("<*>", str(n)) for n, text in enumerate(KINDS) for _ in range(5)]
    odd = [f"shard {n} lost" for n in range(40)]
    log = "".join(log_line(second, text) for second in range(seconds) for text in (odd if second == 5 else usual))
    assert len(WindowDetector().detect(case_of(log))) == found


def test_where_the_templates_are_findings_the_window_is_none():
    case = case_of(counted(*with_incident(steady(1), 60, 25)))
    (window,) = WindowDetector(full=2.1).detect(case)

    class Fixed:
        name, weight, aspect = "fixed", 1.0, "fixed"

        def __init__(self, *evidence):
            self.evidence = evidence

        def detect(self, _case):
            return list(self.evidence)

    # A weight with which a calm window is a finding.
    alone = judge(case, [WindowDetector(full=2.1, weight=1.0)]).findings
    assert [f.subject for f in alone] == [window.subject]
    assert (alone[0].classification, alone[0].template_id, alone[0].count) == ("unusual_mix", None, window.count)
    assert alone[0].reason.startswith("The 30 s from 2026-03-14 09:30:00 UTC on are unlike the rest of the log:")
    number = next(n for n, template in enumerate(case.templates) if template.text == "shard <*> lost")
    other = type(window)(detector="fixed", subject=case.subject(number), strength=1.0, text="lost")
    both = judge(case, [WindowDetector(full=2.1, weight=1.0), Fixed(other)]).findings
    assert [f.subject for f in both] == [case.subject(number)]


@pytest.mark.parametrize(("level", "findings"), [("INFO", 0), ("ERROR", 1)])
def test_a_window_is_a_finding_where_its_lines_tell_of_trouble(level, findings):
    lines = counted(*with_incident(steady(1), 60, 40)).splitlines(keepends=True)
    log = "".join(line.replace("INFO", level) if any(w in line for w in ("shard", "elect", "term")) else line
                  for line in lines)  # fmt: skip
    judgement = judge(case_of(log), [WindowDetector(full=2.1), SeverityDetector()])
    assert len([f for f in judgement.findings if f.subject.kind == "window"]) == findings
