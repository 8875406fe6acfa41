"""`loganomaly dismiss`: entries in and out of a suppress file, whatever else is written there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from loganomaly import LogAnalyzer
from loganomaly.config import SuppressConfig, add_entries, load_config, load_suppress_file, remove_entries
from loganomaly.config.document import MAX_BYTES
from loganomaly.dismiss_command import dismiss_app
from loganomaly.errors import ConfigError, OutputError
from loganomaly.testing import log_line

FILE = Path("loganomaly-suppress.yaml")
RARE = {
    "id": "3f2a9c01b7de",
    "subject": {"kind": "template", "name": "cannot open table <*>"},
    "kinds": ["error", "rare_event"],
}
BURST = {"id": "3f2a00000000", "subject": {"kind": "template", "name": "retry <*>"}, "kinds": ["burst"]}
SILENCE = {"id": "aa0000000001", "subject": {"kind": "component", "name": "sync"}, "kinds": ["silence"]}


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def results():
    return write_results(RARE, BURST, SILENCE)


def write_results(*findings, folder="results"):
    Path(folder).mkdir()
    Path(folder, "anomalies.json").write_text(json.dumps(findings), encoding="utf-8")


def call(*args):
    return CliRunner().invoke(dismiss_app, args, prog_name="loganomaly dismiss")


def done(*args):
    result = call(*args)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout.splitlines()


def refused(*args, code=2):
    before = FILE.read_bytes() if FILE.exists() else None
    result = call(*args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert "Traceback" not in result.stderr
    assert (FILE.read_bytes() if FILE.exists() else None) == before
    return result.stderr


def entries():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))["suppress"] or []


# Dismissing


@pytest.mark.usefixtures("results")
def test_a_finding_is_written_down_with_its_template_and_reasons():
    assert done("3f2a9c01b7de", "--note", "ticket 12") == [
        "dismissed 3f2a9c01b7de: cannot open table <*> (error + rare_event)",
        "written to loganomaly-suppress.yaml; a run leaves them out with --suppress loganomaly-suppress.yaml",
    ]
    (entry,) = entries()
    assert entry.pop("date")[:2] == "20"
    assert entry == {
        "id": "3f2a9c01b7de",
        "template": "cannot open table <*>",
        "reason": "error + rare_event",
        "note": "ticket 12",
    }


@pytest.mark.usefixtures("results")
def test_a_finding_on_a_component_is_written_down_with_its_name():
    done("aa0000000001")
    (entry,) = entries()
    assert (entry["component"], entry["reason"], "template" in entry) == ("sync", "silence", False)


@pytest.mark.usefixtures("results")
def test_several_ids_are_several_entries_and_the_beginning_of_an_id_will_do():
    done("3f2a9", "aa00", "AA00")
    assert [entry["id"] for entry in entries()] == ["3f2a9c01b7de", "aa0000000001"]


@pytest.mark.usefixtures("results")
def test_what_was_dismissed_before_is_not_written_twice():
    done("3f2a9")
    before = FILE.read_bytes()
    assert done("3f2a9") == ["3f2a9c01b7de was dismissed before: cannot open table <*> (error + rare_event)"]
    assert FILE.read_bytes() == before


def test_results_and_file_can_be_elsewhere():
    write_results(RARE, folder="out")
    Path("lists").mkdir()
    done("3f2a", "--results", "out", "--file", "lists/known.yaml")
    assert not FILE.exists()
    assert [entry.id for entry in load_suppress_file(Path("lists/known.yaml"))] == ["3f2a9c01b7de"]


@pytest.mark.usefixtures("results")
def test_a_secret_in_a_note_is_not_written_down():
    done("3f2a9", "--note", "seen with password=hunter2x")
    assert "hunter2x" not in FILE.read_text(encoding="utf-8")


def test_what_a_terminal_obeys_is_neither_shown_nor_written():
    write_results(RARE | {"subject": {"kind": "template", "name": "\x1b[2J\u202eopen"}, "kinds": ["error"]})
    assert done("3f2a9")[0] == "dismissed 3f2a9c01b7de: open (error)"
    assert "\x1b" not in FILE.read_text(encoding="utf-8")
    assert "\u202e" not in FILE.read_text(encoding="utf-8")
    assert entries()[0]["template"] == "\x1b[2J\u202eopen"


# Taking it back, and looking at it


@pytest.mark.usefixtures("results")
def test_undo_takes_out_what_was_put_in():
    done("3f2a9")
    before = FILE.read_bytes()
    done("aa00")
    assert done("--undo", "aa00") == ["shown again: aa0000000001: component sync (silence)"]
    assert FILE.read_bytes() == before


def test_an_entry_by_hand_has_an_id_that_undo_takes():
    FILE.write_text('suppress:\n- {template: "retry <*>", reason: burst}\n', encoding="utf-8")
    name = done("--list")[0].split()[0]
    done("--undo", name)
    assert entries() == []


def test_the_id_of_an_entry_by_hand_is_that_of_the_finding():
    lines = [log_line(i, f"GET /item/{i} done") for i in range(3_000)]
    lines[900:900] = [log_line(900, "cannot open table orders", level="ERROR")]
    Path("app.log").write_text("".join(lines), encoding="utf-8")
    (found,) = LogAnalyzer().analyze("app.log").anomalies
    hand = {"template": found["template"], "reason": " + ".join(found["kinds"])}
    FILE.write_text(yaml.safe_dump({"suppress": [hand]}), encoding="utf-8")
    assert done("--list")[0].split()[0] == found["id"]


@pytest.mark.usefixtures("results")
def test_the_list_shows_what_and_why():
    done("3f2a9", "--note", "ticket 12")
    first, *rest = done("--list")
    assert first.startswith("3f2a9c01b7de  20")
    assert first.endswith("  error + rare_event")
    assert rest == ["    cannot open table <*>", "    note: ticket 12"]


def test_an_empty_list_is_said_to_be_empty():
    FILE.write_text("suppress:\n", encoding="utf-8")
    assert done("--list") == ["loganomaly-suppress.yaml has no entries"]


# What goes wrong


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "ID is missing"),
        (("3f2a9", "--list"), "--list shows the whole file; leave '3f2a9' out"),
        (("3f2a9", "--undo", "--list"), "--undo and --list are two commands"),
        (("3f2a9", "--undo", "--note", "x"), "--note is for a new entry; leave it out with --undo"),
        (("--list", "--results", "x"), "--results is for a new entry; leave it out with --list"),
        (("3f2",), "'3f2' is too short; give 4 digits of an id, or more"),
        (("3f2a",), "'3f2a' is the beginning of several ids of results; give more of one:\n  3f2a9c01b7de cannot"),
        (("3f2a9c01b7df",), "'3f2a9c01b7df' is no id of results nor the beginning of one; the nearest are:\n  3f2a9"),
        (("zzzz",), "among those that are:\n  3f2a9c01b7de cannot open table <*>\n  3f2a00000000 retry <*>\n  aa"),
        (("3f2a9", "zzzz"), "'zzzz' is no id"),
        (("--list",), "loganomaly-suppress.yaml: no such file"),
        (("--undo", "3f2a9"), "loganomaly-suppress.yaml: no such file"),
        (("3f2a9", "--file", "nowhere/x.yaml"), "nowhere/x.yaml: there is no folder 'nowhere'"),
    ],
)
@pytest.mark.usefixtures("results")
def test_a_wrong_call_is_refused_and_writes_nothing(args, message):
    assert message in refused(*args)
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {template: x, reason: burst}\n", "line 1: the file: given a list, expected a mapping"),
        ("suppress:\n- {template: x, reason: burst}\n- {template: y}\n", "line 3: suppress.2.reason: not given"),
        ("suppress:\n- {template: x, resaon: burst}\n", "line 2: unknown key 'suppress.1.resaon'; did you mean"),
        ("suppress:\n- {reason: burst}\n", "line 2: suppress.1.template: an entry is about a template, a component"),
        ("suppress:\n- {template: x, component: y, reason: z}\n", "line 2: suppress.1.component: an entry is about"),
        ("suppress:\n- {template: x, reason: 'a +'}\n", "line 2: suppress.1.reason: given 'a +', expected reasons"),
        ("suppress:\n- {template: x, reason: a, id: 3f2}\n", "line 2: suppress.1.id: given '3f2', expected 12 digits"),
        ("llm: {timeout: 5}\n", "line 1: given the key 'llm'; a file of findings that are not shown has the key"),
        ("suppress: [\n", "line 2: not valid YAML"),
        ("suppress:\n- &a {template: x, reason: y}\n- *a\n", "line 3: alias *a is not allowed"),
        (
            "suppress:\n- {template: x, reason: y, id: aaaaaaaaaaaa}\n- {template: z, reason: y, id: aaaaaaaaaaaa}\n",
            "line 3: suppress.2.id: aaaaaaaaaaaa is given twice, first as suppress.1",
        ),
    ],
)
@pytest.mark.usefixtures("results")
def test_a_damaged_file_is_told_by_its_line_and_left_as_it_is(text, message):
    FILE.write_text(text, encoding="utf-8")
    assert f"{FILE}, {message}" in refused("3f2a9")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[\n{"id": }]', "anomalies.json, line 2: damaged"),
        ("{}", "expected a list of findings"),
        (json.dumps([RARE, {"id": "x"}]), "finding 2 is damaged"),
        (json.dumps([{k: v for k, v in RARE.items() if k != "kinds"}]), "of another version ('kinds')"),
        (json.dumps([RARE | {"id": "../../x"}]), "an id has 12 digits"),
        ("[7]", "finding 1 is damaged"),
    ],
)
def test_damaged_results_are_told(content, message):
    write_results()
    Path("results/anomalies.json").write_text(content, encoding="utf-8")
    assert message in refused("3f2a9", code=1)


def test_results_that_are_not_there_are_asked_for():
    assert "no findings in 'results': there is no such folder; name that" in refused("3f2a9", code=1)
    Path("results").mkdir()
    assert "a run with --summary-only writes none" in refused("3f2a9", code=1)


def test_a_run_without_findings_has_none_to_dismiss():
    write_results()
    assert "'3f2a9' is no id of results, which has none" in refused("3f2a9")


@pytest.mark.usefixtures("results")
def test_a_file_that_is_write_protected_is_not_replaced(monkeypatch):
    done("3f2a9")
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)
    assert "cannot write 'loganomaly-suppress.yaml': it is write-protected" in refused("aa00", code=1)


@pytest.mark.skipif(sys.platform == "win32", reason="no permissions of that kind")
@pytest.mark.usefixtures("results")
def test_who_may_read_the_file_stays_as_it_was():
    done("3f2a9")
    FILE.chmod(0o640)
    done("aa00")
    assert FILE.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights")
@pytest.mark.usefixtures("results")
def test_a_link_stays_a_link():
    Path("real").mkdir()
    Path("real/list.yaml").write_text("suppress:\n", encoding="utf-8")
    FILE.symlink_to("real/list.yaml")
    done("3f2a9")
    assert FILE.is_symlink()
    assert "3f2a9c01b7de" in Path("real/list.yaml").read_text(encoding="utf-8")


@pytest.mark.usefixtures("results")
def test_nothing_is_left_behind_and_no_result_is_touched():
    Path("results/summary.json").write_text("{}", encoding="utf-8")
    done("3f2a9", "--file", "results/list.yaml")
    assert sorted(path.name for path in Path("results").iterdir()) == ["anomalies.json", "list.yaml", "summary.json"]


# The file as text

HAND = """\
# what we know of
suppress:
  # the nightly job
  - template: "job <*> late"   # always
    reason: >-
      burst
      + new

  # the old disk
  - {template: 'disk "<*>" full',
     reason: error}
  -
    template: |
      two
      lines
    reason: rare_event
  # end
"""
NEW = SuppressConfig(template="x", reason="burst", id="aaaaaaaaaaaa")


def test_what_was_written_by_hand_stays_to_the_letter_when_something_is_added():
    FILE.write_text(HAND, encoding="utf-8")
    assert add_entries(FILE, [NEW])
    added = '  - id: "aaaaaaaaaaaa"\n    template: "x"\n    reason: "burst"\n'
    assert FILE.read_text(encoding="utf-8") == HAND + added


@pytest.mark.parametrize("number", range(3))
def test_an_entry_is_taken_out_with_its_lines_alone(number):
    FILE.write_text(HAND, encoding="utf-8")
    before = load_suppress_file(FILE)
    assert remove_entries(FILE, [before[number]])
    left = FILE.read_text(encoding="utf-8")
    assert [comment in left for comment in ("# what we", "# the nightly", "# the old", "# end")] == [True] * 4
    assert load_suppress_file(FILE) == before[:number] + before[number + 1 :]


def test_all_entries_can_be_taken_out_and_others_put_in():
    FILE.write_text(HAND, encoding="utf-8")
    remove_entries(FILE, load_suppress_file(FILE))
    assert load_suppress_file(FILE) == ()
    assert add_entries(FILE, [NEW])
    assert load_suppress_file(FILE) == (NEW,)


@pytest.mark.parametrize("text", ["", "# nothing\n", "suppress:", "---\nsuppress:\n", "\ufeffsuppress:\r\n"])
def test_a_file_without_entries_takes_some(text):
    FILE.write_bytes(text.encode())
    assert add_entries(FILE, [NEW])
    assert load_suppress_file(FILE) == (NEW,)


def test_line_ends_stay_what_they_are():
    FILE.write_bytes(b"# a\r\nsuppress:\r\n- {template: y, reason: z}\r\n")
    add_entries(FILE, [NEW])
    data = FILE.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") == 6


@pytest.mark.parametrize(
    "text",
    ["suppress: []\n", "suppress: [{template: y, reason: z}]  # all\n", "suppress:\n- {template: y, reason: z}\n...\n"],
)
@pytest.mark.usefixtures("results")
def test_a_file_that_cannot_be_added_to_is_written_anew_and_that_is_said(text):
    FILE.write_text(text, encoding="utf-8")
    before = load_suppress_file(FILE)
    assert any("written anew, without comments" in line for line in done("3f2a9"))
    assert load_suppress_file(FILE)[:-1] == before
    assert load_suppress_file(FILE)[-1].id == "3f2a9c01b7de"


@pytest.mark.usefixtures("results")
def test_an_entry_in_brackets_can_be_taken_out():
    FILE.write_text("suppress: [{template: y, reason: z}, {template: u, reason: v}]\n", encoding="utf-8")
    first, second = load_suppress_file(FILE)
    assert not remove_entries(FILE, [first])
    assert load_suppress_file(FILE) == (second,)


def test_a_file_does_not_grow_beyond_what_is_read():
    entry = SuppressConfig(template="x" * (MAX_BYTES // 2), reason="burst")
    add_entries(FILE, [entry])
    before = FILE.read_bytes()
    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        add_entries(FILE, [NEW.model_copy(update={"template": "y" * (MAX_BYTES // 2)})])
    assert FILE.read_bytes() == before


def test_a_failure_leaves_the_file_as_it_was(monkeypatch):
    FILE.write_text(HAND, encoding="utf-8")

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="No space left"):
        add_entries(FILE, [NEW])
    assert FILE.read_text(encoding="utf-8") == HAND
    assert [path.name for path in Path().iterdir()] == [FILE.name]


TEXTS = st.text(max_size=20)
ENTRIES = st.lists(
    st.builds(
        lambda text, note, component: SuppressConfig(
            template=None if component else text, component=text if component else None, reason="burst + new", note=note
        ),
        TEXTS,
        st.none() | TEXTS,
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda entry: (entry.template, entry.component, entry.note),
)


@given(ENTRIES, ENTRIES, st.data())
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_as_it_was_written_and_can_be_taken_out(before, more, data):
    FILE.unlink(missing_ok=True)
    assert add_entries(FILE, before)
    more = [entry for entry in more if entry not in before]
    assert add_entries(FILE, more)
    assert load_suppress_file(FILE) == (*before, *more)
    gone = data.draw(st.lists(st.sampled_from([*before, *more]))) if before or more else []
    assert remove_entries(FILE, gone)
    assert load_suppress_file(FILE) == tuple(entry for entry in (*before, *more) if entry not in gone)
    assert FILE.read_text(encoding="utf-8").replace("\n", "").isprintable()


# From end to end


def test_a_finding_is_dismissed_hidden_and_brought_back():
    lines = [log_line(i, f"GET /item/{i} done") for i in range(3_000)]
    lines[900:900] = [log_line(900, "cannot open table orders", level="ERROR")]
    Path("app.log").write_text("".join(lines), encoding="utf-8")
    run = [sys.executable, "-m", "loganomaly"]
    shown = subprocess.run(
        [*run, "--input", "app.log", "--output", "results"], capture_output=True, text=True, check=True
    ).stdout
    (found,) = json.loads(Path("results/anomalies.json").read_text(encoding="utf-8"))
    assert f"[{found['id']}]" in shown
    subprocess.run([*run, "dismiss", found["id"]], check=True, capture_output=True)
    again = [*run, "--input", "app.log", "--output", "again", "--suppress", str(FILE)]
    after = subprocess.run(again, capture_output=True, text=True, check=True).stdout
    assert "Nothing unusual found in 3,001 lines." in after
    assert f"1 finding hidden by {FILE}, listed in summary.json" in after
    subprocess.run([*run, "dismiss", "--undo", found["id"]], check=True, capture_output=True)
    assert load_config(overrides={"suppress_file": str(FILE)}).suppress_file == str(FILE)
    assert "cannot open table" in subprocess.run(again, capture_output=True, text=True, check=True).stdout
