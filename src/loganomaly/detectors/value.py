"""Values: numbers far above what their own place in their own template, or their own field, usually holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence, Location
from loganomaly.merging import begins_of
from loganomaly.profile import unplace
from loganomaly.redaction.secrets import redact
from loganomaly.scan.bins import BINS_PER_OCTAVE, ZERO_BIN, bin_start

__all__ = ["ValueDetector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueDetector:
    """Looks at the sketch of each number of each shape for a few values far above the rest.

    On a logarithmic scale, a value is an outlier if it lies above the upper quartile by `fences` times the distance
    between the median and the ninth decile (Tukey's fences, made for heavy tails), and by `octaves` doublings at
    least. Numbers that spread over more than `octaves` doublings anyway (ids, ports, offsets) have no usual range.
    """

    name: str = "value"
    weight: float = 0.6
    aspect: str = "value"
    fewest: int = 50
    octaves: float = 3.0
    fences: float = 3.0
    most_share: float = 0.05

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on slots with at least `fewest` numbers, the strongest per template and parameter."""
        names = case.profile.fields.select("slot", "name", "unit")
        enough = case.profile.slots.filter(pl.col("numbers") >= self.fewest).join(names, on="slot", how="left")
        sketches = enough.join(case.profile.bins, on=["shape", "slot"]).join(case.members, on="shape")
        sketches = sketches.sort("number", "shape", "slot", "bin")
        bins, counts = sketches["bin"].to_numpy(), sketches["count"].to_numpy()
        begins = begins_of([sketches["shape"].to_numpy(), sketches["slot"].to_numpy()]).tolist()
        best: dict[tuple[int, str], Evidence] = {}
        for first, end in pairwise(begins):
            evidence = self._judge(case, bins[first:end], counts[first:end], sketches, first)
            if evidence is None:
                continue
            key = sketches["number"][first], evidence.about
            if key not in best or evidence.strength > best[key].strength:
                best[key] = evidence
        return list(best.values())

    def _judge(
        self, case: Case, bins: NDArray[np.int64], counts: NDArray[np.int64], sketches: pl.DataFrame, first: int
    ) -> Evidence | None:
        """Judge the sketch of a slot, which begins in a row of all of them."""
        if bins[-1] <= ZERO_BIN:
            return None
        q10, median, q90 = (_quantile(bins, counts, q) for q in (0.1, 0.5, 0.9))
        if q10 <= ZERO_BIN or q90 - q10 > 1.5 * self.octaves * BINS_PER_OCTAVE:
            return None
        fence = q90 + max(self.octaves * BINS_PER_OCTAVE, self.fences * (q90 - median))
        outside = counts[bins > fence].sum()
        total = counts.sum()
        if not outside or outside > self.most_share * total:
            return None
        row = sketches.row(first, named=True)
        doublings = float(bins[-1] - q90) / BINS_PER_OCTAVE
        usual = bin_start(q90 + 1)
        source, line = unplace(row["high_line"])
        return Evidence(
            detector=self.name,
            subject=case.subject(row["number"]),
            strength=min(1.0, doublings / 8) * (0.5 + 0.5 * surprise(float(outside / total), full=3)),
            text=f"{_told(row, int(outside), usual)} ({total:,} values)",
            observed=float(row["high"]),
            expected=float(bin_start(median)),
            probability=float(outside / total),
            tags=("value",),
            about=f"parameter-{row['slot'] + 1}" if row["name"] is None else redact(row["name"]),
            location=Location(source=source, line=line, offset=unplace(row["high_offset"])[1]),
            count=int(outside),
            lines=(line, line),
        )


def _told(row: Mapping[str, Any], count: int, usual: float) -> str:
    """Return what is unusual of a slot; a field is called by its name."""
    if row["name"] is None:
        times = "one value" if count == 1 else f"{count:,} values"
        return f"{times} up to {row['high']:g} where nine of ten are below {usual:.3g}"
    name, unit = redact(row["name"]), f" {row['unit']}" if row["unit"] else ""
    values = name if count == 1 else f"{name}: {count:,} values up to"
    return f"{values} {row['high']:,.6g}{unit} where nine of ten are below {usual:,.3g}{unit}"


def _quantile(bins: NDArray[np.int64], counts: NDArray[np.int64], q: float) -> int:
    """Return the bin below or in which lies a share q of the values."""
    reached = np.cumsum(counts) >= q * counts.sum()
    return int(bins[int(reached.argmax())])
