"""The numbers of slots that take few, all whole (an error or exit code, a port), and how often each occurs. Compiled.

Which slots those are depends on no order: one that takes more numbers than the limit in a part of a log takes more in
the whole.
"""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.scan.counting import count_record
from loganomaly.scan.hashes import scatter

__all__ = ["CODE_COLUMNS", "CODE_TABLE", "count_codes"]

CODE_COLUMNS = 7
"""Slot, number, how many records have it, the first and the last of them, their smallest and largest time."""
CODE_TABLE = 128
"""Places of a table of codes: more than MOST_CODES by so much that they are found at once."""
_LARGEST = 2.0**53
"""Up to here, whole numbers are exact."""


@borrowing
def count_codes(
    slot: Any,
    numbers: Any,
    rows: Any,
    places: Any,
    count: Any,
    times: Any,
    most: Any,
    table: Any,
    found: Any,
    used: Any,
) -> Any:
    """Write the numbers of a slot to rows of `found`, if they are few.

    Parameters
    ----------
    slot
        What is written to their first column.
    numbers, rows, places, count
        The slot's numbers are numbers[places[:count]], of the records rows[places[:count]], in order.
    times
        Time of each record, or NO_TIME.
    most
        Numbers that are few.
    table
        CODE_TABLE places for use in here.
    found : (at least used + count, CODE_COLUMNS)
        What is known of `used` numbers so far.

    Returns
    -------
    int
        How many are known now; -1 where the slot takes more than `most`, or any that is not whole.
    """
    table[:] = -1
    end = used
    for k in range(count):
        number = numbers[places[k]]
        if abs(number) > _LARGEST or number != np.floor(number):
            return -1
        code = np.int64(number)
        at = np.int64(scatter(np.uint64(code)) & np.uint64(CODE_TABLE - 1))
        while table[at] >= 0 and found[table[at], 1] != code:
            at = (at + 1) & (CODE_TABLE - 1)
        entry = table[at]
        if entry < 0:
            if end - used == most:
                return -1
            entry, table[at] = end, end
            found[entry, 0], found[entry, 1], found[entry, 2] = slot, code, 0
            end += 1
        row = rows[places[k]]
        count_record(found, entry, row, times[row])
    return end
