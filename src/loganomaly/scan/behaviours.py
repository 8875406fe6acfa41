"""Counts the records of a chunk by the behavioural rules: by group, slot of time, and value.

A rule without a pattern costs no Python for records; one with a pattern some for each record that matches, and for each
that goes on over several lines.
"""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.behaviours.rule import RATIO, BehaviourRule
from loganomaly.profile_tables import table_schemas
from loganomaly.reading.fields import Fields
from loganomaly.reading.moulds import Moulds
from loganomaly.reading.program import NO_TIME, Level, key_hash
from loganomaly.reading.records import Records
from loganomaly.redaction.names import hide_value, is_telling
from loganomaly.scan.hashes import hash_spans, intern
from loganomaly.scan.mould_memory import Remembered
from loganomaly.scan.named_values import value_texts
from loganomaly.scan.record_texts import Matches, RecordTexts
from loganomaly.scan.slots import Places, nullable
from loganomaly.scan.spans import named_spans

__all__ = ["Behaving", "behaviour_tables"]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaving:
    """The records that rules look at: what was read of them, their shapes, moulds and components, and their source."""

    data: NDArray[np.uint8]
    records: Records
    fields: Fields | None
    shapes: NDArray[np.uint64]
    shape_ids: NDArray[np.int32]
    shape_firsts: NDArray[np.int64]
    moulds: Moulds
    remembered: Remembered
    components: NDArray[np.uint64]
    places: Places
    source: str


@dataclass(frozen=True, slots=True)
class _Values:
    """What one name means in some records: hashes (0 where a record has no such value), and where the texts stand.

    Without `data`, the texts are those of `names`, by hash.
    """

    hashes: NDArray[np.uint64]
    data: NDArray[np.uint8] | None = None
    spans: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    names: Mapping[int, str] = field(default_factory=dict)

    def texts(self, rows: NDArray[np.int64]) -> pl.Series:
        """Return the texts in rows."""
        if self.data is None or self.spans is None:
            return pl.Series([self.names.get(value, "") for value in self.hashes[rows].tolist()], dtype=pl.String)
        return value_texts(self.data, self.spans[0][rows], self.spans[1][rows])


def behaviour_tables(
    behaving: Behaving, rules: Sequence[BehaviourRule], *, limits: Mapping[int, int]
) -> dict[str, pl.DataFrame]:
    """Return the tables of rules; see `loganomaly.profile`. Groups above the limit of their rule are left out."""
    parts: dict[str, list[pl.DataFrame]] = {}
    texts = RecordTexts(
        behaving.data,
        behaving.records,
        behaving.shape_ids,
        behaving.shape_firsts,
        moulds=behaving.moulds,
        remembered=behaving.remembered,
    )
    for rule in rules:
        for name, table in _tables(behaving, texts, rule, limit=limits.get(rule.id)).items():
            parts.setdefault(name, []).append(table)
    return {name: pl.concat(pieces) for name, pieces in parts.items()}


def _tables(
    behaving: Behaving, texts: RecordTexts, rule: BehaviourRule, *, limit: int | None
) -> dict[str, pl.DataFrame]:
    times = behaving.places.times
    found = None if rule.compiled is None else texts.matches(rule.compiled, rule.names, words=rule.words)
    rows = np.arange(len(times)) if found is None or rule.type == RATIO else found.rows
    count, timed = len(rows), times[rows] != NO_TIME
    values = {name: _values(behaving, found, rows, name) for name in rule.names}
    has_all = timed.copy()
    for each in values.values():
        has_all &= each.hashes != 0
    kept = np.flatnonzero(has_all)
    about: dict[str, Sized] = {
        "most": [rule.most],
        "records": [count],
        "untimed": [count - int(timed.sum())],
        "ungrouped": [int(timed.sum()) - len(kept)],
        "limit_group": [None],
        "limit_slot": [None],
    }
    tables = {"behaviours": about}
    if len(kept):
        tables |= _counted(behaving, rule, found, values, rows=rows, kept=kept, limit=limit)
    return {name: _table(name, rule, columns) for name, columns in tables.items()}


def _table(name: str, rule: BehaviourRule, columns: Mapping[str, Sized]) -> pl.DataFrame:
    schema = table_schemas()[name]
    numbered = {**columns, "behaviour": np.full(len(next(iter(columns.values()))), rule.id, np.uint64)}
    return pl.DataFrame({column: numbered[column] for column in schema}, schema=schema)


def _counted(
    behaving: Behaving,
    rule: BehaviourRule,
    found: Matches | None,
    values: Mapping[str, _Values],
    *,
    rows: NDArray[np.int64],
    kept: NDArray[np.int64],
    limit: int | None,
) -> dict[str, dict[str, Sized]]:
    """Return the columns of the tables of the records `rows[kept]`, which are counted, up to a group."""
    times, places = behaving.places.times, behaving.places
    if (np.diff(times[rows[kept]]) < 0).any():
        kept = kept[np.argsort(times[rows[kept]], kind="stable")]  # the first of them are those that come first
    row = rows[kept]
    rest = np.full(len(kept), _ONE)
    by_template = "template" in rule.group_by and (found is None or "template" not in found.spans)
    for name in rule.group_by:
        if not (by_template and name == "template"):
            rest = _mixed(rest, values[name].hashes[kept])
    shape = behaving.shapes[row]
    group = _mixed(rest, shape) if by_template else rest
    if limit is not None:
        below = group <= np.uint64(limit)
        kept, row = kept[below], row[below]
        rest, shape, group = rest[below], shape[below], group[below]
    slot = times[row] // rule.width
    _, distinct, first = intern(group)
    groups = {
        "group": distinct,
        "rest": rest[first],
        "shape": shape[first] if by_template else np.zeros(len(first), np.uint64),
        "text": _called(rule, values, kept[first]),
    }
    keys = _mixed(group, slot.view(np.uint64))
    ids, _, first = intern(keys)
    matches = np.ones(len(row), np.bool_)
    if rule.type == RATIO and found is not None:
        matches = np.isin(row, found.rows)
    last = np.full(len(first), -1, np.int64)
    last[ids[matches]] = np.flatnonzero(matches)  # numpy keeps the last assignment
    none, at = last < 0, row[last]
    slots = {
        "group": group[first],
        "slot": slot[first],
        "records": np.bincount(ids, minlength=len(first)),
        "matched": np.bincount(ids[matches], minlength=len(first)),
        "last_time": nullable(times[at], none),
        "last_place": nullable(places.lines[at], none),
        "last_offset": nullable(places.offsets[at], none),
        "shape": np.where(none, np.uint64(0), behaving.shapes[at]),
    }
    tables: dict[str, dict[str, Sized]] = {"behaviour_groups": groups, "behaviour_slots": slots}
    if rule.type != RATIO:
        value = row.astype(np.uint64) if rule.field is None else values[rule.field].hashes[kept]
        ids, _, first = intern(_mixed(keys, value))
        value = places.lines[row].astype(np.uint64) if rule.field is None else value
        last = np.zeros(len(first), np.int64)
        last[ids] = np.arange(len(ids))
        at = row[first]
        tables["behaviour_values"] = {
            "group": group[first],
            "slot": slot[first],
            "value": value[first],
            "first_time": times[at],
            "first_place": places.lines[at],
            "first_offset": places.offsets[at],
            "last_time": times[row[last]],
            "shape": shape[first],
        }
    return tables


def _values(behaving: Behaving, found: Matches | None, rows: NDArray[np.int64], name: str) -> _Values:
    """Return what a name means in the records `rows`: a group of the pattern, a role, or a named value."""
    if found is not None and name in found.spans:
        starts, ends = found.spans[name]
        return _Values(hash_spans(found.data, np.where(ends > starts, starts, -1), ends), found.data, (starts, ends))
    records = behaving.records
    match name:
        case "component":
            bounds = (records.component_start[rows], records.component_end[rows])
            return _Values(behaving.components[rows], behaving.data, bounds)
        case "level":
            hashes = records.level[rows].astype(np.uint64) + _ONE
            return _Values(hashes, names={level + 1: level.name for level in Level})
        case "source":
            text = np.frombuffer(behaving.source.encode(), np.uint8)
            one = hash_spans(text, np.zeros(1, np.int64), np.full(1, len(text)))
            return _Values(np.repeat(one, len(rows)), names={int(one[0]): behaving.source})
        case "template":
            return _Values(behaving.shapes[rows])
    if behaving.fields is None:
        return _Values(np.zeros(len(rows), np.uint64))
    starts, ends = named_spans(*behaving.fields[:4], key_hash(name, upper=True), rows)
    return _Values(hash_spans(behaving.data, starts, ends), behaving.data, (starts, ends))


def _called(rule: BehaviourRule, values: Mapping[str, _Values], rows: NDArray[np.int64]) -> pl.Series:
    """Return what the groups of records are called: their values, unless their name says that these are secret."""
    columns = [_shown(name, values[name].texts(rows)) for name in rule.group_by]
    if len(columns) == 1:
        return columns[0]
    joined = [", ".join(part for part in parts if part) for parts in zip(*columns, strict=True)] or [""] * len(rows)
    return pl.Series(joined, dtype=pl.String)


def _shown(name: str, texts: pl.Series) -> pl.Series:
    if not is_telling(name):
        return texts
    return pl.Series([hide_value(name, text) if text else text for text in texts], dtype=pl.String)


def _mixed(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a hash of each pair of hashes."""
    with np.errstate(over="ignore"):
        mixed: NDArray[np.uint64] = (one * _MIX) ^ (other + (one >> np.uint64(7)))
    return mixed
