"""Puts questions on findings to a workflow, several at a time, and keeps what was answered if it is interrupted."""

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from loganomaly.opinions.questions import facts_of
from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = ["ask_all", "run_until_done", "work_through"]

_T = TypeVar("_T")

_WORKERS = 8
"""Findings that are in the workflow at the same time; how many questions are under way is told by its limits."""


async def ask_all(
    workflow: LogAnalysisWorkflow,
    entries: Mapping[str, Mapping[str, Any]],
    outcomes: dict[str, dict[str, Any]],
    *,
    told: Callable[[int, int], None] | None = None,
) -> None:
    """Run the workflow on entries, worst first, and put what comes out into `outcomes`, by id, as it comes.

    Parameters
    ----------
    told
        Called with how many are done, and how many there are.
    """

    async def one(item: tuple[str, Mapping[str, Any]]) -> None:
        name, entry = item
        outcomes[name] = await workflow.execute(entry["log"], facts=facts_of(entry), known={"id": name})
        if told:
            told(len(outcomes), len(entries))

    async with workflow:
        await work_through(list(entries.items()), one)


async def work_through(items: Sequence[_T], work: Callable[[_T], Awaitable[None]]) -> None:
    """Do the work on each of the items, a few at a time, the first ones first."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_WORKERS, len(items))):
            group.create_task(worker())


def run_until_done(work: Coroutine[Any, Any, None]) -> bool:
    """Run asynchronous work to its end; return False if it was interrupted (Ctrl-C) before.

    Within a running event loop, as of a notebook, it runs in a thread of its own.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        try:
            asyncio.run(work)
        except KeyboardInterrupt:
            return False
        return True
    return _in_thread(work)


def _in_thread(work: Coroutine[Any, Any, None]) -> bool:
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)

    def run() -> None:
        try:
            loop.run_until_complete(task)
        finally:
            loop.close()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        try:
            done.result()
        except KeyboardInterrupt:
            loop.call_soon_threadsafe(task.cancel)
            concurrent.futures.wait([done])
            return False
    return True
