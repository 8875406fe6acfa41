"""What a run wrote, as bytes in which a text can be looked for: Parquet is compressed, so its rows are taken out."""

from pathlib import Path

import polars as pl

__all__ = ["content", "written"]


def written(folder, *more):
    """Return the names and contents of all files below a folder, and what else is given."""
    files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    return b"\n".join([*(str(path).encode() + b"\n" + content(path) for path in files), *more])


def content(path):
    """Return what is in a file."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    return pl.read_parquet(path).write_ndjson().encode() + path.read_bytes()
