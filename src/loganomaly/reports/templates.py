"""The templates of a run: a frame, and the mapping of templates.json, which later runs learn from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from loganomaly.case import Case
from loganomaly.findings import Subject
from loganomaly.mining.learnt import Learnt
from loganomaly.mining.shape import PARAMETER, Shape
from loganomaly.mining.store import FORMAT, VERSION, shape_entry
from loganomaly.parameters import describe_parameters
from loganomaly.reading.program import Level
from loganomaly.wording import decoded, iso

__all__ = ["template_entries", "template_file", "template_frame"]

_MOST_SHAPES = 50_000
"""Shapes that are kept for later runs: those with the most records."""
_FRAME = {
    **dict.fromkeys(("template_id", "log_template"), pl.String()),
    "count": pl.Int64(),
    "ratio": pl.Float64(),
    **dict.fromkeys(("severity", "component"), pl.String()),
    "score": pl.Float64(),
    **dict.fromkeys(("first_seen", "last_seen"), pl.String()),
}


def template_entries(
    case: Case, *, scores: Mapping[Subject, float], clean: Callable[[str], str], all_shapes: bool = False
) -> list[dict[str, Any]]:
    """Return what is said of each template, most frequent first; for `all_shapes`, see `describe_parameters`."""
    total = max(case.records, 1)
    numbers = range(len(case.templates))
    parameters = describe_parameters(case, numbers, clean=clean, all_shapes=all_shapes)
    return [
        {
            "template_id": case.templates[row["number"]].id,
            "log_template": clean(case.templates[row["number"]].text),
            "count": row["records"],
            "ratio": row["records"] / total,
            "severity": Level(row["level"]).name,
            "component": clean(decoded(row["component"])) if row["component"] else None,
            "score": scores.get(case.subject(row["number"]), 0.0),
            "first_seen": iso(row["first_time"]),
            "last_seen": iso(row["last_time"]),
            "parameters": parameters[row["number"]],
        }
        for row in case.table.iter_rows(named=True)
    ]


def template_frame(entries: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return one row per template; see `Results.templates` for its columns."""
    return pl.DataFrame([{name: entry[name] for name in _FRAME} for entry in entries], schema=_FRAME)


def template_file(
    case: Case,
    entries: Sequence[Mapping[str, Any]],
    *,
    learnt: Sequence[Learnt],
    clean: Callable[[str], str],
    all_shapes: bool = False,
) -> dict[str, Any]:
    """Return the mapping of templates.json: the templates of this run, and those of earlier ones that it has not.

    Parameters
    ----------
    entries
        What is said of each template of the case that has records.
    learnt
        What earlier runs learnt.
    clean
        Takes secrets out of a text. A shape whose words hold any is not stored.
    all_shapes
        See `describe_parameters`.
    """
    leaking = set(case.profile.leaks["shape"])
    public = (shape for shape in case.shapes if shape.id not in leaking)
    if all_shapes:
        public = (shape for shape in public if not _is_secret(shape, clean=clean))
    shapes = sorted(public, key=lambda shape: (-shape.records, shape.id))
    kept = {shape.id: shape_entry(shape) for shape in shapes[:_MOST_SHAPES]}
    now = [
        {**entry, "shapes": [kept[shape] for shape in template.shapes if shape in kept]}
        for entry, template in zip(entries, (case.templates[n] for n in case.table["number"]), strict=True)
    ]
    seen, ids = {shape.id for shape in case.shapes}, {entry["template_id"] for entry in now}
    earlier = [
        {
            "template_id": template.id,
            "log_template": template.text,
            "count": 0,
            "shapes": [shape_entry(shape) for shape in template.shapes if shape.id not in seen],
        }
        for template in learnt
        if template.id not in ids
    ]
    return {"format": FORMAT, "version": VERSION, "parameter": PARAMETER, "templates": [*now, *earlier]}


def _is_secret(shape: Shape, *, clean: Callable[[str], str]) -> bool:
    tokens = shape.tokens
    # The texts of its tokens, for those of slots that never vary are stored as well.
    text = tokens.gaps[0] + "".join(word + gap for word, gap in zip(tokens.texts, tokens.gaps[1:], strict=True))
    return clean(text) != text
