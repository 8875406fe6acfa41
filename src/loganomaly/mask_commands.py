"""The commands ``loganomaly masks`` and ``loganomaly masks try``.

Exit codes are those of ``loganomaly``; nothing heavy is imported before a run begins.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganomaly.console import close_stdout, complain, logging_to_stderr, reported_errors, width, write
from loganomaly.errors import UsageError

if TYPE_CHECKING:
    from loganomaly.mining.masks import Mask
    from loganomaly.reading.dates import TimeSettings

__all__ = ["masks_app", "try_app"]

_EXAMPLE = r"loganomaly masks try 'ORD-\d+' app.log"
_EPILOG = f"Exit codes are those of loganomaly. Example: {_EXAMPLE}"
_NAME = "mine"
_Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="YAML file of settings, of which the masks are taken."),
]
_Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]
_Verbose = Annotated[bool, typer.Option("--verbose", help="Report errors in detail.")]

masks_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
try_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@masks_app.command(epilog=_EPILOG)
def masks(*, config: _Config = None, as_json: _Json = False, verbose: _Verbose = False) -> None:
    """List the masks in use, in the order in which they are applied: name, pattern and a sample.

    A mask says what the values of one type look like. Those of a file of settings go before the built-in ones.
    What a pattern does on real lines is shown by: loganomaly masks try PATTERN PATH...
    """
    with _command(verbose=verbose):
        own, _ = _settings(config)
        from loganomaly.mining.masks import masks_in_use
        from loganomaly.reports.masks import render_masks, render_masks_json

        render = render_masks_json if as_json else render_masks
        write(render(masks_in_use(own), own=own))


@try_app.command(epilog=_EPILOG)
def try_(
    *,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATTERN PATH...",
            help="A regular expression for values, in quotes, unless --config gives masks; then log files, folders, "
            "globs (in quotes) or - for standard input.",
            show_default=False,
        ),
    ] = None,
    config: _Config = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help=f"Name of the mask, {_NAME!r} if not given; that of a built-in one takes its place.",
        ),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option("--lines", metavar="N", min=1, help="Lines of each file that are looked at: 10000 if not given."),
    ] = None,
    as_json: _Json = False,
    verbose: _Verbose = False,
) -> None:
    """Show what a mask does on real lines: the values it covers, and the templates before and after."""
    with _command(verbose=verbose):
        own, paths, times = _wanted(arguments or [], config=config, name=name)
        from loganomaly.inspection import LINES
        from loganomaly.reports.masks import render_trial, render_trial_json
        from loganomaly.trial.run import try_masks

        trial = try_masks(paths, masks=own, lines=lines or LINES, times=times)
        write(render_trial_json(trial) if as_json else render_trial(trial, width=width()))


def _wanted(
    arguments: Sequence[str], *, config: Path | None, name: str | None
) -> tuple[tuple["Mask", ...], Sequence[str], "TimeSettings | None"]:
    """Return the masks that are tried, the inputs, and how these are read."""
    if config is None:
        if len(arguments) < 2:
            missing = "PATH is" if arguments else "PATTERN and PATH are"
            raise UsageError(f"{missing} missing: name a pattern, or --config FILE, and the logs, such as: {_EXAMPLE}")
        from loganomaly.mining.masks import Mask

        return (Mask(name=name or _NAME, pattern=arguments[0]),), arguments[1:], None
    if not arguments:
        raise UsageError(f"PATH is missing: name the logs, such as: loganomaly masks try --config {config} app.log")
    if name is not None:
        raise UsageError(f"--name {name} is for a PATTERN; the masks of --config have names")
    own, times = _settings(config)
    if not own:
        raise UsageError(f"{config} has no masks; give it some under the key 'masks', or a PATTERN instead of --config")
    return own, arguments, times


def _settings(config: Path | None) -> tuple[tuple["Mask", ...], "TimeSettings"]:
    from loganomaly.config import load_config
    from loganomaly.settings import own_masks, time_settings

    settings = load_config(config)
    return own_masks(settings), time_settings(settings)


@contextmanager
def _command(*, verbose: bool) -> Iterator[None]:
    """Report errors as all commands do."""
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            yield
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        close_stdout()
