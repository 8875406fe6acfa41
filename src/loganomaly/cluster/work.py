"""What a cluster is given to do while a run lasts: its results, who does it, and what it means when it fails."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait as wait_for_calls
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from loganomaly.errors import ClusterError, LogAnomalyError

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Cluster"]

_T = TypeVar("_T")
_WORKERS_WITHIN = 60.0
"""Seconds until there is a worker: some start when there is work."""
_LOOK_EVERY = 2.0
"""Seconds between looks whether there is a worker at all, while none is done with anything."""


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

    def versions(self, packages: Sequence[str]) -> Mapping[str, Any]:
        """Return what Dask tells of this process ("client"), the "scheduler", and the "workers" by their addresses."""
        with self._errors():
            versions: Mapping[str, Any] = self._client.get_versions(packages=list(packages))
        return versions

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
