"""`loganomaly masks` and `loganomaly masks try`: what masks do on real lines, as values, as text and as JSON."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loganomaly import LogAnalyzer, cli, mask_commands
from loganomaly.config import load_config
from loganomaly.errors import ConfigError, NoLogsError, UsageError
from loganomaly.mining.masks import Mask, builtin_masks, masks_in_use
from loganomaly.reports.masks import render_masks, render_trial
from loganomaly.trial import coverage, run
from loganomaly.trial.run import try_masks

NAMES = ("ada", "bob", "cyd")
LINE = "2026-03-14 09:00:{:02} INFO [shop] order ORD-{} paid\n"
APP = "".join(LINE.format(i, NAMES[i % 3]) for i in range(30))
ORDER = Mask(name="order", pattern="ORD-[a-z]+")
SECRET = "hunter2x"


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def write(text, name="app.log"):
    Path(name).write_bytes(text.encode())
    return name


def tried(text, *masks, lines=1000):
    return try_masks([write(text)], masks=masks or (ORDER,), lines=lines)


def use(text, pattern):
    (found,) = tried(text, Mask(name="mine", pattern=pattern)).uses
    return found


def call(*args):
    if args[:1] == ("try",):
        return CliRunner().invoke(mask_commands.try_app, args[1:], prog_name="loganomaly masks try")
    return CliRunner().invoke(mask_commands.masks_app, args, prog_name="loganomaly masks")


# --- the values


def test_values_are_counted_and_templates_compared():
    trial = tried(APP)
    (found,) = trial.uses
    assert (trial.sources, trial.lines, trial.messages, trial.whole) == (1, 30, 30, True)
    assert (found.name, found.pattern) == ("order", "ORD-[a-z]+")
    assert (found.messages, found.values, found.distinct, found.distinct_is_least) == (30, 30, 3, False)
    assert found.frequent == (("ORD-ada", 10), ("ORD-bob", 10), ("ORD-cyd", 10))
    assert (found.parts, found.taken, found.lost, found.elsewhere, found.in_other_case) == (0, 0, 0, 0, 0)
    (change,) = trial.templates.changes
    assert (trial.templates.before, trial.templates.after, trial.templates.changed) == (3, 1, 1)
    assert (change.records, change.templates_before, change.templates_after) == (30, 3, 1)
    assert sorted(change.before) == [(f"order ORD-{name} paid", 10) for name in NAMES]
    assert change.after == (("order <*> paid", 30),)


def test_templates_are_those_of_an_analysis_with_the_same_masks():
    text = APP + "".join(LINE.format(i, i).replace("paid", "sent to /tmp/x") for i in range(20))
    trial = tried(text)
    (change,) = trial.templates.changes
    config = load_config(overrides={"masks": [{"name": ORDER.name, "pattern": ORDER.pattern}]})
    with_mask, without = (LogAnalyzer(each).analyze("app.log").templates for each in (config, None))
    assert trial.templates.after == len(with_mask)
    assert trial.templates.before == len(without)
    assert set(change.after) <= set(with_mask.select("log_template", "count").iter_rows())
    assert set(change.before) <= set(without.select("log_template", "count").iter_rows())


def test_a_match_that_is_no_whole_token_is_not_covered_and_shown_with_its_token():
    found = use(APP.replace("ORD-bob", "(ORD-bob!x)"), "ORD-[a-z]+")
    assert (found.values, found.parts, found.part_examples) == (20, 10, (("ORD-bob", "ORD-bob!x"),))


def test_a_match_that_ends_between_tokens_is_not_covered():
    found = use(APP, "ORD-[a-z]+ ")
    assert (found.values, found.parts) == (0, 30)
    assert found.part_examples == tuple((f"ORD-{name} ",) * 2 for name in NAMES)


def test_what_an_earlier_mask_covers_is_taken():
    uses = tried(APP, ORDER, Mask(name="whole", pattern="order ORD-bob")).uses
    assert [(found.values, found.taken) for found in uses] == [(30, 0), (0, 10)]


def test_a_mask_that_the_message_standing_for_all_does_not_have_is_lost():
    text = "".join(f"2026-03-14 09:00:{i:02} INFO job {i + 3} done\n" for i in range(20))
    found = use(text, r"1\d")
    assert (found.messages, found.lost) == (10, 10)
    assert use(text, r"\d+").lost == 0


def test_a_mask_on_what_varies_anyway_changes_the_types_alone():
    text = "".join(LINE.format(i, i) for i in range(20))
    templates = tried(text, Mask(name="order", pattern=r"ORD-\d+")).templates
    assert (templates.before, templates.after, templates.changed, templates.retyped) == (1, 1, 0, 1)


def test_the_worst_change_is_the_first():
    text = APP + "".join(LINE.format(i, "eve").replace("paid", "lost") for i in range(50))
    changes = tried(text).templates.changes
    assert [(change.templates_before, change.records) for change in changes] == [(3, 30), (1, 50)]


def test_a_mask_without_pattern_is_named_as_off():
    trial = tried(APP.replace("paid", "jdbc://y/z"), Mask(name="url", pattern=None))
    assert (trial.off, trial.uses) == (("url",), ())
    assert trial.templates.changed > 0


@pytest.mark.parametrize(
    ("pattern", "elsewhere", "other"), [("2026", 30, 0), (r"ord-\w+", 0, 30), ("zzz", 0, 0), ("shop|PAID", 30, 30)]
)
def test_a_pattern_that_matches_nothing_says_where_it_would(pattern, elsewhere, other):
    found = use(APP, pattern)
    assert (found.values, found.parts, found.elsewhere, found.in_other_case) == (0, 0, elsewhere, other)


@pytest.mark.parametrize(("lines", "whole"), [(29, False), (30, True)])
def test_only_the_first_lines_are_looked_at(lines, whole):
    trial = tried(APP, lines=lines)
    assert (trial.lines, trial.whole) == (lines, whole)


def test_a_long_source_is_read_in_pieces(monkeypatch):
    expected = tried(APP)
    monkeypatch.setattr(run, "_BATCH", 7)
    assert tried(APP) == expected


def test_different_values_are_counted_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(coverage, "_MOST_VALUES", 2)
    found = use(APP, "ORD-[a-z]+")
    assert (found.values, found.distinct, found.distinct_is_least) == (30, 2, True)


def test_what_inputs_may_be_is_read():
    Path("app.log.gz").write_bytes(gzip.compress(APP.encode()))
    with zipfile.ZipFile("logs.zip", "w") as archive:
        archive.writestr("in/app.log", APP)
    trial = try_masks(["*.gz", "logs.zip", "-"], masks=[ORDER], lines=100, stdin=io.BytesIO(APP.encode()))
    assert (trial.sources, trial.messages, trial.uses[0].values) == (3, 90, 90)


def test_a_damaged_file_is_read_up_to_the_damage():
    packed = gzip.compress(b"".join(LINE.format(i % 60, f"x{i * i}").encode() for i in range(9000)))
    Path("app.log.gz").write_bytes(packed[: len(packed) * 9 // 10])
    trial = try_masks(["app.log.gz"], masks=[ORDER], lines=10_000)
    assert 0 < trial.messages < 9000
    assert not trial.whole
    assert f"damaged:\n  {trial.damaged[0]}\n" in render_trial(trial, width=100)


def test_what_cannot_be_tried_is_an_error():
    with pytest.raises(NoLogsError, match="they are blank; look at more lines"):
        tried("\n\n" + APP, lines=2)
    with pytest.raises(ConfigError, match="matches the empty text"):
        tried(APP, Mask(name="mine", pattern="x*"))
    with pytest.raises(UsageError, match="lines is 0"):
        tried(APP, lines=0)


# --- what is shown


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (APP.replace("ORD-bob", f"password={SECRET}"), "[a-z]+2x"),
        (APP.replace("ORD-bob", f"password={SECRET}!"), "[a-z]+2x"),
        (APP.replace("ORD-bob", f"password={SECRET}"), ".*paid"),
        (APP.replace("ORD-bob", f"é password={SECRET}"), "[a-z]+2x"),
        ("".join(f"2026-03-14 09:00:{i:02} INFO password: {SECRET}\n" for i in range(20)), r"\w+"),
        (f"start\npassword={SECRET}\nno log at all\n", r"\w+"),
    ],
    ids=["value", "part", "around", "behind letters", "behind the component", "plain"],
)
def test_secrets_are_masked(text, pattern):
    trial = tried(text, Mask(name="mine", pattern=pattern))
    assert trial.uses[0].values + trial.uses[0].parts > 0
    assert SECRET not in repr(trial)


def test_a_secret_in_a_message_that_is_no_utf8_is_masked():
    Path("app.log").write_bytes(APP.encode().replace(b"ORD-bob", b"\xff\xff password=" + SECRET.encode()))
    trial = try_masks(["app.log"], masks=[Mask(name="mine", pattern="[a-z]+2x")], lines=100)
    assert trial.uses[0].frequent == (("<password>", 10),)
    assert SECRET not in repr(trial)


@pytest.mark.parametrize("batch", [1, 100])
def test_a_secret_that_goes_on_over_lines_is_masked(monkeypatch, batch):
    monkeypatch.setattr(run, "_BATCH", batch)
    key = ["-----BEGIN PRIVATE KEY-----", *["MIIEvQIBADANBgkqhkiGawBAQEFAASC"] * 6, "-----END PRIVATE KEY-----"]
    trial = tried("\n".join([*key, "the end", "the end of it"]) + "\n", Mask(name="mine", pattern="[A-Za-z]{2,}"))
    assert trial.uses[0].values > 6
    assert "MIIEvQ" not in repr(trial)


# Escape sequences never get here from a log; what else a terminal obeys does, and settings may hold those as well.
HOSTILE = "ORD-\x9b2J\x07\u202egnp.exe"


def test_no_text_reaches_the_terminal_unfiltered():
    text = APP.replace("ORD-bob", HOSTILE).replace("ORD-ada", f"({HOSTILE}!)")
    trial = tried(text, Mask(name="mine", pattern=r"ORD-[^ !]+"), Mask(name="x", pattern="\x1b\\[2J|\x07|paid"))
    shown = render_trial(trial, width=100)
    assert "ORD-␇gnp.exe" in shown
    assert "mask x: \\[2J|␇|paid" in shown.replace("␛", "")
    assert not set("\x1b\x9b\x07\u202e") & set(shown)
    own = (Mask(name="x", pattern="\x1b\\[2J|\u202e"),)
    assert not set("\x1b\u202e") & set(render_masks(masks_in_use(own), own=own))


def test_text_of_the_log_is_cut_to_the_width():
    shown = render_trial(tried(APP.replace("paid", "word " * 300), Mask(name="mine", pattern="ORD.*word")), width=50)
    cut = [line for line in shown.splitlines() if line.endswith("…")]
    assert cut
    assert {len(line) for line in cut} == {50}


def test_a_trial_reads_well():
    shown = render_trial(tried(APP.replace("ORD-cyd", "ORD-cyd!")), width=100)
    assert shown == (
        "30 lines of 1 file (all of them): 30 messages\n"
        "\n"
        "mask order: ORD-[a-z]+\n"
        "  covers      20 values in 20 messages\n"
        "  different   2, the most frequent:\n"
        "            10  ORD-ada\n"
        "            10  ORD-bob\n"
        "  not whole   10 matches not covered: a mask takes whole tokens, from the first character of one to the last "
        "of one; such as:\n"
        "                ORD-cyd  in ORD-cyd!\n"
        "\n"
        "templates: 3 before, 1 after; 1 change:\n"
        "  3 templates to 1, 30 messages\n"
        "    before          10  order ORD-ada paid\n"
        "                    10  order ORD-bob paid\n"
        "                    10  order ORD-cyd! paid\n"
        "    after           30  order <*> paid\n"
    )


def test_no_match_at_all_is_said_with_the_reasons():
    shown = render_trial(tried(APP, Mask(name="mine", pattern="SHOP|shop"), lines=10), width=100)
    assert "covers      nothing: the pattern matches in none of 10 messages\n" in shown
    assert "it matches in 10 lines outside of the message" in shown
    assert "only the first lines were looked at: --lines N looks at more" in shown
    assert "templates: 3 before, 3 after; none changes\n" in shown
    assert "begin the pattern with (?i)" in render_trial(tried(APP, Mask(name="mine", pattern="ord-ada")), width=100)


# --- the commands


def test_masks_lists_the_masks_in_their_order():
    result = call()
    assert (result.exit_code, result.stderr) == (0, "")
    headings = [line.split()[0] for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert headings == [mask.name for mask in builtin_masks()]
    assert "\nemail (built-in)\n  pattern  [A-Za-z0-9._%+-]+@" in result.stdout
    assert "  sample   ada.lovelace@example.org\n" in result.stdout


CONFIG = "masks:\n- {name: order, pattern: 'ORD-[a-z]+'}\n- {name: url, pattern: null}\n"


def test_masks_of_a_configuration_are_listed_first():
    result = call("--config", write(CONFIG, "own.yaml"))
    start = "order (yours)\n  pattern  ORD-[a-z]+\nurl (yours: the built-in one is off)\nemail (built-in)\n"
    assert result.stdout.startswith(start)
    listed = json.loads(call("--config", "own.yaml", "--json").stdout)
    assert listed[:2] == [
        {"name": "order", "pattern": "ORD-[a-z]+", "sample": None, "origin": "own"},
        {"name": "url", "pattern": None, "sample": None, "origin": "own"},
    ]
    assert listed[2]["origin"] == "built-in"
    assert listed[2]["sample"] == "ada.lovelace@example.org"


def test_try_shows_what_the_values_say():
    result = call("try", "ORD-[a-z]+", write(APP))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == render_trial(tried(APP, Mask(name="mine", pattern="ORD-[a-z]+")), width=100)


def test_try_writes_json_of_the_lines_asked_for():
    result = call("try", "ORD-[a-z]+", write(APP.replace("bob", "\x07")), "--json", "--lines", "7", "--name", "order")
    assert result.stdout.isascii()
    value = json.loads(result.stdout)
    assert (value["lines"], value["uses"][0]["name"], value["templates"]["before"]) == (7, "order", 3)


def test_try_takes_the_masks_of_a_configuration():
    write(APP.replace("paid", "at jdbc://y/z"))
    value = json.loads(call("try", "--config", write(CONFIG, "own.yaml"), "app.log", "--json").stdout)
    assert [found["values"] for found in value["uses"]] == [30]
    assert value["off"] == ["url"]


def test_a_mask_of_the_name_of_a_built_in_one_is_tried_in_its_place():
    write(APP.replace("ORD-", "jdbc://"))
    result = call("try", "--json", "--name", "url", "y://[a-z]+", "app.log")
    assert json.loads(result.stdout)["templates"]["changed"] > 0


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["try"], 2, "error: PATTERN and PATH are missing: name a pattern, or --config FILE"),
        (["try", "x"], 2, "error: PATH is missing: name a pattern"),
        (["try", "--config", "own.yaml"], 2, "error: PATH is missing: name the logs"),
        (["try", "--config", "own.yaml", "--name", "a", "app.log"], 2, "error: --name a is for a PATTERN"),
        (["try", "--config", "none.yaml", "app.log"], 2, "error: none.yaml has no masks; give it some under the key"),
        (["try", "--config", "bad.yaml", "app.log"], 2, "error: bad.yaml, line 2: masks.1.pattern: mask 'a': '('"),
        (["try", "(", "app.log"], 2, "error: mask 'mine': '(' is no pattern that can be used: unclosed group"),
        (["try", "--name", "a b", "x", "app.log"], 2, "error: mask 'a b': expected a name made of"),
        (["try", "--lines", "0", "x", "app.log"], 2, "--lines"),
        (["try", "x", "missing.log"], 1, "error: no such file or folder: 'missing.log'"),
        (["--json", "try", "x", "app.log"], 2, "unexpected extra argument"),
        (["--config", "missing.yaml"], 2, "error: missing.yaml: no such file"),
        (["list"], 2, "unexpected extra argument"),
    ],
)
def test_errors_say_what_to_do(args, code, message):
    write(APP)
    write(CONFIG, "own.yaml")
    write("llm: {}", "none.yaml")
    write("masks:\n- {name: a, pattern: (}\n".replace("(", "'('"), "bad.yaml")
    result = call(*args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_an_interrupted_trial_says_so(monkeypatch):
    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "try_masks", interrupt)
    result = call("try", "x", "app.log")
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_the_word_masks_in_front_chooses_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["loganomaly", "masks", "try", "ORD-[a-z]+", write(APP), "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["uses"][0]["values"] == 30


def test_help_loads_nothing_heavy():
    code = """
import sys
from loganomaly.cli import main
try:
    main()
finally:
    heavy = {"numba", "numpy", "polars", "pydantic", "rich", "scipy", "yaml"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    command = [sys.executable, "-c", code, "masks", "try", "--help"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stderr == "[]\n"
    assert "Usage: loganomaly masks try [OPTIONS] [PATTERN PATH...]..." in done.stdout
