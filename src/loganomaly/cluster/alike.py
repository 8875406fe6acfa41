"""Whether the workers of a cluster, and its scheduler, run what this process runs."""

from collections.abc import Sequence
from typing import Any

from loganomaly.cluster.work import Cluster
from loganomaly.errors import ClusterError

__all__ = ["require_alike"]

_ALIKE = ("loganomaly", "numpy", "numba", "polars", "distributed")
"""Packages of which they must have the version that this process has."""


def require_alike(cluster: Cluster) -> None:
    """Make sure that workers, and the scheduler, which loads what they are sent, run what this process runs.

    Raises
    ------
    ClusterError
        One has another version of something, now or when it joins.
    """

    def check(workers: Sequence[str]) -> None:
        told = cluster.versions(_ALIKE)
        ours = _versions(told["client"])
        theirs = {"scheduler": _versions(told["scheduler"])}
        # Those that are not in it are gone.
        theirs |= {f"worker {name}": _versions(told["workers"][name]) for name in workers if name in told["workers"]}
        for who, has in theirs.items():
            wrong = [
                f"{name} {has[name] or '(not installed)'}, here {version}"
                for name, version in ours.items()
                if has[name] != version
            ]
            if wrong:
                raise ClusterError(
                    f"the {who} is not like this process: it has {'; '.join(wrong)}; install the same versions on all "
                    "machines"
                )

    cluster.require(check)


def _versions(told: Any) -> dict[str, str | None]:
    """Return what must be the same everywhere; of Python, all but the third number of its version."""
    python = ".".join(str(told["host"]["python"]).split(".")[:2])
    return {"python": python, **{name: told["packages"].get(name) for name in _ALIKE}}
