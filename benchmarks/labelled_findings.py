"""The part on labelled logs: how units are ranked, how many first findings are right, and what each detector adds."""

import importlib.util
import sys

from finding_peers import peers, references
from labelled import LabelledLog
from ranking import average_precision, best_f1, f1, roc_auc
from tables import heading, listed, table
from verdicts import Verdicts, analyze, right_findings, verdicts

from loganomaly.registry import DETECTORS, names

FIRST = 10
"""So many findings are a first screen."""


def measure(log: LabelledLog, *, show: bool) -> None:
    """Print how the units of a log are ranked, next to peers, and how many of the first findings are right."""
    analyze(log)  # not counted: compiles or loads the kernels
    results, seconds = analyze(log)
    said = [*verdicts(log, results, seconds=seconds)]
    if importlib.util.find_spec("sklearn"):
        said += peers(log, results)
    else:
        print("scikit-learn is not installed: pip install '.[bench]' adds the peers", file=sys.stderr)
    said += references(log, results)
    heading(f"{log.name}: units ranked", about=f"Data: {_about(log)}; unit: {log.unit}")
    flagged = [None if one.flagged is None else int(one.flagged.sum()) for one in said]
    table(
        ("method", "AP", "AUC", "F1 at its own threshold", "best F1", "flagged", "seconds"),
        [
            (one.method, *_ranked(log, one), "-" if count is None else str(count), f"{one.seconds:.1f}")
            for one, count in zip(said, flagged, strict=True)
        ],
    )

    right = right_findings(log, results, first=FIRST)
    belongs = "is anomalous" if log.unit == "line" else f"belongs to an anomalous {log.unit}"
    heading(
        f"{log.name}: the first {FIRST} findings",
        about=f"Data: {_about(log)}; unit: finding, right if the line it names {belongs}",
    )
    table(
        ("findings", "of the first", "right", "precision", "precision of lines drawn at random"),
        [(str(len(results.anomalies)), *_counts(right), f"{log.labelled_lines.mean():.3f}")],
    )
    if show:
        listed(results.anomalies[:FIRST], marks=["right" if one else "wrong" for one in right])


def leave_out(log: LabelledLog) -> None:
    """Print what becomes of the ranking, and of the first findings, when one detector is not asked."""
    heading(f"{log.name}: each detector left out", about=f"Data: {_about(log)}; unit: {log.unit}")
    rows = []
    for name in (None, *names(DETECTORS)):
        results, seconds = analyze(log, without=[] if name is None else [name])
        right = right_findings(log, results, first=FIRST)
        rows += [
            (name or "none", one.method, *_ranked(log, one), *_counts(right))
            for one in verdicts(log, results, seconds=seconds)
        ]
    columns = ("left out", "method", "AP", "AUC", "F1", "best F1", "of the first", "right", "precision")
    table(columns, rows)


def _ranked(log: LabelledLog, one: Verdicts) -> tuple[str, ...]:
    at_own = "-" if one.flagged is None else f"{f1(log.labels, one.flagged):.3f}"
    ap, auc = average_precision(log.labels, one.scores), roc_auc(log.labels, one.scores)
    return (f"{ap:.3f}", f"{auc:.3f}", at_own, f"{best_f1(log.labels, one.scores):.3f}")


def _counts(right: list[bool]) -> tuple[str, ...]:
    return (str(len(right)), str(sum(right)), f"{sum(right) / len(right):.2f}" if right else "-")


def _about(log: LabelledLog) -> str:
    anomalous = f"{int(log.labels.sum()):,} of {len(log.units):,} {log.unit}s anomalous"
    return f"{log.name}, {len(log.lines):,} lines, {anomalous}"
