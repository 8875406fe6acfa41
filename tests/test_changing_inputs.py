"""Logs that grow, shrink, are rotated, replaced or gone while they are read: the run ends and says what it lacks."""

import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from loganomaly import LogAnalyzer, file_analysis
from loganomaly.config import Config
from loganomaly.errors import InputUnreadableError
from loganomaly.reading.sources import find_sources
from loganomaly.scan import run

FIRE = "2026-03-14 00:35:00 FATAL disk on fire"
CHANGED = "'app.log' was rotated or overwritten while it was read, so that lines of its findings are missing"
GONE = "cannot open 'app.log': No such file or directory"

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, sockets and links as on POSIX systems")


def lines(first, last, words="job"):
    return b"".join(
        f"2026-03-14 {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d} INFO {words} {n} done\n".encode()
        for n in range(first, last)
    )


@pytest.fixture(autouse=True)
def app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("app.log").write_bytes(lines(0, 2000) + f"{FIRE}\n".encode() + lines(2101, 3000))
    Path("other.log").write_bytes(lines(0, 500, "thing"))
    return Path("app.log")


def grow(path):
    with path.open("ab") as file:
        file.write(lines(3000, 5000))


def shrink(path):
    os.truncate(path, 1000)


def copy_and_truncate(path):
    # What logrotate's copytruncate does; the program goes on writing.
    os.truncate(path, 0)
    path.write_bytes(lines(3000, 7000, "later"))


def rotate(path):
    path.rename("app.log.1")
    path.write_bytes(lines(3000, 7000, "later"))


def replace_by_pipe(path):
    path.unlink()
    os.mkfifo(path)


def vanish(path):
    path.unlink()


def analysed(monkeypatch, stage, change, *, inputs=("app.log", "other.log"), **options):
    """Return the results of a run in which the first input is changed when a stage begins for the first time."""
    begin, done, lock = getattr(file_analysis, stage), [], threading.Lock()

    def changed(*args, **more):
        with lock:  # several files are looked at at a time
            if not done:
                change(Path(inputs[0]))
                done.append(True)
        return begin(*args, **more)

    monkeypatch.setattr(file_analysis, stage, changed)
    return LogAnalyzer(Config(llm={"provider": "local"})).analyze(list(inputs), **options)


def fire(results):
    """Return the finding in line 2,001 of app.log."""
    (found,) = (entry for entry in results.anomalies if entry["line_number"] == 2001)
    return found


def add_up(results):
    summary = results.summary
    assert summary["records"] == sum(entry["records"] for entry in summary["input_files"])
    return summary["records"]


# --- before the lines are counted


def test_what_a_file_grows_by_after_it_was_found_is_read(monkeypatch):
    results = analysed(monkeypatch, "scan_sources", grow)
    assert add_up(results) == 2900 + 2000 + 500
    assert fire(results)["log"] == FIRE
    assert results.notices == ()


def test_of_a_file_that_shrank_what_is_left_is_read(app, monkeypatch):
    left = app.read_bytes()[:1000].count(b"\n") + 1
    assert add_up(analysed(monkeypatch, "scan_sources", shrink)) == left + 500 - 1  # the cut line is no record


@pytest.mark.parametrize("stage", ["prepare", "scan_sources"])
def test_a_file_that_is_gone_is_told_and_the_others_are_read(monkeypatch, stage):
    results = analysed(monkeypatch, stage, vanish)
    assert add_up(results) == 500
    (notice,) = results.notices
    assert notice.startswith(f"app.log: not all of it was read: {GONE}")


def test_an_only_file_that_is_gone_is_an_error_that_says_so(monkeypatch):
    with pytest.raises(InputUnreadableError, match=GONE):
        analysed(monkeypatch, "prepare", vanish, inputs=["app.log"])


# --- while the lines are counted


@pytest.mark.parametrize("change", [grow, shrink, vanish, rotate])
def test_a_file_that_changes_between_two_chunks_is_read_to_its_end_as_it_was_opened(app, monkeypatch, change):
    cut = run.cut_chunks

    def changing(stream, *args, **options):
        for number, piece in enumerate(cut(stream, *args, **options)):
            yield piece
            if number == 0:
                change(app)

    monkeypatch.setattr(run, "cut_chunks", changing)
    results = LogAnalyzer(Config(llm={"provider": "local"})).analyze(["app.log"], batch_size=100)
    assert 100 <= add_up(results) <= 4900
    assert results.summary["original_log_count"] == results.summary["processed_log_count"]


# --- between counting and the second look


def test_what_a_file_grows_by_later_changes_nothing(monkeypatch):
    results = analysed(monkeypatch, "with_lines", grow)
    assert add_up(results) == 3400
    assert fire(results)["log"] == FIRE
    assert results.notices == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (shrink, CHANGED),
        (copy_and_truncate, CHANGED),
        (rotate, CHANGED),
        (vanish, GONE),
        pytest.param(replace_by_pipe, "cannot open 'app.log'", marks=posix),
    ],
)
def test_lines_that_are_no_longer_there_are_missing_and_told_and_no_others_stand_for_them(monkeypatch, change, why):
    results = analysed(monkeypatch, "with_lines", change)
    assert add_up(results) == 3400
    found = fire(results)
    assert (found["log"], found["context"]["before"], found["context"]["after"]) == ("", [], [])
    (notice,) = results.notices
    assert notice.startswith(f"app.log: not all of it was read: {why}")


# --- what is no file


@posix
def test_a_socket_or_device_that_is_an_input_is_an_error_and_not_waited_for():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for given in ("socket", os.devnull):
            with pytest.raises(InputUnreadableError, match="a socket or device, not a file"):
                find_sources([given])


@posix
def test_a_ring_of_links_is_an_error_for_an_input_and_skipped_in_folders():
    Path("logs").mkdir()
    Path("logs/a.log").write_bytes(lines(0, 50))
    Path("logs/one.log").symlink_to("two.log")
    Path("logs/two.log").symlink_to("one.log")
    for given in ("logs", "logs/*.log"):
        found = find_sources([given])
        assert [source.name for source in found.sources] == ["logs/a.log"]
        assert {entry.name for entry in found.skipped} == {"logs/one.log", "logs/two.log"}
        assert all("symbolic links" in entry.reason for entry in found.skipped)
    with pytest.raises(InputUnreadableError, match="symbolic links"):
        find_sources(["logs/one.log"])
