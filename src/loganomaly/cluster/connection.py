"""A cluster while a run lasts: connected to, or started; what is submitted to it, and what it says when that fails."""

import asyncio
import logging
import re
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait as wait_for_calls
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from loganomaly.cluster.address import check_cluster_installed, read_address
from loganomaly.errors import ClusterError, LogAnomalyError
from loganomaly.reading.spool_folder import SCRATCH

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Cluster", "connected"]

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
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
        self._threads: dict[str, int] = {}
        self._checks: list[Callable[[Sequence[str]], None]] = []

    def threads(self) -> int:
        """Return how many tasks the workers can work on at a time, at least one."""
        return max(1, sum(self._threads.values()))

    def require(self, check: Callable[[Sequence[str]], None]) -> None:
        """Have all workers pass a check, which gets addresses of some: of those that join later, then.

        Raises
        ------
        ClusterError
            What the check raises, here or while the workers are waited for.
        """
        self._checks.append(check)
        check(sorted(self._threads))

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
            One failed, there are no workers any more, or one has joined that does not fit.
        """
        from distributed import wait

        def first(seconds: float) -> "set[Future] | None":
            try:
                with self._client.as_current():
                    done: set[Future] = wait(futures, timeout=seconds, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                return None
            return done

        with self._errors():
            finished = self._patiently(first)
        self._look()
        ready = [future for future in futures if future in finished]
        for future in ready:
            self._check(future)
        with self._errors():
            # What lies with a worker that is lost meanwhile is made again, which others must be there for, too.
            gathered = asyncio.run_coroutine_threadsafe(
                self._client.gather(ready, asynchronous=True), self._client.loop.asyncio_loop
            )
            self._patiently(lambda seconds: wait_for_calls([gathered], timeout=seconds).done or None)
            results = gathered.result()
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

    def on_each(self, workers: Sequence[str], work: Callable[..., Any], *args: Any) -> dict[str, Any]:
        """Return what `work` gives on each of some workers, by their addresses; nothing of those that are gone."""
        with self._errors():
            answers: dict[str, Any] = self._client.run(work, *args, workers=list(workers), on_error="return")
            failed = {worker: answer for worker, answer in answers.items() if isinstance(answer, Exception)}
            there = self._client.nthreads() if failed else {}
            for worker, error in failed.items():
                if worker in there:
                    raise error
        return {worker: answer for worker, answer in answers.items() if worker not in failed}

    def wait_for_a_worker(self) -> None:
        """Make sure that there is a worker.

        Raises
        ------
        ClusterError
            There is none in time.
        """
        with self._errors():
            try:
                # Some clusters start workers for work that waits.
                self._client.submit(int, pure=False).result(timeout=_WORKERS_WITHIN)
            except TimeoutError as error:
                raise ClusterError(
                    f"the cluster at {self._address} has no worker that works within {_WORKERS_WITHIN:.0f} seconds; "
                    "start workers for it"
                ) from error
        self._look()

    def check_alike(self, workers: Sequence[str]) -> None:
        """Make sure that workers, and the scheduler, which loads what they are sent, run what this process runs.

        Raises
        ------
        ClusterError
            One has another version of something.
        """
        with self._errors():
            versions = self._client.get_versions(packages=list(_ALIKE))
        ours = _versions(versions["client"])
        told = {"scheduler": versions["scheduler"]}
        # Those that are not in it are gone.
        told |= {f"worker {worker}": versions["workers"][worker] for worker in workers if worker in versions["workers"]}
        for who, all_theirs in told.items():
            theirs = _versions(all_theirs)
            wrong = [
                f"{name} {theirs[name] or '(not installed)'}, here {ours[name]}"
                for name in ours
                if theirs[name] != ours[name]
            ]
            if wrong:
                raise ClusterError(
                    f"the {who} is not like this process: it has {'; '.join(wrong)}; install the same versions on all "
                    "machines"
                )

    def _look(self) -> None:
        """Note which workers there are, and check those that have joined."""
        with self._errors():
            threads = {worker: int(count) for worker, count in self._client.nthreads().items()}
        joined = sorted(threads.keys() - self._threads.keys())
        self._threads = threads
        for check in self._checks if joined else ():
            check(joined)

    def _patiently(self, call: Callable[[float], _T | None]) -> _T:
        """Return what a call gives, None if not within so many seconds; it is not made for ever where nobody works."""
        alone_since: float | None = None
        while (given := call(_LOOK_EVERY)) is None:
            self._look()
            now = time.monotonic()
            alone_since = None if self._threads else alone_since or now
            if alone_since is not None and now - alone_since >= _WORKERS_WITHIN:
                raise ClusterError(
                    f"the cluster at {self._address} has lost its last worker, and none has come within "
                    f"{_WORKERS_WITHIN:.0f} seconds; start workers for it, and run again"
                )
        return given

    def _check(self, future: "Future") -> None:
        """Make an error that names the input of one that the workers had."""
        if future.status == "error":
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
        cluster.require(cluster.check_alike)
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
