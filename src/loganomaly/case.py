"""The case that detectors judge: a merged Profile, its templates, and what was counted per template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.findings import Location, Subject
from loganomaly.mining.learnt import Learnt, carried, together
from loganomaly.mining.masks import Mask
from loganomaly.mining.miner import mine
from loganomaly.mining.shape import Counted, Shape, make_shapes
from loganomaly.mining.template import Template
from loganomaly.profile import LEVEL_COLUMNS, Profile
from loganomaly.profile_tables import FIELD_SLOTS
from loganomaly.reading.program import Level
from loganomaly.sessions.groups import group_sessions
from loganomaly.sessions.verdicts import JudgedGroup, judge_group

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["Case", "build_case", "count_templates"]

_WATCHED_BUCKETS = 120  # at most so many buckets of time are judged: fewer, fuller ones say more

_RAISED = {Level.WARNING: 0.3, Level.ERROR: 0.7, Level.CRITICAL: 0.7}
"""Powers of ten by which a template counts as rarer among sessions than it is, by its severity."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything detectors look at.

    Attributes
    ----------
    shapes
        What templates were mined from.
    templates
        Mined templates, most frequent first; a template's number is its place in this list.
    table
        One row per template, in the same order: number, records, lines, records of each level, first and last time,
        component name, and source, line and offset of the first record.
    members
        Which template (number) a shape belongs to.
    """

    profile: Profile
    shapes: Sequence[Shape]
    templates: Sequence[Template]
    table: pl.DataFrame
    members: pl.DataFrame

    @cached_property
    def leaks(self) -> pl.DataFrame:
        """The leaks, with the `number` of their template, by source and place.

        Numbers that pass a check of their digits as often as chance lets them, one in ten or so, are none.
        """
        leaks = self.profile.leaks.filter((pl.col("count") > 0) & (pl.col("count") >= pl.col("failed")))
        return leaks.join(self.members, on="shape").sort("source", "first_line", "kind", "shape")

    @cached_property
    def rules(self) -> pl.DataFrame:
        """Which rules hold for records of which templates: rule, number, count, first place, first and last time."""
        return (
            self.profile.rules.join(self.members, on="shape")
            .sort("source", "first_line", "rule", "shape")
            .group_by("rule", "number", maintain_order=True)
            .agg(
                pl.col("count").sum(),
                pl.col("source", "first_line", "first_offset").first(),
                pl.col("first_time").min(),
                pl.col("last_time").max(),
            )
        )

    @cached_property
    def records(self) -> int:
        """How many records there are."""
        return int(self.profile.sources["records"].sum())

    @cached_property
    def series(self) -> pl.DataFrame:
        """Records per template and watched bucket: number, bucket, count."""
        return (
            self.profile.series.join(self.members, on="shape")
            .with_columns(bucket=pl.col("bucket") * self.profile.width // self.width)
            .group_by("number", "bucket")
            .agg(pl.col("count").sum())
            .sort("number", "bucket")
        )

    @cached_property
    def component_series(self) -> pl.DataFrame:
        """Records per component (name) and watched bucket: name, bucket, count."""
        names = self.profile.components.group_by("component").agg(pl.col("name").first())
        return (
            self.profile.component_series.join(names, on="component")
            .with_columns(bucket=pl.col("bucket") * self.profile.width // self.width)
            .group_by("name", "bucket")
            .agg(pl.col("count").sum())
            .sort("name", "bucket")
        )

    @cached_property
    def sessions(self) -> list[JudgedGroup]:
        """The sessions, by the key of their ids, and how they deviate; the largest group first."""
        levels = self.table.select("number", "level").iter_rows()
        raised = {number: _RAISED.get(level, 0.0) for number, level in levels}
        groups = group_sessions(self.profile, self.members)
        return [judge_group(group, span=self.span, raised=raised) for group in groups]

    @cached_property
    def width(self) -> int:
        """Width of a watched bucket in seconds: a multiple of the profile's."""
        if self.span is None:
            return self.profile.width
        seconds = (self.span[1] - self.span[0]) / 1e6
        return max(1, -(-int(seconds) // (_WATCHED_BUCKETS * self.profile.width))) * self.profile.width

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """First and last time of all records, microseconds; None without times."""
        first, last = self.table["first_time"].min(), self.table["last_time"].max()
        return None if first is None or last is None else (int(first), int(last))  # type: ignore[arg-type]

    @cached_property
    def buckets(self) -> NDArray[np.int64]:
        """Numbers of the watched buckets in which anything was logged, in order: where all is silent, nothing is."""
        return self.series["bucket"].unique().sort().to_numpy()

    @cached_property
    def wording(self) -> "sparse.csr_array[np.float64]":
        """The words of each template as a vector of norm 1: words that few templates have count most."""
        from loganomaly.mining.vectors import tfidf

        words = [[word.lower() for word in template.words] for template in self.templates]
        return tfidf(words, weights=np.ones(len(words), np.int64))

    def subject(self, number: int) -> Subject:
        """Return template `number` as the subject of evidence."""
        return Subject(kind="template", name=self.templates[number].id)

    def location(self, number: int) -> Location:
        """Return where template `number` occurs first."""
        row = self.table.row(number, named=True)
        return Location(source=row["source"], line=row["first_line"], offset=row["first_offset"])


def build_case(profile: Profile, *, masks: Sequence[Mask] | None = None, learnt: Sequence[Learnt] = ()) -> Case:
    """Mine the templates of a profile and count per template.

    `masks` are the built-in ones unless given; templates of `learnt` keep their ids.
    """
    shapes = profile.shapes.group_by("shape").agg(
        pl.col("records").sum(), pl.col("status").first(), pl.col("sample").first()
    )
    positional = profile.slots.filter(pl.col("slot") < FIELD_SLOTS)
    fixed = positional.filter(pl.col("lowest") == pl.col("highest")).group_by("shape").agg(pl.col("slot"))
    described = shapes.join(fixed, on="shape", how="left").sort("shape")
    counted = [
        Counted(
            id=row["shape"],
            sample=row["sample"],
            records=row["records"],
            status=row["status"],
            constant_slots=row["slot"] or (),
        )
        for row in described.iter_rows(named=True)
    ]
    made = make_shapes(counted, masks=masks)
    templates = mine(together(made, learnt))
    if learnt:
        templates = _of_this_run(carried(templates, learnt), made)
    members = pl.DataFrame(
        {
            "shape": [shape for template in templates for shape in template.shapes],
            "number": [number for number, template in enumerate(templates) for _ in template.shapes],
        },
        schema={"shape": pl.UInt64, "number": pl.Int64},
    )
    return Case(
        profile=profile, shapes=made, templates=templates, members=members, table=count_templates(profile, members)
    )


def _of_this_run(templates: Iterable[Template], shapes: Iterable[Shape]) -> list[Template]:
    """Return the templates that have records in this run, most frequent first."""
    records = {shape.id: shape.records for shape in shapes}
    counts = {template.id: sum(records.get(shape, 0) for shape in template.shapes) for template in templates}
    return sorted((t for t in templates if counts[t.id]), key=lambda t: (-counts[t.id], t.text))


def count_templates(profile: Profile, members: pl.DataFrame) -> pl.DataFrame:
    """Return the table of a `Case`; templates without records in the profile have no row."""
    names = profile.components.group_by("component").agg(pl.col("name").first())
    joined = profile.shapes.join(members, on="shape").sort("number", "source", "first_line")
    usual = (
        joined.group_by("number", "component").agg(pl.col("records").sum()).sort("number", "records", "component")
        .group_by("number", maintain_order=True).agg(pl.col("component").last())
        .join(names, on="component", how="left").select("number", pl.col("name").alias("component"))
    )  # fmt: skip
    return (
        joined.group_by("number", maintain_order=True)
        .agg(
            pl.col("records", "lines", *LEVEL_COLUMNS).sum(),
            pl.col("first_time").min(),
            pl.col("last_time").max(),
            pl.col("source", "first_line", "first_offset").first(),
            pl.col("source").unique().sort().alias("sources"),
        )
        .join(usual, on="number", how="left")
        .with_columns(level=_dominant_level())
        .sort("number")
    )


def _dominant_level() -> pl.Expr:
    """Return the level that most records of a template have; among equals, the most severe."""
    counts = [pl.col(name) for name in reversed(LEVEL_COLUMNS)]
    return pl.lit(int(Level.CRITICAL)) - pl.concat_list(counts).list.arg_max().cast(pl.Int64)
