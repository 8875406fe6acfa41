import json
import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly import LogAnalyzer
from loganomaly.wording import iso

PATTERNS = (
    "2026-03-14 09:{m:02d}:00 INFO [web] request {i} done",
    "2026-03-14 09:{m:02d}:30 ERROR [db] query {i} failed\n  at line 2\n  at line 3",
    "2026-03-14 09:{m:02d}:59 WARN [web] slow",
    "no time here, only {i} words",
    "",
    "password=hunterxx{i}q",
)
CHOICES = st.lists(st.integers(0, len(PATTERNS) - 1), min_size=1, max_size=60)


def lines_from(choices):
    return [PATTERNS[c].format(i=i, m=i % 60) for i, c in enumerate(choices)]


def summary_of(logs, **columns):
    return LogAnalyzer().analyze(pl.DataFrame({"log": logs, **columns})).summary


def assert_adds_up(summary):
    records = summary["records"]
    counted = records - summary["uncounted_records"]
    assert sum(entry["count"] for entry in summary["volume_stats"]) == counted
    assert math.isclose(sum(entry["ratio"] for entry in summary["volume_stats"]), 1)
    assert sum(summary["log_severity_summary"].values()) == counted
    over_time = summary["time_metrics"]["error_rate_over_time"]
    assert sum(point["records"] for point in over_time) == summary["time_metrics"]["records_with_time"]
    assert sum(file["records"] for file in summary["input_files"]) == records
    assert sum(file["lines"] for file in summary["input_files"]) == summary["processed_log_count"]
    assert summary["processed_log_count"] <= summary["original_log_count"]
    errors = summary["log_severity_summary"]["ERROR"] + summary["log_severity_summary"]["CRITICAL"]
    assert summary["time_metrics"]["error_rate"] == pytest.approx(errors / records)
    assert sum(c["count"] for c in summary["component_metrics"]["top_components"]) <= records
    json.dumps(summary, allow_nan=False)


@settings(max_examples=20, deadline=None)
@given(CHOICES)
def test_the_counts_of_a_frame_add_up(choices):
    summary = summary_of(lines_from(choices))
    assert_adds_up(summary)
    assert summary["original_log_count"] == summary["processed_log_count"] == summary["records"] == len(choices)


@settings(max_examples=20, deadline=None)
@given(st.lists(CHOICES, min_size=1, max_size=3))
def test_the_counts_of_files_add_up_and_so_do_those_of_each(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("logs")
    texts = ["\n".join(["2026-03-14 09:00:00 INFO up", *lines_from(choices)]) + "\n" for choices in contents]
    for number, text in enumerate(texts):
        folder.joinpath(f"{number}.log").write_text(text)
    results = LogAnalyzer().analyze(folder)
    whole, parts = results.summary, [report.summary for report in results.files.values()]
    assert_adds_up(whole)
    assert whole["original_log_count"] == sum(text.count("\n") for text in texts)
    assert len(parts) == (len(texts) if len(texts) > 1 else 0)
    for part in parts:
        assert_adds_up(part)
    if parts:
        for key in ("original_log_count", "processed_log_count", "records", "stray_lines", "uncounted_records"):
            assert sum(part[key] for part in parts) == whole[key], key
        for level in whole["log_severity_summary"]:
            assert sum(p["log_severity_summary"][level] for p in parts) == whole["log_severity_summary"][level]
        assert sum(leak["count"] for p in parts for leak in p["leaks"]) == sum(k["count"] for k in whole["leaks"])
        counts = {}
        for entry in (entry for part in parts for entry in part["volume_stats"]):
            counts[entry["template"]] = counts.get(entry["template"], 0) + entry["count"]
        assert counts == {entry["template"]: entry["count"] for entry in whole["volume_stats"]}


def test_entropy_is_in_bits():
    # Shares 1/2, 1/4, 1/8 and 1/8: 1/2 * 1 + 1/4 * 2 + 2 * 1/8 * 3 = 1.75 bits.
    logs = ["alpha"] * 8 + ["beta gamma"] * 4 + ["delta epsilon zeta"] * 2 + ["eta theta iota kappa"] * 2
    assert summary_of(logs)["template_diversity"] == {
        "unique_templates": 4,
        "template_entropy": pytest.approx(1.75),
        "top_template_ratio": 0.5,
    }


def test_one_template_has_no_entropy():
    assert summary_of(["alpha"] * 5)["template_diversity"]["template_entropy"] == 0


def test_rates_are_records_over_the_time_span():
    # 61 records from 09:00:00 to 09:02:00: one every two seconds; then 10 errors within the last second.
    logs = [f"2026-03-14 09:{i * 2 // 60:02d}:{i * 2 % 60:02d} INFO tick {i}" for i in range(61)]
    logs += [f"2026-03-14 09:02:00 ERROR tock {i}" for i in range(10)]
    times = summary_of(logs)["time_metrics"]
    over_time = times.pop("error_rate_over_time")
    assert times == {
        "records_with_time": 71,
        "first_time": "2026-03-14T09:00:00Z",
        "last_time": "2026-03-14T09:02:00Z",
        "logs_per_second": pytest.approx(71 / 120),
        "logs_per_minute": pytest.approx(71 / 2),
        "logs_per_hour": pytest.approx(71 * 30),
        "peak_rate_per_minute": 30.0,
        "time_span_seconds": 120.0,
        "error_rate": pytest.approx(10 / 71),
    }
    assert over_time[-1] == {
        "start": "2026-03-14T09:02:00Z",
        "seconds": 1,
        "records": 11,
        "errors": 10,
        "error_rate": pytest.approx(10 / 11),
    }


def test_records_within_one_instant_are_what_one_second_holds():
    times = summary_of(["2026-03-14 09:00:00 INFO tick"] * 7)["time_metrics"]
    assert (times["time_span_seconds"], times["logs_per_second"], times["logs_per_hour"]) == (0.0, 7.0, 25_200.0)


def test_without_timestamps_times_are_null_and_the_error_rate_is_not():
    times = summary_of(["[ERROR] no disk", *["[INFO] all is well"] * 3])["time_metrics"]
    assert times.pop("error_rate_over_time") == []
    assert (times.pop("records_with_time"), times.pop("error_rate")) == (0, 0.25)
    assert set(times.values()) == {None}


def test_a_column_of_times_wins_over_the_text():
    logs = ["2026-03-14 09:00:00 INFO tick"] * 2
    summary = summary_of(logs, timestamp=["2020-01-01T00:00:00Z", "2020-01-01T00:00:10Z"])
    assert summary["time_metrics"]["first_time"] == "2020-01-01T00:00:00Z"
    assert summary["time_metrics"]["logs_per_second"] == pytest.approx(0.2)


def test_components_are_counted_with_their_errors():
    logs = [
        f"2026-03-14 09:00:{i:02d} {'ERROR' if i == 3 else 'INFO'} [{'db' if i < 5 else 'web'}] x" for i in range(20)
    ]
    assert summary_of(logs)["component_metrics"] == {
        "unique_components": 2,
        "top_components": [
            {"component": "web", "count": 15, "errors": 0},
            {"component": "db", "count": 5, "errors": 1},
        ],
    }


def test_more_templates_than_are_listed_are_summed_up_in_a_last_entry(monkeypatch):
    monkeypatch.setattr("loganomaly.reports.summary._MOST_TEMPLATES", 2)
    summary = summary_of(["alpha"] * 5 + ["beta gamma"] * 3 + ["delta epsilon zeta"] * 2 + ["eta theta iota kappa"])
    assert summary["volume_stats"][-1] == {"template": "(2 further templates)", "count": 3, "ratio": 3 / 11}
    assert_adds_up(summary)


def test_records_of_shapes_beyond_the_cap_are_uncounted(monkeypatch):
    monkeypatch.setattr("loganomaly.profile_caps.MOST_SHAPES", 2)
    logs = ["alpha"] * 5 + ["beta gamma"] * 3 + ["delta epsilon zeta"] * 2 + ["eta theta iota kappa"]
    results = LogAnalyzer().analyze(pl.DataFrame({"log": logs}))
    assert_adds_up(results.summary)
    assert results.summary["uncounted_records"] > 0
    unknown = results.lines.filter(pl.col("template_id").is_null())
    assert len(unknown) == results.summary["uncounted_records"]
    assert unknown["log_template"].null_count() == len(unknown)
    assert unknown["anomaly_score"].unique().to_list() == [0.0]


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_500_000, "1970-01-01T00:00:01.500000Z"), (None, None)],
)
def test_times_are_written_in_utc(micro, text):
    assert iso(micro) == text
