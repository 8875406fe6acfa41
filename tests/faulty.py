"""Runs of the command, in a process of its own, to which something happens; and what it leaves behind."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import loganomaly

_PATIENCE = 300  # seconds until a run that hangs fails its test instead of all of them: the first one may compile
SOURCE = str(Path(loganomaly.__file__).parents[1])

# Kills itself before one of the operations on files with which results are written, and else tells how many there were.
KILLED_BEFORE = """
import atexit, os, signal, sys
end = int(sys.argv.pop(1))
OPERATIONS = {"open", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"}
done, begun = 0, False
def watch(event, arguments):
    global done, begun
    if event in OPERATIONS:
        begun = begun or ".loganomaly-" in str(arguments[0])
        if begun:
            if done == end:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
sys.addaudithook(watch)
atexit.register(lambda: os.write(2, b"operations: %d" % done))
"""
COMMAND = "from loganomaly.cli import main\nmain()\n"


def environment(folder):
    """Return the environment of a process whose temporary files stay below *folder*."""
    (folder / "tmp").mkdir(exist_ok=True)
    modules = os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": modules}


def start(folder, *args, before="", stdin=subprocess.DEVNULL, **options):
    """Start ``loganomaly`` in *folder*, with code *before* it in its process."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", before + COMMAND, *map(str, args)],
        cwd=folder,
        env=environment(folder),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(folder, *args, **options):
    """Run ``loganomaly`` to its end and return its exit code and what it wrote to standard error."""
    with start(folder, *args, **options) as process:
        try:
            _, errors = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, errors


def shown(folder):
    """Return what a reader of the results sees: the contents of all files with a name that is not hidden."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def hidden(folder):
    """Return the hidden names in the results: what is written aside."""
    return [path.name for path in folder.rglob(".*")]


def same(one, other):
    """Tell whether two sets of results say the same; how long each stage took, and when it was, may differ."""
    return {name: _timeless(name, data) for name, data in one.items()} == {
        name: _timeless(name, data) for name, data in other.items()
    }


def _timeless(name, data):
    if not name.endswith(".json"):
        return re.sub(rb"Made .{0,80}? UTC", b"", data)
    document = json.loads(data)
    if isinstance(document, dict):
        document.pop("stages", None)
    return document
