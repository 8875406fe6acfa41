"""What a folder of results holds, read again when the files change."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from loganomaly.charts.looks import SEVERITIES
from loganomaly.errors import InputMissingError
from loganomaly.reports.finding_table import FINDING_COLUMNS
from loganomaly.reports.template_table import TEMPLATE_COLUMNS
from loganomaly.reports.timeline_table import TIMELINE_COLUMNS

__all__ = ["ResultsFolder", "Run", "opened"]

_VERSION = 1  # of summary.json
_SUMMARY, _LEAKS = "summary.json", "leaks.json"
_QUESTIONS = "questions.jsonl"
_FINDINGS, _TEMPLATES, _TIMELINE = "findings.parquet", "templates.parquet", "timeline.parquet"
_FILES = (_SUMMARY, _FINDINGS, _TEMPLATES, _TIMELINE, _LEAKS)
_MOST_BYTES = 256 << 20  # of a JSON file
_LONGEST_LOG = 2000  # characters of a line that are searched; all of it is in `detail`
_UNREADABLE = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError)
_AGAIN = "analyse the logs again to write it anew"

Stamp = tuple[tuple[int, int, int] | None, ...]


class _DamagedError(ValueError):
    """A file is not what this version writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The results in a folder at one moment.

    Attributes
    ----------
    name
        What the run is called: its folder.
    summary
        summary.json; empty if it cannot be read.
    findings
        findings.parquet without `detail`, and: `row` (in the file), `key` (the id; of further findings with the same id
        with their row), `rank` of the severity (0 is the worst), `begin` and `end` (first and last time). None if there
        is no such file, or it is damaged.
    templates
        templates.parquet without `parameters`, and `row` and `rank`. None likewise.
    levels, components
        Rows of timeline.parquet on severities, and on components: name, start, seconds, records.
    rates
        The same of templates; `name` is a category.
    leaks
        leaks.json. None if there is no such file, or it is damaged.
    problems
        What is absent or damaged, in words.
    stamp
        Tells one state of the folder from another.
    """

    name: str
    summary: Mapping[str, Any]
    findings: pl.DataFrame | None
    templates: pl.DataFrame | None
    levels: pl.DataFrame
    components: pl.DataFrame
    rates: pl.DataFrame
    leaks: list[dict[str, Any]] | None
    problems: tuple[str, ...]
    stamp: Stamp


@dataclass(slots=True)
class ResultsFolder:
    """A folder of results. Threads may share it."""

    path: Path
    name: str
    _run: Run | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def current(self) -> Run:
        """Return what is in the folder now."""
        with self._lock:
            stamp = _stamp(self.path)
            if self._run is None or self._run.stamp != stamp:
                self._run = _read_run(self.path, name=self.name, stamp=stamp)
            return self._run

    def detail(self, finding: str) -> dict[str, Any] | None:
        """Return the entry of the finding with a key; None if there is none, or it cannot be read."""
        run = self.current()
        text = self._cell(run.findings, _FINDINGS, key="key", value=finding, column="detail")
        entry = _parsed(text)
        return entry if isinstance(entry, dict) and entry.get("id") == finding.partition("~")[0] else None

    def parameters(self, template: str) -> list[dict[str, Any]]:
        """Return what is known of the values of a template's parameters."""
        run = self.current()
        text = self._cell(run.templates, _TEMPLATES, key="template_id", value=template, column="parameters")
        entries = _parsed(text)
        return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []

    def prompt(self, finding: str) -> str | None:
        """Return the question to a model about a finding, if one was written down (``--llm-phase prepare``)."""
        try:
            with (self.path / _QUESTIONS).open(encoding="utf-8", errors="replace") as lines:
                # Most lines need no parsing.
                asked = next((line for line in lines if finding in line and _names(line, finding)), None)
        except (OSError, ValueError):
            return None
        question = _parsed(asked)
        return f"{question.get('system', '')}\n\n{question.get('user', '')}" if isinstance(question, dict) else None

    def details(self, rows: pl.Series, *, at_once: int = 4096) -> Any:
        """Yield `detail` of the rows of findings.parquet with these numbers, in the order of the file."""
        wanted = rows.sort()
        last = int(wanted[-1]) if len(wanted) else -1
        for start in range(0, last + 1, at_once):
            part = wanted.filter((wanted >= start) & (wanted < start + at_once))
            if len(part):
                texts = pl.scan_parquet(self.path / _FINDINGS).select("detail").slice(start, at_once).collect()
                yield from texts["detail"].gather(part - start).to_list()

    def _cell(self, table: pl.DataFrame | None, file: str, *, key: str, value: str, column: str) -> str | None:
        """Read one cell of a column that is not kept in memory."""
        if table is None:
            return None
        rows = table.filter(pl.col(key) == value)["row"].head(1).to_list()
        if not rows:
            return None
        try:
            found = pl.scan_parquet(self.path / file).select(column).slice(rows[0], 1).collect()
        except _UNREADABLE:
            return None
        return str(found[column][0]) if len(found) else None


def opened(paths: list[Path]) -> list[ResultsFolder]:
    """Return folders of results, each with a name of its own.

    Raises
    ------
    InputMissingError
        One is no folder, or has no results.
    """
    folders = []
    for path in paths:
        if not path.is_dir():
            state = "is not a folder" if path.exists() else "does not exist"
            raise InputMissingError(
                f"{str(path)!r} {state}; name a folder that `loganomaly --input app.log --output DIR` has written"
            )
        if not (path / _SUMMARY).exists():
            raise InputMissingError(
                f"{str(path)!r} holds no results: there is no {_SUMMARY} in it; name a folder that "
                "`loganomaly --input app.log --output DIR` has written"
            )
        folders.append(ResultsFolder(path, path.resolve().name or "results"))
    names = [folder.name for folder in folders]
    for number, folder in enumerate(folders, start=1):
        if names.count(folder.name) > 1:
            folder.name = f"{folder.name} ({number})"
    return folders


def _stamp(folder: Path) -> Stamp:
    stamps: list[tuple[int, int, int] | None] = []
    for name in _FILES:
        try:
            told = (folder / name).stat()
        except (OSError, ValueError):
            stamps.append(None)
        else:
            stamps.append((told.st_mtime_ns, told.st_size, told.st_ino))
    return tuple(stamps)


def _read_run(folder: Path, *, name: str, stamp: Stamp) -> Run:
    problems: list[str] = []

    def tried(file: str, read: Callable[[Path], Any], *, otherwise: Any, absent: str | None) -> Any:
        if not (folder / file).exists():
            if absent is not None:
                problems.append(absent)
            return otherwise
        try:
            return read(folder / file)
        except _DamagedError as error:
            problems.append(f"{file} {error}; {_AGAIN}.")
        except _UNREADABLE:
            problems.append(f"{file} is damaged or cannot be read; {_AGAIN}.")
        return otherwise

    summary = tried(_SUMMARY, _summary, otherwise={}, absent=f"There is no {_SUMMARY} any more.")
    findings = tried(
        _FINDINGS, _findings, otherwise=None,
        absent=f"There is no {_FINDINGS}: the run was made with --summary-only, or by an older version. "
        "Findings cannot be listed.",
    )  # fmt: skip
    templates = tried(_TEMPLATES, _templates, otherwise=None, absent=f"There is no {_TEMPLATES}.")
    counts = tried(_TIMELINE, _counts, otherwise=None, absent=f"There is no {_TIMELINE}: nothing is drawn over time.")
    leaks = tried(
        _LEAKS, _leaks, otherwise=None,
        absent=f"There is no {_LEAKS}: the run was made with --summary-only. Leaks are told from the summary.",
    )  # fmt: skip
    if counts is None:
        counts = pl.DataFrame(schema=TIMELINE_COLUMNS)
    return Run(
        name=name,
        summary=summary,
        findings=findings,
        templates=templates,
        levels=_of(counts, "severity"),
        components=_of(counts, "component"),
        rates=_of(counts, "template").with_columns(pl.col("name").cast(pl.Categorical)),
        leaks=leaks,
        problems=tuple(problems),
        stamp=stamp,
    )


def _of(counts: pl.DataFrame, what: str) -> pl.DataFrame:
    return counts.filter(pl.col("of") == what).drop("of")


def _json(path: Path) -> Any:
    if path.stat().st_size > _MOST_BYTES:
        raise _DamagedError("is too large")
    return json.loads(path.read_bytes())


def _summary(path: Path) -> Mapping[str, Any]:
    read = _json(path)
    if not isinstance(read, dict):
        raise _DamagedError("is not what loganomaly writes")
    if read.get("schema_version") != _VERSION:
        raise _DamagedError(f"is of another version ({str(read.get('schema_version'))[:20]}, expected {_VERSION})")
    return read


def _leaks(path: Path) -> list[dict[str, Any]]:
    read = _json(path)
    if not isinstance(read, list) or not all(isinstance(each, dict) for each in read):
        raise _DamagedError("is not what loganomaly writes")
    return read


def _table(path: Path, columns: Mapping[str, pl.DataType], *, without: str | None = None) -> pl.DataFrame:
    """Read a Parquet file that has all of these columns, but for one that is heavy."""
    scan = pl.scan_parquet(path)
    if missing := sorted(columns.keys() - scan.collect_schema().keys()):
        raise _DamagedError(f"is of another version: it has no column {missing[0]!r}")
    return scan.select(pl.col(name).cast(dtype) for name, dtype in columns.items() if name != without).collect()


def _findings(path: Path) -> pl.DataFrame:
    table = _table(path, FINDING_COLUMNS, without="detail")
    return table.with_row_index("row").with_columns(
        _rank(),
        key=pl.when(pl.col("id").is_first_distinct()).then("id").otherwise(pl.format("{}~{}", "id", "row")),
        begin=pl.coalesce("first_seen", "timestamp"),
        end=pl.coalesce("last_seen", "timestamp", "first_seen"),
        log=pl.col("log").str.head(_LONGEST_LOG),
    )


def _templates(path: Path) -> pl.DataFrame:
    return _table(path, TEMPLATE_COLUMNS, without="parameters").with_row_index("row").with_columns(_rank())


def _counts(path: Path) -> pl.DataFrame:
    return _table(path, TIMELINE_COLUMNS)


def _rank() -> pl.Expr:
    ranks = {name: number for number, name in enumerate(SEVERITIES)}
    named = pl.col("severity").replace_strict(ranks, default=len(SEVERITIES), return_dtype=pl.UInt8)
    return named.alias("rank")


def _names(line: str, finding: str) -> bool:
    question = _parsed(line)
    return isinstance(question, dict) and question.get("custom_id") == finding


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None
