"""The command ``loganomaly``, and ``loganomaly inspect``; others are in `mask_commands` and `dismiss_command`.

Exit codes: 0, the run is done, whatever it found; 2, the call or the configuration is wrong; 130,
interrupted; 1, anything else. Nothing heavy is imported before a run begins: ``--help`` answers at once.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganomaly.console import (
    close_stdout,
    coloured,
    complain,
    logging_to_stderr,
    progress_bar,
    reported_errors,
    width,
    write,
)
from loganomaly.dismiss_command import dismiss_app
from loganomaly.errors import UnavailableError, UsageError
from loganomaly.mask_commands import masks_app, try_app

if TYPE_CHECKING:
    from loganomaly.config import Config
    from loganomaly.results import Results

__all__ = ["app", "inspect_app", "main"]

_LOG = logging.getLogger("loganomaly")
_EXAMPLE = "loganomaly --input app.log --output results"
_EPILOG = (
    "Exit codes: 0 done, whatever was found; 2 the call or the configuration is wrong; 130 interrupted; "
    f"1 anything else. Example: {_EXAMPLE}"
)
_INSPECT_EXAMPLE = "loganomaly inspect app.log"
_INSPECT_EPILOG = f"Exit codes are those of loganomaly. Example: {_INSPECT_EXAMPLE}"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
inspect_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


_Timezone = Annotated[
    str | None,
    typer.Option(
        "--timezone",
        metavar="ZONE",
        help="Zone of timestamps without one: Europe/Berlin, +02:00; UTC if not given (reading.timezone).",
    ),
]
_DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first",
        help="How 03/04/2026 is read; found out by the lines if not given (reading.day_first).",
    ),
]
_Year = Annotated[
    int | None,
    typer.Option(
        "--year",
        metavar="N",
        help="Year of the first timestamp without one; found out by the file's age if not given (reading.year).",
    ),
]


class _Phase(StrEnum):
    FULL = "full"
    PREPARE = "prepare"
    CLASSIFY = "classify"


def main() -> None:
    """Run the command line of this process and exit."""
    # Commands instead of one group: a group would take the options of `loganomaly` for its own.
    if sys.argv[1:2] == ["inspect"]:
        inspect_app(args=sys.argv[2:], prog_name="loganomaly inspect")
    elif sys.argv[1:3] == ["masks", "try"]:
        try_app(args=sys.argv[3:], prog_name="loganomaly masks try")
    elif sys.argv[1:2] == ["masks"]:
        masks_app(args=sys.argv[2:], prog_name="loganomaly masks")
    elif sys.argv[1:2] == ["dismiss"]:
        dismiss_app(args=sys.argv[2:], prog_name="loganomaly dismiss")
    else:
        app(prog_name="loganomaly")


def _show_version(value: bool) -> None:  # noqa: FBT001  (called by typer with one argument)
    if value:
        from importlib import metadata

        try:
            version = metadata.version("loganomaly")
        except metadata.PackageNotFoundError:
            version = "of unknown version (the package is not installed)"
        typer.echo(f"loganomaly {version}")
        raise typer.Exit


@app.command(epilog=_EPILOG)
def analyze(
    *,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="PATH",
            help="Required. Log file, folder, glob (in quotes) or - for standard input; may be repeated.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Required. Folder for the results; made if need be."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="YAML file of settings. Options given here win over it, and it wins over the defaults.",
        ),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(
            "--templates",
            metavar="FILE",
            help="The templates.json of an earlier run, or its folder: known templates keep their ids.",
        ),
    ] = None,
    suppress: Annotated[
        str | None,
        typer.Option(
            "--suppress",
            metavar="FILE",
            help="Findings that are not shown, as `loganomaly dismiss` writes them down (suppress_file).",
        ),
    ] = None,
    show_results: Annotated[
        bool, typer.Option("--show-results", help="Say at the end how to look at the results.")
    ] = False,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", metavar="N", min=1, help="Lines read at a time; bounds the memory."),
    ] = None,
    max_logs: Annotated[
        int | None, typer.Option("--max-logs", metavar="N", min=1, help="Stop after this many lines.")
    ] = None,
    disable_llm: Annotated[
        bool, typer.Option("--disable-llm", help="Ask no language model (llm.provider: local).")
    ] = False,
    summary_only: Annotated[
        bool, typer.Option("--summary-only", help="Write the summary without the list of anomalies.")
    ] = False,
    llm: Annotated[
        str | None,
        typer.Option("--llm", metavar="MODEL", help="Language model to ask, once a version does (llm.model)."),
    ] = None,
    compliance_mode: Annotated[
        bool,
        typer.Option(
            "--compliance-mode",
            help="Ask no language model; mask e-mail and IP addresses in the results, not only secrets.",
        ),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Report the steps of the run, and errors in detail.")
    ] = False,
    enable_lof: Annotated[
        bool | None,
        typer.Option("--enable-lof/--no-enable-lof", help="Local outlier factor detector (detectors.lof.enabled)."),
    ] = None,
    lof_n_neighbors: Annotated[
        int | None,
        typer.Option(
            "--lof-n-neighbors",
            metavar="N",
            help="Neighbours to compare with (detectors.lof.neighbors).",
        ),
    ] = None,
    lof_contamination: Annotated[
        float | None,
        typer.Option(
            "--lof-contamination",
            metavar="X",
            help="Share expected to be anomalous, above 0 to 0.5 (detectors.lof.contamination).",
        ),
    ] = None,
    enable_rolling_window: Annotated[
        bool | None,
        typer.Option(
            "--enable-rolling-window/--no-enable-rolling-window",
            help="Rolling window detector (detectors.rolling_window.enabled).",
        ),
    ] = None,
    rolling_window_size: Annotated[
        int | None,
        typer.Option(
            "--rolling-window-size",
            metavar="N",
            help="Lines in one window (detectors.rolling_window.window_size).",
        ),
    ] = None,
    rolling_window_threshold: Annotated[
        float | None,
        typer.Option(
            "--rolling-window-threshold",
            metavar="X",
            help="Share of a window, above 0 to 1, that makes it repetitive "
            "(detectors.rolling_window.repetition_threshold).",
        ),
    ] = None,
    contamination: Annotated[
        float | None,
        typer.Option(
            "--contamination",
            metavar="X",
            help="Largest share of all records that findings are about, above 0 to 0.5, the worst first; "
            "as many as are unusual if not given (detectors.contamination).",
        ),
    ] = None,
    timezone: _Timezone = None,
    day_first: _DayFirst = None,
    year: _Year = None,
    file_config_map: Annotated[
        str | None,
        typer.Option(
            "--file-config-map",
            metavar="JSON",
            help='Settings by input file: {"app.log": "app.yaml", "*.access.log": "access.yaml"}.',
        ),
    ] = None,
    llm_phase: Annotated[
        _Phase,
        typer.Option(
            "--llm-phase",
            metavar="full|prepare|classify",
            help="Which part of a run with a language model to do; this version knows 'full' only.",
        ),
    ] = _Phase.FULL,
    version: Annotated[  # noqa: ARG001  (its callback does the work)
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Find what is unusual in logs, where, why and how bad; no training data, no set-up.

    How files are read is shown by: loganomaly inspect PATH...
    What the values in them look like, and what a pattern of your own does: loganomaly masks
    What need not be shown again is written down by: loganomaly dismiss ID...
    """
    overrides = {
        **_reading(timezone=timezone, day_first=day_first, year=year),
        "detectors.contamination": contamination,
        "detectors.lof.contamination": lof_contamination,
        "detectors.lof.enabled": enable_lof,
        "detectors.lof.neighbors": lof_n_neighbors,
        "detectors.rolling_window.enabled": enable_rolling_window,
        "detectors.rolling_window.repetition_threshold": rolling_window_threshold,
        "detectors.rolling_window.window_size": rolling_window_size,
        "llm.model": llm,
        "llm.provider": "local" if disable_llm else None,
        "suppress_file": suppress,
    }
    saved: list[Path] = []
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            sources, folder = _required(inputs, output, phase=llm_phase)
            settings, by_file = _settings(config, file_config_map, overrides=overrides)
            results = _analyze(
                sources,
                folder,
                config=settings,
                file_configs=by_file,
                templates=templates,
                compliance=compliance_mode,
                batch_size=batch_size,
                max_logs=max_logs,
            )
            saved += results.save(folder, summary_only=summary_only)
            _show(results, saved=saved, dashboard=show_results)
    except KeyboardInterrupt:
        wrote = f"the results are in {output}" if saved else "no results were written"
        complain(f"interrupted; {wrote}")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        close_stdout()
        if not saved:
            raise typer.Exit(1) from None


@inspect_app.command(epilog=_INSPECT_EPILOG)
def inspect(
    *,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Required. Log files, folders, globs (in quotes) or - for standard input.",
            show_default=False,
        ),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option("--lines", metavar="N", min=1, help="Lines of each file that are looked at: 10000 if not given."),
    ] = None,
    timezone: _Timezone = None,
    day_first: _DayFirst = None,
    year: _Year = None,
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
            settings, _ = _settings(None, None, overrides=_reading(timezone=timezone, day_first=day_first, year=year))
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


def _reading(*, timezone: str | None, day_first: bool | None, year: int | None) -> dict[str, object]:
    """Return the settings that say how timestamps are read."""
    return {"reading.timezone": timezone, "reading.day_first": day_first, "reading.year": year}


def _required(inputs: Sequence[str] | None, output: Path | None, *, phase: _Phase) -> tuple[Sequence[str], Path]:
    if not inputs:
        raise UsageError(
            "--input is missing: name at least one log file, folder, glob in quotes, or - for "
            f"standard input, such as: {_EXAMPLE}"
        )
    if output is None:
        raise UsageError(f"--output is missing: name the folder for the results, such as: {_EXAMPLE}")
    if phase is not _Phase.FULL:
        raise UnavailableError(
            f"--llm-phase {phase} is not part of this version, which asks no language model: "
            "leave the option out, or give 'full'"
        )
    return inputs, output


def _settings(
    config: Path | None, file_config_map: str | None, *, overrides: Mapping[str, object]
) -> tuple["Config", dict[str, "Config"]]:
    """Read the configuration files; what the command line gives wins in each of them."""
    from loganomaly.config import load_config, parse_file_config_map

    given = {key: value for key, value in overrides.items() if value is not None}
    paths = parse_file_config_map(file_config_map) if file_config_map is not None else {}
    by_file = {pattern: load_config(path, overrides=given) for pattern, path in paths.items()}
    return load_config(config, overrides=given), by_file


def _analyze(
    inputs: Sequence[str],
    output: Path,
    *,
    config: "Config",
    file_configs: Mapping[str, "Config"],
    templates: Path | None,
    compliance: bool,
    batch_size: int | None,
    max_logs: int | None,
) -> "Results":
    from loganomaly.reports.writer import check_folder

    check_folder(output)  # before the work that would be lost, and before the analyzer is loaded
    from loganomaly.analyzer import LogAnalyzer

    analyzer = LogAnalyzer(config, file_configs=file_configs, compliance=compliance, templates=templates)
    with progress_bar() as progress:
        return analyzer.analyze(inputs, batch_size=batch_size, max_logs=max_logs, exclude=[output], progress=progress)


def _show(results: "Results", *, saved: Sequence[Path], dashboard: bool) -> None:
    from loganomaly.legible import plain_text
    from loganomaly.reports.terminal import list_files, render

    for stage, seconds in results.summary["stages"].items():
        _LOG.info("%s took %.2f s", stage, seconds)
    for notice in results.notices:
        typer.echo(plain_text(f"note: {notice}"), err=True)
    text = render(results.summary, results.anomalies, width=width(), colour=coloured(), saved=saved)
    if dashboard:
        files = list_files(saved)
        text += f"The dashboard of --show-results is not part of this version; open these files: {files}\n"
    write(text)
