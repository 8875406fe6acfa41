"""What a page shows, and how the address bar says it."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

from loganomaly.dashboard.finding_query import FindingFilter

__all__ = ["PAGES", "Address", "moment_of", "parse", "query_of"]

PAGES = ("overview", "findings", "templates", "activity", "security", "run")
_LONGEST_QUERY = 16_384  # characters
_LONGEST = 300  # of one value
_MOST_VALUES = 50  # of one filter
_MOST_RUNS = 10_000
_LISTS = {
    "severity": "severities",
    "component": "components",
    "class": "classifications",
    "detector": "detectors",
    "tag": "tags",
    "file": "files",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a page shows.

    Attributes
    ----------
    page
        One of `PAGES`.
    run
        Number of the folder, from 0 on.
    wanted
        The findings that are shown, and the span of time that all of the page is about.
    finding, template
        Ids of what is open in detail.
    """

    page: str = "overview"
    run: int = 0
    wanted: FindingFilter = field(default_factory=FindingFilter)
    finding: str | None = None
    template: str | None = None

    def frame(self) -> "Address":
        """Return what stays when another page is turned to: the run and the span of time."""
        span = FindingFilter(since=self.wanted.since, until=self.wanted.until)
        return Address(run=self.run, wanted=span)

    def on(self, page: str) -> "Address":
        """Return the address of a page of the same run and span of time."""
        return replace(self.frame(), page=page)

    def href(self) -> str:
        """Return the address as a link.

        Examples
        --------
        >>> Address(page="findings", finding="ca33baad7b31").href()
        '/findings?finding=ca33baad7b31'
        """
        query = query_of(self)
        path = "/" if self.page == PAGES[0] else f"/{self.page}"
        return f"{path}?{query}" if query else path


def query_of(address: Address) -> str:
    """Return the part of an address after the question mark; what is as it is without saying is left out."""
    wanted = address.wanted
    said: list[tuple[str, str]] = []
    if address.run:
        said.append(("run", str(address.run)))
    if wanted.text:
        said.append(("q", wanted.text))
    if wanted.regex:
        said.append(("regex", "1"))
    for name, attribute in _LISTS.items():
        said += [(name, value) for value in getattr(wanted, attribute)]
    if wanted.incident is not None:
        said.append(("incident", wanted.incident))
    if wanted.least_score:
        said.append(("score", f"{wanted.least_score:g}"))
    for name, moment in (("from", wanted.since), ("to", wanted.until)):
        if moment is not None:
            said.append((name, moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")))
    if address.finding is not None:
        said.append(("finding", address.finding))
    if address.template is not None:
        said.append(("template", address.template))
    return urlencode(said)


def parse(path: object, query: object, *, runs: int = 1) -> Address:
    """Return what an address says. What makes no sense is as if it was not there: anybody can write an address.

    Parameters
    ----------
    path, query
        Those of the address; the query with or without its question mark.
    runs
        How many there are.
    """
    page = path.strip("/") if isinstance(path, str) else ""
    text = query.removeprefix("?") if isinstance(query, str) and len(query) <= _LONGEST_QUERY else ""
    try:
        pairs = parse_qsl(text, max_num_fields=500)
    except ValueError:
        pairs = []
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if len(value) <= _LONGEST and "\0" not in value:
            values.setdefault(name, []).append(value)
    single = {name: given[0] for name, given in values.items()}
    lists = {attribute: _several(values.get(name, ())) for name, attribute in _LISTS.items()}
    since, until = moment_of(single.get("from")), moment_of(single.get("to"))
    if since is not None and until is not None and since > until:
        since, until = until, since
    return Address(
        page=page if page in PAGES else PAGES[0],
        run=_number(single.get("run"), most=min(runs, _MOST_RUNS) - 1),
        wanted=FindingFilter(
            text=single.get("q", ""),
            regex=single.get("regex") == "1",
            **lists,
            incident=single.get("incident") or None,
            least_score=_score(single.get("score")),
            since=since,
            until=until,
        ),
        finding=single.get("finding") or None,
        template=single.get("template") or None,
    )


def moment_of(text: str | None) -> dt.datetime | None:
    """Return the time that a text says, in UTC if it says no zone; None if it says none.

    Examples
    --------
    >>> moment_of("2026-03-14 10:05").isoformat()
    '2026-03-14T10:05:00+00:00'
    """
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _several(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in given if value))[:_MOST_VALUES]


def _number(text: str | None, *, most: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 6:
        return 0
    return int(text) if int(text) <= most else 0


def _score(text: str | None) -> float:
    try:
        score = float(text or 0)
    except ValueError:
        return 0.0
    return round(min(max(score, 0.0), 1.0), 6) if math.isfinite(score) else 0.0
