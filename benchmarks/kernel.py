"""Times the stages of the scan, on one thread, over the first megabytes of a log.

usage: kernel.py FILE [FILE ...]
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from loganomaly.floods import FloodSettings
from loganomaly.reading.breaks import line_bounds
from loganomaly.reading.detect import detect
from loganomaly.reading.records import Records, read_records
from loganomaly.scan.candidates import candidates
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.hashes import intern
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.search import Search
from loganomaly.scan.shapes import read_shapes
from loganomaly.scan.survey import Occurrences, slot_rows, survey

_BYTES = 16 << 20
_REPEATS = 9


def main(names: list[str]) -> None:
    """Print one table: MB/s and nanoseconds a record of each stage, the best of several runs."""
    print("| file | stage | MB/s | ns/record |\n| --- | --- | ---: | ---: |")
    for name in names:
        measure(Path(name))


def measure(path: Path) -> None:
    """Print the rows of one file."""
    with path.open("rb") as file:
        text = file.read(_BYTES)
    text = text[: text.rfind(b"\n") + 1]
    data, tables = np.frombuffer(text, np.uint8), detect(text[: 1 << 18]).tables()
    columns, count, _ = read_records(data, tables)
    records = Records(*(column[:count] for column in columns))
    messages = (records.message_start, records.message_end, records.status)
    hashes, first, values, numbers, *_ = read_shapes(data, *messages)
    ids, shapes, _ = intern(hashes)
    rows = slot_rows(first, ids, len(shapes))
    everything = np.full(rows[-1], 0xFFFFFFFFFFFFFFFF, np.uint64)
    stages: dict[str, Callable[[], object]] = {
        "split lines": lambda: line_bounds(data),
        "split and read heads": lambda: read_records(data, tables),
        "mask and hash messages": lambda: read_shapes(data, *messages),
        "number shapes": lambda: intern(hashes),
        "summarise parameters": lambda: survey(
            Occurrences(first, values, numbers), kinds=ids, rows=rows, times=records.time, limits=everything
        ),
        "look for secrets": lambda: candidates(data, records.start, records.end, LeakSearch().tables),
        "whole scan of a chunk": lambda: scan(
            Chunk(source=0, data=data), tables, search=Search(floods=FloodSettings())
        ),
    }
    for stage, run in stages.items():
        seconds = min(_timed(run) for _ in range(_REPEATS))
        print(f"| {path.name} | {stage} | {len(data) / seconds / 1e6:.0f} | {seconds / count * 1e9:.0f} |")


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
