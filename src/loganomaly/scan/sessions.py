"""The sessions of a chunk: records that share the id of a request, a block, a process ..., counted by shape."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.reading.fields import Fields
from loganomaly.reading.program import NO_TIME
from loganomaly.reading.records import Records
from loganomaly.scan.counting import ranges
from loganomaly.scan.fields import slots_of
from loganomaly.scan.hashes import intern
from loganomaly.scan.ids import find_ids, key_name
from loganomaly.scan.slots import Places, nullable

__all__ = ["SessionKeys", "Spots", "session_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKeys:
    """The keys whose values are sessions; see `loganomaly.scan.ids`.

    `places` says where they stand, `begins` with which bytes those of tokens begin (all of them where it is empty).
    """

    keys: tuple[int, ...] = ()
    places: int = 0
    begins: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spots:
    """Where ids may stand in the records of a chunk: as `find_ids` takes them."""

    slots: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
    fields: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

    @classmethod
    def of(
        cls,
        first: NDArray[np.int64],
        starts: NDArray[np.int64],
        numbers: NDArray[np.float64],
        fields: Fields | None,
    ) -> "Spots":
        """Return the spots of records, of slots as `read_shapes` found them and of fields, if there are any."""
        none = np.zeros(0, np.int64)
        named = (none, none, none, none)
        if fields is not None:
            named = (fields.first, slots_of(fields.keys), fields.starts, fields.ends)
        return cls(slots=(first, starts, numbers), fields=named)

    def rows(self, data: NDArray[np.uint8], records: Records, keys: SessionKeys) -> NDArray[np.int64]:
        """Return the ids in records, as `find_ids` does."""
        wanted = np.array(keys.keys, np.uint64)
        begins = np.full(256, 0 if keys.begins else 1, np.uint8)
        begins[list(keys.begins)] = 1
        messages, data_at = (records.message_start, records.message_end), (data, records.start)
        found: NDArray[np.int64] = find_ids(*data_at, messages, self.slots, self.fields, wanted, begins, keys.places)
        return found


def session_tables(
    data: NDArray[np.uint8],
    records: Records,
    hashes: NDArray[np.uint64],
    *,
    components: NDArray[np.uint64],
    spots: Spots,
    keys: SessionKeys,
    places: Places,
) -> dict[str, pl.DataFrame]:
    """Return the profile's tables of the sessions of records whose shapes and components have these hashes.

    Numbers of processes are used again, by other programs: `sshd[812]` and `cron[812]` are two sessions.
    """
    rows = spots.rows(data, records, keys)
    if not len(rows):
        return {}
    record, key, value = rows[:, 0], rows[:, 1].view(np.uint64), rows[:, 2].view(np.uint64)
    of_component = records.component_end[record] == rows[:, 3] - 1
    value = np.where(of_component, _mixed(value, components[record]), value)
    # An id that stands twice in a record, under two keys, is one.
    again = np.zeros(len(rows), bool)
    again[1:] = (record[1:] == record[:-1]) & (value[1:] == value[:-1])
    once = ~again
    row, session, shape = record[once], value[once], hashes[record[once]]
    pairs, _, first = intern(_mixed(session, shape))
    last = np.zeros(len(first), np.int64)
    last[pairs] = np.arange(len(pairs))  # numpy keeps the last assignment
    low, high = ranges(pairs, records.time[row], len(first))
    begin, end = row[first], row[last]
    sessions = pl.DataFrame(
        {
            "session": session[first],
            "shape": shape[first],
            "records": np.bincount(pairs, minlength=len(first)),
            "first_time": nullable(low, high == NO_TIME),
            "last_time": nullable(high, high == NO_TIME),
            "first_place": places.lines[begin],
            "last_place": places.lines[end],
            "last_offset": places.offsets[end],
        }
    )
    ids, _, shown = intern(_mixed(value, key))
    texts = [data[a:b].tobytes() for a, b in rows[shown, 3:].tolist()]
    names = pl.DataFrame(
        {
            "session": value[shown],
            "key": key[shown],
            "records": np.bincount(ids, minlength=len(shown)),
            "text": pl.Series([text.decode(errors="replace") for text in texts], dtype=pl.String),
        }
    )
    _, distinct, seen = intern(key)
    written = pl.DataFrame(
        {
            "key": distinct,
            "name": pl.Series(
                [key_name(data, *rows[k, 3:].tolist()) if rows[k, 1] < 0 else None for k in seen.tolist()],
                dtype=pl.String,
            ),
            "place": places.lines[record[seen]],
        }
    )
    return {"sessions": sessions, "session_ids": names, "session_keys": written}


def _mixed(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a hash of each pair of hashes."""
    with np.errstate(over="ignore"):
        mixed: NDArray[np.uint64] = (one * np.uint64(0x9E3779B97F4A7C15)) ^ (other + (one >> np.uint64(7)))
    return mixed
