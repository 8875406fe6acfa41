"""How numbers, and bytes of a log, are said to people."""

import datetime as dt

__all__ = ["amount", "clock", "decoded", "duration", "iso", "percent", "times"]

_UNITS = (("days", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def amount(count: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> amount(1, "line"), amount(1500, "match")
    ('1 line', '1,500 matches')
    """
    ending = "" if count == 1 else "es" if noun.endswith("ch") else "s"
    return f"{count:,} {noun}{ending}"


def clock(time: int, span: tuple[int, int] | None = None) -> str:
    """Return a time of day in UTC, with the date if `span`, first and last time of the log, is longer than a day.

    Times are microseconds since the epoch.

    Examples
    --------
    >>> clock(1_773_483_600_000_000), clock(1_773_483_645_000_000, (0, 1_773_483_645_000_000))
    ('10:20', '2026-03-14 10:20:45')
    """
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=time // 1_000_000)
    long = span is not None and span[1] - span[0] > 86_400_000_000
    text = moment.time().isoformat("seconds" if moment.second else "minutes")
    return f"{moment.date().isoformat()} {text}" if long else text


def decoded(data: bytes) -> str:
    """Return bytes of a log as text; those that are no UTF-8 are replaced.

    Examples
    --------
    >>> decoded(b"web")
    'web'
    """
    return data.decode("utf-8", errors="replace")


def duration(seconds: float) -> str:
    """Return a duration in the largest unit of which it has two or more.

    Examples
    --------
    >>> [duration(s) for s in (0.25, 90, 180, 5400, 864000)]
    ['0.25 s', '90 s', '3 min', '90 min', '10 days']
    """
    unit, size = next((entry for entry in _UNITS if seconds >= 2 * entry[1]), _UNITS[-1])
    value = seconds / size
    return f"{value:.0f} {unit}" if value >= 10 or value == round(value) else f"{value:.2g} {unit}"


def iso(micro: int | None) -> str | None:
    """Return a time as ISO 8601 in UTC, or None.

    Examples
    --------
    >>> iso(1_773_478_800_000_000)
    '2026-03-14T09:00:00Z'
    """
    if micro is None:
        return None
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micro)
    return moment.isoformat().replace("+00:00", "Z")


def percent(share: float) -> str:
    """Return a share as a percentage, one below a hundredth of a percent as what it is below.

    Examples
    --------
    >>> [percent(share) for share in (0.5, 0.0123, 0.0008, 0.00002)]
    ['50%', '1.2%', '0.08%', 'less than 0.01%']
    """
    if 0 < share < 0.0001:
        return "less than 0.01%"
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}" if share >= 0.01 else f"{share:.2%}"


def times(count: int) -> str:
    """Return "once", "twice", or how many times.

    Examples
    --------
    >>> times(1), times(2), times(1500)
    ('once', 'twice', '1,500 times')
    """
    return "once" if count == 1 else "twice" if count == 2 else f"{count:,} times"
