"""Categories: parameters and fields that take few values, each many times; and since when they take each of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.merging import begins_of
from loganomaly.places import field_places, parameter_places
from loganomaly.profile import place, unplace
from loganomaly.profile_tables import FIELD_SLOTS

__all__ = ["Category", "Value", "categories"]

_KEYS = ["template", "position"]
_OF_VALUES = (
    "text",
    "count",
    "first_time",
    "last_time",
    "first_place",
    "first_offset",
    "last_place",
    "shape",
    "elsewhere",
)
_FIELD = -1
"""Stands in the place of a template where it is a field: it is the same in records of all templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of a category.

    Attributes
    ----------
    text
        As the log writes it, as far as it is kept.
    count
        Records that have it.
    before
        Records of the category before it was first seen, at least: those of the same bucket of time do not count.
        Without times, about so many.
    first_time, last_time
        Microseconds, None where no record has a time.
    first_place, first_offset, last_place
        Its earliest and its last record, as `place` numbers.
    shape
        That of its earliest record.
    elsewhere
        Whether a parameter of another template had it before. Of fields, which are judged across templates, False.
    """

    text: str
    count: int
    before: int
    first_time: int | None
    last_time: int | None
    first_place: int
    first_offset: int
    last_place: int
    shape: int
    elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A field, or a parameter of one template, of which all values are known.

    `template` is the number of the template and `position` that of its parameter; of a field, `template` is None and
    `position` its slot. `name` is that of the field, or the key or word that the parameter follows, or None. `values`
    are in the order in which they were first seen.
    """

    template: int | None
    position: int
    name: str | None
    values: tuple[Value, ...]

    @property
    def records(self) -> int:
        """How many records have a value in it."""
        return sum(value.count for value in self.values)


def categories(case: Case, *, fewest: int, per_value: int, learning: float) -> Iterator[Category]:
    """Yield the categories in which a value is first seen after the learning part, in the order of their keys.

    Fields whose numbers have units are none: they measure something. Nor are those without times that stand in several
    sources: what was first is not known there.

    Parameters
    ----------
    fewest
        Records that have a value in it, at least.
    per_value
        Records for each of its values, at least.
    learning
        Share 0..1 of the log's time in which nothing is new, and of the category's records.
    """
    frequent = case.table.filter(pl.col("records") >= fewest)["number"].to_list()
    named = field_places(case, case.table["number"].to_list())
    names = dict(named.select("slot", "name").unique().iter_rows())
    places = pl.concat([
        parameter_places(case, frequent).rename({"number": "template"}),
        named.drop("name", "number").insert_column(0, pl.lit(_FIELD, dtype=pl.Int64).alias("template")),
    ])  # fmt: skip
    every = _values(case, places)
    records, about, timed = pl.col("count").sum(), pl.len(), pl.col("first_time").is_not_null().all()
    late: pl.Expr = pl.lit(True)
    if case.span is not None:
        start, end = case.span
        late = ~timed | (pl.col("first_time").max() >= start + round(learning * (end - start)))
    few = every.group_by(_KEYS).agg(keep=late & (records >= fewest) & (records >= about * per_value)).filter("keep")
    known = _with_elsewhere(every, few)
    held = places.join(known, on=_KEYS, how="semi").select(*_KEYS, "shape", "slot").unique()
    clocks = _clocks(case, held)
    known = known.sort(*_KEYS, "text")
    begins = begins_of([known[name].to_numpy() for name in _KEYS])
    keys: list[tuple[int, int]] = known.select(_KEYS)[begins[:-1]].rows()
    are_timed = np.logical_and.reduceat(known["first_time"].is_not_null().to_numpy(), begins[:-1]).tolist()
    learnt = (learning * np.add.reduceat(known["count"].to_numpy(), begins[:-1])).tolist()
    times = known["first_time"].fill_null(0).to_numpy()
    lines = np.array([unplace(number)[1] for number in known["first_place"]], np.int64)
    rulers: dict[tuple[int, int], _Arrays] | None = None
    for key, (first, end), is_timed, least in zip(keys, pairwise(begins.tolist()), are_timed, learnt, strict=True):
        if is_timed and key in clocks:
            before: NDArray[np.int64] | None = _by_clock(times[first:end], case.profile.width, *clocks[key])
        else:
            rulers = _rulers(case, held) if rulers is None else rulers
            before = _by_ruler(lines[first:end], rulers.get(key))
        if before is not None and before.max() >= least:
            rows = known[first:end].select(_OF_VALUES).iter_rows(named=True)
            values = [Value(**row, before=n) for row, n in zip(rows, before.tolist(), strict=True)]
            yield Category(
                template=None if key[0] == _FIELD else key[0],
                position=key[1],
                name=names[key[1]] if key[0] == _FIELD else _called(case, *key),
                values=tuple(sorted(values, key=lambda value: (value.before, value.first_time or 0, value.text))),
            )


def _values(case: Case, places: pl.DataFrame) -> pl.DataFrame:
    """Return the values of the parameters and fields of which all are known: columns of `Value`, and its keys.

    `since` puts them in the order of time, without times in that of lines.
    """
    kept = case.profile.values.group_by("shape", "slot").len()
    most = (
        pl.when(pl.col("slot") >= FIELD_SLOTS).then(case.profile.most_field_values).otherwise(case.profile.most_values)
    )
    slots = places.filter(pl.col("slot") >= 0).select(*_KEYS, "shape", "slot").unique()
    at = ["shape", "slot"]
    unknown = [
        # A parameter of several tokens, of which the profile has no values.
        places.filter((pl.col("slot") < 0) & pl.col("text").is_null()),
        slots.join(case.profile.slots.filter(pl.col("many") == 1), on=at, how="semi"),
        slots.join(case.profile.fields.filter(pl.col("unit").str.len_bytes() > 0), on="slot", how="semi"),
        slots.join(kept.filter(pl.col("len") >= most), on=at, how="semi"),
    ]
    sampled = pl.concat([part.select(_KEYS) for part in unknown]).unique()
    slots, places = (table.join(sampled, on=_KEYS, how="anti") for table in (slots, places))
    words = places.filter(pl.col("text").is_not_null()).select(
        *_KEYS, "shape", "text", pl.col("records").alias("count")
    )
    columns = [*_KEYS, "text", "count", "first_time", "last_time", "first_place", "first_offset", "last_place", "shape"]
    every = pl.concat([
        case.profile.values.join(slots, on=at).select(columns),
        case.profile.codes.join(slots, on=at).with_columns(text=pl.col("code").cast(pl.String)).select(columns),
        words.join(_when(case, words["shape"]), on="shape").select(columns),
    ])  # fmt: skip
    return (
        every.with_columns(since=pl.coalesce("first_time", "first_place"))
        .sort("since", "shape", "first_place")
        .group_by(*_KEYS, "text", maintain_order=True)
        .agg(
            pl.col("count").sum(),
            pl.col("last_time", "last_place").max(),
            pl.col("since", "first_time", "first_place", "first_offset", "shape").first(),
        )
    )


def _with_elsewhere(values: pl.DataFrame, few: pl.DataFrame) -> pl.DataFrame:
    """Return the values of some categories, with the column `elsewhere` of `Value` in the place of `since`."""
    known = values.join(few, on=_KEYS, how="semi")
    earliest = values.filter(pl.col("template") != _FIELD).group_by("text").agg(earliest=pl.col("since").min())
    elsewhere = (pl.col("template") != _FIELD) & (pl.col("since") > pl.col("earliest"))
    joined = known.join(earliest, on="text", how="left").with_columns(elsewhere=elsewhere.fill_null(value=False))
    return joined.drop("since", "earliest")


def _when(case: Case, shapes: pl.Series) -> pl.DataFrame:
    """Return when and where some shapes were first and last seen, as the table of values does."""
    rows = case.profile.shapes.filter(pl.col("shape").is_in(shapes.implode()))
    sources = rows["source"].to_list()
    placed = {
        to: pl.Series([place(s, at) for s, at in zip(sources, rows[of].to_list(), strict=True)], dtype=pl.Int64)
        for of, to in (("first_line", "first_place"), ("first_offset", "first_offset"), ("last_line", "last_place"))
    }
    return (
        rows.select("shape", "first_time", "last_time")
        .with_columns(**placed)
        .sort("first_time", "first_place", nulls_last=True)
        .group_by("shape", maintain_order=True)
        .agg(pl.col("last_time", "last_place").max(), pl.col("first_time", "first_place", "first_offset").first())
    )


_Arrays = list[NDArray[Any]]


def _by_key(rows: pl.DataFrame) -> dict[tuple[int, int], _Arrays]:
    """Return the columns of each category's rows but the keys, by the keys, which the rows are sorted by."""
    begins = begins_of([rows[name].to_numpy() for name in _KEYS])
    keys = rows.select(_KEYS)[begins[:-1]].rows()
    columns = [column.to_numpy() for column in rows.drop(_KEYS)]
    parts = pairwise(begins.tolist())
    return {key: [column[first:end] for column in columns] for key, (first, end) in zip(keys, parts, strict=True)}


def _clocks(case: Case, held: pl.DataFrame) -> dict[tuple[int, int], _Arrays]:
    """Return the buckets of time in which each category has records, by its keys, and how many until the end of each.

    Of a field that only some records of a shape have, its share of them is taken for the same at all times.
    """
    sizes = case.profile.shapes.group_by("shape").agg(pl.col("records").sum())
    share = (
        held.join(case.profile.slots.select("shape", "slot", "records"), on=["shape", "slot"], how="left")
        .join(sizes, on="shape", suffix="_of_shape")
        .with_columns(share=pl.col("records").fill_null(pl.col("records_of_shape")) / pl.col("records_of_shape"))
    )
    counts = (
        share.join(case.profile.series, on="shape")
        .group_by(*_KEYS, "bucket")
        .agg(count=(pl.col("count") * pl.col("share")).sum())
        .sort(*_KEYS, "bucket")
    )
    return _by_key(counts.with_columns(pl.col("count").cum_sum().over(_KEYS)))


def _rulers(case: Case, held: pl.DataFrame) -> dict[tuple[int, int], _Arrays]:
    """Return the shapes of each category that has a single source, by its keys: first and last line, records."""
    shapes = case.profile.shapes.select("shape", "source", "first_line", "last_line", "records")
    placed = held.select(*_KEYS, "shape").unique().join(shapes, on="shape").sort(*_KEYS, "shape", "source")
    return _by_key(placed.filter(pl.col("source").n_unique().over(_KEYS) == 1).drop("shape", "source"))


def _by_clock(
    times: NDArray[np.int64], width: int, buckets: NDArray[np.int64], reached: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return how many records of a category were before these times."""
    at = np.searchsorted(buckets, times // (width * 1_000_000))
    return _whole(np.concatenate([np.zeros(1), reached])[at])


def _by_ruler(lines: NDArray[np.int64], ruler: _Arrays | None) -> NDArray[np.int64] | None:
    """Return how many records of a category were before these lines; None where that is not known.

    Without times, the records of a shape are taken for evenly spread between its first line and its last one.
    """
    if ruler is None:
        return None
    first, last, records = ruler
    shares = np.minimum(np.maximum((lines[:, None] - first) / (last - first + 1), 0), 1)
    return _whole((records * shares).sum(axis=1))


def _whole(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    return (counts + 1e-6).astype(np.int64)  # what is whole but for rounding stays so


def _called(case: Case, template: int, position: int) -> str | None:
    """Return the key that a parameter of a template follows, or the word in front of it."""
    found = case.templates[template]
    words = found.parts[position].split()
    word = words[-1].strip("\"'`([{<:=,;#") if words else ""
    return found.names[position] or (word if word.replace("_", "").replace("-", "").isalpha() else None)
