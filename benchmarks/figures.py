"""The figures of a throughput run: one row per command and input, and the Markdown that shows them."""

import datetime as dt
import importlib.metadata
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Run, own_peak

DRAIN3 = "drain3"
PACKAGES = ("loganomaly", "numba", "numpy", "polars", DRAIN3)
MEGA = 1_000_000
HEADER = ("input", "command", "lines", "MB", "wall s", "CPU s", "peak MB", "lines/s", "MB/s", "x Drain3")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one command took on one input: medians over its runs, and the largest peak.

    `wall`, `fastest`, `slowest`, `cpu` and `warm_up` are in seconds, `size` and `peak` in bytes.
    """

    input: str
    command: str
    lines: int
    size: int
    runs: int
    wall: float
    fastest: float
    slowest: float
    cpu: float
    peak: int
    warm_up: float
    lines_per_second: float
    bytes_per_second: float


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Where and on what the figures were taken; `own_peak` is the measuring process's own, in bytes."""

    date: str
    cpu: str
    cores: int
    system: str
    python: str
    packages: dict[str, str]
    own_peak: int


def summarise(runs: Sequence[Run], *, name: str, command: str, lines: int, size: int, warm_up: Run) -> Row:
    """Return the row of one command on the input `name` of `lines` lines and `size` bytes."""
    walls = [run.wall for run in runs]
    wall = statistics.median(walls)
    return Row(
        input=name,
        command=command,
        lines=lines,
        size=size,
        runs=len(runs),
        wall=wall,
        fastest=min(walls),
        slowest=max(walls),
        cpu=statistics.median(run.cpu for run in runs),
        peak=max(run.peak for run in runs),
        warm_up=warm_up.wall,
        lines_per_second=lines / wall,
        bytes_per_second=size / wall,
    )


def to_drain3(row: Row, *, rows: Sequence[Row]) -> float | None:
    """Return the ratio of this row's lines/s to Drain3's on the same input; None where Drain3 was not run."""
    for other in rows:
        if (other.input, other.command) == (row.input, DRAIN3):
            return row.lines_per_second / other.lines_per_second
    return None


def conditions() -> Conditions:
    """Return the present date, machine and versions."""
    return Conditions(
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        cpu=_cpu_model(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages={name: _version(name) for name in PACKAGES},
        own_peak=own_peak(),
    )


def markdown(rows: Sequence[Row], *, under: Conditions) -> str:
    """Return the figures as one Markdown table, with its conditions above it."""
    versions = ", ".join(f"{name} {version}" for name, version in under.packages.items())
    table = [HEADER, tuple("---" if column < 2 else "---:" for column in range(len(HEADER)))]
    table += [_cells(row, rows=rows, floor=under.own_peak) for row in rows]
    return "\n".join(
        [
            f"{under.date}; {under.cpu}, {under.cores} cores, {under.system}",
            f"Python {under.python}, {versions}",
            "",
            *(f"| {' | '.join(cells)} |" for cells in table),
        ]
    )


def _cells(row: Row, *, rows: Sequence[Row], floor: int) -> tuple[str, ...]:
    spread = f" ({row.fastest:.2f}-{row.slowest:.2f})" if row.runs > 1 else ""
    ratio = to_drain3(row, rows=rows)
    return (
        row.input,
        row.command,
        f"{row.lines:,}",
        f"{row.size / MEGA:.1f}",
        f"{row.wall:.2f}{spread}",
        f"{row.cpu:.2f}",
        f"{row.peak / MEGA:.0f}" if row.peak > floor else f"<= {floor / MEGA:.0f}",
        f"{row.lines_per_second:,.0f}",
        f"{row.bytes_per_second / MEGA:,.1f}",
        "-" if ratio is None else f"{ratio:.1f}",
    )


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
