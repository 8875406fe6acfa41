"""Writes the question that a model is asked, from what is known."""

import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from loganomaly.legible import plain_lines
from loganomaly.prompts.facts import Facts
from loganomaly.prompts.fencing import bare, fenced, quoted_field
from loganomaly.redaction.pseudonyms import Pseudonyms
from loganomaly.yaml_text import read_yaml

__all__ = ["PromptText", "Question", "class_aliases", "class_meanings", "enhanced", "system_of", "write_question"]

_LONGEST_LOG = 3_000  # characters
_LONGEST_LINE = 400
_MOST_EVIDENCE = 6
_MOST_SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptText:
    """The texts of a prompt, with fields in braces; see enhanced.yaml."""

    system: str
    user: str
    again: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as it leaves.

    `shown` are the lines of the finding itself in it, `texts` all that may come from the log, `names` what stands in it
    for what must not leave, `text` what it was made of, and `identity` what an answer to it holds for.
    """

    system: str
    user: str
    shown: str
    texts: tuple[str, ...]
    names: Pseudonyms
    text: PromptText
    identity: tuple[str, ...]


@cache
def _document() -> dict[str, object]:
    text = resources.files("loganomaly.prompts").joinpath("enhanced.yaml").read_text(encoding="utf-8")
    document: dict[str, object] = read_yaml(text)
    return document


def enhanced() -> PromptText:
    """Return the built-in prompt."""
    document = _document()
    return PromptText(**{name: str(document[name]).strip() for name in ("system", "user", "again")})


def class_meanings() -> dict[str, str]:
    """Return each classification, and what it means."""
    meanings = _document()["classes"]
    return dict(meanings) if isinstance(meanings, dict) else {}


def class_aliases() -> dict[str, str]:
    """Return what models say in the place of a classification, and which is meant; see enhanced.yaml."""
    aliases = _document()["aliases"]
    return {other: name for name, others in aliases.items() for other in others} if isinstance(aliases, dict) else {}


def write_question(facts: Facts, text: PromptText, *, mark: str, names: Pseudonyms) -> Question:
    """Return the question about some facts.

    Parameters
    ----------
    mark
        What data stands between: another one for each request, that no line can know.
    names
        Stand in the place of what must not leave.
    """
    identity = facts.identity or ("facts", facts.kind, facts.about, facts.log)
    names.reserve(_texts(facts))
    # Made legible first: a secret that colours hide from us is read by the model.
    facts = _hidden(facts, hide=lambda text: names.hide(plain_lines(text)))
    data = fenced(_lines(facts), mark=mark)
    system = system_of(text)
    user = _filled(text.user, {"data": data, "mark": mark, **_fields(facts, mark=mark)})
    shown = bare("\n".join([facts.about, facts.log, *facts.samples]))
    return Question(
        system=system,
        user=user,
        shown=shown,
        texts=tuple(_texts(facts)),
        names=names,
        text=text,
        identity=tuple(names.hide(part) for part in identity),
    )


def system_of(text: PromptText) -> str:
    """Return the part of a prompt that is the same in each request."""
    classes = "\n".join(f"- {name}: {meaning}" for name, meaning in class_meanings().items())
    return _filled(text.system, {"classes": classes})


def _filled(text: str, fields: dict[str, str]) -> str:
    """Return a text with its fields filled in; braces in the system's text that are no field stay."""
    return "".join(
        literal + (fields[name] if name is not None else "") for literal, name, _, _ in string.Formatter().parse(text)
    )


def _texts(facts: Facts) -> Iterator[str]:
    """Yield all texts that may come from the log."""
    yield from (facts.log, facts.about, facts.verdict.reason)
    yield from (text for text in (facts.severity, facts.component, facts.action) if text is not None)
    yield from (*facts.indicators, *facts.evidence, *facts.before, *facts.after, *facts.samples)
    if facts.nearest is not None:
        yield facts.nearest[0]


def _hidden(facts: Facts, *, hide: Callable[[str], str]) -> Facts:
    """Return facts as they may leave. Lines around each other are looked at together: secrets may go over lines."""
    whole = [*facts.before, *facts.log.split("\n"), *facts.after]
    lines = hide("\n".join(whole)).split("\n")
    start = sum(text.count("\n") + 1 for text in facts.before)
    end = len(lines) - sum(text.count("\n") + 1 for text in facts.after)

    def opt(text: str | None) -> str | None:
        return None if text is None else hide(text)

    return replace(
        facts,
        log="\n".join(lines[start:end]),
        before=tuple(lines[:start]),
        after=tuple(lines[end:]),
        about=hide(facts.about),
        severity=opt(facts.severity),
        component=opt(facts.component),
        action=opt(facts.action),
        indicators=tuple(hide(word) for word in facts.indicators),
        evidence=tuple(hide(sentence) for sentence in facts.evidence),
        nearest=None if facts.nearest is None else (hide(facts.nearest[0]), facts.nearest[1]),
        samples=tuple(hide(sample) for sample in facts.samples),
        verdict=replace(facts.verdict, reason=hide(facts.verdict.reason)),
    )


def _lines(facts: Facts) -> Iterator[str]:
    """Yield what is known, one fact a line, then the lines of the log."""
    if facts.kind != "line":
        yield f"finding about: {facts.kind} {_short(facts.about)}"
    for name, value in (("severity", facts.severity), ("component", facts.component), ("action", facts.action)):
        if value:
            yield f"{name}: {_short(value)}"
    if facts.indicators:
        yield f"words of trouble: {', '.join(_short(word) for word in facts.indicators)}"
    if facts.kind != "line":
        yield _seen(facts)
    for sentence in facts.evidence[:_MOST_EVIDENCE]:
        yield f"evidence: {_short(sentence)}"
    if facts.nearest is not None:
        yield f"nearest normal template, seen {facts.nearest[1]:,} times: {_short(facts.nearest[0])}"
    if facts.before:
        yield "lines before:"
        yield from (f"  {_short(line)}" for line in facts.before)
    yield "the line:" if "\n" not in facts.log else "the record:"
    yield from (f"  {_short(line)}" for line in facts.log[:_LONGEST_LOG].split("\n"))
    if facts.after:
        yield "lines after:"
        yield from (f"  {_short(line)}" for line in facts.after)
    others = [sample for sample in facts.samples if sample != facts.log][:_MOST_SAMPLES]
    if others:
        yield "further lines that show it:"
        yield from (f"  {_short(line)}" for line in others)


def _seen(facts: Facts) -> str:
    times = "once" if facts.count == 1 else f"{facts.count:,} times"
    if facts.first_seen is None:
        return f"seen {times}"
    when = f"at {facts.first_seen}" if facts.count == 1 else f"from {facts.first_seen} to {facts.last_seen}"
    return f"seen {times}, {when}"


def _fields(facts: Facts, *, mark: str) -> dict[str, str]:
    """Return what stands in the place of each field of a prompt: texts of the log as data, or in quotation marks."""

    def block(lines: Sequence[str]) -> str:
        return fenced([_short(line) for line in lines] or ["(none)"], mark=mark)

    nearest = [] if facts.nearest is None else [f"{facts.nearest[0]} (seen {facts.nearest[1]:,} times)"]
    return {
        "log": fenced([facts.log[:_LONGEST_LOG]], mark=mark),
        "template": block([facts.about] if facts.kind == "template" else []),
        "evidence": block(facts.evidence[:_MOST_EVIDENCE]),
        "context": block([*facts.before, *facts.log.split("\n"), *facts.after]),
        "samples": block(facts.samples[:_MOST_SAMPLES]),
        "nearest": block(nearest),
        "subject": facts.kind,
        "severity": quoted_field(facts.severity or "unknown"),
        "component": quoted_field(facts.component or "unknown"),
        "action": quoted_field(facts.action or "unknown"),
        "indicators": quoted_field(", ".join(facts.indicators) or "none"),
        "count": str(facts.count),
        "first_seen": facts.first_seen or "unknown",
        "last_seen": facts.last_seen or "unknown",
        "classification": facts.verdict.classification,
        "reason": block([facts.verdict.reason]),
    }


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
