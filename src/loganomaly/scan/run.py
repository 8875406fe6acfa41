"""Scans whole sources: chunk by chunk, on all cores, in bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from mmap import mmap

import numpy as np

from loganomaly.errors import InputUnreadableError
from loganomaly.profile import Bounds, Profile
from loganomaly.reading.chunks import CHUNK_BYTES, cut_chunks
from loganomaly.reading.detect import Detected
from loganomaly.reading.program import Tables
from loganomaly.reading.streams import Source, open_source
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search

__all__ = ["Opened", "ScanResult", "cores", "scan_sources"]

_MERGE_FIRST, _MERGE_EVERY = 4, 12
"""Profiles that wait until they are merged: merging costs as much as the larger one.

The first are fewer, for what is merged tells which values others need not keep.
"""
_COUNT_BLOCK = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A source that is to be scanned: its number, how it is read, and what is looked for.

    The `head` is what it begins with, by which it is known again.
    Sources of one `group` share a profile, and must agree on floods.
    """

    number: int
    group: int
    source: Source
    detected: Detected
    tables: Tables
    search: Search
    head: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """The merged profiles, by group; lines of each source, read or not; damaged sources and what is wrong."""

    profiles: dict[int, Profile]
    lines: dict[int, int]
    damaged: dict[int, str]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan_sources(
    sources: Sequence[Opened],
    *,
    batch_size: int | None = None,
    workers: int | None = None,
    max_lines: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ScanResult:
    """Scan sources to one profile per group.

    Threads do it: the kernels release the interpreter lock, and chunks need not be copied between processes.

    Parameters
    ----------
    batch_size
        Lines of a chunk; bounds memory.
    workers
        How many chunks are scanned at a time, of one source or of several; None for as many as there are cores.
    max_lines
        Lines scanned, over all sources in order; the rest is only counted.
    progress
        Called with the number of a source and how many of its bytes (decompressed) were done.
    """
    waiting: dict[int, list[Future[Profile]]] = {s.group: [] for s in sources}
    lines: dict[int, int] = {}
    damaged: dict[int, str] = {}
    running: deque[tuple[Opened, int, Future[Profile]]] = deque()
    bounds: dict[int, Bounds] = {}

    def collect() -> None:
        opened, size, future = running.popleft()
        future.result()
        parts = waiting[opened.group]
        parts.append(future)
        if len(parts) >= (_MERGE_EVERY if opened.group in bounds else _MERGE_FIRST):
            # Beside the scanning; what is merged was finished before, but for the last merging, which began earlier.
            parts[:] = [pool.submit(_merged, parts.copy(), opened.group, bounds)]
        if progress:
            progress(opened.number, size)

    workers = workers or cores()
    _check_memory(workers)
    left = max_lines
    with ThreadPoolExecutor(workers, thread_name_prefix="scan") as pool:
        try:
            for opened in sources:
                lines[opened.number] = 0
                try:
                    for chunk, total in _chunks(opened, batch_size=batch_size, most=left):
                        lines[opened.number] += total
                        if chunk is None:
                            continue
                        if left is not None:
                            left -= total
                        running.append(
                            (opened, len(chunk.data), pool.submit(_profile, chunk, opened, bounds.get(opened.group)))
                        )
                        if len(running) > workers:
                            collect()
                except InputUnreadableError as error:
                    damaged[opened.number] = str(error)
            while running:
                collect()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    floods = {opened.group: opened.search.floods for opened in sources}
    merged = {
        group: Profile.merge([Profile.empty(floods=floods[group]), *(part.result() for part in parts)])
        for group, parts in waiting.items()
    }
    return ScanResult(profiles=merged, lines=lines, damaged=damaged)


def _check_memory(workers: int) -> None:
    """Raise MemoryError where there is none for the chunks: Python waits for ever for a thread that starts without."""
    try:
        mmap(-1, (workers + 1) * CHUNK_BYTES).close()  # what `malloc` has left, threads may need
    except OSError as error:
        raise MemoryError from error


def _merged(parts: list[Future[Profile]], group: int, bounds: dict[int, Bounds]) -> Profile:
    """Return the profile of what some futures have, which are given up one after the other."""
    merged = Profile.merge(parts.pop(0).result() for _ in range(len(parts)))  # what is in order comes first
    bounds[group] = merged.bounds()
    return merged


def _profile(chunk: Chunk, opened: Opened, bounds: Bounds | None) -> Profile:
    return scan(chunk, opened.tables, search=opened.search, bounds=bounds).profile


def _chunks(opened: Opened, *, batch_size: int | None, most: int | None) -> Iterator[tuple[Chunk | None, int]]:
    """Yield the chunks of a source with their number of lines; (None, lines) for what is beyond `most` lines."""
    left = most
    with open_source(opened.source) as stream:
        if left is None or left > 0:
            for piece in cut_chunks(stream, opened.tables, most_lines=batch_size):
                data, lines = piece.data, piece.lines
                if left is not None and lines > left:
                    breaks = np.flatnonzero(data == 10)
                    data = data[: int(breaks[left - 1]) + 1]
                    yield None, lines - left
                    lines = left
                if left is not None:
                    left -= lines
                yield (
                    Chunk(
                        source=opened.number,
                        data=data,
                        first_line=piece.first_line,
                        offset=piece.offset,
                        name=opened.source.name,
                    ),
                    lines,
                )
                if left == 0:
                    stream.seek(piece.offset + len(piece.data))
                    break
        if left == 0:
            ended = True
            while block := stream.read(_COUNT_BLOCK):
                ended = block.endswith(b"\n")
                yield None, block.count(b"\n")
            if not ended:
                yield None, 1
