"""The Profile: everything later stages need of the lines that were read, small and mergeable.

Merging is associative and commutative and `Profile.empty` is its neutral element, so the result does not depend on
chunk size, worker count or order. A place in a source is a line number counted from 0, and the byte offset of that
line in the decompressed text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from loganomaly.behaviours.tables import NAMES as BEHAVIOURS
from loganomaly.behaviours.tables import within_limits
from loganomaly.floods import Floods, FloodSettings
from loganomaly.profile_caps import MOST_VALUES, WIDTHS, Kept, apply_caps, coarsened
from loganomaly.profile_tables import FIELD_SLOTS, LEVEL_COLUMNS, blank, merge_table, place, table_schemas, unplace

__all__ = [
    "LEVEL_COLUMNS",
    "Bounds",
    "Profile",
    "merge_table",
    "place",
    "unplace",
]

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
        widest = Kept(
            width=max(part.width for part in parts),
            total_width=max(part.total_width for part in parts),
            most_values=min(part.most_values for part in parts),
            most_field_values=min(part.most_field_values for part in parts),
            session_bits=max(part.session_bits for part in parts),
        )
        widths = {"totals": ([part.total_width for part in parts], widest.total_width)}
        widths |= dict.fromkeys(("series", "component_series"), ([part.width for part in parts], widest.width))
        floods = Floods.merge([part.floods for part in parts])
        pieces_of = {name: [getattr(part, name) for part in parts] for name in table_schemas()}
        parts.clear()  # so that tables nobody else holds are gone as soon as they are merged
        tables: dict[str, pl.DataFrame] = {}
        for name in table_schemas():
            pieces = pieces_of.pop(name)
            if name in widths:
                narrow, wide = widths[name]
                pieces = [coarsened(piece, each, wide) for piece, each in zip(pieces, narrow, strict=True)]
            elif name in BEHAVIOURS[1:]:
                pieces = [within_limits(piece, tables[BEHAVIOURS[0]]) for piece in pieces]
            tables[name] = merge_table(name, pieces)
        kept = apply_caps(tables, widest)
        return cls(
            **tables,
            floods=floods,
            width=kept.width,
            total_width=kept.total_width,
            most_values=kept.most_values,
            most_field_values=kept.most_field_values,
            session_bits=kept.session_bits,
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
        return replace(self, **tables, floods=self.floods.only(wanted))
