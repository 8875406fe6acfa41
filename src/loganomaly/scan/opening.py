"""Finds out how a source is read, from its beginning and its end."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.dates import TimeSettings
from loganomaly.reading.detect import detect
from loganomaly.reading.streams import Source, read_head, read_tail
from loganomaly.scan.run import Opened
from loganomaly.scan.search import Search
from loganomaly.scan.session_keys import Sample, choose_keys, sample_ids

__all__ = ["prepare", "with_session_keys"]

_HEAD = 4096
"""Bytes by which a source is known again."""
_TAIL = 65_536
_SAMPLE, _SMALLEST_SAMPLE, _SAMPLES = 4 << 20, 64 << 10, 16 << 20
"""Bytes looked at for session keys: of a source at most and at least, and of all sources together about."""


def prepare(
    source: Source,
    *,
    number: int,
    group: int,
    search: Search,
    times: TimeSettings | None = None,
) -> Opened:
    """Return a source that is ready to be scanned.

    Parameters
    ----------
    search
        What is looked for, but for sessions: see `with_session_keys`.
    times
        How timestamps are read that leave something out.

    One that cannot be read any more is taken for empty: the scan tells of it.
    """
    try:
        head, tail = read_head(source), _tail(source)
    except InputUnreadableError:
        head, tail = b"", b""
    detected = detect(head, tail=tail, modified=source.modified, times=times)
    return Opened(
        number=number,
        group=group,
        source=source,
        detected=detected,
        tables=detected.tables(),
        search=search,
        head=head[:_HEAD],
    )


def with_session_keys(sources: Sequence[Opened]) -> list[Opened]:
    """Return the sources, each group with the keys of its sessions, as the beginnings of its sources tell."""
    size = min(_SAMPLE, max(_SMALLEST_SAMPLE, _SAMPLES // max(len(sources), 1)))
    found: dict[int, list[pl.DataFrame]] = {}
    for opened in sources:
        try:
            data = read_head(opened.source, size)
        except InputUnreadableError:
            data = b""
        data = data[: data.rfind(b"\n") + 1] if len(data) == size else data
        sample = Sample(data=np.frombuffer(data, np.uint8), tables=opened.tables)
        found.setdefault(opened.group, []).append(sample_ids(sample, source=opened.number))
    keys = {group: choose_keys(pl.concat(ids)) for group, ids in found.items()}
    return [replace(opened, search=replace(opened.search, sessions=keys[opened.group])) for opened in sources]


def _tail(source: Source) -> bytes:
    """Return the last bytes of a source, where they can be had without reading it all."""
    if source.size <= _TAIL * 8:
        return b""
    data = read_tail(source, _TAIL)
    return data[data.find(b"\n") + 1 :]
