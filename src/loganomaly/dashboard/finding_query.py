"""Which findings are asked for, and what they are: searching, filtering, sorting, paging and counting."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

__all__ = ["BadPatternError", "FindingFilter", "choices", "matching", "page_of", "searched"]

_SEARCHED = ("name", "log", "reason", "component")
_LISTS = ("detectors", "tags", "files")
_MOST_ROWS = 500
_MOST_CHOICES = 500
_SORTS: Mapping[str, str] = {
    "score": "score",
    "severity": "rank",
    "begin": "begin",
    "component": "component",
    "name": "name",
    "count": "count",
    "classification": "classification",
    "source": "source",
}
"""Columns that a page is sorted by, and what stands for them; a bad severity comes first."""


class BadPatternError(ValueError):
    """A regular expression that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Which findings are asked for: those that meet all of it; of several values of one kind, one is enough.

    Attributes
    ----------
    text
        Part of the message, line, reason or component, in any case; or the id.
    regex
        Whether `text` is a regular expression (of Rust's regex crate, which takes linear time), in any case.
    severities, components, classifications
        One of these.
    detectors, tags, files
        At least one of these.
    incident, template_id
        Of this one.
    least_score
        0..1.
    since, until
        Seen in this span of time, which `until` is part of. Findings without a time are left out.
    """

    text: str = ""
    regex: bool = False
    severities: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    classifications: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    incident: str | None = None
    least_score: float = 0.0
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def matching(findings: pl.DataFrame, wanted: FindingFilter) -> pl.DataFrame:
    """Return the rows of `Run.findings` that are asked for, in their order.

    Raises
    ------
    BadPatternError
        The text is no regular expression, and should be.
    """
    for condition in _conditions(wanted):
        findings = findings.filter(condition)
    # Searching is what takes long: it comes last, when few are left.
    return searched(findings, wanted.text, regex=wanted.regex, columns=_SEARCHED, key="id")


def searched(table: pl.DataFrame, text: str, *, regex: bool, columns: Sequence[str], key: str) -> pl.DataFrame:
    """Return the rows that have a text, or what matches a regular expression, in one of the columns; in any case.

    So is the row whose `key` is the text.

    Raises
    ------
    BadPatternError
        The text is no regular expression, and should be.
    """
    if not text:
        return table
    pattern = f"(?i){text if regex else pl.escape_regex(text)}"
    try:
        found = [pl.col(name).str.contains(pattern).fill_null(value=False) for name in columns]
        return table.filter(pl.any_horizontal(*found, pl.col(key) == text))
    except pl.exceptions.ComputeError as error:
        raise BadPatternError(_reason(str(error))) from None


def _reason(told: str) -> str:
    """Return what is wrong with a pattern, of the many lines that polars and the regex crate tell."""
    lines = [line.strip() for line in told.splitlines()]
    return next((line.removeprefix("error: ") for line in lines if line.startswith("error: ")), "it is too large")


def _conditions(wanted: FindingFilter) -> list[pl.Expr]:
    conditions: list[pl.Expr] = []
    for name, values in (
        ("severity", wanted.severities),
        ("component", wanted.components),
        ("classification", wanted.classifications),
    ):
        if values:
            conditions.append(pl.col(name).is_in(list(values)))
    for name, values in (("detectors", wanted.detectors), ("tags", wanted.tags), ("files", wanted.files)):
        if values:
            conditions.append(pl.any_horizontal(pl.col(name).list.contains(value) for value in values))
    if wanted.incident is not None:
        conditions.append(pl.col("incident") == wanted.incident)
    if wanted.least_score > 0:
        conditions.append(pl.col("score") >= wanted.least_score)
    if wanted.since is not None:
        conditions.append(pl.col("end") >= wanted.since)
    if wanted.until is not None:
        conditions.append(pl.col("begin") <= wanted.until)
    return conditions


def page_of(table: pl.DataFrame, *, sort: Sequence[tuple[str, bool]] = (), start: int, end: int) -> pl.DataFrame:
    """Return the rows from `start` up to, not including, `end`, at most 500.

    Parameters
    ----------
    sort
        Columns to sort by, and whether in descending order; those that cannot be sorted by are passed over. Of equal
        rows, the one that comes first in the file stays first, and rows without a value come last.
    """
    start = max(0, start)
    count = min(max(0, end - start), _MOST_ROWS)
    by = [(_SORTS[name], descending) for name, descending in sort if name in _SORTS and _SORTS[name] in table.columns]
    if by:
        # Only what is sorted by is sorted, then the few rows of the page are fetched.
        order = table.select(
            pl.arg_sort_by(
                [name for name, _ in by] + ["row"],
                descending=[descending for _, descending in by] + [False],
                nulls_last=True,
            )
        ).to_series()
        return table[order.slice(start, count)]
    return table.slice(start, count)


def choices(findings: pl.DataFrame) -> dict[str, list[tuple[str, int]]]:
    """Return for each filter the values there are, and how many findings have each, the most first.

    Keys are `severity`, `component`, `classification`, `detectors`, `tags` and `files`.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    for name in ("severity", "component", "classification", *_LISTS):
        values = findings.select(pl.col(name).explode() if name in _LISTS else name).drop_nulls()
        counts = values.group_by(name).len().sort("len", name, descending=[True, False]).head(_MOST_CHOICES)
        found[name] = [(str(value), int(count)) for value, count in counts.iter_rows()]
    return found
