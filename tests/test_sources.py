import bz2
import gzip
import io
import json
import lzma
import os
import socket
import sqlite3
import struct
import sys
import threading
from pathlib import Path

import pytest
import zstandard

from loganomaly.errors import InputMissingError, InputUnreadableError, NoLogsError, OutputError, UsageError
from loganomaly.reading.sources import Skipped, find_sources
from loganomaly.reading.streams import open_source

LOG = b"2024-05-01 12:00:00 INFO worker 7 is ready\n" * 50
JSON_LINES = b'{"level": "INFO", "message": "ready"}\n' * 50

needs_fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name, data=LOG):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def distinct(name):
    return write(name, LOG + name.encode() + b"\n")


def names(found):
    return [source.name for source in found.sources]


def reasons(found):
    return {entry.name: entry.reason for entry in found.skipped}


def reason_alone(path):
    """Return the reason why a file that is named directly is not read."""
    write("other.log")
    found = find_sources([str(path), "other.log"])
    assert names(found) == ["other.log"]
    (entry,) = found.skipped
    assert entry.name == str(path)
    return entry.reason


def content(source):
    with open_source(source) as stream:
        return stream.read()


def feed(fifo, data):
    """Write *data* to a named pipe from another thread; opening a pipe waits for its other end."""
    thread = threading.Thread(target=fifo.write_bytes, args=(data,), daemon=True)
    thread.start()
    return thread


# --- files


def test_a_file_is_described():
    path = write("app.log")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (source,) = find_sources(["app.log"]).sources
    assert (source.name, source.path, source.size) == ("app.log", Path("app.log"), len(LOG))
    assert (source.compression, source.encoding, source.modified) == ("none", "utf-8", 1_700_000_000.0)


@pytest.mark.parametrize(
    ("compression", "pack"),
    [
        ("gzip", gzip.compress),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_compression_is_told_by_content_whatever_the_name(compression, pack):
    write("app.log", pack(LOG))
    (source,) = find_sources(["app.log"]).sources
    assert source.compression == compression
    assert content(source) == LOG


def test_a_plain_file_named_as_compressed_is_plain():
    write("app.log.gz")
    (source,) = find_sources(["app.log.gz"]).sources
    assert source.compression == "none"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_utf_16_is_text(encoding, mark, pack):
    write("app.log", pack((mark + LOG.decode()).encode(encoding)))
    (source,) = find_sources(["app.log"]).sources
    assert source.encoding == encoding
    assert content(source) == LOG


def test_a_utf_8_mark_is_no_part_of_the_text():
    write("app.log", b"\xef\xbb\xbf" + LOG)
    (source,) = find_sources(["app.log"]).sources
    assert source.encoding == "utf-8"
    assert content(source) == LOG


@pytest.mark.parametrize(
    "data",
    [
        LOG + b"stray \xff\xfe bytes\n",
        b"\x1b[31mERROR\x1b[0m disk full\n" * 9,
        "Größe der Straße überschritten\n".encode("latin-1") * 9,
        "ошибка: файл не найден\n".encode() * 9,
        b"8=FIX.4.2\x019=65\x0135=A\x0149=CLIENT\x01\n" * 9,
        LOG * 9 + b"one \x00 stray NUL\n",
        LOG + b"\x1a",
        ("é" * 70_000).encode()[1:],
        b"\n" * 70_000 + LOG,
    ],
    ids=["stray", "escapes", "latin-1", "cyrillic", "fix", "nul", "dos", "cut", "blank"],
)
def test_text_with_oddities_is_read(data):
    write("app.log", data)
    assert names(find_sources(["app.log"])) == ["app.log"]


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 40,
        b"\x00" * 5000,
        b"text\x00" * 500,
        b"\x02\x03\x04 text " * 500,
        b"\xc3\x28\xa0\xa1" * 500,
        struct.pack("<500H", *range(500)),
    ],
    ids=["bytes", "nul", "nul-separated", "control", "invalid", "integers"],
)
def test_binary_data_is_skipped(data):
    assert reason_alone(write("app.log", data)) == "binary"
    assert reason_alone(write("app.log.gz", gzip.compress(data))) == "binary"


@pytest.mark.parametrize(
    "data",
    [b"", b"\n \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", gzip.compress(b"")],
    ids=["nothing", "blank", "utf-8 mark", "utf-16 mark", "gzip"],
)
def test_a_file_without_text_is_empty(data):
    assert reason_alone(write("app.log", data)) == "empty"


def test_archives_of_other_kinds_are_to_be_unpacked():
    write("logs.7z", b"7z\xbc\xaf\x27\x1c\x00\x04")
    assert reason_alone("logs.7z") == "an archive of a kind that is not read; unpack it first"


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "a picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PARE\x15\x04", "an encrypted Parquet table; decrypt it first"),
        (b"ElfFile\x00", "a Windows event log; export it as text, CSV or JSON first"),
        (b"LPKSHHRH", "a systemd journal; export it with journalctl first"),
        (b"\x04\x22\x4d\x18", "compressed with LZ4; decompress it first"),
        ("ready".encode("utf-32"), "UTF-32 text; convert it to UTF-8 first"),
    ],
)
def test_what_is_no_log_is_named(start, reason):
    assert reason_alone(write("app.log", start + LOG)) == reason


def test_real_binary_files_are_named():
    with sqlite3.connect("events.log") as database:
        database.execute("create table events (line text)")
    database.close()
    assert reason_alone("events.log") == "an SQLite database"
    write("program.log", b"\x7fELF" + Path(sys.executable).read_bytes()[4:5000])
    assert reason_alone("program.log") == "a program or library"


def test_a_file_compressed_twice_is_to_be_decompressed_once():
    write("app.log", gzip.compress(bz2.compress(LOG)))
    assert reason_alone("app.log") == "compressed twice; decompress it once first"


def test_a_file_whose_head_cannot_be_decompressed_is_skipped():
    reason = reason_alone(write("app.log.gz", gzip.compress(LOG)[:10]))
    assert reason == ("it cannot be decompressed as gzip: it ends before its compressed data does; get a complete copy")


def test_a_file_truncated_later_is_found_and_raises_where_the_damage_is():
    data = os.urandom(300_000).hex().encode()
    write("app.log.gz", gzip.compress(data)[:-8])
    (source,) = find_sources(["app.log.gz"]).sources
    with open_source(source) as stream:
        assert stream.read(len(data)) == data
        with pytest.raises(InputUnreadableError):
            stream.read(1)


# --- folders


def test_a_folder_is_walked_in_the_order_of_paths():
    expected = ["logs/a/z.log", "logs/a.log", "logs/b/1.out", "logs/b/c/2", "logs/c.txt"]
    for name in reversed(expected):
        distinct(name)
    found = find_sources(["logs"])
    assert names(found) == sorted(expected, key=lambda name: name.split("/"))
    assert found.skipped == ()
    assert find_sources(["logs/"]) == found


def test_the_order_of_the_inputs_comes_first():
    for name in ["b.log", "logs/a.log", "a.log"]:
        distinct(name)
    assert names(find_sources(["b.log", "logs", "a.log"])) == ["b.log", "logs/a.log", "a.log"]


def test_hidden_entries_are_listed_once_a_folder():
    for name in ["logs/a.log", "logs/.x", "logs/.y", "logs/.git/one", "logs/.git/two/three"]:
        distinct(name)
    found = find_sources(["logs"])
    assert names(found) == ["logs/a.log"]
    assert reasons(found) == {"logs/.*": "hidden files: 2", "logs/.git": "a hidden folder"}


def test_a_hidden_folder_that_is_named_is_walked():
    distinct(".logs/a.log")
    assert names(find_sources([".logs"])) == [".logs/a.log"]


def test_links_to_folders_are_not_followed():
    distinct("logs/deep/a.log")
    distinct("elsewhere/b.log")
    Path("logs/deep/loop").symlink_to("..", target_is_directory=True)
    Path("logs/out").symlink_to("../elsewhere", target_is_directory=True)
    found = find_sources(["logs"])
    assert names(found) == ["logs/deep/a.log"]
    assert set(reasons(found)) == {"logs/deep/loop", "logs/out"}
    assert names(find_sources(["logs/out"])) == ["logs/out/b.log"]


def test_a_broken_link_is_skipped_in_a_folder_and_missing_as_an_input():
    distinct("logs/a.log")
    Path("logs/gone").symlink_to("nowhere")
    found = find_sources(["logs"])
    assert names(found) == ["logs/a.log"]
    assert reasons(found) == {"logs/gone": "it cannot be read: No such file or directory"}
    with pytest.raises(InputMissingError):
        find_sources(["logs/gone"])


def test_the_same_file_is_read_once():
    path = distinct("logs/a.log")
    Path("logs/b.log").symlink_to("a.log")
    Path("logs/c.log").hardlink_to(path)
    found = find_sources(["./logs/a.log", "logs", str(path.resolve()), "logs/*.log", "logs/../logs/a.log"])
    assert names(found) == ["./logs/a.log"]
    assert found.skipped == ()


def test_equal_files_are_both_read():
    write("a.log")
    write("b.log")
    assert names(find_sources(["a.log", "b.log"])) == ["a.log", "b.log"]


def test_excluded_folders_are_not_walked():
    for name in ["logs/a.log", "logs/results/findings.log", "logs/results/deep/more.log"]:
        distinct(name)
    found = find_sources(["logs"], exclude=[Path("logs/../logs/results")])
    assert names(found) == ["logs/a.log"]
    assert reasons(found) == {"logs/results": "an excluded folder"}


def test_excluded_folders_are_not_matched_by_globs():
    for name in ["logs/a.log", "logs/results/findings.log", "logs/results/deep/more.log"]:
        distinct(name)
    found = find_sources(["logs/**/*.log"], exclude=[Path("logs/results")])
    assert names(found) == ["logs/a.log"]
    assert [entry.reason for entry in found.skipped] == ["an excluded folder"]


def test_an_input_in_an_excluded_folder_is_read():
    distinct("results/a.log")
    assert names(find_sources(["results/a.log"], exclude=[Path("results")])) == ["results/a.log"]
    assert names(find_sources(["results"], exclude=[Path("results")])) == ["results/a.log"]


@pytest.mark.parametrize("name", ["app.py", "READ.MD", "page.html", "set.yaml", "set.Yml", "old.c.gz"])
def test_files_named_as_source_or_documents_are_skipped_in_folders_only(name):
    distinct("logs/a.log")
    other = str(distinct(f"logs/{name}"))
    found = find_sources(["logs"])
    assert names(found) == ["logs/a.log"]
    assert "is not taken for a log" in reasons(found)[other]
    assert names(find_sources([other])) == [other]
    assert names(find_sources([f"logs/{name[:-1]}?"])) == [other]


@pytest.mark.parametrize("name", ["a.log.1", "b.csv", "c.ndjson", "d.json", "e.err", "f", "g.log.gz", "h.2024-05-01"])
def test_other_names_are_read_in_folders(name):
    distinct(f"logs/{name}")
    assert names(find_sources(["logs"])) == [f"logs/{name}"]


def test_a_file_skipped_by_its_name_and_named_too_is_not_listed_as_skipped():
    distinct("logs/a.log")
    distinct("logs/app.py")
    found = find_sources(["logs", "logs/app.py"])
    assert names(found) == ["logs/a.log", "logs/app.py"]
    assert found.skipped == ()


LARGE_DOCUMENT = json.dumps({"items": [{"name": "x" * 50, "size": n} for n in range(2000)]}, indent=2).encode()


@pytest.mark.parametrize(
    "data",
    [
        b'{\n  "name": "app",\n  "version": "1"\n}\n',
        b"[\n  1,\n  2\n]",
        LARGE_DOCUMENT,
        b"\xef\xbb\xbf" + LARGE_DOCUMENT,
        LARGE_DOCUMENT.decode().encode("utf-16"),
    ],
    ids=["object", "array", "large", "mark", "utf-16"],
)
def test_one_json_document_is_skipped_in_folders_only(data):
    distinct("logs/a.log")
    write("logs/b.json", data)
    found = find_sources(["logs"])
    assert names(found) == ["logs/a.log"]
    assert "one JSON document" in reasons(found)["logs/b.json"]
    assert names(find_sources(["logs/b.json"])) == ["logs/b.json"]


@pytest.mark.parametrize(
    "data",
    [
        JSON_LINES,
        JSON_LINES * 100,
        b'{"Records": [{"a": 1}, {"b": 2}]}\n',
        b'{\n  "a": 1\n}\n{\n  "a": 2\n}\n',
        b'[\n{"a": 1},\n{"a": 2},\n{"a": 3}\n]\n',
        b"[\n" + b",\n".join([b'{"message": "ready"}'] * 9000) + b"\n]\n",
        b"{ not json\n at all }\n",
        b"[2024-05-01 12:00:00] INFO ready\n" * 3000,
        b"[\n" * 9000,
        b"[\n" + b"7" * 5000 + b"\n]\n",
        LOG,
    ],
    ids=["lines", "many", "one-line", "pretty", "array", "large-array", "braces", "brackets", "deep", "digits", "log"],
)
def test_json_files_that_may_hold_records_are_read(data):
    write("logs/b.json", data)
    assert names(find_sources(["logs"])) == ["logs/b.json"]


def test_xml_documents_are_skipped_and_xml_records_are_read():
    write("logs/one.xml", b'<?xml version="1.0"?>\n<project>\n</project>\n')
    write("logs/two.xml", b'<log4j:event level="INFO">ready</log4j:event>\n' * 9)
    found = find_sources(["logs"])
    assert names(found) == ["logs/two.xml"]
    assert "one XML document" in reasons(found)["logs/one.xml"]


def test_special_files_are_skipped_in_folders():
    distinct("logs/a.log")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("logs/b.sock")
        assert reasons(find_sources(["logs"])) == {"logs/b.sock": "a pipe, socket or device"}
        with pytest.raises(InputUnreadableError, match="a socket or device"):
            find_sources(["logs/b.sock"])


def test_names_that_are_not_utf_8_are_shown_as_text():
    try:
        write(os.fsdecode(b"logs/a\xff.log"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (source,) = find_sources(["logs"]).sources
    assert source.name == "logs/a\ufffd.log"
    assert content(source) == LOG


# --- globs


def test_a_glob_is_matched_recursively_and_sorted():
    for name in ["logs/b.log", "logs/a/deep/c.log", "logs/a.log", "logs/a.txt", "logs/.git/d.log"]:
        distinct(name)
    assert names(find_sources(["logs/**/*.log"])) == ["logs/a/deep/c.log", "logs/a.log", "logs/b.log"]
    assert names(find_sources([str(Path("logs").resolve() / "?.txt")])) == [str(Path("logs/a.txt").resolve())]


@pytest.mark.parametrize("pattern", ["logs/**", "logs/*", "log*"])
def test_a_glob_that_matches_folders_reads_what_is_in_them(pattern):
    for name in ["logs/a.log", "logs/deep/er/b.log"]:
        distinct(name)
    assert names(find_sources([pattern])) == ["logs/a.log", "logs/deep/er/b.log"]


def test_two_stars_within_a_name_are_one():
    distinct("logs/a.log")
    assert names(find_sources(["logs/**.log"])) == ["logs/a.log"]


def test_a_glob_does_not_follow_links_to_folders():
    distinct("logs/a.log")
    Path("logs/loop").symlink_to(".", target_is_directory=True)
    assert names(find_sources(["logs/**/*.log"])) == ["logs/a.log"]


def test_a_glob_that_asks_for_hidden_files_gets_them():
    distinct("logs/.a.log")
    assert names(find_sources(["logs/.*.log"])) == ["logs/.a.log"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file():
    distinct("app[1].log")
    distinct("app1.log")
    assert names(find_sources(["app[1].log"])) == ["app[1].log"]


# --- pipes


@pytest.fixture
def spools(tmp_path):
    folder = tmp_path / "spools"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: data.decode().encode("utf-16")])
def test_standard_input_is_spooled_compressed(spools, pack):
    data = LOG * 50_000
    (source,) = find_sources(["-"], spool_dir=spools, stdin=io.BytesIO(pack(data))).sources
    assert source.name == "<stdin>"
    assert list(spools.iterdir()) == [source.path]
    assert source.size == source.path.stat().st_size < len(data) / 10
    assert content(source) == data


def test_standard_input_of_the_process_is_the_default(spools, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG)))
    (source,) = find_sources(["-"], spool_dir=spools).sources
    assert content(source) == LOG


def test_a_process_without_standard_input_cannot_read_it(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputUnreadableError, match="no standard input"):
        find_sources(["-"])


def test_standard_input_is_read_once_and_in_its_place(spools):
    for name in ["a.log", "b.log"]:
        distinct(name)
    found = find_sources(["a.log", "-", "b.log", "-"], spool_dir=spools, stdin=io.BytesIO(LOG))
    assert names(found) == ["a.log", "<stdin>", "b.log"]
    assert len(list(spools.iterdir())) == 1


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (bytes(range(256)) * 9, "binary")])
def test_standard_input_without_text_leaves_no_spool(spools, data, reason):
    write("a.log")
    found = find_sources(["-", "a.log"], spool_dir=spools, stdin=io.BytesIO(data))
    assert found.skipped == (Skipped(name="<stdin>", reason=reason),)
    assert list(spools.iterdir()) == []


def test_an_error_later_leaves_no_spool(spools):
    with pytest.raises(InputMissingError):
        find_sources(["-", "missing.log"], spool_dir=spools, stdin=io.BytesIO(LOG))
    assert list(spools.iterdir()) == []


def test_standard_input_that_breaks_is_unreadable_and_leaves_no_spool(spools):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() >= len(LOG):
                raise OSError(5, "Input/output error")
            return super().read(min(size, 100))

    with pytest.raises(InputUnreadableError, match="<stdin>"):
        find_sources(["-"], spool_dir=spools, stdin=Broken(LOG))
    assert list(spools.iterdir()) == []


def test_a_spool_folder_that_is_missing_is_an_output_error():
    with pytest.raises(OutputError, match="cannot store '<stdin>' in 'nowhere'"):
        find_sources(["-"], spool_dir=Path("nowhere"), stdin=io.BytesIO(LOG))


@needs_fifos
def test_a_named_pipe_that_is_an_input_is_spooled(spools):
    fifo = Path("pipe")
    os.mkfifo(fifo)
    writer = feed(fifo, LOG)
    found = find_sources(["pipe", "./pipe"], spool_dir=spools)
    writer.join()
    (source,) = found.sources
    assert source.name == "pipe"
    assert source.path.parent == spools
    assert content(source) == LOG


@needs_fifos
def test_a_named_pipe_in_a_folder_is_skipped_and_not_waited_for():
    distinct("logs/a.log")
    os.mkfifo("logs/pipe")
    for given in ["logs", "logs/*"]:
        found = find_sources([given])
        assert names(found) == ["logs/a.log"]
        assert reasons(found) == {"logs/pipe": "a pipe, socket or device"}


# --- errors


def test_no_inputs_is_a_usage_error():
    with pytest.raises(UsageError, match="at least one"):
        find_sources([])


def test_an_empty_input_is_a_usage_error():
    with pytest.raises(UsageError, match="empty string"):
        find_sources(["a.log", ""])


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("logs/serer.log", "logs/server.log"),
        ("lgos/server.log", "logs"),
        ("logs/server.log/x", "logs/server.log"),
        ("logs/*.lgo", "logs/server.log"),
    ],
)
def test_a_missing_input_names_the_nearest_that_exists(given, near):
    distinct("logs/server.log")
    with pytest.raises(InputMissingError) as caught:
        find_sources([given])
    assert repr(given) in str(caught.value)
    assert f"did you mean {near!r}?" in str(caught.value)


@pytest.mark.parametrize("given", ["qqqq", "a\0b", "q/q/q", "*.qqq"])
def test_a_missing_input_with_nothing_near_says_what_to_check(given):
    distinct("server.log")
    with pytest.raises(InputMissingError, match="check the spelling"):
        find_sources([given])


def test_no_permission_is_an_error_for_an_input_and_skipped_in_folders(monkeypatch):
    # The superuser may read everything: the refusal is that of open itself.
    distinct("logs/a.log")
    distinct("logs/closed.log")
    opened = Path.open

    def refuse(path, *args, **kwargs):
        if path.name == "closed.log":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    for given in ["logs", "logs/*.log"]:
        found = find_sources([given])
        assert names(found) == ["logs/a.log"]
        assert reasons(found) == {"logs/closed.log": "it cannot be read: Permission denied"}
    with pytest.raises(InputUnreadableError, match=r"'logs/closed\.log': Permission denied"):
        find_sources(["logs/closed.log"])


def test_a_folder_that_cannot_be_listed_is_an_error_for_an_input_and_skipped_below(monkeypatch):
    distinct("logs/a.log")
    distinct("logs/closed/b.log")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_sources(["logs"])
    assert names(found) == ["logs/a.log"]
    assert reasons(found) == {"logs/closed": "the folder cannot be listed: Permission denied"}
    with pytest.raises(InputUnreadableError, match="'logs/closed': Permission denied"):
        find_sources(["logs/closed"])


def test_an_input_that_cannot_be_looked_up_is_unreadable():
    with pytest.raises(InputUnreadableError, match="too long"):
        find_sources(["x" * 5000])


def test_a_folder_without_files_is_an_error_and_skipped_beside_others():
    Path("empty/deep").mkdir(parents=True)
    with pytest.raises(NoLogsError, match="empty: a folder without files to read"):
        find_sources(["empty"])
    write("a.log")
    assert find_sources(["empty", "a.log"]).skipped == (Skipped(name="empty", reason="a folder without files to read"),)


def test_nothing_left_lists_five_of_what_was_skipped():
    for number in range(7):
        write(f"logs/{number}.log", b"")
    with pytest.raises(NoLogsError) as caught:
        find_sources(["logs"])
    message = str(caught.value)
    assert "nothing in 'logs' can be read as log lines" in message
    assert [f"logs/{number}.log: empty" in message for number in range(7)] == [True] * 5 + [False] * 2
    assert "and 2 more" in message
