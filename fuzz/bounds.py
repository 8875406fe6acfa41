"""Run all compiled kernels on hostile input with every index checked, below 0 too.

Before that, accesses that are out of bounds are tried: all of them must be caught. Prints a line for each; compiling
takes a minute and a half. Exit code 0: no access was out of bounds; 1: one was, or a target broke a promise.
"""

import argparse
import random
import sys
import tempfile
import traceback
from pathlib import Path

from checked_bounds import caught, turn_on

INPUTS = {"kernels": 10, "cuts": 15, "text": 2, "documents": 2, "run": 1, "frames": 1, "miner": 1}
"""What reaches every kernel, and how many inputs it gets for each of the number that is asked for."""


def main() -> int:
    """Run the targets, print what was tried, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100, help="times the inputs that a target gets (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="other inputs (default: 1)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-bounds-") as cache:
        turn_on(Path(cache))
        found, tried = caught()
        print(f"out of bounds on purpose: {found} of {tried} caught", flush=True)
        if found < tried:
            return 1
        failed = [_failures(name, times * arguments.inputs, seed=arguments.seed) for name, times in INPUTS.items()]
    return 1 if any(failed) else 0


def _failures(name: str, inputs: int, *, seed: int) -> int:
    """Return how many of so many inputs a target fails on, and of its seeds."""
    from mixing import mixed
    from seeds import seeds_of
    from targets import TARGETS

    seeds = seeds_of(name)
    good = random.Random(seed).sample(seeds, min(inputs, len(seeds)))
    given = [*good, *(mixed(random.Random(f"{seed} {number}"), seeds) for number in range(inputs))]
    failed = outside = 0
    for data in given:
        try:
            TARGETS[name](data)
        except Exception as error:  # noqa: BLE001  (a target promises that none comes out)
            failed += 1
            outside += isinstance(error, IndexError)
            traceback.print_exc()
            print(f"{name}: failed on {data!r}", file=sys.stderr)
    print(f"{name}: {len(given)} inputs, {outside} out of bounds, {failed} failed", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
