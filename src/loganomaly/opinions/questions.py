"""What is asked of a finding: the facts in its entry of anomalies.json."""

from collections.abc import Mapping, Sequence
from typing import Any

from loganomaly.prompts.facts import Facts, Verdict

__all__ = ["entries_by_question", "facts_of"]


def facts_of(entry: Mapping[str, Any]) -> Facts:
    """Return the facts that an entry of anomalies.json holds; its texts are without secrets already.

    An answer holds for its subject and reasons, whatever the numbers: for all findings of the same id.
    """
    subject, nearest, context = entry["subject"], entry["nearest"], entry["context"]
    local = entry.get("local", entry)
    return Facts(
        log=entry["log"],
        kind=subject["kind"],
        about=subject["name"],
        severity=None if entry["severity"] == "UNKNOWN" else entry["severity"],
        component=entry["component"],
        count=entry["count"],
        first_seen=entry["first_seen"],
        last_seen=entry["last_seen"],
        evidence=tuple(f"{evidence['detector']}: {evidence['text']}" for evidence in entry["evidence"]),
        nearest=None if nearest is None else (nearest["template"], nearest["count"]),
        before=tuple(context["before"]),
        after=tuple(context["after"]),
        samples=tuple(sample["log"] for sample in entry["samples"]),
        verdict=Verdict(
            classification=local["classification"], reason=local["reason"], tags=tuple(local.get("tags", ()))
        ),
        classes=tuple(dict.fromkeys(kind.partition("/")[0] for kind in entry["kinds"])),
        identity=("finding", subject["kind"], subject["name"], *entry["kinds"]),
    )


def entries_by_question(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the first entry of each id, worst first: of findings with the same id, one question is asked."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        found.setdefault(entry["id"], entry)
    return found
