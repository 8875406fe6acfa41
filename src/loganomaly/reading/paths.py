"""The names of fields: the keys that lead to a value of an object, pairs, or a row. Compiled.

What the scan notes down of a field is the hash of its name; the few distinct ones are read here.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import borrowing, njit
from loganomaly.reading.characters import is_blank
from loganomaly.reading.delimited import goes_on_over_lines
from loganomaly.reading.fields import field_kinds
from loganomaly.reading.keyed import DEEPEST, string_end
from loganomaly.reading.matcher import match
from loganomaly.reading.program import LONGEST_NAME, Op, Tables
from loganomaly.reading.records import Records
from loganomaly.reading.registers import BODY, FIELD_COUNT, FIELDS, OUT_SIZE
from loganomaly.reading.rows import LONGEST_ROW, is_odd

__all__ = ["field_name"]

# Plain numbers: compiled code knows no enumerations of integers.
_JSON, _DELIMITED = int(Op.JSON), int(Op.DELIMITED)


@borrowing
def _line_end(data: Any, start: Any, end: Any) -> Any:
    """Return the byte after the content of the line that begins at `start`."""
    stop = start
    while stop < end and data[stop] != 10:
        stop += 1
    return stop - 1 if stop > start and data[stop - 1] == 13 else stop


@njit(nogil=True, cache=True)
def _json_path(data: Any, begin: Any, stop: Any, program: Any, value: Any, t: Tables) -> Any:
    """Return the bounds of the keys, in turn, that lead to the value at `value` in the object in data[begin:stop]."""
    out = np.zeros(OUT_SIZE, np.int64)
    match(data, begin, _line_end(data, begin, stop), program, t, out)
    i = out[BODY]
    bounds = np.full(2 * DEEPEST + 4, -1, np.int64)  # a pair for each depth; of an element of a list, -1
    depth, end = 0, len(data)
    start, last = np.int64(-1), np.int64(-1)
    while i < value:
        byte = data[i]
        if byte == 34:
            close = string_end(data, i, end)
            if close < 0 or i + 1 == value:
                break
            j = close + 1
            while j < end and is_blank(data[j]):
                j += 1
            if j < end and data[j] == 58:
                start, last = i + 1, close
            i = close
        elif byte == 123 or byte == 91:
            depth += 1
            if depth <= DEEPEST:
                bounds[2 * depth], bounds[2 * depth + 1] = start, last
            start = last = np.int64(-1)
        elif byte == 125 or byte == 93:
            depth -= 1
        i += 1
    if depth < 0 or depth > DEEPEST:
        return bounds[:0]
    bounds[2 * depth + 2], bounds[2 * depth + 3] = start, last
    return bounds[: 2 * depth + 4]


@njit(nogil=True, cache=True)
def _pair_path(data: Any, value: Any) -> Any:
    """Return the bounds of the key of the value that begins at `value`: key=value, key="value"."""
    stop = value - 1
    if data[stop] == 34:
        stop -= 1
    start = stop
    while start > 0 and data[start - 1] > 32:
        start -= 1
    return np.array([start, stop])


@borrowing
def _row_end(data: Any, start: Any, end: Any, program: Any, t: Tables, out: Any) -> Any:
    """Return the byte after the row that begins at `start`; a quoted field may go on over lines."""
    first = _line_end(data, start, end)
    if first == end or not goes_on_over_lines(program, t) or not is_odd(data, start, first):
        return first
    stop = first
    for _ in range(LONGEST_ROW):
        begin = stop + (2 if stop < end and data[stop] == 13 else 1)
        if begin >= end:
            break
        stop = _line_end(data, begin, end)
        if is_odd(data, begin, stop):
            return stop if match(data, start, stop, program, t, out) else first
    return first


@njit(nogil=True, cache=True)
def _column_path(data: Any, start: Any, end: Any, program: Any, value: Any, t: Tables) -> Any:
    """Return the bounds, in t, of the name of the column whose cell begins at `value` in the row at `start`."""
    out = np.zeros(OUT_SIZE, np.int64)
    if match(data, start, _row_end(data, start, end, program, t, out), program, t, out):
        for at in range(FIELDS, FIELDS + 3 * out[FIELD_COUNT], 3):
            if out[at + 1] == value:
                return np.array([out[at] + 1, out[at] + 1 + t[out[at]]])
    return np.empty(0, np.int64)


def field_name(data: NDArray[np.uint8], records: Records, tables: Tables, *, row: int, start: int) -> str:
    """Return the name of the field of a record whose value begins at `start`, as far as LONGEST_NAME bytes."""
    program = int(records.program[row])
    source: NDArray[np.uint8] | Tables = data
    kind = field_kinds(tables)[program]
    if kind == _JSON:
        bounds = _json_path(data, records.start[row], records.end[row], program, start, tables)
    elif kind == _DELIMITED:
        bounds = _column_path(data, records.start[row], records.end[row], program, start, tables)
        source = tables
    else:
        bounds = _pair_path(data, start)
    places = zip(bounds[::2].tolist(), bounds[1::2].tolist(), strict=True)
    parts = [bytes(source[first:stop].tolist()) for first, stop in places if first >= 0]
    return b".".join(parts)[:LONGEST_NAME].decode(errors="replace")
