"""The records of some bytes, which begin and end with whole records."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.fields import Fields, has_fields
from loganomaly.reading.moulds import Moulds, moulds_of, moulds_of_records
from loganomaly.reading.program import Tables
from loganomaly.reading.records import Records, read_all, read_all_heads
from loganomaly.scan.shapes import Alike

__all__ = ["Whole", "read_whole"]


class Whole(NamedTuple):
    """Records, the moulds of their first lines and of them all, the fields that they name (None where none can), lines.

    Of a frame's rows the moulds are those of whole records only.
    """

    records: Records
    fields: Fields | None
    lines: int
    alike: Alike
    moulds: Moulds


def read_whole(data: NDArray[np.uint8], tables: Tables, *, bounds: NDArray[np.int64] | None) -> Whole:
    """Return the records of `data`; with `bounds`, record i is data[bounds[i]:bounds[i + 1]] and counts as one line."""
    if bounds is None:
        columns, count, lines, named, of_lines = read_all(data, tables)
        records = Records(*(column[:count] for column in columns))
        of_heads = of_lines[records.line]
        moulds = moulds_of_records(data, records.start, records.end, records.lines, of_heads)
    else:
        columns, named = read_all_heads(data, bounds, tables)
        records = Records(*columns)
        lines = len(records.line)
        moulds = moulds_of(data, records.start, records.end)
        of_heads = moulds.ids
    alike = Alike(records.start, of_heads, int(of_heads.max(initial=-1)) + 1)
    return Whole(records, Fields(*named) if has_fields(tables) else None, lines, alike, moulds)
