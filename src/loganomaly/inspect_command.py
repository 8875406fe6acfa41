"""``loganomaly inspect``: how files are read."""

from typing import Annotated

import typer

from loganomaly.command_settings import DayFirst, Paths, Timezone, Year, load_settings, reading_overrides
from loganomaly.console import close_stdout, complain, logging_to_stderr, reported_errors, width, write
from loganomaly.errors import UsageError

__all__ = ["inspect_app"]

_INSPECT_EXAMPLE = "loganomaly inspect app.log"
_INSPECT_EPILOG = f"Exit codes are those of loganomaly. Example: {_INSPECT_EXAMPLE}"

inspect_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@inspect_app.command(epilog=_INSPECT_EPILOG)
def inspect(
    *,
    paths: Paths = None,
    lines: Annotated[
        int | None,
        typer.Option("--lines", metavar="N", min=1, help="Lines of each file that are looked at: 10000 if not given."),
    ] = None,
    timezone: Timezone = None,
    day_first: DayFirst = None,
    year: Year = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Report errors in detail.")] = False,
) -> None:
    """Show how files are read: format, layouts, times, severities, and lines that no layout reads."""
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            if not paths:
                raise UsageError(
                    "PATH is missing: name at least one log file, folder, glob in quotes, or - for "
                    f"standard input, such as: {_INSPECT_EXAMPLE}"
                )
            settings, _ = load_settings(
                None, None, overrides=reading_overrides(timezone=timezone, day_first=day_first, year=year)
            )
            from loganomaly.inspection import LINES, inspect_sources
            from loganomaly.reports.inspection import render_inspection, render_json
            from loganomaly.settings import time_settings

            inspection = inspect_sources(paths, lines=lines or LINES, times=time_settings(settings))
            write(render_json(inspection) if as_json else render_inspection(inspection, width=width()))
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        close_stdout()
