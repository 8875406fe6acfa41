"""The analysis of logs, whatever they are in: what users of the library call."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from loganomaly.analysis import Analysis, Progress
from loganomaly.arguments import check_positive, paths_of
from loganomaly.config import Config
from loganomaly.errors import UsageError
from loganomaly.file_analysis import analyze_files
from loganomaly.frame_analysis import analyze_frame, report_frame, scan_of
from loganomaly.frames import is_frame, take_rows
from loganomaly.reading.spool_folder import spool_folder
from loganomaly.results import Results
from loganomaly.scan.chunk import Scanned
from loganomaly.stopwatch import Stopwatch
from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = ["LogAnalyzer", "Progress"]


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
        Mask e-mail and IP addresses in all results, as secrets are anyway, and send nothing elsewhere than to this
        machine; a model is asked only if there is an `audit`.
    without
        Names of registered detectors that are not asked, for this and all files.
    workflow
        Asks a model for second opinions on the findings, in the place of the one that `config` describes.
    audit
        File in which all that is sent to a model is written down.
    llm_phase
        "full" asks the model; "prepare" writes the questions down instead: `Results.save` writes them.

    Raises
    ------
    UsageError
        If there is no detector, step or provider of such a name; says which there are. If what the settings say of the
        model does not go together.

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
        workflow: LogAnalysisWorkflow | None = None,
        audit: Path | None = None,
        llm_phase: Literal["full", "prepare"] = "full",
    ) -> None:
        self._analysis = Analysis(
            config or Config(),
            file_configs=file_configs or {},
            compliance=compliance,
            templates=templates,
            without=without,
            workflow=workflow,
            audit=audit,
            prepare=llm_phase == "prepare",
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def analyze_logs(self, frame: Any) -> Results:
        """Analyse a frame with a column "log", and perhaps "timestamp", without blocking the event loop."""
        return await asyncio.to_thread(analyze_frame, self._analysis, frame)

    async def analyze_batch(self, frame: Any, *, batch_size: int = 100, max_concurrent: int = 5) -> Results:
        """Analyse a frame in batches of `batch_size` rows, `max_concurrent` at a time: same results, steady load."""
        check_positive("batch_size", batch_size)
        check_positive("max_concurrent", max_concurrent)
        watch = Stopwatch()
        work = scan_of(self._analysis, frame)
        gate = asyncio.Semaphore(max_concurrent)

        async def one(first: int) -> Scanned:
            async with gate:
                return await asyncio.to_thread(work.batch, first, batch_size)

        with watch.stage("scan"):
            scanned = await asyncio.gather(*(one(first) for first in range(0, work.rows, batch_size)))
        return await asyncio.to_thread(report_frame, self._analysis, work, scanned, watch)

    def analyze(
        self,
        data: Any,
        *,
        batch_size: int | None = None,
        workers: int | None = None,
        max_logs: int | None = None,
        exclude: Sequence[Path] = (),
        progress: Progress | None = None,
        cluster: str | None = None,
    ) -> Results:
        """Analyse files, folders, globs, standard input, or a frame.

        Parameters
        ----------
        data
            A path or URL (``s3://bucket/logs/*.gz``) or a list of them ("-" is standard input), or a pandas or polars
            frame with a column "log".
        batch_size
            Lines that are read at a time; bounds memory, does not change results.
        workers
            How many chunks of files are scanned at a time, of one or of several; None for as many as this process may
            use cores. Does not change results.
        max_logs
            Lines that are analysed, over all inputs in order; the rest is only counted.
        exclude
            Folders that are not read.
        progress
            Called now and then.
        cluster
            Who reads files and URLs: the workers of a Dask scheduler, by its address (``tcp://10.0.0.7:8786``), or N
            processes that are started on this machine (``local:N``; a program that does so must not do it again when
            it is imported). Results are the same.

        Raises
        ------
        InputError
            If there is nothing to read, or it cannot be read.
        ClusterError
            If the cluster cannot be reached, does not fit this installation, or loses the work.
        UsageError
            If a parameter is out of range.
        """
        check_positive("batch_size", batch_size)
        check_positive("workers", workers)
        check_positive("max_logs", max_logs)
        if is_frame(data):
            if cluster is not None:
                raise UsageError("cluster: a frame lies in the memory of this process; give files or URLs")
            frame = data if max_logs is None else take_rows(data, np.arange(len(data))[:max_logs])
            return analyze_frame(self._analysis, frame, batch_size=batch_size, of=len(data))
        inputs = paths_of(data)
        with spool_folder() as spool:
            return analyze_files(
                self._analysis,
                inputs,
                spool=spool,
                batch_size=batch_size,
                workers=workers,
                max_logs=max_logs,
                exclude=exclude,
                progress=progress,
                cluster=cluster,
            )
