"""The sessions of a log as a table."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from loganomaly.case import Case
from loganomaly.sessions.verdicts import THRESHOLD, JudgedGroup
from loganomaly.sessions.wording import tell, tell_mix

__all__ = ["session_frame", "session_metrics"]

_AT_ONCE = 1000
_SCHEMA = {
    "session": pl.String,
    "key": pl.String,
    "line_count": pl.Int64,
    "first_seen": pl.String,
    "last_seen": pl.String,
    "anomaly_score": pl.Float64,
    "is_anomaly": pl.Boolean,
    "reason": pl.String,
}


def session_frame(case: Case, *, clean: Callable[[str], str]) -> pl.DataFrame:
    """Return one row per session, the most unusual first; `clean` takes secrets out of a text.

    Returns
    -------
    frame
        `session` (its id), `key` (name of the field, or how the ids are written), `line_count` (records that have the
        id), `first_seen` and `last_seen` (ISO 8601 in UTC, or null), `anomaly_score` (0..1), `is_anomaly`, `reason`
        (null for those that are not unusual).
    """
    parts = [_rows(judged, case, clean=clean) for judged in case.sessions]
    frame = pl.concat([pl.DataFrame(schema=_SCHEMA), *parts])
    return frame.sort("anomaly_score", descending=True, maintain_order=True)


def session_metrics(case: Case, *, clean: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return what the summary says of each group of sessions: how the ids are written, how many, how many unusual."""
    return [
        {
            "key": clean(judged.group.key),
            "sessions": len(judged.score),
            "unusual": int((judged.score >= THRESHOLD).sum()),
        }
        for judged in case.sessions
    ]


def _rows(judged: JudgedGroup, case: Case, *, clean: Callable[[str], str]) -> pl.DataFrame:
    table = judged.group.table
    key = clean(judged.group.key)
    flagged = judged.score >= THRESHOLD
    told = [clean(tell(deviation, case.templates, key=key)) for deviation in judged.deviations]
    reasons = [told[main] if main >= 0 else None for main in judged.main.tolist()]
    for mix in judged.mixes:
        text = clean(tell_mix(mix, case.templates, key=key, of=len(table)))
        for row in mix.rows.tolist():
            reasons[row] = text
    return pl.DataFrame(
        {
            "session": pl.Series(_cleaned(table["text"].to_list(), clean=clean), dtype=pl.String),
            "key": [key] * len(table),
            "line_count": table["records"],
            "first_seen": _iso(table["first_time"]),
            "last_seen": _iso(table["last_time"]),
            "anomaly_score": judged.score,
            "is_anomaly": flagged,
            "reason": pl.Series(
                [reason if flag else None for reason, flag in zip(reasons, flagged.tolist(), strict=True)],
                dtype=pl.String,
            ),
        },
        schema=_SCHEMA,
    )


def _cleaned(ids: Sequence[str], *, clean: Callable[[str], str]) -> list[str]:
    """Return the ids without secrets, many at a time: they are looked for as in the lines of one text."""
    found: list[str] = []
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        lines = clean("\n".join(some)).split("\n")
        found += lines if len(lines) == len(some) else map(clean, some)
    return found


def _iso(times: pl.Series) -> pl.Series:
    """Return times (microseconds) as `loganomaly.wording.iso` writes them."""
    text = times.cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return text.str.replace(".000000Z", "Z", literal=True)
