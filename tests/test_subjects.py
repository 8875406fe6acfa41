"""Findings on sessions, levels and windows: what is said of them, and how those that are known are dismissed."""

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from string import ascii_lowercase

import polars as pl
import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from loganomaly import LogAnalyzer
from loganomaly.config import load_config
from loganomaly.dismiss_command import dismiss_app
from loganomaly.findings import SUBJECTS, Subject
from loganomaly.incidents.incident import told as event
from loganomaly.reports.terminal import render
from loganomaly.suppression import join_reasons
from loganomaly.testing import log_line

WITHOUT = 'req-* without "request <*> ends"'
LACKING = 477


def requests(*, lacking=LACKING, ids=range(1_500)):
    """Return lines of requests one after another, of which one does not end."""
    lines = [
        (place * 5 + step, f"request req-{request:05} {what}")
        for place, request in enumerate(ids)
        for step, what in enumerate(("begins", "reads the cart", "writes the order", "ends"))
        if request != lacking or step < 3
    ]
    return [log_line(second, message) for second, message in lines]


def errors():
    """Return lines of two hours with errors of 20 components, now and then, and each of them four times within 80 s."""
    kinds = [
        " ".join(letter * length for length in range(2, 5 + n % 3)) for n, letter in enumerate(ascii_lowercase[:20])
    ]
    times = [(120 * (n + 20 * place), kind) for n, kind in enumerate(kinds) for place in (0, 1, 2)]
    times += [(4_000 + n, kinds[n % 20]) for n in range(80)]
    lines = [log_line(second, f"tick {second} done") for second in range(0, 7_200, 5)]
    return sorted([*lines, *(log_line(second, kind, level="ERROR", component=kind[:2]) for second, kind in times)])


def silent():
    """Return lines of which those of a component end halfway."""
    lines = [log_line(i, f"tick {i} done", component="sync") for i in range(0, 3_000, 10)]
    return sorted([*lines, *(log_line(i, f"job {i} done", component="web") for i in range(0, 6_000, 10))])


def analyze(lines, **overrides):
    frame = pl.DataFrame({"log": [line.rstrip("\n") for line in lines]})
    return LogAnalyzer(load_config(overrides=overrides)).analyze(frame)


def of_kind(results, kind):
    return [a for a in results.anomalies if a["subject"]["kind"] == kind]


@pytest.fixture(scope="module")
def unfinished():
    return analyze(requests())


@pytest.fixture(scope="module")
def many_errors():
    return analyze(errors())


# What is said


def test_a_finding_on_sessions_says_what_they_do(unfinished):
    (found,) = unfinished.anomalies
    assert found["subject"] == {"kind": "session", "name": WITHOUT}
    assert (found["template_id"], found["template"], found["component"]) == (None, "", None)
    assert found["log"].endswith("request req-00477 writes the order")


def test_a_finding_on_a_level_says_which(many_errors):
    (found,) = of_kind(many_errors, "level")
    assert found["subject"] == {"kind": "level", "name": "ERROR"}
    assert "81 ERROR records of 20 kinds within 2 min" in found["reason"]


def test_a_finding_on_a_template_or_component_names_it():
    anomalies = analyze([*silent(), log_line(6_000, "cannot open table orders", level="ERROR")]).anomalies
    assert {"kind": "template", "name": "cannot open table orders"} in [a["subject"] for a in anomalies]
    assert {"kind": "component", "name": "sync"} in [a["subject"] for a in anomalies]


def test_the_schema_knows_every_kind_of_subject(unfinished):
    folder = resources.files("loganomaly.reports").joinpath("schemas")
    schema = json.loads(folder.joinpath("anomalies.schema.json").read_text(encoding="utf-8"))
    assert sorted(schema["items"]["properties"]["subject"]["properties"]["kind"]["enum"]) == sorted(SUBJECTS)
    Draft202012Validator(schema).validate(unfinished.anomalies)


def test_no_secret_is_in_the_name_of_a_subject():
    lines = [line.replace("reads the cart", "reads password=hunter2x") for line in requests()]
    results = analyze([line.replace("ends", "ends of password=hunter2x") for line in lines])
    assert of_kind(results, "session")
    assert "hunter2x" not in json.dumps([results.anomalies, results.summary])


def shown(results):
    return render(results.summary, results.anomalies, width=120, colour=False)


def test_the_terminal_names_a_component_that_is_silent_before_it_says_why():
    results = analyze(silent())
    (found,) = of_kind(results, "component")
    assert f"Component sync: {found['reason'][:40]}" in shown(results)


def test_the_terminal_says_what_few_sessions_do_with_a_line_of_the_first(unfinished):
    text = shown(unfinished)
    assert "request req-00477 writes the order" in text
    assert 'of 1,500 sessions (req-*) with "request <*> begins" lack "request <*> ends": req-00477.' in text


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("session", WITHOUT, f"unusual session: {WITHOUT}"),
        ("level", "ERROR", "unusual session: level ERROR"),
        ("window", "2026-03-14T09:30:00Z", "unusual session: window 2026-03-14T09:30:00Z"),
        ("component", "sync", "unusual session: component sync"),
    ],
)
def test_a_timeline_names_what_is_no_template(unfinished, kind, name, told):
    (found,) = unfinished.findings
    assert event(replace(found, subject=Subject(kind=kind, name=name))) == told


# Rows of a frame


def test_of_a_finding_on_sessions_the_row_it_names_is_an_anomaly_with_its_reason(unfinished):
    (found,) = unfinished.anomalies
    rows = unfinished.lines.filter("is_anomaly")
    assert rows["log"].to_list() == [found["log"]]
    assert rows["reason"].to_list() == [found["reason"]]
    assert rows["anomaly_score"][0] == pytest.approx(found["score"], abs=1e-6)
    assert (rows["classification"][0], rows["anomaly_source"][0]) == ("unusual_session", "session")
    assert rows["log_template"].to_list() == ["request <*> writes the order"]


def test_a_row_whose_template_is_worse_keeps_its_verdict():
    lines = requests()
    place = next(n for n, line in enumerate(lines) if f"req-{LACKING:05} writes" in line)
    lines[place] = lines[place].replace("INFO", "CRITICAL").replace("writes the order", "lost aws=AKIAZ5Q7RMB3XK2LPW4T")
    results = analyze(lines)
    assert results.lines["classification"][place] == "security_leak"


# Dismissing


def entry(anomaly, **more):
    subject = anomaly["subject"]
    return {subject["kind"]: subject["name"], "reason": join_reasons(anomaly["kinds"]), **more}


def test_sessions_that_do_the_same_in_another_log_are_hidden(unfinished):
    (found,) = unfinished.anomalies
    again = analyze(requests(lacking=1_845, ids=range(1_500, 3_000)))
    assert [a["id"] for a in again.anomalies] == [found["id"]]
    after = analyze(requests(lacking=1_845, ids=range(1_500, 3_000)), suppress=[entry(found)])
    assert after.anomalies == []
    (hidden,) = after.summary["suppressed"]["findings"]
    assert (hidden["id"], hidden["subject"]) == (found["id"], {"kind": "session", "name": WITHOUT})
    assert not after.lines["is_anomaly"].any()


def test_sessions_that_do_something_else_are_shown(unfinished):
    (found,) = unfinished.anomalies
    lines = [line for line in requests(lacking=None) if "req-00300 reads" not in line]
    (other,) = analyze(lines, suppress=[entry(found)]).anomalies
    assert other["subject"]["name"] == 'req-* without "request <*> reads the cart"'


def test_a_burst_of_a_level_is_hidden_by_its_name(many_errors):
    (found,) = of_kind(many_errors, "level")
    after = analyze(errors(), suppress=[{"level": "ERROR", "reason": "burst"}])
    assert of_kind(after, "level") == []
    assert [f["id"] for f in after.summary["suppressed"]["findings"]] == [found["id"]]
    other = analyze(errors(), suppress=[{"level": "WARNING", "reason": "burst"}])
    assert of_kind(other, "level") == [found]


@pytest.mark.parametrize("kind", ["component", "level", "template"])
def test_an_entry_of_the_same_name_on_something_else_hides_nothing(unfinished, kind):
    name = "INFO" if kind == "level" else WITHOUT
    after = analyze(requests(), suppress=[{kind: name, "reason": "unusual_session"}])
    assert [a["id"] for a in after.anomalies] == [a["id"] for a in unfinished.anomalies]
    assert any(notice.startswith("1 entry of the configuration fit no finding") for notice in after.notices)


# The command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dismiss(*args):
    return CliRunner().invoke(dismiss_app, args, prog_name="loganomaly dismiss")


@pytest.mark.parametrize("which", ["unfinished", "many_errors"])
def test_what_the_command_writes_hides_the_finding_in_the_next_run(folder, request, which):
    results = request.getfixturevalue(which)
    kind = {"unfinished": "session", "many_errors": "level"}[which]
    results.save(folder / "results")
    (found,) = of_kind(results, kind)
    done = dismiss(found["id"])
    assert done.exit_code == 0, done.output
    assert f"dismissed {found['id']}: {kind} {found['subject']['name'][:40]}" in done.stdout
    (written,) = yaml.safe_load(Path("loganomaly-suppress.yaml").read_text(encoding="utf-8"))["suppress"]
    assert written[kind] == found["subject"]["name"]
    lines = {"unfinished": requests, "many_errors": errors}[which]()
    after = analyze(lines, suppress_file=str(folder / "loganomaly-suppress.yaml"))
    assert found["id"] not in {a["id"] for a in after.anomalies}
    assert f"    {kind} {found['subject']['name']}" in dismiss("--list").stdout
    assert dismiss("--undo", found["id"]).exit_code == 0


@pytest.mark.parametrize("kind", ["session", "level"])
@pytest.mark.usefixtures("folder")
def test_an_entry_by_hand_has_the_id_of_the_finding(request, kind):
    results = request.getfixturevalue("unfinished" if kind == "session" else "many_errors")
    (found,) = of_kind(results, kind)
    text = yaml.safe_dump({"suppress": [entry(found)]})
    Path("loganomaly-suppress.yaml").write_text(text, encoding="utf-8")
    assert dismiss("--list").stdout.split()[0] == found["id"]


@pytest.mark.usefixtures("folder")
def test_a_window_is_not_dismissed_for_it_does_not_come_again():
    subject = {"kind": "window", "name": "2026-03-14T09:30:00Z"}
    window = {"id": "aa0000000001", "kinds": ["unusual_mix"], "subject": subject}
    rare = {"id": "bb0000000001", "kinds": ["rare_event"], "subject": {"kind": "template", "name": "x"}}
    Path("results").mkdir()
    Path("results/anomalies.json").write_text(json.dumps([window, rare]), encoding="utf-8")
    refused = dismiss("bb00", "aa00")
    assert refused.exit_code == 2
    assert "aa0000000001 cannot be dismissed: it is about a window of time, 2026-03-14T09:30:00Z" in refused.stderr
    assert not Path("loganomaly-suppress.yaml").exists()


@pytest.mark.parametrize(
    "subject",
    [None, {"kind": "planet", "name": "x"}, {"kind": "level"}, {"kind": [], "name": "x"}, {"kind": "level", "name": 5}],
)
@pytest.mark.usefixtures("folder")
def test_a_subject_that_is_damaged_is_told(subject):
    Path("results").mkdir()
    finding = {"id": "aa0000000001", "kinds": ["burst"], "subject": subject}
    Path("results/anomalies.json").write_text(json.dumps([finding]), encoding="utf-8")
    refused = dismiss("aa00")
    assert refused.exit_code == 1
    assert "finding 1 is damaged" in refused.stderr
