"""The options of ``loganomaly``: how each is called, and what its help says."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AUDIT",
    "LLM",
    "BatchSize",
    "Cluster",
    "ComplianceMode",
    "Config",
    "Contamination",
    "DisableLLM",
    "EnableLOF",
    "EnableRollingWindow",
    "FileConfigMap",
    "Inputs",
    "LLMPhase",
    "LOFContamination",
    "LOFNeighbors",
    "MaxLogs",
    "Output",
    "Phase",
    "Report",
    "RollingWindowSize",
    "RollingWindowThreshold",
    "ShowResults",
    "SummaryOnly",
    "Suppress",
    "Templates",
    "Verbose",
    "Version",
    "Workers",
]

AUDIT = "llm-audit.jsonl"
"""The file in the folder of the results that says what was sent to a model."""


class Phase(StrEnum):
    """What is done about a language model."""

    FULL = "full"
    PREPARE = "prepare"
    CLASSIFY = "classify"


def _show_version(value: bool) -> None:  # noqa: FBT001  (called by typer with one argument)
    if value:
        from importlib import metadata

        try:
            version = metadata.version("loganomaly")
        except metadata.PackageNotFoundError:
            version = "of unknown version (the package is not installed)"
        typer.echo(f"loganomaly {version}")
        raise typer.Exit


Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="PATH",
        help="Required. Log file, folder, glob (in quotes), URL or - for standard input; may be repeated. With "
        "--llm-phase classify, questions or answers: DIR/questions.jsonl if not given.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="DIR", help="Required. Folder for the results; made if need be."),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="YAML file of settings. Options given here win over it, and it wins over the defaults.",
    ),
]
Templates = Annotated[
    Path | None,
    typer.Option(
        "--templates",
        metavar="FILE",
        help="The templates.json of an earlier run, or its folder: known templates keep their ids.",
    ),
]
Suppress = Annotated[
    str | None,
    typer.Option(
        "--suppress",
        metavar="FILE",
        help="Findings that are not shown, as `loganomaly dismiss` writes them down (suppress_file).",
    ),
]
ShowResults = Annotated[
    bool, typer.Option("--show-results", help="Show the results in the browser at the end, until Ctrl-C.")
]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", metavar="N", min=1, help="Lines read at a time; bounds the memory."),
]
Workers = Annotated[
    str | None,
    typer.Option(
        "--workers",
        metavar="N|auto",
        help="Chunks scanned at a time, of one file or of many; all cores that this process may use if not given.",
    ),
]
MaxLogs = Annotated[int | None, typer.Option("--max-logs", metavar="N", min=1, help="Stop after this many lines.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Read the logs on the workers of a Dask scheduler (tcp://HOST:PORT), or in N processes on this "
        "machine (local:N); same results.",
    ),
]
DisableLLM = Annotated[bool, typer.Option("--disable-llm", help="Ask no language model (llm.provider: local).")]
SummaryOnly = Annotated[bool, typer.Option("--summary-only", help="Write the summary without the list of anomalies.")]
Report = Annotated[
    bool,
    typer.Option("--report/--no-report", help="Write DIR/report.html and DIR/report.md, a report that can be mailed."),
]
LLM = Annotated[
    str | None,
    typer.Option("--llm", metavar="MODEL", help="Language model to ask about the findings (llm.model)."),
]
ComplianceMode = Annotated[
    bool,
    typer.Option(
        "--compliance-mode",
        help="Mask e-mail and IP addresses in the results, not only secrets; send nothing to other machines, and "
        f"write down in DIR/{AUDIT} what is sent to a model on this one.",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Report the steps of the run, and errors in detail.")]
EnableLOF = Annotated[
    bool | None,
    typer.Option("--enable-lof/--no-enable-lof", help="Local outlier factor detector (detectors.lof.enabled)."),
]
LOFNeighbors = Annotated[
    int | None,
    typer.Option(
        "--lof-n-neighbors",
        metavar="N",
        help="Neighbours to compare with (detectors.lof.neighbors).",
    ),
]
LOFContamination = Annotated[
    float | None,
    typer.Option(
        "--lof-contamination",
        metavar="X",
        help="Share expected to be anomalous, above 0 to 0.5 (detectors.lof.contamination).",
    ),
]
EnableRollingWindow = Annotated[
    bool | None,
    typer.Option(
        "--enable-rolling-window/--no-enable-rolling-window",
        help="Rolling window detector (detectors.rolling_window.enabled).",
    ),
]
RollingWindowSize = Annotated[
    int | None,
    typer.Option(
        "--rolling-window-size",
        metavar="N",
        help="Lines in one window (detectors.rolling_window.window_size).",
    ),
]
RollingWindowThreshold = Annotated[
    float | None,
    typer.Option(
        "--rolling-window-threshold",
        metavar="X",
        help="Share of a window, above 0 to 1, that makes it repetitive "
        "(detectors.rolling_window.repetition_threshold).",
    ),
]
Contamination = Annotated[
    float | None,
    typer.Option(
        "--contamination",
        metavar="X",
        help="Largest share of all records that findings are about, above 0 to 0.5, the worst first; "
        "as many as are unusual if not given (detectors.contamination).",
    ),
]
FileConfigMap = Annotated[
    str | None,
    typer.Option(
        "--file-config-map",
        metavar="JSON",
        help='Settings by input file: {"app.log": "app.yaml", "*.access.log": "access.yaml"}.',
    ),
]
LLMPhase = Annotated[
    Phase,
    typer.Option(
        "--llm-phase",
        metavar="full|prepare|classify",
        help="What to do about a language model: ask it (full), write down the questions (prepare), or answer "
        "those that were written down, and complete the results in DIR (classify).",
    ),
]
Version = Annotated[
    bool,
    typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
]
