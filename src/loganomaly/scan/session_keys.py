"""Finds out which values in a log are ids of sessions: those that recur, close together, in lines of several kinds."""

import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.reading.program import NO_TIME, Tables
from loganomaly.scan.ids import ALL, IN_FIELDS, IN_HEADS, IN_MESSAGES
from loganomaly.scan.sessions import SessionKeys, Spots
from loganomaly.scan.shapes import read_shapes
from loganomaly.scan.whole import read_whole

__all__ = ["MOST_KEYS", "Sample", "choose_keys", "sample_ids"]

MOST_KEYS = 4
"""Keys whose sessions are counted: those that most records have."""
_FEWEST = 5
"""Values that recur in lines of several kinds."""
_RECURRING = 0.5
"""Share of a key's records whose value recurs in lines of several kinds."""
_CLOSE = 0.4
"""How close together the records of a session are: the usual distance between two of them, as a share of what it would
be if they were spread over the whole sample."""
_SHORT = 0.5
"""Longest usual session, as a share of the sample: what is there all the time (a host, a pooled thread) is none."""
_CLOCK = 0.9
"""Share of values that belong to one time each and share it with no other value: such a value is a time itself."""
_IN_TURN = 0.98
"""Share of values in front of messages that begin after all others have ended: such values are dates or hours."""
_CYCLES = ((60_000_000, 1), (3_600_000_000, 60_000_000), (86_400_000_000, 3_600_000_000))
"""After how long the seconds, minutes and hours of timestamps come again, and how long each lasts, microseconds."""
_LARGEST = 0.4
"""Largest share of a key's records that one value has: what has more is a usual value, not an id."""
_MANY = 8
"""Letters with which the ids of the keys begin from which on they may begin with any."""
_COVERED = 0.002
"""Share of all records that have a value which recurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The first bytes of a source, whole lines; with `bounds`, row i is data[bounds[i]:bounds[i + 1]]."""

    data: NDArray[np.uint8]
    tables: Tables
    bounds: NDArray[np.int64] | None = None


def sample_ids(sample: Sample, *, source: int = 0) -> pl.DataFrame:
    """Return what may be an id in a sample, one row for each record that has one.

    Returns
    -------
    frame
        `source`, `record` (its number in the sample), `key` and `value` (hashes), `shape`, `time` (microseconds since
        the epoch, UTC, or NO_TIME), `begin` (first byte), and `place` (IN_FIELDS, IN_MESSAGES, or IN_HEADS).
    """
    data = sample.data
    records, fields, _, alike, _ = read_whole(data, sample.tables, bounds=sample.bounds)
    hashes, first, _, numbers, starts, _ = read_shapes(
        data, records.message_start, records.message_end, records.status, alike
    )
    spots = Spots.of(first, starts, numbers, fields)
    rows = spots.rows(data, records, SessionKeys(places=ALL))
    record, key = rows[:, 0], rows[:, 1].view(np.uint64)
    return pl.DataFrame(
        {
            "source": np.full(len(rows), source, np.int64),
            "record": record,
            "key": key,
            "value": rows[:, 2].view(np.uint64),
            "shape": hashes[record],
            "time": records.time[record],
            "begin": data[rows[:, 3]],
            "place": np.where(
                key < np.uint64(1 << 63),
                IN_FIELDS,
                np.where(rows[:, 3] < records.message_start[record], IN_HEADS, IN_MESSAGES),
            ),
        }
    )


def choose_keys(ids: pl.DataFrame) -> SessionKeys:
    """Return the keys whose values are sessions, by what `sample_ids` found in the samples of some sources."""
    if not len(ids):
        return SessionKeys()
    sizes = ids.group_by("source").agg(size=pl.col("record").max() + 1)
    record, value = pl.col("record"), ["source", "key", "value"]
    single = ids.unique([*value, "record"], maintain_order=True)
    again = single.filter(pl.len().over(value) >= 2)  # what comes once, as most do, has no gap
    values = (
        single.group_by(value)
        .agg(
            pl.len().alias("count"),
            shapes=pl.col("shape").n_unique(),
            extent=record.max() - record.min(),
            times=pl.col("time").n_unique(),
            first=record.min(),
            last=record.max(),
        )
        .join(again.group_by(value).agg(gap=record.sort().diff().median()), on=value, how="left")
        .join(sizes, on="source")
        .sort("key", "source", "first", "last", "value")
        .with_columns(
            in_turn=(pl.col("first") > pl.col("last").cum_max().shift(1).over("key", "source")).fill_null(value=True)
        )
    )
    recurring = (pl.col("shapes") >= 2) & (pl.col("count") >= 2)
    kept, count, size = pl.col("count").filter(recurring), pl.col("count"), pl.col("size")
    keys = values.group_by("key").agg(
        recurring=recurring.sum(),
        covered=kept.sum(),
        share=kept.sum() / count.sum(),
        close=(pl.col("gap") * count / size).filter(recurring).median(),
        short=(pl.col("extent") / size).filter(recurring).median(),
        values=pl.len(),
        pairs=pl.col("times").sum(),
        largest=count.max() / count.sum(),
        in_turn=pl.col("in_turn").mean(),
    )
    timed = ids.filter(pl.col("time") != NO_TIME)
    times = timed.group_by("key").agg(times=pl.struct("source", "time").n_unique())
    places = ids.group_by("key").agg(pl.col("place").max())
    is_clock = (pl.col("values") >= _CLOCK * pl.col("pairs")) & (pl.col("times") >= _CLOCK * pl.col("pairs"))
    chosen = (
        keys.join(times, on="key", how="left")
        .join(places, on="key")
        .filter(
            pl.col("recurring") >= _FEWEST,
            pl.col("share") >= _RECURRING,
            pl.col("close") <= _CLOSE,
            pl.col("short") <= _SHORT,
            pl.col("largest") <= _LARGEST,
            pl.col("covered") >= _COVERED * int(sizes["size"].sum()),
            ~is_clock.fill_null(value=False),
            (pl.col("place") != IN_HEADS) | (pl.col("in_turn") < _IN_TURN),
        )
        .sort("covered", "key", descending=[True, False])
    )
    in_heads = timed.filter(pl.col("key").is_in(chosen.filter(pl.col("place") == IN_HEADS)["key"].implode()))
    chosen = chosen.filter(~pl.col("key").is_in(_parts_of_a_clock(in_heads).implode())).head(MOST_KEYS)
    tokens = ids.filter(pl.col("key").is_in(chosen["key"].implode()), pl.col("place") != IN_FIELDS)
    return SessionKeys(
        keys=tuple(chosen["key"].sort().to_list()),
        places=int(chosen["place"].unique().sum()),
        begins=_all_like(tokens["begin"].unique().to_list()),
    )


def _all_like(seen: Sequence[int]) -> bytes:
    """Return the bytes with which such ids may begin: with one digit all, and so with hexadecimal or many letters."""
    begins = set(seen)
    if begins & set(b"0123456789"):
        begins |= set(b"0123456789")
        if begins & set(b"abcdefABCDEF"):
            begins |= set(b"abcdefABCDEF")
    if len(begins & set(string.ascii_letters.encode())) > _MANY:
        begins |= set(range(256))
    return bytes(sorted(begins))


def _parts_of_a_clock(ids: pl.DataFrame) -> pl.Series:
    """Return the keys whose values are seconds, minutes or hours of timestamps, which come again with the next cycle.

    Each value then belongs to one part of the cycle and shares it with no other.
    """
    found = [ids["key"].clear()]
    for cycle, unit in _CYCLES:
        parts = ids.with_columns(part=pl.col("time") % cycle // unit)
        values = parts.group_by("key", "source", "value").agg(
            parts=pl.col("part").n_unique(), extent=pl.col("time").max() - pl.col("time").min()
        )
        keys = (
            values.group_by("key")
            .agg(values=pl.len(), pairs=pl.col("parts").sum(), longest=pl.col("extent").max())
            .join(parts.group_by("key").agg(parts=pl.struct("source", "part").n_unique()), on="key")
        )
        one_to_one = (pl.col("values") >= _CLOCK * pl.col("pairs")) & (pl.col("parts") >= _CLOCK * pl.col("pairs"))
        found.append(keys.filter(one_to_one, pl.col("longest") >= _CLOCK * cycle)["key"])
    return pl.concat(found)
