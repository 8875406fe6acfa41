"""The texts of the records of a chunk, one a line, in which the patterns of rules are searched for all at once."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from loganomaly.behaviours.patterns import Pattern, compiled
from loganomaly.mining.tokens import LONGEST_MESSAGE
from loganomaly.reading.moulds import Moulds
from loganomaly.reading.records import Records
from loganomaly.scan.joining import join_rows
from loganomaly.scan.mould_memory import UNKNOWN, Remembered

__all__ = ["Matches", "RecordTexts"]

Spans = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Matches:
    """The records that match, in order, and where in `data` what some groups hold begins and ends."""

    rows: NDArray[np.int64]
    data: NDArray[np.uint8]
    spans: dict[str, Spans]


@dataclass(frozen=True, slots=True)
class _Joined:
    data: NDArray[np.uint8]
    text: bytes
    first: NDArray[np.int64]
    broken: NDArray[np.bool_]

    @classmethod
    def of(cls, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> "_Joined":
        joined, first, broken = join_rows(data, starts, ends)
        return cls(joined, joined.tobytes(), first, broken)


class RecordTexts:
    """The texts of records; what patterns have in common is done once."""

    def __init__(
        self,
        data: NDArray[np.uint8],
        records: Records,
        shape_ids: NDArray[np.int32],
        shape_firsts: NDArray[np.int64],
        moulds: Moulds,
        remembered: Remembered,
    ) -> None:
        self._data, self._records, self._shape_ids, self._firsts = data, records, shape_ids, shape_firsts
        self._moulds, self._remembered = moulds, remembered

    def _joined(self, rows: NDArray[np.int64]) -> _Joined:
        return _Joined.of(self._data, self._records.start[rows], self._records.end[rows])

    @cached_property
    def _all(self) -> _Joined:
        return self._joined(np.arange(len(self._records.start)))

    @cached_property
    def _messages(self) -> _Joined:
        """The messages of the first record of each shape, as far as the shape tells of them."""
        starts = self._records.message_start[self._firsts]
        return _Joined.of(
            self._data, starts, np.minimum(self._records.message_end[self._firsts], starts + LONGEST_MESSAGE)
        )

    def matches(self, pattern: Pattern, names: Sequence[str], *, words: str | None) -> Matches:
        """Return the records that match a pattern, and what the groups with these names hold.

        Parameters
        ----------
        words
            A pattern that the messages of these records have, whatever their values.
        """
        wanted = {name: pattern.groups[name] for name in names if name in pattern.groups}
        among = None
        if words is not None:
            has_words = np.zeros(len(self._firsts), np.bool_)
            has_words[_found(self._messages, compiled(words), {})[0]] = True
            among = np.flatnonzero(has_words[self._shape_ids])
        if not pattern.digits:
            return self._by_mould(pattern, wanted, np.arange(len(self._records.start)) if among is None else among)
        joined = self._all if among is None else self._joined(among)
        rows, spans = _found(joined, pattern, wanted)
        return Matches(rows if among is None else among[rows], joined.data, spans)

    def _by_mould(self, pattern: Pattern, wanted: dict[str, int], among: NDArray[np.int64]) -> Matches:
        """Return the matches of a pattern that tells no digit from another: in one record of each mould."""
        moulds, key = self._moulds.among(among), (pattern.on_record.search, tuple(wanted))
        # Of each mould whether it matches, and where groups begin and end, counted from the first byte; or -1.
        told = np.full((len(self._moulds.first), 1 + 2 * len(wanted)), -1, np.int64)
        told[moulds] = self._remembered.of(key, moulds, width=told.shape[1])
        new = moulds[told[moulds, 0] == UNKNOWN]
        if len(new):
            told[new] = -1
            joined = self._joined(self._moulds.first[new])
            found, spans = _found(joined, pattern, wanted)
            told[new[found], 0] = 1
            for n, place in enumerate(place for begin_end in spans.values() for place in begin_end):
                told[new[found], 1 + n] = np.where(place < 0, -1, place - joined.first[found])
            self._remembered.keep(key, new, told[new])
        rows = among[told[self._moulds.ids[among], 0] == 1]
        places = told[self._moulds.ids[rows], 1:]
        places = np.where(places < 0, -1, self._records.start[rows][:, None] + places)
        spans = {name: (places[:, 2 * n].copy(), places[:, 2 * n + 1].copy()) for n, name in enumerate(wanted)}
        return Matches(rows, self._data, spans)


def _found(joined: _Joined, pattern: Pattern, wanted: dict[str, int]) -> tuple[NDArray[np.int64], dict[str, Spans]]:
    """Return the rows that match, in order, and the spans of the wanted groups in them."""
    rows, spans = _on_lines(joined, pattern, wanted)
    broken = np.flatnonzero(joined.broken)
    if len(broken):
        is_whole = ~joined.broken[rows]
        more, more_spans = _on_records(joined, broken, pattern, wanted)
        rows, spans = np.concatenate([rows[is_whole], more]), np.concatenate([spans[is_whole], more_spans])
        order = np.argsort(rows)
        rows, spans = rows[order], spans[order]
    return rows, {name: (spans[:, 2 * n].copy(), spans[:, 2 * n + 1].copy()) for n, name in enumerate(wanted)}


def _on_lines(joined: _Joined, pattern: Pattern, wanted: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows with a line that matches, and the spans of groups in the first one."""
    search, text, groups = pattern.on_lines.search, joined.text, tuple(wanted.values())
    first = joined.first.tolist()
    row, rows, spans = 0, [], []
    last = len(first) - 1
    while row < last and (match := search(text, first[row])) is not None:
        row = bisect_right(first, match.start(), row) - 1
        if row >= last:
            break
        rows.append(row)
        spans.append([place for group in groups for place in match.span(group)])
        row += 1
    return np.array(rows, np.int64), np.array(spans, np.int64).reshape(len(rows), 2 * len(groups))


def _on_records(
    joined: _Joined, broken: NDArray[np.int64], pattern: Pattern, wanted: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows among those of several lines that match as a whole, and the spans of groups."""
    search, groups = pattern.on_record.search, tuple(wanted.values())
    rows, spans = [], []
    for row in broken.tolist():
        begin, end = int(joined.first[row]), int(joined.first[row + 1]) - 1
        match = search(joined.text[begin:end])
        if match is not None:
            rows.append(row)
            places = [place for group in groups for place in match.span(group)]
            spans.append([begin + place if place >= 0 else -1 for place in places])
    return np.array(rows, np.int64), np.array(spans, np.int64).reshape(len(rows), 2 * len(groups))
