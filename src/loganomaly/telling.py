"""What a person needs to believe a finding: the normal template that is most like it, and lines that show it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from loganomaly.case import Case
from loganomaly.findings import MOST_SAMPLES, Finding, Location, Nearest
from loganomaly.mining.likeness import most_alike
from loganomaly.wording import decoded

__all__ = ["told"]

_ALIKE = 0.5
"""Cosine from which on a template is like another: about half of the words that tell templates apart are the same."""


def told(case: Case, findings: Sequence[Finding], *, unusual: Sequence[int]) -> list[Finding]:
    """Return the findings with the normal template nearest to each, and the places of lines that show it.

    Parameters
    ----------
    unusual
        Numbers of the templates that are no normal ones, whether they have a finding of their own or not.
    """
    nearest = _nearest(case, [f.template_id for f in findings if f.template_id is not None], unusual=unusual)
    places = _places(case, findings)
    return [
        replace(finding, nearest=nearest.get(finding.template_id or ""), places=places[finding.id])
        for finding in findings
    ]


def _nearest(case: Case, wanted: Sequence[str], *, unusual: Sequence[int]) -> dict[str, Nearest]:
    """Return what is nearest to templates, by id: of the normal ones, those that are more frequent count."""
    if not wanted:
        return {}
    number_of = {template.id: number for number, template in enumerate(case.templates)}
    records = case.table["records"].to_numpy()
    normal = np.ones(len(records), np.bool_)
    normal[list(unusual)] = False
    rows = [number_of[name] for name in wanted]
    others, similarity = most_alike(case.wording, records=records, rows=rows, candidates=normal)
    return {
        name: Nearest(
            template_id=case.templates[other].id,
            template=case.templates[other].text,
            count=int(records[other]),
            similarity=alike,
        )
        for name, other, alike in zip(wanted, others.tolist(), similarity.tolist(), strict=True)
        if alike >= _ALIKE
    }


def _places(case: Case, findings: Sequence[Finding]) -> dict[str, tuple[Location, ...]]:
    """Return where lines stand that show each finding, by its id: its own, the first, what detectors name, the last.

    The places that a finding has already, those of what was folded into it, come last.
    """
    numbers = {template.id: number for number, template in enumerate(case.templates)}
    wanted = [numbers[f.template_id] for f in findings if f.template_id is not None]
    of_template = _ends(case.profile.shapes.join(case.members, on="shape").filter(pl.col("number").is_in(wanted)))
    names = {f.subject.name for f in findings if f.subject.kind == "component"}
    components = case.profile.components.select(pl.exclude("name"), number=pl.lit(0)) if names else None
    found = {}
    for finding in findings:
        ends: tuple[Location, ...] = ()
        if finding.template_id is not None:
            ends = of_template[numbers[finding.template_id]]
        elif components is not None and finding.subject.kind == "component":
            own = [decoded(name) == finding.subject.name for name in case.profile.components["name"]]
            ends = _ends(components.filter(pl.Series(own)))[0]
        named = (evidence.location for evidence in finding.evidence)
        places = [finding.location, *ends[:1], *named, *ends[1:], *finding.places]
        found[finding.id] = tuple(dict.fromkeys(place for place in places if place is not None))[:MOST_SAMPLES]
    return found


def _ends(rows: pl.DataFrame) -> Mapping[int, tuple[Location, ...]]:
    """Return the first and the last place of each number: by time where there are times, then by source and line."""
    first = rows.sort(
        "number", *(c for c in rows.columns if c == "first_time"), "source", "first_line", nulls_last=True
    )
    ended = [name for name in rows.columns if name == "last_time"]
    last = rows.sort("number", *ended, "source", "last_line")
    ends = first.group_by("number", maintain_order=True).agg(
        pl.col("source", "first_line", "first_offset").first()
    ).join(
        last.group_by("number", maintain_order=True).agg(
            pl.col("source").last().alias("last_source"), pl.col("last_line", "last_offset").last()
        ),
        on="number",
    )  # fmt: skip
    return {
        row["number"]: (
            Location(source=row["source"], line=row["first_line"], offset=row["first_offset"]),
            Location(source=row["last_source"], line=row["last_line"], offset=row["last_offset"]),
        )
        for row in ends.iter_rows(named=True)
    }
