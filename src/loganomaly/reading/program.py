"""The compiled form of line layouts: what the layout compiler writes and the line matcher runs.

A *program* is a list of operations that reads the head of one line from left to right. All programs that a source
may need are laid out in one array (`Tables`), because compiled code takes arrays, not objects.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "KEYS_SIZE",
    "LONGEST_NAME",
    "NO_TIME",
    "WORDS_SIZE",
    "ZONES_SIZE",
    "At",
    "Level",
    "Op",
    "Option",
    "Part",
    "Role",
    "Scale",
    "Tables",
    "Text",
    "key_hash",
]

Tables = NDArray[np.int64]
"""All programs of a source and the words they need, laid out as `At` says."""

NO_TIME = np.iinfo(np.int64).min
"""Stands for "this record has no timestamp" where times are int64 microseconds since the epoch, UTC."""


LONGEST_NAME = 120
"""Bytes of the name of a field that are kept."""


class Op(IntEnum):
    """One operation of a program; its operands are three integers."""

    LITERAL = 0  # (pool offset, length)
    BLANKS = 1  # one blank or more; (1,): perhaps behind a comma
    FIELD = 2  # (role, stop set, text)
    LEVEL = 3  # a severity word; (1,) single letters, (2,) signs, (3,) severities of CEF, (4,) levels of Windows
    OPTIONAL = 4  # (operation to go on with if the group does not match,)
    NUMBER = 5  # (fewest digits, most digits, part)
    FRACTION = 6  # digits of a second
    MONTH = 7  # Jan, January
    WEEKDAY = 8  # letters, not checked
    ZONE = 9  # Z, +01:00, -0800, UTC, CEST, GMT+2, [UTC]; IANA names that the tables hold
    EPOCH = 10  # seconds, or milli-, micro- or nanoseconds by magnitude; TAI64N
    MESSAGE = 11  # the rest of the line
    BEGIN = 12  # the message begins here, and the rest of the line is checked on
    END = 13  # the message ends here
    TRAILER = 14  # (message) (component), at the end of the line
    JSON = 15  # an object up to the end of the line
    LOGFMT = 16  # key=value pairs up to the end of the line
    MERIDIEM = 17  # AM, PM, perhaps behind blanks
    PRIORITY = 18  # syslog priority: severity is its lowest three bits
    DELIMITED = 19  # (delimiter, columns, options); HEADER, COLUMN for each and the operations of their times follow
    HEADER = 20  # (bytes of the names, their hash, columns that hold the time): such a row names the columns
    COLUMN = 21  # (role, rank, pool offset of the name), or for a time (role, first and last + 1 of its operations)
    BREAK = 22  # white space, line breaks included


class Part(IntEnum):
    """What a number means."""

    SKIP = 0
    YEAR = 1
    SHORT_YEAR = 2
    MONTH = 3
    DAY = 4
    HOUR = 5
    MINUTE = 6
    SECOND = 7
    STATUS = 8


class Role(IntEnum):
    """What a field, or the value of a key, means."""

    SKIP = 0
    COMPONENT = 1
    TIME = 2
    LEVEL = 3
    MESSAGE = 4
    STATUS = 5
    PRIORITY = 6
    SCALE = 7


SECRET_COLUMN = -1
"""In the place of the role of a column without one, if its name tells that its values are secret or personal."""


class Scale(IntEnum):
    """What a key of a JSON object says besides its value: what small numbers mean as levels, or that it is a spare."""

    NONE = 0
    NEXTCLOUD = 1
    SYSLOG = 2
    OPENTELEMETRY = 3  # the value itself is the level
    JSON_ONLY = 4


class Text(IntEnum):
    """Which bytes a field may hold."""

    WORD = 0  # no blanks
    ANY = 1
    NAME = 2  # letters, digits, . _ $ -


class Option(IntEnum):
    """How rows of delimited text are written; options are added up."""

    COMMENTS = 1  # a line that begins with # is no row
    NO_QUOTES = 2  # a quotation mark is a byte like any other
    EXACT = 4  # a row has as many cells as there are columns


class Level(IntEnum):
    """Severity, in rising order; 0 where the line does not say."""

    UNKNOWN = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    NOTICE = 4
    WARNING = 5
    ERROR = 6
    CRITICAL = 7


class At(IntEnum):
    """Where the sections of the tables begin.

    The tables are one int64 array: compiled code passes one array from function to function at no cost, a tuple of
    arrays costs more than matching a line. Hash tables use open addressing with linear probing: first the hashes, then
    the values.
    """

    PROGRAMS = 0  # how many programs read whole lines
    TIMES = 1  # how many programs, after those, read a bare timestamp (values of JSON and logfmt keys)
    LOOSE = 2  # 1 where a line that fits no program may still begin a record
    CALENDAR = 3  # first month * 100 + day, its year, day (since the epoch) of dateless times, zone in seconds
    STARTS = 7  # where the sections of variable size begin: first operation of each program,
    OPS = 8  # operations, four numbers each,
    STOPS = 9  # stop sets, 256 numbers each: 1 where a byte ends the field,
    POOL = 10  # bytes of the literals, and of columns' names behind their number,
    CHANGES = 11  # how often the offset changes where it is not written; from which local second; to what offset
    NAMES = 12  # how many zones are known by IANA name; hash of each, offset in 1970, where its changes begin
    WHOLES = 13  # for each program that reads whole lines: the program that reads its records of many lines, or -1
    GO_ON = (
        14  # for each program that reads whole lines: 1 where they belong to the record before them, 2 where frames do
    )
    ROWS = 15  # 1 where a quoted field of delimited text may hold line breaks
    OPENINGS = 16  # for each program that reads whole lines: 256 bits, 1 for the bytes with which such a line may begin
    WORDS = 17  # 256 hashes of severity words, 256 times their Level
    ZONES = 529  # 64 hashes of zone names, 64 times seconds east of UTC
    KEYS = 657  # 512 hashes of key paths, 512 times their Role + 16 * Scale, 512 times their rank: lower wins
    END = 2193  # the sections of variable size follow


WORDS_SIZE, ZONES_SIZE, KEYS_SIZE = 256, 64, 512


def key_hash(text: str, *, upper: bool = False) -> int:
    """Return the 64-bit FNV-1a hash of `text` as the matcher computes it: a signed number.

    With `upper`, the letters of ASCII count as capitals.
    """
    value = 14695981039346656037
    for byte in text.encode().upper() if upper else text.encode():
        value = ((value ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >= 1 << 63 else value
