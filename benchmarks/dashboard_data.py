"""The results that the benchmark of the dashboard opens: of a real run over many lines, with findings multiplied."""

import datetime as dt
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from many_findings import COMPONENTS, multiply, service
from measure import measure

__all__ = ["Made", "make", "timed"]

HERE = Path(__file__).resolve().parent
BEGIN = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
STORY = HERE.parent / "examples"
"""Its findings are multiplied, too."""
SPAN = 7 * 24 * 3600  # seconds
LEVELS = ("INFO", "DEBUG", "WARN", "ERROR")
LEVEL_WEIGHTS = (900, 60, 35, 5)
_MADE = "made.json"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the results are of: `wall` seconds and `peak` bytes are those of the real run.

    `found` findings, of that and of the story of the examples, and `kinds` templates became `findings` and `templates`.
    """

    lines: int
    size: int
    wall: float
    peak: int
    found: int
    kinds: int
    findings: int
    templates: int


def make(
    sources: Sequence[Path], *, lines: int, findings: int, templates: int, work: Path, command: Sequence[str]
) -> tuple[Path, Made]:
    """Return a folder of results in *work*, and what they are of; what is there already is not made again.

    Parameters
    ----------
    sources
        Logs to grow; see grow.py.
    command
        What runs loganomaly.

    Raises
    ------
    CommandFailedError
        If growing or the run fails.
    """
    folder = work / f"results-{lines}-{findings}-{templates}"
    if (folder / _MADE).is_file():
        return folder, Made(**json.loads((folder / _MADE).read_text(encoding="utf-8")))
    real, figures = _real(sources, lines=lines, work=work, command=command)
    story = work / "story"
    shutil.rmtree(story, ignore_errors=True)
    measure([*command, "--input", str(STORY), "--output", str(story), "--disable-llm"], logs=work / "story-run")
    originals = multiply(real, into=folder, findings=findings, templates=templates, more=[story])
    made = Made(
        lines=lines,
        size=int(figures["size"]),
        wall=figures["wall"],
        peak=int(figures["peak"]),
        found=originals["findings"],
        kinds=originals["templates"],
        findings=findings,
        templates=templates,
    )
    (folder / _MADE).write_text(json.dumps(asdict(made)), encoding="utf-8")
    return folder, made


def _real(sources: Sequence[Path], *, lines: int, work: Path, command: Sequence[str]) -> tuple[Path, dict[str, float]]:
    folder, kept = work / f"real-{lines}", work / f"real-{lines}.json"
    if kept.is_file():
        return folder, json.loads(kept.read_text(encoding="utf-8"))
    grown, log = work / f"grown-{lines}.log", work / f"dashboard-{lines}.log"
    measure([sys.executable, str(HERE / "grow.py"), str(lines), str(grown), *map(str, sources)], logs=work / "grow")
    timed(grown, log, lines=lines)
    grown.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    run = measure([*command, "--input", str(log), "--output", str(folder), "--disable-llm"], logs=work / "run")
    figures = {"size": float(log.stat().st_size), "wall": run.wall, "peak": float(run.peak)}
    log.unlink()
    kept.write_text(json.dumps(figures), encoding="utf-8")
    return folder, figures


def timed(grown: Path, log: Path, *, lines: int) -> None:
    """Write the grown lines with a head before each: their own times are without order once they are grown.

    The times are evenly over a week, and levels and components are drawn, most of them INFO.
    """
    random = Random(1)
    components = [service(number) for number in range(COMPONENTS)]
    # A prime number of heads, so that they do not go in step with anything.
    heads = [
        f"{random.choices(LEVELS, LEVEL_WEIGHTS)[0]} {random.choice(components)}: ".encode() for _ in range(99_991)
    ]
    step = SPAN / lines
    with grown.open("rb") as source, log.open("wb") as sink:
        last, stamp = -1, b""
        for number, line in enumerate(source):
            if (second := int(number * step)) != last:
                last = second
                stamp = f"{BEGIN + dt.timedelta(seconds=second):%Y-%m-%d %H:%M:%S} ".encode()
            sink.write(stamp + heads[number % len(heads)] + line)
