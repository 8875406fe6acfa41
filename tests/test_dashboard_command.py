import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from importlib import metadata

import pytest
from typer.testing import CliRunner

from loganomaly.dashboard.server import PORT, listening
from loganomaly.dashboard_command import dashboard_app
from loganomaly.errors import UsageError
from results_folders import write_folder

ANYWHERE = "127.0.0.1"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="there a process cannot be sent Ctrl-C alone")


def refused(*args):
    result = CliRunner().invoke(dashboard_app, args, prog_name="loganomaly dashboard")
    assert "Traceback" not in result.output
    return result.exit_code, result.stderr


def free_port():
    with socket.socket() as taken:
        taken.bind((ANYWHERE, 0))
        return taken.getsockname()[1]


class Running:
    """The real command, serving."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loganomaly", "dashboard", *map(str, args)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        )  # fmt: skip
        line = self.process.stdout.readline()
        match = re.fullmatch(r"Dashboard: (http://\S+)\n", line)
        assert match, (line, self.process.stderr.read() if self.process.poll() is not None else "")
        self.address = match[1]

    def get(self, path="", **headers):
        request = urllib.request.Request(self.address.partition("?")[0] + path, headers=headers)
        try:
            with urllib.request.build_opener().open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def end(self, number):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(tmp_path, number):
    running = Running(write_folder(tmp_path / "r"), "--port", free_port())
    try:
        status, page = running.get()
        assert status == 200
        assert "LogAnomaly" in page
        assert running.get("assets/style.css")[0] == 200
        assert running.get(Host="evil.example")[0] == 403
    finally:
        ended = running.end(number)
    assert ended == (0, "", "note: Ctrl-C stops it\n")


@POSIX
def test_bound_elsewhere_it_asks_for_the_token(tmp_path):
    running = Running(write_folder(tmp_path / "r"), "--host", "0.0.0.0", "--port", free_port())
    try:
        port = running.address.rpartition(":")[2].partition("/")[0]
        token = running.address.partition("?token=")[2]
        running.address = f"http://127.0.0.1:{port}/"
        assert len(token) >= 32
        assert running.get()[0] == 403
        assert running.get("?token=wrong")[0] == 403
        assert running.get(Cookie=f"loganomaly_{port}={token}")[0] == 200
    finally:
        assert running.end(signal.SIGINT)[0] == 0


def test_a_port_that_is_taken_is_an_error_if_it_was_asked_for(tmp_path):
    folder = write_folder(tmp_path / "r")
    with listening(ANYWHERE, free_port()) as taken:
        port = taken.getsockname()[1]
        code, told = refused(str(folder), "--port", str(port))
    assert code == 2
    assert f"--port {port}: it cannot be had on 127.0.0.1" in told
    assert "choose another, or leave --port out" in told


def test_without_a_port_the_next_free_one_is_taken():
    with listening(ANYWHERE, None) as first, listening(ANYWHERE, None) as second:
        one, other = first.getsockname()[1], second.getsockname()[1]
    assert PORT <= one < other < PORT + 100


def test_a_host_that_there_is_not_is_an_error():
    with pytest.raises(UsageError, match="no such name or address"):
        listening("no such host.invalid", 0)


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [([], 2, "DIR is missing"), (["nowhere"], 1, "'nowhere' does not exist"), (["."], 1, "holds no results")],
)
def test_what_is_no_folder_of_results_is_told_at_the_start(tmp_path, monkeypatch, args, code, told):
    monkeypatch.chdir(tmp_path)
    found, error = refused(*args)
    assert found == code
    assert told in error


@pytest.mark.parametrize("missing", ["dash", "dash-ag-grid"])
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(tmp_path, monkeypatch, missing):
    real = metadata.version

    def version(name):
        if name == missing:
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    code, told = refused(str(write_folder(tmp_path / "r")))
    assert code == 2
    assert f"the dashboard needs {missing}, which is not installed" in told
    assert "pip install 'loganomaly[dashboard]'" in told


def test_an_old_version_of_what_it_needs_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda _: "3.0.4")
    code, told = refused(str(write_folder(tmp_path / "r")))
    assert code == 2
    assert "dash 4 or later, and 3.0.4 is installed" in told


def test_queries_addresses_and_the_guard_need_no_dash():
    modules = ["results_folder", "finding_query", "address", "guard", "measures", "server", "installed"]
    code = "import sys; " + "; ".join(f"import loganomaly.dashboard.{name}" for name in modules)
    code += "; print([name for name in ('dash', 'flask', 'werkzeug') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
