"""Paths and settings on the command line that several commands share."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from loganomaly.config import Config

__all__ = ["DayFirst", "Paths", "Timezone", "Year", "load_settings", "reading_overrides"]

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH...",
        help="Required. Log files, folders, globs (in quotes) or - for standard input.",
        show_default=False,
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(
        "--timezone",
        metavar="ZONE",
        help="Zone of timestamps without one: Europe/Berlin, +02:00; UTC if not given (reading.timezone).",
    ),
]
DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first",
        help="How 03/04/2026 is read; found out by the lines if not given (reading.day_first).",
    ),
]
Year = Annotated[
    int | None,
    typer.Option(
        "--year",
        metavar="N",
        help="Year of the first timestamp without one; found out by the file's age if not given (reading.year).",
    ),
]


def reading_overrides(*, timezone: str | None, day_first: bool | None, year: int | None) -> dict[str, object]:
    """Return the settings that say how timestamps are read."""
    return {"reading.timezone": timezone, "reading.day_first": day_first, "reading.year": year}


def load_settings(
    config: Path | None, file_config_map: str | None, *, overrides: Mapping[str, object]
) -> tuple["Config", dict[str, "Config"]]:
    """Read the configuration files; what the command line gives wins in each of them."""
    from loganomaly.config import load_config, parse_file_config_map

    given = {key: value for key, value in overrides.items() if value is not None}
    paths = parse_file_config_map(file_config_map) if file_config_map is not None else {}
    by_file = {pattern: load_config(path, overrides=given) for pattern, path in paths.items()}
    return load_config(config, overrides=given), by_file
