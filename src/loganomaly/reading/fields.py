"""The fields of records that name their values: JSON objects, logfmt pairs, rows of delimited text. Compiled.

A field is a value that became neither time, severity, component nor message. Nested objects give paths (`http.status`),
in which case does not matter; of a list, the first element counts, under the name of the list. A record whose message
is all of it has no fields: what varies in it is a parameter of the message. Cells that are empty, or `-`, are none, and
so are those of columns without a name and of columns of times.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.hashes import FNV_OFFSET, upper_step
from loganomaly.reading.program import At, Op, Tables
from loganomaly.reading.registers import (
    BODY,
    COMPONENT_END,
    COMPONENT_START,
    FIELD_COUNT,
    FIELDS,
    FIELDS_OVER,
    LEVEL_AT,
    MESSAGE_END,
    MESSAGE_START,
    MOST_FIELDS,
    TIME_AT,
)

__all__ = [
    "Fields",
    "allocate_fields",
    "cut_fields",
    "field_kinds",
    "has_fields",
    "has_room_for_fields",
    "keep_fields",
    "with_room_for_fields",
]

# Plain numbers: compiled code knows no enumerations of integers.
_PROGRAMS, _STARTS, _OPS = int(At.PROGRAMS), int(At.STARTS), int(At.OPS)
_JSON, _LOGFMT, _DELIMITED = int(Op.JSON), int(Op.LOGFMT), int(Op.DELIMITED)
_ROOM = 1 << 14


class Fields(NamedTuple):
    """The fields of many records, in order of appearance."""

    first: NDArray[np.int64]  # each record's first in the following arrays, and the end; empty where has_fields says no
    keys: NDArray[np.int64]  # hash of the path of names
    starts: NDArray[np.int64]  # the value, without quotes: first byte
    ends: NDArray[np.int64]  # and the byte after the last
    left_out: int  # values that were too many in their record, or nested too deeply


@njit(nogil=True, cache=True)
def field_kinds(t: Tables) -> Any:
    """Return the operation of each program that reads named values, or -1."""
    kinds = np.full(t[_PROGRAMS], -1, np.int64)
    for program in range(t[_PROGRAMS]):
        for pc in range(t[t[_STARTS] + program], t[t[_STARTS] + program + 1]):
            op = t[t[_OPS] + 4 * pc]
            if op == _JSON or op == _LOGFMT or op == _DELIMITED:
                kinds[program] = op
                break
    return kinds


@borrowing
def _any(kinds: Any) -> Any:
    for kind in kinds:
        if kind >= 0:
            return True
    return False


@njit(nogil=True, cache=True)
def has_fields(t: Tables) -> Any:
    """Return whether any program reads named values."""
    return _any(field_kinds(t))


@njit(nogil=True, cache=True)
def allocate_fields(size: Any, kinds: Any) -> Any:
    """Return room for the fields of so many records: the first of each record, and what is kept of them.

    That is how many were left out, then three numbers for each: one array, as tuples of them are slow to pass on. Both
    are empty where there can be no fields.
    """
    if not _any(kinds):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first, kept = np.empty(size + 2, np.int64), np.empty(1 + 3 * _ROOM, np.int64)
    first[0] = kept[0] = 0
    return first, kept


@borrowing
def has_room_for_fields(first: Any, kept: Any, row: Any) -> Any:
    """Whether `kept` has room for the fields of record `row`."""
    return len(first) == 0 or 1 + 3 * (first[row] + MOST_FIELDS) <= len(kept)


@njit(nogil=True, cache=True)
def with_room_for_fields(first: Any, kept: Any, row: Any) -> Any:
    """Return `kept` with room for the fields of record `row`.

    It grows by need: for an array of the largest size, the system takes longer to hand out the pages than reading does.
    """
    if has_room_for_fields(first, kept, row):
        return kept
    larger = np.empty(1 + 2 * (len(kept) - 1), np.int64)
    larger[: len(kept)] = kept
    return larger


@borrowing
def keep_fields(first: Any, kept: Any, row: Any, program: Any, kinds: Any, t: Tables, out: Any) -> None:
    """Keep the fields of record `row`, which `out` says of it; rows come in order."""
    n = first[row]
    if program >= 0 and out[BODY] >= 0 and not (kinds[program] != _DELIMITED and out[MESSAGE_START] == out[BODY]):
        kept[0] += out[FIELDS_OVER]
        time_at, level_at = out[TIME_AT], out[LEVEL_AT]
        component, component_end = out[COMPONENT_START], out[COMPONENT_END]
        message, message_end = out[MESSAGE_START], out[MESSAGE_END]
        is_row = kinds[program] == _DELIMITED
        for at in range(FIELDS, FIELDS + 3 * out[FIELD_COUNT], 3):
            key, start, end = out[at], out[at + 1], out[at + 2]
            if start <= time_at < end or start <= level_at < end:
                continue
            if start <= component_end and end >= component:
                continue
            if start <= message_end and end >= message and not (is_row and message == message_end):
                continue
            place = 1 + 3 * n
            kept[place] = _hash_of_name(key, t) if is_row else key
            kept[place + 1], kept[place + 2] = start, end
            n += 1
    first[row + 1] = n


@borrowing
def _hash_of_name(name: Any, t: Tables) -> Any:
    """Return the hash of the name that stands at t[name], behind its length."""
    value = FNV_OFFSET
    for k in range(name + 1, name + 1 + t[name]):
        value = upper_step(value, np.uint8(t[k]))
    return np.int64(value)


@njit(nogil=True, cache=True)
def cut_fields(first: Any, kept: Any, rows: Any) -> Any:
    """Return what was kept of the fields of so many records, as `Fields`."""
    if len(first) == 0:
        return first, kept, kept, kept, np.int64(0)
    end = 1 + 3 * first[rows]
    return first[: rows + 1].copy(), kept[1:end:3].copy(), kept[2:end:3].copy(), kept[3 : end + 1 : 3].copy(), kept[0]
