import random

import numpy as np
import polars as pl
import pytest

from loganomaly.reading.detect import detect
from loganomaly.scan.ids import IN_HEADS
from loganomaly.scan.session_keys import Sample, choose_keys, sample_ids
from loganomaly.testing import case_of, log_line


def keys_of(*logs):
    """Return how the ids are written that are taken for those of sessions."""
    return sorted(judged.group.key for judged in case_of(*logs).sessions)


def lines(events):
    return "".join(log_line(second, message) for second, message in sorted(events))


def requests(count=200, name="req-{0:06x}a1", steps=("begins", "reads the cart", "ends"), spread=6):
    chance = random.Random(1)
    return [
        (request * 2 + step * chance.randrange(1, spread), f"request {name.format(request * 7919)} {what}")
        for request in range(count)
        for step, what in enumerate(steps)
    ]


def test_ids_that_recur_in_lines_of_several_kinds_are_those_of_sessions():
    assert len(keys_of(lines(requests()))) == 1


def test_a_value_that_stands_in_one_kind_of_line_is_no_session():
    assert keys_of(lines(requests(steps=("begins",)))) == []


def test_what_is_there_all_the_time_is_no_session():
    chance = random.Random(2)
    events = [
        (second, f"worker-{chance.randrange(12)} {chance.choice(['sleeps', 'wakes', 'works'])}")
        for second in range(900)
    ]
    assert keys_of(lines(events)) == []


def test_a_number_that_is_mostly_the_same_is_no_session():
    events = [(s, f"{what} of size {4096 if s % 9 else s}") for s in range(900) for what in ("read", "wrote")]
    assert keys_of(lines(events)) == []


def test_a_time_in_the_message_is_no_session():
    events = [(s, f"{what} at {1700000000 + s}") for s in range(400) for what in ("tick", "tock")]
    assert keys_of(lines(events)) == []


@pytest.mark.parametrize("seconds", [50, 61, 75, 100, 119, 170])
def test_the_seconds_of_timestamps_are_no_sessions(seconds):
    steps = [(s, what) for s in range(seconds) for what in ("query done", "page sent", "job begins")]
    log = "".join(f"2026-03-14T09:{s // 60:02}:{s % 60:02}Z INFO [web] {what} in {s % 7} ms\n" for s, what in steps)
    assert keys_of(log) == []
    half = len(log) // 2 // 47 * 47
    assert keys_of(log[:half], log[half:]) == []


def in_turn(values, *, part):
    """Return ids in front of messages, two records for each of some parts of time, as `sample_ids` does."""
    rows = [
        (n, 7, value, n % 2, n // 2 * part, IN_HEADS) for n, value in enumerate(v for v in values for _ in range(2))
    ]
    columns = {"record": pl.Int64, "key": pl.UInt64, "value": pl.UInt64, "shape": pl.Int64, "time": pl.Int64}
    frame = pl.DataFrame(rows, schema=columns | {"place": pl.Int64}, orient="row")
    return frame.with_columns(source=pl.lit(0, dtype=pl.Int64), begin=pl.lit(ord("7"), dtype=pl.UInt8))


@pytest.mark.parametrize(("cycle", "part"), [(60, 1), (60, 60), (24, 3600)])
def test_parts_of_a_clock_that_come_again_are_no_sessions(cycle, part):
    ids = in_turn([n % cycle for n in range(int(1.4 * cycle))], part=part * 1_000_000)
    assert choose_keys(ids).keys == ()
    # Their order is no other, but they belong to no part of the clock.
    shuffled = in_turn([n % (cycle + cycle // 10) for n in range(int(1.4 * cycle))], part=part * 1_000_000)
    assert choose_keys(shuffled).keys == (7,)


def test_jobs_of_a_minute_each_are_sessions():
    log = "".join(
        f"2026-03-14 09:{m:02}:{s:02} INFO cron[{2000 + 7 * m}] {what}\n"
        for m in range(55)
        for s, what in ((1, "begins"), (20 + m % 30, "works"), (57, "ends"))
    )
    assert keys_of(log) == ["[*]"]


def test_fields_of_json_are_known_by_name():
    log = "".join(
        f'{{"time":"2026-03-14T09:{second // 60 % 60:02}:{second % 60:02}Z","msg":"{message.split()[2]}",'
        f'"trace":"{message.split()[1]}","took":{second % 7}}}\n'
        for second, message in sorted(requests())
    )
    assert keys_of(log) == ["trace"]


def test_process_ids_in_front_of_messages_are_those_of_sessions():
    chance = random.Random(3)
    events = sorted(
        (start * 3 + step * chance.randrange(1, 9), start, what)
        for start in range(200)
        for step, what in enumerate(("connection from 10.0.0.1", "accepted", "closed"))
    )
    log = "".join(
        f"Mar 14 {9 + s // 3600:02}:{s // 60 % 60:02}:{s % 60:02} host sshd[{2000 + pid}]: {what}\n"
        for s, pid, what in events
    )
    assert keys_of(log) == ["[*]"]


def test_numbers_of_processes_that_other_programs_use_again_are_sessions_of_their_own():
    log = "".join(
        f"Mar 14 {9 + s // 3600:02}:{s // 60 % 60:02}:{s % 60:02} host {program}[{2000 + pid}]: {what}\n"
        for s, pid, program, what in sorted(
            (pid * 9 + step * (1 + pid % 7) + (4000 if program == "cron" else 0), pid, program, what)
            for program, pids in (("sshd", range(100)), ("cron", range(80, 180)))
            for pid in pids
            for step, what in enumerate((f"{program} begins", f"{program} works", f"{program} ends"))
        )
    )
    (judged,) = case_of(log).sessions
    assert len(judged.group.table) == 200
    assert judged.group.table["records"].to_list() == [3] * 200


def test_the_order_of_sources_does_not_change_the_keys():
    one, other = lines(requests()), lines(requests(name="job_{0}"))
    assert keys_of(one, other) == keys_of(other, one) != []


@pytest.mark.parametrize("text", ["", "\n\n", "no ids\n" * 50])
def test_a_log_without_ids_has_no_keys(text):
    data = text.encode()
    ids = sample_ids(Sample(data=np.frombuffer(data, np.uint8), tables=detect(data).tables()))
    assert choose_keys(ids).keys == ()
    assert isinstance(ids, pl.DataFrame)
