"""Whether the workers of a cluster see the files that they are to read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from loganomaly.cluster.connection import Cluster
from loganomaly.cluster.tasks import unseen
from loganomaly.errors import ClusterError
from loganomaly.reading.streams import Source

__all__ = ["check_seen"]


def check_seen(cluster: Cluster, sources: Sequence[Source]) -> None:
    """Make sure that all workers see the sources that are files; objects of a storage they read themselves.

    Raises
    ------
    ClusterError
        One does not.
    """
    files = [replace(source, path=source.path.absolute()) for source in sources if isinstance(source.path, Path)]
    if not files:
        return
    for worker, name in sorted(cluster.on_each(unseen, files).items()):
        if name is not None:
            raise ClusterError(
                f"the worker {worker} does not see {name!r}: workers read the files themselves, under the same path; "
                "put it on a disk that all machines share, or in a storage that is named by URL (standard input, and "
                "archives and tables by URL, are read without --cluster, or with local:N, only)"
            )
