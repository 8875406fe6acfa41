"""Fuzz all that reads untrusted bytes, guided by which code each input reaches (atheris).

    python fuzz/run.py --seconds 60                     every target, a minute each
    python fuzz/run.py --seconds 600 --target kernels
    python fuzz/run.py --target kernels --repeat FILE   one input again; needs no atheris

Prints a line for each target: inputs tried, and crashes. An input that breaks a promise ends its target, and is saved.
Exit code 0: no crash; 1: there was one; 2: atheris is not installed, or an argument is wrong.
"""

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from targets import TARGETS

WORKER = Path(__file__).with_name("worker.py")
_TRIED = re.compile(r"stat::number_of_executed_units: (\d+)")


def main() -> int:
    """Fuzz the targets that are asked for, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--seconds", type=int, default=60, help="how long each target is fuzzed (default: 60)")
    add("--target", action="append", choices=sorted(TARGETS), help="fuzz this alone; may be repeated")
    add("--crashes", type=Path, default=Path("fuzz-crashes"), help="where inputs are saved (default: fuzz-crashes)")
    add("--repeat", type=Path, help="run the target on this file once")
    arguments = parser.parse_args()
    names = arguments.target or sorted(TARGETS)
    if arguments.repeat:
        if len(names) != 1:
            parser.error("--repeat needs one --target")
        TARGETS[names[0]](arguments.repeat.read_bytes())
        print(f"{names[0]} keeps its promises on {arguments.repeat}")
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("run.py: atheris is not installed; get it with: pip install '.[fuzz]' (Linux, macOS)", file=sys.stderr)
        return 2
    arguments.crashes.mkdir(parents=True, exist_ok=True)
    crashed = [name for name in names if not _passes(name, arguments.seconds, crashes=arguments.crashes)]
    return 1 if crashed else 0


def _passes(name: str, seconds: int, *, crashes: Path) -> bool:
    """Fuzz a target in a process of its own, for the fuzzer ends the one that it is in; print what came of it."""
    before = set(crashes.iterdir())
    with tempfile.TemporaryDirectory(prefix="fuzz-corpus-") as corpus:
        command = [sys.executable, str(WORKER), name, str(seconds), corpus, str(crashes)]
        done = subprocess.run(command, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    tried = _TRIED.search(said)
    found = sorted(set(crashes.iterdir()) - before)
    print(f"{name}: {int(tried[1]) if tried else 0:,} inputs, {len(found)} crashes", flush=True)
    for path in found:
        print(f"  repeat it: python {Path(__file__)} --target {name} --repeat {path}", flush=True)
    if found or done.returncode:
        print(_reason(said), file=sys.stderr, flush=True)
    return not found and done.returncode == 0


def _reason(said: str) -> str:
    """Return what a worker said of its end, without its figures on the way there."""
    lines = [line for line in said.splitlines() if not line.startswith(("#", "INFO", "stat::", "\tNEW_FUNC"))]
    return "\n".join(lines[-40:])


if __name__ == "__main__":
    sys.exit(main())
