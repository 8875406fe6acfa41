"""Analyses on a Dask cluster: a real scheduler and workers on this machine; the same results, and faults."""

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import distributed
import fsspec
import numpy as np
import polars as pl
import pytest
from distributed import LocalCluster, versions

import faulty
import object_storage
from loganomaly import LogAnalyzer
from loganomaly.behaviours.rule import BehaviourRule
from loganomaly.cluster import connection, fetching, scanning, tasks, work
from loganomaly.cluster.address import read_address
from loganomaly.cluster.moved import moved
from loganomaly.cluster.spans import spans_of
from loganomaly.cluster.tasks import SourceWork
from loganomaly.config import Config, load_config
from loganomaly.errors import ClusterError, UnavailableError, UsageError
from loganomaly.floods import FloodSettings
from loganomaly.profile_tables import table_schemas
from loganomaly.reading.detect import detect
from loganomaly.reading.places import open_window
from loganomaly.reading.records import read_records
from loganomaly.reading.seams import find_seam
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import Source
from loganomaly.redaction.pseudonyms import Pseudonymizer
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.search import Search
from loganomaly.scan.sessions import SessionKeys
from test_own_code import importing
from test_same_findings import (
    burst,
    flood,
    heartbeat,
    json_line,
    odd,
    plain,
    said,
    second_of,
    spaced,
    stamp,
    steady,
    syslog,
    text_of,
)

QUIET = Config(llm={"provider": "local"})
SMALL = 6_000  # bytes of a part, so that a small log has many


def events(seconds=900, *, seed=5, parts=(steady, odd, flood, burst, heartbeat)):
    order = random.Random(seed)
    return sorted((event for part in parts for event in part(order, seconds)), key=second_of)


def traces(order, count=400):
    """Yield the lines of records with traces of any length, so that many go over any cut."""
    for number in range(count):
        yield f"{stamp(number)} ERROR [shop] order {number} failed"
        yield "java.lang.IllegalStateException: no stock"
        yield from [f"\tat shop.Cart.step{k}(Cart.java:{k})" for k in range(order.randrange(1, 120))]
        yield f"{stamp(number)} INFO [shop] order {number} is retried"


def csv_rows(order, count=3000, *, quoted):
    yield "timestamp,level,component,message"
    for number in range(count):
        message = f"job {number} took {order.randrange(90)} ms"
        if number % quoted == 7:
            message = f'"job {number} failed:\nno space left on device\n2026-03-14T09:00:00Z,ERROR,db,really"'
        yield f"{stamp(number)},{'ERROR' if 'failed' in message else 'INFO'},db,{message}"


def logs():
    order = random.Random(7)
    usual = events()
    plains = text_of([plain(event) for event in usual]).encode()
    return {
        "plain.log": plains,
        "spaced.log": text_of([spaced(event) for event in usual]).encode(),
        "json.log": text_of([json_line(event) for event in usual]).encode(),
        "syslog.log": text_of([syslog(event) for event in usual]).encode(),
        "packed.log.gz": gzip.compress(plains),
        "traces.log": text_of(traces(order)).encode(),
        "rows.csv": text_of(csv_rows(order, quoted=10**6)).encode(),
        "rows-over-lines.csv": text_of(csv_rows(order, quoted=40)).encode(),
        "rare-rows-over-lines.csv": text_of(csv_rows(order, 6000, quoted=2000)).encode(),
        "marked.log": b"\xef\xbb\xbf" + plains,
        "coloured.log": plains[:30_000] + plains[30_000:].replace(b"INFO", b"\x1b[32mINFO\x1b[0m"),
        "no-end.log": plains[:-1],
        "long-record.log": plains[:30_000] + b"\n" + b"  and on\n" * 9000 + plains,
    }


@pytest.fixture(scope="module")
def server():
    with object_storage.serving() as (endpoint, client), pytest.MonkeyPatch.context() as patch:
        for name, value in object_storage.environment(endpoint).items():
            patch.setenv(name, value)
        fsspec.filesystem("s3").clear_instance_cache()
        yield client


@pytest.fixture
def bucket(server):
    """Return what writes objects into an empty bucket, and removes some."""
    for entry in server.list_objects_v2(Bucket=object_storage.BUCKET).get("Contents", []):
        server.delete_object(Bucket=object_storage.BUCKET, Key=entry["Key"])

    def put(objects, *, without=()):
        for name, data in objects.items():
            server.put_object(Bucket=object_storage.BUCKET, Key=name, Body=data)
        for name in without:
            server.delete_object(Bucket=object_storage.BUCKET, Key=name)

    return put


@pytest.fixture(scope="module")
def cluster(server):
    assert server  # whose address the workers inherit
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=100
    ) as running:
        yield running


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(scanning, "SPAN_BYTES", SMALL)


def on_workers(running, code):
    """Run code in each worker process."""
    with distributed.Client(running, set_as_default=False) as client:
        client.run(exec, code, {})


# --- what workers are given


@pytest.mark.parametrize("text", ["local:0", "local", "10.0.0.7", "http://10.0.0.7:8786", "tcp://10.0.0.7", ""])
def test_what_names_no_cluster_is_an_error(text):
    with pytest.raises(UsageError, match=r"expected the address of a Dask scheduler, such as tcp://10.0.0.7:8786"):
        read_address(text)


def test_many_more_workers_than_cores_are_an_error_that_says_how_many_make_sense(monkeypatch):
    monkeypatch.setattr("loganomaly.scan.run.cores", lambda: 4)
    assert read_address("local:32").workers == 32
    with pytest.raises(UsageError, match=r"'local:33', but 4 cores are all .* give local:4, or at most local:32"):
        read_address("local:33")


def test_a_missing_package_is_an_error_with_the_command_that_installs_it(monkeypatch, tmp_path):
    from importlib import metadata

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with (
        pytest.raises(UnavailableError, match=r"pip install 'loganomaly\[cluster\]'"),
        connection.connected("local:1", folder=tmp_path),
    ):
        pass


def test_lines_that_come_later_are_counted_as_if_they_had_been_scanned_there():
    rules = (
        BehaviourRule(name="often", type="count", pattern="took", threshold=3),
        BehaviourRule(name="many", type="distinct_count", field="component", threshold=2),
    )
    for write in (plain, json_line, syslog):
        text = text_of([write(event) for event in events(300)]).encode()
        tables = detect(text).tables()
        data = np.frombuffer(text, np.uint8)
        search = Search(floods=FloodSettings(window_size=50), leaks=LeakSearch(), behaviours=rules)
        first = scan(Chunk(source=3, data=data, offset=77), tables, search=search).profile
        later = scan(Chunk(source=3, data=data, offset=77, first_line=1234), tables, search=search).profile
        shifted = moved(first, 1234)
        for name in table_schemas():
            assert getattr(shifted, name).equals(getattr(later, name)), name
        assert shifted.floods.found.equals(later.floods.found)
        for one, other in zip(shifted.floods.pieces, later.floods.pieces, strict=True):
            assert (one.first_line, one.end_line) == (other.first_line, other.end_line)
            assert (one.head.line == other.head.line).all()
            assert (one.tail.line == other.tail.line).all()


def test_every_column_of_lines_is_moved():
    from loganomaly.cluster.moved import _LINES

    of_lines = {
        name: tuple(column for column in schema if column.endswith(("_line", "_place")) or column == "place")
        for name, schema in table_schemas().items()
    }
    assert {name: columns for name, columns in of_lines.items() if columns} == _LINES


@pytest.mark.parametrize("name", [name for name in logs() if name not in {"packed.log.gz", "coloured.log"}])
def test_a_part_begins_where_a_record_does(tmp_path, name):
    data = logs()[name]
    (tmp_path / name).write_bytes(data)
    (source,) = find_sources([str(tmp_path / name)]).sources
    tables = detect(data[:262_144]).tables()
    columns, rows, _ = read_records(np.frombuffer(data, np.uint8), tables)
    starts = set(columns[2][:rows].tolist())
    found = []
    with open_window(source.path, None) as window:
        for begin in range(0, len(data), 7001):
            seam = find_seam(window, begin, begin + 7001, tables)
            found += [] if seam.start is None else [seam.start]
    assert set(found) <= starts
    assert name == "rows-over-lines.csv" or len(found) > 5


def test_what_can_only_be_read_as_a_whole_is_one_part(tmp_path):
    for name, data in logs().items():
        (tmp_path / name).write_bytes(data)
    parts = {Path(s.name).name: len(spans_of(s, size=SMALL)) for s in find_sources([str(tmp_path)]).sources}
    assert parts["packed.log.gz"] == 0
    assert parts["plain.log"] > 5


def test_nothing_that_is_sent_shows_its_contents_where_it_is_logged():
    key = b"a key that nobody may see 0123456789"
    work = Search(
        floods=FloodSettings(),
        sessions=SessionKeys(),
        leaks=LeakSearch(pseudonyms=Pseudonymizer(key)),
        behaviours=(),
        rules=None,
    )
    source = Source(name="a", path=Path("a"), compression="none", encoding="utf-8", size=1, modified=0.0)
    sent = SourceWork(number=0, source=source, tables=detect(b"x\n").tables(), head=b"hunter2x")
    assert "nobody may see" not in repr(work) + repr(work.leaks)
    assert "hunter2x" not in repr(sent)


def test_storages_and_clusters_are_spoken_to_in_few_places():
    assert importing({"fsspec"}) == {"reading/urls.py"}
    assert importing({"dask", "distributed"}) == {
        "cluster/connection.py",
        "cluster/scanning.py",
        "cluster/work.py",
    }


# --- the same results


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", logs())
def test_a_cluster_says_what_one_machine_says(cluster, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(logs()[name])
    analyzer = LogAnalyzer(QUIET)
    assert said(analyzer.analyze(path, cluster=cluster.scheduler_address)) == said(analyzer.analyze(path))


def test_many_files_of_any_kind_with_settings_of_their_own_in_parts_of_any_size(cluster, tmp_path, monkeypatch):
    for name in ("syslog.log", "json.log", "traces.log", "packed.log.gz", "rare-rows-over-lines.csv"):
        (tmp_path / name).write_bytes(logs()[name])
    own = load_config(overrides={"llm.provider": "local", "detectors.rolling_window.window_size": 60})
    abroad = load_config(
        overrides={"llm.provider": "local", "reading.timezone": "America/New_York", "reading.year": 2024}
    )
    analyzer = LogAnalyzer(own, file_configs={"sys*.log": abroad, "json.log": QUIET})
    whole = analyzer.analyze(tmp_path)
    for size, batch_size in ((9001, None), (70_001, 100)):
        monkeypatch.setattr(scanning, "SPAN_BYTES", size)
        got = analyzer.analyze(tmp_path, cluster=cluster.scheduler_address, batch_size=batch_size)
        assert said(got) == said(whole)
        assert got.files.keys() == whole.files.keys()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("workers", [1, 2])
def test_processes_on_this_machine_say_the_same_and_are_gone_afterwards(tmp_path, workers):
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"])
    analyzer = LogAnalyzer(QUIET)
    told, before = [], children()
    got = analyzer.analyze(path, cluster=f"local:{workers}", progress=lambda *step: told.append(step))
    assert said(got) == said(analyzer.analyze(path))
    assert [done for stage, done, _ in told if stage == "scan"][-1] == path.stat().st_size
    assert children() == before


@pytest.mark.usefixtures("small")
def test_a_relative_path_is_read_by_workers_that_are_elsewhere(cluster, tmp_path, monkeypatch):
    (tmp_path / "app.log").write_bytes(logs()["plain.log"])
    monkeypatch.chdir(tmp_path)
    assert LogAnalyzer(QUIET).analyze("app.log", cluster=cluster.scheduler_address).notices == ()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["plain.log", "marked.log", "coloured.log"])
def test_who_fetches_lines_is_told_up_to_where_there_is_no_escape_sequence(cluster, tmp_path, monkeypatch, name):
    """Else it would look for one in all that stands before them."""
    text = logs()[name].removeprefix(b"\xef\xbb\xbf")
    path = tmp_path / name
    path.write_bytes(logs()[name])
    sent = []

    def noted(opened):
        sent.append(scanning.work_on(opened))
        return sent[-1]

    monkeypatch.setattr(fetching, "work_on", noted)
    LogAnalyzer(QUIET).analyze(path, cluster=cluster.scheduler_address)
    first = text.find(b"\x1b")
    (clean,) = {work.source.memo.clean for work in sent}
    assert first - SMALL < clean <= first if first > 0 else clean == path.stat().st_size


@pytest.mark.parametrize(("encoding", "pack"), [("utf-16", bytes), ("utf-8", gzip.compress)])
def test_lines_of_what_is_read_from_its_start_are_fetched_by_few_tasks_of_bounded_size(
    cluster, tmp_path, monkeypatch, encoding, pack
):
    path = tmp_path / "app.log"
    path.write_bytes(pack(logs()["plain.log"].decode().encode(encoding)))
    fetched = []
    submit = work.Cluster.submit

    def noted(self, task, *args, **options):
        if task is tasks.fetch:
            fetched.append(len(args[1]))
        return submit(self, task, *args, **options)

    monkeypatch.setattr(work.Cluster, "submit", noted)
    monkeypatch.setattr(fetching, "_PLACES", 1)
    monkeypatch.setattr(fetching, "_IN_ONE_GO", 3)
    analyzer = LogAnalyzer(QUIET)
    got = analyzer.analyze(path, cluster=cluster.scheduler_address)
    assert max(fetched) == 3
    assert said(got) == said(analyzer.analyze(path))


@pytest.mark.usefixtures("small")
def test_logs_in_a_storage_are_read_by_the_workers(cluster, tmp_path, bucket):
    contents = {"a/plain.log": logs()["plain.log"], "a/old/packed.log.gz": logs()["packed.log.gz"]}
    bucket(contents)
    for name, data in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    analyzer = LogAnalyzer(QUIET)
    there = analyzer.analyze("s3://logs/a", cluster=cluster.scheduler_address)
    here = analyzer.analyze("s3://logs/a")
    assert said(there) == said(here)
    assert there.anomalies
    assert len(there.anomalies) == len(analyzer.analyze(tmp_path / "a").anomalies)


# --- faults


def kill_workers(running, *, after, times=1):
    """Return a progress function that kills a worker process once so many parts are done, and a list of when it did."""
    seen, killed = [], []

    def progress(stage, *_):
        if stage != "scan":
            return
        seen.append(stage)
        if len(seen) >= after and len(seen) < after + times:
            workers = [worker for worker in running.workers.values() if worker.process is not None]
            os.kill(random.Random(len(seen)).choice(workers).process.pid, signal.SIGKILL)
            killed.append(len(seen))

    return progress, killed


@pytest.mark.usefixtures("small")
def test_workers_that_are_killed_in_the_middle_cost_nothing_but_time(cluster, tmp_path):
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"] * 4)
    analyzer = LogAnalyzer(QUIET)
    progress, killed = kill_workers(cluster, after=8, times=2)
    got = analyzer.analyze(path, cluster=cluster.scheduler_address, progress=progress)
    assert len(killed) == 2
    assert said(got) == said(analyzer.analyze(path))
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)


@pytest.fixture
def spoilt(cluster):
    """Return what puts some code in the place of a function in the workers; it is mended afterwards."""
    mends = []

    def spoil(where, name, code):
        mends.append(f"import {where} as where\nwhere.{name} = where._kept")
        on_workers(cluster, f"import {where} as where\nwhere._kept = kept = where.{name}\n{code}\nwhere.{name} = new")

    yield spoil
    for mend in mends:
        on_workers(cluster, mend)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("def new(*_, **__): raise MemoryError", r"a worker ran out of memory on '.*plain.log' from byte [\d,]+ on"),
        ("def new(*_, **__): raise ZeroDivisionError('oh')", r"a worker failed on '.*plain.log' .*ZeroDivisionError"),
    ],
)
def test_a_worker_that_fails_is_an_error_that_names_the_input(cluster, tmp_path, spoilt, code, match):
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"])
    spoilt("loganomaly.cluster.tasks", "scan", code)
    with pytest.raises(ClusterError, match=match):
        LogAnalyzer(QUIET).analyze(path, cluster=cluster.scheduler_address)


@pytest.fixture
def spoilt_from_the_start(tmp_path, monkeypatch):
    """Return what has each worker process that starts from now on run code before it loads what its tasks are."""
    folder = tmp_path / "spoil"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{faulty.SOURCE}")

    def spoil(code):
        (folder / "sitecustomize.py").write_text(
            "import sys\n"
            "class Spoil:\n"
            "    def find_spec(self, name, *_):\n"
            "        if name == 'loganomaly.cluster.tasks' and 'distributed' in sys.modules:\n"
            f"            exec({code!r}, {{'FOLDER': {str(folder)!r}}})\n"
            "sys.meta_path.insert(0, Spoil())\n"
        )

    return spoil


@pytest.mark.usefixtures("small")
def test_a_part_that_kills_every_worker_is_an_error_that_names_it(tmp_path, spoilt_from_the_start):
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"])
    # Each worker process ends where it scans, as one does that the system kills for want of memory.
    spoilt_from_the_start("import os, loganomaly.scan.chunk as chunk\nchunk.scan = lambda *_, **__: os._exit(9)\n")
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=":0",
            silence_logs=100,
            scheduler_kwargs={"allowed_failures": 0},
        ) as running,
        pytest.raises(ClusterError, match=r"workers died again and again .* on '.*plain.log' from byte"),
    ):
        LogAnalyzer(QUIET).analyze(path, cluster=running.scheduler_address)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_that_die_while_they_merge_or_fetch_cost_nothing_but_time(tmp_path, spoilt_from_the_start, workers):
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"] * 2)
    spoilt_from_the_start(
        "import os, pathlib, loganomaly.cluster.moved as moved, loganomaly.extract as extract\n"
        "def once(where, name):\n"
        "    kept, mark = getattr(where, name), pathlib.Path(FOLDER) / (name + '.died')\n"
        "    def new(*args, **options):\n"
        "        if not mark.exists():\n"
        "            mark.touch()\n"
        "            os._exit(9)\n"
        "        return kept(*args, **options)\n"
        "    setattr(where, name, new)\n"
        "once(moved, 'moved')\n"
        "once(extract, 'excerpts_if_unchanged')\n"
    )
    analyzer = LogAnalyzer(QUIET)
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=100
    ) as running:
        got = analyzer.analyze(path, cluster=running.scheduler_address)
    assert said(got) == said(analyzer.analyze(path))
    assert {mark.name for mark in tmp_path.glob("spoil/*.died")} == {"moved.died", "excerpts_if_unchanged.died"}


def test_a_file_that_workers_do_not_see_is_an_error_that_says_what_they_need(cluster, tmp_path, spoilt):
    path = tmp_path / "unseen.log"
    path.write_bytes(logs()["plain.log"])
    spoilt(
        "pathlib",
        "Path.stat",
        "def new(self, kept=kept, **options):\n"
        "    if self.name == 'unseen.log':\n"
        "        raise FileNotFoundError(2, 'No such file')\n"
        "    return kept(self, **options)",
    )
    with pytest.raises(ClusterError, match=r"does not see '.*unseen.log', .*under the same path"):
        LogAnalyzer(QUIET).analyze(path, cluster=cluster.scheduler_address)


def test_a_file_of_the_same_name_on_another_disk_is_not_taken_for_it(cluster, tmp_path, spoilt):
    path = tmp_path / "syslog.log"
    path.write_bytes(logs()["syslog.log"])
    spoilt("loganomaly.cluster.tasks", "read_head", "def new(source, size): return b'another machine'[:size]")
    with pytest.raises(ClusterError, match=r"does not see '.*syslog.log', or another file of that name"):
        LogAnalyzer(QUIET).analyze(path, cluster=cluster.scheduler_address)


def joining(running, code):
    """Return a progress function that starts a worker in which code has run, once the scan is under way."""
    begun = []

    def progress(stage, *_):
        if stage == "scan" and not begun:
            begun.append(True)
            running.scale(2)
            with distributed.Client(running, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=60)
                (there,) = [address for address in client.nthreads() if address not in known]
                client.run(exec, code, {}, workers=[there])

    known = set(running.scheduler_info["workers"])
    return progress


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("import distributed.versions as v; v._version_cached = lambda name: '0.0.7'", r"it has .*numpy 0.0.7, here"),
        ("import loganomaly.cluster.tasks as t; t.read_head = lambda *_: b'x'", r"does not see '.*plain.log', or"),
    ],
)
def test_a_worker_that_joins_later_is_looked_at_as_well(tmp_path, code, match):
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"])
    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=100
    ) as running:
        progress = joining(running, code)
        with pytest.raises(ClusterError, match=match):
            LogAnalyzer(QUIET).analyze(path, cluster=running.scheduler_address, progress=progress)


def test_a_worker_with_another_version_is_an_error_that_names_both(cluster, tmp_path, spoilt):
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"])
    spoilt("distributed.versions", "_version_cached", "new = lambda name: '0.0.7'")
    with pytest.raises(
        ClusterError, match=r"the worker tcp://127.0.0.1:\d+ is not like this process: .*numpy 0.0.7, here"
    ):
        LogAnalyzer(QUIET).analyze(path, cluster=cluster.scheduler_address)


def test_a_scheduler_with_another_version_is_an_error_and_no_table_of_versions(tmp_path, monkeypatch, recwarn):
    (tmp_path / "app.log").write_bytes(b"x\n")

    def told(packages=None):
        said = versions.get_versions(packages)
        return said | {"packages": said["packages"] | {"loganomaly": "0.0.7"}}

    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=100
    ) as running:
        # It lies in this process, and tells who connects what it finds.
        monkeypatch.setattr(versions, "error_message", lambda *_: {"warning": "a table", "error": ""})
        running.scheduler.handlers["versions"] = told
        with pytest.raises(ClusterError, match=r"the scheduler is not like this process: it has loganomaly 0.0.7,"):
            LogAnalyzer(QUIET).analyze(tmp_path, cluster=running.scheduler_address)
    assert not [each for each in recwarn if each.category is versions.VersionMismatchWarning]


def test_a_scheduler_that_does_not_answer_is_an_error_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "_REACHED_WITHIN", 1.0)
    (tmp_path / "app.log").write_bytes(b"x\n")
    begin = time.monotonic()
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 within 1 seconds"):
        LogAnalyzer(QUIET).analyze(tmp_path, cluster="tcp://127.0.0.1:9")
    assert time.monotonic() - begin < 15


def test_a_cluster_without_workers_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "_WORKERS_WITHIN", 0.5)
    (tmp_path / "app.log").write_bytes(b"x\n")
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=":0", silence_logs=100) as empty,
        pytest.raises(ClusterError, match="has no worker that works within"),
    ):
        LogAnalyzer(QUIET).analyze(tmp_path, cluster=empty.scheduler_address)


@pytest.mark.usefixtures("small")
def test_a_cluster_that_has_lost_its_last_worker_is_an_error_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "_WORKERS_WITHIN", 1.0)
    monkeypatch.setattr(work, "_LOOK_EVERY", 0.2)
    path = tmp_path / "plain.log"
    path.write_bytes(logs()["plain.log"])
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=100
        ) as running,
        pytest.raises(ClusterError, match=r"has lost its last worker, and none has come within 1 seconds"),
    ):
        LogAnalyzer(QUIET).analyze(path, cluster=running.scheduler_address, progress=lambda *_: running.scale(0))


SCHEDULER = """
import asyncio, sys
from distributed import Nanny, Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=int(sys.argv[1]), dashboard=False) as scheduler:
        async with Nanny(scheduler.address, nthreads=1, local_directory=sys.argv[2]):
            await scheduler.finished()
if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_scheduler_that_dies_in_the_middle_is_an_error_and_nothing_else_is_written(tmp_path):
    (tmp_path / "app.log").write_bytes(logs()["plain.log"] * 100)
    (tmp_path / "scheduler.py").write_text(SCHEDULER)
    port = object_storage.free_port()
    with subprocess.Popen(
        [sys.executable, tmp_path / "scheduler.py", str(port), tmp_path / "scratch"],
        env=faulty.environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as scheduler:
        # Ended by the run itself, when its first part is done.
        before = (
            "import os, signal, loganomaly.cluster.scanning as s\n"
            "s.SPAN_BYTES = 20_000\n"
            "done = s._Scan._done\n"
            f"def end(*args): os.kill({scheduler.pid}, signal.SIGKILL); done(*args)\n"
            "s._Scan._done = end\n"
        )
        object_storage.wait_for(port)
        address = f"tcp://127.0.0.1:{port}"
        code, errors = faulty.run(
            tmp_path, "--input", "app.log", "--output", "results", "--disable-llm", "--cluster", address, before=before
        )
        scheduler.kill()
    assert (code, errors) == (
        1,
        f"error: the connection to the cluster at {address} was lost; nothing was written: run again\n",
    )
    assert not faulty.shown(tmp_path / "results")


def test_an_encrypted_cluster_without_certificates_is_an_error_that_says_where_to_name_them(tmp_path):
    (tmp_path / "app.log").write_bytes(b"x\n")
    with pytest.raises(ClusterError, match="no certificates are set for that; name them in the settings of Dask"):
        LogAnalyzer(QUIET).analyze(tmp_path, cluster="tls://127.0.0.1:9")


@pytest.mark.usefixtures("small")
def test_a_file_that_is_replaced_between_its_parts_is_told_and_counts_up_to_there(cluster, tmp_path):
    path = tmp_path / "plain.log"
    data = logs()["plain.log"] * 3
    path.write_bytes(data)
    done = []

    def replace(stage, *_):
        if stage == "scan" and not done:
            done.append(True)
            path.rename(tmp_path / "plain.log.1")
            path.write_bytes(data.replace(b"INFO", b"WARN"))

    results = LogAnalyzer(QUIET).analyze(path, cluster=cluster.scheduler_address, progress=replace)
    assert "was rotated or overwritten while it was read" in " ".join(results.notices)
    assert 0 < results.summary["records"] < data.count(b"\n")


@pytest.mark.usefixtures("small")
def test_an_object_that_is_changed_between_its_parts_is_told(cluster, bucket):
    data = logs()["plain.log"] * 3
    bucket({"app.log": data, "same.log": logs()["json.log"]})
    done = []

    def replace(stage, *_):
        if stage == "scan" and not done:
            done.append(True)
            bucket({"app.log": data.replace(b"INFO", b"WARN")})

    inputs = ["s3://logs/app.log", "s3://logs/same.log"]
    results = LogAnalyzer(QUIET).analyze(inputs, cluster=cluster.scheduler_address, progress=replace)
    (notice,) = results.notices
    assert notice.startswith("s3://logs/app.log: not all of it was read: ")
    assert "it was changed after it was found" in notice


@pytest.mark.usefixtures("small")
def test_an_object_that_is_gone_costs_nothing_but_itself(cluster, bucket):
    bucket({"app.log": logs()["plain.log"], "gone.log": logs()["json.log"]})
    done = []

    def remove(stage, *_):
        if stage == "scan" and not done:
            done.append(True)
            bucket({}, without=["gone.log"])

    results = LogAnalyzer(QUIET).analyze(
        ["s3://logs/app.log", "s3://logs/gone.log"], cluster=cluster.scheduler_address, progress=remove
    )
    (notice,) = results.notices
    assert "s3://logs/gone.log" in notice
    assert "there is no such object" in notice


def test_what_a_cluster_cannot_do_is_an_error(tmp_path):
    (tmp_path / "app.log").write_bytes(b"x\n")
    with pytest.raises(UsageError, match="max_logs with a cluster"):
        LogAnalyzer(QUIET).analyze(tmp_path, cluster="local:1", max_logs=1)
    with pytest.raises(UsageError, match="a frame lies in the memory of this process"):
        LogAnalyzer(QUIET).analyze(pl.DataFrame({"log": ["x"]}), cluster="local:1")


# --- the command


def children(of=None):
    """Return the process ids of all descendants of a process, this one unless given."""
    import psutil

    # Python's own, which keeps account of locks, stays as long as the process does.
    return {
        process.pid
        for process in psutil.Process(of).children(recursive=True)
        if not any("resource_tracker" in word for word in process.cmdline())
    }


def wait_until(there, *, seconds):
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_command_writes_the_same_results_with_the_same_pseudonyms(tmp_path, monkeypatch):
    (tmp_path / "app.log").write_bytes(logs()["plain.log"])
    (tmp_path / "key.yaml").write_text("leaks: {key_env: LOG_KEY}")
    monkeypatch.setenv("LOG_KEY", "a key that nobody may see 0123456789")
    options = ("--input", "app.log", "--disable-llm", "--config", "key.yaml")
    for name, more in (("here", ()), ("there", ("--cluster", "local:1"))):
        assert faulty.run(tmp_path, *options, "--output", name, *more) == (0, "")
    here, there = (faulty.shown(tmp_path / name) for name in ("here", "there"))
    assert faulty.same(here, there)
    assert b"password-" in there["leaks.json"]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_no_process_and_no_results(tmp_path, how):
    (tmp_path / "app.log").write_bytes(logs()["plain.log"] * 100)
    options = ("--input", "app.log", "--output", "results", "--disable-llm")
    before = (
        "import pathlib, loganomaly.cluster.scanning as s\n"
        "s.SPAN_BYTES = 20_000\n"
        "done = s._Scan._done\n"
        "def noted(*args): pathlib.Path('begun').touch(); done(*args)\n"
        "s._Scan._done = noted\n"
    )
    with faulty.start(tmp_path, *options, "--cluster", "local:2", before=before, start_new_session=True) as process:
        wait_until((tmp_path / "begun").exists, seconds=200)  # where the first part is scanned, many wait
        begun = children(process.pid)
        if how is signal.SIGINT:
            os.killpg(process.pid, how)  # as a terminal does
        else:
            process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    if how is signal.SIGINT:
        assert (process.returncode, errors) == (130, "interrupted; no results were written\n")
    assert not faulty.shown(tmp_path / "results")
    assert len(begun) >= 2
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in begun), seconds=20)
    if how is signal.SIGKILL:  # what it kept on disk goes with the next run
        assert faulty.run(tmp_path, *options, "--max-logs", "100")[0] == 0
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (("--cluster", "here"), "expected the address of a Dask scheduler"),
        (("--cluster", "local:1", "--max-logs", "5"), "max_logs with a cluster"),
        (("--cluster", "local:1", "--llm-phase", "classify"), "--cluster: without effect with --llm-phase classify"),
    ],
)
def test_wrong_options_are_errors(tmp_path, options, match):
    (tmp_path / "app.log").write_bytes(b"x\n")
    code, errors = faulty.run(tmp_path, "--input", "app.log", "--output", "results", "--disable-llm", *options)
    assert code == 2
    assert match in errors
