"""Timestamps out of range and out of order, and clocks that jump: every line is counted, in bounded time slices."""

import json

import pytest

from loganomaly import LogAnalyzer, file_analysis
from loganomaly.config import Config
from loganomaly.profile import Profile

MOST_BUCKETS = 512  # of a shape; see ARCHITECTURE.md


def line(number, moment=None):
    moment = moment or f"2026-03-14 09:{number // 60 % 60:02d}:{number % 60:02d}"
    return f"{moment} {'ERROR' if number % 61 == 7 else 'INFO'} job {number} done"


def record(number, moment):
    return f'{{"ts": {moment}, "level": "INFO", "msg": "job {number} done"}}'


def among(moment):
    """Return usual lines with some of a moment in the middle."""
    return [*map(line, range(500)), *[line(500, moment)] * 20, *map(line, range(520, 1000))]


EPOCHS = ["1e308", "-1e308", "1e999", "-1", "0", "1700000000", "1700000000.5", "1700000000000", "9" * 40, str(-(2**63))]
WORDS = ["NaN", "Infinity", '""', "null", "{}", "[]", "true"]
LOGS = {
    "year 0": among("0000-01-01 00:00:00"),
    "year 1": among("0001-01-01 00:00:00"),
    "year 9999": among("9999-12-31 23:59:59"),
    "far future": among("2199-01-01 00:00:00"),
    "before 1970": among("1901-12-13 20:45:51"),
    "no such date": among("2026-02-30 25:61:61"),
    "all years": [line(year, f"{year:04d}-06-01 00:00:00") for year in range(1, 9999, 5)],
    "out of order": [line(number * 7919 % 1000) for number in range(1000)],
    "backwards": [line(number) for number in range(1000, 0, -1)],
    "jumps by decades": [line(n, f"{1970 + n % 2 * 50}-01-01 00:00:{n % 60:02d}") for n in range(1000)],
    "a clock that starts at 1970": [
        *map(line, range(500)),
        *(line(n, f"1970-01-01 00:00:{n:02d}") for n in range(9)),
        *map(line, range(500, 1000)),
    ],
    "impossible zones": [line(n, f"2026-03-14T09:00:{n % 60:02d}+99:99") for n in range(500)],
    "numbers of any size": [record(n, EPOCHS[n % len(EPOCHS)]) for n in range(500)],
    "what is no number": [record(n, WORDS[n % len(WORDS)]) for n in range(500)],
}


@pytest.fixture(params=LOGS)
def run(request, tmp_path, monkeypatch):
    """Return the lines of a log, and the results and the profile of them."""
    path = tmp_path / "app.log"
    path.write_text("\n".join(LOGS[request.param]) + "\n", encoding="utf-8")
    profiles = []
    scan = file_analysis.scan_sources

    def watched(*args, **options):
        scanned = scan(*args, **options)
        profiles.extend(scanned.profiles.values())
        return scanned

    monkeypatch.setattr(file_analysis, "scan_sources", watched)
    results = LogAnalyzer(Config(llm={"provider": "local"})).analyze(str(path), batch_size=100)
    (profile,) = profiles
    return LOGS[request.param], results, profile


def test_every_line_is_counted_whatever_time_it_says(run):
    lines, results, _ = run
    summary = results.summary
    assert summary["processed_log_count"] == summary["original_log_count"] == len(lines)
    assert results.templates["count"].sum() + summary["uncounted_records"] == summary["records"]


def test_times_far_apart_take_no_more_slices_of_time_than_others(run):
    _, _, profile = run
    assert isinstance(profile, Profile)
    assert profile.bins.group_by("shape").len()["len"].max() <= MOST_BUCKETS


def test_results_of_any_times_can_be_written_as_json(run, tmp_path):
    _, results, _ = run
    for path in results.save(tmp_path / "results"):
        if path.suffix == ".json":
            json.loads(path.read_bytes())
