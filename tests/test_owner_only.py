"""Whatever a run writes is for its owner alone, however generous the settings of the system are."""

import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from loganomaly import LogAnalyzer, analyzer
from loganomaly.asking.audit import Audit
from loganomaly.asking.cache import AnswerCache
from loganomaly.config import Config

if sys.platform == "win32":
    pytest.skip("permissions as on POSIX systems", allow_module_level=True)

LOG = "".join(
    f"2026-03-14 09:00:{n:02d} {'FATAL disk on fire' if n == 50 else f'INFO job {n} done'}\n" for n in range(60)
)
FILE, FOLDER = 0o600, 0o700


@pytest.fixture(autouse=True)
def _everybody_may_do_everything(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    yield
    os.umask(before)


def modes(top):
    """Return the permissions of a folder and of all that is in it."""
    return {str(path): stat.S_IMODE(path.lstat().st_mode) for path in (top, *top.rglob("*"))}


def owner_only(top):
    return {str(path): FOLDER if path.is_dir() else FILE for path in (top, *top.rglob("*"))}


def test_results_on_all_files_and_on_each_and_questions_are_their_owners():
    for name in ("a.log", "b.log"):
        Path(name).write_text(LOG, encoding="utf-8")
    LogAnalyzer(llm_phase="prepare").analyze(["a.log", "b.log"]).save("results")
    written = modes(Path("results"))
    assert {"results/questions.jsonl", "results/files/a.log.anomalies.json", "results/summary.json"} <= written.keys()
    assert written == owner_only(Path("results"))


def test_what_is_stored_meanwhile_is_its_owners(monkeypatch):
    Path("tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(Path("tmp").resolve()))
    Path("a.log").write_text(LOG, encoding="utf-8")
    seen = []
    analyse = analyzer.analyze_files

    def looked_at(*args, spool, **options):
        from loganomaly.reading.spool import spool as store

        store(iter([LOG.encode()]), name="<stdin>", folder=spool)
        seen.append((modes(spool), owner_only(spool)))
        return analyse(*args, spool=spool, **options)

    monkeypatch.setattr(analyzer, "analyze_files", looked_at)
    LogAnalyzer(Config(llm={"provider": "local"})).analyze("a.log")
    ((found, wanted),) = seen
    assert len(found) == 2
    assert found == wanted


def test_answers_that_are_kept_are_their_owners():
    with AnswerCache(Path("cache/loganomaly/answers.sqlite")) as cache:
        cache.put("key", "answer", model="m")
    assert cache.problem is None
    assert stat.S_IMODE(Path("cache/loganomaly/answers.sqlite").stat().st_mode) == FILE
    assert stat.S_IMODE(Path("cache/loganomaly").stat().st_mode) == FOLDER


def test_the_record_of_what_was_sent_is_its_owners():
    Audit(Path("results/llm-audit.jsonl"))._write(1, status=200)
    assert modes(Path("results")) == owner_only(Path("results"))
