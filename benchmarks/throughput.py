"""Measure whole runs of loganomaly, its stages, and its peers on grown logs; print Markdown tables.

Exit code 0: measured; 1: a measured command failed; 2: the data, a peer or an argument is missing or wrong.
"""

import argparse
import contextlib
import dataclasses
import itertools
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contenders import GET_LOGFOLD, LOGFOLD, PEERS, Contender, UsageProblemError, choose, find_logfold
from figures import Conditions, Row, conditions, markdown, summarise, to_drain3
from measure import CommandFailedError, Run, measure
from memory import GIGABYTE, memory_table, repeated
from scaling import slope_table, stage_table, stages_in

HERE = Path(__file__).resolve().parent
DATA_VARIABLE = "LOGANOMALY_BENCH_DATA"
DEFAULT_DATA = HERE.parent.parent / "shared" / "data"
SYSTEMS = ("Apache", "BGL", "HDFS", "HPC", "Hadoop", "HealthApp", "Linux", "OpenSSH", "Zookeeper")
SOURCES = {
    "hdfs": ("anomalies/hdfs/raw.log.gz",),
    "mixed": tuple(f"templates/{system}/raw.log" for system in SYSTEMS),
    "json": ("throughput/elastic_nginx_json.log.gz",),
}
WARM_UP_LINES = 10_000


@dataclass(frozen=True)
class Log:
    """A grown log of so many lines."""

    path: Path
    lines: int


@dataclass(frozen=True)
class Trial:
    """One contender on one input; `label` names its files in the working folder."""

    input: str
    contender: Contender
    log: Log
    short: Log
    label: str


def main() -> int:
    """Measure, print, and return the exit code."""
    arguments = _parse()
    try:
        sources = _sources(arguments.data or Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DATA))
        logfold = find_logfold(arguments.logfold)
        contenders = choose(
            _peers(arguments.peers, logfold=logfold),
            tested=arguments.command,
            drain3_lines=arguments.drain3_lines,
            logfold=logfold,
        )
        sources = {name: sources[name] for name in sources if name in arguments.inputs}
        with _work_folder(arguments.keep) as work:
            trials = _trials(sources, contenders=contenders, lines=arguments.lines, work=work)
            rows, stages = _rows(trials, repeats=arguments.repeats, work=work)
            slopes = _slopes(sources, contenders, lengths=arguments.slope, repeats=arguments.repeats, work=work)
            memory = _memory(trials, sizes=arguments.gigabytes, repeats=arguments.repeats, work=work)
    except (UsageProblemError, CommandFailedError) as error:
        print(f"throughput.py: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageProblemError) else 1
    under = conditions()
    lengths = {row.input: row.lines for row in rows if row.command != "drain3"}
    tables = [markdown(rows, under=under), stage_table(stages, lines=lengths)]
    if slopes:
        tables.append(slope_table(slopes))
    if memory:
        tables.append(memory_table(memory))
    tables.append(_notes(rows, contenders=contenders))
    print("\n\n".join(tables))
    if arguments.json:
        _write_json(arguments.json, rows=rows, contenders=contenders, under=under)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--lines", type=_positive, default=2_000_000, help="lines of each input (default: %(default)s)")
    add(
        "--repeats",
        type=_positive,
        default=1,
        help="runs of each command, interleaved (default: %(default)s)",
    )
    add(
        "--data",
        type=Path,
        metavar="DIR",
        help=f"data folder (default: ${DATA_VARIABLE}, else ../shared/data)",
    )
    add(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep inputs and outputs in DIR (default: a temporary folder)",
    )
    add("--peers", metavar="NAMES", help=f'default: {",".join(PEERS)}; "" for none')
    add("--logfold", metavar="PROGRAM", help=f"the peer logfold, if it is not on the path: {GET_LOGFOLD}")
    add(
        "--inputs",
        type=_inputs,
        default=list(SOURCES),
        metavar="NAMES",
        help=f"some of {','.join(SOURCES)} (default: all)",
    )
    add(
        "--slope",
        type=_lengths,
        default=[],
        metavar="N,N,...",
        help="measure how time grows over logs of so many lines, such as 100000,1000000,10000000 (default: not)",
    )
    add(
        "--gigabytes",
        type=_sizes,
        default=[],
        metavar="N,N,...",
        help="measure the memory of each input repeated to so many gigabytes, such as 2,10, which are written to the "
        "folder of the inputs first (default: not)",
    )
    add(
        "--drain3-lines",
        type=_positive,
        default=200_000,
        metavar="N",
        help="Drain3 gets the first N lines of each input, because it is slow (default: %(default)s)",
    )
    add(
        "--command",
        action="append",
        default=[],
        help="measure this in place of the installed loganomaly; --input FILE --output DIR --disable-llm is "
        "added to it; give it twice to compare two versions",
    )
    add("--json", type=_writable, metavar="FILE", help="write the same figures to FILE")
    return parser.parse_args()


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} given, expected 1 or more")
    return value


def _inputs(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    unknown = sorted(set(names) - SOURCES.keys())
    if unknown:
        raise argparse.ArgumentTypeError(f"{text} given; {', '.join(unknown)} unknown, expected {', '.join(SOURCES)}")
    return names


def _lengths(text: str) -> list[int]:
    lengths = sorted({_positive(part) for part in text.split(",")})
    if len(lengths) < 2:
        raise argparse.ArgumentTypeError(f"{text} given, expected two numbers of lines or more")
    return lengths


def _sizes(text: str) -> list[float]:
    sizes = sorted({float(part) for part in text.split(",")})
    if not all(0 < size < math.inf for size in sizes):
        raise argparse.ArgumentTypeError(f"{text} given, expected gigabytes, more than 0")
    return sizes


def _peers(given: str | None, *, logfold: str | None) -> list[str]:
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip()]
    if logfold is None:
        _progress(f"logfold is not found and left out: {GET_LOGFOLD}")
    return [name for name in PEERS if name != LOGFOLD or logfold is not None]


def _writable(text: str) -> Path:
    # Known before the run rather than after it.
    path = Path(text)
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} given, but its folder does not exist; make it first")
    return path


def _sources(data: Path) -> dict[str, list[Path]]:
    missing = [name for names in SOURCES.values() for name in names if not (data / name).is_file()]
    if missing:
        listed = "".join(f"\n  {name}" for name in missing)
        raise UsageProblemError(
            f"the benchmark data is not complete in {data}; missing:{listed}\n"
            f"Name its folder with --data or {DATA_VARIABLE}; benchmarks/README.md says how to get it."
        )
    return {key: [data / name for name in names] for key, names in SOURCES.items()}


@contextlib.contextmanager
def _work_folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="loganomaly-bench-") as folder:
            yield Path(folder)
    else:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep


def _trials(sources: dict[str, list[Path]], *, contenders: Sequence[Contender], lines: int, work: Path) -> list[Trial]:
    trials = []
    for name, paths in sources.items():
        log = _grown(paths, name=name, lines=lines, work=work)
        short = _beginning(log, name=name, lines=WARM_UP_LINES)
        for number, contender in enumerate(contenders):
            given = _beginning(log, name=name, lines=contender.most_lines or log.lines)
            trials.append(Trial(name, contender, given, short, f"{name}-{number}"))
    return trials


def _grown(paths: Sequence[Path], *, name: str, lines: int, work: Path) -> Log:
    log = work / f"{name}-{lines}.log"
    _progress(f"growing {name} to {lines:,} lines")
    # A process of its own, so that this one stays small: see measure.py.
    command = [sys.executable, str(HERE / "grow.py"), str(lines), str(log), *map(str, paths)]
    measure(command, logs=work / f"grow-{name}")
    return Log(log, lines)


def _beginning(log: Log, *, name: str, lines: int) -> Log:
    if lines >= log.lines:
        return log
    path = log.path.with_name(f"{name}-{lines}.log")
    with log.path.open("rb") as source, path.open("wb") as sink:
        sink.writelines(itertools.islice(source, lines))
    return Log(path, lines)


def _rows(
    trials: Sequence[Trial], *, repeats: int, work: Path
) -> tuple[list[Row], dict[tuple[str, str], list[dict[str, float]]]]:
    """Return a row for each trial, and the stages of each run of each command that tells them."""
    warm_ups = [measure(_command(trial, log=trial.short, work=work), logs=work / trial.label) for trial in trials]
    rounds = []
    stages: dict[tuple[str, str], list[dict[str, float]]] = {}
    for number in range(1, repeats + 1):
        runs = []
        for trial in trials:
            runs.append(measure(_command(trial, log=trial.log, work=work), logs=work / trial.label))
            if trial.contender.tested:
                told = stages_in(work / f"{trial.label}.err", wall=runs[-1].wall)
                stages.setdefault((trial.input, trial.contender.name), []).append(told)
            _progress(f"run {number} of {repeats}: {trial.input}, {trial.contender.name}: {runs[-1].wall:.2f} s")
        rounds.append(runs)
    rows = [
        summarise(
            runs,
            name=trial.input,
            command=trial.contender.name,
            lines=trial.log.lines,
            size=trial.log.path.stat().st_size,
            warm_up=warm_up,
        )
        for trial, warm_up, runs in zip(trials, warm_ups, zip(*rounds, strict=True), strict=True)
    ]
    return rows, stages


def _slopes(
    sources: dict[str, list[Path]],
    contenders: Sequence[Contender],
    *,
    lengths: Sequence[int],
    repeats: int,
    work: Path,
) -> dict[tuple[str, str], dict[int, list[tuple[float, float]]]]:
    """Return the (wall, CPU) seconds of each run of the commands under test, by input, command and lines."""
    times: dict[tuple[str, str], dict[int, list[tuple[float, float]]]] = {}
    for name, paths in sources.items() if lengths else ():
        whole = _grown(paths, name=name, lines=lengths[-1], work=work)
        logs = [_beginning(whole, name=name, lines=lines) for lines in lengths]
        for _, log, (number, contender) in itertools.product(range(repeats), logs, enumerate(contenders)):
            if contender.tested:
                trial = Trial(name, contender, log, log, f"{name}-{number}")
                run: Run = measure(_command(trial, log=log, work=work), logs=work / trial.label)
                _progress(f"{log.lines:,} lines of {name}, {contender.name}: {run.wall:.2f} s")
                by_lines = times.setdefault((name, contender.name), {})
                by_lines.setdefault(log.lines, []).append((run.wall, run.cpu))
    return times


def _memory(
    trials: Sequence[Trial], *, sizes: Sequence[float], repeats: int, work: Path
) -> dict[tuple[str, str], dict[float, list[Run]]]:
    """Return the runs of the commands under test on repeated inputs, by input, command and gigabytes."""
    runs: dict[tuple[str, str], dict[float, list[Run]]] = {}
    for trial, size in itertools.product((each for each in trials if each.contender.tested), sizes):
        with repeated(trial.log.path, int(size * GIGABYTE)) as path:
            log = Log(path, trial.log.lines)
            each = [measure(_command(trial, log=log, work=work), logs=work / trial.label) for _ in range(repeats)]
        _progress(
            f"{size:g} GB of {trial.input}, {trial.contender.name}: {max(run.peak for run in each) / 1e6:,.0f} MB"
        )
        runs.setdefault((trial.input, trial.contender.name), {})[size] = each
    return runs


def _command(trial: Trial, *, log: Log, work: Path) -> list[str]:
    output = work / f"{trial.label}-output"
    if output.exists():  # every run starts without the results of the one before
        shutil.rmtree(output)
    return trial.contender.arguments(log.path, output)


def _notes(rows: Sequence[Row], *, contenders: Sequence[Contender]) -> str:
    warm_ups = ", ".join(f"{row.input} {row.command} {row.warm_up:.2f} s" for row in rows)
    notes = [
        *(f"{contender.name}: `{contender.shown}`" for contender in contenders),
        *(
            f"{contender.name} gets the first {contender.most_lines:,} lines of an input at most; "
            "its rate is for those, start included."
            for contender in contenders
            if contender.most_lines is not None
        ),
        "MB are 10^6 bytes; CPU is user + system; peak is the resident size of a run's largest process.",
        (
            f"Not counted: a warm-up of each command on at most {WARM_UP_LINES:,} lines, so that compiled "
            f"kernels are cached and files are in memory ({warm_ups})."
        ),
    ]
    return "\n".join(f"- {note}" for note in notes)


def _write_json(path: Path, *, rows: Sequence[Row], contenders: Sequence[Contender], under: Conditions) -> None:
    figures = {
        **dataclasses.asdict(under),
        "warm_up_lines": WARM_UP_LINES,
        "commands": [{"name": contender.name, "command": contender.shown} for contender in contenders],
        "rows": [{**dataclasses.asdict(row), "to_drain3": to_drain3(row, rows=rows)} for row in rows],
    }
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
