"""The tables that a run writes: findings, templates and the timeline."""

import csv
import io
import json

import polars as pl
import pytest

from loganomaly import LogAnalyzer
from loganomaly.charts.buckets import rebucketed, width_for
from loganomaly.reports.finding_table import FINDING_COLUMNS, finding_csv, finding_table
from loganomaly.reports.template_table import TEMPLATE_COLUMNS
from loganomaly.reports.timeline_table import TIMELINE_COLUMNS

MINUTES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("tables")
    lines = [
        f"2026-03-14 09:{n // 6:02d}:{n % 6 * 10:02d} {'ERROR' if n == 200 else 'INFO'} [{'web' if n % 2 else 'db'}] "
        + ("disk full on /dev/sda1" if n == 200 else f"request {n} done in {n % 7 + 1} ms")
        for n in range(MINUTES * 6)
    ]
    (home / "app.log").write_text("\n".join(lines) + "\nno time here\n")
    LogAnalyzer().analyze([str(home / "app.log")]).save(home / "out")
    return home / "out"


def entry(**changed):
    return {
        "id": "0123456789ab",
        "subject": {"kind": "template", "name": "x"},
        "log": "line",
        "timestamp": "2026-03-14T09:00:00Z",
        "classification": "rare_event",
        "kinds": ["rare_event"],
        "reason": "r",
        "tags": ["rare", "new"],
        "verdict_by": "evidence",
        "score": 0.5,
        "severity": "INFO",
        "component": None,
        "source": "app.log",
        "line_number": 1,
        "count": 1,
        "first_seen": "2026-03-14T09:00:00.000001Z",
        "last_seen": None,
        "template_id": "t",
        "template": "x",
        "incident": None,
        "files": ["app.log"],
        "evidence": [{"detector": "lof", "strength": 0.2}, {"detector": "rarity", "strength": 0.9}],
        **changed,
    }


def test_findings_are_the_entries_of_anomalies(folder):
    table = pl.read_parquet(folder / "findings.parquet")
    anomalies = json.loads((folder / "anomalies.json").read_text())
    assert dict(table.schema) == dict(FINDING_COLUMNS)
    assert anomalies
    assert [json.loads(detail) for detail in table["detail"]] == anomalies
    for name in ("id", "score", "reason", "tags", "line_number"):
        assert table[name].to_list() == [each[name] for each in anomalies]


def test_templates_are_those_that_have_records(folder):
    table = pl.read_parquet(folder / "templates.parquet")
    templates = json.loads((folder / "templates.json").read_text())["templates"]
    assert dict(table.schema) == dict(TEMPLATE_COLUMNS)
    assert table["template_id"].to_list() == [each["template_id"] for each in templates]
    assert [json.loads(each) for each in table["parameters"]] == [each["parameters"] for each in templates]


def test_the_timeline_counts_every_record_with_a_time(folder):
    table = pl.read_parquet(folder / "timeline.parquet")
    summary = json.loads((folder / "summary.json").read_text())
    assert dict(table.schema) == dict(TIMELINE_COLUMNS)
    counted = {key[0]: part["records"].sum() for key, part in table.group_by("of")}
    assert counted == dict.fromkeys(("severity", "component", "template"), MINUTES * 6)
    errors = table.filter((pl.col("of") == "severity") & (pl.col("name") == "ERROR"))
    assert errors["records"].to_list() == [1]
    assert errors["start"].dt.to_string("iso").to_list() == ["2026-03-14 09:33:20.000000+00:00"]
    assert set(table.filter(pl.col("of") == "component")["name"]) == {"web", "db"}
    assert summary["time_metrics"]["records_with_time"] == MINUTES * 6


def test_buckets_are_as_wide_as_few_are_asked_for(folder):
    rows = pl.read_parquet(folder / "timeline.parquet").filter(pl.col("of") == "severity")
    few = rebucketed(rows, most=10)
    assert few.group_by("name").len()["len"].max() <= 10
    assert few["records"].sum() == rows["records"].sum()
    assert set(few["seconds"]) == {300}
    assert rebucketed(rows.clear(), most=10).is_empty()


@pytest.mark.parametrize("seconds", [0, 1, 59, 86_400, 3e8])
@pytest.mark.parametrize("least", [1, 90, 604_800])
def test_no_more_buckets_than_asked_for(seconds, least):
    width = width_for(seconds, least=least, most=50)
    assert width % least == 0
    assert seconds / width <= 50


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "a\r\n=1"])
def test_no_cell_is_a_formula(text):
    table = finding_table([entry(log=text, reason=text, component=text, source=text, template=text, tags=[text])])
    rows = list(csv.DictReader(io.StringIO(finding_csv(table).decode())))
    assert len(rows) == 1
    for cell in rows[0].values():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert "\r" not in cell
        assert "\n" not in cell


def test_csv_has_no_control_characters_and_says_times_in_utc():
    (row,) = csv.DictReader(io.StringIO(finding_csv(finding_table([entry(log='a\x1b[31mb\u202ec,"d"')])).decode()))
    assert row["log"] == 'abc,"d"'
    assert row["first_seen"] == "2026-03-14T09:00:00.000001+00:00"
    assert row["last_seen"] == ""
    assert row["detectors"] == "rarity lof"
    assert "detail" not in row


def test_lone_surrogates_are_written_as_they_can_be():
    table = finding_table([entry(log="a\ud800b")])
    assert table["log"].to_list() == ["a?b"]
    assert json.loads(table["detail"][0])["log"] == "a\ud800b"


def test_no_findings_are_a_table_without_rows():
    assert dict(finding_table([]).schema) == dict(FINDING_COLUMNS)
    assert finding_csv(finding_table([])).count(b"\n") == 1
