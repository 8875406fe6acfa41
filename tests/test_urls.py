"""Inputs by URL: what they stand for, that they give what files give, and what is said when a storage fails."""

import contextlib
import gzip
import http.server
import io
import re
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import fsspec
import pytest

import object_storage
from loganomaly import LogAnalyzer, file_analysis
from loganomaly.config import Config
from loganomaly.errors import InputMissingError, InputUnreadableError, NoLogsError, UnavailableError, UsageError
from loganomaly.reading import object_file, storage
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import open_source
from loganomaly.reading.urls import is_url, opened_storage, shown_url
from loganomaly.reports.writer import to_json

QUIET = Config(llm={"provider": "local"})


def lines(count, words="job"):
    odd = {count // 2: "FATAL disk on fire", count // 3: "ERROR login password=hunter2x refused"}
    return "".join(
        f"2026-03-14 {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d} {odd.get(n, f'INFO {words} {n} done')}\n"
        for n in range(count)
    ).encode()


def said(results):
    """Return what is said of logs, but when, how long it took, and the folder or storage that they are in."""
    summary = {key: results.summary[key] for key in results.summary.keys() - {"stages", "filename"}}
    text = b"".join(to_json(each) for each in (summary, results.anomalies, results.template_file))
    return re.sub(rb'"[^"\n]*/([^"\n/]+\.log[.gz]*)"', rb'"\1"', text).decode()


@pytest.fixture(scope="module")
def server():
    with object_storage.serving() as (endpoint, client):
        yield endpoint, client


@pytest.fixture
def bucket(server, monkeypatch):
    endpoint, client = server
    for name, value in object_storage.environment(endpoint).items():
        monkeypatch.setenv(name, value)
    for entry in client.list_objects_v2(Bucket=object_storage.BUCKET).get("Contents", []):
        client.delete_object(Bucket=object_storage.BUCKET, Key=entry["Key"])
    fsspec.filesystem("s3").clear_instance_cache()

    def put(**objects):
        for name, data in objects.items():
            client.put_object(Bucket=object_storage.BUCKET, Key=name, Body=data)

    return put


@pytest.fixture
def memory():
    store = fsspec.filesystem("memory")
    store.store.clear()
    yield store
    store.store.clear()


def names(*inputs, **options):
    return [source.name for source in find_sources(inputs, **options).sources]


def test_a_url_is_told_from_a_path():
    assert is_url("s3://logs/app.log")
    assert not is_url("logs/app.log")
    assert not is_url("C:\\logs\\app.log")


def test_no_password_and_no_signature_of_a_url_is_shown():
    assert shown_url("https://ada:hunter2@host.example/a.log?X-Signature=abc") == "https://host.example/a.log"
    assert shown_url("s3://logs/what?.log") == "s3://logs/what?.log"
    assert shown_url("HTTPS://ada:hunter2@host.example/a.log") == "HTTPS://host.example/a.log"
    assert shown_url("https://ada:hun@ter2@host.example/a@b.log") == "https://host.example/a@b.log"


def test_no_password_and_no_signature_of_a_url_is_told(web, tmp_path):
    address, _ = web
    (tmp_path / "blank.log").write_bytes(b"\n\n")
    (tmp_path / "app.log").write_bytes(lines(50))
    secret = address.replace("://", "://ada:hunter2@")
    with pytest.raises(NoLogsError) as caught:
        LogAnalyzer(QUIET).analyze(f"{secret}/blank.log?signature=hunter2")
    assert "hunter2" not in str(caught.value)
    analyzed = LogAnalyzer(QUIET).analyze([f"{secret}/app.log?signature=hunter2", str(tmp_path / "app.log")])
    assert analyzed.summary["filename"] == f"{address}/app.log, {tmp_path}/app.log"


def test_objects_that_only_a_signature_tells_apart_are_numbered(web, tmp_path):
    address, _ = web
    (tmp_path / "app.log").write_bytes(lines(50))
    shown = f"{address}/app.log"
    assert names(*(f"{shown}?signature={n}" for n in range(3))) == [shown, f"{shown} (2)", f"{shown} (3)"]


def test_a_storage_is_known_in_capitals_too(memory):
    memory.pipe("/a/one.log", lines(50))
    assert names("MEMORY://a/one.log") == ["MEMORY://a/one.log"]


def test_objects_are_found_as_files_are(memory):
    for name in ("a/one.log", "a/two.log", "a/b/three.log", "a/.hidden/four.log", "a/code.py"):
        memory.pipe(f"/{name}", lines(50))
    assert names("memory://a/one.log") == ["memory://a/one.log"]
    assert [name.rpartition("/")[2] for name in names("memory://a")] == ["three.log", "one.log", "two.log"]
    assert [name.rpartition("/")[2] for name in names("memory://a/*.log")] == ["one.log", "two.log"]
    assert [name.rpartition("/")[2] for name in names("memory://a/**/*.log")] == ["three.log", "one.log", "two.log"]


def test_an_object_is_read_once_however_often_it_is_met(memory):
    memory.pipe("/a/one.log", lines(50))
    assert len(names("memory:///a/one.log", "memory://a/*.log", "memory://a")) == 1


def test_what_is_no_log_is_skipped_with_a_reason(memory):
    memory.pipe("/a/one.log", lines(50))
    memory.pipe("/a/empty.log", b"")
    (skipped,) = find_sources(["memory://a"]).skipped
    assert (skipped.name.rpartition("/")[2], skipped.reason) == ("empty.log", "empty")


@pytest.mark.parametrize("url", ["memory://none.log", "memory://none/*.log"])
@pytest.mark.usefixtures("memory")
def test_what_is_not_there_is_an_error_that_names_it(url):
    with pytest.raises(InputMissingError, match=url.replace("*", r"\*")):
        find_sources([url])


def test_an_unknown_storage_is_an_error():
    with pytest.raises(UsageError, match="no storage is called 's4'"):
        find_sources(["s4://logs/app.log"])


def test_chained_urls_are_an_error():
    with pytest.raises(UsageError, match="chains URLs"):
        find_sources(["memory://a::memory://b"])


@pytest.mark.parametrize(("url", "extra"), [("s3://logs/app.log", "s3"), ("https://logs.example/app.log", "cluster")])
def test_a_missing_package_is_an_error_with_the_command_that_installs_it(monkeypatch, url, extra):
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(UnavailableError, match=rf"pip install 'loganomaly\[{extra}\]'"):
        find_sources([url])


@pytest.mark.parametrize("packed", [False, True])
def test_an_object_gives_the_results_of_a_file(memory, tmp_path, packed):
    data = lines(20_000)
    data = gzip.compress(data) if packed else data
    path = tmp_path / "app.log"
    path.write_bytes(data)
    memory.pipe("/app.log", data)
    analyzer = LogAnalyzer(QUIET)
    assert said(analyzer.analyze("memory://app.log")) == said(analyzer.analyze(path))


def test_logs_in_s3_give_the_results_of_files(bucket, tmp_path):
    contents = {"a/app.log": lines(30_000), "a/b/old.log.gz": gzip.compress(lines(5000, "task"))}
    bucket(**contents)
    for name, data in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    analyzer = LogAnalyzer(QUIET)
    from_s3 = analyzer.analyze("s3://logs/a/**/*")
    assert said(from_s3) == said(analyzer.analyze(f"{tmp_path}/a/**/*"))
    assert [entry["name"] for entry in from_s3.summary["input_files"]] == [
        "s3://logs/a/app.log",
        "s3://logs/a/b/old.log.gz",
    ]


def test_an_archive_and_a_table_are_copied_first(memory, tmp_path):
    import tarfile

    import polars as pl

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("in/app.log")
        entry.size = len(lines(100))
        archive.addfile(entry, io.BytesIO(lines(100)))
    memory.pipe("/logs.tar.gz", packed.getvalue())
    table = io.BytesIO()
    pl.DataFrame({"log": lines(100).decode().splitlines()}).write_parquet(table)
    memory.pipe("/table.parquet", table.getvalue())
    found = names("memory://logs.tar.gz", "memory://table.parquet", spool_dir=tmp_path)
    assert [name.rpartition("//")[2].lstrip("/") for name in found] == ["logs.tar.gz!/in/app.log", "table.parquet"]
    assert (
        len(LogAnalyzer(QUIET).analyze(["memory://logs.tar.gz", "memory://table.parquet"]).summary["input_files"]) == 2
    )


# --- storages that fail


def test_an_object_is_read_in_parts_and_only_those_that_are_wanted(memory, monkeypatch):
    data = lines(200_000)
    memory.pipe("/app.log", data)
    (source,) = find_sources(["memory://app.log"]).sources
    asked = []
    read = object_file.ObjectFile._read

    def noted(self, start, end):
        asked.append(end - start)
        return read(self, start, end)

    monkeypatch.setattr(object_file.ObjectFile, "_read", noted)
    with open_source(source) as stream:
        assert stream.read() == data
    assert len(asked) > 2
    assert sum(asked) == len(data)
    asked.clear()
    source.memo.clean = len(data)
    with open_source(source) as stream:
        stream.seek(5_000_000)
        assert stream.read(1000) == data[5_000_000:5_001_000]
    assert sum(asked) < 3_000_000


def test_an_object_that_is_changed_before_it_is_read_is_told(memory, monkeypatch):
    memory.pipe("/app.log", lines(1000))
    memory.pipe("/other.log", lines(500))
    begin = file_analysis.scan_sources

    def changed(*args, **options):
        memory.pipe("/app.log", lines(1000, "task"))
        return begin(*args, **options)

    monkeypatch.setattr(file_analysis, "scan_sources", changed)
    results = LogAnalyzer(QUIET).analyze(["memory://app.log", "memory://other.log"])
    (notice,) = results.notices
    assert "app.log: not all of it was read: cannot open 'memory://" in notice
    assert "it was changed after it was found" in notice


def test_an_object_that_is_changed_after_the_scan_has_no_lines_shown(memory, monkeypatch):
    memory.pipe("/app.log", lines(1000))
    begin = file_analysis.with_lines

    def changed(*args, **options):
        memory.pipe("/app.log", lines(1000)[:-7] + b"danced\n")
        return begin(*args, **options)

    monkeypatch.setattr(file_analysis, "with_lines", changed)
    results = LogAnalyzer(QUIET).analyze("memory://app.log")
    assert results.anomalies
    assert {entry["log"] for entry in results.anomalies} == {""}
    assert "it was changed after it was found" in results.notices[0]


def test_an_object_that_is_changed_while_it_is_read_is_told(memory):
    memory.pipe("/app.log", lines(100_000))
    (source,) = find_sources(["memory://app.log"]).sources
    with open_source(source) as stream:
        stream.read(100)
        time.sleep(0.01)
        memory.pipe("/app.log", lines(100_000, "task")[: source.size])
        with pytest.raises(InputUnreadableError, match="it was changed after it was found"):
            stream.read()


def test_an_archive_that_is_changed_before_it_is_copied_is_told(memory):
    memory.pipe("/app.tar", b"one")
    (met,) = storage.find_objects("memory://app.tar")
    memory.pipe("/app.tar", b"two")
    with pytest.raises(storage.StorageError, match="it was changed after it was found"):
        list(object_file.object_blocks(met.stored))


def test_a_stream_that_is_slow_is_not_read_by_two_at_a_time(monkeypatch):
    """The first, given up, would take a block that nobody gets."""
    over, reads = threading.Event(), []

    class Slow(io.BytesIO):
        def read(self, size=-1):
            reads.append(size)
            over.wait(20)
            return super().read(size)

    web = SimpleNamespace(open=lambda *_, **__: Slow(lines(50)))
    monkeypatch.setattr(object_file, "opened_storage", lambda url: (web, url))
    monkeypatch.setattr(storage, "_PAUSE", 0.01)
    stored = storage.StoredObject(url="https://logs.example/app.log", size=0, version=(), patience=0.05)
    with pytest.raises(storage.StorageError, match=r"did not answer within 0.05 seconds"):
        list(object_file.object_blocks(stored))
    over.set()
    assert len(reads) == 1


def test_an_object_that_is_gone_is_told(memory, monkeypatch):
    memory.pipe("/app.log", lines(1000))
    begin = file_analysis.scan_sources

    def removed(*args, **options):
        memory.rm("/app.log")
        return begin(*args, **options)

    monkeypatch.setattr(file_analysis, "scan_sources", removed)
    with pytest.raises(InputUnreadableError, match=r"app.log': there is no such object"):
        LogAnalyzer(QUIET).analyze("memory://app.log")


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_an_error_that_names_it():
    with pytest.raises(InputMissingError, match=r"s3://nowhere/app\.log"):
        find_sources(["s3://nowhere/app.log"])


@pytest.fixture
def web(tmp_path):
    """Serve tmp_path on loopback; what is asked of it is decided by the test."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        before = staticmethod(lambda _: False)

        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *_):
            pass

        def do_GET(self):
            if not Handler.before(self):
                super().do_GET()

        def do_HEAD(self):
            if not Handler.before(self):
                super().do_HEAD()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_gives_no_parts_of_files_is_read_as_a_whole(web, tmp_path):
    (tmp_path / "app.log").write_bytes(lines(30_000))
    address, _ = web
    analyzer = LogAnalyzer(QUIET)
    assert said(analyzer.analyze(f"{address}/app.log?key=hunter2x")) == said(analyzer.analyze(tmp_path / "app.log"))
    assert names(f"{address}/app.log?key=hunter2x", spool_dir=tmp_path) == [f"{address}/app.log"]


def test_a_copy_from_the_web_may_take_as_long_as_it_goes_on():
    """The client of the web gives a whole answer five minutes unless told otherwise; `asked` waits for its blocks."""
    files, _ = opened_storage("https://logs.example/app.log")
    assert files.client_kwargs["timeout"].total is None


def test_a_storage_that_is_slow_is_an_error_within_its_time(web, tmp_path, monkeypatch):
    address, handler = web
    (tmp_path / "app.log").write_bytes(lines(100))
    over = threading.Event()
    handler.before = staticmethod(lambda _: over.wait(20))
    monkeypatch.setattr(storage, "PATIENCE", 0.3)
    monkeypatch.setattr(storage, "_PAUSE", 0.01)
    begin = time.monotonic()
    try:
        with pytest.raises(InputUnreadableError, match=r"app.log': the storage did not answer within 0.3 seconds"):
            find_sources([f"{address}/app.log"])
    finally:
        over.set()
    assert time.monotonic() - begin < 10


def test_credentials_that_have_expired_are_told(web, monkeypatch):
    address, handler = web

    def expired(handler):
        body = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
        handler.send_response(400)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with contextlib.suppress(OSError):
            handler.wfile.write(body if handler.command == "GET" else b"")
        return True

    handler.before = staticmethod(expired)
    for name, value in object_storage.environment(address).items():
        monkeypatch.setenv(name, value)
    fsspec.filesystem("s3").clear_instance_cache()
    monkeypatch.setattr(storage, "_PAUSE", 0.01)
    with pytest.raises(InputUnreadableError, match=r"'s3://logs/a/\*.log': the storage refuses it .*expired"):
        find_sources(["s3://logs/a/*.log"])
    with pytest.raises(InputUnreadableError, match=r"'s3://logs/app.log': .*expired"):
        find_sources(["s3://logs/app.log"])
    fsspec.filesystem("s3").clear_instance_cache()


@pytest.mark.parametrize(
    ("status", "match", "asked"),
    [
        (403, r"cannot read '.*/app.log': the storage refuses it .*the credentials are missing, .*or have expired", 2),
        (500, r"cannot read '.*/app.log': the storage failed \(ClientResponseError: 500", 6),
    ],
)
def test_a_web_server_that_refuses_or_fails_is_not_told_as_a_missing_file(web, monkeypatch, status, match, asked):
    address, handler = web
    requests = []

    def fails(handler):
        requests.append(handler.command)
        handler.send_error(status)
        return True

    handler.before = staticmethod(fails)
    monkeypatch.setattr(storage, "_PAUSE", 0.01)
    with pytest.raises(InputUnreadableError, match=match) as caught:
        find_sources([f"{address}/app.log?signature=hunter2"])
    assert "hunter2" not in str(caught.value)
    assert len(requests) == asked  # twice each time: for the head, then for the whole


def test_a_web_server_that_is_not_there_is_not_told_as_a_missing_file(monkeypatch):
    monkeypatch.setattr(storage, "_PAUSE", 0.01)
    port = object_storage.free_port()
    with pytest.raises(InputUnreadableError, match=r"app.log': the storage failed \(ClientConnectorError: "):
        find_sources([f"http://127.0.0.1:{port}/app.log"])


def test_a_file_that_is_missing_on_the_web_is_told(web):
    address, _ = web
    with pytest.raises(InputMissingError, match=r"no such object or folder: .*/none\.log"):
        find_sources([f"{address}/none.log"])


def test_nothing_is_written_beside_the_spool(memory, tmp_path):
    memory.pipe("/app.log", lines(100))
    find_sources(["memory://app.log"], spool_dir=tmp_path)
    assert list(Path(tmp_path).iterdir()) == []
