"""Masks, and what they do on real lines, as text for a terminal or a pipe, or as JSON for programs.

Everything that comes from a log or a file of settings is hostile here, as in `loganomaly.reports.terminal`.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from loganomaly.legible import plain_text
from loganomaly.mining.masks import Mask
from loganomaly.reports.cells import cut
from loganomaly.trial.changes import Changed, TemplateChanges
from loganomaly.trial.coverage import MaskUse
from loganomaly.trial.run import Trial
from loganomaly.wording import amount

__all__ = ["render_masks", "render_masks_json", "render_trial", "render_trial_json"]

_NARROWEST = 40
_MOST_CHANGES = 10
_MOST_TEMPLATES = 3  # of one change, before and after


def render_masks(masks: Sequence[Mask], *, own: Sequence[Mask]) -> str:
    """Return the masks that are applied, in that order, one's own marked as such; patterns are never cut."""
    blocks = []
    for mask in masks:
        origin = "yours" if mask in own else "built-in"
        if mask.pattern is None:
            blocks.append(f"{plain_text(mask.name)} (yours: the built-in one is off)")
            continue
        lines = [f"{plain_text(mask.name)} ({origin})", f"  pattern  {plain_text(mask.pattern)}"]
        lines += [f"  sample   {plain_text(value)}" for value in list(mask.matches.values())[:1]]
        blocks.append("\n".join(lines))
    return "\n".join(blocks) + "\n"


def render_masks_json(masks: Sequence[Mask], *, own: Sequence[Mask]) -> str:
    """Return the masks that are applied as one JSON array, in ASCII; a built-in one that is off has no pattern."""
    value = [
        {
            "name": mask.name,
            "pattern": mask.pattern,
            "sample": next(iter(mask.matches.values()), None),
            "origin": "own" if mask in own else "built-in",
        }
        for mask in masks
    ]
    return json.dumps(value, indent=2) + "\n"


def render_trial(trial: Trial, *, width: int) -> str:
    """Return what masks do as lines, the last one ended too; text of the log is cut to *width* cells (at least 40)."""
    width = max(width, _NARROWEST)
    part = "all of them" if trial.whole else "the first ones"
    read = f"{amount(trial.lines, 'line')} of {amount(trial.sources, 'file')} ({part})"
    lines = [f"{read}: {amount(trial.messages, 'message')}"]
    for use in trial.uses:
        lines += ["", plain_text(f"mask {use.name}: {use.pattern}"), *_use(use, trial, width=width)]
    if trial.off:
        lines += ["", plain_text(f"built-in masks that are off: {', '.join(trial.off)}")]
    lines += ["", *_templates(trial.templates, width=width)]
    if trial.damaged:
        lines += ["", "damaged:", *(plain_text(f"  {text}") for text in trial.damaged)]
    if trial.skipped:
        lines += ["", "not read:", *(plain_text(f"  {entry.name}: {entry.reason}") for entry in trial.skipped)]
    return "\n".join(lines) + "\n"


def render_trial_json(trial: Trial) -> str:
    """Return what masks do as one JSON object, in ASCII: what a terminal would obey is escaped."""
    return json.dumps(asdict(trial), indent=2, allow_nan=False) + "\n"


def _use(use: MaskUse, trial: Trial, *, width: int) -> Iterator[str]:
    if use.values:
        least = "at least " if use.distinct_is_least else ""
        yield f"  covers      {amount(use.values, 'value')} in {amount(use.messages, 'message')}"
        yield f"  different   {least}{use.distinct:,}, the most frequent:"
        yield from _counted(use.frequent, width=width)
    elif use.parts or use.taken:
        yield "  covers      nothing, though the pattern matches"
    else:
        yield f"  covers      nothing: the pattern matches in none of {amount(trial.messages, 'message')}"
        yield from _reasons(use, trial)
    if use.parts:
        yield (
            f"  not whole   {amount(use.parts, 'match')} not covered: a mask takes whole tokens, from the first "
            f"character of one to the last of one{'; such as:' if use.part_examples else ''}"
        )
        for match, around in use.part_examples:
            rest = "it begins or ends between tokens" if match == around else f"in {around}"
            yield cut(f"                {plain_text(match)}  {plain_text(rest)}", width)
    if use.taken:
        yield f"  taken       {amount(use.taken, 'match')} not covered: an earlier mask covers some of it"
    if use.lost:
        yield (
            f"  lost        {amount(use.lost, 'message')}: templates are made of one message for all that differ only "
            "in numbers, names with digits, paths and addresses, and in that one it covers nothing"
        )


def _reasons(use: MaskUse, trial: Trial) -> Iterator[str]:
    """Say why a pattern may match nothing."""
    if use.in_other_case:
        yield f"              it would in {use.in_other_case:,} if case did not matter: begin the pattern with (?i)"
    if use.elsewhere:
        yield (
            f"              it matches in {amount(use.elsewhere, 'line')} outside of the message: masks do not see "
            "time, severity, component, and further lines of a record"
        )
    if not trial.whole:
        yield "              only the first lines were looked at: --lines N looks at more"
    yield "              what the messages are is shown by: loganomaly inspect PATH"


def _templates(templates: TemplateChanges, *, width: int) -> Iterator[str]:
    changes = "none changes" if not templates.changed else f"{amount(templates.changed, 'change')}"
    worst = ", worst first:" if templates.changed > 1 else ":" if templates.changed else ""
    yield f"templates: {templates.before:,} before, {templates.after:,} after; {changes}{worst}"
    for change in templates.changes[:_MOST_CHANGES]:
        yield from _change(change, width=width)
    if templates.changed > _MOST_CHANGES:
        yield f"  and {amount(templates.changed - _MOST_CHANGES, 'change')} more"
    if templates.retyped:
        yield f"  {amount(templates.retyped, 'template')} with the same text and another type of parameter"


def _change(change: Changed, *, width: int) -> Iterator[str]:
    became = f"{amount(change.templates_before, 'template')} to {change.templates_after:,}"
    yield f"  {became}, {amount(change.records, 'message')}"
    yield from _some(change.before, change.templates_before, heading="before", width=width)
    yield from _some(change.after, change.templates_after, heading="after", width=width)


def _some(entries: Sequence[tuple[str, int]], count: int, *, heading: str, width: int) -> Iterator[str]:
    for number, (text, records) in enumerate(entries[:_MOST_TEMPLATES]):
        yield cut(f"    {heading if number == 0 else '':<6}{records:>12,}  {plain_text(text)}", width)
    if count > _MOST_TEMPLATES:
        yield f"                        and {count - _MOST_TEMPLATES:,} more"


def _counted(entries: Iterable[tuple[str, int]], *, width: int) -> Iterator[str]:
    for text, count in entries:
        yield cut(f"{count:>14,}  {plain_text(text)}", width)
