"""Times the scan of a JSON log of many fields, on one thread, and says how large its profile is.

usage: fields.py [LINES]
"""

import io
import json
import random
import sys
import time

import numpy as np

from loganomaly.floods import FloodSettings
from loganomaly.profile import Profile
from loganomaly.reading.chunks import cut_chunks
from loganomaly.reading.detect import detect
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search

_LINES = 200_000
_REPEATS = 5
_MESSAGES = ("request served", "user {} logged in", "cache miss for key k{}", "order {} placed", "retry {} in {} ms")


def main(lines: int) -> None:
    """Print one table: seconds of processor time and rows and bytes of the profile."""
    text = generate(lines)
    tables = detect(text[: 1 << 18]).tables()
    chunks = [
        Chunk(source=0, data=piece.data, first_line=piece.first_line, offset=piece.offset)
        for piece in cut_chunks(io.BytesIO(text), tables)
    ]
    seconds, profile = min((_timed(chunks, tables) for _ in range(_REPEATS)), key=lambda pair: pair[0])
    print(f"{lines} lines, {len(text) / 1e6:.0f} MB, scanned and merged in {seconds:.2f} s\n")
    print("| table | rows | bytes |\n| --- | ---: | ---: |")
    for name in ("shapes", "slots", "bins", "values", "fields"):
        table = getattr(profile, name, None)  # older versions have no fields
        if table is not None:
            print(f"| {name} | {len(table)} | {table.estimated_size()} |")


def generate(lines: int) -> bytes:
    """Return a log of JSON objects: four keys that have roles, and fifteen fields."""
    chance = random.Random(7)
    return b"".join(_line(chance, i) for i in range(lines))


def _line(chance: random.Random, number: int) -> bytes:
    seconds, millis = divmod(number * 17, 1000)
    record = {
        "timestamp": f"2026-03-14T{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{millis:03d}Z",
        "level": chance.choice(["INFO"] * 9 + ["WARN"]),
        "logger": chance.choice(["api", "db", "web"]),
        "message": chance.choice(_MESSAGES).format(chance.randrange(10**6), chance.randrange(255)),
        "host": f"web-{chance.randrange(8)}",
        "pid": chance.randrange(30_000),
        "trace_id": f"{chance.getrandbits(128):032x}",
        "span_id": f"{chance.getrandbits(64):016x}",
        "user_id": chance.randrange(10**6),
        "method": chance.choice(["GET", "POST", "PUT"]),
        "path": f"/api/v1/items/{chance.randrange(5000)}",
        "status": chance.choice([200, 200, 200, 404, 500]),
        "duration_ms": round(chance.lognormvariate(3, 0.6), 2),
        "bytes": chance.randrange(100, 90_000),
        "http": {"user_agent": chance.choice(["curl/8.1", "Mozilla/5.0 (X11; Linux x86_64)"]), "version": "1.1"},
        "cached": chance.random() < 0.3,
        "region": chance.choice(["eu-west-1", "us-east-1"]),
        "error": None,
    }
    return json.dumps(record).encode() + b"\n"


def _timed(chunks: list[Chunk], tables: np.ndarray) -> tuple[float, Profile]:
    start = time.process_time()
    parts = [scan(chunk, tables, search=Search(floods=FloodSettings())).profile for chunk in chunks]
    profile = Profile.merge(parts)
    return time.process_time() - start, profile


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _LINES)
