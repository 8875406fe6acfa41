"""Grow a log: lines drawn at random from small logs, every run of three or more digits redrawn.

The result is deterministic and has about as many distinct values as a real log of that size. What does not
survive: labels, sessions, the order of time, and dates written as long digit runs (`081109` becomes any
six digits).
"""

import argparse
import functools
import gzip
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

DIGITS = re.compile(rb"([0-9]{3,})")
SPARE_BITS = 16  # drawn on top of what a run needs, so that the modulo favours no value by more than 2**-16


class Draw(NamedTuple):
    """How to redraw one run of digits: a number of the same length, without a leading zero."""

    low: int
    span: int
    bits: int


def grow(lines: Sequence[bytes], *, count: int, seed: int, sink: BinaryIO) -> None:
    """Write `count` lines drawn from `lines`, each ended by a newline, to `sink`.

    Parameters
    ----------
    lines
        The lines to draw from, without their line ends.
    count
        The number of lines to write.
    seed
        The same lines, count and seed give the same bytes; a smaller count gives a prefix of them.
    sink
        A binary file open for writing.

    Raises
    ------
    ValueError
        There is no line to draw from, or `count` is negative.
    """
    if not lines:
        raise ValueError("no lines to draw from: expected at least one line in the inputs")
    if count < 0:
        raise ValueError(f"cannot write {count} lines: expected a count of 0 or more")
    sink.writelines(_drawn(lines, count=count, seed=seed))


def _drawn(lines: Sequence[bytes], *, count: int, seed: int) -> Iterator[bytes]:
    # A line is taken apart once; drawing it again only fills in numbers.
    moulds = [_mould(line) for line in lines]
    rng = random.Random(seed)
    uniform, getrandbits, choices = rng.random, rng.getrandbits, len(moulds)
    for _ in range(count):
        mould, draws = moulds[int(uniform() * choices)]
        yield mould % tuple([low + getrandbits(bits) % span for low, span, bits in draws])


def _mould(line: bytes) -> tuple[bytes, list[Draw]]:
    """Return the line as a %-format, and what to draw for each of its fields."""
    parts = DIGITS.split(line)
    literals = [part.replace(b"%", b"%%") for part in parts[::2]]
    return b"%d".join(literals) + b"\n", [_draw(len(run)) for run in parts[1::2]]


@functools.cache
def _draw(length: int) -> Draw:
    low = 10 ** (length - 1)
    span = 9 * low
    return Draw(low, span, span.bit_length() + SPARE_BITS)


def read_lines(path: Path) -> list[bytes]:
    """Return the lines of a plain or gzip (`.gz`) file without their line ends.

    Raises
    ------
    OSError
        The file cannot be read, or is not gzip although its name says so.
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source:
        return [line.rstrip(b"\r\n") for line in source]


def main() -> None:
    """Grow the inputs named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, help="number of lines to write")
    parser.add_argument("output", type=Path, help="file to write")
    parser.add_argument("inputs", type=Path, nargs="+", metavar="input", help="log to draw from, plain or .gz")
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    arguments = parser.parse_args()
    try:
        lines = [line for path in arguments.inputs for line in read_lines(path)]
        with arguments.output.open("wb") as sink:
            grow(lines, count=arguments.count, seed=arguments.seed, sink=sink)
    except (OSError, EOFError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
