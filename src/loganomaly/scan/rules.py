"""Rules in the records of a chunk: which hold, where, and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.merging import number_rows
from loganomaly.mining.tokens import LONGEST_MESSAGE, MOST_SLOTS, token_end
from loganomaly.profile_tables import table_schemas
from loganomaly.reading.moulds import Moulds
from loganomaly.reading.program import NO_TIME
from loganomaly.redaction.kinds import Kind
from loganomaly.rules.expression import AllOf, AnyOf, Expression, Not, Pattern
from loganomaly.rules.load import default_rules
from loganomaly.rules.rule import Rule
from loganomaly.scan.anchors import AnchorTables, anchor_tables
from loganomaly.scan.candidates import Picked, candidates
from loganomaly.scan.counting import ranges
from loganomaly.scan.leaks import Leaking
from loganomaly.scan.mould_memory import UNKNOWN, Remembered
from loganomaly.scan.slots import nullable
from loganomaly.scan.texts import Texts

__all__ = ["Messages", "RuleSearch", "rule_table"]

_TRIED = 200  # rows that match are found one by one; of more, those are told by their shape that can be
_WORTH = 4  # records of a shape from which on trying that pays
_DENSE = 4  # rows per row that matches, below which rows are searched one at a time
_WORD = np.zeros(256, np.uint8)
_WORD[[*range(48, 58), *range(65, 91), 95, *range(97, 123)]] = 1
_WORD[10] = 2  # what ^, $ and \b tell apart


@dataclass(frozen=True, kw_only=True)
class RuleSearch:
    """The rules that are searched for in every record.

    `beside` are kinds of secrets that are searched for as well: what compiled code looks for is looked for together.
    """

    rules: tuple[Rule, ...] = field(default_factory=default_rules)
    beside: tuple[Kind, ...] = ()

    @cached_property
    def tables(self) -> AnchorTables:
        """What compiled code looks for: the kinds come first."""
        return anchor_tables((*self.beside, *self.rules))

    def picked(self, records: Leaking, moulds: Moulds) -> tuple[Picked, Picked]:
        """Return the records with an anchor of a kind and the places of the kinds; the same of the rules."""
        rows, owners = candidates(records.data, records.starts, records.ends, self.tables, moulds=moulds)
        of_kinds = owners < len(self.beside)
        return (rows[of_kinds], owners[of_kinds]), (rows[~of_kinds], owners[~of_kinds] - len(self.beside))


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Where the messages of the records stand, and which of their tokens are slots: see `loganomaly.scan.shapes`."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first_slot: NDArray[np.int64]
    slots: NDArray[np.int64]


def rule_table(
    records: Leaking,
    messages: Messages,
    moulds: Moulds,
    search: RuleSearch,
    *,
    anchored: Picked,
    source: int,
    remembered: Remembered,
) -> pl.DataFrame:
    """Return the table `rules` of a profile; see `loganomaly.profile`."""
    rows, owners = anchored
    small = np.uint16 if len(search.rules) <= np.iinfo(np.uint16).max else np.int64  # of which numpy sorts by digits
    order = np.argsort(owners.astype(small), kind="stable")
    rows, owners = rows[order], owners[order]
    matcher = _Matcher(records, messages, moulds, remembered)
    parts = []
    for number, rule in enumerate(search.rules):
        if rule.anchors:
            low, high = np.searchsorted(owners, [number, number + 1])
            if low == high:
                continue
            held = matcher.rows(rule.expression, rows[low:high])
        else:
            held = matcher.rows(rule.expression, matcher.all)
        if len(held):
            parts.append((rule.name, held))
    return _counted(records, parts, source=source)


class _Matcher:
    """Tells for which records expressions hold: always exactly, each pattern for many records at once."""

    def __init__(self, records: Leaking, messages: Messages, moulds: Moulds, remembered: Remembered) -> None:
        self.records, self.messages, self.moulds, self.remembered = records, messages, moulds, remembered
        self.all = np.arange(len(records.starts))

    @cached_property
    def texts(self) -> Texts:
        return Texts.of(self.records.data, self.records.starts, self.records.ends)

    def around(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return what sort of byte stands before and behind the message of each of these records."""
        data, starts, ends = self.records.data, self.messages.starts[rows], self.messages.ends[rows]
        first, behind = starts <= self.records.starts[rows], ends >= self.records.ends[rows]
        before = np.where(first, 2, _WORD[data[np.maximum(starts - 1, 0)]])
        after = np.where(behind, 2, _WORD[data[np.minimum(ends, len(data) - 1)]])
        return before.astype(np.uint8), after.astype(np.uint8)

    def _only(self, rows: NDArray[np.int64]) -> Texts:
        return Texts.copied(self.records.data, self.records.starts[rows], self.records.ends[rows])

    def rows(self, expression: Expression, among: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which of these records an expression holds for, in order."""
        match expression:
            case Pattern():
                return self._matching(expression, among)
            case AllOf():
                return reduce(lambda left, part: self.rows(part, left), expression.parts, among)
            case AnyOf():
                found = among[:0]
                for part in expression.parts:
                    left = np.setdiff1d(among, found, assume_unique=True)
                    found = np.union1d(found, self.rows(part, left))
                return found
            case Not():
                return np.setdiff1d(among, self.rows(expression.part, among), assume_unique=True)

    def _matching(self, pattern: Pattern, among: NDArray[np.int64]) -> NDArray[np.int64]:
        if not pattern.digits:
            return self._by_mould(pattern, pattern.search, among)
        if pattern.loose is not None:
            among = self._by_mould(pattern, pattern.loose, among)
        return self._searched(pattern, pattern.search, among)

    def _by_mould(self, pattern: Pattern, search: Any, among: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the records that a search finds which tells no digits: in one of each mould."""
        moulds = self.moulds.among(among)
        held = np.zeros(len(self.moulds.first), np.bool_)
        known = self.remembered.of(search, moulds)[:, 0]
        held[moulds[known == 1]] = True
        new = moulds[known == UNKNOWN]
        if len(new):
            models = np.sort(self.moulds.first[new])
            held[self.moulds.ids[self._searched(pattern, search, models)]] = True
            self.remembered.keep(search, new, held[new, None])
        return among[held[self.moulds.ids[among]]]

    def _searched(self, pattern: Pattern, search: Any, among: NDArray[np.int64]) -> NDArray[np.int64]:
        if not len(among):
            return among
        texts = self.texts if len(among) == len(self.all) else self._only(among)
        found, done = texts.having(search, alone=pattern.alone, most=_TRIED)
        left = among[done:]
        if not len(left):
            return among[found]
        # Many match: where that is for words which all records of a shape share, the others need not be tried.
        told = np.zeros(len(left), bool) if pattern.alone else self._told_by_shape(search, left)
        rest = left[~told]
        # Where most rows match, one after the other costs less than searching for the next that does.
        more, _ = self._only(rest).having(search, alone=pattern.alone or done < _DENSE * len(found))
        return np.sort(np.concatenate([among[found], left[told], rest[more]]))

    def _told_by_shape(self, search: Any, among: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which records match for what is written alike in all records of their shape."""
        before, after = self.around(among)
        _, first, kind, counts = np.unique(
            self.records.shapes[among], return_index=True, return_inverse=True, return_counts=True
        )
        model = among[first]  # the record that speaks for its shape
        sure, at_start, at_end = (np.zeros(len(model), bool) for _ in range(3))
        for number in np.flatnonzero(counts >= _WORTH).tolist():
            touching = self._fixed_match(search, int(model[number]))
            if touching is not None:
                sure[number], (at_start[number], at_end[number]) = True, touching
        # Where it touches an end of the message, what stands behind that may matter.
        same_before = before == before[first][kind]
        same_after = after == after[first][kind]
        told: NDArray[np.bool_] = sure[kind] & (same_before | ~at_start[kind]) & (same_after | ~at_end[kind])
        return told

    def _fixed_match(self, search: Any, row: int) -> tuple[bool, bool] | None:
        """Return whether the match touches the beginning and the end of the message; None if it is not of words alone.

        Words are all that is no slot. What stands right beside a match may decide about it, so that is to be none.
        """
        data, messages = self.records.data, self.messages
        start, end = int(messages.starts[row]), int(messages.ends[row])
        slots = messages.slots[messages.first_slot[row] : messages.first_slot[row + 1]].tolist()
        if len(slots) >= MOST_SLOTS or end - start > LONGEST_MESSAGE:
            return None  # there may be more slots
        offset = int(self.records.starts[row])
        match = search(data[offset : self.records.ends[row]].tobytes(), start - offset)
        if match is None or match.end() > end - offset:
            return None
        low, high = match.start() + offset - 1, match.end() + offset + 1
        for slot in slots:
            if slot < high and int(token_end(data, slot, start, end)[0]) > low:
                return None
        return low < start, high > end


def _counted(records: Leaking, parts: Sequence[tuple[str, NDArray[np.int64]]], *, source: int) -> pl.DataFrame:
    schema: Mapping[str, pl.DataType] = table_schemas()["rules"]
    if not parts:
        return pl.DataFrame(schema=schema)
    rows = np.concatenate([held for _, held in parts])
    names = np.repeat(np.arange(len(parts)), [len(held) for _, held in parts])
    ids, first = number_rows(np.stack([records.shapes[rows], names.astype(np.uint64)], axis=1))
    last = np.zeros(len(first), np.int64)
    last[ids] = np.arange(len(ids))  # numpy keeps the last assignment
    low, high = ranges(ids, records.times[rows], len(first))
    return pl.DataFrame(
        {
            "source": np.full(len(first), source),
            "shape": records.shapes[rows[first]],
            "rule": [parts[name][0] for name in names[first].tolist()],
            "count": np.bincount(ids),
            "first_line": records.lines[rows[first]],
            "first_offset": records.offsets[rows[first]],
            "last_line": records.lines[rows[last]],
            "first_time": nullable(low, low == NO_TIME),
            "last_time": nullable(high, high == NO_TIME),
        },
        schema=schema,
    )
