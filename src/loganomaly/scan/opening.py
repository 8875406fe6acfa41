"""Finds out how a source is read, from its beginning and its end."""

from loganomaly.floods import FloodSettings
from loganomaly.reading.dates import TimeSettings
from loganomaly.reading.detect import detect
from loganomaly.reading.streams import Source, read_head, read_tail
from loganomaly.scan.run import Opened

__all__ = ["prepare"]

_TAIL = 65_536


def prepare(
    source: Source, *, number: int, group: int, floods: FloodSettings, times: TimeSettings | None = None
) -> Opened:
    """Return a source that is ready to be scanned; `times` says how timestamps are read that leave something out.

    Raises
    ------
    InputError
        If the source cannot be read.
    """
    detected = detect(read_head(source), tail=_tail(source), modified=source.modified, times=times)
    return Opened(number=number, group=group, source=source, detected=detected, tables=detected.tables(), floods=floods)


def _tail(source: Source) -> bytes:
    """Return the last bytes of a source, where they can be had without reading it all."""
    if source.size <= _TAIL * 8:
        return b""
    data = read_tail(source, _TAIL)
    return data[data.find(b"\n") + 1 :]
