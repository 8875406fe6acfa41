"""The contract of a format data file: its samples are read as they say."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loganomaly.errors import FormatError
from loganomaly.reading.detect import detect
from loganomaly.reading.formats import Format
from loganomaly.reading.program import NO_TIME, Level, Tables
from loganomaly.reading.records import UNMATCHED, Records, read_records
from loganomaly.reading.tables import Calendar

__all__ = ["ReadRecord", "check_format", "read_text"]

_KEYS = {"line", "time", "level", "component", "status", "message"}
_REPEATS = 20
_YEAR = 2024
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """One record as the reading layer sees it; None stands for what the record does not say.

    `line` is its first line, counted from 0, `lines` how many it has, `message` that of its first line. `program`
    is the layout that its first line fits, None where it fits none.
    """

    line: int
    lines: int
    program: int | None
    time: dt.datetime | None
    level: str | None
    component: str | None
    status: int | None
    message: str


def read_text(data: bytes, *, tables: Tables) -> list[ReadRecord]:
    """Read `data` into records with the programs of a source; one row per record, in order.

    Examples
    --------
    >>> from loganomaly.reading.detect import detect
    >>> text = b"2026-03-14 09:26:53 ERROR disk is full"
    >>> read_text(text, tables=detect(text).tables())[0].level
    'ERROR'
    """
    columns, count, _ = read_records(np.frombuffer(data, np.uint8), tables)
    records = Records(*(column[:count] for column in columns))
    return [_record(data, Records(*row)) for row in zip(*(column.tolist() for column in records), strict=True)]


def check_format(fmt: Format) -> None:
    """Check that every sample of `fmt` is read as it says, as one record: alone, and among all samples, each repeated.

    Both ways, the layouts are detected from the text, among those of all built-in formats and of `fmt`. A year that a
    sample leaves out is 2024, a date 1970-01-01. Where a sample has a status and no level, its level is the status'.

    Raises
    ------
    FormatError
        If there is no sample, a sample is malformed or has an unknown key, or is read differently; names the format,
        the line, what was expected and what was read.
    """
    if not fmt.samples:
        msg = f"format {fmt.name!r} has no samples; add one per way to write a line"
        raise FormatError(msg)
    for sample in fmt.samples:
        _check_keys(sample, name=fmt.name)
        _check_samples([sample], fmt=fmt, where="alone")
    _check_samples([sample for sample in fmt.samples for _ in range(_REPEATS)], fmt=fmt, where="among the others")


def _check_keys(sample: Mapping[str, Any], *, name: str) -> None:
    unknown = set(sample) - _KEYS
    if unknown or not isinstance(sample.get("line"), str):
        msg = f"format {name!r}: a sample has 'line', which is a text, and of {sorted(_KEYS)}; given: {dict(sample)}"
        raise FormatError(msg)


def _check_samples(samples: list[Mapping[str, Any]], *, fmt: Format, where: str) -> None:
    data = "".join(sample["line"] + "\n" for sample in samples).encode()
    detected = detect(data, formats=(fmt,))
    calendar = Calendar(year=_YEAR, named=detected.calendar.named, orders=detected.calendar.orders)
    tables = replace(detected, calendar=calendar).tables()
    records = read_text(data, tables=tables)
    if len(records) != len(samples):
        msg = f"format {fmt.name!r}: {len(samples)} samples {where} are read as {len(records)} records"
        raise FormatError(msg)
    for sample, record in zip(samples, records, strict=True):
        expected, read = _expected(sample, name=fmt.name), _read(sample, record)
        if read != expected:
            msg = f"format {fmt.name!r}, line {sample['line']!r} {where}: expected {expected}, read {read}"
            raise FormatError(msg)


def _expected(sample: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    time = sample.get("time")
    try:
        moment = None if time is None else dt.datetime.fromisoformat(time)
    except (TypeError, ValueError) as error:
        msg = f"format {name!r}: a sample's time is quoted ISO 8601 in UTC, given: {time!r}"
        raise FormatError(msg) from error
    texts = {key: sample.get(key) for key in ("level", "component", "status")}
    return {"time": moment, **texts, "message": sample.get("message", "")}


def _read(sample: Mapping[str, Any], record: ReadRecord) -> dict[str, Any]:
    by_status = "status" in sample and "level" not in sample
    return {
        "time": record.time,
        "level": None if by_status else record.level,
        "component": record.component,
        "status": record.status,
        "message": record.message,
    }


def _record(data: bytes, row: Records) -> ReadRecord:
    values: dict[str, int] = {name: int(value) for name, value in row._asdict().items()}
    first, last = values["component_start"], values["component_end"]
    time = values["time"]
    return ReadRecord(
        line=values["line"],
        lines=values["lines"],
        program=None if values["program"] == UNMATCHED else values["program"],
        time=None if time == NO_TIME else _EPOCH + dt.timedelta(microseconds=time),
        level=Level(values["level"]).name if values["level"] else None,
        component=data[first:last].decode(errors="replace") if first >= 0 else None,
        status=values["status"] or None,
        message=data[values["message_start"] : values["message_end"]].decode(errors="replace"),
    )
