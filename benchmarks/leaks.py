"""Measures the detector of leaks on generated lines, planted ones and ones that only look so, and on logs of one's own.

usage: leaks.py [--part library|command] [--seed N] [--variants N] [--show N]
       leaks.py --part ordinary PATH ...

Prints Markdown tables. The generator (tests/leaks_generated) knows nothing of the detector: the forms of values are
those that their makers publish. Strict recall asks for a right kind and the whole value, lenient recall for the whole
value; precision counts everything found that touches no planted value, on lines that leak and on lines that do not.
"""

import argparse
import importlib
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import leak_command
import ordinary_leaks
from leak_scores import Scores, score
from tables import heading, table

from loganomaly.redaction.secrets import find_leaks

TESTS = Path(__file__).resolve().parent.parent / "tests"


def main() -> int:
    """Print the tables and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=("library", "command", "ordinary"), help="only this part")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the generated lines (default: 1)")
    parser.add_argument("--variants", type=int, default=50, metavar="N", help="messages of each kind (default: 50)")
    parser.add_argument(
        "--show", type=int, default=0, metavar="N", help="print so many misses and false ones of each kind"
    )
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH", help="logs, plain or .gz, of the part ordinary")
    args = parser.parse_args()
    parts = args.part or ["library", "command"]
    if ("ordinary" in parts) != bool(args.paths):
        parser.error("paths belong to --part ordinary")
    generated = _generated()
    if "library" in parts:
        positives = generated.positives(seed=args.seed, variants=args.variants)
        negatives = generated.negatives(seed=args.seed, variants=args.variants)
        _library(score(positives, find=find_leaks), score(negatives, find=find_leaks), show=args.show)
    if "command" in parts:
        lines = [*generated.positives(seed=args.seed, variants=args.variants)]
        lines += generated.negatives(seed=args.seed, variants=args.variants)
        Random(args.seed).shuffle(lines)
        leak_command.measure(lines, headers={name: one.header for name, one in generated.FORMATS.items()})
    if "ordinary" in parts:
        ordinary_leaks.measure(args.paths)
    return 0


def _generated() -> ModuleType:
    sys.path.insert(0, str(TESTS))
    return importlib.import_module("leaks_generated")


def _library(leaking: Scores, harmless: Scores, *, show: int) -> None:
    total = leaking.total
    total.add(harmless.total)
    heading(
        "Planted leaks, by kind",
        about="Data: generated lines in eight formats; unit: planted value; found: a value of which any part is found; "
        "false: findings in these lines that touch no planted value",
    )
    rows = [
        (kind, str(one.planted), str(one.touched), _share(one.recall), _share(one.lenient_recall), str(one.false))
        for kind, one in leaking.kinds.items()
    ]
    every = leaking.total
    names = ("kind", "planted", "found", "strict recall", "lenient recall", "false")
    last = (
        str(every.planted),
        str(every.touched),
        _share(every.recall),
        _share(every.lenient_recall),
        str(every.false),
    )
    table(names, [*rows, ("**all**", *last)])
    heading(
        "Lines that only look so", about="Data: generated lines in eight formats; unit: finding; not named: none found"
    )
    wrong = [(sort, str(one.lines), str(one.false)) for sort, one in harmless.kinds.items() if one.false]
    table(("sort", "lines", "false"), [*wrong, ("**all**", str(harmless.total.lines), str(harmless.total.false))])
    heading("False findings, by the kind that is claimed", about="Data: all generated lines; unit: finding")
    claimed = leaking.claimed + harmless.claimed
    table(("kind", "false"), [(kind, str(count)) for kind, count in claimed.most_common()] or [("-", "0")])
    print(
        f"\nStrict recall {_share(total.recall)}, lenient recall {_share(total.lenient_recall)}, precision "
        f"{_share(total.precision)}: {total.planted:,} planted values, {len(leaking.kinds)} kinds, "
        f"{total.lines - total.planted:,} harmless lines of {len(harmless.kinds)} sorts."
    )
    if show:
        _show(leaking, harmless, count=show)


def _show(leaking: Scores, harmless: Scores, *, count: int) -> None:
    print("\nMissed:\n")
    seen: dict[str, int] = {}
    for line, kinds in leaking.missed:
        seen[line.kind] = seen.get(line.kind, 0) + 1
        if seen[line.kind] <= count:
            marked = f"{line.text[: line.start]}»{line.text[line.start : line.end]}«{line.text[line.end :]}"
            print(f"- {line.kind}, found {', '.join(kinds) or 'nothing'}: {marked}")
    print("\nFalse:\n")
    seen = {}
    for line, one in (*leaking.false, *harmless.false):
        seen[line.kind] = seen.get(line.kind, 0) + 1
        if seen[line.kind] <= count:
            marked = f"{line.text[: one.start]}»{line.text[one.start : one.end]}«{line.text[one.end :]}"
            print(f"- {line.kind}, found {one.kind.name}: {marked}")


def _share(value: float) -> str:
    return f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())
