"""Reads a Parquet file as lines: one JSON object a row, or the lines themselves where there is one column of text."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from loganomaly.reading.decoders import DamageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["parquet_lines", "table_problem"]

_ROWS = 1 << 16
"""Rows read at a time: some tens of megabytes, and enough that the work per batch does not count."""
_MOMENT = "%Y-%m-%dT%H:%M:%S%.6fZ"
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # years 1 to 9999: what ISO 8601 can write
_UNITS = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def table_problem(path: Path) -> str | None:
    """Say why the Parquet file at *path* gives no lines, if so; it is asked for its first ones."""
    try:
        return None if next(parquet_lines(path), b"") else "empty"
    except DamageError as damage:
        return f"{damage}; {damage.advice}"


def parquet_lines(path: Path) -> Iterator[bytes]:
    """Yield the rows of a Parquet file in blocks of lines, in their order.

    A table with one column, of text, holds whole lines of a log. Any other is a table of records, and each row
    becomes one JSON object: moments in ISO 8601, UTC (without a zone they are taken as UTC), bytes as text, moments
    beyond the years 1 to 9999 as null. Lists and structures with bytes in them are left out.

    Raises
    ------
    DamageError
        Where the file is damaged, after the rows before it.
    OSError
        When it cannot be read.
    """
    import polars as pl

    try:
        table = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        schema = table.collect_schema()
        columns = [name for name, kind in schema.items() if not (kind.is_nested() and _has_bytes(kind))]
        texts = (pl.String, pl.Binary, pl.Categorical, pl.Enum)
        is_log = len(schema) == 1 and any(schema.dtypes()[0] == text for text in texts)
        start = 0
        while True:
            rows = table.select(columns).slice(start, _ROWS).collect()
            if not rows.height:
                return
            rows = pl.DataFrame([_writable(column) for column in rows])
            yield _whole_lines(rows.to_series()) if is_log else rows.write_ndjson().encode()
            start += _ROWS
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        # A panic is how the decoder ends on some damaged files.
        raise DamageError(f"the table cannot be decoded: {str(error).splitlines()[0]}") from error


def _writable(column: "pl.Series") -> "pl.Series":
    """Return a column as JSON can hold it."""
    import polars as pl

    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        unit = _UNITS[kind.time_unit]
        first, last = max(_FIRST * unit, -(1 << 63)), min(_LAST * unit, (1 << 63) - 1)
        in_reach = column.to_physical().is_between(first, last)
        moments = column.zip_with(in_reach.fill_null(value=False), pl.Series([None], dtype=kind))
        if kind.time_zone is not None:
            moments = moments.dt.convert_time_zone("UTC")
        return moments.dt.strftime(_MOMENT).alias(column.name)
    if kind == pl.Binary:
        # Rare, and a few rows at a time; polars has no conversion that keeps a value with one wrong byte.
        texts = [None if value is None else value.decode("utf-8", "replace") for value in column]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column.cast(pl.String) if isinstance(kind, pl.Categorical | pl.Enum) else column


def _whole_lines(column: "pl.Series") -> bytes:
    # A missing line is an empty one, so that lines keep their numbers.
    return ("\n".join(column.fill_null("").str.strip_chars_end("\r\n")) + "\n").encode()


def _has_bytes(kind: "pl.DataType") -> bool:
    import polars as pl

    if isinstance(kind, pl.Struct):
        return any(_has_bytes(field.dtype) for field in kind.fields if isinstance(field.dtype, pl.DataType))
    if isinstance(kind, pl.List | pl.Array):
        return isinstance(kind.inner, pl.DataType) and _has_bytes(kind.inner)
    return kind == pl.Binary
