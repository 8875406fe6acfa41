"""What the workflow says of findings becomes part of their entries."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from loganomaly.workflow.policy import BY_EVIDENCE, BY_MODEL, BY_WORKFLOW

__all__ = ["tags_of", "with_outcome"]

_TOLD_ELSEWHERE = frozenset(
    {
        "classification", "errors", "failed_step", "id", "llm_call", "llm_response", "log", "opinion", "prompt",
        "reason", "tags", "thinking", "verdict_by",
    }
)  # fmt: skip
_CALL = frozenset({"provider", "model", "cached", "attempts"})
_OPINION = frozenset({"classification", "reason", "tags", "quote", "quote_found", "unheard"})
_DEEPEST = 6
_LONGEST_NAME = 100  # characters


def with_outcome(
    entry: Mapping[str, Any], outcome: Mapping[str, Any], *, clean: Callable[[str], str]
) -> dict[str, Any]:
    """Return an entry of anomalies.json with the outcome of the workflow: the verdict that stands, and whose it is.

    Its score, id, kinds and evidence stay as they are. What the evidence said is kept as "local".

    Parameters
    ----------
    clean
        Takes secrets out of a text: a model may say anything.
    """
    before = entry.get("local", entry)
    local = {name: before[name] for name in ("classification", "reason", "tags")}
    call, opinion = _with_keys(outcome.get("llm_call"), _CALL), _with_keys(outcome.get("opinion"), _OPINION)
    errors, tags = outcome["errors"], outcome["tags"]
    said = {name: local[name] if outcome[name] is None else outcome[name] for name in ("classification", "reason")}
    whose = {BY_EVIDENCE: local, BY_MODEL: opinion}.get(str(outcome["verdict_by"]))
    own = whose is None or any(whose[name] != value for name, value in said.items())  # it is that of a user's step
    found = {name: value for name, value in outcome.items() if name not in _TOLD_ELSEWHERE}
    return {
        **entry,
        "classification": clean(str(said["classification"])),
        "reason": clean(str(said["reason"])),
        "tags": [clean(str(tag)) for tag in (tags if isinstance(tags, list | tuple) else local["tags"])],
        "verdict_by": BY_WORKFLOW if own else outcome["verdict_by"],
        "local": local,
        "llm": {
            "provider": call["provider"] if call else None,
            "model": clean(str(call["model"]))[:_LONGEST_NAME] if call else None,
            "cached": bool(call and call["cached"]),
            "attempts": call["attempts"] if call else 0,
            "opinion": _cleaned(opinion, clean=clean),
            "failure": _cleaned(errors[0], clean=clean) if errors else None,
            "found": _cleaned(found, clean=clean),
        },
    }


def _with_keys(value: Any, keys: frozenset[str]) -> Mapping[str, Any] | None:
    """Return what a built-in step told; None if a step of the user's put something else in its place."""
    return value if isinstance(value, Mapping) and keys <= value.keys() else None


def tags_of(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many entries have each tag, the most frequent first."""
    counts = Counter(tag for entry in entries for tag in entry["tags"])
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _cleaned(value: Any, *, clean: Callable[[str], str], depth: int = 0) -> Any:
    """Return a value as JSON has it, without secrets; what JSON has no form for is told by its type."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, str):
        return clean(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {clean(str(name)): _cleaned(item, clean=clean, depth=depth + 1) for name, item in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return [_cleaned(item, clean=clean, depth=depth + 1) for item in value]
    return f"<{type(value).__name__}>"
