"""A cluster while a run lasts: connected to, or started; what is submitted to it, and what it says when that fails."""

import logging
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loganomaly.cluster.address import check_cluster_installed, read_address
from loganomaly.errors import ClusterError, LogAnomalyError

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Cluster", "connected"]

_LOG = logging.getLogger(__name__)
_REACHED_WITHIN = 10.0
_WORKERS_WITHIN = 60.0
"""Seconds until a scheduler must answer, and until there is a worker: some start when there is work."""
_LOOK_EVERY = 2.0
"""Seconds between looks whether there is a worker at all, while none is done with anything."""
_ALIKE = ("loganomaly", "numpy", "numba", "polars", "distributed")
"""Packages of which workers must have the version that this process has."""


class Cluster:
    """A cluster that is connected."""

    def __init__(self, client: "Client", *, address: str) -> None:
        self._client = client
        self._address = address
        self._what: dict[str, str] = {}

    def threads(self) -> int:
        """Return how many tasks the workers can work on at a time now, at least one."""
        with self._errors():
            counts = self._client.nthreads()
        return max(1, sum(int(count) for count in counts.values()))

    def submit(
        self, work: Callable[..., Any], *args: Any, first: bool = False, what: str = "", **options: Any
    ) -> "Future":
        """Have a worker call `work`; futures among the arguments stand for their results.

        Parameters
        ----------
        first
            Before what waits: it frees memory.
        what
            What an error says it was about.
        """
        with self._errors():
            future = self._client.submit(work, *args, pure=False, priority=10 if first else 0, **options)
        if what:
            self._what[future.key] = what
        return future

    def done(self, futures: Sequence["Future"]) -> list[tuple["Future", Any]]:
        """Wait until some futures are done, and return those with their results.

        Raises
        ------
        ClusterError
            One failed, or there are no workers any more.
        """
        with self._errors():
            finished = self._first_done(futures)
        ready = [future for future in futures if future in finished]
        for future in ready:
            self._check(future)
        with self._errors():
            results = self._client.gather(ready)
        for future in ready:
            self._what.pop(future.key, None)
        return list(zip(ready, results, strict=True))

    def result(self, future: "Future") -> Any:
        """Wait for a future and return its result.

        Raises
        ------
        ClusterError
            It failed.
        """
        ((_, result),) = self.done([future])
        return result

    def on_each(self, work: Callable[..., Any], *args: Any) -> dict[str, Any]:
        """Return what `work` gives on each worker, by the worker's address."""
        with self._errors():
            answers: dict[str, Any] = self._client.run(work, *args)
        return answers

    def check_alike(self) -> None:
        """Make sure that there is a worker, and that all run what this process runs.

        Raises
        ------
        ClusterError
            There is none in time, or one has another version of something.
        """
        with self._errors():
            try:
                # Some clusters start workers for work that waits.
                probe = self._client.submit(int, pure=False)
                probe.result(timeout=_WORKERS_WITHIN)
            except TimeoutError as error:
                raise ClusterError(
                    f"the cluster at {self._address} has no worker that works within {_WORKERS_WITHIN:.0f} seconds; "
                    "start workers for it"
                ) from error
            versions = self._client.get_versions(packages=list(_ALIKE))
        ours = _versions(versions["client"])
        for worker, told in sorted(versions["workers"].items()):
            theirs = _versions(told)
            wrong = [
                f"{name} {theirs[name] or '(not installed)'}, here {ours[name]}"
                for name in ours
                if theirs[name] != ours[name]
            ]
            if wrong:
                raise ClusterError(
                    f"the worker {worker} is not like this process: it has {'; '.join(wrong)}; install the same "
                    "versions on all machines"
                )

    def _first_done(self, futures: Sequence["Future"]) -> set["Future"]:
        """Wait until some futures are done, and return those: not for ever where nobody works on them."""
        from distributed import wait

        alone_since: float | None = None
        while True:
            try:
                with self._client.as_current():
                    done: set[Future] = wait(futures, timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                now = time.monotonic()
                alone_since = None if self._client.nthreads() else alone_since or now
                if alone_since is not None and now - alone_since >= _WORKERS_WITHIN:
                    raise ClusterError(
                        f"the cluster at {self._address} has lost its last worker, and none has come within "
                        f"{_WORKERS_WITHIN:.0f} seconds; start workers for it, and run again"
                    ) from None
            else:
                return done

    def _check(self, future: "Future") -> None:
        """Make an error that names the input of one that the workers had."""
        if future.status == "finished":
            return
        with self._errors(self._what.get(future.key, "")):
            future.result()

    @contextmanager
    def _errors(self, what: str = "") -> Iterator[None]:
        """Say what errors of the cluster mean."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        about = f" on {what}" if what else ""
        try:
            yield
        except LogAnomalyError:
            raise
        except KilledWorker as error:
            raise ClusterError(
                f"workers died again and again while they worked{about}; they may have too little memory: give them "
                "more, or have them read less at a time (--batch-size)"
            ) from error
        except MemoryError as error:
            raise ClusterError(
                f"a worker ran out of memory{about}; give the workers more, or have them read less at a time "
                "(--batch-size)"
            ) from error
        except Exception as error:  # whatever a worker raised, or Dask where it has lost the scheduler
            if isinstance(error, CancelledError | CommClosedError) or self._client.status != "running":
                raise ClusterError(
                    f"the connection to the cluster at {self._address} was lost{about}; nothing was written: run again"
                ) from error
            raise ClusterError(f"a worker failed{about}: {type(error).__name__}: {error}") from error


def _versions(told: Any) -> dict[str, str | None]:
    """Return what must be the same everywhere; of Python, all but the third number of its version."""
    python = ".".join(str(told["host"]["python"]).split(".")[:2])
    return {"python": python, **{name: told["packages"].get(name) for name in _ALIKE}}


@contextmanager
def connected(text: str, *, folder: Path) -> Iterator[Cluster]:
    """Yield the cluster that a text names; what was started for it is stopped at the end, what runs is left running.

    Parameters
    ----------
    text
        See `loganomaly.cluster.address.read_address`.
    folder
        Where workers that are started keep what they have no memory for.

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
        cluster.check_alike()
        yield cluster


@contextmanager
def _client(scheduler: Any) -> "Iterator[Client]":
    from distributed import Client

    try:
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

    cluster: Any = None
    try:
        with _interrupts_kept_from_workers(), dask.config.set({"temporary-directory": str(folder)}):
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                security=True,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                local_directory=str(folder),
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
