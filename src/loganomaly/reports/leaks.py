"""The list of leaks.json: secrets and personal data, where, how often, and never the value."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from loganomaly.case import Case
from loganomaly.profile_tables import MOST_LEAK_VALUES
from loganomaly.redaction.kinds import Kind
from loganomaly.redaction.pseudonyms import Pseudonymizer
from loganomaly.wording import iso

__all__ = ["SEVERITIES", "describe_leaks", "leaks_in_summary"]

SEVERITIES = ("critical", "high", "medium", "low")
_IN_SUMMARY = ("kind", "title", "severity", "source", "line_number", "count", "template_id", "template")
_MOST_NAMED = 5


def describe_leaks(
    case: Case,
    *,
    kinds: Sequence[Kind],
    names: Mapping[int, str],
    samples: Mapping[tuple[int, int, str], tuple[str, str | None]],
    clean: Callable[[str], str],
) -> list[dict[str, Any]]:
    """Return what is said of each kind of secret in each template of each source, the worst first.

    Parameters
    ----------
    kinds
        What was searched for.
    names
        Name of each source, by its number.
    samples
        By source, line (from 0) and kind: a line that has one, masked, and the name of the field it stands in.
    clean
        Takes secrets out of a text.
    """
    by_name = {kind.name: kind for kind in kinds}
    values = _values(case)
    described = []
    for row in case.leaks.iter_rows(named=True):
        kind, template = by_name[row["kind"]], case.templates[row["number"]]
        sample, field = samples.get((row["source"], row["first_line"], kind.name), (None, None))
        described.append({
            "kind": kind.name,
            "title": kind.title,
            "severity": kind.severity,
            "personal": kind.personal,
            "source": names[row["source"]],
            "line_number": row["first_line"] + 1,
            "last_line_number": row["last_line"] + 1,
            "count": row["count"],
            "first_seen": None if row["first_time"] is None else iso(row["first_time"]),
            "last_seen": None if row["last_time"] is None else iso(row["last_time"]),
            "template_id": template.id,
            "template": clean(template.text),
            "field": field,
            "sample": sample,
            **values[row["number"], kind.name],
        })  # fmt: skip
    described.sort(key=lambda leak: SEVERITIES.index(leak["severity"]))
    return described


def leaks_in_summary(leaks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what summary.json says of the leaks."""
    return [{key: leak[key] for key in _IN_SUMMARY} for leak in leaks]


def _values(case: Case) -> dict[tuple[int, str], dict[str, Any]]:
    """Return by template and kind how many values there are, whether all are known, and names of the most frequent."""
    rows = (
        case.profile.leak_values.join(case.members, on="shape")
        .group_by("number", "kind", "value")
        .agg(pl.col("count").sum())
        .sort("count", "value", descending=[True, False])
    )
    crowded = case.profile.leak_values.group_by("shape", "kind").len().filter(pl.col("len") >= MOST_LEAK_VALUES)
    many = set(crowded.join(case.members, on="shape").select("number", "kind").iter_rows())
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for (number, kind), group in rows.group_by("number", "kind", maintain_order=True):
        found[number, kind] = {
            "values": len(group),
            "all_values": (number, kind) not in many,
            "pseudonyms": {
                Pseudonymizer.named(str(kind), value): count
                for value, count in group.select("value", "count").head(_MOST_NAMED).iter_rows()
            },
        }
    return found
