"""Reads single lines with the programs of their source, for the few lines that are shown to people."""

import numpy as np

from loganomaly.reading.matcher import match
from loganomaly.reading.program import NO_TIME, At, Tables
from loganomaly.reading.records import last_record_start
from loganomaly.reading.registers import OUT_SIZE, TIME

__all__ = ["begins_record", "fits_layout", "time_of"]


def begins_record(line: bytes, tables: Tables) -> bool:
    """Return whether a line begins a record, or goes on with the one before it."""
    # Behind a line of a record, a line that goes on with it leaves the last record start at 0.
    data = b".\n" + line + b"\n"
    return bool(line.strip()) and int(last_record_start(np.frombuffer(data, np.uint8), tables)) > 0


def fits_layout(line: bytes, tables: Tables) -> bool:
    """Return whether a line is written as one of the layouts says: such a line always begins a record."""
    data, out = np.frombuffer(line, np.uint8), np.empty(OUT_SIZE, np.int64)
    return any(match(data, 0, len(data), program, tables, out) for program in range(int(tables[At.PROGRAMS])))


def time_of(line: bytes, tables: Tables) -> int | None:
    """Return the time of a line, microseconds since the epoch, UTC, or None."""
    data, out = np.frombuffer(line, np.uint8), np.empty(OUT_SIZE, np.int64)
    for program in range(int(tables[At.PROGRAMS])):
        if match(data, 0, len(data), program, tables, out):
            return int(out[TIME]) if out[TIME] != NO_TIME else None
    return None
