"""The reports on the inputs of an analysis: on all of them, and on each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from loganomaly.case import Case, count_templates
from loganomaly.findings import Finding
from loganomaly.incidents import Incident
from loganomaly.masking import masked_names
from loganomaly.reports.anomalies import describe
from loganomaly.reports.incidents import describe_incidents
from loganomaly.reports.inputs import describe_input
from loganomaly.reports.leaks import leaks_in_summary
from loganomaly.reports.summary import summarise
from loganomaly.results import FileReport
from loganomaly.scan.run import Opened, ScanResult

__all__ = ["report", "report_files"]


def report(
    case: Case,
    findings: Sequence[Finding],
    *,
    incidents: Sequence[Incident],
    filename: str,
    lines: int,
    names: Mapping[int, str],
    inputs: Sequence[Mapping[str, Any]],
    leaks: Sequence[Mapping[str, Any]],
    clean: Callable[[str], str],
) -> FileReport:
    """Return the report on some inputs.

    Parameters
    ----------
    incidents
        Those that any of the findings belong to, worst first.
    filename
        What stands for all of them.
    lines
        Lines in them, read or not.
    names
        Name of each source, by its number.
    inputs
        What is said of each of them; see `describe_input`.
    leaks
        What is said of the leaks in them; see `describe_leaks`.
    clean
        Takes secrets out of a text.
    """
    told = leaks_in_summary(leaks)
    summary = summarise(case, findings, filename=filename, lines=lines, leaks=told, clean=clean)
    return FileReport(
        summary={
            **summary,
            "incidents": describe_incidents(incidents, names=names, clean=clean),
            "input_files": inputs,
        },
        anomalies=describe(findings, names=names, clean=clean),
    )


def report_files(
    case: Case,
    findings: Sequence[Finding],
    *,
    incidents: Sequence[Incident],
    parts: Mapping[int, Case],
    given: str,
    opened: Sequence[Opened],
    scanned: ScanResult,
    describe_leaks: Callable[[Case, Mapping[int, str]], list[dict[str, Any]]],
    clean: Callable[[str], str],
) -> tuple[FileReport, dict[str, FileReport], list[dict[str, Any]]]:
    """Return the report on all files, and of several that on each, by name, and all leaks.

    Parameters
    ----------
    incidents
        Worst first; the report on a file has those that its findings belong to, whole.
    parts
        The cases of the groups of files, which `case` is that of all of.
    given
        How the files were asked for, which stands for several of them.
    opened, scanned
        The files, and what was counted in them.
    describe_leaks
        Returns what is said of the leaks in a case, given the names of sources.
    clean
        Takes secrets out of a text.
    """
    names = masked_names({item.number: item.source.name for item in opened}, clean=clean)

    def of(part: Case, some: Sequence[Finding], *, filename: str, files: Sequence[Opened]) -> FileReport:
        inputs = [_input(item, case, scanned, name=names[item.number], clean=clean) for item in files]
        lines = sum(scanned.lines[item.number] for item in files)
        touching = {finding.incident for finding in some}
        return report(
            part,
            some,
            incidents=[incident for incident in incidents if incident.id in touching],
            filename=filename,
            lines=lines,
            names=names,
            inputs=inputs,
            leaks=describe_leaks(part, names),
            clean=clean,
        )

    single: dict[str, FileReport] = {}
    for item in opened if len(opened) > 1 else ():
        own = [finding for finding in findings if item.number in finding.sources]
        name = names[item.number]
        single[name] = of(_part(parts[item.group], item.number), own, filename=name, files=[item])
    filename = clean(given) if single else names[opened[0].number]
    return of(case, findings, filename=filename, files=opened), single, describe_leaks(case, names)


def _input(item: Opened, case: Case, scanned: ScanResult, *, name: str, clean: Callable[[str], str]) -> dict[str, Any]:
    source, number = item.source, item.number
    entry = describe_input(
        case.profile,
        number,
        name=name,
        compression=source.compression,
        size=source.size,
        detected=item.detected,
    )
    return entry | {"damage": clean(scanned.damaged[number])} if number in scanned.damaged else entry


def _part(case: Case, number: int) -> Case:
    """Return what a case says of one source."""
    profile = case.profile.only([number])
    return replace(case, profile=profile, table=count_templates(profile, case.members))
