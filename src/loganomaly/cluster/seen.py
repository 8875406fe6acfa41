"""Whether the workers of a cluster see the files that they are to read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from loganomaly.cluster.tasks import FileSeen, unseen
from loganomaly.cluster.work import Cluster
from loganomaly.errors import ClusterError
from loganomaly.scan.run import Opened

__all__ = ["require_seen"]

_HEADS = 64
"""Files whose first bytes are compared: another disk with files of the same names shows in any of them."""


def require_seen(cluster: Cluster, opened: Sequence[Opened]) -> None:
    """Make sure that all workers see the sources that are files; objects of a storage they read themselves.

    Raises
    ------
    ClusterError
        One does not, now or when it joins.
    """
    files = [
        FileSeen(replace(each.source, path=each.source.path.absolute()), each.head if number < _HEADS else b"")
        for number, each in enumerate(opened)
        if isinstance(each.source.path, Path)
    ]
    if not files:
        return

    def check(workers: Sequence[str]) -> None:
        for worker, number in sorted(cluster.on_each(workers, unseen, files).items()):
            # What was rotated or removed meanwhile, this process does not see either: that is no fault of the worker.
            if number is not None and unseen([files[number]]) is None:
                raise ClusterError(
                    f"the worker {worker} does not see {files[number].source.name!r}, or another file of that name: "
                    "workers read the files themselves, under the same path; put it on a disk that all machines "
                    "share, or in a storage that is named by URL (standard input, and archives and tables by URL, are "
                    "read without --cluster, or with local:N, only)"
                )

    cluster.require(check)
