"""``loganomaly --input PATH --output DIR``: the analysis, and what a language model says of its findings."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from loganomaly.analyze_command import options
from loganomaly.cluster.address import check_cluster_installed, read_address
from loganomaly.command_settings import DayFirst, Timezone, Year, load_settings, reading_overrides
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
from loganomaly.dashboard.installed import check_installed
from loganomaly.dashboard_command import show_dashboard
from loganomaly.errors import OutputError, UsageError
from loganomaly.loading import loading

if TYPE_CHECKING:
    from loganomaly.config import Config
    from loganomaly.results import Results

__all__ = ["app"]

_LOG = logging.getLogger("loganomaly")
_MOST_NOTICES = 20  # shown; one for each damaged file would hide the findings
_EXAMPLE = "loganomaly --input app.log --output results"
_EPILOG = (
    "Exit codes: 0 done, whatever was found; 2 the call or the configuration is wrong; 130 interrupted; "
    f"1 anything else. Example: {_EXAMPLE}"
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(epilog=_EPILOG)
def analyze(
    *,
    inputs: options.Inputs = None,
    output: options.Output = None,
    config: options.Config = None,
    templates: options.Templates = None,
    suppress: options.Suppress = None,
    show_results: options.ShowResults = False,
    batch_size: options.BatchSize = None,
    workers: options.Workers = None,
    max_logs: options.MaxLogs = None,
    cluster: options.Cluster = None,
    disable_llm: options.DisableLLM = False,
    summary_only: options.SummaryOnly = False,
    report: options.Report = True,
    llm: options.LLM = None,
    compliance_mode: options.ComplianceMode = False,
    verbose: options.Verbose = False,
    enable_lof: options.EnableLOF = None,
    lof_n_neighbors: options.LOFNeighbors = None,
    lof_contamination: options.LOFContamination = None,
    enable_rolling_window: options.EnableRollingWindow = None,
    rolling_window_size: options.RollingWindowSize = None,
    rolling_window_threshold: options.RollingWindowThreshold = None,
    contamination: options.Contamination = None,
    timezone: Timezone = None,
    day_first: DayFirst = None,
    year: Year = None,
    file_config_map: options.FileConfigMap = None,
    llm_phase: options.LLMPhase = options.Phase.FULL,
    version: options.Version = False,  # noqa: ARG001  (its callback does the work)
) -> None:
    """Find what is unusual in logs, where, why and how bad; no training data, no set-up.

    How files are read is shown by: loganomaly inspect PATH...
    What the values in them look like, and what a pattern of your own does: loganomaly masks
    What need not be shown again is written down by: loganomaly dismiss ID...
    """
    overrides = {
        **reading_overrides(timezone=timezone, day_first=day_first, year=year),
        "detectors.contamination": contamination,
        "detectors.lof.contamination": lof_contamination,
        "detectors.lof.enabled": enable_lof,
        "detectors.lof.neighbors": lof_n_neighbors,
        "detectors.rolling_window.enabled": enable_rolling_window,
        "detectors.rolling_window.repetition_threshold": rolling_window_threshold,
        "detectors.rolling_window.window_size": rolling_window_size,
        "llm.model": llm,
        "llm.provider": "local" if disable_llm else None,
        "workflow.steps.llm_call.model": llm,  # for the step has settings of its own, which the option beats
        "workflow.steps.llm_call.provider": "local" if disable_llm else None,
        "suppress_file": suppress,
    }
    saved: list[Path] = []
    interrupted = False
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            if llm_phase is options.Phase.CLASSIFY:
                given = {"--batch-size": batch_size, "--workers": workers, "--max-logs": max_logs,
                         "--templates": templates, "--cluster": cluster,
                         "--file-config-map": file_config_map, "--suppress": suppress,
                         "--summary-only": summary_only or None, "--report/--no-report": None if report else False,
                         "--show-results": show_results or None,
                         "--enable-lof": enable_lof, "--lof-n-neighbors": lof_n_neighbors,
                         "--lof-contamination": lof_contamination, "--enable-rolling-window": enable_rolling_window,
                         "--rolling-window-size": rolling_window_size,
                         "--rolling-window-threshold": rolling_window_threshold, "--contamination": contamination,
                         "--timezone": timezone, "--day-first": day_first, "--year": year}  # fmt: skip
                folder = _to_complete(output, given=given)
                interrupted = _classify(
                    inputs, folder, config=config, overrides=overrides, compliance=compliance_mode, saved=saved
                )
            else:
                sources, folder = _required(inputs, output)
                at_a_time = _workers(workers)
                if cluster is not None:
                    read_address(cluster)
                    check_cluster_installed()
                if show_results:
                    check_installed()  # before the work, not after it
                settings, by_file = load_settings(config, file_config_map, overrides=overrides)
                results = _analyze(
                    sources,
                    folder,
                    config=settings,
                    file_configs=by_file,
                    templates=templates,
                    compliance=compliance_mode,
                    phase=llm_phase,
                    batch_size=batch_size,
                    workers=at_a_time,
                    max_logs=max_logs,
                    cluster=cluster,
                )
                interrupted = results.interrupted
                saved += results.save(folder, summary_only=summary_only, report=report)
                _show(results, saved=saved)
                if show_results and not interrupted:
                    show_dashboard([folder], verbose=verbose)
    except KeyboardInterrupt:
        interrupted = True
    except BrokenPipeError:
        close_stdout()
        if not saved:
            raise typer.Exit(1) from None
    if interrupted:
        complain(f"interrupted; {f'the results are in {output}' if saved else 'no results were written'}")
        raise typer.Exit(130)


def _required(inputs: Sequence[str] | None, output: Path | None) -> tuple[Sequence[str], Path]:
    if not inputs:
        raise UsageError(
            "--input is missing: name at least one log file, folder, glob in quotes, or - for "
            f"standard input, such as: {_EXAMPLE}"
        )
    if output is None:
        raise UsageError(f"--output is missing: name the folder for the results, such as: {_EXAMPLE}")
    return inputs, output


def _workers(given: str | None) -> int | None:
    """Return how many chunks are to be scanned at a time; None for as many as there are cores."""
    if given is None or given.strip().lower() == "auto":
        return None
    try:
        workers = int(given)
    except ValueError:
        workers = 0
    if workers < 1:
        raise UsageError(f"--workers is {given!r}; expected a whole number of 1 or more, or auto for all cores")
    return workers


def _classify(
    inputs: Sequence[str] | None,
    output: Path,
    *,
    config: Path | None,
    overrides: Mapping[str, object],
    compliance: bool,
    saved: list[Path],
) -> bool:
    """Answer questions that were written down before, and complete the results; return whether it was interrupted."""
    from loganomaly.reports.writer import check_folder

    check_folder(output)
    settings, _ = load_settings(config, None, overrides=overrides)
    from loganomaly.answering import answer

    with progress_bar() as progress:
        answered = answer(
            [Path(path) for path in inputs] if inputs else [output],
            output,
            config=settings,
            compliance=compliance,
            audit=output / options.AUDIT if compliance else None,
            progress=progress,
        )
    saved += answered.saved
    if answered.results is not None:
        _show(answered.results, saved=answered.saved)
    else:
        for notice in answered.notices:
            _note(notice)
        from loganomaly.reports.terminal import list_files

        write(f"{answered.told}: {list_files(answered.saved)}\n" if answered.saved else f"{answered.told}.\n")
    return answered.interrupted


def _to_complete(output: Path | None, *, given: Mapping[str, object]) -> Path:
    """Return the folder of the results to complete; `given` are options that only an analysis has."""
    useless = [name for name, value in given.items() if value is not None]
    if useless:
        raise UsageError(f"{', '.join(useless)}: without effect with --llm-phase classify; leave it out")
    if output is None:
        raise UsageError(
            "--output is missing: name the folder of the results, such as: "
            "loganomaly --llm-phase classify --output results"
        )
    return output


def _analyze(
    inputs: Sequence[str],
    output: Path,
    *,
    config: "Config",
    file_configs: Mapping[str, "Config"],
    templates: Path | None,
    compliance: bool,
    phase: options.Phase,
    batch_size: int | None,
    workers: int | None,
    max_logs: int | None,
    cluster: str | None,
) -> "Results":
    from loganomaly.reports.writer import check_folder

    check_folder(output)  # before the work that would be lost, and before the analyzer is loaded
    with loading():
        from loganomaly.analyzer import LogAnalyzer

        analyzer = LogAnalyzer(
            config,
            file_configs=file_configs,
            compliance=compliance,
            templates=templates,
            audit=output / options.AUDIT if compliance else None,
            llm_phase="prepare" if phase is options.Phase.PREPARE else "full",
        )
    with progress_bar() as progress:
        return analyzer.analyze(
            inputs,
            batch_size=batch_size,
            workers=workers,
            max_logs=max_logs,
            exclude=[output],
            progress=progress,
            cluster=cluster,
        )


def _show(results: "Results", *, saved: Sequence[Path]) -> None:
    from loganomaly.reports.terminal import list_files, render

    for stage, seconds in results.summary["stages"].items():
        _LOG.info("%s took %.2f s", stage, seconds)
    for notice in results.notices[:_MOST_NOTICES]:
        _note(notice)
    if len(results.notices) > _MOST_NOTICES:
        _note(f"{len(results.notices) - _MOST_NOTICES:,} more notes are in summary.json, under notices")
    text = render(results.summary, results.anomalies, width=width(), colour=coloured(), saved=saved)
    try:
        write(text)
    except OutputError as error:
        raise OutputError(f"{error}; the results are written: {list_files(saved)}") from error


def _note(text: str) -> None:
    from loganomaly.legible import plain_text

    typer.echo(plain_text(f"note: {text}"), err=True)
