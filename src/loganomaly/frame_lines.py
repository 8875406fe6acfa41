"""Says of each row of a frame what was found of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.classify import classify, explain
from loganomaly.findings import Evidence, Subject
from loganomaly.frames import add_columns
from loganomaly.fusion import THRESHOLD, Voice, fuse, trouble_of
from loganomaly.judge import Judgement

__all__ = ["annotate"]

_UNKNOWN = -1


def annotate(
    frame: Any,
    *,
    case: Case,
    judgement: Judgement,
    shapes: NDArray[np.uint64],
    clean: Callable[[str], str],
) -> Any:
    """Return the frame with one verdict per row.

    Evidence on a whole template speaks of all of its rows, evidence on a stretch of lines of those within it, and a
    flood of lines that tell of no trouble of its first row, which stands for all. Rows of one template with the same
    evidence have the same verdict, so it is made once for all of them. Of a finding on sessions, the row that it names
    has its verdict, unless that of its template is worse; findings on components, levels and windows are about no row
    in particular.

    Rows of what is suppressed, or beyond the contamination that was asked for, are no anomalies; they keep their score
    and reason.

    Parameters
    ----------
    shapes
        Shape of each row. Of a shape that the case does not hold, because there were too many, nothing is known.

    Returns
    -------
    frame
        With `template_id` and `log_template` (null where nothing is known), `anomaly_score` (0..1), `is_anomaly`,
        `anomaly_source` (the detector that counts most, or null), `classification`, `reason` and `tags`
        (comma-separated).
    """
    number_of = dict(case.members.iter_rows())
    distinct, inverse = np.unique(shapes, return_inverse=True)
    numbers = np.array([number_of.get(shape, _UNKNOWN) for shape in distinct.tolist()], np.int64)[inverse]
    verdicts: dict[tuple[int, tuple[int, ...]], dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    by = judgement.voices
    hidden = {suppressed.finding.subject for suppressed in judgement.hidden} | judgement.beyond
    of_session = _rows_of_sessions(judgement, hidden=hidden, clean=clean)
    evidence_of = [judgement.evidence.get(case.subject(n), ()) for n in range(len(case.templates))]
    folded = {number: _calm_floods(found, by) for number, found in enumerate(evidence_of)} | {_UNKNOWN: frozenset()}
    for row, number in enumerate(numbers.tolist()):
        found = evidence_of[number] if number != _UNKNOWN else ()
        key = (number, tuple(i for i, e in enumerate(found) if _speaks_of(e, row, one_row=i in folded[number])))
        if key not in verdicts:
            verdicts[key] = _verdict(case, number, [found[i] for i in key[1]], by, hidden=hidden, clean=clean)
        verdict = verdicts[key]
        for evidence in of_session.get(row, ()):
            other = _verdict(case, number, evidence, by, hidden=hidden, clean=clean)
            verdict = max(verdict, other, key=lambda each: (each["is_anomaly"], each["anomaly_score"]))
        rows.append(verdict)
    columns = ("template_id", "log_template", "anomaly_score", "is_anomaly", "anomaly_source", "classification",
               "reason", "tags")  # fmt: skip
    return add_columns(frame, {name: [row[name] for row in rows] for name in columns})


def _speaks_of(evidence: Evidence, row: int, *, one_row: bool) -> bool:
    """Whether evidence on a template speaks of a row of it; with `one_row`, of the first in its stretch of lines."""
    if evidence.lines is None:
        return True
    first, last = evidence.lines
    return row == first if one_row else first <= row <= last


def _calm_floods(evidence: Sequence[Evidence], by: Mapping[str, Voice]) -> frozenset[int]:
    """Return which pieces of evidence on a template are floods, where none tells of trouble."""
    if trouble_of(evidence, by) > 0:
        return frozenset()
    return frozenset(n for n, e in enumerate(evidence) if by[e.detector].aspect == "flood")


def _rows_of_sessions(
    judgement: Judgement, *, hidden: Collection[Subject], clean: Callable[[str], str]
) -> dict[int, list[tuple[Evidence, ...]]]:
    """Return the evidence of each finding on sessions that is not hidden, by the row that it names."""
    found: dict[int, list[tuple[Evidence, ...]]] = {}
    for subject, evidence in judgement.evidence.items():
        if subject.kind != "session" or judgement.scores[subject] < THRESHOLD:
            continue
        # What is suppressed is known without secrets.
        if subject not in hidden and replace(subject, name=clean(subject.name)) not in hidden:
            for row in sorted({e.lines[0] for e in evidence if e.lines is not None}):
                found.setdefault(row, []).append(evidence)
    return found


def _verdict(
    case: Case,
    number: int,
    evidence: Sequence[Evidence],
    by: Mapping[str, Voice],
    *,
    hidden: Collection[Subject],
    clean: Callable[[str], str],
) -> dict[str, Any]:
    score = fuse(evidence, by)
    flagged = score >= THRESHOLD and not any(e.subject in hidden for e in evidence)
    template = case.templates[number] if number != _UNKNOWN else None
    return {
        "template_id": template.id if template else None,
        "log_template": clean(template.text) if template else None,
        "anomaly_score": float(score),
        "is_anomaly": flagged,
        "anomaly_source": evidence[0].detector if evidence else None,
        "classification": classify(evidence) if flagged else classify([]),
        "reason": clean(explain(evidence)),
        "tags": ",".join(dict.fromkeys(tag for e in evidence for tag in e.tags)),
    }
