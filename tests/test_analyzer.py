import asyncio
import gzip
import re
from dataclasses import astuple
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly import LogAnalyzer
from loganomaly.config import load_config
from loganomaly.errors import InputMissingError, NoLogsError, UsageError

EXAMPLES = Path(__file__).parent.parent / "examples"
QUIET = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO [web] request {i} done in {i % 7} ms" for i in range(120)]
LOGS = [*QUIET, "2026-03-14 09:02:00 CRITICAL [db] the disk is on fire\n  at line 2"]
LOGS += [f"2026-03-14 09:02:01 WARN [web] pool of {i} is full, retry" for i in range(80)]
LOGS += ["", "no time here"]


def written(results, folder):
    """Return everything that save() writes, and what was added to the lines, as bytes."""
    data = b"\n".join(path.read_bytes() + path.name.encode() for path in results.save(folder))
    # Plotly's script holds any four letters somewhere.
    data = re.sub(rb'<script type="text/plain".*?</script>', b"", data)
    data += results.templates.write_json().encode() + repr([astuple(f) for f in results.findings]).encode()
    if results.lines is not None:
        data += results.lines.drop("log").write_json().encode()
    return data


def essence(results):
    """Return everything but the seconds that stages took."""
    files = {name: (dict(report.summary), report.anomalies) for name, report in results.files.items()}
    lines = None if results.lines is None else results.lines.to_dict(as_series=False)
    summary = {**results.summary, "stages": None}
    return summary, results.anomalies, results.findings, results.templates.to_dicts(), files, lines


SMALL = load_config(
    overrides={"detectors.rolling_window.window_size": 20, "detectors.rolling_window.repetition_threshold": 0.9}
)


@settings(max_examples=20, deadline=None)
@given(batch_size=st.integers(1, 300), max_concurrent=st.integers(1, 9), rows=st.integers(1, len(LOGS)))
def test_batches_of_a_frame_do_not_change_the_results(batch_size, max_concurrent, rows):
    frame = pl.DataFrame({"log": LOGS[-rows:]})
    analyzer = LogAnalyzer(SMALL)
    batched = asyncio.run(analyzer.analyze_batch(frame, batch_size=batch_size, max_concurrent=max_concurrent))
    whole = asyncio.run(analyzer.analyze_logs(frame))
    assert essence(batched) == essence(whole)
    assert essence(analyzer.analyze(frame, batch_size=batch_size)) == essence(whole)


@pytest.fixture(scope="module")
def shop():
    return essence(LogAnalyzer().analyze(EXAMPLES))


@settings(max_examples=4, deadline=None)
@given(batch_size=st.integers(50, 9000))
def test_batches_of_files_do_not_change_the_results(shop, batch_size):
    assert essence(LogAnalyzer().analyze(EXAMPLES, batch_size=batch_size)) == shop


def test_two_runs_give_equal_results(shop):
    assert essence(LogAnalyzer().analyze(EXAMPLES)) == shop


def test_the_batches_run_at_most_so_many_at_a_time(monkeypatch):
    running, most = [], []

    async def to_thread(function, *args):
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0)
        result = function(*args)
        running.pop()
        return result

    monkeypatch.setattr("loganomaly.analyzer.asyncio.to_thread", to_thread)
    asyncio.run(LogAnalyzer().analyze_batch(pl.DataFrame({"log": QUIET}), batch_size=10, max_concurrent=3))
    assert max(most) == 3


def test_a_frame_gives_the_findings_that_its_file_gives(tmp_path):
    logs = [line.split("\n")[0] for line in LOGS[:-2]]
    tmp_path.joinpath("app.log").write_text("\n".join(logs) + "\n")
    of_file, of_frame = LogAnalyzer().analyze(tmp_path / "app.log"), LogAnalyzer().analyze(pl.DataFrame({"log": logs}))
    assert of_frame.anomalies
    for one, other in zip(of_file.anomalies, of_frame.anomalies, strict=True):
        place = {"source": None, "files": None, "samples": None}
        assert {**one, **place} == {**other, **place}
        assert one["samples"] == [{**sample, "source": one["source"]} for sample in other["samples"]]


def test_polars_and_pandas_give_equal_results():
    one = LogAnalyzer().analyze(pl.DataFrame({"log": LOGS}))
    other = LogAnalyzer().analyze(pd.DataFrame({"log": LOGS}, index=[1] * len(LOGS)))
    assert {**one.summary, "stages": None} == {**other.summary, "stages": None}
    assert one.anomalies == other.anomalies
    assert one.lines["anomaly_score"].to_list() == other.lines["anomaly_score"].tolist()


def test_a_record_of_several_lines_in_one_row_is_one_record():
    results = LogAnalyzer().analyze(pl.DataFrame({"log": LOGS}))
    worst = next(a for a in results.anomalies if "fire" in a["log"])
    assert worst["log"] == LOGS[120]
    assert worst["line_number"] == 121
    assert worst["context"]["before"] == QUIET[-3:]
    assert worst["context"]["after"] == LOGS[121:124]


def test_no_more_lines_than_max_logs_are_analysed(tmp_path):
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("\n".join(QUIET) + "\n")
    for data in (tmp_path, pl.DataFrame({"log": QUIET * 2})):
        results = LogAnalyzer().analyze(data, max_logs=150)
        counts = ("original_log_count", "processed_log_count", "records")
        assert [results.summary[key] for key in counts] == [240, 150, 150]
        assert sum(entry["count"] for entry in results.summary["volume_stats"]) == 150
    assert len(results.lines) == 150


def test_a_damaged_file_is_read_up_to_the_damage_and_gives_a_notice(tmp_path):
    data = gzip.compress("\n".join(f"{line} {hash(line)}" for line in QUIET * 100).encode())
    tmp_path.joinpath("app.log.gz").write_bytes(data[: len(data) // 2])
    results = LogAnalyzer().analyze(tmp_path)
    (file,) = results.summary["input_files"]
    assert 0 < results.summary["records"] < 12_000
    assert results.notices == (f"{file['name']}: not all of it was read: {file['damage']}",)


def test_progress_is_told_by_stage_and_never_goes_back(tmp_path):
    tmp_path.joinpath("app.log").write_text("\n".join(QUIET) + "\n")
    told = []
    LogAnalyzer().analyze(tmp_path, batch_size=10, progress=lambda *args: told.append(args))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["scan", "judge", "extract"]
    done = [done for _, done, _ in told]
    assert done == sorted(done)
    assert {total for _, _, total in told} == {done[-1]}


@pytest.mark.parametrize(
    ("data", "given"),
    [
        (5, "a int"),
        (None, "a NoneType"),
        ([], "an empty list"),
        ([5], "a list"),
        (pl.LazyFrame({"log": ["a"]}), "a LazyFrame"),
        (pl.Series(["a"]), "a Series"),
    ],
)
def test_what_is_neither_path_nor_frame_is_refused(data, given):
    with pytest.raises(UsageError, match=f"given {given}; expected a path, a list of paths, or a data frame"):
        LogAnalyzer().analyze(data)


def test_a_file_that_is_missing_or_blank_is_an_input_error(tmp_path):
    with pytest.raises(InputMissingError):
        LogAnalyzer().analyze(tmp_path / "none.log")
    tmp_path.joinpath("blank.log").write_text("\n\n")
    with pytest.raises(NoLogsError):
        LogAnalyzer().analyze(tmp_path / "blank.log")


PLANTS = (
    "login with password={} refused",
    "connecting to postgresql://shop9:{}@db:5432/shop",
    '{{"level":"ERROR","msg":"call failed","db_password":"{}"}}',
    '{{"level":"ERROR","msg":"db_password={} is wrong","service":"password={}"}}',
    "2026-03-14 09:02:00 ERROR [password={}] odd",
    "2026-03-14 09:02:00 ERROR [db] failed\n  at password={}\n  at line 2",
    "2026-03-14 09:02:00 ERROR [db] Authorization: Bearer {}0000000000",
)
SECRETS = ("hunterxx", "hunter=qqzz", "Zk81-qpWm", "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5", "correct_horse_staple")


def planted(plants, secret, *, times):
    """Return quiet logs with the plants among them, beside a leak, which is always reported with its context."""
    logs = list(QUIET)
    for i in range(times):
        logs[40 + 9 * i : 40 + 9 * i] = [
            "login password=pwpwpwpw ok",
            *(plant.format(*[secret] * 2) for plant in plants),
        ]
    return logs


@pytest.mark.parametrize("times", [1, 8])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_nowhere_in_the_results(tmp_path, secret, times):
    logs = planted(PLANTS, secret, times=times)
    tmp_path.joinpath("app.log").write_text("\n".join(logs) + "\n")
    for number, logged in enumerate((pl.DataFrame({"log": logs}), tmp_path / "app.log")):
        results = LogAnalyzer().analyze(logged)
        data = written(results, tmp_path / f"results-{number}")
        for part in ("pwpwpwpw", secret, *secret.split("=")):
            assert part.encode() not in data
        assert results.summary["leaks"]
        assert results.anomalies


def test_a_private_key_of_several_lines_is_nowhere_in_the_results(tmp_path):
    key = (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAq7TzXk9QvW3jZ\nAAAAB3NzaC1yc2E\n-----END RSA PRIVATE KEY-----"
    )
    frame = pl.DataFrame({"log": planted(["2026-03-14 09:02:00 ERROR [db] bad key {}"], key, times=1)})
    data = written(LogAnalyzer().analyze(frame), tmp_path)
    assert b"bad key" in data
    assert b"MIIEp" not in data
    assert b"AAAAB3" not in data


PERSONAL = ("ada.lovelace@acme.dev", "203.0.113.77", "2001:db8:85a3:dead:beef:8a2e:370:7334", "fe80::dead:beef")
PERSONAL_PLANTS = (
    "mail for {} refused by {}",
    "2026-03-14 09:02:00 ERROR [{}] odd",
    '{{"level":"ERROR","msg":"no route","client":"{}"}}',
    "2026-03-14 09:02:00 ERROR [db] failed\n  for {}\n  at line 2",
)


@pytest.mark.parametrize("times", [1, 8])
@pytest.mark.parametrize("datum", PERSONAL)
def test_compliance_masks_mail_and_ip_addresses_everywhere(tmp_path, datum, times):
    logs = planted(PERSONAL_PLANTS, datum, times=times)
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("203.0.113.77.log", "203.0.113.78.log"):
        folder.joinpath(name).write_text("\n".join(logs) + "\n")
    for number, logged in enumerate((pl.DataFrame({"log": logs}), folder)):
        results = LogAnalyzer(compliance=True).analyze(logged)
        data = written(results, tmp_path / f"results-{number}")
        assert results.summary["compliance_mode"] is True
        for part in (datum, "203.0.113", "dead:beef", "lovelace"):
            assert part.encode() not in data
    assert len(results.files) == 2


@pytest.mark.parametrize("datum", PERSONAL[1:])
def test_without_compliance_ip_addresses_are_kept(tmp_path, datum):
    frame = pl.DataFrame({"log": planted(PERSONAL_PLANTS, datum, times=1)})
    assert datum.encode() in written(LogAnalyzer().analyze(frame), tmp_path)
