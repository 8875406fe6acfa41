"""Which cluster is meant: one that runs, by the address of its scheduler, or workers on this machine."""

import re
from dataclasses import dataclass

from loganomaly.errors import UnavailableError, UsageError

__all__ = ["Address", "check_cluster_installed", "read_address"]

_RUNNING = re.compile(r"(tcp|tls|ws|wss)://[^\s/]+:\d{1,5}/?")
_LOCAL = re.compile(r"local:(\d{1,4})")
_MOST_PER_CORE = 8  # processes, of 250 MB each or more; what is beyond would only wait for one another
_NEEDED = ("cryptography", "distributed", "fsspec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The address of a scheduler, or how many worker processes are to be started on this machine."""

    scheduler: str | None = None
    workers: int = 0


def read_address(text: str) -> Address:
    """Return the cluster that a text names.

    Raises
    ------
    UsageError
        It names none, or more workers than make sense on this machine.

    Examples
    --------
    >>> read_address("local:2").workers, read_address("tcp://10.0.0.7:8786").scheduler
    (2, 'tcp://10.0.0.7:8786')
    """
    local = _LOCAL.fullmatch(text)
    if local and int(local[1]):
        from loganomaly.scan.run import cores

        most = _MOST_PER_CORE * cores()
        if int(local[1]) > most:
            raise UsageError(
                f"the cluster is given as {text!r}, but {cores()} cores are all that this process may use; give "
                f"local:{cores()}, or at most local:{most}"
            )
        return Address(workers=int(local[1]))
    if _RUNNING.fullmatch(text):
        return Address(scheduler=text.rstrip("/"))
    raise UsageError(
        f"the cluster is given as {text!r}; expected the address of a Dask scheduler, such as tcp://10.0.0.7:8786, or "
        "local:N for N worker processes on this machine"
    )


def check_cluster_installed() -> None:
    """Make sure that what a cluster needs is installed; nothing of it is loaded.

    Raises
    ------
    UnavailableError
        It is not; says how to install it.
    """
    from importlib import metadata

    for name in _NEEDED:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError as error:
            raise UnavailableError(
                f"a cluster needs {name}, which is not installed; install it with: pip install 'loganomaly[cluster]'"
            ) from error
