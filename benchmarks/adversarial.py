"""Times the whole analysis on logs made to be expensive, at one, two and four times the size.

usage: adversarial.py [LINES]

Linear cost shows as twice the seconds for twice the lines; a first run that is not counted loads the kernels.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from loganomaly import LogAnalyzer

RANDOM = random.Random(7)
WORDS = ["".join(RANDOM.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(20_000)]

LOGS: dict[str, Callable[[int], str]] = {
    "every line different": lambda _: " ".join(RANDOM.choices(WORDS, k=12)),
    "500 words a line": lambda _: " ".join(RANDOM.choices(WORDS[:300], k=500)),
    "one token repeated": lambda i: "a " * (1 + i % 900),
    "all digits": lambda i: " ".join(str(RANDOM.randrange(10**9)) for _ in range(1 + i % 40)),
    "nothing but punctuation": lambda _: "".join(RANDOM.choices("(){}[]=,;:\"'<*> ", k=80)),
}


def main(lines: int) -> None:
    """Print one table."""
    print("| log | lines | MB | seconds | templates |\n| --- | ---: | ---: | ---: | ---: |")
    analyzer = LogAnalyzer()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.log")
        for name, line in LOGS.items():
            for count in (100, lines, 2 * lines, 4 * lines):
                path.write_text("".join(f"{line(i)}\n" for i in range(count)))
                start = time.perf_counter()
                summary = analyzer.analyze(path).summary
                seconds = time.perf_counter() - start
                templates = summary["template_diversity"]["unique_templates"]
                size = path.stat().st_size / 1e6
                if count > 100:
                    print(f"| {name} | {count:,} | {size:.1f} | {seconds:.1f} | {templates:,} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
