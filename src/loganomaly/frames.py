"""The only place that knows data frames: pandas, polars and others come in, and the same kind goes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.errors import InputError
from loganomaly.reading.program import NO_TIME

__all__ = ["Lines", "add_columns", "is_frame", "lines_of", "take_rows", "times_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The log lines of a frame, one per row, and their bytes laid end to end.

    Row i is data[bounds[i]:bounds[i + 1]]; `texts` is the same as a polars column.
    """

    texts: pl.Series
    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]


def is_frame(value: object) -> bool:
    """Return whether `value` is a data frame that we can read."""
    return isinstance(nw.from_native(value, pass_through=True), nw.DataFrame)


def lines_of(frame: Any, *, column: str = "log") -> Lines:
    """Return the log lines of a frame; a missing value is an empty line, anything else is written as text.

    Raises
    ------
    InputError
        If `frame` is no data frame, has no such column, or no rows.
    """
    table = _table(frame)
    if column not in table.columns:
        msg = f"the frame has no column {column!r}; it has: {', '.join(map(repr, table.columns)) or 'none'}"
        raise InputError(msg)
    values = [None if _missing(value) else str(value) for value in table[column].to_list()]
    if not values:
        msg = f"the frame has no rows; expected at least one log line in column {column!r}"
        raise InputError(msg)
    encoded = [(value or "").encode("utf-8", errors="surrogatepass") for value in values]
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(text) for text in encoded], dtype=np.int64)])
    data = np.frombuffer(b"".join(encoded), np.uint8)
    texts = pl.Series("log", [text.decode("utf-8", errors="replace") for text in encoded], dtype=pl.String)
    return Lines(texts=texts, data=data, bounds=bounds)


def times_of(frame: Any, *, column: str = "timestamp") -> NDArray[np.int64] | None:
    """Return the times of a frame's rows in microseconds, UTC, or NO_TIME where missing; None without the column.

    Times without a zone are taken as UTC. Text is read as ISO 8601.

    Raises
    ------
    InputError
        If the column holds neither dates nor text that can be read as such.
    """
    table = _table(frame)
    if column not in table.columns:
        return None
    values = table[column]
    dtype = values.dtype
    if isinstance(dtype, nw.Datetime):
        if dtype.time_zone is not None:
            values = values.dt.convert_time_zone("UTC")
        raw = values.dt.timestamp("us").to_list()
    elif dtype in {nw.String, nw.Object}:
        raw = _parsed(values.to_list(), column=column)
    else:
        msg = f"column {column!r} is of type {dtype}; expected dates or ISO 8601 text"
        raise InputError(msg)
    return np.array([NO_TIME if _missing(value) else int(value) for value in raw], np.int64)


def add_columns(frame: Any, columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> Any:
    """Return the frame with columns added (or replaced), of the same kind, rows, order and index."""
    table = _table(frame)
    native = nw.get_native_namespace(table)
    made = [nw.new_series(name, _plain(values), _dtype(values), backend=native) for name, values in columns.items()]
    if hasattr(frame, "index") and hasattr(frame, "iloc"):
        # pandas lines columns up by index, which may hold a label twice; by position there is no doubt.
        result = frame.copy()
        for column in made:
            result[column.name] = column.to_native().to_numpy() if column.dtype != nw.String else column.to_list()
        return result
    return table.with_columns(*made).to_native()


def take_rows(frame: Any, rows: NDArray[np.int64]) -> Any:
    """Return these rows of the frame, in this order; pandas keeps their index labels."""
    table = _table(frame)
    if hasattr(frame, "index") and hasattr(frame, "iloc"):
        return frame.iloc[rows]
    return table[rows.tolist(), :].to_native()


def _table(frame: Any) -> "nw.DataFrame[Any]":
    table = nw.from_native(frame, pass_through=True)
    if isinstance(table, nw.LazyFrame):
        table = table.collect()
    if not isinstance(table, nw.DataFrame):
        msg = f"expected a data frame (pandas, polars ...), given {type(frame).__name__}"
        raise InputError(msg)
    return table


def _missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124  (NaN and NaT are not equal to themselves)


def _parsed(values: Sequence[Any], *, column: str) -> list[int | None]:
    import datetime as dt

    result: list[int | None] = []
    for row, value in enumerate(values):
        if _missing(value):
            result.append(None)
            continue
        try:
            moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value).strip())
        except ValueError:
            given = f"column {column!r}, row {row}: {str(value)[:60]!r} is no date"
            msg = f"{given}; expected ISO 8601, like 2026-03-14T09:26:53Z"
            raise InputError(msg) from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        result.append(round((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1)))
    return result


def _plain(values: Sequence[Any] | NDArray[Any]) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _dtype(values: Sequence[Any] | NDArray[Any]) -> Any:
    for value in _plain(values):
        if value is None:
            continue
        if isinstance(value, bool):
            return nw.Boolean
        if isinstance(value, int):
            return nw.Int64
        if isinstance(value, float):
            return nw.Float64
        if isinstance(value, list | tuple):
            return nw.List(nw.String)
        return nw.String
    return nw.String
