"""The command ``loganomaly dismiss``: findings that are not to be shown again, and how to take that back.

Exit codes are those of ``loganomaly``; nothing heavy is imported before it begins.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganomaly.console import close_stdout, complain, logging_to_stderr, reported_errors, write
from loganomaly.errors import UsageError

if TYPE_CHECKING:
    from loganomaly.config import SuppressConfig
    from loganomaly.reports.saved import SavedFinding

__all__ = ["dismiss_app"]

_EXAMPLE = "loganomaly dismiss 3f2a9c01b7de --results results"
_EPILOG = f"Exit codes are those of loganomaly. Example: {_EXAMPLE}"
_RESULTS = Path("results")
_FILE = Path("loganomaly-suppress.yaml")
_FEWEST_DIGITS = 4
_MOST_NAMED = 3
_LONGEST = 60  # characters of a template in a message

dismiss_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@dismiss_app.command(epilog=_EPILOG)
def dismiss(
    *,
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID...",
            help="Ids of findings, which stand in brackets behind their reasons and in anomalies.json; "
            f"the first {_FEWEST_DIGITS} digits do if no other has them.",
            show_default=False,
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="DIR", help=f"Folder with the results of the run: {_RESULTS} if not given."),
    ] = None,
    file: Annotated[
        Path, typer.Option("--file", metavar="FILE", help="Where it is written down.", show_default=True)
    ] = _FILE,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Why; it is shown with what is hidden.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take these ids out of the file.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Show what is in the file.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Report errors in detail.")] = False,
) -> None:
    """Write down findings that need not be shown again: their template, component ..., and the reasons they had.

    A run leaves them out with --suppress FILE. What has another reason the next time is shown.
    """
    try:
        with reported_errors(verbose=verbose), logging_to_stderr(verbose=verbose):
            _check(ids, results=results, note=note, undo=undo, show=show)
            if show:
                _list(file)
            elif undo:
                _undo(ids or (), file=file)
            else:
                _dismiss(ids or (), folder=results or _RESULTS, file=file, note=note)
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        close_stdout()


def _check(ids: Sequence[str] | None, *, results: Path | None, note: str | None, undo: bool, show: bool) -> None:
    """Refuse what does not go together."""
    if undo and show:
        raise UsageError("--undo and --list are two commands; give one of them")
    if show and ids:
        raise UsageError(f"--list shows the whole file; leave {ids[0]!r} out")
    if not show and not ids:
        raise UsageError(f"ID is missing: name at least one finding, such as: {_EXAMPLE}")
    for option, value in (("--results", results), ("--note", note)):
        if value is not None and (undo or show):
            raise UsageError(f"{option} is for a new entry; leave it out with {'--undo' if undo else '--list'}")


def _dismiss(ids: Sequence[str], *, folder: Path, file: Path, note: str | None) -> None:
    from loganomaly.config import SUPPRESSIBLE, SuppressConfig, add_entries, load_suppress_file
    from loganomaly.redaction.secrets import redact
    from loganomaly.reports.saved import load_findings
    from loganomaly.suppression import join_reasons

    known = {found: entry for entry in load_suppress_file(file) for found in [_id(entry)]} if file.exists() else {}
    findings = {finding.id: finding for finding in load_findings(folder)}
    wanted = [_match(given, {**_texts(known), **_abouts(findings)}, of=str(folder)) for given in ids]
    for name in wanted:
        if name not in known and findings[name].subject not in SUPPRESSIBLE:
            raise UsageError(
                f"{name} cannot be dismissed: it is about a {findings[name].subject} of time, {findings[name].about}, "
                "which is in no other log; dismiss the findings on what is logged in it"
            )
    today = dt.datetime.now(dt.UTC).date().isoformat()
    entries = [
        SuppressConfig.model_validate(
            {
                "id": name,
                findings[name].subject: findings[name].about,
                "reason": join_reasons(findings[name].kinds),
                "note": None if note is None else redact(note),
                "date": today,
            }
        )
        for name in dict.fromkeys(wanted)
        if name not in known
    ]
    kept = add_entries(file, entries) if entries else True
    for name in dict.fromkeys(wanted):
        if name in known:
            _say(f"{name} was dismissed before: {_told(known[name])}")
    for entry in entries:
        _say(f"dismissed {entry.id}: {_told(entry)}")
    if entries:
        _say_rewritten(file, kept=kept)
        _say(f"written to {file}; a run leaves them out with --suppress {file}")


def _undo(ids: Sequence[str], *, file: Path) -> None:
    from loganomaly.config import load_suppress_file, remove_entries

    known = {_id(entry): entry for entry in load_suppress_file(file)}
    wanted = [known[_match(given, _texts(known), of=str(file))] for given in ids]
    kept = remove_entries(file, wanted)
    for name, entry in known.items():
        if entry in wanted:
            _say(f"shown again: {name}: {_told(entry)}")
    _say_rewritten(file, kept=kept)


def _list(file: Path) -> None:
    from loganomaly.config import load_suppress_file

    entries = load_suppress_file(file)
    if not entries:
        _say(f"{file} has no entries")
    for entry in entries:
        _say("  ".join(filter(None, (_id(entry), entry.date, entry.reason))))
        _say(f"    {_about(*entry.about)}")
        if entry.note is not None:
            _say(f"    note: {entry.note}")


def _id(entry: "SuppressConfig") -> str:
    """Return the id of an entry; of one that was written by hand that of the finding with just these reasons."""
    if entry.id is not None:
        return entry.id
    from loganomaly.findings import Subject
    from loganomaly.mining.template import template_id
    from loganomaly.suppression import finding_id, split_reasons

    kind, text = entry.about
    subject = Subject(kind=kind, name=template_id(text) if kind == "template" else text)
    return finding_id(subject, split_reasons(entry.reason))


def _match(given: str, known: Mapping[str, str], *, of: str) -> str:
    """Return the id that begins as given; `known` says what each is about."""
    digits = given.lower()
    found = [name for name in known if name.startswith(digits)]
    if len(found) == 1 and (len(digits) >= _FEWEST_DIGITS or digits in known):
        return found[0]
    if not known:
        raise UsageError(f"{given!r} is no id of {of}, which has none")
    if len(digits) < _FEWEST_DIGITS:
        raise UsageError(f"{given!r} is too short; give {_FEWEST_DIGITS} digits of an id, or more")
    if found:
        raise UsageError(
            f"{given!r} is the beginning of several ids of {of}; give more of one:\n{_named(found, known)}"
        )
    near = get_close_matches(digits, known, n=_MOST_NAMED, cutoff=0.5)
    which = "the nearest are" if near else "among those that are"
    raise UsageError(
        f"{given!r} is no id of {of} nor the beginning of one; {which}:\n{_named(near or list(known), known)}"
    )


def _named(ids: Sequence[str], known: Mapping[str, str]) -> str:
    lines = [f"  {name} {_short(known[name])}" for name in ids[:_MOST_NAMED]]
    more = [f"  and {len(ids) - _MOST_NAMED:,} more"] if len(ids) > _MOST_NAMED else []
    return "\n".join([*lines, *more])


def _texts(entries: Mapping[str, "SuppressConfig"]) -> dict[str, str]:
    return {name: _about(*entry.about) for name, entry in entries.items()}


def _abouts(findings: Mapping[str, "SavedFinding"]) -> dict[str, str]:
    return {name: _about(finding.subject, finding.about) for name, finding in findings.items()}


def _about(kind: str, text: str) -> str:
    return text if kind == "template" else f"{kind} {text}"


def _told(entry: "SuppressConfig") -> str:
    return f"{_short(_about(*entry.about))} ({entry.reason})"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _say_rewritten(file: Path, *, kept: bool) -> None:
    if not kept:
        _say(f"{file} was written anew, without comments: its entries did not stand on lines of their own")


def _say(text: str) -> None:
    from loganomaly.legible import plain_text

    write(f"{plain_text(text)}\n")
