import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
import zstandard

from loganomaly import LogAnalyzer
from loganomaly.errors import InputUnreadableError, NoLogsError
from loganomaly.reading import decoders, members, zips
from loganomaly.reading.archives import member_name
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import open_source
from loganomaly.scan.opening import prepare
from loganomaly.scan.search import Search

LOG = b"2024-05-01 12:00:00 INFO worker 7 is ready\n" * 50
NOISE = random.Random(7).randbytes(100_000).hex().encode() + b"\n"
PACK = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
NAMES = ["app.log", "deep/er/db.log", "old/app.log.1.gz"]


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def spools(tmp_path):
    folder = tmp_path / "spools"
    folder.mkdir()
    return folder


def log_of(name):
    return LOG + name.encode() + b"\n"


def stored(name):
    return gzip.compress(log_of(name)) if name.endswith(".gz") else log_of(name)


def tar_of(contents, *, kind=tarfile.PAX_FORMAT, mtime=1_700_000_000):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, data in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), mtime
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def zip_of(contents, *, method=zipfile.ZIP_DEFLATED, streamed=False):
    out = io.BytesIO()
    with zipfile.ZipFile(Unseekable(out) if streamed else out, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return out.getvalue()


class Unseekable(io.RawIOBase):
    """Makes zipfile write sizes behind the members, as it does into a pipe."""

    def __init__(self, out):
        self._out = out

    def writable(self):
        return True

    def write(self, data):
        return self._out.write(data)


def find(name, data, spools, **more):
    Path(name).write_bytes(data)
    return find_sources([name], spool_dir=spools, **more)


def contents(found):
    read = {}
    for source in found.sources:
        with open_source(source) as stream:
            read[source.name] = stream.read()
    return read


def reasons(found):
    return {entry.name: entry.reason for entry in found.skipped}


def read_on(source):
    """Read a damaged source; return what is before the damage, and the message."""
    got = bytearray()

    def read(stream):
        while block := stream.read(1000):
            got.extend(block)

    with open_source(source) as stream, pytest.raises(InputUnreadableError) as caught:
        read(stream)
    return bytes(got), str(caught.value)


ALL = {name: stored(name) for name in NAMES}
EXPECTED = {name: log_of(name) for name in NAMES}


# --- members become sources


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_each_file_in_a_tar_archive_is_a_source(spools, suffix, kind):
    name = f"logs.tar{suffix}"
    found = find(name, PACK[suffix](tar_of(ALL, kind=kind)), spools)
    assert contents(found) == {f"{name}!/{inside}": data for inside, data in EXPECTED.items()}
    assert contents(found) == contents(found)
    assert found.skipped == ()
    assert [source.compression for source in found.sources] == ["none", "none", "gzip"]
    assert [source.packed for source in found.sources] == [bool(suffix), bool(suffix), True]
    assert {source.modified for source in found.sources} == {1_700_000_000.0}
    # A compressed archive is copied to one file, a plain one not at all.
    assert len(list(spools.iterdir())) == (1 if suffix else 0)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("streamed", [False, True])
def test_each_file_in_a_zip_archive_is_a_source(spools, method, streamed):
    found = find("logs.zip", zip_of(ALL, method=method, streamed=streamed), spools)
    assert contents(found) == {f"logs.zip!/{inside}": data for inside, data in EXPECTED.items()}
    assert list(spools.iterdir()) == []


@pytest.mark.parametrize("data", [tar_of(ALL), gzip.compress(tar_of(ALL)), zip_of(ALL)], ids=["tar", "tgz", "zip"])
def test_members_can_be_sought_in_and_read_by_several_threads(spools, data):
    found = find("logs", data, spools)
    wrong = []

    def check(source):
        for start in (700, 20, 1500):
            with open_source(source) as stream:
                stream.seek(start)
                if stream.read(100) != EXPECTED[source.name.removeprefix("logs!/")][start : start + 100]:
                    wrong.append(source)

    threads = [threading.Thread(target=check, args=(source,)) for source in found.sources * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("data", [tar_of(ALL), gzip.compress(tar_of(ALL)), zip_of(ALL)], ids=["tar", "tgz", "zip"])
def test_archives_come_from_pipes_folders_and_globs_too(spools, data):
    found = find_sources(["-"], spool_dir=spools, stdin=io.BytesIO(data))
    assert contents(found) == {f"<stdin>!/{inside}": content for inside, content in EXPECTED.items()}
    assert len(list(spools.iterdir())) == 1
    Path("in").mkdir()
    Path("in/x").write_bytes(data)
    for given in ["in", "in/*"]:
        assert [source.name for source in find_sources([given]).sources] == [f"in/x!/{inside}" for inside in NAMES]
    assert len(find_sources(["in/x", "in", "in/*"]).sources) == 3


def test_an_error_later_leaves_no_spool(spools):
    Path("logs.tgz").write_bytes(gzip.compress(tar_of(ALL)))
    with pytest.raises(Exception, match="no such file"):
        find_sources(["logs.tgz", "missing.log"], spool_dir=spools)
    assert list(spools.iterdir()) == []


def test_the_oldest_tar_archives_have_no_mark_and_are_told_by_their_checksum(spools):
    header = bytearray(tar_of({"app.log": LOG}, kind=tarfile.USTAR_FORMAT))
    header[257:512] = bytes(255)
    header[148:156] = b" " * 8
    header[148:155] = b"%06o\0" % sum(header[:512])
    assert contents(find("old.tar", bytes(header), spools)) == {"old.tar!/app.log": LOG}


def test_members_are_told_by_content_as_files_in_folders_are(spools):
    inside = {
        "a.log": LOG,
        "b.bin": bytes(range(256)) * 40,
        "c.json": b'{\n  "name": "app",\n  "version": "1"\n}\n',
        "d.py": b"import os\n",
        "e.log": b"",
        ".cache/f.log": LOG,
        "__MACOSX/a.log": LOG,
        "g.log": "größer ist es\n".encode("utf-16"),
    }
    for data in [tar_of(inside), gzip.compress(tar_of(inside)), zip_of(inside)]:
        found = find("x", data, spools)
        assert contents(found) == {"x!/a.log": LOG, "x!/g.log": "größer ist es\n".encode()}
        assert reasons(found) == {
            "x!/b.bin": "binary",
            "x!/c.json": "one JSON document, not one JSON value per line; give it as an input to read it",
            "x!/d.py": "a .py file is not taken for a log; give it as an input to read it",
            "x!/e.log": "empty",
            "x!/.*": "hidden files: 2",
        }


def test_documents_that_are_zip_archives_are_no_archives_in_folders():
    Path("in").mkdir()
    Path("in/app.log").write_bytes(LOG)
    Path("in/report.docx").write_bytes(zip_of({"word/document.txt": LOG}))
    assert [source.name for source in find_sources(["in"]).sources] == ["in/app.log"]


def test_an_archive_without_files_is_said_to_be_so(spools):
    for data in [zip_of({}), zip_of({"folder/": b""})]:
        with pytest.raises(NoLogsError, match="an archive without files"):
            find("x", data, spools)


def test_two_members_of_one_name_are_both_read(spools):
    out = io.BytesIO(tar_of({"a.log": LOG}))
    with tarfile.open(fileobj=out, mode="a") as archive:
        entry = tarfile.TarInfo("a.log")
        entry.size = len(LOG)
        archive.addfile(entry, io.BytesIO(LOG))
    assert list(contents(find("x", out.getvalue(), spools))) == ["x!/a.log", "x!/a.log (2)"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/etc/passwd", "etc/passwd"),
        ("./../../a.log", "__/__/a.log"),
        ("C:\\logs\\a.log", "C:/logs/a.log"),
        ("a\x1b]0;x\x07\n.log", "a\ufffd]0;x\ufffd\ufffd.log"),
        ("a\u202egol.exe", "a\ufffdgol.exe"),
        ("a\udcff.log", "a\ufffd.log"),
        ("//", "_"),
        ("x" * 999, "\u2026" + "x" * 500),
    ],
)
def test_hostile_names_are_made_safe_to_show(name, shown):
    assert member_name(name) == shown


def test_nothing_is_written_where_a_hostile_name_leads(spools, tmp_path):
    data = gzip.compress(tar_of({"../../evil.log": LOG, "/evil.log": LOG}))
    before = set(tmp_path.iterdir())
    found = find("x.tgz", data, spools)
    assert [source.name for source in found.sources] == ["x.tgz!/__/__/evil.log", "x.tgz!/evil.log"]
    assert {source.path.parent for source in found.sources} == {spools}
    assert set(tmp_path.iterdir()) - before == {tmp_path / "x.tgz"}


@pytest.mark.parametrize("mtime", [0, -5, 2**40])
def test_a_member_without_a_date_has_that_of_its_archive(spools, mtime):
    (source,) = find("x.tar", tar_of({"a.log": b"May  1 12:00:00 host app: ready\n"}, mtime=mtime), spools).sources
    assert source.modified == Path("x.tar").stat().st_mtime
    prepare(source, number=0, group=0, search=Search(floods=None))


# --- archives in archives


@pytest.mark.parametrize("inner", [tar_of(ALL), gzip.compress(tar_of(ALL)), zip_of(ALL)], ids=["tar", "tgz", "zip"])
@pytest.mark.parametrize("outer", [tar_of, lambda c: gzip.compress(tar_of(c)), zip_of], ids=["tar", "tgz", "zip"])
def test_an_archive_in_an_archive_is_walked_and_a_third_is_not(spools, inner, outer):
    found = find("x", outer({"host/y": inner, "deep/z": outer({"w": outer(ALL)})}), spools)
    assert contents(found) == {f"x!/host/y!/{name}": data for name, data in EXPECTED.items()}
    assert reasons(found) == {"x!/deep/z!/w": "an archive within 2 others; unpack it first"}
    assert {source.path for source in found.sources} >= set(spools.iterdir())


# --- what is no file


def test_links_devices_and_sparse_files_are_skipped_with_the_reason(spools):
    out = io.BytesIO(tar_of({"a.log": LOG}, kind=tarfile.GNU_FORMAT))
    kinds = {"sym": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "dev": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE}
    with tarfile.open(fileobj=out, mode="a") as archive:
        for name, kind in kinds.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("sparse")
        entry.type = tarfile.GNUTYPE_SPARSE
        archive.addfile(entry)
    link = "a link; what it leads to is read where it is"
    for data in [out.getvalue(), gzip.compress(out.getvalue())]:
        found = find("x", data, spools)
        assert contents(found) == {"x!/a.log": LOG}
        assert reasons(found) == {
            "x!/sym": link,
            "x!/hard": link,
            "x!/dev": "a pipe or device",
            "x!/fifo": "a pipe or device",
            "x!/sparse": "a sparse file; unpack it first",
        }


def patched(data, signature, offset, value):
    """Return *data* with *value* at *offset* of each header that begins with *signature*."""
    data = bytearray(data)
    place = data.find(signature)
    while place >= 0:
        data[place + offset : place + offset + len(value)] = value
        place = data.find(signature, place + 4)
    return bytes(data)


def test_encrypted_members_and_unknown_methods_are_skipped_with_the_reason(spools):
    data = zip_of({"a.log": LOG})
    locked = patched(patched(data, b"PK\x01\x02", 8, b"\x01\x00"), b"PK\x03\x04", 6, b"\x01\x00")
    with pytest.raises(NoLogsError, match="encrypted; decrypt it first"):
        find("x.zip", locked, spools)
    with pytest.raises(NoLogsError, match="zip method 98, which is not read"):
        find("x.zip", patched(data, b"PK\x01\x02", 10, b"\x62\x00"), spools)


# --- damage


@pytest.mark.parametrize(
    ("length", "reason"), [(10, "longer than the archive says"), (9999, "shorter than the archive")]
)
def test_a_zip_member_of_another_length_than_said_is_read_to_there(spools, length, reason):
    data = patched(zip_of({"a.log": LOG}), b"PK\x01\x02", 24, struct.pack("<L", length))
    (source,) = find("x.zip", data, spools).sources
    got, message = read_on(source)
    assert got == LOG[:length]
    assert reason in message


def test_a_wrong_checksum_in_a_zip_archive_is_said_after_the_last_byte(spools):
    (source,) = find("x.zip", patched(zip_of({"a.log": LOG}), b"PK\x01\x02", 16, b"\1\2\3\4"), spools).sources
    got, message = read_on(source)
    assert got == LOG
    assert "its checksum is wrong" in message


def test_zip_members_that_share_bytes_are_skipped(spools):
    data = zip_of({"a.log": NOISE, "b.log": LOG}, method=zipfile.ZIP_STORED)
    place = data.find(b"PK\x01\x02")
    data = data[: place + 20] + struct.pack("<2L", len(NOISE) + 500, len(NOISE) + 500) + data[place + 28 :]
    found = find("x.zip", data, spools)
    assert reasons(found) == {"x.zip!/a.log": "it overlaps the next member"}
    assert contents(found) == {"x.zip!/b.log": LOG}


@pytest.mark.parametrize(
    ("method", "streamed"), [(zipfile.ZIP_STORED, False), (zipfile.ZIP_DEFLATED, False), (zipfile.ZIP_DEFLATED, True)]
)
def test_a_truncated_zip_archive_gives_what_lies_before_the_cut(spools, method, streamed):
    data = zip_of({"a.log": LOG, "b.log": NOISE, "c.log": LOG}, method=method, streamed=streamed)
    found = find("x.zip", data[: len(data) // 2], spools)
    assert [source.name for source in found.sources] == ["x.zip!/a.log", "x.zip!/b.log"]
    with open_source(found.sources[0]) as stream:
        assert stream.read() == LOG
    got, _ = read_on(found.sources[1])
    assert NOISE.startswith(got)
    assert len(got) > len(NOISE) // 4
    assert "its directory cannot be read" in reasons(found)["x.zip!/*"]


@pytest.mark.parametrize("suffix", PACK)
def test_a_truncated_tar_archive_gives_what_lies_before_the_cut(spools, suffix):
    # bzip2 gives nothing of a block that is cut: there must be several.
    noise = random.Random(8).randbytes(1_500_000).hex().encode()
    data = PACK[suffix](tar_of({"a.log": LOG, "b.log": noise, "c.log": LOG}))
    found = find("x", data[: len(data) * 3 // 4], spools)
    assert [source.name for source in found.sources] == ["x!/a.log", "x!/b.log"]
    with open_source(found.sources[0]) as stream:
        assert stream.read() == LOG
    for _ in range(2):
        got, message = read_on(found.sources[1])
        assert noise.startswith(got)
        assert len(got) > len(noise) // 3
        assert "x!/b.log" in message
    assert "the rest of the archive" in reasons(found)["x!/*"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_what_lies_before_the_cut_of_an_archive_is_analysed(suffix):
    log = LOG * 1000
    data = PACK[suffix](tar_of({"a.log": LOG, "b.log": log}))
    Path("x.tar").write_bytes(data[: len(data) * 3 // 4])
    results = LogAnalyzer().analyze(["x.tar"])
    first, second = results.summary["input_files"]
    assert first["lines"] == 50
    assert 25_000 < second["lines"] < 50_000
    assert "x.tar!/b.log" in results.notices[0]
    assert [entry["name"] for entry in results.summary["skipped_files"]] == ["x.tar!/*"]


def test_a_damaged_header_ends_a_tar_archive_with_the_reason(spools):
    data = bytearray(tar_of({"a.log": LOG, "b.log": LOG}))
    place = data.find(b"b.log")
    data[place : place + 512] = b"\xaa" * 512
    for packed in [bytes(data), gzip.compress(data)]:
        found = find("x", packed, spools)
        assert contents(found) == {"x!/a.log": LOG}
        assert f"there is no header at byte {place:,}" in reasons(found)["x!/*"]


def header_with(size, *, kind=b"0", name=b"evil"):
    """Return a tar header that gives any *size*, even a negative one."""
    header = bytearray(512)
    header[: len(name)] = name
    header[124:136] = (b"\xff" if size < 0 else b"\x80") + (size & (1 << 88) - 1).to_bytes(11, "big")
    header[156:157] = kind
    header[257:265] = b"ustar  \0"
    header[148:156] = b" " * 8
    header[148:155] = b"%06o\0" % sum(header)
    return bytes(header)


@pytest.mark.parametrize("kind", [b"0", b"5", b"L", b"x", b"g", b"K", b"S"])
@pytest.mark.parametrize("size", [-512, -1024, -(1 << 60), 1 << 40])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_impossible_sizes_in_tar_headers_end_the_walk(spools, kind, size, pack):
    good = tar_of({"a.log": LOG})[: 512 + (len(LOG) + 511) // 512 * 512]
    found = find("x", pack(good + header_with(size, kind=kind) + bytes(4096)), spools)
    assert contents(found)["x!/a.log"] == LOG
    # A folder has no content, so tar readers pass over what its header says of it.
    assert any("!/" in name for name in reasons(found)) or (kind == b"5" and size > 0)


# --- limits


def test_a_decompression_bomb_is_read_up_to_the_limit(monkeypatch):
    monkeypatch.setattr(decoders, "EXPANSION_COUNTS_FROM", 1 << 22)
    line = b"2024-05-01 12:00:00 INFO worker is ready\n"
    Path("bomb.log.gz").write_bytes(gzip.compress(line * 1_000_000))
    results = LogAnalyzer().analyze(["bomb.log.gz"])
    assert results.summary["input_files"][0]["lines"] > 90_000
    assert results.summary["input_files"][0]["lines"] < 500_000
    (notice,) = results.notices
    assert "more than 200 times its compressed size" in notice
    assert "decompress it yourself" in notice


def test_a_bomb_in_a_compressed_tar_archive_ends_the_walk(spools, monkeypatch):
    monkeypatch.setattr(decoders, "EXPANSION_COUNTS_FROM", 1 << 22)
    found = find("x", gzip.compress(tar_of({"a.log": NOISE, "b.log": LOG * 30_000})), spools)
    assert [source.name for source in found.sources] == ["x!/a.log", "x!/b.log"]
    got, message = read_on(found.sources[1])
    assert (LOG * 30_000).startswith(got)
    assert "decompression bomb" in message
    assert "decompression bomb" in reasons(found)["x!/*"]


def test_zip_members_that_make_an_archive_a_bomb_are_skipped(spools, monkeypatch):
    monkeypatch.setattr(zips, "EXPANSION_COUNTS_FROM", 1 << 22)
    found = find("x", zip_of({"a.log": b"\n" * (1 << 23), "b.log": LOG}), spools)
    assert contents(found) == {"x!/b.log": LOG}
    assert "200 times its size" in reasons(found)["x!/a.log"]


def test_a_directory_too_large_to_hold_is_not_read(spools, monkeypatch):
    monkeypatch.setattr(zips, "_MOST_DIRECTORY", 100)
    with pytest.raises(NoLogsError, match="its directory is larger than 100 bytes"):
        find("x", zip_of(ALL), spools)


@pytest.mark.parametrize("data", [tar_of(ALL), gzip.compress(tar_of(ALL)), zip_of(ALL)], ids=["tar", "tgz", "zip"])
def test_no_more_than_a_number_of_members_is_read(spools, monkeypatch, data):
    monkeypatch.setattr(members, "MOST_MEMBERS", 2)
    found = find("x", data, spools)
    assert [source.name for source in found.sources] == [f"x!/{name}" for name in NAMES[:2]]
    assert "more than 2 files" in reasons(found)["x!/*"]


def test_an_inner_archive_too_large_to_copy_is_skipped(spools, monkeypatch):
    monkeypatch.setattr(members, "MOST_NESTED_BYTES", 100)
    found = find("x", zip_of({"a.log": LOG, "b.tar": tar_of(ALL)}), spools)
    assert contents(found) == {"x!/a.log": LOG}
    assert "it has over 100 bytes" in reasons(found)["x!/b.tar"]
    assert list(spools.iterdir()) == []


# --- the whole way


def test_an_archive_is_analysed_as_its_files_are(tmp_path):
    logs = {f"{name}.log": log_of(name) for name in ("a", "b")}
    Path("plain").mkdir()
    for name, data in logs.items():
        Path("plain", name).write_bytes(data)
    Path("logs.tgz").write_bytes(gzip.compress(tar_of(logs)))
    Path("logs.zip").write_bytes(zip_of(logs))
    expected = LogAnalyzer().analyze(["plain"])
    for name in ["logs.tgz", "logs.zip"]:
        results = LogAnalyzer().analyze([name])
        assert [file["lines"] for file in results.summary["input_files"]] == [51, 51]
        assert [finding.log for finding in results.findings] == [finding.log for finding in expected.findings]
        assert [file["name"] for file in results.summary["input_files"]] == [f"{name}!/a.log", f"{name}!/b.log"]
        results.save(tmp_path / "out")
        assert (tmp_path / "out/files").is_dir()
