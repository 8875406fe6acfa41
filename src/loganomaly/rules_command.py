"""The command ``loganomaly rules``.

Exit codes are those of ``loganomaly``; nothing heavy is imported before a run begins.
"""

from pathlib import Path
from typing import Annotated

import typer

from loganomaly.console import close_stdout, complain, logging_to_stderr, reported_errors, write

__all__ = ["rules_app"]

_EPILOG = "Exit codes are those of loganomaly. Example: loganomaly rules --sigma rules/linux"

rules_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@rules_app.command(epilog=_EPILOG)
def rules(
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="YAML file of settings, of which the rules are taken."),
    ] = None,
    sigma: Annotated[
        list[str] | None,
        typer.Option("--sigma", metavar="PATH", help="File or folder with Sigma rules; may be repeated (rules.sigma)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Report errors in detail.")] = False,
) -> None:
    """List the rules in use, the worst first, and the Sigma rules that could not be translated.

    A rule knows an event by how logs write it. Yours and those of Sigma come with the settings.
    """
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            from loganomaly.config import load_config
            from loganomaly.reports.rule_list import render_rules, render_rules_json
            from loganomaly.ruling import ruling

            settings = load_config(config, overrides={"rules.sigma": sigma} if sigma else {})
            used = ruling(settings)
            render = render_rules_json if as_json else render_rules
            write(render(used.rules, without=used.without, untranslated=used.untranslated))
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        close_stdout()
