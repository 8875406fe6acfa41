import datetime as dt
import gzip
import io
import json
import tarfile

import polars as pl
import pytest

from loganomaly import LogAnalyzer
from loganomaly.errors import InputUnreadableError, NoLogsError
from loganomaly.inspection import inspect_sources
from loganomaly.reading import parquet
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import open_source

START = dt.datetime(2024, 5, 1, 12)  # noqa: DTZ001  (the zone is what is tested)


def records(count=300):
    return pl.DataFrame(
        {
            "timestamp": [START + dt.timedelta(seconds=i) for i in range(count)],
            "level": ["ERROR" if i % 50 == 0 else "INFO" for i in range(count)],
            "logger": ["shop.orders"] * count,
            "message": [f"order {i} placed" for i in range(count)],
            "amount": [i / 2 for i in range(count)],
        }
    )


def lines_of(frame, path, **more):
    frame.write_parquet(path, **more)
    (source,) = find_sources([str(path)]).sources
    with open_source(source) as stream:
        return stream.read().decode().splitlines()


def test_each_row_is_a_json_object_with_its_moment_in_utc(tmp_path):
    lines = lines_of(records(2), tmp_path / "x.parquet")
    assert json.loads(lines[1]) == {
        "timestamp": "2024-05-01T12:00:01.000000Z",
        "level": "INFO",
        "logger": "shop.orders",
        "message": "order 1 placed",
        "amount": 0.5,
    }


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize(("zone", "shown"), [(None, "12:00:00"), ("UTC", "12:00:00"), ("Europe/Berlin", "10:00:00")])
def test_moments_of_all_units_and_zones_are_in_utc(tmp_path, unit, zone, shown):
    times = pl.Series("t", [START, None], dtype=pl.Datetime(unit)).dt.replace_time_zone(zone)
    lines = lines_of(pl.DataFrame({"t": times, "n": [1, 2]}), tmp_path / "x.parquet")
    assert [json.loads(line)["t"] for line in lines] == [f"2024-05-01T{shown}.000000Z", None]


def test_values_of_all_kinds_can_be_written(tmp_path):
    frame = pl.DataFrame(
        {
            "bytes": [b"text", b"\xffx", None],
            "category": pl.Series(["a", "b", None], dtype=pl.Categorical),
            "far": pl.Series([2**62, -(2**62), 0]).cast(pl.Datetime("ms")),
            "day": [dt.date(2024, 5, 1)] * 3,
            "took": [dt.timedelta(seconds=3)] * 3,
            "share": [float("nan"), 0.5, None],
            "nested": [{"user": "ada", "at": [START]}] * 3,
            "raw": [[b"\xff"]] * 3,
            "line": ["two\nlines", 'a "quote"', "\x1b[31mred\x1b[0m"],
        }
    )
    rows = [json.loads(line) for line in lines_of(frame, tmp_path / "x.parquet")]
    assert [row["bytes"] for row in rows] == ["text", "\ufffdx", None]
    assert [row["far"] for row in rows] == [None, None, "1970-01-01T00:00:00.000000Z"]
    assert [row["category"] for row in rows] == ["a", "b", None]
    assert [row["share"] for row in rows] == [None, 0.5, None]
    assert rows[0]["nested"]["user"] == "ada"
    assert [row["line"] for row in rows] == frame["line"].to_list()
    assert "raw" not in rows[0]


@pytest.mark.parametrize("dtype", [pl.String, pl.Binary, pl.Categorical])
@pytest.mark.parametrize("name", ["log", "line", "anything"])
def test_one_column_of_text_holds_the_lines_themselves(tmp_path, name, dtype):
    lines = ["2024-05-01 12:00:00 INFO ready", "2024-05-01 12:00:01 ERROR failed\n", "  at shop.py:7\r\n", None, "end"]
    frame = pl.DataFrame({name: pl.Series(lines).cast(dtype)})
    expected = ["" if line is None else line.rstrip() for line in lines]
    assert lines_of(frame, tmp_path / "x") == expected


def test_one_column_of_numbers_is_a_table_of_records(tmp_path):
    assert lines_of(pl.DataFrame({"n": [1, 2]}), tmp_path / "x") == ['{"n":1}', '{"n":2}']


@pytest.mark.parametrize("size", [1, 7, 300, 1000])
def test_rows_keep_their_order_wherever_batches_and_row_groups_are_cut(tmp_path, monkeypatch, size):
    monkeypatch.setattr(parquet, "_ROWS", size)
    lines = lines_of(records(), tmp_path / "x", row_group_size=64)
    assert [json.loads(line)["message"] for line in lines] == records()["message"].to_list()


def test_a_table_is_sought_in_as_a_log_is(tmp_path):
    records().write_parquet(tmp_path / "x")
    (source,) = find_sources([str(tmp_path / "x")]).sources
    assert (source.compression, source.packed) == ("parquet", True)
    with open_source(source) as stream:
        whole = stream.read()
        stream.seek(5000)
        assert stream.read(100) == whole[5000:5100]


def test_time_severity_component_and_message_are_read(tmp_path):
    records().write_parquet(tmp_path / "x.parquet")
    (seen,) = inspect_sources([str(tmp_path / "x.parquet")]).sources
    assert (seen.format, seen.share, seen.timed, seen.with_component) == ("json", 1.0, 300, 300)
    assert seen.severities == {"ERROR": 6, "INFO": 294}
    assert seen.first_records[1].message == "order 1 placed"
    results = LogAnalyzer().analyze([str(tmp_path / "x.parquet")])
    assert results.summary["input_files"][0]["compression"] == "parquet"
    assert results.summary["input_files"][0]["last_time"].startswith("2024-05-01T12:04:59")


def test_tables_come_from_pipes_and_archives_too(tmp_path):
    out = io.BytesIO()
    records().write_parquet(out)
    spools = tmp_path / "spools"
    spools.mkdir()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("day/x.parquet")
        entry.size = len(out.getvalue())
        archive.addfile(entry, io.BytesIO(out.getvalue()))
    for data, name in [(out, "<stdin>"), (packed, "<stdin>!/day/x.parquet")]:
        (source,) = find_sources(["-"], spool_dir=spools, stdin=io.BytesIO(data.getvalue())).sources
        assert (source.name, source.compression) == (name, "parquet")
        with open_source(source) as stream:
            assert len(stream.read().splitlines()) == 300


def test_a_table_without_rows_is_empty(tmp_path):
    records(0).write_parquet(tmp_path / "x")
    with pytest.raises(NoLogsError, match="x: empty"):
        find_sources([str(tmp_path / "x")])


def test_a_table_whose_end_is_missing_is_skipped_with_the_reason(tmp_path):
    records().write_parquet(tmp_path / "x")
    data = (tmp_path / "x").read_bytes()
    (tmp_path / "x").write_bytes(data[: len(data) // 2])
    with pytest.raises(NoLogsError, match=r"the table cannot be decoded: .*; get a complete copy of it"):
        find_sources([str(tmp_path / "x")])
    (tmp_path / "x").write_bytes(gzip.compress(data))
    with pytest.raises(NoLogsError, match="a Parquet table that is compressed as a whole"):
        find_sources([str(tmp_path / "x")])


def test_damage_within_a_table_is_raised_after_the_rows_before_it(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_ROWS", 100)
    records().write_parquet(tmp_path / "x", row_group_size=100, compression="zstd")
    data = bytearray((tmp_path / "x").read_bytes())
    (source,) = find_sources([str(tmp_path / "x")]).sources
    place = data.rfind(b"\x28\xb5\x2f\xfd")  # the last compressed page
    data[place : place + 8] = b"\xff" * 8
    (tmp_path / "x").write_bytes(data)
    got = bytearray()

    def read(stream):
        while block := stream.read(1000):
            got.extend(block)

    with open_source(source) as stream, pytest.raises(InputUnreadableError, match="the table cannot be decoded"):
        read(stream)
    assert len(got.splitlines()) == 200
