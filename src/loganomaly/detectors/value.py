"""Values: numbers far above what their own place in their own template, or their own field, usually holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.findings import Evidence, Location
from loganomaly.merging import begins_of
from loganomaly.profile import unplace
from loganomaly.redaction.secrets import redact
from loganomaly.scan.bins import BINS_PER_OCTAVE, ZERO_BIN, bin_start, quantile_bins

__all__ = ["ValueDetector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outlier:
    """A slot with a few values far above the rest.

    `row` is that in which its sketch begins; `median`, `q90` (the ninth decile) and `highest` are bins. Of `total`
    values, `outside` are far above.
    """

    row: int
    median: int
    q90: int
    highest: int
    outside: int
    total: int


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
        best: dict[tuple[int, str], Evidence] = {}
        for outlier in self._outliers(sketches):
            row = sketches.row(outlier.row, named=True)
            evidence = self._evidence(case, row, outlier)
            key = row["number"], evidence.about
            if key not in best or evidence.strength > best[key].strength:
                best[key] = evidence
        return list(best.values())

    def _outliers(self, sketches: pl.DataFrame) -> Iterator[_Outlier]:
        """Yield the slots with a few values far above the rest, of sketches that are sorted by slot and bin."""
        bins, counts = sketches["bin"].to_numpy(), sketches["count"].to_numpy()
        begins = begins_of([sketches["shape"].to_numpy(), sketches["slot"].to_numpy()])
        first, highest = begins[:-1], bins[begins[1:] - 1]
        total = np.add.reduceat(counts, first)
        q10, median, q90 = (quantile_bins(bins, counts, begins, share=share) for share in (0.1, 0.5, 0.9))
        fence = q90 + np.maximum(self.octaves * BINS_PER_OCTAVE, self.fences * (q90 - median))
        is_outside = bins > np.repeat(fence, np.diff(begins))
        outside = np.add.reduceat(counts * is_outside, first)
        is_usual = (q10 > ZERO_BIN) & (q90 - q10 <= 1.5 * self.octaves * BINS_PER_OCTAVE)
        for i in np.flatnonzero(is_usual & (outside > 0) & (outside <= self.most_share * total)):
            yield _Outlier(
                row=int(first[i]),
                median=int(median[i]),
                q90=int(q90[i]),
                highest=int(highest[i]),
                outside=int(outside[i]),
                total=int(total[i]),
            )

    def _evidence(self, case: Case, row: Mapping[str, Any], outlier: _Outlier) -> Evidence:
        doublings = float(outlier.highest - outlier.q90) / BINS_PER_OCTAVE
        usual = bin_start(outlier.q90 + 1)
        share = float(outlier.outside / outlier.total)
        source, line = unplace(row["high_line"])
        return Evidence(
            detector=self.name,
            subject=case.subject(row["number"]),
            strength=min(1.0, doublings / 8) * (0.5 + 0.5 * surprise(share, full=3)),
            text=f"{_told(row, outlier.outside, usual)} ({outlier.total:,} values)",
            observed=float(row["high"]),
            expected=bin_start(outlier.median),
            probability=share,
            tags=("value",),
            about=f"parameter-{row['slot'] + 1}" if row["name"] is None else redact(row["name"]),
            location=Location(source=source, line=line, offset=unplace(row["high_offset"])[1]),
            count=outlier.outside,
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
