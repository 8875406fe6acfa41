"""The records of some bytes, which begin and end with whole records."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.fields import Fields, has_fields
from loganomaly.reading.program import Tables
from loganomaly.reading.records import Records, read_all, read_all_heads

__all__ = ["Whole", "read_whole"]


class Whole(NamedTuple):
    """Records, the fields that they name (None where none can), and how many lines there are."""

    records: Records
    fields: Fields | None
    lines: int


def read_whole(data: NDArray[np.uint8], tables: Tables, *, bounds: NDArray[np.int64] | None) -> Whole:
    """Return the records of `data`; with `bounds`, record i is data[bounds[i]:bounds[i + 1]] and counts as one line."""
    if bounds is None:
        columns, count, lines, named = read_all(data, tables)
        records = Records(*(column[:count] for column in columns))
    else:
        columns, named = read_all_heads(data, bounds, tables)
        records = Records(*columns)
        lines = len(records.line)
    return Whole(records, Fields(*named) if has_fields(tables) else None, lines)
