"""What a command writes to the terminal besides its results: errors, progress, and what is done."""

import contextlib
import logging
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator

import typer

from loganomaly.errors import LogAnomalyError, OutputError
from loganomaly.memory import address_space, check_address_space

__all__ = [
    "close_stdout",
    "coloured",
    "complain",
    "logging_to_stderr",
    "progress_bar",
    "reported_errors",
    "width",
    "write",
]

_LOG = logging.getLogger("loganomaly")


def width() -> int:
    """Return the width of the terminal in columns; COLUMNS wins, 120 where there is none."""
    return shutil.get_terminal_size(fallback=(120, 24)).columns


def write(text: str) -> None:
    """Write to standard output, if there is one; characters that it does not have are spelt out.

    Raises
    ------
    BrokenPipeError
        Nobody reads it any more.
    OutputError
        It takes no more, such as a file on a full disk.
    """
    if sys.stdout is None:
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        close_stdout()  # or what is left would fail again at exit
        raise OutputError(
            f"cannot write to standard output: {error.strerror or error}; free space there, or send it elsewhere"
        ) from error


def coloured() -> bool:
    """Whether standard output takes colours."""
    if sys.stdout is None:
        return False
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def close_stdout() -> None:
    """Let nothing be written any more to a pipe that nobody reads: not at exit either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def complain(message: str) -> None:
    """Write a message to standard error, in red where it takes colours."""
    from loganomaly.legible import plain_text

    for line in message.splitlines() or [""]:
        typer.secho(plain_text(line), fg=typer.colors.RED, err=True)


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """Show the progress on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield report


class _EchoHandler(logging.Handler):
    """Write log records to what is standard error at that moment: a progress bar stands in for it."""

    def emit(self, record: logging.LogRecord) -> None:
        from loganomaly.legible import plain_text

        typer.echo(plain_text(self.format(record)), err=True)


@contextlib.contextmanager
def logging_to_stderr(*, verbose: bool) -> Iterator[None]:
    """Log what is done to standard error, if asked to; otherwise nothing, for what users need to know is in notices."""
    handler = _EchoHandler() if verbose else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    level = _LOG.level
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO if verbose else level)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        _LOG.setLevel(level)


@contextlib.contextmanager
def reported_errors(*, verbose: bool) -> Iterator[None]:
    """Say on standard error what went wrong, and exit with the code of that error. All that a command does is in it."""
    try:
        check_address_space()
        yield
    except BrokenPipeError:
        raise
    except LogAnomalyError as error:
        complain(f"error: {error}")
        raise typer.Exit(error.exit_code) from None
    except BaseException as error:
        if not (isinstance(error, Exception) or _is_panic(error)):
            raise
        told = _shortage(error)
        complain(f"error: {told or f'unexpected {type(error).__name__}: {error}'}")
        if verbose:
            complain(traceback.format_exc())
        elif told is None:
            complain("run again with --verbose for the details")
        raise typer.Exit(1) from None


def _shortage(error: BaseException) -> str | None:
    """Say what there is too little of, where that is why it failed, and what to do."""
    if isinstance(error, MemoryError):
        limit = address_space()
        may = "" if limit is None else f" (this process may use {limit >> 20:,} MiB of address space: ulimit -v)"
        return (
            f"out of memory{may}; analyse less at a time, such as fewer files or a smaller --batch-size, or allow the "
            "process more memory"
        )
    if type(error) is RuntimeError and "start new thread" in str(error):  # Python has no class for it
        return "the system gives this process no more threads; raise the limits on processes (ulimit -u) and memory"
    return None


def _is_panic(error: BaseException) -> bool:
    """Tell whether it is how code in Rust fails, which is no `Exception`."""
    return type(error).__module__ == "pyo3_runtime"
