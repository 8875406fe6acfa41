import json

import polars as pl
import pytest

from loganomaly import LogAnalyzer, Results
from loganomaly.errors import OutputError

LOGS = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO [web] request {i} done" for i in range(120)]
LOGS += ["2026-03-14 09:02:01 CRITICAL [db] the disk is on fire"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    for name in ("a", "b"):
        folder.joinpath(name).mkdir()
        folder.joinpath(name, "app.log").write_text("\n".join(LOGS) + "\n")
    return LogAnalyzer().analyze([folder / "a", folder / "b"])


def test_save_writes_what_the_results_hold(results, tmp_path):
    saved = results.save(tmp_path)
    assert json.loads((tmp_path / "summary.json").read_text()) == results.summary
    assert json.loads((tmp_path / "anomalies.json").read_text()) == results.anomalies
    assert json.loads((tmp_path / "templates.json").read_text()) == results.template_file
    assert sorted(saved) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(results.files) == 2


def test_save_writes_one_report_per_file_also_for_files_of_one_name(results, tmp_path):
    results.save(tmp_path)
    summaries = [json.loads(path.read_text()) for path in tmp_path.glob("files/*.summary.json")]
    assert {summary["filename"] for summary in summaries} == set(results.files)
    for summary in summaries:
        assert summary == results.files[summary["filename"]].summary
    for path in tmp_path.glob("files/*.anomalies.json"):
        name = json.loads(path.with_name(path.name.replace("anomalies", "summary")).read_text())["filename"]
        assert json.loads(path.read_text()) == results.files[name].anomalies


def test_names_that_differ_in_separators_only_do_not_overwrite_each_other(results, tmp_path):
    report = next(iter(results.files.values()))
    both = Results(summary={}, anomalies=[], files={"a/b.log": report, "a_b.log": report})
    names = {path.name for path in both.save(tmp_path)}
    assert {"a_b.log.summary.json", "a_b.log-2.summary.json"} <= names


def test_summary_only_writes_no_anomalies(results, tmp_path):
    results.save(tmp_path)
    results.save(tmp_path, summary_only=True)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left
    told = {"templates.json", "templates.parquet", "timeline.parquet"}
    assert all(name.endswith("summary.json") or name in told for name in left)


def test_a_report_is_written_unless_it_is_not_wanted_and_never_with_the_summary_only(results, tmp_path):
    reports = {"report.html", "report.md"}
    assert reports <= {path.name for path in results.save(tmp_path)}
    assert not reports & {path.name for path in results.save(tmp_path, report=False)}
    assert not reports & {path.name for path in tmp_path.iterdir()}
    assert not reports & {path.name for path in results.save(tmp_path, summary_only=True)}


def test_a_folder_that_cannot_be_written_is_an_output_error(results, tmp_path):
    tmp_path.joinpath("taken").write_text("a file")
    with pytest.raises(OutputError, match="taken"):
        results.save(tmp_path / "taken")


def test_the_columns_of_templates_are_those_documented(results):
    templates = results.templates
    assert templates.schema == {
        "template_id": pl.String,
        "log_template": pl.String,
        "count": pl.Int64,
        "ratio": pl.Float64,
        "severity": pl.String,
        "component": pl.String,
        "score": pl.Float64,
        "first_seen": pl.String,
        "last_seen": pl.String,
    }
    for name in templates.columns:
        assert f"`{name}`" in Results.__doc__
    first, last = templates.row(0, named=True), templates.row(-1, named=True)
    assert first == {
        "template_id": first["template_id"],
        "log_template": "request <*> done",
        "count": 240,
        "ratio": 240 / 242,
        "severity": "INFO",
        "component": "web",
        "score": 0.0,
        "first_seen": "2026-03-14T09:00:00Z",
        "last_seen": "2026-03-14T09:01:59Z",
    }
    assert (last["log_template"], last["severity"], last["count"]) == ("the disk is on fire", "CRITICAL", 2)
    assert last["score"] == pytest.approx(results.anomalies[0]["score"], abs=1e-6)
    assert last["template_id"] == results.anomalies[0]["template_id"]


def test_anomalies_are_worst_first_and_tell_the_place_of_their_line(results):
    scores = [anomaly["score"] for anomaly in results.anomalies]
    assert scores
    assert scores == sorted(scores, reverse=True)
    worst = results.anomalies[0]
    assert worst["line_number"] == 121
    assert worst["log"] == LOGS[120]
    assert worst["context"]["before"] == LOGS[117:120]
    assert worst["timestamp"] == "2026-03-14T09:02:01Z"
    assert worst["files"] == sorted(results.files)


def test_results_of_files_have_no_lines(results):
    assert results.lines is None
