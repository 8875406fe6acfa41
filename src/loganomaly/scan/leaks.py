"""Secrets and personal data in the records of a chunk: which kinds, where, how often, and how many different ones."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.profile_tables import MOST_LEAK_VALUES, table_schemas
from loganomaly.reading.program import NO_TIME
from loganomaly.redaction.kinds import Kind, default_kinds
from loganomaly.redaction.pseudonyms import Pseudonymizer
from loganomaly.redaction.secrets import disjoint, search
from loganomaly.redaction.views import MOST_VIEWS
from loganomaly.scan.anchors import AnchorTables, anchor_tables
from loganomaly.scan.candidates import Picked, candidates
from loganomaly.scan.forms import have_escapes
from loganomaly.scan.named_secrets import NamedSecret
from loganomaly.scan.texts import Texts
from loganomaly.scan.unescape import unescape

__all__ = ["LeakSearch", "Leaking", "leak_tables"]


@dataclass(frozen=True, kw_only=True)
class LeakSearch:
    """What is searched for in every record, and the key that makes of a value its pseudonym."""

    kinds: tuple[Kind, ...] = field(default_factory=default_kinds)
    pseudonyms: Pseudonymizer = field(default_factory=Pseudonymizer)

    @cached_property
    def tables(self) -> AnchorTables:
        """What compiled code looks for."""
        return anchor_tables(self.kinds)

    @cached_property
    def ranks(self) -> dict[str, int]:
        """The places of the kinds, by name."""
        return {kind.name: rank for rank, kind in enumerate(self.kinds)}

    def picked(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        *,
        anchored: Picked | None = None,
        whole: bool = False,
    ) -> Iterator[tuple[int, list[Kind]]]:
        """Yield the rows data[starts[i]:ends[i]] that may hold something, in order, and kinds of what, in order.

        Parameters
        ----------
        anchored
            The rows with an anchor and the places of their kinds, where they are known.
        whole
            Whether nothing goes on in the next row: rows in which a pattern is not found are left out then.
        """
        pairs = candidates(data, starts, ends, self.tables) if anchored is None else anchored
        if whole:
            found = self._confirmed(data, starts, ends, pairs)
        else:
            found = set(zip(*(each.tolist() for each in pairs), strict=True))
        own = [(number, kind) for number, kind in enumerate(self.kinds) if not kind.anchored]
        for rows, texts in _views(data, starts, ends) if own else ():
            found.update((row, number) for number, kind in own for row in _having(kind, rows, texts))
        for row, places in groupby(sorted(found), key=itemgetter(0)):
            yield row, [self.kinds[number] for _, number in places]

    def _confirmed(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], pairs: Picked
    ) -> set[tuple[int, int]]:
        """Return the pairs of row and kind where its pattern is found, or might be with escapes undone."""
        rows, owners = pairs
        anchored = np.unique(rows)
        escaped = np.zeros(len(starts), np.bool_)
        escaped[anchored] = unescape(data, starts[anchored], ends[anchored], plus=True)[3]
        open_to = escaped[rows]
        found = set(zip(rows[open_to].tolist(), owners[open_to].tolist(), strict=True))
        for number in np.unique(owners[~open_to]).tolist():
            plain = rows[(owners == number) & ~open_to]
            texts = Texts.copied(data, starts[plain], ends[plain])
            found.update((row, number) for row in _having(self.kinds[number], plain, texts))
        return found

    def spans(self, text: bytes, kinds: list[Kind]) -> tuple[list[tuple[Kind, int, int]], list[Kind]]:
        """Return the leaks in a text, disjoint and by place, and the kinds whose check digits fail in it."""
        spans = list(search(text, lambda _: kinds))
        held = [span for span in spans if span.holds]
        holding = {span.kind.name for span in held}
        failed = {span.kind.name: span.kind for span in spans if span.kind.check_digits}
        return disjoint(held, self.ranks), [kind for name, kind in failed.items() if name not in holding]


def _views(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], Texts]]:
    """Yield rows and their texts: as they stand, and those with escapes with these undone, once and again.

    See `loganomaly.redaction.views`.
    """
    rows = np.arange(len(starts))
    yield rows, Texts.of(data, starts, ends)
    rows = np.flatnonzero(have_escapes(data, starts, ends))
    starts, ends = starts[rows], ends[rows]
    for level in range(MOST_VIEWS):
        data, starts, ends, changed = unescape(data, starts, ends, plus=level == 0)
        rows, starts, ends = rows[changed], starts[changed], ends[changed]
        if not len(rows):
            return
        yield rows, Texts.copied(data, starts, ends)


def _having(kind: Kind, rows: NDArray[np.int64], texts: Texts) -> list[int]:
    """Return the rows in whose texts the pattern of a kind is found, and maybe some more of several lines."""
    search, alone = kind.on_rows
    found: list[int] = rows[texts.having(search, alone=alone)[0]].tolist()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaking:
    """The records that are searched: where each stands, and the shape, place and time that are told of it."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    shapes: NDArray[np.uint64]
    times: NDArray[np.int64]
    lines: NDArray[np.int64]
    offsets: NDArray[np.int64]


def leak_tables(
    records: Leaking,
    search: LeakSearch,
    *,
    source: int,
    named: Iterable[NamedSecret] = (),
    anchored: Picked | None = None,
) -> dict[str, pl.DataFrame]:
    """Return the tables `leaks` and `leak_values` of a profile; see `loganomaly.profile`.

    `named` are values that the name of a column tells to be secret. `anchored` are the records with an anchor and the
    places of their kinds, where they are known.
    """
    found = defaultdict[tuple[int, str], list[int]](list)
    failed: Counter[tuple[int, str]] = Counter()
    values: Counter[tuple[int, str, int]] = Counter()
    for row, kinds in search.picked(records.data, records.starts, records.ends, anchored=anchored, whole=True):
        text = records.data[records.starts[row] : records.ends[row]].tobytes()
        shape = int(records.shapes[row])
        spans, wrong = search.spans(text, kinds)
        for name in dict.fromkeys(kind.name for kind, _, _ in spans):
            found[shape, name].append(row)
        for each in wrong:
            failed[shape, each.name] += 1
        for each, start, end in spans:
            values[shape, each.name, search.pseudonyms.number(each.name, text[start:end])] += 1
    wanted = {kind.name for kind in search.kinds}
    for row, kind, start, end in named:
        shape = int(records.shapes[row])
        if kind in wanted:
            found[shape, kind].append(row)
            number = search.pseudonyms.number(kind, records.data[start:end].tobytes())
            values[shape, kind, number] += 1
    keys = sorted({*found, *failed})
    rows = [np.array(sorted(set(found[key])), np.int64) for key in keys]
    times = [records.times[each][records.times[each] != NO_TIME] for each in rows]
    leaks = {
        "source": [source] * len(keys),
        "shape": [shape for shape, _ in keys],
        "kind": [kind for _, kind in keys],
        "count": [len(each) for each in rows],
        "failed": [failed[key] for key in keys],
        "first_line": [int(records.lines[each[0]]) if len(each) else None for each in rows],
        "first_offset": [int(records.offsets[each[0]]) if len(each) else None for each in rows],
        "last_line": [int(records.lines[each[-1]]) if len(each) else None for each in rows],
        "first_time": [int(each.min()) if len(each) else None for each in times],
        "last_time": [int(each.max()) if len(each) else None for each in times],
    }
    return {"leaks": _table("leaks", leaks), "leak_values": _smallest(values)}


def _smallest(values: Counter[tuple[int, str, int]]) -> pl.DataFrame:
    per_kind = defaultdict[tuple[int, str], list[int]](list)
    for shape, kind, value in sorted(values):
        if len(per_kind[shape, kind]) < MOST_LEAK_VALUES:
            per_kind[shape, kind].append(value)
    rows = [(shape, kind, value) for (shape, kind), kept in per_kind.items() for value in kept]
    columns = {
        "shape": [shape for shape, _, _ in rows],
        "kind": [kind for _, kind, _ in rows],
        "value": [value for _, _, value in rows],
        "count": [values[row] for row in rows],
    }
    return _table("leak_values", columns)


def _table(name: str, columns: Mapping[str, object]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema=table_schemas()[name])
