"""`loganomaly inspect`: how files are read, as values, as text and as JSON."""

import gzip
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loganomaly import cli, inspection
from loganomaly.errors import InputMissingError, UsageError
from loganomaly.inspection import LayoutUse, ParsedRecord, inspect_sources
from loganomaly.reports.inspection import render_inspection, render_json

TEXT = "2026-03-14 09:00:{:02} {} [shop] order {} paid\n"
APP = "".join(TEXT.format(second, "ERROR" if second % 5 == 0 else "INFO", second) for second in range(20))
ACCESS = '10.0.0.7 - - [14/Mar/2026:08:30:00 +0000] "GET / HTTP/1.1" 503 17\n'
MICRO = 1_000_000
NINE = 1_773_478_800 * MICRO
SECRET = "hunter2x"


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text, name="app.log"):
    Path(name).write_text(text, encoding="utf-8")
    return name


def inspected(text, **options):
    (source,) = inspect_sources([write(text)], **options).sources
    return source


def shown(*sources, width=100, skipped=()):
    return render_inspection(inspection.Inspection(sources=sources, skipped=skipped), width=width)


def call(*args):
    return CliRunner().invoke(cli.inspect_app, args, prog_name="loganomaly inspect")


# --- the values


def test_a_file_of_two_formats_has_both_layouts_and_its_counts():
    source = inspected(APP + ACCESS * 5)
    text, access = source.layouts
    assert text == LayoutUse(
        format="text", text="{time:%Y-%m-%d %H:%M:%S%f%z} {level} [{component}] {message}", records=20
    )
    assert (access.format, access.records) == ("access", 5)
    assert "[{time:%d/%b/%Y:%H:%M:%S%f%z}]" in access.text
    assert (source.name, source.compression, source.encoding, source.format) == ("app.log", "none", "utf-8", "text")
    assert (source.share, source.whole, source.damage) == (1.0, True, None)
    assert (source.lines, source.records, source.timed, source.with_component) == (25, 25, 25, 20)
    assert list(source.severities.items()) == [("ERROR", 9), ("INFO", 16)]
    assert (source.first_time, source.last_time) == (NINE - 1800 * MICRO, NINE + 19 * MICRO)
    assert (source.unmatched, source.unmatched_lines) == (0, ())


def test_the_first_three_records_are_as_they_are_read():
    stack = "\tat shop.Order.pay(Order.java:17)\n"
    source = inspected(APP.replace("order 0 paid\n", "order 0 paid\n" + stack))
    assert source.first_records == (
        ParsedRecord(line=1, lines=2, time=NINE, severity="ERROR", component="shop", message="order 0 paid"),
        ParsedRecord(line=3, lines=1, time=NINE + MICRO, severity="INFO", component="shop", message="order 1 paid"),
        ParsedRecord(line=4, lines=1, time=NINE + 2 * MICRO, severity="INFO", component="shop", message="order 2 paid"),
    )
    assert source.unmatched == 0  # a line of a stack trace needs no layout


def test_lines_that_no_layout_reads_are_counted_and_shown_once():
    strange = "what is this\nand this\nwhat is this\nor this\nthe last\n"
    source = inspected(APP + strange)
    assert source.unmatched == 5
    assert source.unmatched_lines == ("what is this", "and this", "or this")
    assert not source.loose
    assert source.records == 20
    assert "5 lines that no layout reads, each a part of the record before it, such as:\n    what is this\n" in shown(
        source
    )


def test_a_source_that_nothing_matches_is_plain():
    source = inspected("the cat sat\non the mat\n")
    assert (source.format, source.share, source.layouts) == ("plain", 0.0, ())
    assert (source.records, source.timed, source.unmatched, source.loose) == (2, 0, 2, True)
    assert (source.first_time, source.last_time) == (None, None)
    assert source.severities == {"UNKNOWN": 2}
    text = shown(source)
    assert "layouts     none fits" in text
    assert "line 1  no time  UNKNOWN  no component\n      the cat sat\n" in text
    assert "each a record of its own" in text


@pytest.mark.parametrize(("lines", "whole"), [(19, False), (20, True), (21, True)])
def test_only_the_first_lines_are_read(lines, whole):
    source = inspected(APP, lines=lines)
    assert (source.lines, source.whole) == (min(lines, 20), whole)
    assert source.last_time == NINE + (source.lines - 1) * MICRO


def test_a_last_line_without_its_end_is_a_line():
    source = inspected(APP + "2026-03-14 09:00:20 INFO [shop] bye", lines=21)
    assert (source.lines, source.records, source.whole) == (21, 21, True)


def test_a_long_source_is_read_in_pieces(monkeypatch):
    text = APP + "lost\n" + APP
    expected = inspected(text)
    monkeypatch.setattr(inspection, "_BATCH", 2)
    assert inspected(text) == expected


def test_a_compressed_file_is_read():
    Path("app.log.gz").write_bytes(gzip.compress(APP.encode()))
    (source,) = inspect_sources(["app.log.gz"]).sources
    assert (source.compression, source.records, source.timed) == ("gzip", 20, 20)
    assert shown(source).startswith("app.log.gz (gzip, utf-8)\n")


def test_a_damaged_file_is_read_up_to_the_damage():
    packed = gzip.compress(b"".join(TEXT.format(i % 60, "INFO", i * i).encode() for i in range(9000)))
    Path("app.log.gz").write_bytes(packed[: len(packed) * 9 // 10])
    (source,) = inspect_sources(["app.log.gz"]).sources
    assert 0 < source.records < 9000
    assert not source.whole
    assert "cannot be read past its first" in source.damage
    assert source.damage in shown(source)


def test_standard_input_is_read():
    (source,) = inspect_sources(["-"], stdin=io.BytesIO(APP.encode())).sources
    assert (source.name, source.records) == ("<stdin>", 20)


def test_a_folder_has_its_sources_and_what_is_skipped():
    Path("logs").mkdir()
    write(APP, "logs/b.log")
    write(APP, "logs/a.log")
    write("x = 1\n", "logs/setup.py")
    found = inspect_sources(["logs"])
    assert [Path(source.name).name for source in found.sources] == ["a.log", "b.log"]
    (skipped,) = found.skipped
    assert skipped.name == str(Path("logs/setup.py"))
    assert "\nnot read:\n" in shown(*found.sources, skipped=found.skipped)
    assert f"  {skipped.name}: {skipped.reason}\n" in shown(*found.sources, skipped=found.skipped)


def test_inputs_that_cannot_be_read_are_errors():
    with pytest.raises(InputMissingError, match=r"no such file or folder: 'app\.log'"):
        inspect_sources(["app.log"])
    with pytest.raises(UsageError, match="lines is 0"):
        inspect_sources(["app.log"], lines=0)


# --- what is shown


@pytest.mark.parametrize(
    "text",
    [
        APP.replace("order 1 paid", f"login password={SECRET} ok"),
        # The word before the secret is the component here: the message alone does not show what it is.
        "".join(f"2026-03-14 09:00:{i:02} INFO password: {SECRET}\n" for i in range(20)),
        f"password={SECRET}\nno log at all\n",
        APP + f"lost password={SECRET}\n",
    ],
    ids=["message", "behind the component", "plain", "unmatched"],
)
def test_secrets_are_masked(text):
    source = inspected(text)
    assert SECRET not in repr(source)
    assert "<password>" in repr(source)


def test_a_secret_that_goes_on_over_lines_is_masked(monkeypatch):
    key = [
        "-----BEGIN PRIVATE KEY-----",
        *("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" + str(i) * 8 for i in range(6)),
        "-----END PRIVATE KEY-----",
    ]
    monkeypatch.setattr(inspection, "_BATCH", 1)
    source = inspected("\n".join(key) + "\nthe end\n")
    assert "MIIEvQ" not in repr(source)
    assert source.first_records[0].message == "<private-key>"


def test_secrets_in_names_are_masked():
    write(APP, f"password={SECRET}.log")
    assert SECRET not in repr(inspect_sources(["."]))


# Escape sequences never get here from a log; what else a terminal obeys does, and names may hold those as well.
HOSTILE = "failed \x9b2J\x07 \u202egnp.exe"
HOSTILE_NAME = "\x1b[2Jfailed \x1b]0;title\x07 \u202egnp.exe"


def test_no_text_reaches_the_terminal_unfiltered():
    source = inspected(APP.replace("order 0 paid", HOSTILE) + HOSTILE + "\n")
    record = replace(source.first_records[0], component=HOSTILE_NAME)
    source = replace(source, name=HOSTILE_NAME, first_records=(record,), damage=HOSTILE_NAME)
    text = shown(source, skipped=(inspection.Skipped(name=HOSTILE_NAME, reason=HOSTILE_NAME),))
    assert text.count("failed ␛]0;title␇ gnp.exe") == 5
    assert text.count("failed ␇ gnp.exe") == 2
    assert not set("\x1b\x9b\x07\u202e") & set(text)


def test_text_of_the_log_is_cut_to_the_width_and_layouts_are_not():
    source = inspected(APP.replace("order 0 paid", "word " * 900) + "lost " * 900 + "\n" + ACCESS * 5)
    lines = shown(source, width=50).splitlines()
    cut = [line for line in lines if line.endswith("…")]
    assert [len(line) for line in cut] == [50, 50]
    assert any('{begin}"{request+}" {status} {size}{end}  [access; 5 records]' in line for line in lines)


def test_json_has_all_values_and_no_character_that_a_terminal_obeys():
    text = render_json(inspect_sources([write(APP.replace("order 0 paid", HOSTILE))]))
    assert text.isascii()
    assert text.replace("\n", "").isprintable()

    def refuse(name):
        pytest.fail(f"{name} is no JSON")

    (source,) = json.loads(text, parse_constant=refuse)["sources"]
    assert source["first_records"][0] == {
        "line": 1,
        "lines": 1,
        "time": "2026-03-14T09:00:00Z",
        "severity": "ERROR",
        "component": "shop",
        "message": HOSTILE,
    }
    assert (source["first_time"], source["last_time"]) == ("2026-03-14T09:00:00Z", "2026-03-14T09:00:19Z")
    assert source["layouts"][0]["text"].startswith("{time:%Y-%m-%d %H:%M:%S%f%z} {level}")


# --- the command


def test_the_command_shows_what_the_values_say():
    result = call(write(APP))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == render_inspection(inspect_sources(["app.log"]), width=80)


def test_the_command_writes_json_of_the_lines_asked_for():
    result = call(write(APP), "--json", "--lines", "7")
    assert result.exit_code == 0
    assert [source["lines"] for source in json.loads(result.stdout)["sources"]] == [7]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ([], 2, "error: PATH is missing: name at least one log file"),
        (["--lines", "0", "app.log"], 2, "--lines"),
        (["missing.log"], 1, "error: no such file or folder: 'missing.log'"),
        (["empty.log"], 1, "error: nothing in 'empty.log' can be read as log lines"),
    ],
)
def test_errors_and_exit_codes_are_those_of_the_main_command(args, code, message):
    write("", "empty.log")
    result = call(*args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_an_unexpected_error_is_one_line_and_a_hint(monkeypatch):
    def fail(*_args, **_options):
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(inspection, "inspect_sources", fail)
    result = call("app.log")
    assert result.exit_code == 1
    assert result.stderr == "error: unexpected ZeroDivisionError: by nought\nrun again with --verbose for the details\n"
    assert ", in fail\n" in call("app.log", "--verbose").stderr


def test_an_interrupted_inspection_says_so(monkeypatch):
    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(inspection, "inspect_sources", interrupt)
    result = call("app.log")
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_the_word_inspect_in_front_chooses_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["loganomaly", "inspect", write(APP), "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["sources"][0]["name"] == "app.log"


def test_the_main_command_takes_inspect_for_a_folder_and_nothing_else(monkeypatch, capsys):
    write(APP)
    monkeypatch.setattr(sys, "argv", ["loganomaly", "--input", "app.log", "--output", "inspect"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert (Path("inspect") / "summary.json").is_file()
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["loganomaly", "--verbose", "inspect", "app.log"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "unexpected extra argument" in capsys.readouterr().err


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
    command = [sys.executable, "-c", code]
    done = subprocess.run([*command, "inspect", "--help"], capture_output=True, check=True, text=True)
    assert done.stderr == "[]\n"
    assert "Usage: loganomaly inspect [OPTIONS]" in done.stdout
    main_help = subprocess.run([*command, "--help"], capture_output=True, check=True, text=True).stdout
    assert "loganomaly inspect PATH..." in main_help
