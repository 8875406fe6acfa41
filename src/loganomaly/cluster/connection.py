"""A cluster for a run: connected to, or started and stopped again."""

import logging
import re
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loganomaly.cluster.address import check_cluster_installed, read_address
from loganomaly.cluster.alike import require_alike
from loganomaly.cluster.work import Cluster
from loganomaly.errors import ClusterError
from loganomaly.reading.spool_folder import SCRATCH

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connected"]

_LOG = logging.getLogger(__name__)
_REACHED_WITHIN = 10.0
"""Seconds until a scheduler must answer."""


@contextmanager
def connected(text: str, *, folder: Path) -> Iterator[Cluster]:
    """Yield the cluster that a text names; what was started for it is stopped at the end, what runs is left running.

    Parameters
    ----------
    text
        See `loganomaly.cluster.address.read_address`.
    folder
        Of the run, below which workers that are started keep what they have no memory for.

    Raises
    ------
    ClusterError
        It cannot be reached, has no workers, or these do not fit.
    UnavailableError
        What a cluster needs is not installed.
    UsageError
        The text names none.
    """
    address = read_address(text)
    check_cluster_installed()
    with ExitStack() as stack:
        quiet = stack.enter_context(_quiet())
        _LOG.info("cluster: %s", text)
        scheduler = address.scheduler
        if scheduler is None:
            scheduler = stack.enter_context(_started(address.workers, folder=folder, level=quiet))
        client = stack.enter_context(_client(scheduler))
        cluster = Cluster(client, address=text)
        cluster.wait_for_a_worker()
        require_alike(cluster)
        yield cluster


@contextmanager
def _client(scheduler: Any) -> "Iterator[Client]":
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # what matters of it is an error
            client = Client(scheduler, timeout=_REACHED_WITHIN, set_as_default=False)
    except TypeError as error:  # what Dask raises for an encrypted address without certificates
        raise ClusterError(
            f"the scheduler at {scheduler} is asked for over TLS, and no certificates are set for that; name them in "
            "the settings of Dask (distributed.comm.tls, or DASK_DISTRIBUTED__COMM__TLS__CA_FILE and those beside it)"
        ) from error
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {scheduler} within {_REACHED_WITHIN:.0f} seconds; check the address, and "
            "that it runs"
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=_REACHED_WITHIN)


@contextmanager
def _started(workers: int, *, folder: Path, level: int) -> Iterator[Any]:
    """Yield a cluster of processes on this machine, which speak to each other and nobody else: others have no key."""
    import dask
    from distributed import LocalCluster

    scratch = str(folder / SCRATCH)
    cluster: Any = None
    try:
        with _interrupts_kept_from_workers(), dask.config.set({"temporary-directory": scratch}):
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                security=True,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                local_directory=scratch,
                silence_logs=level,
            )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise ClusterError(
            f"{workers} worker processes cannot be started on this machine: {error}; start fewer"
        ) from error
    except BaseException:
        if cluster is not None:  # interrupted when it had started
            cluster.close(timeout=_REACHED_WITHIN)
        raise
    try:
        yield cluster
    finally:
        cluster.close(timeout=_REACHED_WITHIN)


@contextmanager
def _interrupts_kept_from_workers() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, for they are stopped in order; this one takes it up afterwards.

    Processes inherit which signals are blocked from the threads that start them, and these from this one.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from distributed.utils import get_mp_context

    # Whoever asks for the first lock starts a process that keeps account of them, and lets signals through again.
    get_mp_context().Lock()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def _quiet() -> Iterator[int]:
    """Keep Dask from writing to standard error what the run says in its own words: with parts of the data, perhaps."""
    import distributed  # noqa: F401  (which gives its loggers their levels when it is loaded)

    of_dask = re.compile(r"(distributed|tornado|asyncio)(\..*)?")
    # Some of those below have levels of their own, which count instead of those above them.
    loggers = [logging.getLogger(name) for name in [*logging.root.manager.loggerDict] if of_dask.fullmatch(name)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield logging.CRITICAL + 1
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
