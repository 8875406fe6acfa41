"""Keeps secrets out of what is not a line of the log itself: names, templates, and what findings say."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from loganomaly.case import Case, build_case
from loganomaly.findings import Finding
from loganomaly.mining.learnt import Learnt
from loganomaly.mining.masks import Mask
from loganomaly.mining.template import PARAMETER, template_id
from loganomaly.mining.tokenise import tokenise
from loganomaly.profile import Profile

__all__ = ["masked_case", "masked_finding", "masked_names"]


def masked_case(
    profile: Profile,
    *,
    clean: Callable[[str], str],
    all_shapes: bool,
    masks: Sequence[Mask] | None = None,
    learnt: Sequence[Learnt] = (),
) -> Case:
    """Return the case of a profile, its templates without secrets.

    Parameters
    ----------
    clean
        Takes secrets out of a text.
    all_shapes
        True where what `clean` takes out can stand in any shape; False where in those alone that the scan saw a
        secret in.
    masks
        What values look like; the built-in masks unless given.
    learnt
        Templates of earlier runs, which keep their ids.
    """
    case = build_case(profile, masks=masks, learnt=learnt)
    shapes = profile.shapes if all_shapes else profile.shapes.join(profile.leaks, on="shape", how="semi")
    samples = shapes.unique("shape").join(case.members, on="shape").sort("number", "shape")
    templates = list(case.templates)
    ids = {template.id for template in templates}
    for number, sample in samples.select("number", "sample").iter_rows():
        text = _masked_text(templates[number].text, sample=sample, clean=clean)
        before = templates[number]
        # A hash of the text with the secret in it could be searched for the secret.
        fresh = template_id(text)
        is_own = text != before.text and before.id == template_id(before.text) and fresh not in ids
        templates[number] = replace(before, text=text, id=fresh if is_own else before.id)
        ids.add(templates[number].id)
    return replace(case, templates=templates)


def masked_finding(finding: Finding, *, clean: Callable[[str], str]) -> Finding:
    """Return a finding without secrets in any text but its lines, which `with_lines` masks as a whole."""
    return replace(
        finding,
        subject=replace(finding.subject, name=clean(finding.subject.name)),
        template=clean(finding.template),
        reason=clean(finding.reason),
        component=None if finding.component is None else clean(finding.component),
        kinds=tuple(clean(kind) for kind in finding.kinds),
        related=tuple(clean(text) for text in finding.related),
        nearest=None if finding.nearest is None else replace(finding.nearest, template=clean(finding.nearest.template)),
        evidence=tuple(
            replace(e, text=clean(e.text), subject=replace(e.subject, name=clean(e.subject.name)))
            for e in finding.evidence
        ),
    )


def masked_names(names: Mapping[int, str], *, clean: Callable[[str], str]) -> dict[int, str]:
    """Return the names without secrets; those that occur more than once, as masked ones may, are numbered."""
    seen: Counter[str] = Counter()
    distinct = {}
    for number, name in names.items():
        masked = clean(name)
        seen[masked] += 1
        distinct[number] = masked if seen[masked] == 1 else f"{masked} ({seen[masked]})"
    return distinct


def _masked_text(text: str, *, sample: bytes, clean: Callable[[str], str]) -> str:
    """Return the text of a template without the secrets of a message that has it.

    Parameters put in the place of words can hide from `clean` what the rest of a secret is; in the message it is
    seen. Words that `clean` takes out of the message but not out of the text are taken out of the text here.
    """
    message = sample.decode("utf-8", errors="replace")
    cleaned = clean(message)
    if cleaned == message:
        return text
    text = clean(text)
    taken = Counter(tokenise(sample).texts) - Counter(tokenise(cleaned.encode()).texts)
    for word in sorted(taken, key=lambda word: (-len(word), word)):
        text = re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", PARAMETER, text)
    return text
