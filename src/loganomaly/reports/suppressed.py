"""What summary.json says of findings that are not shown."""

from collections.abc import Callable, Sequence
from typing import Any

from loganomaly.suppression import Hidden

__all__ = ["describe_suppressed"]


def describe_suppressed(hidden: Sequence[Hidden], *, clean: Callable[[str], str]) -> dict[str, Any]:
    """Return how many findings are not shown, and of each what it is, and which entry hides it.

    Parameters
    ----------
    clean
        Takes secrets out of a text.
    """
    return {
        "count": len(hidden),
        "findings": [
            {
                "id": each.finding.id,
                "subject": {"kind": each.finding.subject.kind, "name": clean(each.finding.about)},
                "template": clean(each.finding.template) if each.finding.template_id is not None else None,
                "component": None if each.finding.component is None else clean(each.finding.component),
                "classification": each.finding.classification,
                "kinds": list(each.finding.kinds),
                "reason": clean(each.finding.reason),
                "score": round(each.finding.score, 6),
                "count": each.finding.count,
                "note": None if each.suppression.note is None else clean(each.suppression.note),
                "by": clean(each.suppression.origin),
            }
            for each in hidden
        ],
    }
