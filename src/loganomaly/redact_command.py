"""``loganomaly redact``: copies of logs that can be shared."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganomaly.command_settings import Paths, load_settings
from loganomaly.console import close_stdout, complain, logging_to_stderr, reported_errors, write
from loganomaly.errors import UsageError
from loganomaly.legible import plain_text

if TYPE_CHECKING:
    from loganomaly.redacted_copy import Redaction

__all__ = ["redact_app"]

_EXAMPLE = "loganomaly redact /var/log/shop --output shared"

_MOST = 50  # lines on files; the rest is counted

redact_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@redact_app.command(epilog=f"Exit codes are those of loganomaly. Example: {_EXAMPLE}")
def redact(
    *,
    paths: Paths = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Required. Folder for the copies; nothing in it is written over."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="YAML file with settings.")] = None,
    ip_addresses: Annotated[
        bool | None,
        typer.Option("--ip-addresses/--no-ip-addresses", help="Replace IP addresses as well (leaks.ip_addresses)."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Report errors in detail.")] = False,
) -> None:
    """Copy logs without secrets and personal data: the same files and lines, the same pseudonym for the same value."""
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            if not paths:
                raise UsageError(f"PATH is missing: name at least one log file or folder, such as: {_EXAMPLE}")
            if output is None:
                raise UsageError(f"--output is missing: name a folder for the copies, such as: {_EXAMPLE}")
            settings, _ = load_settings(config, None, overrides={"leaks.ip_addresses": ip_addresses})
            from loganomaly.reading.spool_folder import spool_folder
            from loganomaly.redacted_copy import redact_files
            from loganomaly.scan.leaks import LeakSearch
            from loganomaly.secrecy import leak_kinds, pseudonymizer, redactor

            search = LeakSearch(kinds=leak_kinds(settings), pseudonyms=pseudonymizer(settings))
            with spool_folder() as spool:
                redaction = redact_files(paths, output, search=search, spool=spool)
            write(_rendered(redaction, clean=redactor([settings], everything=False).redact))
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        close_stdout()


def _rendered(redaction: "Redaction", *, clean: Callable[[str], str]) -> str:
    """Return the lines on what was copied, what was replaced, and what was left out.

    `clean` takes secrets out of names.
    """
    lines = []
    for file in redaction.files[:_MOST]:
        count = sum(file.replaced.values())
        lines.append(f"{_shown(str(file.path), clean)}: {file.lines:,} lines, {count:,} values replaced")
        if file.damage is not None:
            lines.append(f"  not all of it was read: {_shown(file.damage, clean)}")
    if len(redaction.files) > _MOST:
        lines.append(f"and {len(redaction.files) - _MOST:,} more files")
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in redaction.replaced.items())
    lines.append(f"Replaced: {kinds}" if kinds else "Nothing was found that had to be replaced.")
    lines += (
        f"Not copied: {_shown(skipped.name, clean)}: {_shown(skipped.reason, clean)}" for skipped in redaction.skipped
    )
    lines.append("What no kind describes is still in the copies: look before you share them.")
    return "\n".join(lines) + "\n"


def _shown(text: str, clean: Callable[[str], str]) -> str:
    return plain_text(clean(text))
