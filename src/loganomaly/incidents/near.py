"""What lies within or shortly before an incident."""

from collections.abc import Iterable, Sequence

from loganomaly.incidents.incident import Incident

__all__ = ["near_incident", "near_spans"]


def near_incident(times: Sequence[int], incidents: Sequence[Incident], *, before: int) -> list[Incident | None]:
    """Return for each time the incident that it lies in or shortly before, or None.

    What is rare and weak alone may be what changed before it broke. Of several incidents, that which began last
    counts for what lies within; for what lies before, that which begins next.

    Parameters
    ----------
    times
        Microseconds since the epoch, in any order.
    incidents
        In any order; those without times are near nothing.
    before
        How long before an incident is shortly before, microseconds; `Grouped.gap` is what the findings suggest.

    Examples
    --------
    >>> near_incident([5], [], before=10)
    [None]
    """
    timed = [(it.start, it.end, it) for it in incidents if it.start is not None and it.end is not None]
    places = near_spans(times, [(start, end) for start, end, _ in timed], before=before)
    return [None if place is None else timed[place][2] for place in places]


def near_spans(times: Sequence[int], spans: Sequence[tuple[int, int]], *, before: int) -> list[int | None]:
    """Return for each time the number of the span that it lies in or at most `before` ahead of, or None."""
    # In order of time, a span that has ended never counts again: one sweep over both.
    waiting = sorted(range(len(spans)), key=lambda n: (*spans[n], n), reverse=True)
    open_spans: list[int] = []
    found: list[int | None] = [None] * len(times)
    for place in _in_order(times):
        time = times[place]
        while waiting and spans[waiting[-1]][0] <= time:
            open_spans.append(waiting.pop())
        while open_spans and spans[open_spans[-1]][1] < time:
            open_spans.pop()
        if open_spans:
            found[place] = open_spans[-1]
        elif waiting and spans[waiting[-1]][0] - time <= before:
            found[place] = waiting[-1]
    return found


def _in_order(times: Sequence[int]) -> Iterable[int]:
    return sorted(range(len(times)), key=lambda n: times[n])
