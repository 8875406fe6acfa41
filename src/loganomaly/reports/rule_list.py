"""The rules in use, as text for a terminal or a pipe, or as JSON for programs.

Everything that comes from a file of settings or of rules is hostile here, as in `loganomaly.reports.terminal`.
"""

import json
from collections.abc import Sequence

from loganomaly.legible import plain_text
from loganomaly.reports.rules import describe_untranslated
from loganomaly.rules import SEVERITIES, Rule
from loganomaly.rules.sigma import Untranslated
from loganomaly.wording import amount

__all__ = ["render_rules", "render_rules_json"]


def render_rules(rules: Sequence[Rule], *, without: Sequence[str], untranslated: Sequence[Untranslated]) -> str:
    """Return the rules, those of a severity together, those that are off, and those that were not translated."""
    lines = []
    for severity in SEVERITIES:
        of_severity = [rule for rule in rules if rule.severity == severity]
        if of_severity:
            lines += [f"{severity}: {amount(len(of_severity), 'rule')}", *map(_line, of_severity), ""]
    if not rules:
        lines += ["no rule is in use", ""]
    if without:
        lines += [f"switched off: {', '.join(without)}", ""]
    left_out = list(dict.fromkeys(untranslated))
    if left_out:
        lines.append(f"not translated: {amount(len(left_out), 'Sigma rule')}")
        for each in left_out:
            named = " ".join(part for part in (each.title, f"({each.id})" if each.id else None) if part)
            lines.append(plain_text(f"  {named or 'a rule'} in {each.file}: {each.reason}"))
        lines.append("")
    return "\n".join(lines)


def _line(rule: Rule) -> str:
    origin = "" if rule.origin == "built-in" else f" [{rule.origin}]"
    return plain_text(f"  {rule.name}: {rule.reason}{origin}")


def render_rules_json(rules: Sequence[Rule], *, without: Sequence[str], untranslated: Sequence[Untranslated]) -> str:
    """Return the same as one JSON object, in ASCII."""
    value = {
        "rules": [
            {
                "name": rule.name,
                "reason": rule.reason,
                "severity": rule.severity,
                "tags": list(rule.tags),
                "origin": rule.origin,
            }
            for rule in sorted(rules, key=lambda rule: SEVERITIES.index(rule.severity))
        ],
        "without": list(without),
        "untranslated": describe_untranslated(untranslated),
    }
    return json.dumps(value, indent=2) + "\n"
