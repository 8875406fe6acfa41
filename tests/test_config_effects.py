"""Every setting does something: it changes the results, or the results say that it is without effect."""

import json

import polars as pl
import pytest

from loganomaly import LogAnalyzer
from loganomaly.config import load_config, set_keys
from loganomaly.config.settings import Config
from loganomaly.errors import UsageError

WORDS = ("turbine", "ledger", "harbour", "violin", "copper", "meadow")
LOGS = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO request {i} for page done in {i % 9} ms" for i in range(300)]
LOGS += [f"2026-03-14 09:05:{i:02d} INFO request {i} for asset done in {i % 9} ms" for i in range(30)]
LOGS += [f"2026-03-14 09:06:{i:02d} ERROR the {word} of {word}s has {word}ed" for i, word in enumerate(WORDS)]
LOGS += [f"2026-03-14 09:07:{i // 40:02d} WARN pool of {i} is full, retry" for i in range(400)]
LOGS += [f"2026-03-14 09:08:{i // 40:02d} INFO {'page' if i % 2 else 'asset'} {i} sent" for i in range(600)]


def analyze(**overrides):
    settings = {f"detectors.{key.replace('__', '.')}": value for key, value in overrides.items()}
    return LogAnalyzer(load_config(overrides=settings)).analyze(pl.DataFrame({"log": LOGS}))


def said_by(results, detector):
    """Return what a detector says in the findings."""
    found = [evidence for anomaly in results.anomalies for evidence in anomaly["evidence"]]
    return [evidence["text"] for evidence in found if evidence["detector"] == detector]


def test_lof_enabled():
    assert said_by(analyze(), "lof")
    assert not said_by(analyze(lof__enabled=False), "lof")


@pytest.mark.parametrize("name", ["lof", "rarity"])
def test_detectors_left_out_say_nothing(name):
    frame = pl.DataFrame({"log": LOGS})
    everything, less = LogAnalyzer().analyze(frame), LogAnalyzer(without=[name]).analyze(frame)
    assert said_by(everything, name)
    assert not said_by(less, name)


def test_detectors_left_out_of_files_say_nothing(tmp_path):
    log = tmp_path / "app.log"
    log.write_text("".join(f"{line}\n" for line in LOGS), encoding="utf-8")
    assert said_by(LogAnalyzer().analyze(log), "rarity")
    assert not said_by(LogAnalyzer(without=["rarity"]).analyze(log), "rarity")


def test_what_was_left_out_is_said():
    results = LogAnalyzer(without=["rarity", "lof"]).analyze(pl.DataFrame({"log": LOGS[:9]}))
    assert results.notices == ("detectors left out: lof, rarity",)
    settings = results.summary["settings"]
    assert (settings["lof"]["enabled"], settings["rolling_window"]["enabled"]) == (False, True)


def test_an_unknown_detector_cannot_be_left_out():
    with pytest.raises(UsageError, match="no detectors named 'lov'; did you mean 'lof'"):
        LogAnalyzer(without=["lov"])


def test_lof_neighbors():
    few, many = analyze(lof__neighbors=1), analyze(lof__neighbors=20)
    assert few.templates["score"].to_list() != many.templates["score"].to_list()


def test_lof_contamination():
    assert not said_by(analyze(lof__contamination=0.0001), "lof")
    assert said_by(analyze(lof__contamination=0.1), "lof")


def test_contamination():
    free, bound = analyze(), analyze(contamination=0.002)
    assert len(free.anomalies) == 2
    # What falls silent is worst: it is about the last line before.
    assert [anomaly["classification"] for anomaly in bound.anomalies] == ["silence"]
    assert bound.summary["settings"]["contamination"] == 0.002
    (told,) = bound.notices
    assert told.endswith("a larger share of the records than detectors.contamination allows")
    assert free.notices == ()


@pytest.mark.parametrize("share", [0.002, 0.01, 0.05, 0.3, 0.5])
def test_contamination_bounds_the_rows_that_are_anomalies(share):
    free, bound = analyze(), analyze(contamination=share)
    assert bound.lines["is_anomaly"].mean() <= share
    assert bound.lines["anomaly_score"].equals(free.lines["anomaly_score"])


def test_contamination_of_some_files_holds_for_these_only(tmp_path):
    # The words differ, so that no finding is about both files.
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("\n".join(LOGS).replace("pool", f"{name}pool") + "\n")
    bound = load_config(overrides={"detectors.contamination": 0.002})
    results = LogAnalyzer(file_configs={"a.log": bound}).analyze(tmp_path)
    found = {name.rpartition("/")[2]: len(report.anomalies) for name, report in results.files.items()}
    assert found == {"a.log": 1, "b.log": 2}


def test_rolling_window_enabled():
    assert said_by(analyze(rolling_window__window_size=200), "rolling_window")
    off = analyze(rolling_window__window_size=200, rolling_window__enabled=False)
    assert not said_by(off, "rolling_window")


def test_rolling_window_window_size():
    # 400 alike in a row flood windows of 200, and make up less than three quarters of any 1,000.
    assert said_by(analyze(rolling_window__window_size=200), "rolling_window")
    assert not said_by(analyze(rolling_window__window_size=1000), "rolling_window")


def test_rolling_window_repetition_threshold():
    assert said_by(analyze(rolling_window__repetition_threshold=0.39), "rolling_window")
    assert not said_by(analyze(rolling_window__repetition_threshold=0.41), "rolling_window")


def first_time(line, **reading):
    config = load_config(overrides={f"reading.{key}": value for key, value in reading.items()})
    return LogAnalyzer(config).analyze(pl.DataFrame({"log": [line] * 5})).summary["input_files"][0]["first_time"]


def test_reading_timezone():
    line = "2026-07-01 12:00:00 INFO started"
    assert first_time(line) == "2026-07-01T12:00:00Z"
    assert first_time(line, timezone="Europe/Berlin") == "2026-07-01T10:00:00Z"
    assert first_time(line, timezone="-03:30") == "2026-07-01T15:30:00Z"


def test_reading_timezone_of_a_column_of_times():
    frame = pl.DataFrame({"log": ["started"], "timestamp": ["2026-07-01 12:00:00"]})
    config = load_config(overrides={"reading.timezone": "Europe/Berlin"})
    summary = LogAnalyzer(config).analyze(frame).summary
    assert summary["input_files"][0]["first_time"] == "2026-07-01T10:00:00Z"


def test_reading_day_first():
    line = "03/04/2020 12:00:00 INFO started"
    assert first_time(line, day_first=True) == "2020-04-03T12:00:00Z"
    assert first_time(line, day_first=False) == "2020-03-04T12:00:00Z"


def test_reading_year():
    assert first_time("Jun 14 15:16:01 combo sshd[1]: x", year=2005) == "2005-06-14T15:16:01Z"


def test_reading_timezone_for_some_files(tmp_path):
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("2026-07-01 12:00:00 INFO started\n" * 5)
    berlin = load_config(overrides={"reading.timezone": "Europe/Berlin"})
    files = LogAnalyzer(file_configs={"b.log": berlin}).analyze(tmp_path).summary["input_files"]
    times = {file["name"].rpartition("/")[2]: file["first_time"] for file in files}
    assert times == {"a.log": "2026-07-01T12:00:00Z", "b.log": "2026-07-01T10:00:00Z"}


def test_dates_whose_order_is_assumed_are_told():
    logs = pl.DataFrame({"log": ["03/04/2020 12:00:00 INFO started"] * 5})
    (told,) = LogAnalyzer().analyze(logs).notices
    assert told.startswith("<frame>: nothing tells whether dates such as 03/04/2026 begin with the month or the day")
    for day_first in (True, False):
        config = load_config(overrides={"reading.day_first": day_first})
        assert LogAnalyzer(config).analyze(logs).notices == ()


ORDERS = [f"order {word} paid" for word in ("abc", "def", "ghi")] * 5
ORDER = {"masks": [{"name": "order", "pattern": "order [a-z]{3}"}]}


def texts(results):
    return sorted(results.templates["log_template"])


def test_masks():
    frame = pl.DataFrame({"log": [*ORDERS, *(f"from 10.0.0.{i}" for i in range(5))]})
    split = ["from <*>", "order abc paid", "order def paid", "order ghi paid"]
    assert texts(LogAnalyzer().analyze(frame)) == split
    assert texts(LogAnalyzer(load_config(overrides=ORDER)).analyze(frame)) == ["<*> paid", "from <*>"]


def known(results):
    """Return an entry that hides the worst finding."""
    worst = results.anomalies[0]
    return worst["id"], {"template": worst["template"], "reason": " + ".join(worst["kinds"])}


def test_suppress():
    worst, entry = known(analyze())
    after = LogAnalyzer(load_config(overrides={"suppress": [entry]})).analyze(pl.DataFrame({"log": LOGS}))
    assert worst not in {anomaly["id"] for anomaly in after.anomalies}
    assert [hidden["id"] for hidden in after.summary["suppressed"]["findings"]] == [worst]


def test_suppress_file(tmp_path):
    worst, entry = known(analyze())
    path = tmp_path / "known.yaml"
    path.write_text(f"suppress: [{json.dumps(entry)}]\n", encoding="utf-8")
    config = load_config(overrides={"suppress_file": str(path)})
    after = LogAnalyzer(config).analyze(pl.DataFrame({"log": LOGS}))
    assert [hidden["id"] for hidden in after.summary["suppressed"]["findings"]] == [worst]


def test_masks_of_a_file(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("\n".join(ORDERS) + "\n")
    results = LogAnalyzer(load_config(overrides=ORDER)).analyze(log)
    assert texts(results) == ["<*> paid"]
    assert results.notices == ()


def test_masks_for_some_files_hold_for_their_reports_and_all_masks_for_the_report_on_all(tmp_path):
    tmp_path.joinpath("a.log").write_text("\n".join(ORDERS) + "\n")
    tmp_path.joinpath("b.log").write_text("\n".join(ORDERS) + "\n")
    results = LogAnalyzer(file_configs={"a.log": load_config(overrides=ORDER)}).analyze(tmp_path)
    kinds = {
        name.rpartition("/")[2]: report.summary["template_diversity"]["unique_templates"]
        for name, report in results.files.items()
    }
    assert kinds == {"a.log": 1, "b.log": 3}
    assert texts(results) == ["<*> paid"]
    (told,) = results.notices
    assert told.startswith("files have different masks: the templates of all files together go by all these masks")


def test_a_mask_of_a_name_that_a_built_in_one_has_takes_its_place():
    frame = pl.DataFrame({"log": [f"copied {kind}://db/a" for kind in ("jdbc", "http") for _ in range(5)]})
    web = load_config(overrides={"masks": [{"name": "url", "pattern": r"https?://\S+"}]})
    assert texts(LogAnalyzer().analyze(frame)) == ["copied <*>"]
    assert texts(LogAnalyzer(web).analyze(frame)) == ["copied <*>", "copied jdbc:<*>"]


def test_a_mask_without_pattern_switches_the_built_in_one_off():
    frame = pl.DataFrame({"log": [f"copied {i} of jdbc://db/{word}" for i, word in enumerate(["a", "b"] * 5)]})
    off = load_config(overrides={"masks": [{"name": "url", "pattern": None}]})
    assert texts(LogAnalyzer().analyze(frame)) == ["copied <*> of <*>"]
    assert texts(LogAnalyzer(off).analyze(frame)) == ["copied <*> of jdbc:<*>"]


WITHOUT_EFFECT = {
    "llm.provider": "ollama",
    "llm.model": "tiny",
    "llm.endpoint": "http://localhost:1/api",
    "llm.timeout": 5,
    "llm.max_retries": 1,
    "workflow.retry.max_attempts": 1,
    "workflow.retry.initial_delay": 0.5,
    "workflow.retry.max_delay": 20,
    "workflow.retry.backoff_factor": 3,
    "workflow.retry.jitter": 0.5,
    "workflow.steps.thinking.enabled": False,
    "workflow.steps.prompt.template": "enhanced",
    "workflow.steps.prompt.custom_template": "Judge this.",
    "workflow.steps.llm_call.provider": "ollama",
    "workflow.steps.llm_call.model": "tiny",
}
TWO = pl.DataFrame({"log": ["job 1 done", "job 2 done"]})


def notice(*keys):
    return (
        "LLM calls are not part of this version: the local classifier decided; "
        f"without effect: {', '.join(sorted(keys))}"
    )


def leaves(model, prefix=""):
    for name, field in model.model_fields.items():
        below = field.annotation
        if hasattr(below, "model_fields"):
            yield from leaves(below, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_is_covered_here():
    tested = {f"detectors.{key}" for key in ("lof.enabled", "lof.neighbors", "lof.contamination")}
    tested |= {f"detectors.rolling_window.{key}" for key in ("enabled", "window_size", "repetition_threshold")}
    tested |= {"detectors.contamination"}
    tested |= {f"reading.{key}" for key in ("timezone", "day_first", "year")}
    assert set(leaves(Config)) == tested | {"masks", "suppress", "suppress_file"} | set(WITHOUT_EFFECT)


@pytest.mark.parametrize("key", WITHOUT_EFFECT)
def test_a_setting_of_llm_or_workflow_is_said_to_be_without_effect(key):
    config = load_config(overrides={key: WITHOUT_EFFECT[key]})
    assert set_keys(config) == {key}
    results = LogAnalyzer(config).analyze(TWO)
    assert results.notices == (notice(key),)
    assert results.summary["notices"] == [notice(key)]
    assert results.summary["llm"] == {"provider": "local", "calls": 0}


def test_settings_without_effect_are_told_in_one_notice():
    config = load_config(overrides={"llm.model": "tiny", "llm.timeout": 5})
    assert LogAnalyzer(config).analyze(TWO).notices == (notice("llm.model", "llm.timeout"),)


@pytest.mark.parametrize("provider", ["local", "auto"])
def test_a_provider_that_is_content_with_the_local_classifier_needs_no_notice(provider):
    config = load_config(overrides={"llm.provider": provider})
    assert LogAnalyzer(config).analyze(TWO).notices == ()


def test_provider_local_silences_the_notice_on_other_settings():
    config = load_config(overrides={"llm.provider": "local", "llm.model": "tiny"})
    assert LogAnalyzer(config).analyze(TWO).notices == ()


def test_without_settings_there_is_no_notice():
    assert LogAnalyzer().analyze(TWO).notices == ()


def test_settings_without_effect_for_some_files_are_told_too(tmp_path):
    tmp_path.joinpath("a.log").write_text("job 1 done\n")
    config = load_config(overrides={"llm.model": "tiny"})
    results = LogAnalyzer(file_configs={"a.log": config}).analyze(tmp_path)
    assert results.notices == (notice("llm.model"),)


def floods_by_file(folder, file_configs):
    results = LogAnalyzer(file_configs=file_configs).analyze(folder)
    return {
        name.rpartition("/")[2]: bool([t for a in report.anomalies for t in a["tags"] if t == "flood"])
        for name, report in results.files.items()
    }


@pytest.mark.parametrize("pattern", ["a.log", "a*", "*/a.log"])
def test_settings_for_some_files_hold_for_these_only(tmp_path, pattern):
    # The words differ, so that no finding is about both files.
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("\n".join(LOGS).replace("pool", f"{name}pool") + "\n")
    small = load_config(overrides={"detectors.rolling_window.window_size": 200})
    assert floods_by_file(tmp_path, {}) == {"a.log": False, "b.log": False}
    assert floods_by_file(tmp_path, {pattern: small}) == {"a.log": True, "b.log": False}


def test_the_first_pattern_that_fits_decides(tmp_path):
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("\n".join(LOGS).replace("pool", f"{name}pool") + "\n")
    small = load_config(overrides={"detectors.rolling_window.window_size": 200})
    assert floods_by_file(tmp_path, {"b.log": Config(), "*": small}) == {"a.log": True, "b.log": False}


def test_a_pattern_that_no_file_fits_is_said(tmp_path):
    log = tmp_path / "app.log"
    log.write_text("one\ntwo\n")
    notices = LogAnalyzer(file_configs={"ap.log": Config()}).analyze(log).notices
    assert notices == ("no input fits 'ap.log': its configuration was not used",)
