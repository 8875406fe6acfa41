"""``loganomaly dashboard``: the results of analyses in a browser."""

from pathlib import Path
from typing import Annotated

import typer

from loganomaly.console import close_stdout, complain, logging_to_stderr, reported_errors, write
from loganomaly.errors import UsageError

__all__ = ["dashboard_app", "show_dashboard"]

_EXAMPLE = "loganomaly dashboard results"
_EPILOG = (
    "Exit codes are those of loganomaly; 0 when it is stopped by Ctrl-C. Only this machine can open the dashboard, "
    f"unless --host is given; then it asks for the token in the address that is printed. Example: {_EXAMPLE}"
)
_LOCAL = "127.0.0.1"

dashboard_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@dashboard_app.command(epilog=_EPILOG)
def dashboard(
    *,
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR...", help="Required. Folders of results.", show_default=False),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="NAME", help="Address to listen on; 0.0.0.0 for all of this machine.")
    ] = _LOCAL,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=1,
            max=65535,
            help="Port to listen on: the first free one from 8050 on, if not given.",
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the dashboard in the browser.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Report each request, and errors in detail.")] = False,
) -> None:
    """Show results in the browser: what happened, when, and how bad it is."""
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            if not folders:
                raise UsageError(f"DIR is missing: name at least one folder of results, such as: {_EXAMPLE}")
            show_dashboard(folders, host=host, port=port, open_browser=open_browser, verbose=verbose)
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        close_stdout()


def show_dashboard(
    folders: list[Path],
    *,
    host: str = _LOCAL,
    port: int | None = None,
    open_browser: bool = False,
    verbose: bool = False,
) -> None:
    """Serve the dashboard until Ctrl-C, and say where; see `loganomaly.dashboard.server.serve` for errors."""
    from loganomaly.dashboard.server import serve

    def announce(address: str) -> None:
        write(f"Dashboard: {address}\n")
        typer.echo("note: Ctrl-C stops it", err=True)
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    serve(folders, host=host, port=port, announce=announce, verbose=verbose)
