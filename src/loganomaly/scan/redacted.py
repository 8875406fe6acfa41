"""The bytes of a source with pseudonyms in the place of what leaks."""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from loganomaly.errors import InputUnreadableError
from loganomaly.floods import FloodSettings
from loganomaly.reading.streams import Source, open_source
from loganomaly.redaction.secrets import Span, disjoint
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.named_secrets import has_columns, secrets_in_columns
from loganomaly.scan.opening import prepare
from loganomaly.scan.search import Search

__all__ = ["redacted"]

_BLOCK = 4 << 20
_REACH = 64 << 10  # bytes that a secret of many lines may be long
_Spans = list[tuple[str, int, int]]


def redacted(source: Source, search: LeakSearch, *, replaced: Counter[str]) -> Iterator[bytes]:
    """Yield the bytes of a source with pseudonyms in the place of what leaks; the number of lines stays the same.

    Parameters
    ----------
    replaced
        Counts what was replaced, by kind.

    Raises
    ------
    InputUnreadableError
        If the source is damaged, after everything before the damage was yielded.
    """
    tables = prepare(source, number=0, group=0, search=Search(floods=FloodSettings(enabled=False))).tables
    columns = has_columns(tables)
    with open_source(source) as stream:
        held = b""
        while True:
            block, damage = _read(stream)
            ended = not block  # fewer bytes than asked for may stand before a damage, which the next read tells
            held += block
            found = _spans(held, search)
            if columns:
                found = _together(
                    found, [(kind, start, end) for _, kind, start, end in secrets_in_columns(held, tables)]
                )
            end = len(held) if ended else _cut(held, found)
            yield _without(held[:end], found, search, replaced=replaced)
            held = held[end:]
            if damage is not None:
                raise damage
            if ended:
                return


def _read(stream: BinaryIO) -> tuple[bytes, InputUnreadableError | None]:
    """Return what can be read of a block, and why there is no more of it."""
    try:
        return stream.read(_BLOCK), None
    except InputUnreadableError as error:
        return b"", error


def _spans(data: bytes, search: LeakSearch) -> _Spans:
    """Return what leaks in lines, disjoint and by place: the name of its kind, start, end."""
    array = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(array == ord("\n"))
    starts = np.concatenate([np.zeros(1, np.int64), breaks + 1])
    ends = np.append(breaks, len(array))
    found: list[Span] = []
    for row, kinds in search.picked(array, starts, ends):
        # What begins in a line may go on in the next, and a few kinds over many.
        last = ends[min(row + 1, len(ends) - 1)]
        if any(kind.long for kind in kinds):
            last = max(last, min(len(array), starts[row] + _REACH))
        begin = int(starts[row])
        spans, _ = search.spans(data[begin : int(last)], kinds)
        found += (Span(kind, start + begin, end + begin, holds=True) for kind, start, end in spans)
    return [(kind.name, start, end) for kind, start, end in disjoint(found, search.ranks)]


def _together(spans: _Spans, more: _Spans) -> _Spans:
    """Return spans by place, those that overlap as one."""
    merged: _Spans = []
    for kind, start, end in sorted([*spans, *more], key=lambda span: span[1:]):
        if merged and start < merged[-1][2]:
            first, low, high = merged[-1]
            merged[-1] = first, low, max(high, end)
        else:
            merged.append((kind, start, end))
    return merged


def _cut(data: bytes, spans: _Spans) -> int:
    """Return where to cut, at a line's start and in no leak, so far from the end that none of many lines goes on."""
    end = data.rfind(b"\n", 0, max(0, len(data) - _REACH)) + 1
    for _, start, behind in spans:
        if start < end < behind:
            return data.rfind(b"\n", 0, start) + 1
    return end


def _without(data: bytes, spans: _Spans, search: LeakSearch, *, replaced: Counter[str]) -> bytes:
    parts, at = [], 0
    for kind, start, end in spans:
        if start >= len(data):
            break
        value = data[start:end]
        name = search.pseudonyms.name(kind, value)
        parts += [data[at:start], f"<{name}>".encode(), b"\n" * value.count(b"\n")]
        replaced[kind] += 1
        at = end
    return b"".join([*parts, data[at:]])
