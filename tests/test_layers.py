"""The layers: imports point down only, frames are known in one place, and importing does nothing."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import loganomaly

HOME = Path(loganomaly.__file__).parent
# From top to bottom. A unit is a module or a package; it may import units in lower rows, and none beside it.
LAYERS = (
    {"", "__main__"},
    {"cli"},
    {"analyze_command", "dismiss_command", "inspect_command", "mask_commands", "redact_command", "rules_command"},
    {"dashboard_command"},
    {"command_settings"},
    {"analyzer", "answering", "console", "testing"},
    {"file_analysis", "frame_analysis"},
    {"analysis"},
    {"opinions"},
    {"workflow"},
    {"cluster", "file_reports", "frame_scan", "ruling", "settings"},
    {"leak_samples", "redacted_copy", "secrecy"},
    {"config", "dashboard", "extract", "frame_lines", "results"},
    {"judge", "reports"},
    {"context", "finding_on", "folding"},
    {"fusion", "suppression"},
    {"classify", "detectors", "parameters", "telling", "trial", "trouble_within"},
    {"charts", "masking", "places"},
    {"case", "inspection", "pattern_miner"},
    {"scan", "frames", "sessions"},
    {"incidents", "profile"},
    {"asking", "profile_caps"},
    {"profile_tables"},
    {"prompts", "providers"},
    {"behaviours", "findings", "floods", "mining", "reading", "rules"},
    {"arguments", "memory", "merging", "redaction", "registry", "retry", "traces", "troubles"},
    {"errors", "kernels", "legible", "loading", "patterns", "stopwatch", "wording", "yaml_text"},
    {"kernel_code"},
)
ROW = {unit: row for row, units in enumerate(LAYERS) for unit in units}
FRAME_PACKAGES = {"narwhals", "pandas"}
CONFIG_READERS = {
    "analysis",
    "analyze_command",
    "analyzer",
    "answering",
    "command_settings",
    "dismiss_command",
    "mask_commands",
    "secrecy",
    "rules_command",
    "ruling",
    "settings",
    "workflow",
}


def modules():
    """Yield the name of each module below loganomaly, and its file."""
    for path in sorted(HOME.rglob("*.py")):
        parts = path.relative_to(HOME).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def imported(path):
    """Return the full names of the modules that a file imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import in line {node.lineno}"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "loganomaly" else {
                node.module
            }  # fmt: skip
    return names


def unit_of(name):
    """Return the unit of a module of ours, "" for the package itself, None for those of others."""
    first, _, rest = name.partition(".")
    if first != "loganomaly":
        return None
    unit = rest.partition(".")[0]
    return unit if unit in ROW else ""


MODULES = dict(modules())
EDGES = {
    (name.partition(".")[0], unit_of(other))
    for name, path in MODULES.items()
    if name  # the package itself names what it loads on first use for type checkers only
    for other in imported(path)
    if unit_of(other) is not None
}


def test_every_module_has_its_layer():
    assert {name.partition(".")[0] for name in MODULES} == set(ROW)


def test_imports_point_down_only():
    wrong = sorted((unit, other) for unit, other in EDGES if unit != other and ROW[unit] >= ROW[other])
    assert wrong == []


def test_the_check_sees_the_imports():
    assert {("analyze_command", "analyzer"), ("analysis", "judge"), ("judge", "case"), ("case", "mining")} <= EDGES


def test_only_frames_knows_frames():
    users = {name for name, path in MODULES.items() if FRAME_PACKAGES & {n.partition(".")[0] for n in imported(path)}}
    assert users == {"frames"}


def test_the_configuration_is_read_by_the_analyzer_its_settings_and_the_command_line_alone():
    assert {unit for unit, other in EDGES if other == "config"} - {"config"} == CONFIG_READERS


OBSERVE = """
import importlib, json, logging, os, sys, warnings
for name in ["_strptime", "concurrent.futures.thread", "dash", "dash_ag_grid", "httpx2", "narwhals.stable.v2",
             "numba", "numpy", "polars", "pydantic", "rich.console", "scipy.sparse", "scipy.spatial.distance",
             "tenacity", "typer", "yaml", "zstandard"]:
    importlib.import_module(name)
import pydantic
pydantic.create_model("Any")  # looks for its own plugins once
seen = []
WATCHED = {"open", "os.mkdir", "os.remove", "os.rename", "os.putenv", "socket.__new__", "subprocess.Popen"}
def watch(event, arguments):
    if event in WATCHED:
        seen.append([event, str(arguments[0]) if arguments else ""])
before = [logging.root.level, len(logging.root.handlers), len(warnings.filters), dict(os.environ), os.getcwd()]
sys.addaudithook(watch)
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
imported = [event for event in seen]
loggers = [name for name, logger in logging.root.manager.loggerDict.items()
           if name.startswith("loganomaly") and getattr(logger, "handlers", [])]
after = [logging.root.level, len(logging.root.handlers), len(warnings.filters), dict(os.environ), os.getcwd()]
print(json.dumps({"seen": imported, "same": before == after, "loggers": loggers}))
"""


@pytest.fixture(scope="module")
def observed():
    names = [f"loganomaly.{name}".rstrip(".") for name in MODULES if name != "__main__"]
    run = subprocess.run(
        [sys.executable, "-P", "-c", OBSERVE, json.dumps(names)], capture_output=True, text=True, check=True
    )
    # Nothing is printed beside the report.
    assert run.stderr == ""
    return json.loads(run.stdout)


def test_importing_reads_no_file_but_code(observed):
    # numba tries out whether it can write compiled code where Python does.
    others = [
        (event, path)
        for event, path in observed["seen"]
        if not path.endswith((".py", ".pyc", ".so", ".zip")) and "__pycache__" not in path
    ]
    assert others == []


def test_importing_changes_no_logging_warnings_environment_or_folder(observed):
    assert observed["same"]
    assert observed["loggers"] == []
