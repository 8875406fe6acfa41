"""Local Outlier Factor over templates, with their multiplicities; and the same for the rows of a frame."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.errors import UsageError
from loganomaly.findings import Evidence
from loganomaly.legible import quoted
from loganomaly.mining.likeness import differing_words
from loganomaly.mining.template import Template

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["LOFDetector", "detect_anomalies_lof"]

_FEWEST_FACTOR = 1.5
"""A factor near 1 is the density of the neighbours; below this nothing is an outlier (Breunig et al., 2000)."""
_HIGHEST_FACTOR = 1000.0
"""Reported at most: beside identical lines the factor has no bound."""
_WEAKEST = 0.1
"""Strength from which on there is something to say."""
_ALIKE = 0.4
"""Cosine from which on another kind of line is near enough to be named."""
_TIE = 1e-9
_UNSEEN = 12
"""Frequent kinds of line that are taken to have another one near, beside those that are seen (Laplace)."""
_LONGEST = 80  # characters of a template or of words that are named
_MOST_WORDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LOFDetector:
    """Templates whose wording lies far from that of the other lines.

    Each record is the TF-IDF vector of its template's words; identical vectors are collapsed and counted, which gives
    the factor of the full data (Breunig et al., SIGMOD 2000) at the cost of the distinct templates.

    The factor says which templates are outliers, not how far out they are: beside a template with more records than
    the neighbourhood holds, whose density has no bound, every rare line has a factor of billions. The strength goes by
    distance instead: how little of the wording there is in the nearest `neighbors` records (1 minus the cosine), times
    the share of frequent kinds of line that have another one nearer than that. Where all kinds of line are worded
    unlike each other, one more is no news.

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
    weight: float = 0.3
    aspect: str = "kind"
    most_operations: int = 200_000_000

    def factors(self, templates: list[Template], records: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the factor of each template, given from the most frequent one on; `records` are their multiplicities.

        The cost rises with the square of the templates: those beyond `most_operations` have the usual factor, 1.
        """
        return self._outlying(templates, records)[0]

    def _outlying(
        self, templates: Sequence[Template], records: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the factor of each template, and how far out it is, 0..1; see `factors`."""
        from loganomaly.detectors.local_outlier_factor import local_outlier_factor
        from loganomaly.mining.vectors import tfidf

        documents = [[word.lower() for word in t.words] for t in templates]
        if _operations(documents) > self.most_operations and len(documents) > 2:
            half = len(documents) // 2
            factors, strengths = self._outlying(templates[:half], records[:half])
            rest = len(documents) - half
            return np.concatenate([factors, np.ones(rest)]), np.concatenate([strengths, np.zeros(rest)])
        distinct: dict[tuple[str, ...], int] = {}
        rows = np.array([distinct.setdefault(tuple(sorted(d)), len(distinct)) for d in documents], np.int64)
        weights = np.bincount(rows, weights=records, minlength=len(distinct)).astype(np.int64)
        vectors = tfidf(list(distinct), weights=weights)
        outlying = local_outlier_factor(vectors, multiplicities=weights, neighbors=self.neighbors)
        # Of vectors of norm 1, half the squared distance is 1 minus the cosine.
        distances = outlying.k_distance**2 / 2
        strengths = distances * _nearer(distances, usual=_apart(vectors, frequent=weights > self.neighbors))
        return outlying.factor[rows], np.clip(strengths[rows], 0, 1)

    def threshold(self, factors: NDArray[np.float64], records: NDArray[np.int64]) -> float:
        """Return the factor above which lie at most `contamination` of all records."""
        order = np.argsort(-factors, kind="stable")
        reported = np.cumsum(records[order]) <= self.contamination * records.sum()
        within = factors[order][reported]
        beyond = factors[order][~reported]
        lowest = beyond[0] if len(beyond) else within[-1] - 1
        return max(float(lowest), _FEWEST_FACTOR)

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on the templates with the highest factors; `observed` is the factor, 1,000 where above."""
        from loganomaly.mining.likeness import most_alike

        if len(case.templates) < 2:
            return []
        records = case.table["records"].to_numpy()
        factors, strengths = self._outlying(case.templates, records)
        outliers = np.flatnonzero((factors > self.threshold(factors, records)) & (strengths >= _WEAKEST))
        nearest, similarity = most_alike(
            case.wording, records=records, rows=outliers, candidates=np.ones(len(records), np.bool_)
        )
        return [
            Evidence(
                detector=self.name,
                subject=case.subject(number),
                strength=float(strengths[number]),
                text=_told(case, number, other if alike >= _ALIKE else None),
                observed=min(float(factors[number]), _HIGHEST_FACTOR),
                expected=1.0,
                tags=("outlier",),
            )
            for number, other, alike in zip(outliers.tolist(), nearest.tolist(), similarity.tolist(), strict=True)
        ]


def _apart(vectors: "sparse.csr_array[np.float64]", *, frequent: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return 1 minus the cosine of each frequent vector and the nearest other one, in rising order."""
    from loganomaly.mining.likeness import most_alike

    rows = np.flatnonzero(frequent)
    if len(rows) < 2:
        return np.zeros(len(rows))
    # Each way: most_alike looks among those with more records, so the ranks stand in for them.
    ranks = np.arange(vectors.shape[0])
    above = most_alike(vectors, records=ranks, rows=rows, candidates=frequent)[1]
    below = most_alike(vectors, records=-ranks, rows=rows, candidates=frequent)[1]
    return np.sort(1 - np.maximum(above, below))


def _nearer(distances: NDArray[np.float64], *, usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the usual distances that are smaller, for each distance; few of them prove little."""
    return (np.searchsorted(usual, distances - _TIE, side="left") + _UNSEEN) / (len(usual) + _UNSEEN)


def _told(case: Case, number: int, other: int | None) -> str:
    """Return what is said of the wording of a template; `other` is the one most like it."""
    if other is None:
        return "no more frequent kind of line is worded like it"
    own, usual = case.templates[number].text, case.templates[other].text
    added, missing = differing_words(own, usual)
    return f"the nearest more frequent kind of line is {quoted(usual, most=_LONGEST)}, {_difference(added, missing)}"


def _difference(added: Sequence[str], missing: Sequence[str]) -> str:
    if added and missing:
        return f"which says {_words(missing)} where this one says {_words(added)}"
    if added:
        return f"which does not say {_words(added)}"
    if missing:
        return f"which also says {_words(missing)}"
    return "with its words in another order"


def _words(words: Sequence[str]) -> str:
    listed = " ".join(words[:_MOST_WORDS])
    return quoted(listed if len(words) <= _MOST_WORDS else f"{listed} ...", most=_LONGEST)


def _operations(documents: Sequence[Sequence[str]]) -> int:
    """Return about how many operations the distances between all documents take."""
    counts = Counter(word for document in documents for word in set(document))
    return len(documents) ** 2 + sum(count * count for count in counts.values())


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
