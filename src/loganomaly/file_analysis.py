"""The analysis of files from end to end: find, scan, judge, extract, report."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from loganomaly.analysis import Analysis, Progress
from loganomaly.case import Case
from loganomaly.errors import InputUnreadableError, NoLogsError, UsageError
from loganomaly.extract import Excerpt, excerpts_if_unchanged, with_lines
from loganomaly.file_reports import report_files
from loganomaly.findings import Location
from loganomaly.folding import rank
from loganomaly.incidents import find_incidents
from loganomaly.leak_samples import leak_samples
from loganomaly.masking import masked_finding
from loganomaly.mining.masks import all_of, masks_in_use
from loganomaly.reading.lines import fits_layout, record_lines, time_of
from loganomaly.reading.sources import find_sources
from loganomaly.reading.urls import shown_input
from loganomaly.results import Results
from loganomaly.scan.mould_memory import MouldMemory
from loganomaly.scan.named_secrets import hide_columns
from loganomaly.scan.opening import prepare, with_session_keys
from loganomaly.scan.progress import bytes_on_disk
from loganomaly.scan.run import Opened, ScanResult, cores, scan_sources
from loganomaly.scan.search import Search
from loganomaly.settings import (
    behaviours,
    flood_settings,
    group_by_config,
    own_masks,
    time_settings,
    unused_patterns,
)
from loganomaly.stopwatch import Stopwatch

if TYPE_CHECKING:
    from loganomaly.cluster.work import Cluster

__all__ = ["analyze_files"]


def analyze_files(
    analysis: Analysis,
    inputs: Sequence[str],
    *,
    spool: Path,
    batch_size: int | None,
    workers: int | None,
    max_logs: int | None,
    exclude: Sequence[Path],
    progress: Progress | None,
    cluster: str | None = None,
) -> Results:
    """Return the results on files; see `LogAnalyzer.analyze`.

    Parameters
    ----------
    spool
        Folder in which what cannot be read twice is kept meanwhile.
    """
    with ExitStack() as stack:
        connection = None
        if cluster is not None:
            if max_logs is not None:
                raise UsageError("max_logs with a cluster: the first lines are read by one process; leave one out")
            if workers is not None:
                raise UsageError("workers with a cluster: who scans is the cluster's; leave one out")
            from loganomaly.cluster.connection import connected

            connection = stack.enter_context(connected(cluster, folder=spool))
        return _analyzed(
            analysis,
            inputs,
            spool=spool,
            batch_size=batch_size,
            max_logs=max_logs,
            exclude=exclude,
            progress=progress,
            workers=workers,
            cluster=connection,
        )


def _analyzed(
    analysis: Analysis,
    inputs: Sequence[str],
    *,
    spool: Path,
    batch_size: int | None,
    max_logs: int | None,
    exclude: Sequence[Path],
    progress: Progress | None,
    workers: int | None,
    cluster: "Cluster | None",
) -> Results:
    watch = Stopwatch()
    given = ", ".join(map(shown_input, inputs))
    with watch.stage("detect"):
        found = find_sources(inputs, exclude=exclude, spool_dir=spool)
        names = [source.name for source in found.sources]
        configs, groups = group_by_config(names, default=analysis.config, patterns=analysis.file_configs)
        searches = [analysis.search(config) for config in configs]
        rules = [analysis.rule_search(each, leaks=leaks) for each, leaks in zip(configs, searches, strict=True)]
        memory = MouldMemory()

        def open_one(number: int) -> Opened:
            group = groups[number]
            return prepare(
                found.sources[number],
                number=number,
                group=group,
                search=Search(
                    floods=flood_settings(configs[group]),
                    leaks=searches[group],
                    behaviours=behaviours(configs[group]),
                    rules=rules[group],
                    memory=memory,
                ),
                times=time_settings(configs[group]),
            )

        # Layouts are tried by compiled code, which lets other threads run.
        with ThreadPoolExecutor(workers or cores(), thread_name_prefix="detect") as pool:
            opened = with_session_keys(list(pool.map(open_one, range(len(groups)))))
    with watch.stage("scan"):
        tell = bytes_on_disk(opened, partial(progress, "scan")) if progress else None
        if cluster is None:
            scanned = scan_sources(opened, batch_size=batch_size, workers=workers, max_lines=max_logs, progress=tell)
        else:
            scanned = _scanned_by(cluster, opened, batch_size=batch_size, progress=tell)
    if not any(profile.sources["records"].sum() for profile in scanned.profiles.values()):
        if scanned.damaged:
            raise InputUnreadableError(next(iter(scanned.damaged.values())))
        msg = f"no log lines in {given}: there are only blank lines; give a file with text in it"
        raise NoLogsError(msg)
    total = sum(item.source.size for item in opened)
    with watch.stage("judge"):
        if progress:
            progress("judge", total, total)
        masks = {group: masks_in_use(own_masks(configs[group])) for group in scanned.profiles}
        cases = {group: analysis.case(profile, masks[group]) for group, profile in scanned.profiles.items()}
        judgements = {group: analysis.judged(case, configs[group]) for group, case in cases.items()}
        ranked = sorted((finding for judgement in judgements.values() for finding in judgement.findings), key=rank)

    lost: dict[int, str] = {}

    def fetch(places: Mapping[int, Sequence[Location]]) -> Iterator[tuple[Location, Excerpt]]:
        if cluster is None:
            return _fetched(places, opened, lost=lost.setdefault)
        from loganomaly.cluster.fetching import fetch_on_cluster

        return fetch_on_cluster(cluster, places, opened=opened, lost=lost.setdefault)

    with watch.stage("extract"):
        if progress:
            progress("extract", total, total)
        with_text = with_lines(
            ranked,
            fetch,
            record_lines=lambda number, text: record_lines(text, opened[number].tables),
            fits_layout=lambda number, line: fits_layout(line, opened[number].tables),
            time_of=lambda place, text: time_of(text, opened[place.source].tables),
            clean=analysis.clean,
        )
        grouped = find_incidents(
            [masked_finding(finding, clean=analysis.clean) for finding in with_text],
            span=_span(cases.values()),
            lines=scanned.lines,
        )
        samples: dict[tuple[int, int, str], tuple[str, str | None]] = {}
        for group, part in cases.items():
            if searches[group] is not None:
                samples |= leak_samples(
                    part.leaks,
                    fetch,
                    redactor=analysis.redactor,
                    pseudonyms=analysis.pseudonyms,
                    clean=analysis.clean,
                )
    case, scores = analysis.together(list(cases.values()), list(judgements.values()), all_of(masks.values()))
    whole, files, leaks = report_files(
        case,
        grouped.findings,
        incidents=grouped.incidents,
        parts=cases,
        given=given,
        opened=opened,
        scanned=replace(scanned, damaged={**lost, **scanned.damaged}),
        describe_leaks=partial(analysis.described_leaks, samples=samples),
        clean=analysis.clean,
    )
    return analysis.results(
        whole,
        case=case,
        scores=scores,
        judgements=list(judgements.values()),
        findings=grouped.findings,
        watch=watch,
        progress=progress,
        skipped=found.skipped,
        files=files,
        leaks=leaks,
        unused=unused_patterns(names, analysis.file_configs),
        mixed_masks=len(set(masks.values())) > 1,
        unclear=[analysis.clean(it.source.name) for it in opened if it.detected.dating.order_origin == "assumed"],
    )


def _scanned_by(
    cluster: "Cluster",
    opened: Sequence[Opened],
    *,
    batch_size: int | None,
    progress: Callable[[int, int], None] | None,
) -> ScanResult:
    """Return what the workers of a cluster count."""
    from loganomaly.cluster.scanning import scan_on_cluster
    from loganomaly.cluster.seen import require_seen

    require_seen(cluster, opened)
    return scan_on_cluster(cluster, opened, batch_size=batch_size, progress=progress)


def _fetched(
    places: Mapping[int, Sequence[Location]], opened: Sequence[Opened], *, lost: Callable[[int, str], object]
) -> Iterator[tuple[Location, Excerpt]]:
    """Yield what stands at places, given by the number of their source; `lost` is told why there is nothing more."""
    for number, wanted in places.items():
        item = opened[number]
        found = excerpts_if_unchanged(item.source, wanted, head=item.head, lost=partial(lost, number))
        for place, excerpt in found:
            yield place, excerpt.hidden(partial(hide_columns, tables=item.tables))


def _span(cases: Iterable[Case]) -> tuple[int, int] | None:
    """Return the first and last time of all cases; None without times."""
    spans = [case.span for case in cases if case.span is not None]
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None
