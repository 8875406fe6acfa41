"""What the timestamps of a source leave out, and how they are read: zone, year, date, order of day and month.

What the lines say counts first, then what is given, then what is assumed. Which part a timestamp leaves out shows by
reading it with two calendars: it has that part where both give the same time.
"""

import datetime as dt
import re
from calendar import isleap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loganomaly.errors import ConfigError
from loganomaly.reading.formats import Layout
from loganomaly.reading.order import DateOrder, choose_orders, in_orders, reordered
from loganomaly.reading.tables import LEAP_YEAR, Calendar, build_tables
from loganomaly.reading.trials import first_times
from loganomaly.reading.zones import Zone, find_zone

__all__ = ["Dating", "TimeSettings", "date_source", "named_zones"]

_EPOCH = dt.date(1970, 1, 1)
_MICRO = 1_000_000
_ORDERS = (DateOrder.MONTH_FIRST, DateOrder.DAY_FIRST, DateOrder.YEAR_FIRST)
_CITY = re.compile(
    rb"\b(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific|US)/[A-Za-z0-9_/+-]{2,30}"
)
_MOST_NAMED = 8
_FALL = 12 * 3600 * _MICRO  # a time of day that falls by more is of another day, not out of order


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSettings:
    """How timestamps are read where they do not say themselves.

    `timezone` is an IANA name or an offset such as "+02:00" for those without a zone. `day_first` says how 03/04/2026
    is read, `year` is that of the first timestamp without one; None means: found out.
    """

    timezone: str = "UTC"
    timezone_given: bool = False
    day_first: bool | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dating:
    """What was found out about the timestamps of a source; None where they leave nothing out, or there are none.

    `timezone`, `year` and `day` are those of timestamps without one, `order` that of dates of numbers. The origins are
    "given" in the settings, "read" from the lines, or "assumed". `falls` counts how often the time of day begins anew
    in the sampled lines where it is all that they write.
    """

    timezone: str | None = None
    timezone_origin: str | None = None
    year: int | None = None
    year_origin: str | None = None
    order: DateOrder | None = None
    order_origin: str | None = None
    day: str | None = None
    falls: int = 0


def date_source(
    lines: Sequence[bytes],
    layouts: Sequence[Layout],
    *,
    fixed: Sequence[Layout] = (),
    named: tuple[Zone, ...],
    modified: float | None,
    times: TimeSettings,
) -> tuple[tuple[Layout, ...], Calendar, Dating]:
    """Find out how the timestamps of a source are read.

    Parameters
    ----------
    fixed
        Layouts whose order of day and month is not to be changed.
    named
        Zones that the lines name in full.
    modified
        When the source was last written, seconds since the epoch: the newest line is not younger.

    Returns
    -------
    layouts
        Those given, with their dates in the orders that were found.
    calendar
        What the timestamps leave out.
    dating
        The same for people.
    """
    zone = find_zone(times.timezone)
    written = dt.datetime.fromtimestamp(modified, dt.UTC) if modified is not None else dt.datetime.now(dt.UTC)
    sample = _Sample(lines, fixed=frozenset(fixed), named=named)
    readings = {order: sample.read(layouts, orders=(order,)) for order in _ORDERS}
    orders, order_origin = choose_orders(readings, day_first=times.day_first, written=int(written.timestamp() * _MICRO))
    kept = tuple(sample.ordered(layouts, orders))
    plain = sample.read(kept, orders=orders)
    dateless = plain != sample.read(kept, orders=orders, day=1)
    yearless = plain != sample.read(kept, orders=orders, year=LEAP_YEAR + 4)
    zoneless = plain != sample.read(kept, orders=orders, zone=3600)
    day = (written.astimezone(zone.rules).date() - _EPOCH).days
    calendar = Calendar(
        day=day,
        zone=zone.offset,
        changes=zone.changes,
        named=sample.named,
        orders=orders,
    )
    dates = [dt.datetime.fromtimestamp(time / _MICRO, dt.UTC) for time in plain[yearless].tolist()]
    if dates:
        first, year = _year([(date.month, date.day) for date in dates], written=written)
        calendar = replace(calendar, first=first, year=year if times.year is None else times.year)
    dating = Dating(
        timezone=zone.name if zoneless.any() else None,
        timezone_origin=_origin(given=times.timezone_given) if zoneless.any() else None,
        year=calendar.year if dates else None,
        year_origin=_origin(given=times.year is not None) if dates else None,
        order=orders[0] if orders else None,
        order_origin=order_origin,
        day=(_EPOCH + dt.timedelta(days=day)).isoformat() if dateless.any() else None,
        falls=int((np.diff(plain[dateless]) < -_FALL).sum()),
    )
    return kept, calendar, dating


class _Sample:
    """Lines that are read again and again, with one calendar after the other."""

    def __init__(self, lines: Sequence[bytes], *, fixed: frozenset[Layout], named: tuple[Zone, ...]) -> None:
        self.named = named
        self._fixed = fixed
        self._data = np.frombuffer(b"".join(lines), np.uint8)
        self._ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
        self._starts = self._ends - np.array([len(line) for line in lines], np.int64)

    def ordered(self, layouts: Sequence[Layout], orders: Sequence[DateOrder]) -> list[Layout]:
        """Return the layouts with their dates in each of the orders."""
        return in_orders(layouts, orders, change=self._reordered)

    def read(
        self,
        layouts: Sequence[Layout],
        *,
        orders: Sequence[DateOrder],
        year: int = LEAP_YEAR,
        day: int = 0,
        zone: int = 0,
    ) -> NDArray[np.int64]:
        """Return the time of each line, in microseconds, or NO_TIME."""
        calendar = Calendar(year=year, day=day, zone=zone, named=self.named, orders=tuple(orders))
        kept = self.ordered(layouts, orders)
        tables = build_tables(kept, calendar=calendar)
        times: NDArray[np.int64] = first_times(self._data, self._starts, self._ends, len(kept), tables)
        return times

    def _reordered(self, layout: Layout, order: DateOrder) -> Layout:
        if layout in self._fixed:
            return layout
        time = None if layout.time is None else reordered(layout.time, order)
        return replace(layout, text=reordered(layout.text, order), time=time)


def named_zones(lines: Sequence[bytes]) -> tuple[Zone, ...]:
    """Return the zones that the lines name in full, most common first."""
    names = Counter(name.decode() for line in lines for name in _CITY.findall(line))
    zones = []
    for name, _ in names.most_common(_MOST_NAMED):
        try:
            zones.append(find_zone(name))
        except ConfigError:  # it only looks like one
            continue
    return tuple(zones)


def _year(dates: Sequence[tuple[int, int]], *, written: dt.datetime) -> tuple[int, int]:
    """Infer where the years of months and days begin (month * 100 + day), and which is the first."""
    first, last = dates[0], dates[-1]
    # Lines may be a little out of order, so the year begins some days before the first line's date.
    start = dt.date(LEAP_YEAR, *first) - dt.timedelta(days=3)
    pivot = (start.month * 100 + start.day) if start.year == LEAP_YEAR else 0
    wraps = last[0] * 100 + last[1] < pivot
    # Lines in local time may be dated up to a day after the UTC date at which they were written.
    newest = written + dt.timedelta(days=1)
    year = newest.year - (1 if last > (newest.month, newest.day) else 0) - (1 if wraps else 0)
    if (2, 29) in dates:
        while not isleap(year + (pivot > 229)):
            year -= 1
    return pivot, year


def _origin(*, given: bool) -> str:
    return "given" if given else "assumed"
