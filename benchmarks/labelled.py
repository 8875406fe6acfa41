"""The logs whose anomalies are known: their lines, the units that are labelled, and which lines belong to a unit."""

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HDFS = ("anomalies/hdfs/raw.log.gz", "anomalies/hdfs/labels.csv")
BGL = ("anomalies/bgl_2k/raw.log",)
_BLOCK = re.compile(r"blk_-?\d+")


class MissingDataError(Exception):
    """Data of a benchmark is not there; the message names it."""


@dataclass(frozen=True, kw_only=True)
class LabelledLog:
    """A log and what is known of its units.

    Attributes
    ----------
    name, unit
        What it is called, and what a unit of it is: "block" or "line".
    units
        Name of each unit; of lines, their numbers from 1.
    labels
        Which units are anomalous.
    line_of, unit_of
        Pairs of a line and a unit, both counted from 0: the line belongs to the unit.
    """

    name: str
    unit: str
    lines: Sequence[str]
    units: Sequence[str]
    labels: NDArray[np.bool_]
    line_of: NDArray[np.int64]
    unit_of: NDArray[np.int64]

    @cached_property
    def labelled_lines(self) -> NDArray[np.bool_]:
        """Which lines belong to an anomalous unit."""
        found = np.zeros(len(self.lines), bool)
        found[self.line_of[self.labels[self.unit_of]]] = True
        return found

    @cached_property
    def documents(self) -> list[str]:
        """The lines of each unit, as one text."""
        lines: list[list[str]] = [[] for _ in self.units]
        for line, unit in zip(self.line_of.tolist(), self.unit_of.tolist(), strict=True):
            lines[unit].append(self.lines[line])
        return ["\n".join(own) for own in lines]

    def highest(self, of_lines: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each unit the highest of its lines' values, which are 0 or more; 0 for units without lines."""
        found = np.zeros(len(self.units))
        np.maximum.at(found, self.unit_of, of_lines[self.line_of])
        return found


def read_hdfs(data: Path) -> LabelledLog:
    """Return the HDFS log in the data folder, labelled by block; a line belongs to every block that it names.

    Raises
    ------
    MissingDataError
        If it is not there.
    """
    raw, labels = (_found(data, name) for name in HDFS)
    with gzip.open(raw, "rt", encoding="utf-8", errors="replace", newline="\n") as file:
        lines = [line for line in file.read().split("\n") if line]
    with labels.open(encoding="utf-8", newline="") as file:
        label_of = {row["session"]: row["label"] == "1" for row in csv.DictReader(file)}
    number_of = {block: number for number, block in enumerate(label_of)}
    pairs = [
        (line, number_of[block])
        for line, text in enumerate(lines)
        for block in sorted(set(_BLOCK.findall(text)))
        if block in number_of
    ]
    return LabelledLog(
        name="HDFS",
        unit="block",
        lines=lines,
        units=list(label_of),
        labels=np.array(list(label_of.values()), bool),
        line_of=np.array([line for line, _ in pairs], np.int64),
        unit_of=np.array([unit for _, unit in pairs], np.int64),
    )


def read_bgl(data: Path) -> LabelledLog:
    """Return the Blue Gene/L log in the data folder, labelled by line, without the first token: that is the label.

    Raises
    ------
    MissingDataError
        If it is not there.
    """
    (raw,) = (_found(data, name) for name in BGL)
    text = raw.read_text(encoding="utf-8", errors="replace")
    parts = [line.partition(" ") for line in text.split("\n") if line]
    numbers = np.arange(len(parts))
    return LabelledLog(
        name="BGL",
        unit="line",
        lines=[line for _, _, line in parts],
        units=[str(number + 1) for number in numbers],
        labels=np.array([label != "-" for label, _, _ in parts], bool),
        line_of=numbers,
        unit_of=numbers,
    )


def _found(data: Path, name: str) -> Path:
    path = data / name
    if not path.is_file():
        msg = f"{name} is not in {data}"
        raise MissingDataError(msg)
    return path
