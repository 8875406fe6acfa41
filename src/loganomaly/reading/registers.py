"""Where the results of matching one line stand in `out`, an int64 array of OUT_SIZE, and what it needs on the way."""

from loganomaly.reading.program import Part

__all__ = [
    "ANYTHING",
    "APART",
    "BODY",
    "BY_DIGITS",
    "CHOICES",
    "CHOICE_AT",
    "CHOICE_PC",
    "CHOICE_START",
    "COMPONENT_END",
    "COMPONENT_START",
    "DAY",
    "DIGITS_IN_KEYS",
    "EPOCH",
    "FIELDS",
    "FIELDS_OVER",
    "FIELD_COUNT",
    "FRACTION",
    "HAS_ZONE",
    "HOUR",
    "LEVEL",
    "LEVEL_AT",
    "LISTS",
    "MESSAGE_END",
    "MESSAGE_START",
    "MINUTE",
    "MONTH",
    "MOST_FIELDS",
    "MOST_STEPS",
    "MOST_TAKEN",
    "NO_SUCH_TIME",
    "OFFSET_AT",
    "OFFSET_END",
    "OUT_SIZE",
    "PARTS",
    "PATH",
    "RANKS",
    "SAID",
    "SECOND",
    "SHORT_YEAR",
    "STATUS",
    "TAKEN",
    "TIME",
    "TIMES_KNOWN",
    "TIME_AT",
    "TIME_FORMS",
    "TIME_FORM_SIZE",
    "TRAIL",
    "YEAR",
    "ZONE",
]

TIME, LEVEL, COMPONENT_START, COMPONENT_END, MESSAGE_START, MESSAGE_END, STATUS, APART = range(8)
# APART is 1 where the line is part of no record: the header of a table, a comment in it.

# The rest of `out` is scratch space of one match, so that nothing is allocated per line.
PARTS = 8
"""Where the parts of the timestamp begin: the numbers of a date at PARTS + their Part, -1 where there is none."""
YEAR, SHORT_YEAR, MONTH, DAY = (PARTS + int(part) for part in (Part.YEAR, Part.SHORT_YEAR, Part.MONTH, Part.DAY))
HOUR, MINUTE, SECOND = (PARTS + int(part) for part in (Part.HOUR, Part.MINUTE, Part.SECOND))
FRACTION = PARTS + 9  # microseconds
ZONE, HAS_ZONE = PARTS + 10, PARTS + 11  # seconds east of UTC and 1; where a zone with a name stands in Tables and 2
EPOCH = PARTS + 12  # the whole time, or NO_TIME

CHOICES = 8
"""Fields and groups of one layout that may be tried again."""
CHOICE_PC, CHOICE_AT, CHOICE_START = 24, 24 + CHOICES, 24 + 2 * CHOICES

RANKS = 48
"""Where the ranks of the keys taken so far begin, one for each of 8 roles."""
PATH = 56
"""Where the hashes of the keys that lead to the current JSON object begin, one for each depth."""
BODY = 81
"""Where the object, the pairs or the row of a record that has fields begins, or -1."""
TIME_AT, LEVEL_AT = 82, 83  # where the values begin that time and level were taken from, or -1; with a BODY only
FIELD_COUNT, FIELDS_OVER = 84, 85  # values that were found, up to MOST_FIELDS, and further ones
BY_DIGITS = 86
"""What other digits might have made of the line, which the caller sets to 0: its head is one, but for a time that there
is not; or anything else."""
NO_SUCH_TIME, ANYTHING = 1, 2
OFFSET_AT, OFFSET_END = 87, 88
"""Where a zone with digits was read, which the caller sets to -1: with other digits it may be none, and a line that
does not fit may fit without."""
LISTS = 96
"""For each depth of a JSON object: 1 where it is a list."""
FIELDS = 128
"""Where what was found begins: key (a hash; of a row, the place of the column's name), start and end of each value."""
MOST_FIELDS = 64
"""Values of a record that have a name; further ones are counted only."""
TRAIL = FIELDS + 3 * MOST_FIELDS
"""For each operation of the program, and its end: where it began to read; -1 - where, if its group is left out.

Of longer programs than MOST_STEPS the beginning only.
"""
MOST_STEPS = 96
SAID = TRAIL + MOST_STEPS
"""What the head says in the end: time, level, status, where component and message begin and end."""
TIMES_KNOWN = SAID + 7
"""Where it is kept which programs may read a written time, for some texts; see `loganomaly.reading.written`."""
TIME_FORMS, TIME_FORM_SIZE = 32, 8
TAKEN = TIMES_KNOWN + TIME_FORMS * TIME_FORM_SIZE
"""How many values of keys with a role a body has; then of each the place of the key in the tables, start, end, and
whether it is one of JSON."""
MOST_TAKEN = 24
"""Values whose places are kept; of more only the number."""
DIGITS_IN_KEYS = TAKEN + 1 + 4 * MOST_TAKEN
"""1 where a key of the body has a digit."""
OUT_SIZE = DIGITS_IN_KEYS + 1
