"""What is filtered, as a file."""

from collections.abc import Iterator

import polars as pl

from loganomaly.dashboard.results_folder import ResultsFolder
from loganomaly.reports.finding_table import FINDING_COLUMNS, finding_csv

__all__ = ["csv_of", "json_of"]

_ROWS = 4096  # at a time


def csv_of(found: pl.DataFrame) -> Iterator[bytes]:
    """Yield CSV for spreadsheets, in which no cell is a formula; see `finding_csv`."""
    columns = [
        pl.lit(None, dtype=pl.String).alias(name) if name == "detail" else pl.col(name) for name in FINDING_COLUMNS
    ]
    for start in range(0, max(len(found), 1), _ROWS):
        part = finding_csv(found.slice(start, _ROWS).select(columns))
        yield part if start == 0 else part.partition(b"\r\n")[2]


def json_of(folder: ResultsFolder, found: pl.DataFrame) -> Iterator[str]:
    """Yield a JSON list of entries of anomalies.json, in the order of that file."""
    opening = "[\n"
    for detail in folder.details(found["row"]):
        yield opening + detail
        opening = ",\n"
    yield "\n]\n" if opening != "[\n" else "[]\n"
