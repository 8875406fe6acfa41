"""The peers: scikit-learn's detectors on TF-IDF of the same lines, and two references that a good score must beat.

Every setting is scikit-learn's default, its threshold too; the forest's seed is 0.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from labelled import LabelledLog
from numpy.typing import NDArray
from verdicts import Verdicts

from loganomaly.floods import FloodSettings
from loganomaly.frame_scan import FrameScan
from loganomaly.reading.dates import TimeSettings
from loganomaly.results import Results


def peers(log: LabelledLog, results: Results) -> Iterator[Verdicts]:
    """Yield what scikit-learn says of the units; needs it installed.

    A unit is a text, all lines of a block together. Where units are more than a line, there is also a forest on how
    often each template occurs in a unit; the templates are those of the results.
    """
    from sklearn.ensemble import IsolationForest
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import LocalOutlierFactor

    start = time.perf_counter()
    words = TfidfVectorizer().fit_transform(log.documents)
    spent = time.perf_counter() - start
    yield _timed("LOF on TF-IDF", lambda: _factor(LocalOutlierFactor(), words), spent=spent)
    yield _timed("IsolationForest on TF-IDF", lambda: _forest(IsolationForest(random_state=0), words), spent=spent)
    if log.unit != "line":
        counts = _counts(log, results)
        yield _timed("IsolationForest on event counts", lambda: _forest(IsolationForest(random_state=0), counts))


def references(log: LabelledLog, results: Results) -> Iterator[Verdicts]:
    """Yield what one simple number says of the units: the severity of a line, the rarity of its template.

    A unit's number is the highest of its lines; neither has a threshold. Severity is as the scan reads it.
    """
    if log.unit == "line":
        yield _timed("severity alone", lambda: (log.highest(_levels(log)), None))
    yield _timed("rarity of the template alone", lambda: (_rarity(log, results), None))


def _timed(
    method: str, said: Callable[[], tuple[NDArray[np.float64], NDArray[np.bool_] | None]], *, spent: float = 0.0
) -> Verdicts:
    start = time.perf_counter()
    scores, flagged = said()
    return Verdicts(method=method, scores=scores, flagged=flagged, seconds=time.perf_counter() - start + spent)


def _factor(model: Any, rows: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    with warnings.catch_warnings():
        # That equal lines make it wrong is the point of measuring it.
        warnings.filterwarnings("ignore", message="Duplicate values are leading to incorrect results")
        flagged = model.fit_predict(rows) == -1
    return -model.negative_outlier_factor_, flagged


def _forest(model: Any, rows: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    flagged = model.fit_predict(rows) == -1
    return -model.score_samples(rows), flagged


def _numbers(results: Results) -> NDArray[np.int64]:
    """Return the number of each line's template; lines without one share a number of their own."""
    return np.unique(np.asarray(results.lines["template_id"].fill_null("")), return_inverse=True)[1]


def _counts(log: LabelledLog, results: Results) -> NDArray[np.float64]:
    numbers = _numbers(results)
    counts = np.zeros((len(log.units), int(numbers.max()) + 1))
    np.add.at(counts, (log.unit_of, numbers[log.line_of]), 1)
    return counts


def _rarity(log: LabelledLog, results: Results) -> NDArray[np.float64]:
    """Return the highest inverse document frequency of a unit's templates; the documents are the units."""
    frequency = (_counts(log, results) > 0).sum(axis=0)
    return log.highest(np.log(len(log.units) / np.maximum(frequency, 1))[_numbers(results)])


def _levels(log: LabelledLog) -> NDArray[np.float64]:
    import polars as pl

    work = FrameScan(pl.DataFrame({"log": log.lines}), floods=FloodSettings(), times=TimeSettings(), leaks=None)
    return work.batch(0, work.rows).records.level.astype(np.float64)
