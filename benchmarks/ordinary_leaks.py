"""The part on logs of one's own: what is taken for a leak in them, for a person to judge."""

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tables import heading, table

from loganomaly.redaction.secrets import find_leaks

_BEFORE, _AFTER = 80, 40
"""So much of a line is shown around a leak."""


def measure(paths: Sequence[Path]) -> None:
    """Print each distinct suspected leak, masked, and how many there are in 100,000 lines."""
    heading("Logs of one's own", about="Data: the files given; unit: suspected leak; nobody has labelled them")
    counts: Counter[str] = Counter()
    different: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    lines = 0
    for path in paths:
        for number, text in enumerate(_lines(path), start=1):
            lines += 1
            found = [(leak.start, leak.end, leak.kind.name) for leak in find_leaks(text)]
            for start, end, kind in found:
                counts[kind] += 1
                if (kind, text[start:end]) not in seen:
                    seen.add((kind, text[start:end]))
                    different[kind] += 1
                    print(f"- {kind}, {path.name}:{number}: {_masked(text, found, around=(start, end))}")
    print()
    rows = [(kind, str(n), str(different[kind]), _rate(n, lines)) for kind, n in counts.most_common()]
    every = ("**all**", str(counts.total()), str(different.total()), _rate(counts.total(), lines))
    table(("kind", "leaks", "distinct", "per 100,000 lines"), [*rows, every])
    print(f"\n{lines:,} lines in {len(paths)} files.")


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file, plain or gzipped."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
        for line in stream:
            yield line.decode(errors="replace").rstrip("\r\n")


def _masked(text: str, found: Sequence[tuple[int, int, str]], *, around: tuple[int, int]) -> str:
    """Return what stands around a leak, every leak of the line as its kind."""
    pieces, at = [], max(0, around[0] - _BEFORE)
    for start, end, kind in sorted(found):
        if start >= at and start < around[1] + _AFTER:
            pieces += [text[at:start], f"<{kind}>"]
        at = max(at, end)
    pieces.append(text[at : max(at, around[1] + _AFTER)])
    return "".join(c if c.isprintable() else " " for c in "".join(pieces))


def _rate(count: int, lines: int) -> str:
    return f"{count / lines * 100_000:.1f}" if lines else "-"
