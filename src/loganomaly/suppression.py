"""What users do not want to be told again: of a template, a component ..., for the reasons they know and no others."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from loganomaly.classify import CLASSES, NORMAL
from loganomaly.findings import Finding, Subject
from loganomaly.masking import masked_finding

__all__ = ["Hidden", "Sorted", "Suppression", "finding_id", "join_reasons", "remarks", "sort_out", "split_reasons"]

_MOST_NAMED = 3
_LONGEST = 80  # characters of a template in a remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An entry of a suppress list.

    Attributes
    ----------
    subject
        The kind of a `Subject`: "template", "component", "session" or "level".
    text
        The text of that template, or the name of that component, session or level, without secrets.
    reasons
        Kinds of evidence that are known. One without what it is about ("value_out_of_range" instead of
        "value_out_of_range/took") stands for all of that name.
    id
        Of the finding that was dismissed, if there was one: it is hidden even if its template has become more general.
    origin
        The file that has the entry, for messages.
    """

    subject: str
    text: str
    reasons: tuple[str, ...]
    id: str | None = None
    note: str | None = None
    origin: str

    def knows(self, kind: str) -> bool:
        """Whether a kind of evidence is among the reasons."""
        return kind in self.reasons or kind.partition("/")[0] in self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A finding, and the suppression that is about it."""

    finding: Finding
    suppression: Suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Findings that are shown, those that are hidden, and those of the shown that share a reason with a suppression."""

    shown: tuple[Finding, ...]
    hidden: tuple[Hidden, ...]
    besides: tuple[Hidden, ...]


def finding_id(subject: Subject, kinds: Sequence[str]) -> str:
    """Return the id of the finding on a subject that these kinds of evidence carry: 12 hexadecimal digits.

    Examples
    --------
    >>> rare, burst = (finding_id(Subject(kind="template", name="t"), [kind]) for kind in ("rare_event", "burst"))
    >>> len(rare), rare == burst
    (12, False)
    """
    text = "\0".join((subject.kind, subject.name, *sorted(kinds)))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def split_reasons(text: str) -> tuple[str, ...]:
    """Return the reasons of an entry as it is written.

    Examples
    --------
    >>> split_reasons("error + rare_event")
    ('error', 'rare_event')
    """
    return tuple(part.strip() for part in text.split("+"))


def join_reasons(kinds: Sequence[str]) -> str:
    """Return reasons as they are written in an entry: what `split_reasons` reads."""
    return " + ".join(kinds)


def sort_out(
    findings: Sequence[Finding], suppressions: Sequence[Suppression], *, clean: Callable[[str], str]
) -> Sorted:
    """Sort out what is hidden; order is kept.

    A finding is hidden by an entry with its id, or by one on its template (component, session, level) that knows all
    the kinds of evidence that carry it: with one that is news, it is another finding, and shown.

    Parameters
    ----------
    clean
        Takes secrets out of a text, as they were taken out of what suppressions say.
    """
    by_id: dict[str, Suppression] = {}
    by_text: defaultdict[tuple[str, str], list[Suppression]] = defaultdict(list)
    for entry in suppressions:
        if entry.id is not None:
            by_id.setdefault(entry.id, entry)
        by_text[entry.subject, entry.text].append(entry)
    shown: list[Finding] = []
    hidden: list[Hidden] = []
    besides: list[Hidden] = []
    for finding in findings:
        told = masked_finding(finding, clean=clean) if suppressions else finding
        entries = by_text.get((told.subject.kind, told.about), [])
        found = by_id.get(finding.id) or next((e for e in entries if all(map(e.knows, told.kinds))), None)
        if found is not None:
            hidden.append(Hidden(finding=told, suppression=found))
            continue
        shown.append(finding)
        besides += [Hidden(finding=told, suppression=e) for e in entries if any(map(e.knows, told.kinds))][:1]
    return Sorted(shown=tuple(shown), hidden=tuple(hidden), besides=tuple(besides))


def remarks(
    suppressions: Sequence[Suppression],
    *,
    hidden: Sequence[Hidden],
    besides: Sequence[Hidden],
    clean: Callable[[str], str],
) -> Iterator[str]:
    """Yield what users should know of their entries: which fit no finding, and which fit one that is shown after all.

    Parameters
    ----------
    hidden, besides
        Of the whole run.
    clean
        Takes secrets out of a text.
    """
    for each in besides:
        entry, finding = each.suppression, each.finding
        news = join_reasons([kind for kind in finding.kinds if not entry.knows(kind)])
        yield (
            f"finding {finding.id} is shown although {clean(entry.origin)} has {_named(entry, clean=clean)}: "
            f"it is also {news}"
        )
    used = {each.suppression for each in (*hidden, *besides)}
    for origin, unused in _by_origin(entry for entry in suppressions if entry not in used):
        named = ", ".join(_named(entry, clean=clean) for entry in unused[:_MOST_NAMED])
        more = f" and {len(unused) - _MOST_NAMED:,} more" if len(unused) > _MOST_NAMED else ""
        entries = "1 entry" if len(unused) == 1 else f"{len(unused):,} entries"
        yield f"{entries} of {clean(origin)} fit no finding of this run: {named}{more}"
        for reason in sorted({reason for entry in unused for reason in entry.reasons} - set(CLASSES)):
            near = get_close_matches(reason, [name for name in CLASSES if name != NORMAL], n=1, cutoff=0.75)
            if near:
                yield f"{clean(origin)}: no finding has the reason {clean(reason)!r}; did you mean {near[0]!r}?"


def _by_origin(suppressions: Iterator[Suppression]) -> Iterator[tuple[str, list[Suppression]]]:
    found: defaultdict[str, list[Suppression]] = defaultdict(list)
    for entry in dict.fromkeys(suppressions):
        found[entry.origin].append(entry)
    yield from found.items()


def _named(entry: Suppression, *, clean: Callable[[str], str]) -> str:
    text = clean(entry.text)
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{short!r} ({clean(join_reasons(entry.reasons))})"
