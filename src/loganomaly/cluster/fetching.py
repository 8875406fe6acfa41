"""Fetches the lines of the findings on the workers of a cluster, as `loganomaly.extract.excerpts_if_unchanged` does."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from loganomaly.cluster.scanning import work_on
from loganomaly.cluster.tasks import fetch
from loganomaly.cluster.work import Cluster
from loganomaly.extract import Excerpt
from loganomaly.findings import Location
from loganomaly.scan.run import Opened

__all__ = ["fetch_on_cluster"]

_PLACES, _IN_ONE_GO = 64, 1024
"""Places that a task fetches, each some hundred kilobytes; more where it reads the source from its start for them."""


def fetch_on_cluster(
    cluster: Cluster,
    places: Mapping[int, Sequence[Location]],
    *,
    opened: Sequence[Opened],
    lost: Callable[[int, str], object],
) -> Iterator[tuple[Location, Excerpt]]:
    """Yield what stands at places, given by the number of their source.

    Parameters
    ----------
    lost
        Is told the number of a source of which there is nothing more, and why.

    Raises
    ------
    ClusterError
        The cluster lost the work.
    """
    running: deque[tuple[int, Any]] = deque()

    def collect() -> Iterator[tuple[Location, Excerpt]]:
        number, future = running.popleft()
        fetched = cluster.result(future)
        if fetched.lost is not None:
            lost(number, fetched.lost)
        yield from fetched.found

    for number, wanted in places.items():
        source = opened[number].source
        in_order = sorted(set(wanted), key=lambda place: place.offset)
        size = _IN_ONE_GO if source.in_one_go else _PLACES
        for first in range(0, len(in_order), size):
            future = cluster.submit(
                fetch, work_on(opened[number]), in_order[first : first + size], what=f"{source.name!r}"
            )
            running.append((number, future))
            if len(running) > 2 * cluster.threads():
                yield from collect()
    while running:
        yield from collect()
