"""How much memory a command takes for large logs: a log again and again, until it is as large as asked for."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from measure import Run

__all__ = ["GIGABYTE", "memory_table", "repeated"]

GIGABYTE = 1_000_000_000
_BLOCK = 1 << 24


@contextlib.contextmanager
def repeated(log: Path, size: int) -> Iterator[Path]:
    """Yield a file with the lines of a log again and again, in whole lines up to `size` bytes; it is removed after."""
    path = log.with_name(f"{log.stem}-of-{size}-bytes.log")
    try:
        left = size
        with path.open("wb") as sink:
            while left > 0:
                with log.open("rb") as source:
                    while left > 0 and (block := source.read(min(_BLOCK, left))):
                        sink.write(block)
                        left -= len(block)
        with path.open("rb+") as whole:
            whole.seek(max(0, size - _BLOCK))
            whole.truncate(max(0, size - _BLOCK) + whole.read().rfind(b"\n") + 1)
        yield path
    finally:
        path.unlink(missing_ok=True)


def memory_table(runs: Mapping[tuple[str, str], Mapping[float, Sequence[Run]]]) -> str:
    """Return a Markdown table of seconds and peak memory by gigabytes read, for each (input, command): the largest."""
    sizes = sorted({size for each in runs.values() for size in each})
    rows = [["input", "command", *(f"{size:g} GB: wall s, peak MB" for size in sizes)]]
    rows.append(["---", "---", *("---:" for _ in sizes)])
    for (name, command), each in runs.items():
        figures = [(max(run.wall for run in each[size]), max(run.peak for run in each[size]) / 1e6) for size in sizes]
        rows.append([name, command, *(f"{wall:.1f}, {peak:,.0f}" for wall, peak in figures)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
