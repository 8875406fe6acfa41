"""How time grows with the length of a log: the slope of log time over log lines, and the stages of a command."""

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["slope", "slope_table", "stage_table", "stages_in"]

_STAGE = re.compile(r"^INFO loganomaly: (\w+) took ([\d.]+) s$", re.MULTILINE)
REST = "start and results"


def slope(lines: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the slope of log(seconds) over log(lines) by least squares: 1 where time grows as lines do.

    >>> slope([10, 100, 1000], [2.0, 20.0, 200.0])
    1.0
    """
    fitted = statistics.linear_regression([math.log(n) for n in lines], [math.log(s) for s in seconds])
    return round(fitted.slope, 9)


def stages_in(errors: Path, *, wall: float) -> dict[str, float]:
    """Return the seconds of each stage that a run told with --verbose, and what is left of `wall`; empty without."""
    text = errors.read_text(encoding="utf-8", errors="replace")
    stages = {name: float(seconds) for name, seconds in _STAGE.findall(text)}
    return {**stages, REST: wall - sum(stages.values())} if stages else {}


def stage_table(runs: Mapping[tuple[str, str], Sequence[Mapping[str, float]]], *, lines: Mapping[str, int]) -> str:
    """Return a Markdown table of the stages of each (input, command): medians, and lines a second of the scan."""
    told = {key: each for key, each in runs.items() if each and each[0]}
    names = list(dict.fromkeys(name for each in told.values() for name in each[0]))
    rows = [["input", "command", *(f"{name} s" for name in names), "lines/s of the scan"]]
    rows.append(["---", "---", *("---:" for _ in rows[0][2:])])
    for (name, command), each in told.items():
        medians = {stage: statistics.median(run.get(stage, 0.0) for run in each) for stage in names}
        rate = f"{lines[name] / medians['scan']:,.0f}" if medians.get("scan") else "-"
        rows.append([name, command, *(f"{medians[stage]:.2f}" for stage in names), rate])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def slope_table(times: Mapping[tuple[str, str], Mapping[int, Sequence[tuple[float, float]]]]) -> str:
    """Return a Markdown table of (wall, CPU) seconds by number of lines for each (input, command), and their slopes."""
    lengths = sorted({lines for each in times.values() for lines in each})
    rows = [["input", "command", *(f"{n:,} lines: wall s, CPU s" for n in lengths), "slope of wall", "slope of CPU"]]
    rows.append(["---", "---", *("---:" for _ in rows[0][2:])])
    for (name, command), each in times.items():
        medians = {n: [statistics.median(run[part] for run in each[n]) for part in (0, 1)] for n in lengths}
        slopes = [f"{slope(lengths, [medians[n][part] for n in lengths]):.2f}" for part in (0, 1)]
        rows.append([name, command, *(f"{wall:.2f}, {cpu:.2f}" for wall, cpu in medians.values()), *slopes])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
