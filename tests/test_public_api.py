"""What the documents promise of the library, as they write it."""

import asyncio

import pandas as pd
import polars as pl
import pytest

import loganomaly
from loganomaly import LogAnalyzer, Results
from loganomaly.detectors.lof_detector import LOFDetector, detect_anomalies_lof
from loganomaly.detectors.rolling_window_detector import RollingWindowDetector, rolling_window_chunking
from loganomaly.errors import InputError, UsageError
from loganomaly.pattern_miner import TemplateMiner, mine_templates

LOGS = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO [web] request {i} done in {i % 7} ms" for i in range(120)]
LOGS += ["2026-03-14 09:02:00 ERROR [web] kernel panic: the turbine has eaten the disk"]
LOGS += [f"2026-03-14 09:02:01 WARN [web] pool of {i} is full, retry" for i in range(80)]
ODD = [None, "", "two\nlines", 5, float("nan"), "  ", "a <*> b", "\u2028\x00é", b"bytes"]
ADDED = [
    "template_id",
    "log_template",
    "anomaly_score",
    "is_anomaly",
    "anomaly_source",
    "classification",
    "reason",
    "tags",
]
INDEXES = {
    "default": None,
    "duplicated": lambda n: [i // 3 for i in range(n)],
    "text": lambda n: [f"r{i}" for i in range(n)],
}


def frames():
    for name, index in INDEXES.items():
        values = LOGS + ODD
        frame = pd.DataFrame({"log": pd.Series(values, dtype=object), 0: range(len(values)), "x": [[1]] * len(values)})
        yield pytest.param(frame.set_index(pd.Index(index(len(values)))) if index else frame, id=f"pandas-{name}")
    values = [value if isinstance(value, str) else None for value in LOGS + ODD]
    yield pytest.param(pl.DataFrame({"log": values, "s": [{"k": i} for i in range(len(values))]}), id="polars")


def column(frame, name):
    return list(frame[name])


def assert_kept(given, result):
    """Check that a frame has the given rows, order, index and columns first, and is of the given kind."""
    assert type(result) is type(given)
    names = list(given.columns)
    assert list(result.columns)[: len(names)] == names
    if isinstance(given, pd.DataFrame):
        pd.testing.assert_frame_equal(result[names], given)
    else:
        assert result.select(names).equals(given)


@pytest.mark.parametrize("logs_df", list(frames()))
def test_analyze_logs_says_of_every_row_what_was_found(logs_df):
    async def main():
        return await LogAnalyzer().analyze_logs(logs_df)

    results = asyncio.run(main())
    assert isinstance(results, Results)
    assert_kept(logs_df, results.lines)
    assert list(results.lines.columns)[len(logs_df.columns) :] == ADDED
    assert all(0 <= score <= 1 for score in column(results.lines, "anomaly_score"))
    assert column(results.lines, "is_anomaly")[120] is True or bool(column(results.lines, "is_anomaly")[120])
    assert not any(column(results.lines, "is_anomaly")[:120])
    assert results.summary["original_log_count"] == len(logs_df)
    assert results.anomalies[0]["log"]


@pytest.mark.parametrize("logs_df", list(frames()))
def test_analyze_batch_gives_what_analyze_logs_gives(logs_df):
    async def main():
        async with LogAnalyzer() as analyzer:
            return await analyzer.analyze_batch(logs_df, batch_size=100, max_concurrent=5)

    results, whole = asyncio.run(main()), LogAnalyzer().analyze(logs_df)
    assert {**results.summary, "stages": {}} == {**whole.summary, "stages": {}}
    assert results.anomalies == whole.anomalies
    assert_kept(logs_df, results.lines)
    assert_kept(whole.lines, results.lines)


@pytest.mark.parametrize("logs_df", list(frames()))
def test_detect_anomalies_lof_scores_every_row(logs_df):
    anomalies = detect_anomalies_lof(logs_df, contamination=0.05)
    assert_kept(logs_df, anomalies)
    assert list(anomalies.columns)[len(logs_df.columns) :] == ["lof_score", "is_anomaly", "anomaly_source"]
    flags = column(anomalies, "is_anomaly")
    assert 0 < sum(flags) <= 0.05 * len(flags)
    sources = [source if isinstance(source, str) else None for source in column(anomalies, "anomaly_source")]
    assert sources == ["lof" if flag else None for flag in flags]
    scores = column(anomalies, "lof_score")
    assert min(s for s, f in zip(scores, flags, strict=True) if f) > max(
        s for s, f in zip(scores, flags, strict=True) if not f
    )


@pytest.mark.parametrize("logs_df", list(frames()))
def test_rolling_window_chunking_folds_floods_into_one_row_each(logs_df):
    chunked = rolling_window_chunking(logs_df, window_size=50, repetition_threshold=0.9)
    assert type(chunked) is type(logs_df)
    names = ["is_flood", "flood_count", "flood_first", "flood_last", "flood_template"]
    assert list(chunked.columns) == [*logs_df.columns, *names]
    assert sum(column(chunked, "flood_count")) == len(logs_df)
    floods = [i for i, flag in enumerate(column(chunked, "is_flood")) if flag]
    assert [column(chunked, "flood_count")[i] for i in floods] == [120, 80]
    assert [column(chunked, "flood_first")[i] for i in floods] == [0, 121]
    assert [column(chunked, "flood_last")[i] for i in floods] == [119, 200]
    assert column(chunked, "flood_template")[floods[1]] == "pool of <*> is full, retry"
    if isinstance(logs_df, pd.DataFrame):
        assert chunked.index.tolist() == [logs_df.index[i] for i in column(chunked, "flood_first")]


@pytest.mark.parametrize("logs_df", list(frames()))
def test_mine_templates_adds_template_and_parameters(logs_df):
    logs_with_templates = mine_templates(logs_df)
    assert_kept(logs_df, logs_with_templates)
    names = ["log_template", "template_id", "parameters", "parameter_types", "fields", "log_message"]
    assert list(logs_with_templates.columns)[len(logs_df.columns) :] == names
    assert column(logs_with_templates, "log_template")[5] == "request <*> done in <*> ms"
    assert list(column(logs_with_templates, "parameters")[5]) == ["5", "5"]


def test_a_window_is_flooded_from_the_threshold_on():
    logs = pl.DataFrame({"log": [f"retry {i}" if i % 4 else "accepted an order" for i in range(40)]})
    assert len(rolling_window_chunking(logs, window_size=40, repetition_threshold=0.75)) == 11
    assert len(rolling_window_chunking(logs, window_size=40, repetition_threshold=0.76)) == 40


def test_a_frame_with_few_rows_has_no_floods():
    for rows, folded in ((19, 19), (20, 1)):
        frame = pl.DataFrame({"log": ["retry"] * rows})
        assert len(rolling_window_chunking(frame, window_size=1000, repetition_threshold=0.75)) == folded


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: detect_anomalies_lof(f, contamination=0), "contamination is 0; expected a share above 0"),
        (lambda f: detect_anomalies_lof(f, contamination=0.6), "at most 0.5"),
        (lambda f: detect_anomalies_lof(f, neighbors=0), "neighbors is 0; expected a whole number"),
        (lambda f: rolling_window_chunking(f, window_size=1), "window_size is 1; expected"),
        (lambda f: rolling_window_chunking(f, repetition_threshold=1.1), "repetition_threshold is 1.1; expected"),
        (lambda f: asyncio.run(LogAnalyzer().analyze_batch(f, batch_size=0)), "batch_size is 0; expected"),
        (lambda f: asyncio.run(LogAnalyzer().analyze_batch(f, max_concurrent=0)), "max_concurrent is 0; expected"),
        (lambda f: LogAnalyzer().analyze(f, batch_size=0), "batch_size is 0; expected"),
        (lambda f: LogAnalyzer().analyze(f, workers=0), "workers is 0; expected"),
        (lambda f: LogAnalyzer().analyze(f, max_logs=0), "max_logs is 0; expected"),
    ],
    ids=range(10),
)
def test_parameters_out_of_range_are_refused_with_what_was_expected(call, message):
    with pytest.raises(UsageError, match=message):
        call(pl.DataFrame({"log": ["a"]}))


@pytest.mark.parametrize("call", [detect_anomalies_lof, rolling_window_chunking, mine_templates, LogAnalyzer().analyze])
def test_a_frame_without_lines_is_an_input_error(call):
    with pytest.raises(InputError, match="no column 'log'; it has: 'msg'"):
        call(pl.DataFrame({"msg": ["a"]}))
    with pytest.raises(InputError, match="no rows"):
        call(pd.DataFrame({"log": []}))


@pytest.mark.parametrize("call", [detect_anomalies_lof, rolling_window_chunking, mine_templates, LogAnalyzer().analyze])
def test_one_row_is_enough(call):
    call(pl.DataFrame({"log": [""]}))


def test_the_classes_take_the_same_settings():
    assert LOFDetector(neighbors=5, contamination=0.2).contamination == 0.2
    assert RollingWindowDetector(window_size=10, repetition_threshold=0.5).window_size == 10
    assert TemplateMiner(column="msg").column == "msg"


def test_an_unknown_name_of_the_package_is_an_attribute_error_that_lists_the_names():
    assert loganomaly.__all__ == sorted(loganomaly.__all__)
    with pytest.raises(AttributeError, match="it has: LogAnalyzer, Results"):
        _ = loganomaly.LogAnalyser
