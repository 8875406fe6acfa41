"""How the templates of the same shapes differ between two cases."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from loganomaly.case import Case
from loganomaly.redaction.secrets import redact

__all__ = ["Changed", "TemplateChanges", "compare"]

_MOST_CHANGES = 100
_MOST_TEMPLATES = 10  # of one change, before and after


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Templates that became others: records that have them, how many there were and are, and the most frequent.

    Of each template: its text, without secrets, and its records.
    """

    records: int
    templates_before: int
    templates_after: int
    before: tuple[tuple[str, int], ...]
    after: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChanges:
    """How many templates there were and are, and the worst changes.

    Attributes
    ----------
    before, after
        How many templates there were and are.
    changed
        How many changes there are in all.
    retyped
        Templates with the same text of which a parameter has another type.
    changes
        First those that leave the fewest of the templates that there were, then those of the most records.
    """

    before: int
    after: int
    changed: int
    retyped: int
    changes: tuple[Changed, ...]


def compare(before: Case, after: Case, *, hidden: Mapping[int, str]) -> TemplateChanges:
    """Compare the templates of two cases of one profile; `hidden` are shapes of which no text may be shown, and why."""
    pairs = before.members.join(after.members, on="shape", suffix="_after").select("number", "number_after").unique()
    records = [dict(case.table.select("number", "records").iter_rows()) for case in (before, after)]
    changes: list[Changed] = []
    retyped = 0
    for old, new in _components(pairs.sort("number", "number_after").rows()):
        first, last = before.templates[old[0]], after.templates[new[0]]
        if len(old) == len(new) == 1 and first.id == last.id:
            retyped += first.types != last.types
            continue
        changes.append(
            Changed(
                records=sum(records[0][number] for number in old),
                templates_before=len(old),
                templates_after=len(new),
                before=_shown(before, old, records[0], hidden),
                after=_shown(after, new, records[1], hidden),
            )
        )
    changes.sort(key=lambda change: (change.templates_after - change.templates_before, -change.records, change.before))
    return TemplateChanges(
        before=len(before.templates),
        after=len(after.templates),
        changed=len(changes),
        retyped=retyped,
        changes=tuple(changes[:_MOST_CHANGES]),
    )


def _shown(
    case: Case, numbers: list[int], records: Mapping[int, int], hidden: Mapping[int, str]
) -> tuple[tuple[str, int], ...]:
    """Return the most frequent of some templates; a template's number is its rank."""
    shown = []
    for number in sorted(numbers)[:_MOST_TEMPLATES]:
        template = case.templates[number]
        kind = next((hidden[shape] for shape in template.shapes if shape in hidden), None)
        shown.append((redact(template.text) if kind is None else f"<{kind}>", records[number]))
    return tuple(shown)


def _components(pairs: list[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    """Return the templates, before and after, that are connected by the shapes they share."""
    before: defaultdict[int, list[int]] = defaultdict(list)
    after: defaultdict[int, list[int]] = defaultdict(list)
    for old, new in pairs:
        before[old].append(new)
        after[new].append(old)
    found: list[tuple[list[int], list[int]]] = []
    done: set[int] = set()
    for start in before:
        if start in done:
            continue
        olds, news, waiting = {start}, set[int](), [start]
        while waiting:
            for new in before[waiting.pop()]:
                if new not in news:
                    news.add(new)
                    more = [old for old in after[new] if old not in olds]
                    olds.update(more)
                    waiting += more
        done |= olds
        found.append((sorted(olds), sorted(news)))
    return found
