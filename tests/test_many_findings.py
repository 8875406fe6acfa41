"""The results that the benchmark of the dashboard makes: of the size that is asked for, and true to form."""

import json
from collections import Counter
from datetime import UTC, datetime
from importlib import resources

import polars as pl
import pytest
from dashboard_data import timed
from jsonschema import Draft202012Validator
from many_findings import SEVERITIES, many_findings, multiply

from loganomaly import LogAnalyzer
from loganomaly.reports.finding_table import FINDING_COLUMNS
from loganomaly.reports.template_table import TEMPLATE_COLUMNS
from loganomaly.reports.timeline_table import TIMELINE_COLUMNS
from planted import write_logs

BEGIN, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The folder of a real run's results."""
    folder = tmp_path_factory.mktemp("many")
    LogAnalyzer().analyze([write_logs(folder / "logs")]).save(folder / "real")
    return folder / "real"


@pytest.fixture(scope="module")
def entries(real):
    return json.loads((real / "anomalies.json").read_bytes())


def test_copies_are_entries_of_anomalies_json_with_ids_of_their_own_worst_first(entries):
    many = [*many_findings(entries, count=500, begin=BEGIN, end=END)]
    schema = resources.files("loganomaly.reports").joinpath("schemas/anomalies.schema.json").read_text(encoding="utf-8")
    Draft202012Validator(json.loads(schema)).validate(many)
    assert len({entry["id"] for entry in many}) == 500
    assert [entry["score"] for entry in many] == sorted((entry["score"] for entry in many), reverse=True)


def test_copies_differ_in_severity_component_text_and_time_within_the_given_span(entries):
    many = [*many_findings(entries, count=2000, begin=BEGIN, end=END)]
    assert set(SEVERITIES) == {entry["severity"] for entry in many}
    assert max(Counter(entry["component"] for entry in many).values()) < 200
    assert len({entry["log"] for entry in many}) > 250
    seen = [datetime.fromisoformat(entry[name]) for entry in many for name in ("first_seen", "last_seen")]
    assert BEGIN <= min(seen) < max(seen) <= END
    assert all(entry["first_seen"] <= entry["last_seen"] for entry in many)


def test_the_same_seed_gives_the_same_copies(entries):
    one, two, other = ([*many_findings(entries, count=50, begin=BEGIN, end=END, seed=seed)] for seed in (1, 1, 2))
    assert one == two != other


def test_the_tables_have_as_many_rows_as_asked_for_and_the_columns_of_a_run(real, tmp_path):
    originals = multiply(real, into=tmp_path, findings=300, templates=90)
    tables = {name: pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("findings", "templates", "timeline")}
    assert dict(tables["findings"].schema) == dict(FINDING_COLUMNS)
    assert dict(tables["templates"].schema) == dict(TEMPLATE_COLUMNS)
    assert dict(tables["timeline"].schema) == dict(TIMELINE_COLUMNS)
    assert (tables["findings"].height, tables["templates"].height) == (300, 90)
    assert tables["templates"]["template_id"].n_unique() == 90
    assert set(tables["findings"]["template_id"]) <= set(tables["templates"]["template_id"])
    assert tables["timeline"].filter(of="template")["name"].n_unique() == 90
    assert json.loads((tmp_path / "summary.json").read_bytes())["anomalies_detected"] == 300
    summary = json.loads((tmp_path / "summary.json").read_bytes())
    listed = {name for each in summary["incidents"] for name in each["findings"]}
    assert listed
    assert listed >= set(tables["findings"].filter(pl.col("incident").is_not_null())["id"])
    assert originals == {"findings": 15, "templates": 29}


def test_findings_without_times_cannot_be_spread(real, tmp_path):
    (tmp_path / "timeless").mkdir()
    for file in real.glob("*.*"):
        (tmp_path / "timeless" / file.name).write_bytes(file.read_bytes())
    summary = json.loads((real / "summary.json").read_bytes())
    summary["time_metrics"] |= {"first_time": None, "last_time": None}
    (tmp_path / "timeless" / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    with pytest.raises(ValueError, match="no times"):
        multiply(tmp_path / "timeless", into=tmp_path / "out", findings=10, templates=5)


def test_grown_lines_get_heads_with_times_in_order_over_a_week(tmp_path):
    (tmp_path / "grown").write_text("a 1\nb 2\nc 3\nd 4\n", encoding="utf-8")
    timed(tmp_path / "grown", tmp_path / "log", lines=4)
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert [line[:19] for line in lines] == [
        "2026-03-02 00:00:00",
        "2026-03-03 18:00:00",
        "2026-03-05 12:00:00",
        "2026-03-07 06:00:00",
    ]
    assert [line.split(": ", 1)[1] for line in lines] == ["a 1", "b 2", "c 3", "d 4"]
