"""Local Outlier Factor over templates, with their multiplicities; and the same for the rows of a frame."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.errors import UsageError
from loganomaly.findings import Evidence
from loganomaly.mining.template import Template

__all__ = ["LOFDetector", "detect_anomalies_lof"]

_FEWEST_FACTOR = 1.5
"""A factor near 1 is the density of the neighbours; below this nothing is an outlier (Breunig et al., 2000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LOFDetector:
    """Templates whose wording lies far from that of the other lines.

    Each record is the TF-IDF vector of its template's words; identical vectors are collapsed and counted, which gives
    the factor of the full data (Breunig et al., SIGMOD 2000) at the cost of the distinct templates.

    Parameters
    ----------
    neighbors
        Size of the neighbourhood, in records.
    contamination
        At most this share 0..1 of all records is reported: those with the highest factors.
    """

    neighbors: int = 20
    contamination: float = 0.1
    name: str = "lof"
    weight: float = 0.25
    aspect: str = "kind"
    most_operations: int = 200_000_000

    def factors(self, templates: list[Template], records: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the factor of each template, given from the most frequent one on; `records` are their multiplicities.

        The cost rises with the square of the templates: those beyond `most_operations` have the usual factor, 1.
        """
        from loganomaly.detectors.local_outlier_factor import local_outlier_factor
        from loganomaly.mining.vectors import tfidf

        documents = [[word.lower() for word in t.words] for t in templates]
        if _operations(documents) > self.most_operations and len(documents) > 2:
            half = len(documents) // 2
            rest = np.ones(len(documents) - half)
            return np.concatenate([self.factors(templates[:half], records[:half]), rest])
        distinct: dict[tuple[str, ...], int] = {}
        rows = np.array([distinct.setdefault(tuple(sorted(d)), len(distinct)) for d in documents], np.int64)
        weights = np.bincount(rows, weights=records, minlength=len(distinct)).astype(np.int64)
        vectors = tfidf(list(distinct), weights=weights)
        outlying = local_outlier_factor(vectors, multiplicities=weights, neighbors=self.neighbors)
        return outlying.factor[rows]

    def threshold(self, factors: NDArray[np.float64], records: NDArray[np.int64]) -> float:
        """Return the factor above which lie at most `contamination` of all records."""
        order = np.argsort(-factors, kind="stable")
        reported = np.cumsum(records[order]) <= self.contamination * records.sum()
        within = factors[order][reported]
        beyond = factors[order][~reported]
        lowest = beyond[0] if len(beyond) else within[-1] - 1
        return max(float(lowest), _FEWEST_FACTOR)

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on the templates with the highest factors."""
        templates = list(case.templates)
        if len(templates) < 2:
            return []
        records = case.table["records"].to_numpy()
        factors = self.factors(templates, records)
        threshold = self.threshold(factors, records)
        return [
            Evidence(
                detector=self.name,
                subject=case.subject(int(number)),
                strength=float(min(1.0, np.log10(factors[number]) / 4)),
                text="its wording is far from that of the other lines"
                f" (local outlier factor {_rounded(factors[number])}, usual 1)",
                observed=float(factors[number]),
                expected=1.0,
                tags=("outlier",),
            )
            for number in np.flatnonzero(factors > threshold)
        ]


def _operations(documents: Sequence[Sequence[str]]) -> int:
    """Return about how many operations the distances between all documents take."""
    counts = Counter(word for document in documents for word in set(document))
    return len(documents) ** 2 + sum(count * count for count in counts.values())


def _rounded(factor: float) -> str:
    return f"{factor:.1f}" if factor < 1000 else "over 1,000"


def detect_anomalies_lof(frame: Any, *, contamination: float = 0.1, neighbors: int = 20, column: str = "log") -> Any:
    """Rank the rows of a frame by Local Outlier Factor.

    Parameters
    ----------
    frame
        pandas or polars frame with a column of log lines.
    contamination
        Share of rows that are reported at most, above 0 to 0.5.
    neighbors
        Size of the neighbourhood, in rows, 1 or more.

    Returns
    -------
    frame
        The given rows, order and index, and the columns `lof_score` (float, 1 is usual, higher is more anomalous),
        `is_anomaly` (bool) and `anomaly_source` ("lof", or null).

    Raises
    ------
    InputError
        If the frame has no such column, or no rows.
    UsageError
        If a parameter is out of range.
    """
    from loganomaly.frames import add_columns, lines_of
    from loganomaly.pattern_miner import mine_rows

    if not 0 < contamination <= 0.5:
        msg = f"contamination is {contamination}; expected a share above 0, at most 0.5"
        raise UsageError(msg)
    if neighbors < 1:
        msg = f"neighbors is {neighbors}; expected a whole number of 1 or more"
        raise UsageError(msg)
    detector = LOFDetector(neighbors=neighbors, contamination=contamination)
    mined = mine_rows(lines_of(frame, column=column))
    records = np.bincount(mined.numbers, minlength=len(mined.templates)).astype(np.int64)
    factors = detector.factors(mined.templates, records)
    above = factors > detector.threshold(factors, records)
    flagged = above[mined.numbers]
    return add_columns(
        frame,
        {
            "lof_score": factors[mined.numbers],
            "is_anomaly": flagged,
            "anomaly_source": ["lof" if flag else None for flag in flagged.tolist()],
        },
    )
