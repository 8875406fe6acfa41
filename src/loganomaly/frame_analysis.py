"""The analysis of a data frame from end to end: scan, judge, extract, report."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from loganomaly.analysis import Analysis
from loganomaly.extract import with_lines
from loganomaly.file_reports import report
from loganomaly.frame_lines import annotate
from loganomaly.frame_scan import FrameScan
from loganomaly.incidents import find_incidents
from loganomaly.leak_samples import leak_samples
from loganomaly.masking import masked_finding
from loganomaly.mining.masks import masks_in_use
from loganomaly.profile import Profile
from loganomaly.reading.lines import fits_layout, record_lines
from loganomaly.reports.inputs import describe_input
from loganomaly.results import Results
from loganomaly.scan.chunk import Scanned
from loganomaly.settings import behaviours, flood_settings, own_masks, time_settings
from loganomaly.stopwatch import Stopwatch

__all__ = ["analyze_frame", "report_frame", "scan_of"]

_FRAME_BATCH = 100_000


def analyze_frame(analysis: Analysis, frame: Any, *, batch_size: int | None = None, of: int | None = None) -> Results:
    """Return the results on a frame; see `LogAnalyzer.analyze`."""
    watch = Stopwatch()
    with watch.stage("scan"):
        work = scan_of(analysis, frame)
        size = batch_size or _FRAME_BATCH
        scanned = [work.batch(first, size) for first in range(0, work.rows, size)]
    return report_frame(analysis, work, scanned, watch, of=of)


def scan_of(analysis: Analysis, frame: Any) -> FrameScan:
    """Return a frame, ready to be scanned."""
    leaks = analysis.search(analysis.config)
    return FrameScan(
        frame,
        floods=flood_settings(analysis.config),
        times=time_settings(analysis.config),
        leaks=leaks,
        rules=analysis.rule_search(analysis.config, leaks=leaks),
        behaviours=behaviours(analysis.config),
    )


def report_frame(
    analysis: Analysis, work: FrameScan, scanned: Sequence[Scanned], watch: Stopwatch, *, of: int | None = None
) -> Results:
    """Return the results on a frame that was scanned.

    Parameters
    ----------
    of
        How many rows there are, where not all were scanned.
    """
    clean = analysis.clean
    with watch.stage("judge"):
        case = analysis.case(
            Profile.merge([part.profile for part in scanned]), masks_in_use(own_masks(analysis.config))
        )
        judgement = analysis.judged(case, analysis.config)
    with watch.stage("extract"):
        found = with_lines(
            judgement.findings,
            lambda places: work.excerpts(places.get(0, ()), clean=clean),
            record_lines=lambda _, text: record_lines(text, work.tables),
            fits_layout=lambda _, line: fits_layout(line, work.tables),
            time_of=lambda place, _: work.time(place, scanned),
            clean=clean,
        )
        shapes = np.concatenate([part.shape for part in scanned])
        lines = annotate(work.frame, case=case, judgement=judgement, shapes=shapes, clean=clean)
        samples: dict[tuple[int, int, str], tuple[str, str | None]] = {}
        if work.search.leaks is not None:
            samples = leak_samples(
                case.leaks,
                lambda places: work.excerpts(places.get(0, ()), clean=clean),
                redactor=analysis.redactor,
                pseudonyms=analysis.pseudonyms,
                clean=clean,
            )
    grouped = find_incidents(
        [masked_finding(finding, clean=clean) for finding in found], span=case.span, lines={0: work.rows}
    )
    name = "<frame>"
    size = len(work.lines.data)
    about = describe_input(case.profile, 0, name=name, compression="none", size=size, detected=work.detected)
    leaks = analysis.described_leaks(case, {0: name}, samples=samples)
    whole = report(
        case,
        grouped.findings,
        incidents=grouped.incidents,
        filename=name,
        lines=of or work.rows,
        names={0: name},
        inputs=[about],
        leaks=leaks,
        clean=clean,
    )
    return analysis.results(
        whole,
        case=case,
        scores=judgement.scores,
        judgements=[judgement],
        findings=grouped.findings,
        watch=watch,
        lines=lines,
        leaks=leaks,
        unclear=[name] if work.detected.dating.order_origin == "assumed" else (),
    )
