"""Reads single lines and records with the programs of their source, for the few lines that are shown to people."""

import numpy as np

from loganomaly.reading.matcher import match
from loganomaly.reading.program import NO_TIME, At, Tables
from loganomaly.reading.records import last_record_start, read_records
from loganomaly.reading.registers import OUT_SIZE

__all__ = ["begins_record", "fits_layout", "record_lines", "time_of"]


def begins_record(line: bytes, tables: Tables) -> bool:
    """Return whether a line begins a record, or goes on with the one before it."""
    # Behind a line of a record, a line that goes on with it leaves the last record start at 0.
    data = b".\n" + line + b"\n"
    return bool(line.strip()) and int(last_record_start(np.frombuffer(data, np.uint8), tables)) > 0


def fits_layout(line: bytes, tables: Tables) -> bool:
    """Return whether a line is written as one of the layouts says: such a line always begins a record."""
    data, out = np.frombuffer(line, np.uint8), np.zeros(OUT_SIZE, np.int64)
    return any(match(data, 0, len(data), program, tables, out) for program in range(int(tables[At.PROGRAMS])))


def record_lines(text: bytes, tables: Tables) -> int:
    """Return how many lines the record has with which `text` begins; blank ones behind it belong to it."""
    columns, count, _ = read_records(np.frombuffer(text, np.uint8), tables)
    return int(columns[1][0]) if count and columns[0][0] == 0 else 1


def time_of(text: bytes, tables: Tables) -> int | None:
    """Return the time of the record with which `text` begins, microseconds since the epoch, UTC, or None."""
    columns, count, _ = read_records(np.frombuffer(text, np.uint8), tables)
    return int(columns[5][0]) if count and columns[0][0] == 0 and columns[5][0] != NO_TIME else None
