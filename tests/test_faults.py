"""Where a disk is full or read-only, or memory is short, a run says so in one line, and the previous results stay."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer import Exit

import faulty
from loganomaly.console import reported_errors
from loganomaly.memory import least_address_space

if sys.platform == "win32":
    pytest.skip("limits and mounts as on POSIX systems", allow_module_level=True)

OLD = {"summary.json": b"previous", "anomalies.json": b"previous"}
LINES = b"".join(
    f"2026-03-14 09:{n // 60:02d}:{n % 60:02d} {'ERROR' if n % 29 == 7 else 'INFO'} job {n} done\n".encode()
    for n in range(120)
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "app.log").write_bytes(LINES)
    (tmp_path / "results").mkdir()
    for name, data in OLD.items():
        (tmp_path / "results" / name).write_bytes(data)
    return tmp_path


def limited(name, value):
    return f"import resource\nresource.setrlimit(resource.{name}, ({value}, {value}))\n"


def is_one_error(errors):
    return errors.startswith("error: ") and errors.count("\n") == 1


# --- the disk


def test_a_limit_on_the_size_of_files_is_told_and_the_previous_results_stay(folder):
    code, errors = faulty.run(
        folder, "--input", "app.log", "--output", "results", "--disable-llm", before=limited("RLIMIT_FSIZE", 4096)
    )
    assert code == 1
    assert is_one_error(errors)
    assert "cannot write 'results/" in errors
    assert "File too large; check permissions and free space" in errors
    assert faulty.shown(folder / "results") == OLD
    assert faulty.hidden(folder / "results") == []


def test_a_pipe_that_does_not_fit_on_the_disk_is_told_and_leaves_no_part_of_it(folder):
    import random

    noise = bytes(random.Random(7).choices(b"0123456789abcdef\n", k=1 << 20))
    (folder / "noise.log").write_bytes(noise)
    with (folder / "noise.log").open("rb") as pipe:
        code, errors = faulty.run(
            folder, "--input", "-", "--output", "results", before=limited("RLIMIT_FSIZE", 4096), stdin=pipe
        )
    assert code == 1
    assert is_one_error(errors)
    assert "cannot store '<stdin>'" in errors
    assert "free space there, or name another folder in TMPDIR" in errors
    assert faulty.shown(folder / "results") == OLD
    assert list((folder / "tmp").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_shown_is_told_after_the_results_are_written(folder):
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "loganomaly", "--input", "app.log", "--output", "results", "--disable-llm"],
            cwd=folder,
            env=faulty.environment(folder),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert is_one_error(ended.stderr)
    assert "cannot write to standard output: No space left on device" in ended.stderr
    assert "the results are written: results/anomalies.json" in ended.stderr
    assert json.loads((folder / "results" / "summary.json").read_bytes())["processed_log_count"] == 120


# Runs in a mount namespace of its own, so that nothing stays mounted; prints what is left of the results as JSON.
ON_ITS_OWN_DISK = """
import json, os, subprocess, sys
from pathlib import Path
old, options, free, read_only = json.loads(sys.argv.pop(1))
subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", "results"], check=True)
results = Path("results")
for name, text in old.items():
    (results / name).write_text(text)
if free is not None:
    fill = results / "fill"
    with fill.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            pass
        file.truncate(max(0, file.tell() - free))
if read_only:
    subprocess.run(["mount", "-o", "remount,bind,ro", "results"], check=True)
def left():
    found = {path.relative_to(results).as_posix(): path.read_text() for path in results.rglob("*") if path.is_file()}
    found.pop("fill", None)
    return found
"""
RUN_THERE = """
try:
    main()
except SystemExit as ended:
    print(json.dumps({"code": ended.code, "left": left(), "hidden": [str(path) for path in results.rglob(".*")]}))
"""
WRITE_THERE = """
from loganomaly.errors import OutputError
from loganomaly.reports.writer import write_results
new = {"summary.json": b"s" * 9000, "anomalies.json": b"a" * 20000, "files/a.summary.json": b"f" * 5000}
outcomes = []
while True:
    try:
        write_results(results, new)
    except OutputError as error:
        outcomes.append([str(error), left(), [path.name for path in results.rglob(".*")]])
        with (results / "fill").open("rb+") as file:
            size = file.seek(0, 2)
            file.truncate(max(0, size - 4096))
        if not size:
            break
    else:
        break
print(json.dumps({"outcomes": outcomes, "left": left()}))
"""


@functools.cache
def _namespaces():
    """Return how to run a command that may mount; None where nobody may."""
    for command in (["unshare", "-m"], ["unshare", "-rm"]):
        try:
            tried = subprocess.run(
                [*command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
            )
        except OSError:
            return None
        if tried.returncode == 0:
            return command
    return None


def on_its_own_disk(folder, code, *args, options="size=256k", free=None, read_only=False):
    """Run code with the results on a small disk, and return what it printed last and its standard error."""
    command = _namespaces()
    if command is None:
        pytest.skip("nothing may be mounted here")
    old = {name: data.decode() for name, data in OLD.items()}
    ended = subprocess.run(
        [*command, sys.executable, "-P", "-c", code, json.dumps([old, options, free, read_only]), *args],
        cwd=folder,
        env=faulty.environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1]), ended.stderr


def there(folder, **options):
    """Run the command with its results on a disk of their own."""
    code = ON_ITS_OWN_DISK + "from loganomaly.cli import main\n" + RUN_THERE
    return on_its_own_disk(folder, code, "--input", "app.log", "--output", "results", "--disable-llm", **options)


def test_a_full_disk_is_told_and_the_previous_results_stay(folder):
    told, errors = there(folder, free=24 << 10)
    assert told == {"code": 1, "left": {name: data.decode() for name, data in OLD.items()}, "hidden": []}
    assert is_one_error(errors)
    assert "No space left on device; check permissions and free space, or choose another output folder" in errors


def test_a_disk_that_is_full_from_the_first_byte_is_told_before_the_work(folder):
    told, errors = there(folder, free=0)
    assert told["code"] == 1
    assert told["left"] == {name: data.decode() for name, data in OLD.items()}
    assert is_one_error(errors)
    assert "cannot write 'results': No space left on device" in errors


def test_a_read_only_disk_is_told_and_the_previous_results_stay(folder):
    told, errors = there(folder, read_only=True)
    assert told == {"code": 1, "left": {name: data.decode() for name, data in OLD.items()}, "hidden": []}
    assert is_one_error(errors)
    assert "cannot write 'results': Read-only file system" in errors


@pytest.mark.parametrize("options", ["size=128k", "size=1m,nr_inodes=8", "size=1m,nr_inodes=14"])
def test_wherever_the_disk_is_full_while_results_are_written_the_previous_ones_stay(folder, options):
    told, _ = on_its_own_disk(folder, ON_ITS_OWN_DISK + WRITE_THERE, options=options, free=0)
    assert len(told["outcomes"]) > 1 or "nr_inodes" in options
    for error, left, hidden in told["outcomes"]:
        assert "No space left on device" in error
        assert left == {name: data.decode() for name, data in OLD.items()}
        assert hidden == []


# --- memory


@pytest.mark.parametrize("megabytes", [200, 400, 800, 1200, 1600, 2000])
def test_a_limit_on_memory_that_is_too_low_is_told_before_anything_is_loaded(folder, megabytes):
    code, errors = faulty.run(
        folder, "--input", "app.log", "--output", "results", before=limited("RLIMIT_AS", megabytes << 20)
    )
    assert code == 1
    assert is_one_error(errors)
    assert f"may use {megabytes:,} MiB of address space, and it needs at least" in errors
    assert f"(ulimit -v {least_address_space() >> 10})" in errors
    assert faulty.shown(folder / "results") == OLD


def test_an_analysis_within_the_least_memory_is_done(folder):
    code, errors = faulty.run(
        folder,
        *("--input", "app.log", "--output", "results", "--disable-llm"),
        before=limited("RLIMIT_AS", least_address_space()),
    )
    assert (code, errors) == (0, "")
    assert json.loads((folder / "results" / "summary.json").read_bytes())["processed_log_count"] == 120


# What the process may take is bounded when the libraries are loaded and the work begins.
SHORT_LATER = """
import sys
more = int(sys.argv.pop(1)) << 20
import loganomaly.file_analysis as work
begin = work.scan_sources
def bounded(*args, **options):
    import resource
    from pathlib import Path
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))
    return begin(*args, **options)
work.scan_sources = bounded
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell how much memory is used")
@pytest.mark.parametrize("megabytes", [0, 8, 64])
def test_memory_that_runs_out_in_the_middle_damages_nothing(folder, megabytes):
    (folder / "app.log").write_bytes(LINES * 2000)
    code, errors = faulty.run(
        folder, megabytes, "--input", "app.log", "--output", "results", "--disable-llm", before=SHORT_LATER
    )
    assert code != 0
    assert "Traceback" not in errors
    assert faulty.shown(folder / "results") == OLD
    assert faulty.hidden(folder / "results") == []


class PanicException(BaseException):
    __module__ = "pyo3_runtime"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "error: out of memory"),
        (RuntimeError("can't start new thread"), "error: the system gives this process no more threads"),
        (PanicException("could not spawn threads"), "error: unexpected PanicException: could not spawn threads"),
    ],
)
def test_what_memory_and_libraries_fail_with_is_one_error(capsys, error, told):
    with pytest.raises(Exit) as ended, reported_errors(verbose=False):
        raise error
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err.startswith(told)
