import json
import logging
import os
import re
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from loganomaly.analyze_command import run as analyze_command
from loganomaly.cli import app
from loganomaly.config import Config
from loganomaly.errors import InputMissingError, OutputError, UnavailableError

SUMMARY = {
    "original_log_count": 100,
    "processed_log_count": 100,
    "input_files": [{"name": "app.log"}],
    "template_diversity": {"unique_templates": 3},
    "time_metrics": {"first_time": None, "last_time": None},
    "incidents": [],
    "leaks": [],
    "skipped_files": [],
    "stages": {"scan": 1.25, "judge": 0.5},
    "llm": {
        "provider": "local",
        "model": None,
        "endpoint": None,
        "note": None,
        "interrupted": False,
        "questions": 0,
        "answered": 0,
        "calls": 0,
        "cache": {"hits": 0, "misses": 0},
        "not_asked": 0,
        "tokens": {"prompt": 0, "answer": 0},
        "seconds": 0.0,
        "failures": {},
    },
}
ANOMALY = {
    "subject": {"kind": "template", "name": "out of memory [bold]"},
    "score": 0.97,
    "severity": "CRITICAL",
    "source": "app.log",
    "line_number": 7,
    "count": 1,
    "first_seen": None,
    "last_seen": None,
    "log": "out of memory [bold]",
    "reason": "It was seen once.",
}


class FakeResults:
    def __init__(self, *, notices=(), anomalies=(ANOMALY,)):
        self.summary = SUMMARY
        self.anomalies = list(anomalies)
        self.notices = tuple(notices)
        self.interrupted = False

    def save(self, folder, *, summary_only=False, report=True):
        self.told_of_report = report
        folder.mkdir(exist_ok=True)
        names = ["summary.json"] if summary_only else ["summary.json", "anomalies.json"]
        for name in names:
            (folder / name).write_text("{}", encoding="utf-8")
        return [folder / name for name in names]


class FakeAnalyzer:
    """Takes the place of ``loganomaly.analyzer.LogAnalyzer`` and keeps what it was called with."""

    def __init__(self):
        self.constructed = self.analyzed = None
        self.results = FakeResults()
        self.action = lambda: None

    def __call__(self, config, **options):
        self.constructed = {"config": config, **options}
        return self

    def analyze(self, data, **options):
        self.analyzed = {"data": data, **options}
        self.action()
        return self.results

    @property
    def config(self):
        return self.constructed["config"]


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def analyzer(monkeypatch):
    fake = FakeAnalyzer()
    module = types.ModuleType("loganomaly.analyzer")
    module.LogAnalyzer = fake
    monkeypatch.setitem(sys.modules, "loganomaly.analyzer", module)
    return fake


def call(*args):
    return CliRunner().invoke(app, args, prog_name="loganomaly")


def run(*args):
    """Call with the required options, and see the run end well."""
    result = call("--input", "app.log", "--output", "results", *args)
    assert result.exit_code == 0, result.output
    return result


def refused(*args):
    result = call("--input", "app.log", "--output", "results", *args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    return result.stderr


# What the options do.


def test_a_run_gives_the_inputs_to_the_analyzer_and_leaves_out_its_own_results(analyzer):
    run("--input", "logs/*.log", "--input", "-")
    progress = analyzer.analyzed.pop("progress")
    assert progress is None
    assert analyzer.analyzed == {
        "data": ["app.log", "logs/*.log", "-"],
        "batch_size": None,
        "workers": None,
        "max_logs": None,
        "exclude": [Path("results")],
        "cluster": None,
    }


def test_without_options_the_configuration_is_the_default_one(analyzer):
    run()
    assert analyzer.constructed == {
        "config": Config(),
        "file_configs": {},
        "compliance": False,
        "templates": None,
        "audit": None,
        "llm_phase": "full",
    }
    assert analyzer.config.model_fields_set == set()


@pytest.mark.parametrize(
    ("args", "key", "value"),
    [
        (["--enable-lof"], "detectors.lof.enabled", True),
        (["--no-enable-lof"], "detectors.lof.enabled", False),
        (["--lof-n-neighbors", "5"], "detectors.lof.neighbors", 5),
        (["--lof-contamination", "0.25"], "detectors.lof.contamination", 0.25),
        (["--contamination", "0.05"], "detectors.contamination", 0.05),
        (["--suppress", "known.yaml"], "suppress_file", "known.yaml"),
        (["--enable-rolling-window"], "detectors.rolling_window.enabled", True),
        (["--no-enable-rolling-window"], "detectors.rolling_window.enabled", False),
        (["--rolling-window-size", "50"], "detectors.rolling_window.window_size", 50),
        (["--rolling-window-threshold", "0.5"], "detectors.rolling_window.repetition_threshold", 0.5),
    ],
)
def test_an_option_sets_its_key_and_no_other(analyzer, args, key, value):
    run(*args)
    given = analyzer.config.model_dump(exclude_unset=True)
    assert given == nested(key, value)


@pytest.mark.parametrize(
    ("args", "name", "value"), [(["--disable-llm"], "provider", "local"), (["--llm", "tiny"], "model", "tiny")]
)
def test_an_option_about_the_model_beats_what_its_step_is_told(analyzer, args, name, value):
    run(*args)
    given = analyzer.config.model_dump(exclude_unset=True)
    assert given == {"llm": {name: value}, "workflow": {"steps": {"llm_call": {name: value}}}}


def nested(key, value):
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


def test_the_configuration_file_is_read(analyzer):
    Path("my.yaml").write_text("detectors: {lof: {neighbors: 7}}", encoding="utf-8")
    run("--config", "my.yaml")
    assert analyzer.config.detectors.lof.neighbors == 7


def test_an_option_wins_over_the_configuration_file(analyzer):
    Path("my.yaml").write_text("detectors: {lof: {neighbors: 7, contamination: 0.3}}", encoding="utf-8")
    run("--config", "my.yaml", "--lof-n-neighbors", "9")
    lof = analyzer.config.detectors.lof
    assert (lof.neighbors, lof.contamination) == (9, 0.3)


def test_the_map_gives_files_their_own_configuration_and_options_win_there_too(analyzer):
    Path("my.yaml").write_text("detectors: {lof: {neighbors: 7, contamination: 0.3}}", encoding="utf-8")
    run("--file-config-map", '{"*.log": "my.yaml"}', "--lof-n-neighbors", "9")
    assert list(analyzer.constructed["file_configs"]) == ["*.log"]
    lof = analyzer.constructed["file_configs"]["*.log"].detectors.lof
    assert (lof.neighbors, lof.contamination) == (9, 0.3)
    assert analyzer.config.detectors.lof.contamination == 0.1


@pytest.mark.parametrize(
    ("option", "argument"), [("--batch-size", "batch_size"), ("--max-logs", "max_logs"), ("--workers", "workers")]
)
def test_a_bound_reaches_the_analyzer(analyzer, option, argument):
    run(option, "1000")
    assert analyzer.analyzed[argument] == 1000


def test_as_many_workers_as_cores_can_be_asked_for(analyzer):
    run("--workers", "auto")
    assert analyzer.analyzed["workers"] is None


def test_a_cluster_reaches_the_analyzer(analyzer):
    run("--cluster", "local:2")
    assert analyzer.analyzed["cluster"] == "local:2"


def test_compliance_mode_reaches_the_analyzer(analyzer):
    run("--compliance-mode")
    assert analyzer.constructed["compliance"] is True
    assert analyzer.constructed["audit"] == Path("results", "llm-audit.jsonl")


@pytest.mark.usefixtures("analyzer")
def test_summary_only_writes_no_list_of_anomalies():
    run("--summary-only")
    assert [path.name for path in Path("results").iterdir()] == ["summary.json"]


def test_a_report_is_written_unless_it_is_not_wanted(analyzer):
    run()
    assert analyzer.results.told_of_report is True
    run("--no-report")
    assert analyzer.results.told_of_report is False


@pytest.mark.parametrize("phase", ["full", "prepare"])
def test_a_phase_of_an_analysis_reaches_the_analyzer(analyzer, phase):
    run("--llm-phase", phase)
    assert analyzer.constructed["llm_phase"] == phase
    assert analyzer.analyzed is not None


@pytest.fixture
def answering(monkeypatch):
    """Take the place of `loganomaly.answering`, and keep what it was called with."""
    fake = types.SimpleNamespace(given=None)

    def answer(paths, output, **options):
        fake.given = {"paths": paths, "output": output, **options}
        return types.SimpleNamespace(
            told="3 of 3 questions answered",
            saved=[output / "answers.jsonl"],
            notices=["one\x1b[2J remark"],
            results=None,
            interrupted=False,
        )

    monkeypatch.setitem(sys.modules, "loganomaly.answering", types.SimpleNamespace(answer=answer))
    return fake


def test_the_phase_of_answers_takes_the_questions_in_the_output_and_reads_no_log(analyzer, answering):
    result = call("--llm-phase", "classify", "--output", "results", "--llm", "tiny")
    assert (result.exit_code, analyzer.constructed) == (0, None)
    assert (answering.given["paths"], answering.given["output"]) == ([Path("results")], Path("results"))
    assert answering.given["config"].llm.model == "tiny"


def test_the_phase_of_answers_takes_the_inputs_that_are_given(answering):
    call("--llm-phase", "classify", "--output", "results", "--input", "a.jsonl", "--input", "b.jsonl")
    assert answering.given["paths"] == [Path("a.jsonl"), Path("b.jsonl")]


@pytest.mark.usefixtures("answering")
def test_the_phase_of_answers_says_what_was_answered_and_its_remarks():
    result = call("--llm-phase", "classify", "--output", "results")
    assert result.stdout.startswith("3 of 3 questions answered")
    assert result.stderr == "note: one remark\n"


def test_of_many_notes_the_first_are_shown(analyzer):
    analyzer.results = FakeResults(notices=[f"{n}.log is damaged" for n in range(1020)])
    *first, last = run().stderr.splitlines()
    assert first == [f"note: {n}.log is damaged" for n in range(20)]
    assert last == "note: 1,000 more notes are in summary.json, under notices"


def test_the_phase_of_answers_keeps_a_record_only_in_compliance_mode(answering):
    call("--llm-phase", "classify", "--output", "results")
    assert (answering.given["compliance"], answering.given["audit"]) == (False, None)
    call("--llm-phase", "classify", "--output", "results", "--compliance-mode")
    assert (answering.given["compliance"], answering.given["audit"]) == (True, Path("results", "llm-audit.jsonl"))


def test_the_phase_of_answers_needs_a_folder():
    result = call("--llm-phase", "classify")
    assert result.exit_code == 2
    assert "--output is missing: name the folder of the results" in result.stderr


ONLY_OF_ANALYSES = (
    ["--batch-size", "10"],
    ["--workers", "2"],
    ["--cluster", "local:2"],
    ["--max-logs", "10"],
    ["--templates", "old"],
    ["--file-config-map", "{}"],
    ["--suppress", "known.yaml"],
    ["--summary-only"],
    ["--show-results"],
    ["--no-report"],
    ["--enable-lof"],
    ["--no-enable-lof"],
    ["--lof-n-neighbors", "5"],
    ["--lof-contamination", "0.2"],
    ["--enable-rolling-window"],
    ["--rolling-window-size", "50"],
    ["--rolling-window-threshold", "0.5"],
    ["--contamination", "0.1"],
    ["--timezone", "UTC"],
    ["--day-first"],
    ["--year", "2020"],
)


@pytest.mark.parametrize("args", ONLY_OF_ANALYSES, ids=lambda args: args[0])
def test_options_of_analyses_are_refused_with_the_phase_of_answers(answering, args):
    result = call("--llm-phase", "classify", "--output", "results", *args)
    assert result.exit_code == 2
    assert re.search(rf"{args[0].replace('--no-', '--')}\S*: without effect with --llm-phase classify", result.stderr)
    assert answering.given is None


def test_every_option_works_with_the_phase_of_answers_or_is_refused():
    of_answers = {"--input", "--output", "--config", "--disable-llm", "--llm", "--compliance-mode", "--verbose"}
    options = {option for parameter in get_command(app).params for option in parameter.opts}
    refused = {args[0].replace("--no-", "--") for args in ONLY_OF_ANALYSES}
    assert options - {"--llm-phase", "--version", "--help"} == of_answers | refused


def test_a_run_whose_model_was_interrupted_writes_its_results_and_says_so(analyzer):
    analyzer.results.interrupted = True
    result = call("--input", "app.log", "--output", "results")
    assert result.exit_code == 130
    assert result.stderr == "interrupted; the results are in results\n"
    assert Path("results/summary.json").exists()


@pytest.mark.usefixtures("analyzer")
def test_show_results_serves_the_dashboard_on_what_was_saved(monkeypatch):
    served = []
    monkeypatch.setattr(
        analyze_command,
        "show_dashboard",
        lambda folders, **more: served.append((folders, Path("results").exists(), more)),
    )
    assert run("--show-results").stdout == run().stdout
    assert served == [([Path("results")], True, {"verbose": False})]


def test_show_results_says_before_the_work_that_something_is_not_installed(monkeypatch, analyzer):
    def missing():
        raise UnavailableError("the dashboard needs dash")

    monkeypatch.setattr(analyze_command, "check_installed", missing)
    assert "the dashboard needs dash" in refused("--show-results")
    assert analyzer.analyzed is None


def test_verbose_logs_the_stages_on_standard_error(analyzer):
    analyzer.action = lambda: logging.getLogger("loganomaly.scan").info("read \x1b[2Japp.log")
    result = run("--verbose")
    assert result.stderr.splitlines() == [
        "INFO loganomaly.scan: read app.log",
        "INFO loganomaly: scan took 1.25 s",
        "INFO loganomaly: judge took 0.50 s",
    ]
    assert result.stdout == run().stdout


@pytest.mark.usefixtures("analyzer")
def test_logging_is_as_before_after_a_run():
    logger = logging.getLogger("loganomaly")
    before = (logger.level, list(logger.handlers))
    run("--verbose")
    assert (logger.level, list(logger.handlers)) == before


@pytest.mark.usefixtures("analyzer")
def test_without_verbose_standard_error_is_empty():
    assert run().stderr == ""


def test_notices_are_shown_on_standard_error(analyzer):
    analyzer.results = FakeResults(notices=["llm.model has no effect\x1b[2J in this version"])
    assert run().stderr == "note: llm.model has no effect in this version\n"


@pytest.mark.usefixtures("analyzer")
def test_the_findings_are_shown_on_standard_output():
    output = run().stdout
    assert "1  0.97   CRITICAL  app.log:7" in output
    assert "out of memory [bold]" in output
    assert "\x1b" not in output


def test_the_table_is_as_wide_as_columns_says(analyzer, monkeypatch):
    analyzer.results = FakeResults(anomalies=[ANOMALY | {"log": "x" * 500}])
    monkeypatch.setenv("COLUMNS", "90")
    assert max(map(len, run().stdout.splitlines())) == 90


def test_the_table_is_120_wide_in_a_pipe(analyzer, monkeypatch):
    analyzer.results = FakeResults(anomalies=[ANOMALY | {"log": "x" * 500}])
    monkeypatch.delenv("COLUMNS")
    # A terminal that runs the tests has a width of its own.
    monkeypatch.setattr(os, "get_terminal_size", raise_(OSError("not a terminal")))
    assert max(map(len, run().stdout.splitlines())) == 120


def raise_(error):
    def action(*_, **__):
        raise error

    return action


# What goes wrong.


def test_a_call_without_inputs_says_what_to_give():
    result = call("--output", "results")
    assert result.exit_code == 2
    assert "--input is missing: name at least one log file, folder, glob" in result.stderr


def test_a_call_without_output_says_what_to_give():
    result = call("--input", "app.log")
    assert result.exit_code == 2
    assert "--output is missing: name the folder" in result.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--batch-size", "0"], "--batch-size"),
        (["--workers", "0"], "--workers is '0'; expected a whole number of 1 or more, or auto"),
        (["--workers", "-1"], "--workers is '-1'; expected a whole number of 1 or more, or auto"),
        (["--workers", "many"], "--workers is 'many'; expected a whole number of 1 or more, or auto"),
        (["--max-logs", "0"], "--max-logs"),
        (["--max-logs", "many"], "--max-logs"),
        (["--llm-phase", "other"], "--llm-phase"),
        (["--no-such-option"], "--no-such-option"),
        (["--lof-n-neighbors", "0"], "option detectors.lof.neighbors: given 0"),
        (["--lof-contamination", "0.9"], "option detectors.lof.contamination: given 0.9"),
        (["--contamination", "0"], "option detectors.contamination: given 0"),
        (["--rolling-window-size", "1"], "option detectors.rolling_window.window_size: given 1"),
        (["--rolling-window-threshold", "nan"], "detectors.rolling_window.repetition_threshold: given nan"),
        (["--config", "missing.yaml"], "missing.yaml: no such file"),
        (["--file-config-map", "{"], "file config map, line 1"),
        (["--file-config-map", '{"a": "missing.yaml"}'], "missing.yaml: no such file"),
    ],
)
def test_a_wrong_call_is_refused_before_any_work(analyzer, args, message):
    assert message in refused(*args)
    assert analyzer.constructed is None


@pytest.mark.usefixtures("analyzer")
def test_every_wrong_key_of_a_configuration_has_its_line():
    Path("my.yaml").write_text("nothing: 1\nllm: {timeout: 0}\n", encoding="utf-8")
    first, second = refused("--config", "my.yaml").splitlines()
    assert first.startswith("error: my.yaml, line 1: unknown key 'nothing'")
    assert second.startswith("my.yaml, line 2: llm.timeout: given 0")


def test_an_output_that_is_a_file_is_refused_before_any_work(analyzer):
    Path("results").write_text("mine", encoding="utf-8")
    result = call("--input", "app.log", "--output", "results")
    assert (result.exit_code, analyzer.constructed) == (1, None)
    assert "'results' is not a folder" in result.stderr


def test_no_folder_is_made_before_the_results_are_there(analyzer):
    analyzer.action = raise_(InputMissingError("no such file or folder: 'app.log'"))
    call("--input", "app.log", "--output", "results")
    assert not Path("results").exists()


@pytest.mark.parametrize("error", [InputMissingError, OutputError])
def test_an_error_of_the_package_is_its_message_and_its_exit_code(analyzer, error):
    analyzer.action = raise_(error("cannot do \x1b[2J[bold]it\n  because"))
    result = call("--input", "app.log", "--output", "results")
    assert result.exit_code == error.exit_code
    assert (result.stdout, result.stderr) == ("", "error: cannot do [bold]it\n  because\n")


def test_an_unexpected_error_is_one_line_and_a_hint(analyzer):
    analyzer.action = raise_(ZeroDivisionError("by \x1b[2Jnought"))
    result = call("--input", "app.log", "--output", "results")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: unexpected ZeroDivisionError: by nought\nrun again with --verbose for the details\n"
    )


def test_an_unexpected_error_has_its_traceback_with_verbose(analyzer):
    analyzer.action = raise_(ZeroDivisionError("by nought"))
    result = call("--input", "app.log", "--output", "results", "--verbose")
    assert result.exit_code == 1
    assert "Traceback (most recent call last):" in result.stderr
    assert ", in action\n" in result.stderr


def test_an_interrupted_run_says_that_nothing_was_written(analyzer):
    analyzer.action = raise_(KeyboardInterrupt())
    result = call("--input", "app.log", "--output", "results")
    assert result.exit_code == 130
    assert result.stderr == "interrupted; no results were written\n"


def test_a_run_interrupted_after_the_writing_says_where_the_results_are(analyzer, monkeypatch):
    monkeypatch.setattr("loganomaly.reports.terminal.render", raise_(KeyboardInterrupt()))
    result = call("--input", "app.log", "--output", "results")
    assert analyzer.analyzed is not None
    assert result.exit_code == 130
    assert result.stderr == "interrupted; the results are in results\n"


# The process as a whole.

FAKE = textwrap.dedent(
    """
    import sys, types
    sys.path.insert(0, {tests!r})
    from test_cli import ANOMALY, FakeAnalyzer, FakeResults
    from loganomaly import cli
    fake = FakeAnalyzer()
    sys.modules["loganomaly.analyzer"] = types.SimpleNamespace(LogAnalyzer=fake)
    """
).format(tests=str(Path(__file__).parent))


def process(code, *args, **options):
    """Start Python with *code* after the fakes."""
    return subprocess.Popen([sys.executable, "-c", FAKE + textwrap.dedent(code), *args], **options)


REQUIRED = ("--input", "app.log", "--output", "results")


def test_help_lists_the_exit_codes_and_loads_nothing_heavy():
    code = """
        import sys
        from loganomaly.cli import main
        try:
            main()
        finally:
            heavy = {"numba", "numpy", "polars", "pydantic", "rich", "scipy", "yaml"}
            print(sorted(heavy & set(sys.modules)), file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), "--help"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stderr == "[]\n"
    assert "Exit codes: 0 done, whatever was found; 2 the call or" in done.stdout


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "loganomaly", "--version"], capture_output=True, check=True, text=True)
    assert re.match(r"loganomaly \S", done.stdout)


def test_the_exit_code_of_a_wrong_call_reaches_the_shell():
    done = subprocess.run([sys.executable, "-m", "loganomaly"], capture_output=True, check=False, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --input is missing")


def test_a_reader_that_stops_reading_is_no_error():
    code = """
        fake.results = FakeResults(anomalies=[ANOMALY | {"reason": "word " * 5000}] * 20)
        cli.main()
    """
    reading, writing = os.pipe()
    os.close(reading)
    running = process(code, *REQUIRED, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    _, errors = running.communicate()
    assert (running.returncode, errors) == (0, "")
    assert json.loads(Path("results/summary.json").read_text(encoding="utf-8")) == {}


def test_text_that_the_terminal_has_no_characters_for_is_spelt_out():
    code = """
        fake.results = FakeResults(anomalies=[ANOMALY | {"log": "caf\\u00e9"}])
        cli.main()
    """
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    running = process(code, *REQUIRED, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    output, errors = running.communicate()
    assert (running.returncode, errors) == (0, "")
    assert "caf\\xe9" in output


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("stream", "expected"), [("stderr", "scan .* 50 %"), ("stdout", r"\x1b\[1;31mCRITICAL")])
def test_a_terminal_gets_progress_or_colour(stream, expected):
    code = """
        fake.action = lambda: fake.analyzed["progress"]("scan", 50, 100)
        if not sys.stderr.isatty():
            fake.action = lambda: None
        cli.main()
    """
    terminal, end = os.openpty()
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: end}
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    running = process(code, *REQUIRED, env=plain | {"TERM": "xterm"}, **streams)
    os.close(end)
    output = read_all(terminal)
    assert running.wait() == 0
    assert re.search(expected, output, re.DOTALL)


def test_no_color_leaves_the_colours_out():
    if sys.platform == "win32":
        pytest.skip("no pseudo-terminals")
    terminal, end = os.openpty()
    running = process(
        "cli.main()",
        *REQUIRED,
        env=os.environ | {"NO_COLOR": "1", "TERM": "xterm"},
        stdout=end,
        stderr=subprocess.DEVNULL,
    )
    os.close(end)
    output = read_all(terminal)
    assert running.wait() == 0
    assert "CRITICAL" in output
    assert "\x1b" not in output


def read_all(terminal):
    data = b""
    while True:
        try:
            block = os.read(terminal, 1 << 16)
        except OSError:  # Linux reports the closed other end as an error
            block = b""
        if not block:
            os.close(terminal)
            return data.decode()
        data += block
