"""Run the real command on inputs that are huge or grow: each line is counted, and memory stays below a ceiling.

One line of output for each: how large the input is, lines counted, seconds, and the most memory (resident) that the
command took. Exit code 0: all counts are right and no ceiling is passed; 1: not so.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from legible_output import check_json, check_text

__all__ = ["INPUTS", "Large", "check"]

_MIB = 1 << 20
_BLOCK = 4 * _MIB


@dataclass(frozen=True, kw_only=True)
class Large:
    """An input that is made in a folder, in full size or, by a `scale` below 1, smaller.

    `make` returns how many lines must be counted; `skipped` and `damaged` are what must be said of it in full size, and
    `most` is the ceiling of memory then (MiB).
    """

    make: Callable[[Path, float], int]
    most: int
    skipped: str = ""
    damaged: str = ""


def _usual(count: int) -> bytes:
    return b"".join(b"2026-03-14T09:26:%02dZ INFO web: took %d ms\n" % (i % 60, i) for i in range(count))


def _write(path: Path, blocks: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(blocks)


def _times(block: bytes, size: float) -> Iterator[bytes]:
    """Yield a block again and again, `size` bytes in all, rounded up to whole blocks."""
    many = block * max(1, min(_BLOCK, int(size)) // len(block))
    for _ in range(max(1, -(-int(size) // len(many)))):
        yield many


def _one_line(folder: Path, scale: float) -> int:
    def blocks() -> Iterator[bytes]:
        yield _usual(10) + b"2026-03-14T09:27:00Z ERROR web: "
        yield from _times(b"x", 50 * _MIB * scale)
        yield b"\n" + _usual(10)

    _write(folder / "app.log", blocks())
    return 21


def _empty_lines(folder: Path, scale: float) -> int:
    count = int(10_000_000 * scale)

    def blocks() -> Iterator[bytes]:
        yield _usual(1)
        yield b"\n" * count
        yield _usual(1)

    _write(folder / "app.log", blocks())
    return count + 2


def _zip_bomb(folder: Path, scale: float) -> int:
    (folder / "app.log").write_bytes(_usual(20))
    lines = 0
    with (
        zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("bomb.log", "w", force_zip64=True) as member,
    ):
        for block in _times(b"x" * 65_535 + b"\n", 1100 * _MIB * scale):
            member.write(block)
            lines += block.count(b"\n")
    return 20 if scale == 1 else 20 + lines  # of a bomb, nothing is read


def _gzip_bomb(folder: Path, scale: float) -> int:
    lines = 0
    with gzip.open(folder / "app.log.gz", "wb", compresslevel=9) as file:
        for block in _times(b"x" * 65_535 + b"\n", 1100 * _MIB * scale):
            file.write(block)
            lines += block.count(b"\n")
    return lines


def _deep_json(folder: Path, scale: float) -> int:
    depth = int(100_000 * scale)
    line = (
        b'{"time":"2026-03-14T09:26:53Z","level":"error","msg":"deep","a":' + b'{"a":[' * depth + b"]}" * depth + b"}\n"
    )
    (folder / "app.log").write_bytes(line * 20 + b"[" * depth + b"\n" + b'{"a":' * depth + b"\n")
    return 22


def _numbers(folder: Path, scale: float) -> int:
    numbers = ("1e999", "-1e999", "NaN", "Infinity", "-Infinity", "9" * 400, "1e-999", "0" * 400, "-0", "1e308")
    count = max(10, int(200_000 * scale))
    with (folder / "app.log").open("w") as file:
        for i in range(count):
            number = numbers[i % 10]
            form = i // 10 % 3
            if form == 0:
                file.write(f'{{"time":"2026-03-14T09:26:53Z","msg":"took {number} ms","took":{number}}}\n')
            elif form == 1:
                file.write(f"time=2026-03-14T09:26:53Z level=info took={number} msg=done\n")
            else:
                file.write(f"2026-03-14T09:26:53Z INFO web: took {number} ms, load {number}%\n")
    return count


def _long_row(folder: Path, scale: float) -> int:
    breaks = int(900 * scale)  # a row has at most as many lines as a record
    cell = (b"x" * 1100 + b' ""quoted"", 1;2\n') * breaks
    rows = b'2026-03-14T09:26:53Z,INFO,"took 7 ms"\n' * 50
    (folder / "app.csv").write_bytes(
        b"time,level,message\n" + rows + b'2026-03-14T09:26:54Z,ERROR,"' + cell + b'"\n' + rows
    )
    return 1 + 50 + breaks + 1 + 50


def _utf_16(folder: Path, scale: float) -> int:
    block = _usual(1000).decode().encode("utf-16-le")
    times = max(1, int(50 * _MIB * scale) // len(block))

    def blocks() -> Iterator[bytes]:
        yield b"\xff\xfe"
        yield from (block for _ in range(times))

    _write(folder / "app.log", blocks())
    return 1000 * times


def _carriage_returns(folder: Path, scale: float) -> int:
    _write(folder / "app.log", _times(_usual(1000).replace(b"\n", b"\r"), 50 * _MIB * scale))
    return 1


INPUTS = {
    "one line of 50 MB": Large(make=_one_line, most=600),
    "10 million empty lines": Large(make=_empty_lines, most=700),
    "a zip archive of 1 MB that holds 1.1 GB": Large(make=_zip_bomb, most=500, skipped="bomb"),
    "gzip of 1 MB that holds 1.1 GB": Large(make=_gzip_bomb, most=600, damaged="bomb"),
    "JSON of 100,000 levels": Large(make=_deep_json, most=500),
    "numbers such as 1e999": Large(make=_numbers, most=600),
    "a CSV row of 1 MB with line breaks": Large(make=_long_row, most=500),
    "UTF-16 of 50 MB": Large(make=_utf_16, most=800),
    "50 MB of carriage returns in the place of line feeds": Large(make=_carriage_returns, most=600),
}
"""By what they are."""


def check(summary: dict[str, object], large: Large, *, lines: int, full: bool) -> str:
    """Return what is wrong with the counts of a run, or nothing; what only full size shows counts if it is `full`."""
    read, given = summary["processed_log_count"], summary["original_log_count"]
    said = json.dumps([summary["input_files"], summary["skipped_files"]])
    # A bomb is read up to the limit; what lies behind is not there to be counted.
    if read != given or (given != lines if not (full and large.damaged) else not 0 < int(str(given)) < lines):
        return f"{given} lines given and {read} read, expected {lines}"
    for expected in (large.skipped, large.damaged) if full else ():
        if expected not in said:
            return f"nothing is said of {expected!r}: {said[:500]}"
    return ""


def main() -> int:
    """Run the command on each input, print what it took, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="inputs whose name holds this text")
    arguments = parser.parse_args()
    names = [name for name in INPUTS if arguments.only in name]
    failed = [name for name in names if not _passes(name)]
    print(f"{len(names)} inputs, {len(failed)} failed")
    return 1 if failed or not names else 0


def _passes(name: str) -> bool:
    large = INPUTS[name]
    with tempfile.TemporaryDirectory(prefix="fuzz-large-") as work:
        folder, results = Path(work, "in"), Path(work, "results")
        folder.mkdir()
        lines = large.make(folder, 1.0)
        size = sum(path.stat().st_size for path in folder.iterdir())
        command = [
            sys.executable,
            "-m",
            "loganomaly",
            "--input",
            str(folder),
            "--output",
            str(results),
            "--disable-llm",
        ]
        begin = time.monotonic()
        # Of this child alone: what is measured of all children is the largest so far.
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - begin
            output.seek(0)
            shown = output.read().decode(errors="replace")
        peak = usage.ru_maxrss // 1024
        wrong = _wrong(results, large, lines=lines, shown=shown, code=process.returncode)
        wrong = wrong or (f"took more than {large.most:,} MiB" if peak > large.most else "")
        figures = f"{size:,} bytes, {lines:,} lines, {seconds:.1f} s, {peak:,} of {large.most:,} MiB"
        print(f"{name}: {figures}: {wrong or 'right'}", flush=True)
    return not wrong


def _wrong(results: Path, large: Large, *, lines: int, shown: str, code: int) -> str:
    if code != 0:
        return f"exit code {code}: {shown[-500:]}"
    try:
        check_text(shown)
        for path in results.rglob("*.json"):
            check_json(path.read_bytes())
    except AssertionError as error:
        return str(error)
    return check(check_json((results / "summary.json").read_bytes()), large, lines=lines, full=True)


if __name__ == "__main__":
    sys.exit(main())
