"""What JSON objects or logfmt of one mould have in common, so that only values whose keys have a role are read anew.

What is no digit tells where keys and values stand, and a key without a digit is the same in all. What a value means is
asked of it as it stands: digits may decide that.
"""

from typing import Any

from loganomaly.kernels import borrowing
from loganomaly.reading.keyed import clear_roles, finish_body, take_slot
from loganomaly.reading.program import Tables
from loganomaly.reading.registers import (
    DIGITS_IN_KEYS,
    FIELD_COUNT,
    FIELDS,
    FIELDS_OVER,
    MOST_FIELDS,
    MOST_TAKEN,
    TAKEN,
)

__all__ = ["LARGEST_BODY", "keep_body", "replay_body"]

# A body as it is kept: what is fixed, then each value that was taken, then each field; places from the first byte on.
_END, _IN_JSON, _TAKEN_COUNT, _FIELD_COUNT, _OVER = range(5)
_FIXED = 5
LARGEST_BODY = _FIXED + 4 * MOST_TAKEN + 3 * MOST_FIELDS
"""Numbers that a body takes at most."""


@borrowing
def keep_body(bodies: Any, at: Any, begin: Any, end: Any, in_json: Any, out: Any) -> Any:
    """Write to bodies[at:] where the values of the body stand that was just read; return the place behind it, or -1.

    With a digit in a key, or too many values, nothing of it holds for others that differ in digits.
    """
    if out[DIGITS_IN_KEYS] == 1 or out[TAKEN] > MOST_TAKEN:
        return -1
    taken, fields = out[TAKEN], out[FIELD_COUNT]
    bodies[at + _END], bodies[at + _IN_JSON], bodies[at + _OVER] = end - begin, in_json, out[FIELDS_OVER]
    bodies[at + _TAKEN_COUNT], bodies[at + _FIELD_COUNT] = taken, fields
    place = at + _FIXED
    for k in range(TAKEN + 1, TAKEN + 1 + 4 * taken, 4):
        bodies[place], bodies[place + 3] = out[k], out[k + 3]
        bodies[place + 1], bodies[place + 2] = out[k + 1] - begin, out[k + 2] - begin
        place += 4
    for k in range(FIELDS, FIELDS + 3 * fields, 3):
        bodies[place], bodies[place + 1], bodies[place + 2] = out[k], out[k + 1] - begin, out[k + 2] - begin
        place += 3
    return place


@borrowing
def replay_body(bodies: Any, at: Any, data: Any, begin: Any, t: Tables, out: Any) -> None:
    """Read a body that begins at `begin` and differs in digits from the one at bodies[at:], as if it were read anew."""
    clear_roles(out)
    place = at + _FIXED
    for _ in range(bodies[at + _TAKEN_COUNT]):
        start, end = begin + bodies[place + 1], begin + bodies[place + 2]
        take_slot(data, start, end, bodies[place], bodies[place + 3] == 1, t, out)
        place += 4
    for k in range(FIELDS, FIELDS + 3 * bodies[at + _FIELD_COUNT], 3):
        out[k], out[k + 1], out[k + 2] = bodies[place], begin + bodies[place + 1], begin + bodies[place + 2]
        place += 3
    out[FIELD_COUNT], out[FIELDS_OVER] = bodies[at + _FIELD_COUNT], bodies[at + _OVER]
    finish_body(begin, begin + bodies[at + _END], bodies[at + _IN_JSON] == 1, out)
