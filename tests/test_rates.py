"""Rates over time: what is said of bursts, dips, silence, heartbeats and level shifts, and silence on calm logs."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from loganomaly import LogAnalyzer
from loganomaly.detectors.beats import missed_beats
from loganomaly.detectors.changes import changes
from loganomaly.detectors.rate import BurstDetector
from loganomaly.detectors.runs import Runs, bursts, dips, dispersion, greatest_runs, tails
from loganomaly.detectors.severity import SeverityDetector
from loganomaly.detectors.shift import ShiftDetector
from loganomaly.detectors.silence import SilenceDetector
from loganomaly.judge import judge
from loganomaly.testing import case_of, log_line

HOURS = 2
SECONDS = HOURS * 3600
KINDS = ("opened", "closed", "sent", "stored", "fetched", "checked", "merged", "loaded")


def happen(rng, rate, *, seconds=SECONDS):
    """Return when something happens at random, at a rate per second (one number, or one for each second)."""
    return np.repeat(np.arange(seconds), rng.poisson(np.broadcast_to(rate, seconds)))


def lines_of(times, message, *, component="web", level="INFO"):
    return [log_line(int(second), message.format(n=int(second) * 37 % 1009), component=component, level=level)
            for second in times]  # fmt: skip


def everything(rng, rate):
    """Return a log in which eight things happen at random in two components, all at the same rate."""
    return [
        line
        for number, kind in enumerate(KINDS)
        for line in lines_of(happen(rng, rate), f"{kind} {{n}}", component=("web", "db")[number % 2])
    ]


def background(seed=0, rate=0.08):
    return everything(np.random.default_rng(seed), rate)


def case_from(lines):
    return case_of("".join(sorted(lines)))


def said(lines):
    """Return all evidence of the three detectors with what it is about: detector, name of the subject, evidence."""
    case = case_from(lines)
    texts = {template.id: template.text for template in case.templates}
    detectors = (BurstDetector(), SilenceDetector(), ShiftDetector())
    found = [evidence for detector in detectors for evidence in detector.detect(case)]
    return [(e.detector, texts.get(e.subject.name, e.subject.name), e) for e in found]


# Calm logs


def poisson(rng, seconds):
    return happen(rng, 10 ** rng.uniform(-3, -0.7), seconds=seconds)


def clumps(rng, seconds):
    """Clumps of a geometric number of records, over some minutes, begin at random."""
    starts = rng.uniform(0, seconds, rng.poisson(10 ** rng.uniform(-3.5, -2) * seconds))
    return np.concatenate([[], *(start + rng.exponential(30, rng.geometric(0.125)) for start in starts)])


def bursty(rng, seconds):
    """The rate of each minute is drawn from a gamma distribution: counts are negative binomial."""
    minutes = np.repeat(rng.gamma(0.7, 1 / 0.7, seconds // 60), 60)
    return happen(rng, 10 ** rng.uniform(-3, -0.7) * minutes, seconds=seconds)


def diurnal(rng, seconds):
    """Rates go up and down twice, most of them together, some against the rest."""
    phase = rng.choice([0, 0, 0, rng.uniform()])
    wave = 1 + 0.95 * np.sin(2 * np.pi * (2.2 * np.arange(seconds) / seconds + phase))
    return happen(rng, 10 ** rng.uniform(-2.5, -0.7) * wave, seconds=seconds)


def periodic(rng, seconds):
    every = rng.choice([7, 10, 30, 45, 60, 90, 300, 600, 1000])
    beats = np.arange(rng.uniform(0, every), seconds, every)
    return beats + rng.normal(0, rng.choice([0, 0.03]) * every, len(beats))


@pytest.mark.parametrize("kinds", [[poisson], [clumps], [bursty], [diurnal], [periodic], [poisson, bursty, periodic]])
@pytest.mark.parametrize("seed", range(3))
def test_on_a_log_in_which_nothing_happens_nothing_strong_is_said(kinds, seed):
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(12):
        times = kinds[number % len(kinds)](rng, SECONDS)
        name = f"{KINDS[number % 8]} {'again ' * (number // 8)}{{n}}"
        lines += lines_of(times[(times >= 0) & (times < SECONDS)], name, component=("web", "db", "auth")[number % 3])
    assert [(name, e.text) for _, name, e in said(lines) if e.strength >= 0.5] == []


# Bursts


def test_a_burst_of_a_template_is_said_once_with_its_numbers():
    ((detector, name, evidence),) = said([*background(), *lines_of(np.arange(4000, 4080, 2), "lost the peer {n}")])
    assert (detector, name, evidence.strength) == ("burst", "lost the peer <*>", 1.0)
    assert evidence.text == "40 records within 2 min, where 0.0085 are usual"
    assert evidence.lines is not None
    assert evidence.lines[1] - evidence.lines[0] < 150


def test_a_burst_that_rises_and_falls_over_several_buckets_is_one():
    rng = np.random.default_rng(5)
    hump = 0.05 + 1.5 * np.exp(-(((np.arange(SECONDS) - 4000) / 150) ** 2))
    found = said([*background(), *lines_of(happen(rng, hump), "retried {n}")])
    assert [(detector, name) for detector, name, _ in found] == [("burst", "retried <*>")]
    assert 5 * 60 <= (found[0][2].span[1] - found[0][2].span[0]) / 1e6 <= 15 * 60


def test_what_all_of_the_log_does_at_once_is_no_burst_of_a_template():
    rng = np.random.default_rng(1)
    rate = np.where((np.arange(SECONDS) >= 3600) & (np.arange(SECONDS) < 3900), 0.8, 0.08)
    ((_, name, evidence),) = said(everything(rng, rate))
    assert (evidence.subject.kind, name) == ("level", "INFO")
    assert "INFO records of 8 kinds" in evidence.text


def test_a_component_bursts_where_no_template_of_it_explains_it():
    rng = np.random.default_rng(2)
    busy = np.where((np.arange(SECONDS) >= 3600) & (np.arange(SECONDS) < 3780), 0.2, 0.004)
    kinds = ("queued", "polled", "returned", "expired", "drained", "purged", "counted", "renewed")
    many = [line for kind in kinds for line in lines_of(happen(rng, busy), f"{kind} {{n}}", component="queue")]
    found = said([*background(rate=0.3), *many])
    assert [(e.subject.kind, name) for _, name, e in found] == [("component", "queue")]


@pytest.fixture(scope="module")
def many_errors():
    """A log with 48 kinds of errors, all within a minute."""
    verbs = ("dropp", "skipp", "miss", "reject", "fail", "abort")
    messages = [
        f"{a}ed the {b}" for a in verbs for b in ("frame", "block", "page", "lease", "token", "cart", "order", "mail")
    ]
    errors = [log_line(4000 + n, message, level="ERROR", component=("web", "db")[n % 2])
              for n, message in enumerate(messages)]  # fmt: skip
    return sorted([*background(), *errors])


def test_errors_of_many_kinds_are_a_burst_of_their_level(many_errors):
    ((_, name, evidence),) = [entry for entry in said(many_errors) if entry[2].subject.kind == "level"]
    assert (name, evidence.observed, evidence.strength) == ("ERROR", 48, 1.0)
    assert evidence.text.startswith("48 ERROR records of ")


def test_a_burst_of_a_level_becomes_a_finding_with_a_line(many_errors):
    case = case_of("".join(many_errors))
    found = judge(case, [BurstDetector(), SeverityDetector()]).findings
    (finding,) = [f for f in found if f.subject.kind == "level"]
    assert (finding.severity, finding.component, finding.count, finding.sources) == ("ERROR", None, 48, (0,))
    assert (finding.template_id, finding.template, finding.classification) == (None, "", "burst")
    assert " ERROR " in many_errors[finding.location.line]


# Dips


def without(times, begin, end):
    return times[(times < begin) | (times >= end)]


def test_what_stops_for_a_while_and_comes_back_dips():
    times = without(happen(np.random.default_rng(3), 0.15), 3000, 3900)
    lines = sorted([*background(), *lines_of(times, "synced {n} rows")])
    ((_, name, evidence),) = said(lines)
    assert (name, evidence.tags, evidence.strength) == ("synced <*> rows", ("dip",), 1.0)
    assert evidence.text.startswith("nothing from 09:5")
    assert evidence.expected == pytest.approx(135, rel=0.15)


def test_the_rows_of_what_dips_are_not_flagged_but_one():
    times = without(happen(np.random.default_rng(3), 0.15), 3000, 3900)
    ((_, _, evidence),) = said([*background(), *lines_of(times, "synced {n} rows")])
    assert evidence.lines == (evidence.location.line, evidence.location.line)


def test_a_log_that_is_quiet_as_a_whole_is_said_once():
    rng = np.random.default_rng(4)
    lines = [line for kind in KINDS for line in lines_of(without(happen(rng, 0.1), 3000, 3600), f"{kind} {{n}}")]
    ((_, name, evidence),) = said(lines)
    assert (evidence.subject.kind, name, evidence.tags) == ("level", "INFO", ("dip",))
    assert evidence.text.startswith("the log as a whole has nothing from 09:50")


def test_what_stops_at_the_same_time_is_one_piece_of_evidence():
    rng = np.random.default_rng(6)
    lines = [
        line for kind in KINDS[:3]
        for line in lines_of(without(happen(rng, 0.1), 5000, SECONDS), f"sync {kind} {{n}}", component=kind)
    ]  # fmt: skip
    ((_, _, evidence),) = said([*background(rate=0.2), *lines])
    assert evidence.text.endswith("; 2 other kinds of line stopped with it")


def test_what_came_and_went_before_is_not_silent_at_the_end():
    there = np.arange(SECONDS) // 600 % 2 == 0
    times = happen(np.random.default_rng(7), np.where(there & (np.arange(SECONDS) < 5400), 0.2, 0))
    assert [e.strength for _, _, e in said([*background(rate=0.2), *lines_of(times, "synced {n}")])
            if e.strength >= 0.25] == []  # fmt: skip


def test_rows_of_a_frame_are_not_flagged_because_there_are_no_more():
    times = happen(np.random.default_rng(3), 0.15)
    lines = sorted([*background(), *lines_of(times[times < 4000], "synced {n} rows")])
    rows = LogAnalyzer().analyze(pl.DataFrame({"log": [line.rstrip() for line in lines]})).lines
    assert [lines.index(log + "\n") for log in rows.filter("is_anomaly")["log"]] == [
        max(place for place, line in enumerate(lines) if "synced" in line)
    ]


# Heartbeats


def test_a_rare_heartbeat_that_stops_is_missed():
    beats = np.arange(100, 3 * 3600, 600)
    rng = np.random.default_rng(8)
    lines = [line for kind in KINDS for line in lines_of(happen(rng, 0.1, seconds=3 * 3600), f"{kind} {{n}}")]
    ((_, name, evidence),) = said([*lines, *lines_of(beats[:12], "lease renewed")])
    assert (name, evidence.tags) == ("lease renewed", ("heartbeat", "silence"))
    assert evidence.text == "every 10 min until 10:51:30, then 6 beats missed"
    assert (evidence.observed, evidence.expected) == (0, 6)
    assert evidence.strength >= 0.8


def test_beats_that_are_missed_in_the_middle_are_told_with_both_ends():
    beats = np.delete(np.arange(30, SECONDS, 120), range(20, 26))
    ((_, _, evidence),) = said([*background(), *lines_of(beats, "lease renewed")])
    assert evidence.tags == ("heartbeat",)
    assert "every 2 min until 09:38" in evidence.text
    assert "then 6 beats missed until 09:52" in evidence.text


@pytest.mark.parametrize("seed", range(5))
def test_what_comes_at_random_has_no_beat(seed):
    rng = np.random.default_rng(seed)
    places = np.concatenate(
        [np.column_stack([np.full(n, k), np.sort(rng.choice(400, n, replace=False))])
         for k, n in enumerate(rng.integers(7, 60, 2000))]
    )  # fmt: skip
    assert missed_beats(places, end=500) == []


def test_waiting_for_something_is_no_routine():
    waiting = lines_of(np.arange(0, 600, 20), "waiting for the database")
    assert said([*background(), *waiting]) == []


def test_beats_by_hand():
    buckets = [0, 10, 20, 30, 41, 50, 60, 70, 80, 90]
    (found,) = missed_beats(np.array([(3, bucket) for bucket in buckets]), end=131)
    assert (found.key, found.after, found.until, found.beats) == (3, 90, None, 4)
    assert found.period == 10
    assert found.probability == pytest.approx((1 / 12) ** 4)


def test_beats_are_missed_as_often_as_before():
    buckets = [b for b in range(0, 1000, 10) if not 300 <= b < 350]
    (found,) = missed_beats(np.array([(0, bucket) for bucket in buckets]), end=1041)
    assert found.beats == 5
    assert found.probability >= 1 / 100


# Level shifts


@pytest.mark.parametrize(("before", "after"), [(0.05, 0.2), (0.2, 0.06)])
def test_a_rate_that_changes_for_good_is_said_once(before, after):
    rate = np.where(np.arange(SECONDS) < 4200, before, after)
    found = said([*background(), *lines_of(happen(np.random.default_rng(9), rate), "cache miss {n}")])
    ((detector, name, evidence),) = found
    assert (detector, name, evidence.tags) == ("shift", "cache miss <*>", ("shift",))
    assert evidence.strength >= 0.7
    assert evidence.expected == pytest.approx(before * 60, rel=0.2)
    assert evidence.observed == pytest.approx(after * 60, rel=0.2)
    assert "until 10:10, " in evidence.text or "until 10:09, " in evidence.text


def test_a_burst_after_a_shift_is_judged_by_the_new_rate():
    rate = np.where(np.arange(SECONDS) < 3000, 0.03, 0.25)
    rate[5000:5120] = 2
    found = said([*background(), *lines_of(happen(np.random.default_rng(10), rate), "cache miss {n}")])
    assert {detector for detector, _, _ in found} == {"shift", "burst"}
    (burst,) = [e for detector, _, e in found if detector == "burst"]
    assert burst.expected >= 20


def test_a_slow_rise_is_no_shift():
    rate = np.linspace(0.02, 0.4, SECONDS)
    found = said([*background(), *lines_of(happen(np.random.default_rng(11), rate), "cache miss {n}")])
    assert [detector for detector, _, _ in found] == []


def test_a_shift_of_the_whole_log_is_no_template_s():
    rate = np.where(np.arange(SECONDS) < 3600, 0.05, 0.2)
    rng = np.random.default_rng(12)
    assert said(everything(rng, rate)) == []


# The numbers

COUNTS = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.integers(-9, 9).map(float))


@given(COUNTS)
@settings(max_examples=100, deadline=None)
def test_the_greatest_run_is_that_of_all_runs(values):
    runs = greatest_runs(values)
    for row, own in enumerate(values):
        sums = [own[a:b].sum() for a in range(len(own) + 1) for b in range(a, len(own) + 1)]
        assert runs.value[row] == max(sums)
        assert own[runs.start[row] : runs.stop[row]].sum() == max(sums)


def run_of(start, stop, rows=1):
    return Runs(start=np.full(rows, start), stop=np.full(rows, stop), value=np.ones(rows))


def test_a_tail_by_hand():
    counts = np.array([[4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 16.0]])
    found = tails(counts, np.ones((1, 1, 10)), run_of(9, 10), clumpiness=1.0, upper=True)
    mean = 36.5 / 9
    spread = 1 + mean / 36.5
    assert (found.observed[0], found.expected[0]) == (16, pytest.approx(mean))
    by_hand = stats.nbinom.sf(15, mean / (spread - 1), 1 / spread) * 10
    assert found.probability[0] == pytest.approx(by_hand)


@given(st.integers(0, 40), st.lists(st.integers(0, 30), min_size=12, max_size=30), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_tail_is_that_of_the_negative_binomial_distribution(inside, others, upper):
    counts = np.array([[inside, *others]], np.float64)
    found = tails(counts, np.ones((1, *counts.shape)), run_of(0, 1), clumpiness=2.0, upper=upper)
    beside = sum(others)
    mean = (beside + 0.5) / len(others)
    own = ((np.array(others) - mean) ** 2 / mean).sum() / (len(others) - 1)
    spread = max(1.0, (beside * own + 20) / (beside + 10)) + mean / (beside + 0.5)
    distribution = stats.nbinom(mean / (spread - 1), 1 / spread)
    tail = distribution.sf(inside - 1) if upper else distribution.cdf(inside)
    assert found.probability[0] == pytest.approx(min(1.0, max(tail, 1e-300) * counts.shape[1]), rel=1e-6)


def test_the_rest_of_the_log_explains_what_it_does_itself():
    counts = np.full((1, 40), 10.0)
    counts[0, 20] = 60
    rest = np.ones((1, 40))
    rest[0, 20] = 6
    alone = tails(counts, np.ones((1, 1, 40)), run_of(20, 21), clumpiness=1.0, upper=True)
    beside = tails(counts, np.stack([np.ones((1, 40)), rest]), run_of(20, 21), clumpiness=1.0, upper=True)
    assert alone.probability[0] < 1e-12
    assert beside.probability[0] > 0.1


def test_dispersion_sees_what_is_alike_for_several_buckets():
    blocks = np.repeat(np.tile([2.0, 18.0], 10), 8)[None, :]
    everywhere = np.ones(blocks.shape, np.bool_)
    narrow = dispersion(blocks, np.full(blocks.shape, 10.0), outside=everywhere, longest=np.array([1]))
    wide = dispersion(blocks, np.full(blocks.shape, 10.0), outside=everywhere, longest=np.array([8]))
    assert narrow[0] == pytest.approx(6.4, rel=0.02)
    assert wide[0] == pytest.approx(8 * 6.4, rel=0.06)


def test_bursts_that_come_again_stand_out_no_more():
    counts = np.full((2, 60), 3.0)
    counts[:, 20] = 50
    counts[1, 40] = 40
    _, stands_out = bursts(counts, np.ones((1, 2, 60)))
    assert stands_out.tolist() == [True, False]


def test_a_dip_has_edges():
    counts = np.full((2, 60), 20.0)
    counts[:, 30:35] = 0
    counts[1, 26:39] = [14, 11, 8, 6, 0, 0, 0, 0, 0, 6, 8, 11, 14]
    runs, stands_out = dips(counts, np.ones((1, 2, 60)))
    assert (runs.start[0], runs.stop[0]) == (30, 35)
    assert stands_out.tolist() == [True, False]


@given(st.integers(20, 100), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_the_place_of_a_change_is_the_most_likely_one(at, seed):
    counts = np.random.default_rng(seed).poisson(np.where(np.arange(120) < at, 4, 12)).astype(float)
    found = changes(counts[None, :], np.ones((1, 1, 120)))

    def likelihood(place):
        return sum(stats.poisson.logpmf(part, part.mean()).sum() for part in (counts[:place], counts[place:]))

    best = max(range(12, 109), key=likelihood)
    assert likelihood(int(found.at[0])) == pytest.approx(likelihood(best))


@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_probabilities_are_shares_whatever_the_counts(most, seed):
    counts = np.random.default_rng(seed).integers(0, most, (5, 30)).astype(float) * (np.arange(5)[:, None] > 0)
    ones = np.ones((1, 5, 30))
    runs, _ = bursts(counts, ones)
    for probability in (
        tails(counts, ones, runs, clumpiness=1.0, upper=True).probability,
        tails(counts, ones, runs, clumpiness=1.0, upper=False).probability,
        changes(counts, ones).probability,
    ):
        assert ((probability >= 0) & (probability <= 1)).all()
