"""What no module of ours does: run what it reads, start programs, or speak to the network outside of a few places."""

import ast
from pathlib import Path

import pytest

import faulty
import loganomaly

HOME = Path(loganomaly.__file__).parent
MODULES = {path.relative_to(HOME).as_posix(): ast.parse(path.read_text("utf-8")) for path in HOME.rglob("*.py")}

EXECUTABLE_DATA = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"}
PROGRAMS = {"subprocess", "multiprocessing", "pty", "runpy", "code", "codeop", "ctypes", "cffi"}
NETWORK = {"socket", "socketserver", "ssl", "http", "urllib.request", "ftplib", "smtplib", "xmlrpc", "httpx", "httpx2"}
NETWORK |= {"requests", "aiohttp", "urllib3", "websockets"}
EXECUTION = {"eval", "exec", "compile", "__import__"}
OF_OS = {"system", "popen", "startfile", "posix_spawn", "posix_spawnp", "fork", "forkpty"}
SAFE_LOADERS = {"SafeLoader", "CSafeLoader"}
UNSAFE_YAML = {"Loader", "CLoader", "FullLoader", "CFullLoader", "UnsafeLoader", "CUnsafeLoader", "full_load"}
UNSAFE_YAML |= {"unsafe_load", "full_load_all", "unsafe_load_all", "load_all"}


def imported(tree):
    """Return the names of the modules that are imported, and those of all packages above them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def importing(names):
    return {module for module, tree in MODULES.items() if names & set(imported(tree))}


def named_calls(tree):
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def attributes(tree, of):
    """Return the names that are taken from a module."""
    taken = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == of
    }
    return taken | {name.partition(".")[2] for name in imported(tree) if name.startswith(f"{of}.")}


def test_no_module_reads_data_that_can_hold_code():
    assert importing(EXECUTABLE_DATA) == set()
    words = {module for module, tree in MODULES.items() if "pickle" in ast.dump(tree).lower()}
    assert words == set()


def test_no_module_runs_text_as_code():
    assert {
        module: EXECUTION & named_calls(tree) for module, tree in MODULES.items() if EXECUTION & named_calls(tree)
    } == {}


def test_no_module_starts_programs():
    assert importing(PROGRAMS) == set()
    for tree in MODULES.values():
        started = attributes(tree, "os")
        assert not started & OF_OS
        assert not any(name.startswith(("exec", "spawn")) for name in started)


def test_the_network_is_used_by_the_providers_where_it_is_found_out_whether_one_answers_and_for_urls():
    asking = {"providers/client.py", "providers/endpoints.py", "asking/choice.py"}
    serving = {"dashboard/guard.py", "dashboard/server.py", "dashboard/web.py"}
    reading = {"reading/urls.py"}  # how long fsspec may wait for a web server
    assert importing(NETWORK) == asking | serving | reading


def test_yaml_is_read_by_loaders_that_make_plain_values_only():
    users = importing({"yaml"})
    assert users
    for module in users:
        tree = MODULES[module]
        assert not attributes(tree, "yaml") & UNSAFE_YAML
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) == "yaml.load":
                (loader,) = [keyword.value for keyword in call.keywords if keyword.arg == "Loader"]
                assert isinstance(loader, ast.Attribute)
                assert loader.attr in SAFE_LOADERS


@pytest.mark.parametrize(
    ("code", "check"),
    [
        ("import pickle", lambda tree: EXECUTABLE_DATA & set(imported(tree))),
        ("from urllib.request import urlopen", lambda tree: NETWORK & set(imported(tree))),
        ("from os import system", lambda tree: OF_OS & attributes(tree, "os")),
        ("def f(os):\n    os.popen('x')", lambda tree: OF_OS & attributes(tree, "os")),
        ("x = [eval('1')]", lambda tree: EXECUTION & named_calls(tree)),
        ("import yaml\nyaml.unsafe_load('')", lambda tree: UNSAFE_YAML & attributes(tree, "yaml")),
    ],
)
def test_the_checks_see_what_they_look_for(code, check):
    assert check(ast.parse(code))


# Ends the process at once when it is about to speak to anybody, or to start a program.
ALONE = """
import os, sys
SPOKEN = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"}
STARTED = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty"}
def watch(event, arguments):
    if event in SPOKEN | STARTED:
        os.write(2, b"outside: " + event.encode())
        os._exit(99)
sys.addaudithook(watch)
"""


@pytest.fixture
def log(tmp_path):
    (tmp_path / "app.log").write_text(
        "".join(
            f"2026-03-14 09:00:{n:02d} {'FATAL disk on fire' if n == 50 else f'INFO job {n} done'}\n" for n in range(60)
        )
    )
    return tmp_path


def test_a_run_without_a_model_speaks_to_nobody_and_starts_nothing(log):
    ended = faulty.run(log, "--input", "app.log", "--output", "results", "--disable-llm", before=ALONE)
    assert ended == (0, "")


def test_a_run_that_looks_for_a_model_is_seen_to_do_so(log):
    ended = faulty.run(log, "--input", "app.log", "--output", "results", before=ALONE)
    assert ended == (99, "outside: socket.getaddrinfo")


def kernels(decorator):
    """Return the compiled functions that are decorated so, by module and name, with the names that each calls."""
    found = {}
    for module, tree in MODULES.items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and any(
                decorator in ast.unparse(d) for d in function.decorator_list
            ):
                calls = {node.func.id for node in ast.walk(function)
                         if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
                found[module, function.name] = calls
    return found


def test_what_borrows_arrays_calls_nothing_that_makes_some():
    # What it made, or was given for good, it would never give back.
    owning = {name for _, name in kernels("njit")}
    borrowing = kernels("borrowing")
    assert len(borrowing) > 100
    assert {place: calls & owning for place, calls in borrowing.items() if calls & owning} == {}
