"""The Profile: everything later stages need of the lines that were read, small and mergeable.

Merging is associative and commutative and `Profile.empty` is its neutral element, so the result does not depend on
chunk size, worker count or order. A place in a source is a line number counted from 0, and the byte offset of that
line in the decompressed text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.behaviours.tables import NAMES as BEHAVIOURS
from loganomaly.behaviours.tables import bounded as bound_behaviours
from loganomaly.behaviours.tables import within_limits
from loganomaly.floods import Floods, FloodSettings
from loganomaly.profile_tables import LEVEL_COLUMNS, MOST_LEAK_VALUES, blank, merge_table, place, table_schemas, unplace

__all__ = [
    "FIELD_SLOTS",
    "LEVEL_COLUMNS",
    "MOST_BUCKETS",
    "MOST_CODES",
    "MOST_COMPONENTS",
    "MOST_FIELD_NAMES",
    "MOST_FIELD_SLOTS",
    "MOST_FIELD_VALUES",
    "MOST_SESSION_ROWS",
    "MOST_SHAPES",
    "MOST_VALUES",
    "MOST_VALUE_ROWS",
    "WIDTHS",
    "Bounds",
    "Profile",
    "merge_table",
    "place",
    "unplace",
    "widths_for",
]

MOST_SHAPES = 200_000
"""Shapes kept: those with the smallest hashes, which no order of merging changes; the rest is counted."""
MOST_COMPONENTS = 5_000
"""Components kept, in the same way."""
MOST_VALUES = 64
"""Values kept of a slot: those with the smallest hashes, which no order of merging changes (a bottom-k sketch)."""
MOST_CODES = 32
"""Whole numbers of a slot that are counted each; where there are more, they are a quantity or an id."""
MOST_VALUE_ROWS = 400_000
"""Values kept of all slots of messages; with more, each slot keeps fewer."""
FIELD_SLOTS = 1 << 32
"""The slots of fields (values that records name) are numbers from here on, those of messages are below."""
MOST_FIELD_NAMES = 1_000
"""Names of fields kept: those with the smallest slots, which no order of merging changes."""
MOST_FIELD_SLOTS = 200_000
"""Fields of shapes, each once for each shape; with more, they are kept of the shapes with the smallest hashes only."""
MOST_FIELD_VALUES = 2_000_000
"""Values of fields, if each shape had each field with as many as are kept; with more, each keeps fewer."""
MOST_SESSION_ROWS = 1_000_000
"""Pairs of session and shape kept: of the sessions with the smallest hashes, half as many while these are too many."""
MOST_BUCKETS = 512
"""Buckets of time in which shapes and components are counted; wider ones are taken where there would be more."""
MOST_TOTAL_BUCKETS = 20_000
"""Buckets in which all lines are counted, by level."""
WIDTHS = (1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800)
"""Possible widths of a bucket in seconds; each divides the next."""
_BOUNDS = {"shape": pl.UInt64, "slot": pl.Int64, "bound": pl.UInt64}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a profile keeps at most: what lies above is kept of no other that is merged with it.

    Attributes
    ----------
    values
        The slots that are full, by `shape` and `slot`, and the largest hash of a value in each (`bound`).
    groups
        The largest group of behavioural rules that are, by their ids.
    """

    values: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_BOUNDS))
    groups: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What was counted, as tables; times are microseconds since the epoch, UTC, null where unknown.

    Attributes
    ----------
    sources
        Per source: lines, records, lines in no record (`stray`), records with a time, records that no layout reads
        (`unmatched`), messages too long to be read whole (`cut`), values of fields, those that were too many in
        their record or nested too deeply (`fields_cut`), bytes.
    shapes
        Per source and shape: records, lines, records of each level, first and last time and place, HTTP status,
        component of the first record, and its message.
    slots
        Per shape and slot: records that have a value in it, smallest and largest hash of one, how many values are
        numbers, smallest and largest number and where they stand (`place` numbers), and whether (1) or not (0) it takes
        more than MOST_CODES numbers, or one that is not whole. A slot is the place of a parameter
        in the message, counted from 0, or a field, from FIELD_SLOTS on.
    bins
        Per shape, slot and bin of the logarithmic sketch: how many numbers.
    codes
        Per shape, slot and number, of the slots that do not take more: records, first and last time, first and last
        record, as in `values`.
    values
        Per shape and slot, of the values that are no numbers the `most_values` with the smallest hashes: records,
        text, first and last time, first and last record (`place` numbers of lines, and of the offset of the first).
        Fewer are all there are. Of fields, these are `most_field_values`.
    fields
        Per slot of a field: its name (path of names, `a.b`) as in the first line that has it, the unit of its numbers
        ("B", "s", "%" or none), how many values it has, and that line (a `place` number). What of the `fields` of the
        sources is not counted here had names that were dropped.
    series, component_series
        Records per source, shape or component, and bucket of `width` seconds.
    totals
        Records per source, bucket of `total_width` seconds, and level.
    components
        Per source and component: records, errors, first and last place, name.
    leaks
        Per source, shape and kind of secret: records, those in which only the check digits fail, first place, last
        line, first and last time.
    leak_values
        Per shape and kind of secret, of the values with the smallest hashes (keyed, see `redaction.pseudonyms`) at most
        MOST_LEAK_VALUES: how often each occurs. Fewer are all there are.
    rules
        Per source, shape and rule: records that it holds for, first place, last line, first and last time.
    sessions
        Per session (hash of its id) and shape: records, first and last time, first and last record (`place` numbers of
        lines, and of the offset of the last). Kept are sessions whose hash begins with `session_bits` zeros.
    session_ids
        Per session and key under which its id stands: records, and the id. A key is the slot of a field, or a hash of
        how such ids are written; see `loganomaly.scan.ids`.
    session_keys
        Per key: how its ids are written (null for fields, which have names), and the first line that has one.
    behaviours
        Per behavioural rule (its `id`): records that it counts, those of them without a time or without a group, how
        many records or values of a slot are told apart, and the first group and slot that are not kept, if any is
        not.
    behaviour_groups
        Per rule and group (hash of its values): what it is called, and the hash of all its values but the template, for
        which its shape stands (0 where the rule does not group by template).
    behaviour_slots
        Per rule, group and slot of time: records, those that match, and the last of these: time, place, shape.
    behaviour_values
        Per rule, group, slot and record or value, of those that come first: where it is first, shape, and, of slots in
        which all are known, when it was last; see `behaviours.tables`.
    floods
        Stretches of rows that one shape dominates.
    """

    sources: pl.DataFrame = field(default_factory=lambda: blank("sources"))
    shapes: pl.DataFrame = field(default_factory=lambda: blank("shapes"))
    slots: pl.DataFrame = field(default_factory=lambda: blank("slots"))
    bins: pl.DataFrame = field(default_factory=lambda: blank("bins"))
    codes: pl.DataFrame = field(default_factory=lambda: blank("codes"))
    values: pl.DataFrame = field(default_factory=lambda: blank("values"))
    fields: pl.DataFrame = field(default_factory=lambda: blank("fields"))
    series: pl.DataFrame = field(default_factory=lambda: blank("series"))
    components: pl.DataFrame = field(default_factory=lambda: blank("components"))
    component_series: pl.DataFrame = field(default_factory=lambda: blank("component_series"))
    totals: pl.DataFrame = field(default_factory=lambda: blank("totals"))
    leaks: pl.DataFrame = field(default_factory=lambda: blank("leaks"))
    leak_values: pl.DataFrame = field(default_factory=lambda: blank("leak_values"))
    rules: pl.DataFrame = field(default_factory=lambda: blank("rules"))
    sessions: pl.DataFrame = field(default_factory=lambda: blank("sessions"))
    session_ids: pl.DataFrame = field(default_factory=lambda: blank("session_ids"))
    session_keys: pl.DataFrame = field(default_factory=lambda: blank("session_keys"))
    behaviours: pl.DataFrame = field(default_factory=lambda: blank("behaviours"))
    behaviour_groups: pl.DataFrame = field(default_factory=lambda: blank("behaviour_groups"))
    behaviour_slots: pl.DataFrame = field(default_factory=lambda: blank("behaviour_slots"))
    behaviour_values: pl.DataFrame = field(default_factory=lambda: blank("behaviour_values"))
    floods: Floods = field(default_factory=Floods)
    width: int = WIDTHS[0]
    total_width: int = WIDTHS[0]
    most_values: int = MOST_VALUES
    most_field_values: int = MOST_VALUES
    session_bits: int = 0

    @classmethod
    def empty(cls, *, floods: FloodSettings) -> "Profile":
        """Return the profile of no lines."""
        return cls(floods=Floods(settings=floods))

    @classmethod
    def merge(cls, profiles: Iterable["Profile"]) -> "Profile":
        """Return the profile of all lines of `profiles`.

        Raises
        ------
        ValueError
            If there are none, or if they were made with different flood settings.
        """
        parts = list(profiles)
        if not parts:
            raise ValueError("no profiles to merge: expected at least one, Profile.empty will do")
        width, total_width = max(part.width for part in parts), max(part.total_width for part in parts)
        widths = {"totals": ([part.total_width for part in parts], total_width)}
        widths |= dict.fromkeys(("series", "component_series"), ([part.width for part in parts], width))
        floods = Floods.merge([part.floods for part in parts])
        most_values = min(part.most_values for part in parts)
        most_field_values = min(part.most_field_values for part in parts)
        session_bits = max(part.session_bits for part in parts)
        pieces_of = {name: [getattr(part, name) for part in parts] for name in table_schemas()}
        parts.clear()  # so that tables nobody else holds are gone as soon as they are merged
        tables: dict[str, pl.DataFrame] = {}
        for name in table_schemas():
            pieces = pieces_of.pop(name)
            if name in widths:
                narrow, wide = widths[name]
                pieces = [_coarsened(piece, each, wide) for piece, each in zip(pieces, narrow, strict=True)]
            elif name in BEHAVIOURS[1:]:
                pieces = [within_limits(piece, tables[BEHAVIOURS[0]]) for piece in pieces]
            tables[name] = merge_table(name, pieces)
        _bound_codes(tables)
        tables["leak_values"] = _smallest_leaks(tables["leak_values"])
        return _bounded(
            cls(
                **tables,
                floods=floods,
                width=width,
                total_width=total_width,
                most_values=most_values,
                most_field_values=most_field_values,
                session_bits=session_bits,
            )
        )

    @classmethod
    def of_chunk(cls, *, floods: Floods, width: int, total_width: int, **tables: pl.DataFrame) -> "Profile":
        """Return the profile of one chunk, whose tables have one row per key, in any order.

        Merging sorts them, and applies the caps: a chunk is small. The widths are to be those of `widths_for`.
        """
        return cls(**tables, floods=floods, width=width, total_width=total_width)  # type: ignore[arg-type]

    def bounds(self) -> Bounds:
        """Return what need not be told to this profile, as it would be dropped when it is merged."""
        most = pl.when(pl.col("slot") < FIELD_SLOTS).then(self.most_values).otherwise(self.most_field_values)
        full = self.values.group_by("shape", "slot").agg(pl.len(), bound=pl.col("value").max())
        limits = self.behaviours.select("behaviour", "limit_group").drop_nulls()
        return Bounds(
            values=full.filter(pl.col("len") >= most).select("shape", "slot", "bound"), groups=dict(limits.iter_rows())
        )

    def only(self, sources: Iterable[int]) -> "Profile":
        """Return the part of the profile that speaks of these sources; slots, fields, sessions and rules stay whole."""
        wanted = list(sources)
        tables = {name: getattr(self, name).filter(pl.col("source").is_in(wanted)) for name in table_schemas()
                  if "source" in table_schemas()[name]}  # fmt: skip
        return Profile(
            **tables,
            slots=self.slots,
            bins=self.bins,
            codes=self.codes,
            values=self.values,
            fields=self.fields,
            leak_values=self.leak_values,
            sessions=self.sessions,
            session_ids=self.session_ids,
            session_keys=self.session_keys,
            **{name: getattr(self, name) for name in BEHAVIOURS},
            floods=self.floods.only(wanted),
            width=self.width,
            total_width=self.total_width,
            most_values=self.most_values,
            most_field_values=self.most_field_values,
            session_bits=self.session_bits,
        )


def _bounded(profile: Profile) -> Profile:
    """Apply the caps. Each rests on the merged data alone, so the order of merging does not matter."""
    tables = {name: getattr(profile, name) for name in table_schemas()}
    width, total_width = _coarsen(tables, profile.width, profile.total_width)
    for key, most, owners in (
        ("shape", MOST_SHAPES, ("shapes", "slots", "bins", "codes", "values", "series", "rules")),
        ("component", MOST_COMPONENTS, ("components", "component_series")),
    ):
        distinct = tables[owners[0]][key].unique()
        if len(distinct) > most:
            highest = distinct.sort()[most - 1]
            for name in owners:
                tables[name] = tables[name].filter(pl.col(key) <= highest)
    most_values, most_field_values = _bound_slots(tables, profile)
    session_bits = _bound_sessions(tables, profile.session_bits)
    bound_behaviours(tables)
    return Profile(
        **tables,
        floods=profile.floods,
        width=width,
        total_width=total_width,
        most_values=most_values,
        most_field_values=most_field_values,
        session_bits=session_bits,
    )


def _coarsen(tables: dict[str, pl.DataFrame], width: int, total_width: int) -> tuple[int, int]:
    """Count in wider buckets where there are too many; return the widths of those of series and totals."""
    wider, total_wider = widths_for(tables["totals"]["bucket"].to_numpy(), width=width, total_width=total_width)
    if total_wider != total_width:
        tables["totals"] = merge_table("totals", [_coarsened(tables["totals"], total_width, total_wider)])
    if wider != width:
        for name in ("series", "component_series"):
            tables[name] = merge_table(name, [_coarsened(tables[name], width, wider)])
    return wider, total_wider


def _bound_sessions(tables: dict[str, pl.DataFrame], bits: int) -> int:
    """Keep the sessions whose hash begins with so many zero bits, as few as the cap allows; return how many.

    Of a part as much is kept as of the whole, or more, so the order of merging does not matter. For that, sessions keep
    the shapes that are dropped elsewhere.
    """
    names = ("sessions", "session_ids")
    while any(len(tables[name].filter(_begins_with_zeros(bits))) > MOST_SESSION_ROWS for name in names):
        bits += 1
    for name in names:
        tables[name] = tables[name].filter(_begins_with_zeros(bits))
    return bits


def _begins_with_zeros(bits: int) -> pl.Expr:
    return pl.col("session") <= pl.lit((1 << (64 - bits)) - 1, dtype=pl.UInt64)


def _bound_codes(tables: dict[str, pl.DataFrame]) -> None:
    """Drop the numbers of slots that take too many, in any part and so in the whole."""
    slots, codes = tables["slots"], tables["codes"]
    keys = ["shape", "slot"]
    crowded = codes.group_by(keys).len().filter(pl.col("len") > MOST_CODES).select(*keys, crowded=pl.lit(1, pl.Int64))
    if len(crowded):
        many = pl.max_horizontal("many", pl.col("crowded").fill_null(0))
        slots = slots.join(crowded, on=keys, how="left", maintain_order="left").with_columns(many=many).drop("crowded")
    tables["slots"] = slots
    if len(codes):
        tables["codes"] = codes.join(slots.filter(pl.col("many") == 1), on=keys, how="anti", maintain_order="left")


def _smallest_leaks(values: pl.DataFrame) -> pl.DataFrame:
    return values.filter(pl.int_range(pl.len()).over("shape", "kind") < MOST_LEAK_VALUES)


def _bound_slots(tables: dict[str, pl.DataFrame], profile: Profile) -> tuple[int, int]:
    """Apply the caps of fields and values; return how many values are kept of a slot of a message, and of a field.

    Those of fields rest on how many names and shapes there are, which only grows, so the order of merging does not
    matter: what is dropped once is dropped in the end.
    """
    if len(tables["fields"]) > MOST_FIELD_NAMES:
        highest = tables["fields"]["slot"].sort()[MOST_FIELD_NAMES - 1]
        for name in ("fields", "slots", "bins", "codes", "values"):
            tables[name] = tables[name].filter(pl.col("slot") <= highest)
    names = len(tables["fields"])
    if not names:
        tables["values"], most_values = _fewest_hashes(tables["values"], profile.most_values)
        return most_values, MOST_VALUES
    shapes = tables["shapes"]["shape"].unique()
    most_shapes = max(1, MOST_FIELD_SLOTS // names)
    if len(shapes) > most_shapes:
        last = shapes.sort()[most_shapes - 1]
        for name in ("slots", "bins", "codes", "values"):
            tables[name] = tables[name].filter((pl.col("slot") < FIELD_SLOTS) | (pl.col("shape") <= last))
    most = MOST_VALUES
    while most > 1 and names * min(len(shapes), most_shapes) * most > MOST_FIELD_VALUES:
        most //= 2
    of_field = pl.col("slot") >= FIELD_SLOTS
    values, most_values = _fewest_hashes(tables["values"].filter(~of_field), profile.most_values)
    tables["values"] = pl.concat([values, _smallest_hashes(tables["values"].filter(of_field), most)])
    return most_values, most


def _smallest_hashes(values: pl.DataFrame, most: int) -> pl.DataFrame:
    values = values.sort("shape", "slot", "value")
    return values.filter(pl.int_range(pl.len()).over("shape", "slot") < most)


def _fewest_hashes(values: pl.DataFrame, most: int) -> tuple[pl.DataFrame, int]:
    """Return the `most` values of each slot with the smallest hashes, half as many while these are too many rows."""
    if len(values) <= most:
        return values, most
    # To count costs a fraction of sorting, and there is mostly nothing to drop.
    if (
        len(values) <= MOST_VALUE_ROWS
        and not values.group_by("shape", "slot").len().filter(pl.col("len") > most).height
    ):
        return values, most
    values = values.sort("shape", "slot", "value")
    rank = values.select(pl.int_range(pl.len()).over("shape", "slot")).to_series()
    while most and (rank < most).sum() > MOST_VALUE_ROWS:
        most //= 2
    return values.filter(rank < most), most


def _coarsened(table: pl.DataFrame, width: int, wider: int) -> pl.DataFrame:
    if width == wider:
        return table
    return table.with_columns((pl.col("bucket") * width).floordiv(wider))


def widths_for(buckets: NDArray[np.int64], *, width: int = WIDTHS[0], total_width: int = WIDTHS[0]) -> tuple[int, int]:
    """Return the widths of the buckets of series and of totals that records need, given the buckets of the totals.

    Those of series are told by all records with a time: shapes that are kept now may be dropped by a later merge.
    """
    distinct = np.unique(buckets)
    total_wider = _wide_enough(distinct, total_width, MOST_TOTAL_BUCKETS)
    return _wide_enough(distinct, total_width, MOST_BUCKETS, least=max(width, total_wider)), total_wider


def _wide_enough(distinct: NDArray[np.int64], width: int, most: int, *, least: int = 0) -> int:
    """Return the smallest width, not below `width` and `least`, with at most `most` of these buckets occupied."""
    for wider in WIDTHS[WIDTHS.index(max(width, least)) :]:
        if wider == WIDTHS[-1] or np.count_nonzero(np.diff(distinct * width // wider)) < most:
            return wider
    return width
