"""Labelled logs, as the benchmarks read them, and what the results say of their units."""

import gzip
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from labelled import BGL, HDFS, MissingDataError, read_bgl, read_hdfs
from verdicts import right_findings, verdicts

BLOCKS = [
    "081109 203530 147 INFO dfs.A: Receiving block blk_1",
    "081109 203531 147 INFO dfs.A: Receiving block blk_-2, then blk_1, then blk_1",
    "081109 203532 147 INFO dfs.A: nothing about any",
    "081109 203533 147 INFO dfs.A: Receiving block blk_-2 of unknown blk_99",
]


@pytest.fixture
def data(tmp_path):
    hdfs, labels, bgl = (tmp_path / name for name in (*HDFS, *BGL))
    for path in (hdfs, bgl):
        path.parent.mkdir(parents=True)
    hdfs.write_bytes(gzip.compress("".join(f"{line}\n" for line in BLOCKS).encode()))
    labels.write_text("session,label\nblk_1,0\nblk_-2,1\nblk_3,0\n", encoding="utf-8")
    bgl.write_text("- 1 KERNEL INFO fine\nAPPREAD 2 APP FATAL not fine\n", encoding="utf-8")
    return tmp_path


def test_a_line_belongs_to_every_labelled_block_that_it_names(data):
    log = read_hdfs(data)
    assert log.lines == BLOCKS
    assert log.units == ["blk_1", "blk_-2", "blk_3"]
    assert log.labels.tolist() == [False, True, False]
    assert sorted(zip(log.line_of.tolist(), log.unit_of.tolist(), strict=True)) == [(0, 0), (1, 0), (1, 1), (3, 1)]
    assert log.documents == [f"{BLOCKS[0]}\n{BLOCKS[1]}", f"{BLOCKS[1]}\n{BLOCKS[3]}", ""]
    assert log.labelled_lines.tolist() == [False, True, False, True]


def test_the_label_of_a_line_is_not_in_the_line(data):
    log = read_bgl(data)
    assert log.lines == ["1 KERNEL INFO fine", "2 APP FATAL not fine"]
    assert log.labels.tolist() == log.labelled_lines.tolist() == [False, True]
    assert log.documents == log.lines


@pytest.mark.parametrize("name", [*HDFS, *BGL])
def test_data_that_is_not_there_is_named(data, name):
    (data / name).unlink()
    with pytest.raises(MissingDataError, match=f"^{name} is not in "):
        (read_bgl if name in BGL else read_hdfs)(data)


def test_the_score_of_a_unit_is_the_highest_of_its_lines(data):
    log = read_hdfs(data)
    assert log.highest(np.array([0.1, 0.3, 0.9, 0.2])).tolist() == [0.3, 0.3, 0]


LINES = pl.DataFrame({"anomaly_score": [0.1, 0.4, 0.9, 0.6], "is_anomaly": [False, False, True, True]})


def test_without_sessions_the_lines_tell_of_blocks(data):
    (one,) = verdicts(read_hdfs(data), SimpleNamespace(lines=LINES), seconds=1)
    assert one.scores.tolist() == [0.4, 0.6, 0]
    assert one.flagged.tolist() == [False, True, False]


def test_the_score_of_a_block_is_that_of_its_session_or_none(data):
    sessions = pl.DataFrame(
        {
            "session": ["10.0.0.1", "blk_-2", "blk_-2"],
            "anomaly_score": [1.0, 0.2, 0.7],
            "is_anomaly": [True, False, True],
        }
    )
    by_session, by_lines = verdicts(read_hdfs(data), SimpleNamespace(lines=LINES, sessions=sessions), seconds=1)
    assert by_session.scores.tolist() == [0, 0.7, 0]
    assert by_session.flagged.tolist() == [False, True, False]
    assert by_lines.scores.tolist() == [0.4, 0.6, 0]


def test_a_finding_is_right_if_its_line_is_of_an_anomalous_block(data):
    results = SimpleNamespace(anomalies=[{"line_number": number} for number in (4, 1, 2)])
    assert right_findings(read_hdfs(data), results, first=2) == [True, False]
