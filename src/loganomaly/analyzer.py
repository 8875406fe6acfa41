"""The analysis from end to end: scan, judge, extract, report."""

import asyncio
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from loganomaly.arguments import check_positive, paths_of
from loganomaly.case import Case
from loganomaly.config import Config
from loganomaly.errors import NoLogsError
from loganomaly.extract import excerpts, with_lines
from loganomaly.file_reports import report, report_files
from loganomaly.findings import Finding, Subject
from loganomaly.floods import Floods
from loganomaly.folding import rank
from loganomaly.frame_lines import annotate
from loganomaly.frame_scan import FrameScan
from loganomaly.frames import is_frame, take_rows
from loganomaly.incidents import find_incidents
from loganomaly.judge import Judgement, judge
from loganomaly.masking import masked_case, masked_finding
from loganomaly.mining.masks import Mask, all_of, masks_in_use
from loganomaly.mining.store import load_templates
from loganomaly.profile import Profile
from loganomaly.reading.lines import fits_layout, record_lines, time_of
from loganomaly.reading.sources import Skipped, find_sources
from loganomaly.redaction.secrets import redact, redact_personal
from loganomaly.registry import DETECTORS, checked_names
from loganomaly.reports.inputs import describe_input
from loganomaly.reports.run import describe_run
from loganomaly.reports.sessions import session_frame, session_metrics
from loganomaly.reports.suppressed import describe_suppressed
from loganomaly.reports.templates import template_entries, template_file, template_frame
from loganomaly.results import FileReport, Results
from loganomaly.scan.chunk import Scanned
from loganomaly.scan.opening import prepare, with_session_keys
from loganomaly.scan.progress import bytes_on_disk
from loganomaly.scan.run import scan_sources
from loganomaly.settings import (
    detectors,
    flood_settings,
    group_by_config,
    notices,
    own_masks,
    suppressions,
    time_settings,
    unused_patterns,
)
from loganomaly.stopwatch import Stopwatch
from loganomaly.suppression import remarks

__all__ = ["LogAnalyzer", "Progress"]

Progress = Callable[[str, int, int], None]
"""Called with the stage ("scan", "judge", "extract"), bytes done and bytes in all."""

_FRAME_BATCH = 100_000


class LogAnalyzer:
    """Finds what is unusual in logs.

    Parameters
    ----------
    config
        Settings; the defaults without.
    file_configs
        Settings of their own for some files: glob pattern of a file's name or path -> configuration.
    templates
        The templates.json of an earlier run, or the folder that it is in: templates that are known keep their ids.
    compliance
        Mask e-mail and IP addresses in all results, as secrets are anyway, and never call an LLM.
    without
        Names of registered detectors that are not asked, for this and all files.

    Raises
    ------
    UsageError
        If there is no detector of such a name; says which there are.

    Examples
    --------
    >>> import polars as pl
    >>> results = LogAnalyzer().analyze(pl.DataFrame({"log": ["job 1 done", "job 2 done"]}))
    >>> results.summary["anomalies_detected"]
    0
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        file_configs: Mapping[str, Config] | None = None,
        compliance: bool = False,
        templates: Path | str | None = None,
        without: Collection[str] = (),
    ) -> None:
        self._config = config or Config()
        self._file_configs = dict(file_configs or {})
        self._compliance = compliance
        self._learnt = () if templates is None else load_templates(templates)
        self._clean = redact_personal if compliance else redact
        self._without = checked_names(DETECTORS, without)
        self._suppressions = {each: suppressions(each) for each in (self._config, *self._file_configs.values())}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def analyze_logs(self, frame: Any) -> Results:
        """Analyse a frame with a column "log", and perhaps "timestamp", without blocking the event loop."""
        return await asyncio.to_thread(self._analyze_frame, frame)

    async def analyze_batch(self, frame: Any, *, batch_size: int = 100, max_concurrent: int = 5) -> Results:
        """Analyse a frame in batches of `batch_size` rows, `max_concurrent` at a time: same results, steady load."""
        check_positive("batch_size", batch_size)
        check_positive("max_concurrent", max_concurrent)
        watch = Stopwatch()
        work = FrameScan(frame, floods=flood_settings(self._config), times=time_settings(self._config))
        gate = asyncio.Semaphore(max_concurrent)

        async def one(first: int) -> Scanned:
            async with gate:
                return await asyncio.to_thread(work.batch, first, batch_size)

        with watch.stage("scan"):
            scanned = await asyncio.gather(*(one(first) for first in range(0, work.rows, batch_size)))
        return await asyncio.to_thread(self._report_frame, work, scanned, watch)

    def analyze(
        self,
        data: Any,
        *,
        batch_size: int | None = None,
        max_logs: int | None = None,
        exclude: Sequence[Path] = (),
        progress: Progress | None = None,
    ) -> Results:
        """Analyse files, folders, globs, standard input, or a frame.

        Parameters
        ----------
        data
            A path or a list of paths ("-" is standard input), or a pandas or polars frame with a column "log".
        batch_size
            Lines that are read at a time; bounds memory, does not change results.
        max_logs
            Lines that are analysed, over all inputs in order; the rest is only counted.
        exclude
            Folders that are not read.
        progress
            Called now and then.

        Raises
        ------
        InputError
            If there is nothing to read, or it cannot be read.
        UsageError
            If a parameter is out of range.
        """
        check_positive("batch_size", batch_size)
        check_positive("max_logs", max_logs)
        if is_frame(data):
            frame = data if max_logs is None else take_rows(data, np.arange(len(data))[:max_logs])
            return self._analyze_frame(frame, batch_size=batch_size, of=len(data))
        inputs = paths_of(data)
        with tempfile.TemporaryDirectory(prefix="loganomaly-") as spool:
            return self._analyze_files(
                inputs,
                spool=Path(spool),
                batch_size=batch_size,
                max_logs=max_logs,
                exclude=exclude,
                progress=progress,
            )

    def _analyze_frame(self, frame: Any, *, batch_size: int | None = None, of: int | None = None) -> Results:
        watch = Stopwatch()
        with watch.stage("scan"):
            work = FrameScan(frame, floods=flood_settings(self._config), times=time_settings(self._config))
            size = batch_size or _FRAME_BATCH
            scanned = [work.batch(first, size) for first in range(0, work.rows, size)]
        return self._report_frame(work, scanned, watch, of=of)

    def _report_frame(
        self, work: FrameScan, scanned: Sequence[Scanned], watch: Stopwatch, *, of: int | None = None
    ) -> Results:
        clean = self._clean
        with watch.stage("judge"):
            case = self._case(Profile.merge([part.profile for part in scanned]), masks_in_use(own_masks(self._config)))
            wanted = detectors(self._config, without=self._without)
            judgement = judge(
                case,
                wanted,
                suppressions=self._suppressions[self._config],
                contamination=self._config.detectors.contamination,
                clean=self._clean,
            )
        with watch.stage("extract"):
            found = with_lines(
                judgement.findings,
                lambda _, places: work.excerpts(places, clean=clean),
                record_lines=lambda _, text: record_lines(text, work.tables),
                fits_layout=lambda _, line: fits_layout(line, work.tables),
                time_of=lambda place, _: work.time(place, scanned),
                clean=clean,
            )
            shapes = np.concatenate([part.shape for part in scanned])
            lines = annotate(work.frame, case=case, judgement=judgement, shapes=shapes, clean=clean)
        grouped = find_incidents(
            [masked_finding(finding, clean=clean) for finding in found], span=case.span, lines={0: work.rows}
        )
        name = "<frame>"
        size = len(work.lines.data)
        about = describe_input(case.profile, 0, name=name, compression="none", size=size, detected=work.detected)
        whole = report(
            case,
            grouped.findings,
            incidents=grouped.incidents,
            filename=name,
            lines=of or work.rows,
            names={0: name},
            inputs=[about],
            clean=clean,
        )
        return self._results(
            whole,
            case=case,
            scores=judgement.scores,
            judgements=[judgement],
            findings=grouped.findings,
            watch=watch,
            lines=lines,
            unclear=[name] if work.detected.dating.order_origin == "assumed" else (),
        )

    def _analyze_files(
        self,
        inputs: Sequence[str],
        *,
        spool: Path,
        batch_size: int | None,
        max_logs: int | None,
        exclude: Sequence[Path],
        progress: Progress | None,
    ) -> Results:
        watch = Stopwatch()
        with watch.stage("detect"):
            found = find_sources(inputs, exclude=exclude, spool_dir=spool)
            names = [source.name for source in found.sources]
            configs, groups = group_by_config(names, default=self._config, patterns=self._file_configs)
            opened = [
                prepare(
                    source,
                    number=number,
                    group=group,
                    floods=flood_settings(configs[group]),
                    times=time_settings(configs[group]),
                )
                for number, (source, group) in enumerate(zip(found.sources, groups, strict=True))
            ]
            opened = with_session_keys(opened)
        with watch.stage("scan"):
            scanned = scan_sources(
                opened,
                batch_size=batch_size,
                max_lines=max_logs,
                progress=bytes_on_disk(opened, partial(progress, "scan")) if progress else None,
            )
        if not any(profile.sources["records"].sum() for profile in scanned.profiles.values()):
            msg = f"no log lines in {', '.join(inputs)}: there are only blank lines; give a file with text in it"
            raise NoLogsError(msg)
        total = sum(item.source.size for item in opened)
        with watch.stage("judge"):
            if progress:
                progress("judge", total, total)
            masks = {group: masks_in_use(own_masks(configs[group])) for group in scanned.profiles}
            cases = {group: self._case(profile, masks[group]) for group, profile in scanned.profiles.items()}
            judgements = {
                group: judge(
                    case,
                    detectors(configs[group], without=self._without),
                    suppressions=self._suppressions[configs[group]],
                    contamination=configs[group].detectors.contamination,
                    clean=self._clean,
                )
                for group, case in cases.items()
            }
            ranked = sorted((finding for judgement in judgements.values() for finding in judgement.findings), key=rank)
        with watch.stage("extract"):
            if progress:
                progress("extract", total, total)
            with_text = with_lines(
                ranked,
                lambda number, places: excerpts(opened[number].source, places),
                record_lines=lambda number, text: record_lines(text, opened[number].tables),
                fits_layout=lambda number, line: fits_layout(line, opened[number].tables),
                time_of=lambda place, text: time_of(text, opened[place.source].tables),
                clean=self._clean,
            )
            grouped = find_incidents(
                [masked_finding(finding, clean=self._clean) for finding in with_text],
                span=_span(cases.values()),
                lines=scanned.lines,
            )
        case, scores = self._together(list(cases.values()), list(judgements.values()), all_of(masks.values()))
        whole, files = report_files(
            case,
            grouped.findings,
            incidents=grouped.incidents,
            parts=cases,
            given=", ".join(inputs),
            opened=opened,
            scanned=scanned,
            clean=self._clean,
        )
        return self._results(
            whole,
            case=case,
            scores=scores,
            judgements=list(judgements.values()),
            findings=grouped.findings,
            watch=watch,
            skipped=found.skipped,
            files=files,
            unused=unused_patterns(names, self._file_configs),
            mixed_masks=len(set(masks.values())) > 1,
            unclear=[self._clean(it.source.name) for it in opened if it.detected.dating.order_origin == "assumed"],
        )

    def _case(self, profile: Profile, masks: Sequence[Mask]) -> Case:
        return masked_case(profile, clean=self._clean, all_shapes=self._compliance, masks=masks, learnt=self._learnt)

    def _together(
        self, cases: Sequence[Case], judgements: Sequence[Judgement], masks: Sequence[Mask]
    ) -> tuple[Case, Mapping[Subject, float]]:
        """Return the case and the scores of all groups; floods were judged by group. `masks` are those of all."""
        if len(cases) == 1:
            return cases[0], judgements[0].scores
        case = self._case(Profile.merge([replace(case.profile, floods=Floods()) for case in cases]), masks)
        return case, {subject: score for judgement in judgements for subject, score in judgement.scores.items()}

    def _results(
        self,
        whole: FileReport,
        *,
        case: Case,
        scores: Mapping[Subject, float],
        judgements: Sequence[Judgement],
        findings: Sequence[Finding],
        watch: Stopwatch,
        skipped: Sequence[Skipped] = (),
        lines: Any = None,
        files: Mapping[str, FileReport] | None = None,
        unused: Sequence[str] = (),
        unclear: Sequence[str] = (),
        mixed_masks: bool = False,
    ) -> Results:
        """Return the results: the whole report, and what is said of the run."""
        settings = self._config.model_dump(mode="json")["detectors"]
        for name in settings.keys() & self._without:
            settings[name]["enabled"] = False
        hidden = [each for judgement in judgements for each in judgement.hidden]
        hidden.sort(key=lambda each: rank(each.finding))
        about_settings = notices(
            [self._config, *self._file_configs.values()],
            unused=unused,
            unclear_dates=unclear,
            mixed_masks=mixed_masks,
            without=self._without,
            beyond=sum(len(judgement.beyond) for judgement in judgements),
        )
        about_suppressions = remarks(
            [entry for entries in self._suppressions.values() for entry in entries],
            hidden=hidden,
            besides=[each for judgement in judgements for each in judgement.besides],
            clean=self._clean,
        )
        run = describe_run(
            whole.summary["input_files"],
            skipped=skipped,
            suppressed=describe_suppressed(hidden, clean=self._clean),
            notices=[*about_settings, *about_suppressions],
            compliance=self._compliance,
            settings=settings,
            seconds=watch.seconds,
            clean=self._clean,
        )
        entries = template_entries(case, scores=scores, clean=self._clean, all_shapes=self._compliance)
        return Results(
            summary={**whole.summary, "sessions": session_metrics(case, clean=self._clean), **run},
            anomalies=whole.anomalies,
            findings=tuple(findings),
            templates=template_frame(entries),
            template_file=template_file(
                case, entries, learnt=self._learnt, clean=self._clean, all_shapes=self._compliance
            ),
            session_table=partial(session_frame, case, clean=self._clean),
            lines=lines,
            files=files or {},
            notices=tuple(run["notices"]),
        )


def _span(cases: Iterable[Case]) -> tuple[int, int] | None:
    """Return the first and last time of all cases; None without times."""
    spans = [case.span for case in cases if case.span is not None]
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None
