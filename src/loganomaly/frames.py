"""The only place that knows data frames: pandas, polars and others come in, and the same kind goes out."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.errors import InputError
from loganomaly.reading.program import NO_TIME

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["Lines", "Mappings", "add_columns", "is_frame", "lines_of", "take_rows", "times_of"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_YEARS = range(1970, 2106)
_MICROSECOND = dt.timedelta(microseconds=1)
_MISSING_TYPES = frozenset({"NAType", "NaTType"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The log lines of a frame, one per row, and their bytes laid end to end.

    Row i is data[bounds[i]:bounds[i + 1]]; `texts` is the same as a polars column.
    """

    texts: pl.Series
    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mappings:
    """A column of lists of mappings of text, all with these names: in polars, lists of structs."""

    names: Sequence[str]
    rows: Sequence[list[dict[str, str]]]


def is_frame(value: object) -> bool:
    """Return whether `value` is a data frame that we can read."""
    if isinstance(value, str | PurePath | list):
        return False  # paths: what knows frames need not be loaded for them
    import narwhals.stable.v2 as nw

    return _is_pandas(value) or isinstance(nw.from_native(value, pass_through=True), nw.DataFrame)


def lines_of(frame: Any, *, column: str = "log") -> Lines:
    """Return the log lines of a frame; a missing value is an empty line, bytes are UTF-8, anything else `str` of it.

    Raises
    ------
    InputError
        If `frame` is no data frame, has no such column, or no rows.
    """
    names, values = _values(frame, column)
    if values is None:
        msg = f"the frame has no column {column!r}; it has: {', '.join(map(repr, names)) or 'none'}"
        raise InputError(msg)
    if not values:
        msg = f"the frame has no rows; expected at least one log line in column {column!r}"
        raise InputError(msg)
    encoded = [_encoded(value) for value in values]
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(text) for text in encoded], dtype=np.int64)])
    data = np.frombuffer(b"".join(encoded), np.uint8)
    texts = pl.Series("log", [text.decode("utf-8", errors="replace") for text in encoded], dtype=pl.String)
    return Lines(texts=texts, data=data, bounds=bounds)


def times_of(frame: Any, *, column: str = "timestamp", zone: dt.tzinfo = dt.UTC) -> NDArray[np.int64] | None:
    """Return the times of a frame's rows in microseconds, UTC, or NO_TIME where missing; None without the column.

    Times without a zone are taken to be in `zone`; an hour that occurs twice, when clocks are put back, is the first
    of the two. Text is read as ISO 8601; blank text is missing, and so are times before 1970 or after 2105, which
    stand for "none" or "never".

    Raises
    ------
    InputError
        If the column holds anything else than dates and text that can be read as such.
    """
    _, values = _values(frame, column)
    if values is None:
        return None
    return np.array([_micros(value, column=column, row=row, zone=zone) for row, value in enumerate(values)], np.int64)


def add_columns(frame: Any, columns: Mapping[str, Sequence[Any] | NDArray[Any] | Mappings]) -> Any:
    """Return the frame with columns added (or replaced), of the same kind, rows, order and index."""
    if _is_pandas(frame):
        # pandas lines columns up by index, which may hold a label twice; by position there is no doubt.
        result = frame.copy()
        for name, values in columns.items():
            result[name] = _plain(values)
        return result
    import narwhals.stable.v2 as nw

    table = _table(frame)
    native = nw.get_native_namespace(table)
    made = [nw.new_series(name, _plain(values), _dtype(values), backend=native) for name, values in columns.items()]
    return table.with_columns(*made).to_native()


def take_rows(frame: Any, rows: NDArray[np.int64]) -> Any:
    """Return these rows of the frame, in this order; pandas keeps their index labels."""
    if _is_pandas(frame):
        return frame.iloc[rows]
    return _table(frame)[rows.tolist(), :].to_native()


def _is_pandas(frame: Any) -> bool:
    import narwhals.stable.v2 as nw

    return bool(nw.dependencies.is_pandas_dataframe(frame))


def _values(frame: Any, column: str) -> tuple[list[Any], list[Any] | None]:
    """Return the names of a frame's columns, and the values of one of them, None without it."""
    if _is_pandas(frame):
        # Read as it is: pandas, unlike others, has names that are no text, or that occur twice.
        names = list(frame.columns)
        if names.count(column) > 1:
            msg = f"the frame has {names.count(column)} columns {column!r}; expected one: rename or drop the others"
            raise InputError(msg)
        return names, frame[column].tolist() if column in names else None
    table = _table(frame)
    return table.columns, table[column].to_list() if column in table.columns else None


def _table(frame: Any) -> "nw.DataFrame[Any]":
    import narwhals.stable.v2 as nw

    table = nw.from_native(frame, pass_through=True)
    if not isinstance(table, nw.DataFrame):
        hint = "; call its collect() first" if isinstance(table, nw.LazyFrame) else ""
        msg = f"expected a data frame (pandas, polars ...), given {type(frame).__name__}{hint}"
        raise InputError(msg)
    return table


def _missing(value: object) -> bool:
    """Return whether a value is None, NaN, NaT or pandas' NA."""
    # pandas need not be installed, so its two are known by name.
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in _MISSING_TYPES


def _encoded(value: object) -> bytes:
    if _missing(value):
        return b""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", errors="surrogatepass")


def _micros(value: object, *, column: str, row: int, zone: dt.tzinfo) -> int:
    """Return a time in microseconds since the epoch, UTC, or NO_TIME where it is missing."""
    if _missing(value) or (isinstance(value, str) and not value.strip()):
        return NO_TIME
    try:
        moment = dt.datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if isinstance(moment, dt.date) and not isinstance(moment, dt.datetime):
        moment = dt.datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    if not isinstance(moment, dt.datetime):
        given = f"column {column!r}, row {row}: {str(value)[:60]!r} ({type(value).__name__}) is no date"
        msg = f"{given}; expected dates, or ISO 8601 text like 2026-03-14T09:26:53Z"
        raise InputError(msg)
    if not moment.tzinfo:
        # A plain datetime: that of pandas refuses hours that clocks leave out.
        day, time = moment.date(), moment.time()
        moment = dt.datetime.combine(day, time, tzinfo=zone)
    return (moment - _EPOCH) // _MICROSECOND if moment.year in _YEARS else NO_TIME


def _plain(values: Sequence[Any] | NDArray[Any] | Mappings) -> list[Any]:
    if isinstance(values, Mappings):
        return list(values.rows)
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _dtype(values: Sequence[Any] | NDArray[Any] | Mappings) -> Any:
    import narwhals.stable.v2 as nw

    if isinstance(values, Mappings):
        return nw.List(nw.Struct(dict.fromkeys(values.names, nw.String)))
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
