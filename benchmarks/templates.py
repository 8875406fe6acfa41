"""Measures template mining on labelled logs, next to Drain3 with its example masks.

usage: templates.py [--data DIR] [--lines raw|content|both] [--system NAME ...] [--wrong]

GA is the share of lines whose group is exactly the labelled one, FGA the F1 of groups found exactly, PA the share of
lines whose template has the labelled text, FTA the F1 of templates with both right (Jiang et al., ISSTA 2024). In
texts, neighbouring variables are joined and blanks are one blank. One set of defaults for all systems, no labels seen.
"""

import argparse
import csv
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

import polars as pl

from loganomaly.frames import lines_of
from loganomaly.pattern_miner import mine_rows

Mined = tuple[list[str], list[str]]
"""Group and template text of each line."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("LOGANOMALY_BENCH_DATA", str(Path(__file__).parent.parent.parent / "shared" / "data"))
    parser.add_argument("--data", default=default, help="folder with templates/SYSTEM/{raw.log,structured.csv}")
    parser.add_argument("--lines", choices=("raw", "content", "both"), default="both")
    parser.add_argument("--system", action="append", help="only this system")
    parser.add_argument("--wrong", action="store_true", help="print the labelled templates that were missed")
    args = parser.parse_args()
    folders = sorted(folder.parent for folder in Path(args.data).glob("templates/*/structured.csv"))
    folders = [folder for folder in folders if not args.system or folder.name in args.system]
    if not folders:
        print(f"no labelled logs under {args.data}/templates: see benchmarks/README.md", file=sys.stderr)
        return 2
    print("| lines | system | miner | groups | labels | GA | FGA | PA | FTA | lines/s |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for kind in ("content", "raw") if args.lines == "both" else (args.lines,):
        miners: dict[str, Callable[[Sequence[str]], Mined]] = {
            "loganomaly": lambda lines, whole=kind == "content": _ours(lines, whole=whole)  # type: ignore[misc]
        }
        if kind == "content" and _has_drain3():
            miners["drain3"] = _drain3
        for name, miner in miners.items():
            scores = [_measure(folder, kind, name, miner, wrong=args.wrong) for folder in folders]
            cells = " | ".join(f"{mean(column):.3f}" for column in zip(*scores, strict=True))
            print(f"| {kind} | **mean** | {name} | | | {cells} | |")
    return 0


def _measure(
    folder: Path, kind: str, name: str, miner: Callable[[Sequence[str]], Mined], *, wrong: bool
) -> tuple[float, float, float, float]:
    with (folder / "structured.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [row["Content"] for row in rows]
    if kind == "raw":
        lines = (folder / "raw.log").read_text(encoding="utf-8", errors="replace").split("\n")[: len(rows)]
    start = time.perf_counter()
    groups, texts = miner(lines)
    seconds = time.perf_counter() - start
    scores = score(groups, texts, [row["EventId"] for row in rows], [row["EventTemplate"] for row in rows])
    cells = " | ".join(f"{value:.3f}" for value in scores)
    labels = len({row["EventId"] for row in rows})
    speed = len(lines) / seconds
    print(f"| {kind} | {folder.name} | {name} | {len(set(groups))} | {labels} | {cells} | {speed:,.0f} |", flush=True)
    if wrong:
        _print_wrong(rows, groups, texts)
    return scores


def score(
    groups: Sequence[str], texts: Sequence[str], labels: Sequence[str], wanted: Sequence[str]
) -> tuple[float, float, float, float]:
    """Return GA, FGA, PA and FTA."""
    found, labelled = _members(groups), _members(labels)
    exact = set(labelled.values())
    right = {group: members for group, members in found.items() if members in exact}
    both = {
        group
        for group, members in right.items()
        if joined(texts[min(members)]) == joined(wanted[min(members)])
    }  # fmt: skip
    same = sum(joined(text) == joined(want) for text, want in zip(texts, wanted, strict=True))
    total = len(groups)
    return (
        sum(map(len, right.values())) / total,
        _f1(len(right), len(found), len(labelled)),
        same / total,
        _f1(len(both), len(found), len(labelled)),
    )


def joined(text: str) -> str:
    """Return a template text as it is compared."""
    return re.sub(r"<\*>(?:\s*<\*>)+", "<*>", re.sub(r"\s+", " ", text).strip())


def _members(groups: Sequence[str]) -> dict[str, frozenset[int]]:
    members: defaultdict[str, set[int]] = defaultdict(set)
    for line, group in enumerate(groups):
        members[group].add(line)
    return {group: frozenset(lines) for group, lines in members.items()}


def _f1(hits: int, found: int, wanted: int) -> float:
    return 2 * hits / (found + wanted) if found + wanted else 0.0


def _ours(lines: Sequence[str], *, whole: bool) -> Mined:
    frame = pl.DataFrame({"log": list(lines)})
    mined = mine_rows(lines_of(frame), whole_lines=whole)
    numbers = mined.numbers.tolist()
    return [mined.templates[n].id for n in numbers], [mined.templates[n].text for n in numbers]


def _has_drain3() -> bool:
    try:
        import drain3  # noqa: F401
    except ImportError:
        print("drain3 is not installed: pip install '.[bench]' adds it to the table", file=sys.stderr)
        return False
    return True


def _drain3(lines: Sequence[str]) -> Mined:
    from drain3_peer import make_miner

    miner = make_miner()
    ids = [str(miner.add_log_message(line)["cluster_id"]) for line in lines]
    texts = {str(c.cluster_id): re.sub(r"<:?[A-Z]+:?>", "<*>", c.get_template()) for c in miner.drain.clusters}
    return ids, [texts[cluster] for cluster in ids]


def _print_wrong(rows: Sequence[dict[str, str]], groups: Sequence[str], texts: Sequence[str]) -> None:
    found = _members(groups)
    for label, members in _members([row["EventId"] for row in rows]).items():
        first = min(members)
        parts = Counter(groups[line] for line in members)
        clean = len(parts) == 1 and found[groups[first]] == members
        if clean and joined(texts[first]) == joined(rows[first]["EventTemplate"]):
            continue
        kind = "text" if clean else "split" if len(parts) > 1 else "merged"
        print(
            f"    {kind:6} {label} n={len(members)} parts={len(parts)}\n      want {rows[first]['EventTemplate'][:150]}"
        )
        for group, _ in parts.most_common(3):
            print(f"      have {texts[min(found[group] & members)][:150]}")


if __name__ == "__main__":
    sys.exit(main())
