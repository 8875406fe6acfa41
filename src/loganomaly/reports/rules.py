"""What summary.json says of rules: which held, where first and how often, and which could not be translated."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from loganomaly.case import Case
from loganomaly.rules import SEVERITIES, Rule
from loganomaly.rules.sigma import Untranslated

__all__ = ["describe_rules", "describe_untranslated"]


def describe_rules(
    case: Case,
    *,
    rules: Iterable[Rule],
    untranslated: Iterable[Untranslated],
    names: Sequence[str],
    clean: Callable[[str], str],
) -> dict[str, Any]:
    """Return how many rules are in use, where each that held did so, the worst first, and which are not translated.

    Parameters
    ----------
    names
        Name of each source, by its number.
    clean
        Takes secrets out of a text.
    """
    known = {rule.name: rule for rule in rules}
    held = []
    for row in case.rules.iter_rows(named=True):
        if row["rule"] not in known:
            continue
        rule, template = known[row["rule"]], case.templates[row["number"]]
        held.append({
            "rule": rule.name,
            "reason": rule.reason,
            "severity": rule.severity,
            "tags": list(rule.tags),
            "source": names[row["source"]],
            "line_number": row["first_line"] + 1,
            "count": row["count"],
            "template_id": template.id,
            "template": clean(template.text),
        })  # fmt: skip
    held.sort(key=lambda each: SEVERITIES.index(each["severity"]))
    return {"in_use": len(known), "held": held, "untranslated": describe_untranslated(untranslated)}


def describe_untranslated(rules: Iterable[Untranslated]) -> list[dict[str, Any]]:
    """Return what is said of rules that are not used, each once."""
    return [
        {"file": rule.file, "id": rule.id, "title": rule.title, "reason": rule.reason} for rule in dict.fromkeys(rules)
    ]
