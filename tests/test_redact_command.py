"""Copies of logs that can be shared: the same files, lines and layout, pseudonyms in the place of what leaks."""

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile

import pytest
import zstandard
from typer.testing import CliRunner

from loganomaly.errors import InputMissingError, OutputError
from loganomaly.reading.sources import find_sources
from loganomaly.redact_command import redact_app
from loganomaly.redacted_copy import redact_files
from loganomaly.redaction.pseudonyms import Pseudonymizer
from loganomaly.redaction.samples import filled
from loganomaly.scan import redacted as pieces
from loganomaly.scan.leaks import LeakSearch

KEY = Pseudonymizer(b"a key of the tests")
LINE = "2026-03-14 09:00:01 ERROR [db] login of ada@acme.dev with password=hunter2x failed\n"
CLEAN = LINE.replace("ada@acme.dev", f"<{KEY.name('e-mail', b'ada@acme.dev')}>").replace(
    "hunter2x", f"<{KEY.name('password', b'hunter2x')}>"
)
PACKERS = {
    "gz": (gzip.compress, gzip.decompress),
    "bz2": (bz2.compress, bz2.decompress),
    "xz": (lzma.compress, lzma.decompress),
    "zst": (
        lambda d: zstandard.ZstdCompressor().compress(d),
        lambda d: zstandard.ZstdDecompressor().decompressobj().decompress(d),
    ),
}


def redact(folder, *inputs, **settings):
    return redact_files(
        [str(path) for path in inputs],
        folder / "shared",
        search=LeakSearch(pseudonyms=KEY, **settings),
        spool=folder,
    )


def test_values_are_replaced_and_nothing_else_is(tmp_path):
    log = tmp_path / "app.log"
    log.write_bytes(b"  odd \t layout\r\n\n" + LINE.encode() + "größe\n".encode("latin-1") + b"no end")
    redaction = redact(tmp_path, log)
    assert redaction.replaced == {"e-mail": 1, "password": 1}
    assert (tmp_path / "shared" / "app.log").read_bytes() == log.read_bytes().replace(LINE.encode(), CLEAN.encode())


def test_the_same_value_has_the_same_pseudonym_in_all_files_and_runs_with_the_same_key(tmp_path, monkeypatch):
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(LINE)
    monkeypatch.setenv("SOME_KEY", "k" * 20)
    (tmp_path / "settings.yaml").write_text("leaks: {key_env: SOME_KEY}")
    texts = set()
    for run in ("one", "two"):
        options = [str(tmp_path / "a.log"), str(tmp_path / "b.log"), "--output", str(tmp_path / run)]
        assert CliRunner().invoke(redact_app, [*options, "--config", str(tmp_path / "settings.yaml")]).exit_code == 0
        texts |= {path.read_text() for path in (tmp_path / run).iterdir()}
    assert len(texts) == 1
    assert re.search(r"password=<password-[0-9a-f]{8}> failed", texts.pop())


@pytest.mark.parametrize("ending", PACKERS)
def test_what_was_compressed_is_compressed_again(tmp_path, ending):
    pack, unpack = PACKERS[ending]
    (tmp_path / f"app.log.{ending}").write_bytes(pack(LINE.encode() * 50))
    redact(tmp_path, tmp_path / f"app.log.{ending}")
    assert unpack((tmp_path / "shared" / f"app.log.{ending}").read_bytes()) == CLEAN.encode() * 50


def test_folders_stay_and_the_logs_of_archives_become_files(tmp_path):
    logs = tmp_path / "logs"
    (logs / "deep" / "er").mkdir(parents=True)
    (logs / "deep" / "er" / "a.log").write_text(LINE)
    with zipfile.ZipFile(logs / "old.zip", "w") as archive:
        archive.writestr("app/b.log", LINE)
        archive.writestr("../../evil.log", LINE)
    with tarfile.open(logs / "older.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("c.log")
        member.size = len(LINE)
        archive.addfile(member, io.BytesIO(LINE.encode()))
    redact(tmp_path, logs)
    found = {
        str(path.relative_to(tmp_path / "shared")): path.read_text() for path in (tmp_path / "shared").rglob("*.log")
    }
    assert set(found) >= {"deep/er/a.log", "old.zip/app/b.log", "older.tar.gz/c.log"}
    assert set(found.values()) == {CLEAN}
    assert not (tmp_path / "evil.log").exists()
    assert not (tmp_path.parent / "evil.log").exists()


def test_copies_are_their_owners_and_names_are_redacted(tmp_path):
    (tmp_path / "of-ada@acme.dev.log").write_text(LINE)
    redact(tmp_path, tmp_path / "of-ada@acme.dev.log")
    (copy,) = (tmp_path / "shared").iterdir()
    assert "ada@" not in copy.name
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_no_file_is_written_over_and_nothing_is_left_half_done(tmp_path):
    (tmp_path / "app.log").write_text(LINE)
    redact(tmp_path, tmp_path / "app.log")
    with pytest.raises(OutputError, match="it exists; choose an empty folder"):
        redact(tmp_path, tmp_path / "app.log")
    assert [path.name for path in (tmp_path / "shared").iterdir()] == ["app.log"]


def test_of_a_damaged_file_what_could_be_read_is_copied_and_that_is_said(tmp_path):
    packed = gzip.compress(LINE.encode() * 5000)
    (tmp_path / "app.log.gz").write_bytes(packed[: len(packed) // 2])
    (file,) = redact(tmp_path, tmp_path / "app.log.gz").files
    assert file.damage
    assert 0 < file.lines < 5000
    assert b"hunter2x" not in gzip.decompress((tmp_path / "shared" / "app.log.gz").read_bytes())


def test_a_key_of_many_lines_is_replaced_wherever_blocks_are_cut(tmp_path, monkeypatch):
    key = [
        "-----BEGIN RSA PRIVATE KEY-----",
        *(filled("«base64 64»", seed=n) for n in range(20)),
        "-----END RSA PRIVATE KEY-----",
    ]
    text = "".join(f"{line}\n" for line in [*["quiet line"] * 30, *key, *["quiet again"] * 30, LINE.strip()])
    (tmp_path / "app.log").write_text(text)
    monkeypatch.setattr(pieces, "_REACH", 4096)
    copies = set()
    for size in (7, 64, 300, 1 << 20):
        monkeypatch.setattr(pieces, "_BLOCK", size)
        (source,) = find_sources([str(tmp_path / "app.log")]).sources
        replaced = pieces.Counter()
        copies.add(b"".join(pieces.redacted(source, LeakSearch(pseudonyms=KEY), replaced=replaced)))
        assert replaced == {"private-key": 1, "e-mail": 1, "password": 1}
    (copy,) = copies
    assert copy.count(b"\n") == text.count("\n")
    assert not [line for line in key if line.encode() in copy]


def test_columns_whose_name_is_that_of_a_secret_are_replaced(tmp_path):
    rows = "".join(f"2026-03-14 09:00:{n:02d},INFO,user{n} signs in,swordfish{n}\n" for n in range(40))
    (tmp_path / "people.csv").write_text("time,level,message,password\n" + rows)
    redaction = redact(tmp_path, tmp_path / "people.csv")
    text = (tmp_path / "shared" / "people.csv").read_text()
    assert redaction.replaced == {"password": 40}
    assert "swordfish" not in text
    assert text.count("\n") == 41
    assert re.search(r"user7 signs in,<password-[0-9a-f]{8}>\n", text)


def test_the_command_says_what_it_did_and_what_it_left(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "app.log").write_text(LINE)
    (tmp_path / "logs" / "notes.md").write_text("# no log\n")
    result = CliRunner().invoke(redact_app, [str(tmp_path / "logs"), "--output", str(tmp_path / "shared")])
    assert result.exit_code == 0
    assert "app.log: 1 lines, 2 values replaced" in result.output
    assert "Replaced: " in result.output
    assert "notes.md: a .md file is not taken for a log" in result.output


@pytest.mark.parametrize(("options", "said"), [([], "PATH is missing"), (["x.log"], "--output is missing")])
def test_what_is_missing_is_said(options, said):
    result = CliRunner().invoke(redact_app, options)
    assert result.exit_code == 2
    assert said in result.output


def test_an_input_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputMissingError, match="nowhere"):
        redact(tmp_path, tmp_path / "nowhere.log")
