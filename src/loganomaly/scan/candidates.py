"""Picks the records that may hold what is searched for: those with one of its anchors where it counts.

It may pick records that hold nothing, never the other way round: patterns are tried only on what is picked here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.moulds import Moulds
from loganomaly.redaction.views import MOST_VIEWS
from loganomaly.scan.anchor_search import search_models, search_rows, spread
from loganomaly.scan.anchors import AnchorTables
from loganomaly.scan.unescape import unescape

__all__ = ["Picked", "candidates"]

Picked = tuple[NDArray[np.int64], NDArray[np.int32]]
"""Rows, in order, and for each an owner whose anchor it has; no pair comes twice."""


class _Models(NamedTuple):
    """What was found in rows that speak for others; see `search_models`."""

    rows: NDArray[np.int64]
    owners: NDArray[np.int32]
    spots: NDArray[np.int64]
    alone: NDArray[np.bool_]


def candidates(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    tables: AnchorTables,
    *,
    moulds: Moulds | None = None,
) -> Picked:
    """Return which rows, data[starts[i]:ends[i]], have an anchor of which owners, with escapes or without.

    With their `moulds`, one row is searched for all that differ from it in digits, and in these only what rests on
    digits is looked at.
    """
    if moulds is None:
        return _each(data, starts, ends, tables)
    models = _models(data, starts[moulds.first], ends[moulds.first], tables)
    rows = np.flatnonzero(models.alone[moulds.ids])
    of_rows, own = _each(data, starts[rows], ends[rows], tables)
    found = (moulds.ids, len(moulds.first), models.rows, models.owners, models.spots, rows[of_rows], own)
    size = len(starts) + 1024
    while True:
        picked, owners, count = spread(data, starts, ends, tables, size, *found)
        if count <= size:
            return picked[:count], owners[:count]
        size = count


def _each(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], tables: AnchorTables) -> Picked:
    """Return which rows have an anchor of which owners: each is searched."""
    rows, owners, escaped = _picked(data, starts, ends, tables)
    found = [rows * tables.owners + owners]
    places, starts, ends = escaped, starts[escaped], ends[escaped]
    for level in range(MOST_VIEWS):
        if not len(places):
            break
        data, starts, ends, changed = unescape(data, starts, ends, plus=level == 0)
        places, starts, ends = places[changed], starts[changed], ends[changed]
        rows, owners, escaped = _picked(data, starts, ends, tables)
        found.append(places[rows] * tables.owners + owners)
        places, starts, ends = places[escaped], starts[escaped], ends[escaped]
    pairs = found[0] if len(found) == 1 else np.unique(np.concatenate(found))
    return pairs // tables.owners, (pairs % tables.owners).astype(np.int32)


def _picked(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], tables: AnchorTables
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return rows, owners, and the rows in which an escape may stand."""
    size = len(starts) + 1024
    while True:
        rows, owners, count = search_rows(data, starts, ends, tables, size)
        if count <= size:
            break
        size = count
    rows, owners = rows[:count], owners[:count].astype(np.int64)
    escaped = owners == tables.owners
    return rows[~escaped], owners[~escaped], rows[escaped]


def _models(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], tables: AnchorTables
) -> _Models:
    """Return what is found in rows that speak for others, unless they do not."""
    size = len(starts) + 1024
    while True:
        rows, owners, count, alone, spots, spot_count = search_models(data, starts, ends, tables, size)
        if count <= size and spot_count <= size:
            kept, kept_spots = ~alone[rows[:count]], ~alone[spots[:spot_count, 0]]
            return _Models(rows[:count][kept], owners[:count][kept], spots[:spot_count][kept_spots], alone)
        size = max(count, spot_count)
