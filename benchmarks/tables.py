"""Markdown as it is printed: a heading with what the figures are of, a table, a list of findings."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

NONE_SEEN = "supervision: none; labels seen: none"
"""Stands in every heading: nothing is trained, no label is seen."""
_LONGEST = 150


def heading(title: str, *, about: str) -> None:
    """Print a title, and what the figures below it are of: data, unit, what is counted."""
    print(f"\n## {title}\n\n{about}; {NONE_SEEN}.\n")


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; columns that hold nothing but figures stand to the right."""
    rows = [*rows]
    right = [all(cell[:1].isdigit() or cell in {"-", ""} for cell in cells) for cells in zip(*rows, strict=True)]
    print(f"| {' | '.join(names)} |")
    print(f"| {' | '.join('---:' if each else '---' for each in right)} |")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def listed(anomalies: Iterable[Mapping[str, Any]], *, marks: Iterable[str], title: str = "") -> None:
    """Print findings, worst first, each with a mark."""
    print(f"\n{title}\n" if title else "")
    for anomaly, mark in zip(anomalies, marks, strict=True):
        where = f"{'/'.join(Path(anomaly['source']).parts[-2:])}:{anomaly['line_number']}"
        kind = f"{anomaly['score']:.2f} {anomaly['classification']}"
        print(f"1. {mark}: {kind}, {where}: {_code(anomaly['log'])} {_plain(anomaly['reason'])}", flush=True)


def kinds(anomalies: Iterable[Mapping[str, Any]]) -> str:
    """Return how many findings of each classification there are."""
    counts = Counter(anomaly["classification"] for anomaly in anomalies)
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _code(text: str) -> str:
    """Return the beginning of a text of any content as Markdown shows it, without mark-up."""
    return f"``` {_plain(text[:_LONGEST]).replace('```', ' ')} ```"


def _plain(text: str) -> str:
    """Return a text on one line, with nothing in it that a terminal obeys."""
    return "".join(c if c.isprintable() else " " for c in text)
