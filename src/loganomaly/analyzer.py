"""The analysis from end to end: scan, judge, extract, report.

Below the command line, this is the only reader of the configuration.
"""

import asyncio
import fnmatch
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case, build_case, count_templates
from loganomaly.config import Config, set_keys
from loganomaly.detectors.base import Detector
from loganomaly.errors import NoLogsError, UsageError
from loganomaly.extract import AFTER, BEFORE, Excerpt, excerpts, with_lines
from loganomaly.findings import Finding, Location
from loganomaly.floods import Floods, FloodSettings
from loganomaly.frame_lines import annotate
from loganomaly.frames import Lines, is_frame, lines_of, take_rows, times_of
from loganomaly.judge import Judgement, judge
from loganomaly.mining.miner import PARAMETER, tokenise
from loganomaly.profile import Profile
from loganomaly.reading.detect import Detected, detect
from loganomaly.reading.lines import begins_record, time_of
from loganomaly.reading.program import NO_TIME, Level, Tables
from loganomaly.reading.sources import Skipped, find_sources
from loganomaly.reading.streams import Source, open_source, read_head
from loganomaly.redaction.secrets import redact, redact_personal
from loganomaly.registry import DETECTORS, load, names
from loganomaly.reports.anomalies import describe
from loganomaly.reports.summary import iso, summarise
from loganomaly.results import FileReport, Results
from loganomaly.scan.chunk import Chunk, Scanned, scan
from loganomaly.scan.run import Opened, ScanResult, scan_sources

__all__ = ["LogAnalyzer", "Progress"]

Progress = Callable[[str, int, int], None]
"""Called with the stage ("scan", "judge", "extract"), bytes done and bytes in all."""

_TAIL = 65_536
_USUAL_RATIO = 8  # how much smaller compressed logs usually are; for the progress bar alone
_FRAME_BATCH = 100_000


@dataclass(slots=True)
class _Stopwatch:
    """Seconds per stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


class LogAnalyzer:
    """Finds what is unusual in logs.

    Parameters
    ----------
    config
        Settings; the defaults without.
    file_configs
        Settings of their own for some files: glob pattern of a file's name or path -> configuration.
    compliance
        Mask e-mail and IP addresses in all results, as secrets are anyway, and never call an LLM.

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
    ) -> None:
        self._config = config or Config()
        self._file_configs = dict(file_configs or {})
        self._compliance = compliance
        self._clean = redact_personal if compliance else redact

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def analyze_logs(self, frame: Any) -> Results:
        """Analyse a frame with a column "log", and perhaps "timestamp", without blocking the event loop."""
        return await asyncio.to_thread(self._analyze_frame, frame)

    async def analyze_batch(self, frame: Any, *, batch_size: int = 100, max_concurrent: int = 5) -> Results:
        """Analyse a frame in batches of `batch_size` rows, `max_concurrent` at a time: same results, steady load."""
        _positive("batch_size", batch_size)
        _positive("max_concurrent", max_concurrent)
        watch = _Stopwatch()
        work = _FrameScan(frame, floods=_flood_settings(self._config))
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
        if batch_size is not None:
            _positive("batch_size", batch_size)
        if max_logs is not None:
            _positive("max_logs", max_logs)
        if is_frame(data):
            rows = np.arange(len(data))[:max_logs]
            frame = data if max_logs is None else take_rows(data, rows)
            return self._analyze_frame(frame, batch_size=batch_size, of=len(data))
        inputs = _inputs(data)
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
        watch = _Stopwatch()
        with watch.stage("scan"):
            work = _FrameScan(frame, floods=_flood_settings(self._config))
            size = batch_size or _FRAME_BATCH
            scanned = [work.batch(first, size) for first in range(0, work.rows, size)]
        return self._report_frame(work, scanned, watch, of=of)

    def _report_frame(
        self, work: "_FrameScan", scanned: Sequence[Scanned], watch: _Stopwatch, *, of: int | None = None
    ) -> Results:
        with watch.stage("judge"):
            case = self._case(Profile.merge([part.profile for part in scanned]))
            detectors = _detectors(self._config)
            judgement = judge(case, detectors)
        with watch.stage("extract"):
            findings = self._with_lines(
                judgement.findings,
                lambda _, places: work.excerpts(places, clean=self._clean),
                begins_record=lambda _, line: begins_record(line, work.tables),
                time_of=lambda place, _: work.time(place, scanned),
            )
            lines = annotate(
                work.frame,
                case=case,
                judgement=judgement,
                detectors=detectors,
                shapes=np.concatenate([part.shape for part in scanned]),
                clean=self._clean,
            )
        source_names = {0: "<frame>"}
        summary = summarise(
            case, findings, filename="<frame>", lines=of or work.rows, names=source_names, clean=self._clean
        )
        file = {"name": "<frame>", "compression": "none", "size": len(work.lines.data)}
        summary["input_files"] = [file | _reading(work.detected) | _counts(case.profile, 0)]
        summary["skipped_files"] = []
        self._add_run(summary, watch)
        return Results(
            summary=summary,
            anomalies=describe(findings, names=source_names, clean=self._clean),
            findings=tuple(findings),
            templates=_template_frame(case, judgement, clean=self._clean),
            lines=lines,
            notices=tuple(summary["notices"]),
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
        watch = _Stopwatch()
        with watch.stage("detect"):
            found = find_sources(inputs, exclude=exclude, spool_dir=spool)
            groups = _Groups(self._config, self._file_configs)
            opened = [groups.open(number, source) for number, source in enumerate(found.sources)]
        with watch.stage("scan"):
            scanned = scan_sources(
                opened,
                batch_size=batch_size,
                max_lines=max_logs,
                progress=_reporter(opened, progress) if progress else None,
            )
        if not any(profile.sources["records"].sum() for profile in scanned.profiles.values()):
            msg = f"no log lines in {', '.join(inputs)}: there are only blank lines; give a file with text in it"
            raise NoLogsError(msg)
        total = sum(item.source.size for item in opened)
        with watch.stage("judge"):
            if progress:
                progress("judge", total, total)
            cases = {group: self._case(profile) for group, profile in scanned.profiles.items()}
            judgements = {group: judge(case, _detectors(groups.configs[group])) for group, case in cases.items()}
            ranked = sorted(
                (finding for judgement in judgements.values() for finding in judgement.findings),
                key=lambda f: (-round(f.score, 6), f.location.source, f.location.line, f.id),
            )
        with watch.stage("extract"):
            if progress:
                progress("extract", total, total)
            findings = self._with_lines(
                ranked,
                lambda number, places: excerpts(opened[number].source, places),
                begins_record=lambda number, line: begins_record(line, opened[number].tables),
                time_of=lambda place, line: time_of(line, opened[place.source].tables),
            )
        with watch.stage("report"):
            return self._report_files(
                inputs,
                skipped=found.skipped,
                opened=opened,
                scanned=scanned,
                cases=cases,
                judgements=judgements,
                findings=findings,
                watch=watch,
            )

    def _report_files(
        self,
        inputs: Sequence[str],
        *,
        skipped: Sequence[Skipped],
        opened: Sequence[Opened],
        scanned: ScanResult,
        cases: Mapping[int, Case],
        judgements: Mapping[int, Judgement],
        findings: Sequence[Finding],
        watch: _Stopwatch,
    ) -> Results:
        source_names = _distinct({item.number: self._clean(item.source.name) for item in opened})
        case, judgement = self._together(cases, judgements)
        filename = source_names[opened[0].number] if len(opened) == 1 else self._clean(", ".join(inputs))

        def report(part: Case, of: Sequence[Finding], name: str, numbers: Sequence[int]) -> dict[str, Any]:
            lines = sum(scanned.lines[number] for number in numbers)
            summary = summarise(part, of, filename=name, lines=lines, names=source_names, clean=self._clean)
            summary["input_files"] = [
                self._file(opened[number], scanned, case.profile, name=source_names[number]) for number in numbers
            ]
            return summary

        summary = report(case, findings, filename, sorted(source_names))
        summary["skipped_files"] = [
            {"name": self._clean(item.name), "reason": self._clean(item.reason)} for item in skipped
        ]
        self._add_run(summary, watch)
        files: dict[str, FileReport] = {}
        if len(opened) > 1:
            for item in opened:
                part = _part(case, item.number)
                own = [finding for finding in findings if item.number in finding.sources]
                name = source_names[item.number]
                files[name] = FileReport(
                    summary=report(part, own, name, [item.number]),
                    anomalies=describe(own, names=source_names, clean=self._clean),
                )
        return Results(
            summary=summary,
            anomalies=describe(findings, names=source_names, clean=self._clean),
            findings=tuple(findings),
            templates=_template_frame(case, judgement, clean=self._clean),
            files=files,
            notices=tuple(summary["notices"]),
        )

    def _case(self, profile: Profile) -> Case:
        """Return the case of a profile, its templates without secrets."""
        case = build_case(profile)
        # Only some shapes hold secrets; whatever is masked in compliance mode can stand in any.
        shapes = profile.shapes if self._compliance else profile.shapes.join(profile.leaks, on="shape", how="semi")
        samples = shapes.unique("shape").join(case.members, on="shape").sort("number", "shape")
        templates = list(case.templates)
        for number, sample in samples.select("number", "sample").iter_rows():
            text = _masked(templates[number].text, sample=sample, clean=self._clean)
            templates[number] = replace(templates[number], text=text)
        return replace(case, templates=templates)

    def _together(self, cases: Mapping[int, Case], judgements: Mapping[int, Judgement]) -> tuple[Case, Judgement]:
        """Return the case and the scores of all groups; floods were judged by group."""
        if len(cases) == 1:
            return next(iter(cases.values())), next(iter(judgements.values()))
        case = self._case(Profile.merge([replace(case.profile, floods=Floods()) for case in cases.values()]))
        scores = {subject: score for j in judgements.values() for subject, score in j.scores.items()}
        evidence = {subject: found for j in judgements.values() for subject, found in j.evidence.items()}
        findings = tuple(finding for j in judgements.values() for finding in j.findings)
        return case, Judgement(findings=findings, scores=scores, evidence=evidence)

    def _with_lines(self, findings: Sequence[Finding], *args: Any, **settings: Any) -> list[Finding]:
        """Return the findings with their lines, without secrets in any text."""
        clean = self._clean
        return [
            replace(
                finding,
                subject=replace(finding.subject, name=clean(finding.subject.name)),
                template=clean(finding.template),
                reason=clean(finding.reason),
                component=None if finding.component is None else clean(finding.component),
                related=tuple(clean(text) for text in finding.related),
                evidence=tuple(
                    replace(e, text=clean(e.text), subject=replace(e.subject, name=clean(e.subject.name)))
                    for e in finding.evidence
                ),
            )
            for finding in with_lines(findings, *args, clean=clean, **settings)
        ]

    def _file(self, item: Opened, scanned: ScanResult, profile: Profile, *, name: str) -> dict[str, Any]:
        about = {
            "name": name,
            "compression": item.source.compression,
            "size": item.source.size,
            **_reading(item.detected),
            **_counts(profile, item.number),
        }
        if item.number in scanned.damaged:
            about["damage"] = self._clean(scanned.damaged[item.number])
        return about

    def _add_run(self, summary: dict[str, Any], watch: _Stopwatch) -> None:
        """Add what this run was: its settings, remarks and times."""
        summary["notices"] = list(_notices([self._config, *self._file_configs.values()]))
        summary["notices"] += [
            f"{file['name']}: read up to a damaged place only: {file['damage']}"
            for file in summary["input_files"]
            if "damage" in file
        ]
        summary["llm"] = {"provider": "local", "calls": 0}
        summary["compliance_mode"] = self._compliance
        summary["settings"] = self._config.model_dump(mode="json")["detectors"]
        summary["stages"] = {name: round(seconds, 3) for name, seconds in watch.seconds.items()}


@dataclass(slots=True)
class _Groups:
    """Sorts sources by the configuration that holds for them."""

    default: Config
    patterns: Mapping[str, Config]
    configs: list[Config] = field(default_factory=list)

    def open(self, number: int, source: Source) -> Opened:
        config = self.default
        for pattern, other in self.patterns.items():
            if fnmatch.fnmatch(source.name, pattern) or fnmatch.fnmatch(Path(source.name).name, pattern):
                config = other
                break
        if config not in self.configs:
            self.configs.append(config)
        detected = detect(read_head(source), tail=_tail(source), modified=source.modified)
        return Opened(
            number=number,
            group=self.configs.index(config),
            source=source,
            detected=detected,
            tables=detected.tables(),
            floods=_flood_settings(config),
        )


class _FrameScan:
    """A frame that is scanned in batches of rows."""

    def __init__(self, frame: Any, *, floods: FloodSettings) -> None:
        self.frame = frame
        self.lines: Lines = lines_of(frame)
        self.times: NDArray[np.int64] | None = times_of(frame)
        self.rows = len(self.lines.bounds) - 1
        self.floods = floods
        sample = "\n".join(self.lines.texts.head(2000).to_list()) + "\n"
        self.detected: Detected = detect(sample.encode("utf-8", errors="replace"))
        self.tables: Tables = self.detected.tables()

    def batch(self, first: int, size: int) -> Scanned:
        """Scan rows [first, first + size)."""
        last = min(first + size, self.rows)
        bounds = self.lines.bounds[first : last + 1]
        chunk = Chunk(
            source=0,
            data=self.lines.data[bounds[0] : bounds[-1]],
            first_line=first,
            offset=int(bounds[0]),
            bounds=bounds - bounds[0],
        )
        times = None if self.times is None else self.times[first:last]
        return scan(chunk, self.tables, floods=self.floods, times=times)

    def excerpts(self, places: Sequence[Location], *, clean: Callable[[str], str]) -> dict[Location, Excerpt]:
        """Return the rows at the places, with a few before and after, which hold no secrets any more."""

        def clear(row: int) -> bytes:
            # As a whole: one line of a private key does not look like one.
            return clean(self._row(row).decode("utf-8", errors="replace")).encode()

        found = {}
        for place in places:
            before = [clear(row) for row in range(max(0, place.line - BEFORE), place.line)]
            record = self._row(place.line)
            after = [clear(row) for row in range(place.line + 1, min(self.rows, place.line + 1 + AFTER))]
            head = b"".join(line + b"\n" for line in before)
            data = head + b"".join(line + b"\n" for line in [record, *after])
            found[place] = Excerpt(data=data, start=len(head), size=record.count(b"\n") + 1)
        return found

    def time(self, place: Location, scanned: Sequence[Scanned]) -> int | None:
        """Return the time of a row."""
        row = place.line
        for part in scanned:
            if row < len(part.records.time):
                value = int(part.records.time[row])
                return None if value == NO_TIME else value
            row -= len(part.records.time)
        return None

    def _row(self, row: int) -> bytes:
        return self.lines.data[self.lines.bounds[row] : self.lines.bounds[row + 1]].tobytes()


def _inputs(data: Any) -> list[str]:
    """Return the paths given."""
    paths = [data] if isinstance(data, str | Path) else data
    # Some lazy frames are iterables that cannot be iterated over, so it is asked for less than that.
    if not isinstance(paths, list | tuple) or not paths or not all(isinstance(p, str | Path) for p in paths):
        given = "an empty list" if isinstance(paths, list | tuple) and not paths else f"a {type(data).__name__}"
        msg = f"given {given}; expected a path, a list of paths, or a data frame (pandas, polars; not a lazy one)"
        raise UsageError(msg)
    return [str(path) for path in paths]


def _distinct(names: Mapping[int, str]) -> dict[int, str]:
    """Return the names, those that occur more than once numbered: files may be alike once they are masked."""
    seen: Counter[str] = Counter()
    distinct = {}
    for number, name in names.items():
        seen[name] += 1
        distinct[number] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return distinct


def _masked(text: str, *, sample: bytes, clean: Callable[[str], str]) -> str:
    """Return the text of a template without the secrets of a message that has it.

    Parameters put in the place of words can hide from `clean` what the rest of a secret is; in the message it is
    seen. Words that `clean` takes out of the message but not out of the text are taken out of the text here.
    """
    message = sample.decode("utf-8", errors="replace")
    cleaned = clean(message)
    if cleaned == message:
        return text
    text = clean(text)
    taken = Counter(tokenise(sample).texts) - Counter(tokenise(cleaned.encode()).texts)
    for word in sorted(taken, key=lambda word: (-len(word), word)):
        text = re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", PARAMETER, text)
    return text


def _positive(name: str, value: int) -> None:
    if value < 1:
        msg = f"{name} is {value}; expected a whole number of 1 or more"
        raise UsageError(msg)


def _tail(source: Source) -> bytes:
    """Return the last bytes of a source, where they can be had without reading it all."""
    if source.compression != "none" or source.size <= _TAIL * 8:
        return b""
    with open_source(source) as stream:
        stream.seek(-_TAIL, 2)
        data = stream.read(_TAIL)
    return data[data.find(b"\n") + 1 :]


def _flood_settings(config: Config) -> FloodSettings:
    window = config.detectors.rolling_window
    return FloodSettings(
        window_size=window.window_size,
        repetition_threshold=window.repetition_threshold,
        enabled=window.enabled,
    )


def _detectors(config: Config) -> list[Detector]:
    """Return all registered detectors that the configuration does not turn off, with their settings."""
    lof, window = config.detectors.lof, config.detectors.rolling_window
    settings: dict[str, dict[str, Any]] = {
        "lof": {"neighbors": lof.neighbors, "contamination": lof.contamination},
        "rolling_window": {
            "window_size": window.window_size,
            "repetition_threshold": window.repetition_threshold,
        },
    }
    off = {name for name, section in (("lof", lof), ("rolling_window", window)) if not section.enabled}
    return [load(DETECTORS, name)(**settings.get(name, {})) for name in names(DETECTORS) if name not in off]


def _notices(configs: Iterable[Config]) -> Iterator[str]:
    """Yield a remark on the settings that have no effect in this version."""
    given: set[str] = set()
    for config in configs:
        if config.llm.provider == "local":
            continue
        keys = {key for key in set_keys(config) if key.startswith(("llm.", "workflow."))}
        # "auto" is content with what there is.
        given |= keys - {"llm.provider"} if config.llm.provider == "auto" else keys
    if given:
        yield (
            "LLM calls are not part of this version: the local classifier decided; "
            f"without effect: {', '.join(sorted(given))}"
        )


def _reading(detected: Detected) -> dict[str, Any]:
    return {
        "format": detected.name,
        "layouts": [
            layout.text if layout.time is None else layout.text.replace("{time}", f"{{time:{layout.time}}}")
            for layout in detected.layouts
        ],
        "share_read": round(detected.share, 4),
    }


def _counts(profile: Profile, number: int) -> dict[str, Any]:
    rows = profile.sources.filter(pl.col("source") == number)
    shapes = profile.shapes.filter(pl.col("source") == number)
    counts = rows.row(0, named=True) if len(rows) else dict.fromkeys(rows.columns, 0)
    return {
        "lines": counts["lines"],
        "records": counts["records"],
        "records_with_time": counts["timed"],
        "records_without_format": counts["unmatched"],
        "first_time": iso(shapes["first_time"].min()),  # type: ignore[arg-type]
        "last_time": iso(shapes["last_time"].max()),  # type: ignore[arg-type]
    }


def _part(case: Case, number: int) -> Case:
    """Return what a case says of one source."""
    profile = case.profile.only([number])
    return Case(
        profile=profile,
        templates=case.templates,
        members=case.members,
        table=count_templates(profile, case.members),
    )


def _template_frame(case: Case, judgement: Judgement, *, clean: Callable[[str], str]) -> pl.DataFrame:
    total = max(case.records, 1)
    rows = [
        {
            "template_id": case.templates[row["number"]].id,
            "log_template": clean(case.templates[row["number"]].text),
            "count": row["records"],
            "ratio": row["records"] / total,
            "severity": Level(row["level"]).name,
            "component": clean(row["component"].decode("utf-8", errors="replace")) if row["component"] else None,
            "score": judgement.scores.get(case.subject(row["number"]), 0.0),
            "first_seen": iso(row["first_time"]),
            "last_seen": iso(row["last_time"]),
        }
        for row in case.table.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _reporter(opened: Sequence[Opened], progress: Progress) -> Callable[[int, int], None]:
    """Return what turns bytes of text into bytes on disk, which is what the whole is known in."""
    sizes = {item.number: item.source.size for item in opened}
    packed = {item.number for item in opened if item.source.compression != "none"}
    done = dict.fromkeys(sizes, 0)

    def report(number: int, size: int) -> None:
        done[number] = min(sizes[number], done[number] + (size // _USUAL_RATIO if number in packed else size))
        progress("scan", sum(done.values()), sum(sizes.values()))

    return report
