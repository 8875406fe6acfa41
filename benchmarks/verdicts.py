"""What LogAnomaly says of each unit of a labelled log."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from labelled import LabelledLog
from numpy.typing import NDArray

from loganomaly import LogAnalyzer
from loganomaly.results import Results


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What one method says: a score per unit, higher is more anomalous, and which units its own threshold flags.

    `flagged` is None where the method has no threshold. `seconds` is what it took, all units together.
    """

    method: str
    scores: NDArray[np.float64]
    flagged: NDArray[np.bool_] | None
    seconds: float


def analyze(log: LabelledLog, *, without: Collection[str] = ()) -> tuple[Results, float]:
    """Return what an analysis of the lines gives, with default settings, and the seconds it took."""
    frame = pl.DataFrame({"log": log.lines})
    start = time.perf_counter()
    results = LogAnalyzer(without=without).analyze(frame)
    return results, time.perf_counter() - start


def verdicts(log: LabelledLog, results: Results, *, seconds: float) -> Iterator[Verdicts]:
    """Yield what the results say of the units: by their sessions, where there are such, and by their lines.

    A unit's score by sessions is that of the session whose id it is, 0 where there is none.
    """
    sessions = getattr(results, "sessions", None)  # older versions have none
    if log.unit != "line" and sessions is not None and len(sessions):
        yield _of_sessions(log, sessions, seconds=seconds)
    scores = log.highest(np.asarray(results.lines["anomaly_score"], np.float64))
    flagged = log.highest(np.asarray(results.lines["is_anomaly"], np.float64)) > 0
    method = "loganomaly" if log.unit == "line" else "loganomaly, the highest of a block's lines"
    yield Verdicts(method=method, scores=scores, flagged=flagged, seconds=seconds)


def right_findings(log: LabelledLog, results: Results, *, first: int) -> list[bool]:
    """Return of the first findings whether the line that each names belongs to an anomalous unit."""
    return [bool(log.labelled_lines[anomaly["line_number"] - 1]) for anomaly in results.anomalies[:first]]


def _of_sessions(log: LabelledLog, sessions: pl.DataFrame, *, seconds: float) -> Verdicts:
    # The same id may be the value of several parameters: the highest score counts.
    worst = sessions.group_by("session").agg(pl.col("anomaly_score").max(), pl.col("is_anomaly").any())
    said = {name: (score, flag) for name, score, flag in worst.iter_rows()}
    of_units = [said.get(unit, (0.0, False)) for unit in log.units]
    return Verdicts(
        method="loganomaly, a block's session",
        scores=np.array([score for score, _ in of_units], np.float64),
        flagged=np.array([flag for _, flag in of_units], bool),
        seconds=seconds,
    )
