import json
import os

import polars as pl
import pytest

from dashboard_client import Browser, by_id, text
from loganomaly.dashboard.results_folder import ResultsFolder, opened
from loganomaly.errors import InputMissingError
from results_folders import entry, write_folder
from test_dashboard_pages import PATHS


def shown(folder, *, path="/"):
    return text(Browser(folder).page(path))


def test_a_folder_that_is_none_is_an_error(tmp_path):
    with pytest.raises(InputMissingError, match="does not exist"):
        opened([tmp_path / "no"])
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputMissingError, match="is not a folder"):
        opened([tmp_path / "file"])
    with pytest.raises(InputMissingError, match=r"there is no summary\.json"):
        opened([tmp_path])


def test_folders_of_the_same_name_are_told_apart(tmp_path):
    folders = []
    for day in ("monday", "tuesday"):
        (tmp_path / day).mkdir()
        folders.append(write_folder(tmp_path / day / "results"))
    assert [folder.name for folder in opened(folders)] == ["results (1)", "results (2)"]


def test_the_run_in_the_address_is_shown(tmp_path):
    first, second = write_folder(tmp_path / "a", []), write_folder(tmp_path / "b", [entry(0, first=1)])
    browser = Browser(first, second)
    assert "Nothing unusual" in text(browser.page("/"))
    assert "1 finding" in text(browser.page("/", "?run=1"))
    assert browser.rows("?run=1")[0]["rowCount"] == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "spoil",
    ["summary_only", "clean", "no_times", "old", "empty_log", "no_templates"],
)
def test_folders_that_lack_something_have_all_pages(tmp_path, path, spoil):
    folder = tmp_path / "r"
    if spoil == "summary_only":
        write_folder(folder)
        for name in ("findings.parquet", "leaks.json"):
            (folder / name).unlink()
    elif spoil == "clean":
        write_folder(folder, [], leaks=[])
    elif spoil == "no_times":
        write_folder(folder, [entry(0), entry(1)], timed=False)
    elif spoil == "old":
        write_folder(folder)
        for name in ("findings.parquet", "templates.parquet", "timeline.parquet"):
            (folder / name).unlink()
    elif spoil == "empty_log":
        write_folder(folder, [], templates=[], leaks=[], timed=False, original_log_count=0, records=0, input_files=[])
    else:
        write_folder(folder, templates=[])
    told = shown(folder, path=path)
    assert "cannot be shown" not in told
    assert ("--summary-only" in told) == (spoil in {"summary_only", "old"})


def test_a_clean_log_says_so(tmp_path):
    assert "Nothing unusual was found in 1,000 lines." in shown(write_folder(tmp_path / "r", []))


def test_a_log_without_times_says_so(tmp_path):
    assert "The log has no times" in shown(write_folder(tmp_path / "r", [entry(0)], timed=False))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("summary.json", b"{", "summary.json is damaged"),
        ("summary.json", b"[]", "summary.json is not what loganomaly writes"),
        ("summary.json", b'{"schema_version": 99}', "summary.json is of another version (99, expected 1)"),
        ("leaks.json", b"\xff", "leaks.json is damaged"),
        ("findings.parquet", b"PAR1 not really PAR1", "findings.parquet is damaged"),
        ("findings.parquet", b"", "findings.parquet is damaged"),
        ("templates.parquet", b"x" * 100, "templates.parquet is damaged"),
        ("timeline.parquet", b"x" * 100, "timeline.parquet is damaged"),
    ],
)
def test_damaged_files_are_told_and_the_rest_is_shown(tmp_path, path, name, content, told):
    folder = write_folder(tmp_path / "r")
    (folder / name).write_bytes(content)
    page = Browser(folder).page(path)
    assert told in text(page[1])
    assert ("cannot be shown" in text(page[0])) == (name == "summary.json")


def test_a_table_of_another_version_is_told(tmp_path):
    folder = write_folder(tmp_path / "r")
    pl.DataFrame({"id": ["x"]}).write_parquet(folder / "findings.parquet")
    assert "findings.parquet is of another version" in shown(folder)


def test_a_summary_with_nonsense_in_it_is_told_without_a_traceback(tmp_path):
    folder = write_folder(tmp_path / "r", incidents=[{"id": 1}], time_metrics=[])
    told = shown(folder)
    assert "This cannot be shown" in told
    assert str(tmp_path) not in told
    assert "Traceback" not in told


def test_a_file_that_changes_is_read_again(tmp_path):
    folder = ResultsFolder(write_folder(tmp_path / "r", [entry(0)]), "r")
    assert len(folder.current().findings) == 1
    assert folder.current() is folder.current()
    write_folder(tmp_path / "r", [entry(0), entry(1)])
    assert len(folder.current().findings) == 2
    (tmp_path / "r" / "findings.parquet").unlink()
    assert folder.current().findings is None


def test_a_change_of_time_alone_is_enough(tmp_path):
    folder = ResultsFolder(write_folder(tmp_path / "r"), "r")
    before = folder.current()
    os.utime(tmp_path / "r" / "summary.json", ns=(1, 1))
    assert folder.current() is not before


def test_a_page_changes_only_with_what_it_shows(tmp_path):
    browser = Browser(write_folder(tmp_path / "r"))
    outputs = ["page.children", "nav.children", "problems.children", "shown.data"]

    def asked(path, query, before):
        return browser.ask(
            outputs,
            [("address.pathname", path), ("address.search", query), ("theme.data", "light"), ("pulse.n_intervals", 1)],
            [("shown.data", before)],
        )

    first = asked("/findings", "", None)
    state = first["shown"]["data"]
    assert "page" not in asked("/findings", "?q=x&severity=ERROR&from=2026-03-14T09:00", state)
    assert "page" in asked("/templates", "", state)
    write_folder(tmp_path / "r", [entry(7)])
    assert "page" in asked("/findings", "", state)


def test_the_question_to_a_model_is_shown_where_it_was_written_down(tmp_path):
    folder = write_folder(tmp_path / "r", [entry(0), entry(1)])
    questions = [
        {"custom_id": f"{number:012x}", "system": "You judge.", "user": f"What of <b>{number}</b>?"}
        for number in range(2)
    ]
    (folder / "questions.jsonl").write_text("{\n" + "\n".join(map(json.dumps, questions)), encoding="utf-8")
    browser = Browser(folder)
    assert by_id(browser.detail(f"?finding={1:012x}"), "llm-prompt")["children"] == "You judge.\n\nWhat of <b>1</b>?"
    (folder / "questions.jsonl").write_bytes(b"\xff\n[]\nnull")
    assert by_id(browser.detail(f"?finding={1:012x}"), "llm-prompt") is None


def test_what_was_removed_meanwhile_is_told(tmp_path):
    folder = write_folder(tmp_path / "r")
    browser = Browser(folder)
    for path in folder.iterdir():
        path.unlink()
    page = browser.page()
    assert by_id(page, "damaged") is not None
    assert "no summary.json any more" in text(page[1])
    assert browser.rows()[0]["rowCount"] == 0
    assert json.dumps(browser.detail("?finding=x"))
