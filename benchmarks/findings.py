"""Measures the findings: on labelled logs next to peers, on the example's story, and on logs of ordinary days.

usage: findings.py [--data DIR] [--part NAME ...] [--seeds N] [--show]

Prints Markdown tables. Nothing is trained, no label is seen, and all settings are defaults. AP is the average
precision of a ranking, AUC its ROC AUC, F1 that of a method's own threshold, and best F1 that of the threshold which
one who knew the labels would choose: what the ranking could give. Seconds are of one run in this process.

Exit code 0: measured; 2: data is missing, and what needs none of it was measured all the same.
"""

import argparse
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import labelled_findings
import ordinary_logs
import story_findings
from figures import conditions
from labelled import MissingDataError, read_bgl, read_hdfs

PARTS = ("labelled", "ablation", "story", "ordinary")
VERSIONS = {"loganomaly": "loganomaly", "numpy": "numpy", "polars": "polars", "scikit-learn": "sklearn"}


def main() -> int:
    """Print the tables and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("LOGANOMALY_BENCH_DATA") or str(Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default, help="folder with anomalies/ and throughput/")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be given several times")
    parser.add_argument("--seeds", type=_count, default=5, metavar="N", help="shops of seeds 1 to N (default: 5)")
    parser.add_argument("--show", action="store_true", help="print the first findings, too")
    args = parser.parse_args()
    print(_conditions())
    complete = True
    for step in _steps(args.part or PARTS, data=args.data, seeds=args.seeds, show=args.show):
        try:
            step()
        except MissingDataError as error:
            print(f"findings.py: {error}: see benchmarks/README.md", file=sys.stderr)
            complete = False
    return 0 if complete else 2


def _steps(parts: Sequence[str], *, data: Path, seeds: int, show: bool) -> list[Callable[[], None]]:
    """Return what is to be measured, in order; each may find that its data is missing."""
    steps: dict[str, list[Callable[[], None]]] = {
        "labelled": [
            lambda: labelled_findings.measure(read_hdfs(data), show=show),
            lambda: labelled_findings.measure(read_bgl(data), show=show),
        ],
        "story": [
            lambda: story_findings.measure(seeds=seeds, show=show),
            lambda: story_findings.measure_quiet(seeds=seeds, show=show),
        ],
        "ablation": [
            lambda: labelled_findings.leave_out(read_hdfs(data)),
            lambda: labelled_findings.leave_out(read_bgl(data)),
            story_findings.leave_out,
        ],
        "ordinary": [lambda: ordinary_logs.measure(data, show=show)],
    }
    return [step for name, own in steps.items() if name in parts for step in own]


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} given, expected 0 or more")
    return value


def _conditions() -> str:
    under = conditions()
    found = [name for name, module in VERSIONS.items() if importlib.util.find_spec(module)]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in found)
    return f"{under.date}; {under.cpu}, {under.cores} cores, {under.system}; Python {under.python}; {versions}"


if __name__ == "__main__":
    sys.exit(main())
