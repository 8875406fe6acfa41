"""Run one command as a process of its own and measure it.

Keep the measuring process small: a child starts as a copy of it, and Linux counts that copy into the child's
peak memory. A peak at or below `own_peak()` therefore only says "no more than this".
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; see getrusage(2)
SHOWN_TAIL = 4000  # characters


@dataclass(frozen=True)
class Run:
    """What one run of a command took.

    `wall` and `cpu` (user + system, with all waited-for children) are in seconds; `peak` is the
    largest resident size, in bytes, of the process or of any one of its children.
    """

    wall: float
    cpu: float
    peak: int


class CommandFailedError(Exception):
    """A measured command did not exit with 0."""


def measure(command: Sequence[str], *, logs: Path) -> Run:
    """Run `command` to its end and return what it took.

    Parameters
    ----------
    command
        Program and arguments.
    logs
        Where to write its output: `logs` with the suffixes .out and .err.

    Raises
    ------
    CommandFailedError
        It could not be started, or did not exit with 0; the message shows its output.
    """
    out, err = logs.with_name(logs.name + ".out"), logs.with_name(logs.name + ".err")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        except OSError as error:
            raise CommandFailedError(f"cannot start {command[0]}: {error}") from error
        # RUSAGE_CHILDREN would be a maximum over all children so far; wait4 speaks of this one.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise CommandFailedError(
            f"exit code {process.returncode} from: {' '.join(command)}\n"
            f"its stderr:\n{_tail(err) or '(empty)'}\nits stdout:\n{_tail(out) or '(empty)'}"
        )
    return Run(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss * MAXRSS_UNIT)


def own_peak() -> int:
    """Return the peak resident size of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT


def _tail(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip()[-SHOWN_TAIL:]
