"""Which number of a date is the day: 03/04/2026 is the fourth of March or the third of April."""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.program import NO_TIME

__all__ = ["DateOrder", "choose_orders", "in_orders", "reordered"]

_DATE = re.compile(r"%([ymd])([/.-])%([md])\2%([dyY])")
_DAY = 86_400_000_000  # microseconds

T = TypeVar("T")


class DateOrder(StrEnum):
    """The order of year, month and day in dates of numbers; a year of four digits in front leaves no doubt."""

    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"
    YEAR_FIRST = "year first"  # with two digits; other dates as USUAL
    USUAL = "usual"  # days first with dots; else years of two digits first; else months before slashes, days before -


_LETTERS = {DateOrder.MONTH_FIRST: "md", DateOrder.DAY_FIRST: "dm"}


def reordered(text: str, order: DateOrder) -> str:
    """Return a timestamp pattern, or a layout that holds one, with its date in this order.

    Examples
    --------
    >>> reordered("%m/%d/%Y %H:%M:%S", DateOrder.DAY_FIRST)
    '%d/%m/%Y %H:%M:%S'
    """

    def change(date: re.Match[str]) -> str:
        separator, year = date[2], "Y" if date[4] == "Y" else "y"
        if order in _LETTERS:
            letters = _LETTERS[order] + year
        elif year == "y" and (order == DateOrder.YEAR_FIRST or separator != "."):
            letters = "ymd"
        else:
            letters = ("md" if separator == "/" else "dm") + year
        return separator.join(f"%{letter}" for letter in letters)

    return _DATE.sub(change, text)


def in_orders(items: Iterable[T], orders: Sequence[DateOrder], *, change: Callable[[T, DateOrder], T]) -> list[T]:
    """Return each item in each of the orders, the first order first; without orders, the items."""
    found: dict[T, None] = {}
    for item in items:
        found.update(dict.fromkeys([change(item, order) for order in orders] or [item]))
    return list(found)


def choose_orders(
    readings: dict[DateOrder, NDArray[np.int64]], *, day_first: bool | None, written: int
) -> tuple[tuple[DateOrder, ...], str | None]:
    """Find out the order of a source's dates.

    What can only be read in one order decides; then dates after the source was written, the number of steps back in
    time, whether the last line was written with the source, and the time that the lines span.

    Parameters
    ----------
    readings
        Times of the same lines, in microseconds or NO_TIME, read strictly in each of the orders.
    day_first
        The order that is given: it decides what could be either.
    written
        When the source was written, in microseconds.

    Returns
    -------
    orders
        To be tried one after the other; none where there is no such date.
    origin
        "given", "read" from the lines, or "assumed"; None where there is no such date.
    """
    distinct: dict[bytes, DateOrder] = {}
    for order, times in readings.items():
        distinct.setdefault(times.tobytes(), order)
    if len(distinct) < 2:
        return (), None
    if day_first is not None:
        wanted = DateOrder.DAY_FIRST if day_first else DateOrder.MONTH_FIRST
        others = tuple(order for order in readings if order != wanted)
        needed = _unread(readings[wanted]) > min(_unread(readings[order]) for order in others)
        return (wanted, *others) if needed else (wanted,), "given"
    scores = {order: _score(readings[order], written=written) for order in distinct.values()}
    best = min(scores.values())
    winners = [order for order, score in scores.items() if score == best]
    if len(winners) > 1:
        return (DateOrder.USUAL, *readings), "assumed"
    winner = winners[0]
    others = tuple(order for order in readings if order != winner)
    sure = best[0] == _never_read(readings) and all(score[0] > best[0] for o, score in scores.items() if o != winner)
    return (winner,) if sure else (winner, *others), "read"


def _never_read(readings: dict[DateOrder, NDArray[np.int64]]) -> int:
    return int(np.logical_and.reduce([times == NO_TIME for times in readings.values()]).sum())


def _unread(times: NDArray[np.int64]) -> int:
    return int((times == NO_TIME).sum())


def _score(times: NDArray[np.int64], *, written: int) -> tuple[int, int, int, bool, int]:
    """Say how badly the lines are read; see `choose_orders`."""
    known = times[times != NO_TIME]
    if not len(known):
        return len(times), 0, 0, True, 0
    steps = np.diff(known)
    late = int((known > written + _DAY).sum())
    old = bool(abs(int(known.max()) - written) > _DAY)
    return _unread(times), late, int((steps < 0).sum()), old, int(np.abs(steps).sum())
