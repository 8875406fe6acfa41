"""Time zones in which timestamps without a zone are read: a name or an offset to a table of offsets."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from loganomaly.errors import ConfigError

__all__ = ["Zone", "find_zone"]

_OFFSET = re.compile(r"([+-])(\d\d)(?::?(\d\d))?")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = 86_400
_DAYS = (dt.date(2201, 1, 1) - dt.date(1970, 1, 1)).days  # timestamps are of 1970 to 2200
_MOST_HOURS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone: `name` as given, and its offsets in seconds east of UTC.

    `offset` holds in the beginning of 1970, and from each local time in `changes` (seconds since 1970 on the clock on
    the wall) the offset beside it. An hour that occurs twice, when clocks are put back, is the first of the two; one
    that is left out is read as if clocks had not been put forward yet. So does :mod:`datetime` with ``fold=0``.
    """

    name: str
    offset: int
    changes: tuple[tuple[int, int], ...]
    rules: dt.tzinfo


@cache
def find_zone(name: str) -> Zone:
    """Return the zone of an IANA name with its daylight-saving rules, or of a fixed offset.

    Raises
    ------
    ConfigError
        If there is no such zone.

    Examples
    --------
    >>> find_zone("+05:30").offset
    19800
    >>> find_zone("Europe/Berlin").offset
    3600
    """
    rules = _rules(name)
    changes = tuple(_changes(rules)) if isinstance(rules, zoneinfo.ZoneInfo) else ()
    return Zone(name=name, offset=_offset(rules, 0), changes=changes, rules=rules)


def _rules(name: str) -> dt.tzinfo:
    if name in {"UTC", "Z"}:
        return dt.UTC
    if fixed := _OFFSET.fullmatch(name):
        sign, hours, minutes = fixed.groups(default="00")
        if int(hours) <= _MOST_HOURS and int(minutes) < 60:
            return dt.timezone((-1 if sign == "-" else 1) * dt.timedelta(hours=int(hours), minutes=int(minutes)))
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError) as error:  # OSError: the name of a folder
        known = sorted(zoneinfo.available_timezones())
        if not known:
            msg = f"time zone {name!r} cannot be looked up: no time zone data is installed; install the package tzdata"
            raise ConfigError(msg) from error
        # Abbreviations are alike and mean different things: CEST is no misspelt EST.
        last = {zone.rpartition("/")[2].lower(): zone for zone in known if "/" in zone}
        wanted = name.replace(" ", "_").lower()
        near = [last[word] for word in get_close_matches(wanted.rpartition("/")[2], last, n=1, cutoff=0.8)]
        hint = f"; near it is {near[0]!r}" if near else ""
        msg = (
            f"no time zone {name[:60]!r}, expected an IANA name such as 'Europe/Berlin', "
            f"or an offset such as '+02:00'{hint}"
        )
        raise ConfigError(msg) from error


def _changes(rules: dt.tzinfo) -> Iterator[tuple[int, int]]:
    """Yield the local time from which each new offset holds, and that offset."""
    before = _offset(rules, 0)
    for day in range(1, _DAYS + 1):
        after = _offset(rules, day * _DAY)
        if after != before:
            low, high = (day - 1) * _DAY, day * _DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(rules, middle) == before else (low, middle)
            # In both directions: the clock that is ahead says from when there is no doubt.
            yield high + max(before, after), after
            before = after


def _offset(rules: dt.tzinfo, second: int) -> int:
    """Return the offset at a time in seconds since 1970, UTC."""
    offset = (_EPOCH + dt.timedelta(seconds=second)).astimezone(rules).utcoffset()
    return 0 if offset is None else offset.days * _DAY + offset.seconds
