"""A run that is killed loses and leaves nothing: twenty kills of the command, and one at each step of writing."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

import pytest

import faulty
from loganomaly import LogAnalyzer
from loganomaly.config import Config
from loganomaly.errors import OutputError
from loganomaly.reading.spool_folder import spool_folder
from loganomaly.reports.writer import write_results

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, links and locks as on POSIX systems")

BY_TIME, BY_OPERATION = 8, 12


def log(words, lines):
    text = (f"2026-03-14 09:{n // 60:02d}:{n % 60:02d} {'ERROR' if n % 29 == 7 else 'INFO'} {words} {n}" for n in lines)
    return "\n".join(text).encode() + b"\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two sets of logs and their results, and how long a run takes in time and in operations while writing."""
    folder = tmp_path_factory.mktemp("runs")
    for name, words in (("old", "job done"), ("new", "user logged in")):
        (folder / name).mkdir()
        (folder / name / "a.log").write_bytes(log(words, range(120)))
        with tarfile.open(folder / name / "packed.tar.gz", "w:gz") as archive:
            data = log(f"{words} at", range(90))
            entry = tarfile.TarInfo("b.log")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    code, errors = command(folder, "old")
    assert code == 0, errors
    (folder / "results").rename(folder / "previous")
    began = time.monotonic()
    code, errors = command(folder, "new", before=faulty.KILLED_BEFORE, end=-1)
    took = time.monotonic() - began
    assert code == 0, errors
    (folder / "results").rename(folder / "next")
    return {
        "folder": folder,
        "old": faulty.shown(folder / "previous"),
        "new": faulty.shown(folder / "next"),
        "took": took,
        "operations": int(errors.rpartition("operations: ")[2]),
    }


def arguments(name, end=None):
    given = [] if end is None else [end]
    return [*given, "--input", name, "--input", "-", "--output", "results", "--disable-llm"]


def command(folder, name, *, before="", end=None):
    with (folder / name / "a.log").open("rb") as pipe:
        return faulty.run(folder, *arguments(name, end), before=before, stdin=pipe)


def killed_in_time(folder, *, after):
    with (
        (folder / "new" / "a.log").open("rb") as pipe,
        faulty.start(folder, *arguments("new"), stdin=pipe) as process,
    ):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=after)
        process.kill()
        process.communicate()


POINTS = [("time", part / BY_TIME) for part in range(BY_TIME)]
POINTS += [("operations", part / BY_OPERATION) for part in range(BY_OPERATION)]


@pytest.mark.parametrize(("unit", "share"), POINTS)
def test_after_a_kill_all_results_are_the_previous_or_all_are_new_and_the_next_run_cleans_up(
    runs, monkeypatch, unit, share
):
    folder = runs["folder"]
    results = folder / "results"
    write(results, runs["old"])
    if unit == "time":
        killed_in_time(folder, after=runs["took"] * share)
    else:
        code, errors = command(
            folder, "new", before=faulty.KILLED_BEFORE, end=int(runs["operations"] * (share + 0.5 / BY_OPERATION))
        )
        assert code == -9, errors
    seen = faulty.shown(results)
    assert seen == runs["old"] or faulty.same(seen, runs["new"])
    monkeypatch.chdir(folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    LogAnalyzer(Config(llm={"provider": "local"})).analyze("new").save(results)
    assert faulty.hidden(results) == []
    assert not any(path.is_symlink() for path in results.rglob("*"))
    assert list((folder / "tmp").iterdir()) == []


def write(results, contents):
    shutil.rmtree(results, ignore_errors=True)
    for name, data in contents.items():
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_bytes(data)


# --- each step of writing

OLD = {"summary.json": b"1", "anomalies.json": b"1", "files/a.summary.json": b"1", "files/gone.summary.json": b"1"}
NEW = {"summary.json": b"2", "anomalies.json": b"2", "files/a.summary.json": b"2", "files/more.summary.json": b"2"}
WRITE = f"""
from pathlib import Path
from loganomaly.reports.writer import write_results
write_results(Path("results"), {NEW!r})
"""


def killed_at(folder, step):
    """Write the new results in a run that is killed before a step; tell whether there was such a step."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", faulty.KILLED_BEFORE + WRITE, str(step)],
        cwd=folder,
        env=faulty.environment(folder),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode in {0, -9}, ended.stderr
    return ended.returncode == -9


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Return the folders in which a run was killed before the first, second ... operation, until it was not."""
    folders = []
    while True:
        folders.append(tmp_path_factory.mktemp("step"))
        write(folders[-1] / "results", OLD)
        if not killed_at(folders[-1], len(folders) - 1):
            return folders


def test_wherever_the_writing_is_killed_all_results_are_the_previous_or_all_are_new(steps):
    seen = [faulty.shown(folder / "results") for folder in steps]
    turned = seen.index(NEW)
    assert 0 < turned < len(seen) - 1
    assert seen == [OLD] * turned + [NEW] * (len(seen) - turned)


def test_wherever_the_writing_was_killed_the_next_run_puts_files_in_place_and_cleans_up(steps, tmp_path):
    for number, folder in enumerate(steps):
        results = tmp_path / str(number)
        shutil.copytree(folder / "results", results, symlinks=True)
        write_results(results, {"summary.json": b"3"}, keeping=True)
        before = faulty.shown(folder / "results")
        assert faulty.shown(results) == {**before, "summary.json": b"3"}
        assert faulty.hidden(results) == []
        assert not any(path.is_symlink() for path in results.rglob("*"))


def test_a_run_that_cleans_up_after_a_kill_may_be_killed_as_well(steps, tmp_path):
    # The last step at which the previous results are seen, when all names are links.
    full = [folder for folder in steps if faulty.shown(folder / "results") == OLD][-1]
    seen = []
    for step in range(0, len(steps), 2):
        shutil.copytree(full / "results", tmp_path / str(step) / "results", symlinks=True)
        killed_at(tmp_path / str(step), step)
        seen.append(faulty.shown(tmp_path / str(step) / "results"))
    assert seen == [OLD] * seen.count(OLD) + [NEW] * seen.count(NEW)
    assert seen.count(OLD) > 1


# --- temporary files


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_for_what_is_stored_is_its_owners_and_goes_with_the_run(temporary):
    with spool_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "loganomaly-1.spool").write_bytes(b"")
    assert list(temporary.iterdir()) == []


def test_what_a_run_that_is_under_way_stored_is_not_removed(temporary):
    with spool_folder() as first, spool_folder() as second:
        assert set(temporary.iterdir()) == {first, second}


def test_what_a_killed_run_stored_is_removed_by_the_next_one(temporary):
    left = temporary / "loganomaly-spool-0a"
    left.mkdir()
    (left / "loganomaly-1.spool").write_bytes(b"a copy of a log")
    with spool_folder() as folder:
        assert list(temporary.iterdir()) == [folder]


def test_a_folder_with_anything_else_in_it_is_not_taken_for_a_left_over(temporary):
    theirs = temporary / "loganomaly-spool-notes"
    theirs.mkdir()
    (theirs / "notes.txt").write_bytes(b"mine")
    with spool_folder():
        assert (theirs / "notes.txt").read_bytes() == b"mine"


def test_nothing_is_removed_behind_a_link_in_the_temporary_folder(temporary, tmp_path_factory):
    theirs = tmp_path_factory.mktemp("theirs")
    (theirs / "loganomaly-1.spool").write_bytes(b"theirs")
    (temporary / "loganomaly-spool-0a").symlink_to(theirs)
    with spool_folder():
        assert (theirs / "loganomaly-1.spool").exists()


def test_what_another_user_left_is_not_touched(temporary, monkeypatch):
    left = temporary / "loganomaly-spool-0a"
    left.mkdir()
    (left / "loganomaly-1.spool").write_bytes(b"theirs")
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with spool_folder():
        assert (left / "loganomaly-1.spool").exists()


def test_a_temporary_folder_that_takes_nothing_is_told_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(OutputError, match=r"cannot make a temporary folder: .*nowhere.*TMPDIR"), spool_folder():
        pass
