"""Scans one chunk of a source: bytes in, Profile out."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.floods import Floods, Rows
from loganomaly.profile import LEVEL_COLUMNS, Bounds, Profile
from loganomaly.profile_caps import widths_for
from loganomaly.reading.program import NO_TIME, Level, Tables
from loganomaly.reading.records import UNMATCHED, Records
from loganomaly.scan.behaviours import Behaving, behaviour_tables
from loganomaly.scan.candidates import Picked
from loganomaly.scan.counting import count_pairs, ranges
from loganomaly.scan.fields import FieldTables, scan_fields
from loganomaly.scan.hashes import hash_spans, intern
from loganomaly.scan.leaks import Leaking, leak_tables
from loganomaly.scan.named_secrets import has_columns, named_secrets
from loganomaly.scan.room import Room
from loganomaly.scan.rules import Messages, rule_table
from loganomaly.scan.search import Search
from loganomaly.scan.sessions import Spots, session_tables
from loganomaly.scan.shapes import read_shapes
from loganomaly.scan.slots import Layout, Places, nullable, slot_tables
from loganomaly.scan.survey import Occurrences
from loganomaly.scan.values import token_texts
from loganomaly.scan.whole import read_whole

__all__ = ["Chunk", "Scanned", "scan"]

_SECOND = 1_000_000
_LONGEST_SAMPLE = 4096  # bytes of a message that are kept as the sample of its shape
_NAME = 120  # bytes of a component's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Consecutive lines of one source: their bytes (uint8), first line and offset counted from 0; the source's name.

    With `bounds`, record i is data[bounds[i]:bounds[i + 1]], as in a column of a frame, and counts as one line.
    """

    source: int
    data: NDArray[np.uint8]
    first_line: int = 0
    offset: int = 0
    bounds: NDArray[np.int64] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What `scan` found in a chunk, record by record."""

    records: Records
    shape: NDArray[np.uint64]
    profile: Profile


def scan(
    chunk: Chunk,
    tables: Tables,
    *,
    search: Search,
    times: NDArray[np.int64] | None = None,
    bounds: Bounds | None = None,
) -> Scanned:
    """Scan a chunk that begins and ends with whole records.

    Parameters
    ----------
    search
        What is looked for.
    times
        Microseconds since the epoch, UTC, or NO_TIME; one per record, in the place of those in the text.
    bounds
        What lies above is left out: those of a profile that this one is merged with.
    """
    with search.rooms.one() as room:
        return _scanned(chunk, tables, search, room, times=times, bounds=bounds or Bounds())


def _scanned(
    chunk: Chunk, tables: Tables, search: Search, room: Room, *, times: NDArray[np.int64] | None, bounds: Bounds
) -> Scanned:
    """Scan a chunk in some room, of which nothing may be part of what is returned."""
    sessions, leaks, behaviours, rules = search.sessions, search.leaks, search.behaviours, search.rules
    data = chunk.data
    records, given, lines, alike, moulds = read_whole(data, tables, bounds=chunk.bounds)
    if times is not None:
        records = records._replace(time=times)
    found = read_shapes(data, records.message_start, records.message_end, records.status, alike, room=room)
    hashes, first_slot, starts = found.hashes, found.first, found.places
    ids, shapes, first = intern(hashes)
    component_hashes = hash_spans(data, records.component_start, records.component_end)
    component_ids, components, component_first = intern(component_hashes)
    has_component = components[component_ids] != 0 if len(components) else np.zeros(0, bool)
    component_ids = np.where(has_component, component_ids, -1).astype(np.int32)
    view = _View(chunk, records, ids, shapes, first, component_ids, components, component_first)
    slot_table, bins, codes, values = view.slots(
        Occurrences(first_slot, found.values, found.numbers), starts, bounds.values
    )
    fields = None
    if given is not None:
        fields = scan_fields(data, records, given, hashes, tables, places=view.places(), bounds=bounds.values)
        slot_table, bins = pl.concat([slot_table, fields.slots]), pl.concat([bins, fields.bins])
        codes, values = pl.concat([codes, fields.codes]), pl.concat([values, fields.values])
    named = [] if given is None or not has_columns(tables) else list(named_secrets(data, records, given, tables))
    by_session: dict[str, pl.DataFrame] = {}
    if sessions.keys:
        spots = Spots.of(first_slot, starts, found.numbers, given)
        by_session = session_tables(
            data, records, hashes, components=component_hashes, spots=spots, keys=sessions, places=view.places()
        )
    remembered = search.memory.of(data, records.start, records.end, moulds)
    by_rule: dict[str, pl.DataFrame] = {}
    if behaviours and len(records.line):
        by_rule = behaviour_tables(
            Behaving(
                data=data,
                records=records,
                fields=given,
                shapes=hashes,
                shape_ids=ids,
                shape_firsts=first,
                moulds=moulds,
                remembered=remembered,
                components=component_hashes,
                places=view.places(),
                source=chunk.name or f"source {chunk.source}",
            ),
            behaviours,
            limits=bounds.groups,
        )
    searched = view.leaking(hashes)
    held: dict[str, pl.DataFrame] = {}
    anchored: Picked | None = None
    if rules is not None:
        of_kinds, of_rules = rules.picked(searched, moulds)
        if leaks is not None and rules.beside == leaks.kinds:
            anchored = of_kinds
        messages = Messages(starts=records.message_start, ends=records.message_end, first_slot=first_slot, slots=starts)
        held["rules"] = rule_table(
            searched, messages, moulds, rules, anchored=of_rules, source=chunk.source, remembered=remembered
        )
    seconds = count_pairs(np.zeros(len(ids), np.int32), records.time, _SECOND)[1]
    width, total_width = widths_for(seconds)
    profile = Profile.of_chunk(
        width=width,
        total_width=total_width,
        sources=view.sources(lines=lines, cut=found.cut, fields=fields),
        shapes=view.shapes(component_hashes),
        slots=slot_table,
        bins=bins,
        codes=codes,
        values=values,
        **({} if fields is None else {"fields": fields.fields}),
        series=view.series(ids, shapes, "shape", width=width),
        components=view.components(),
        component_series=view.series(component_ids, components, "component", width=width),
        totals=view.totals(total_width),
        **({} if leaks is None else leak_tables(searched, leaks, source=chunk.source, named=named, anchored=anchored)),
        **held,
        **by_session,
        **by_rule,
        floods=Floods.of_chunk(
            Rows(
                hashes,
                records.line + chunk.first_line,
                records.start + chunk.offset,
                records.time,
                np.zeros(len(ids), bool),
            ),
            ids=ids,
            source=chunk.source,
            first_line=chunk.first_line,
            end_line=chunk.first_line + lines,
            settings=search.floods,
        ),
    )
    return Scanned(records, hashes, profile)


@dataclass(frozen=True, slots=True)
class _View:
    """The records of a chunk and what they were numbered to, from which the profile's tables are made."""

    chunk: Chunk
    records: Records
    ids: NDArray[np.int32]
    shape_of: NDArray[np.uint64]
    first: NDArray[np.int64]
    component_ids: NDArray[np.int32]
    component_of: NDArray[np.uint64]
    component_first: NDArray[np.int64]

    def text(self, start: int, end: int, most: int) -> bytes:
        return self.chunk.data[start : min(end, start + most)].tobytes()

    def table(self, rows: int, columns: dict[str, object]) -> pl.DataFrame:
        return pl.DataFrame({"source": np.full(rows, self.chunk.source, np.int64), **columns})

    def sources(self, *, lines: int, cut: int, fields: FieldTables | None) -> pl.DataFrame:
        r = self.records
        return pl.DataFrame(
            {
                "source": [self.chunk.source],
                "lines": [lines],
                "records": [len(r.line)],
                "stray": [lines - int(r.lines.sum())],
                "timed": [int((r.time != NO_TIME).sum())],
                "unmatched": [int((r.program == UNMATCHED).sum())],
                "cut": [cut],
                "fields": [0 if fields is None else fields.count],
                "fields_cut": [0 if fields is None else fields.left_out],
                "bytes": [len(self.chunk.data)],
            }
        )

    def shapes(self, component_hashes: NDArray[np.uint64]) -> pl.DataFrame:
        r, first, count = self.records, self.first, len(self.first)
        levels = np.bincount(self.ids.astype(np.int64) * 8 + r.level, minlength=count * 8).reshape(count, 8)
        last = np.zeros(count, np.int64)
        last[self.ids] = np.arange(len(self.ids))  # numpy keeps the last assignment
        low, high = ranges(self.ids, r.time, count)
        lines = np.bincount(self.ids, weights=r.lines, minlength=count).astype(np.int64)
        ends = zip(r.message_start[first].tolist(), r.message_end[first].tolist(), strict=True)
        return self.table(
            count,
            {
                "shape": self.shape_of,
                "records": levels.sum(axis=1),
                "lines": lines,
                **{name: levels[:, i] for i, name in enumerate(LEVEL_COLUMNS)},
                "first_time": nullable(low, high == NO_TIME),
                "last_time": nullable(high, high == NO_TIME),
                "first_line": r.line[first] + self.chunk.first_line,
                "first_offset": r.start[first] + self.chunk.offset,
                "last_line": r.line[last] + self.chunk.first_line,
                "last_offset": r.start[last] + self.chunk.offset,
                "status": r.status[first].astype(np.int64),
                "component": component_hashes[first],
                "sample": pl.Series([self.text(s, e, _LONGEST_SAMPLE) for s, e in ends], dtype=pl.Binary),
            },
        )

    def places(self) -> Places:
        chunk = self.chunk
        return Places.of(
            self.records.line,
            self.records.start,
            times=self.records.time,
            source=chunk.source,
            first_line=chunk.first_line,
            offset=chunk.offset,
        )

    def slots(self, given: Occurrences, starts: NDArray[np.int64], bounds: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
        """Return the tables of slots, their sketches, codes and values; `starts` is where each begins."""
        r = self.records
        layout = Layout.of(given.first, kinds=self.ids, count=len(self.first))
        found = slot_tables(
            given,
            layout,
            kinds=self.ids,
            shape=self.shape_of[layout.kind],
            slot=layout.position,
            places=self.places(),
            bounds=bounds,
        )
        texts = token_texts(
            self.chunk.data, starts[found.entry], r.message_start[found.record], r.message_end[found.record]
        )
        return found.slots, found.bins, found.codes, found.values.hstack([texts.alias("text")])

    def series(self, ids: NDArray[np.int32], owners: NDArray[np.uint64], name: str, *, width: int) -> pl.DataFrame:
        rows, buckets, counts = count_pairs(ids, self.records.time, width * _SECOND)
        return self.table(len(rows), {name: owners[rows], "bucket": buckets, "count": counts})

    def totals(self, width: int) -> pl.DataFrame:
        levels, buckets, counts = count_pairs(self.records.level.astype(np.int32), self.records.time, width * _SECOND)
        return self.table(len(levels), {"bucket": buckets, "level": levels, "count": counts})

    def components(self) -> pl.DataFrame:
        r = self.records
        keep = np.flatnonzero(self.component_of != 0)
        rows = self.component_first[keep]
        known = self.component_ids >= 0
        ids = self.component_ids[known]
        counts = np.bincount(ids, minlength=len(self.component_of))
        errors = np.bincount(ids[r.level[known] >= Level.ERROR], minlength=len(self.component_of))
        last = np.zeros(len(self.component_of), np.int64)
        last[ids] = np.flatnonzero(known)
        last = last[keep]
        ends = zip(r.component_start[rows].tolist(), r.component_end[rows].tolist(), strict=True)
        return self.table(
            len(keep),
            {
                "component": self.component_of[keep],
                "records": counts[keep],
                "errors": errors[keep],
                "first_line": r.line[rows] + self.chunk.first_line,
                "first_offset": r.start[rows] + self.chunk.offset,
                "last_line": r.line[last] + self.chunk.first_line,
                "last_offset": r.start[last] + self.chunk.offset,
                "name": pl.Series([self.text(s, e, _NAME) for s, e in ends], dtype=pl.Binary),
            },
        )

    def leaking(self, hashes: NDArray[np.uint64]) -> Leaking:
        r = self.records
        return Leaking(
            data=self.chunk.data,
            starts=r.start,
            ends=r.end,
            shapes=hashes,
            times=r.time,
            lines=r.line + self.chunk.first_line,
            offsets=r.start + self.chunk.offset,
        )
