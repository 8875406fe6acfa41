import json
import os
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.errors import OutputError
from loganomaly.reports.writer import check_folder, to_json, write_results

NEW = {
    "files/a.log.summary.json": b"new a",
    "summary.json": b"new summary",
    "anomalies.json": b"new anomalies",
}
OLD = {name: content.replace(b"new", b"old") for name, content in NEW.items()}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=4), values, max_size=3),
    max_leaves=30,
)

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and links as on POSIX systems")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def failing(monkeypatch, function, *, when=lambda *_: True, error=None):
    """Let a function of os fail with *error* for the arguments that *when* picks."""
    real = getattr(os, function)

    def fake(*args, **options):
        if when(*args):
            raise error or OSError(28, "No space left on device")
        return real(*args, **options)

    monkeypatch.setattr(os, function, fake)


def target_is(name):
    return lambda _source, target: os.fspath(target).endswith(name)


def once(when):
    """Pick only the first of the calls that *when* picks: putting back comes after it."""
    picked = []

    def first(*args):
        if picked or not when(*args):
            return False
        picked.append(args)
        return True

    return first


def test_the_files_are_written_and_their_paths_returned(folder):
    paths = write_results(folder, NEW)
    assert paths == [
        folder / "files" / "a.log.summary.json",
        folder / "summary.json",
        folder / "anomalies.json",
    ]
    assert contents(folder) == NEW


def test_the_previous_files_are_replaced(folder):
    write_results(folder, OLD)
    write_results(folder, NEW)
    assert contents(folder) == NEW


def test_missing_folders_are_made_down_to_the_last(tmp_path):
    write_results(tmp_path / "a" / "b" / "c", NEW)
    assert contents(tmp_path / "a" / "b" / "c") == NEW


@posix
def test_only_the_owner_can_read_what_is_written(tmp_path):
    write_results(tmp_path / "a" / "b", NEW)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").rglob("*")}
    modes[tmp_path / "a"] = stat.S_IMODE((tmp_path / "a").stat().st_mode)
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}


@posix
def test_the_permissions_of_a_folder_that_was_there_stay(folder):
    folder.mkdir()
    folder.chmod(0o755)
    write_results(folder, NEW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_without_links_the_summary_is_renamed_last(folder, monkeypatch):
    renamed = []
    failing(monkeypatch, "symlink", error=PermissionError(1, "Operation not permitted"))
    failing(monkeypatch, "replace", when=lambda _source, target: renamed.append(os.path.basename(target)))  # noqa: PTH119
    write_results(folder, NEW)
    assert renamed == ["a.log.summary.json", "anomalies.json", "summary.json"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("name", sorted(NEW))
def test_a_failed_rename_leaves_the_previous_results(folder, monkeypatch, name, error):
    write_results(folder, OLD)
    failing(monkeypatch, "replace", when=once(target_is(f"results/{name}")), error=error)
    with pytest.raises(OutputError if isinstance(error, OSError) else KeyboardInterrupt):
        write_results(folder, NEW)
    assert contents(folder) == OLD


def test_a_failed_rename_leaves_nothing_where_nothing_was(folder, monkeypatch):
    failing(monkeypatch, "replace", when=target_is("results/summary.json"))
    with pytest.raises(OutputError):
        write_results(folder, NEW)
    assert contents(folder) == {}


def test_a_failed_rename_puts_back_files_that_are_no_longer_written(folder, monkeypatch):
    write_results(folder, OLD)
    failing(monkeypatch, "replace", when=once(target_is("results/summary.json")))
    with pytest.raises(OutputError):
        write_results(folder, {"summary.json": b"new summary"})
    assert contents(folder) == OLD


def test_previous_results_are_kept_on_file_systems_without_links(folder, monkeypatch):
    write_results(folder, OLD)
    failing(monkeypatch, "link", error=PermissionError(1, "Operation not permitted"))
    failing(monkeypatch, "replace", when=once(target_is("results/summary.json")))
    with pytest.raises(OutputError):
        write_results(folder, NEW)
    assert contents(folder) == OLD


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_failed_sync_leaves_the_previous_results(folder, monkeypatch, error):
    write_results(folder, OLD)
    failing(monkeypatch, "fsync", error=error)
    with pytest.raises(OutputError if isinstance(error, OSError) else KeyboardInterrupt):
        write_results(folder, NEW)
    assert contents(folder) == OLD


def test_an_error_names_the_file_and_the_cause(folder, monkeypatch):
    failing(monkeypatch, "fsync")
    with pytest.raises(OutputError, match=r"anomalies\.json'?: No space left on device; .*another output folder"):
        write_results(folder, {"anomalies.json": b""})


@posix
def test_a_folder_that_cannot_be_synced_is_no_error(folder, monkeypatch):
    failing(monkeypatch, "fsync", when=lambda handle: stat.S_ISDIR(os.fstat(handle).st_mode))
    write_results(folder, NEW)
    assert contents(folder) == NEW


def test_left_overs_of_a_killed_run_are_removed(folder):
    (folder / ".loganomaly-0a.tmp" / "new" / "files").mkdir(parents=True)
    (folder / ".loganomaly-0a.tmp" / "new" / "files" / "a.log.summary.json").write_bytes(b"")
    (folder / ".loganomaly-0b.tmp").write_bytes(b"")
    write_results(folder, {"summary.json": b""})
    assert contents(folder) == {"summary.json": b""}
    assert not list(folder.glob(".*"))


@pytest.mark.skipif(sys.platform == "win32", reason="no locks on folders")
def test_no_other_run_writes_to_the_folder_meanwhile(folder, monkeypatch):
    import fcntl

    refused = []

    def try_to_lock(*_):
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            refused.append(True)
        finally:
            os.close(handle)

    failing(monkeypatch, "replace", when=try_to_lock)
    write_results(folder, NEW)
    assert len(refused) >= len(NEW)


def test_results_by_file_of_the_previous_run_are_removed(folder):
    write_results(folder, OLD | {"files/b.log.summary.json": b"", "files/b.log.anomalies.json": b""})
    write_results(folder, NEW)
    assert contents(folder) == NEW


def test_a_previous_list_of_anomalies_does_not_stay_beside_a_new_summary(folder):
    write_results(folder, OLD)
    write_results(folder, {"summary.json": b"new summary"})
    assert contents(folder) == {"summary.json": b"new summary"}


def test_files_that_are_not_ours_stay(folder):
    foreign = {"notes.txt": b"1", "files/notes.json": b"2", "files/deep/x.summary.json": b"3", ".x.tmp": b"4"}
    for name, content in foreign.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    write_results(folder, OLD)
    write_results(folder, NEW)
    assert contents(folder) == NEW | foreign


def test_without_a_summary_a_list_of_anomalies_is_somebody_elses(folder):
    folder.mkdir()
    (folder / "anomalies.json").write_bytes(b"mine")
    write_results(folder, {"summary.json": b""})
    assert (folder / "anomalies.json").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "name", ["../out.json", "a/../../out.json", "/out.json", "", ".", "a\\b.json", "C:out.json", "a\0b", "a/"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(folder, name):
    with pytest.raises(OutputError, match="leads out of the output folder"):
        write_results(folder, {name: b"", "summary.json": b""})
    assert not folder.exists()


@posix
def test_a_link_that_leads_out_of_the_folder_is_refused(folder, tmp_path):
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "files").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="leads out of the output folder"):
        write_results(folder, NEW)
    assert contents(tmp_path / "elsewhere") == {}


@posix
def test_nothing_is_removed_behind_a_link(folder, tmp_path):
    write_results(folder, {"summary.json": b""})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.summary.json").write_bytes(b"theirs")
    (elsewhere / ".loganomaly-0a.tmp").write_bytes(b"theirs")
    (folder / "files").symlink_to(elsewhere)
    write_results(folder, {"summary.json": b""})
    assert set(contents(elsewhere)) == {"a.summary.json", ".loganomaly-0a.tmp"}


@posix
def test_a_link_in_place_of_a_result_is_replaced_not_followed(folder, tmp_path):
    folder.mkdir()
    (tmp_path / "other.json").write_bytes(b"theirs")
    (folder / "summary.json").symlink_to(tmp_path / "other.json")
    write_results(folder, {"summary.json": b"ours"})
    assert (tmp_path / "other.json").read_bytes() == b"theirs"
    assert contents(folder) == {"summary.json": b"ours"}


def test_a_folder_in_place_of_a_result_is_an_error(folder):
    (folder / "summary.json").mkdir(parents=True)
    with pytest.raises(OutputError, match="a folder has that name"):
        write_results(folder, NEW)
    assert contents(folder) == {}


def test_a_file_in_place_of_the_subfolder_is_an_error(folder):
    folder.mkdir()
    (folder / "files").write_bytes(b"mine")
    with pytest.raises(OutputError, match="files"):
        write_results(folder, NEW)
    assert contents(folder) == {"files": b"mine"}


@pytest.mark.parametrize("use", [check_folder, lambda folder: write_results(folder, NEW)])
def test_a_file_in_place_of_the_folder_is_an_error(folder, use):
    folder.write_bytes(b"mine")
    with pytest.raises(OutputError, match="is not a folder"):
        use(folder)
    with pytest.raises(OutputError, match="is not a folder"):
        use(folder / "below")
    assert folder.read_bytes() == b"mine"


@pytest.mark.parametrize("below", [".", "new", "new/er"])
def test_checking_a_folder_leaves_no_trace(tmp_path, below):
    check_folder(tmp_path / below)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_an_error(folder):
    folder.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        check_folder(folder)


def test_a_read_only_file_system_is_an_error(folder, monkeypatch):
    error = OSError(30, "Read-only file system")
    failing(monkeypatch, "open", error=error)
    with pytest.raises(OutputError, match="Read-only file system"):
        check_folder(folder)


def test_a_name_that_the_system_refuses_is_an_error(tmp_path):
    with pytest.raises(OutputError):
        check_folder(tmp_path / "a\0b")
    with pytest.raises(OutputError):
        check_folder(tmp_path / ("x" * 5000))


def test_json_reads_back_as_it_was():
    value = {"log": "café\x1b[31m\x7f\x9b\u202e\u200b\u2028\ud800\U000e0041 漢字", "n": [1, 0.5, None, True]}
    assert json.loads(to_json(value)) == value


def test_json_is_readable_utf_8():
    assert to_json({"a": ["é漢🎉"]}).decode() == '{\n  "a": [\n    "é漢🎉"\n  ]\n}\n'


def test_json_of_what_lies_deep_stands_on_one_line():
    values = [{"value": "a", "count": 2}, {"value": "b", "count": 1}]
    text = to_json({"templates": [{"parameters": [{"values": values, "numbers": None}]}]}).decode()
    assert '          "values": [{"value": "a", "count": 2}, {"value": "b", "count": 1}],\n' in text


@given(JSON)
def test_json_says_the_same_as_that_of_python(value):
    assert json.loads(to_json(value)) == json.loads(json.dumps(value))


def test_json_of_a_value_that_contains_itself_is_refused():
    value = {"entries": []}
    value["entries"].append(value)
    with pytest.raises(ValueError, match="Circular"):
        to_json(value)


def test_json_holds_nothing_that_a_terminal_obeys_or_hides():
    hostile = "\x00\x1b\x7f\x85\x9b\xad\u061c\u200b\u200f\u2028\u2029\u202e\u2060\u2066\ufeff\ud800\U000e0041"
    assert to_json(hostile).isascii()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_has_no_form_for_what_is_no_number(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"score": number})
