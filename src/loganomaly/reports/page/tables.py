"""Sections and tables of a page."""

from collections.abc import Iterable, Sequence

from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.reports.story import brief, fitting
from loganomaly.wording import amount

__all__ = ["listing", "names", "section", "share_bar", "table"]

_LONGEST = 120
_MOST_ROWS = 100
_ROOM = 110_000  # bytes of the rows of a table


def section(anchor: str, title: str, *content: Content, count: int | None = None) -> Markup:
    """Return a section with its heading."""
    number = None if count is None else el("small", f" {count:,}")
    return el(
        "section",
        el("h2", title, number, id=f"{anchor}-title"),
        content,
        id=anchor,
        aria_labelledby=f"{anchor}-title",
    )


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Content]], *, numbers: Iterable[str] = ()
) -> Markup:
    """Return a table: a row for each, the first cell of which names it; `numbers` are the heads of numbers."""
    right = {number for number, head in enumerate(heads) if head in set(numbers)}
    return _table(caption, heads, (_row(row, right) for row in rows), right)


def listing(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Content]],
    *,
    of: int,
    noun: str,
    where: str,
    numbers: Iterable[str] = (),
) -> Content:
    """Return a table of the first rows, and how many more there are `of` these, and where."""
    right = {number for number, head in enumerate(heads) if head in set(numbers)}
    shown = fitting((_row(row, right) for row in rows), most=_MOST_ROWS, room=_ROOM)
    more = f"{amount(of - len(shown), f'more {noun}')}, listed in {where}."
    return [
        _table(caption, heads, shown, right),
        el("p", more, class_="quiet") if of > len(shown) else None,
    ]


def _table(caption: str, heads: Sequence[str], rows: Iterable[Markup], right: set[int]) -> Markup:
    return el(
        "div",
        el(
            "table",
            el("caption", caption),
            el(
                "thead", el("tr", (el("th", head, scope="col", class_=_side(n, right)) for n, head in enumerate(heads)))
            ),
            el("tbody", rows),
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def _row(row: Sequence[Content], right: set[int]) -> Markup:
    first, *rest = row
    cells = (el("td", cell, class_=_side(n, right)) for n, cell in enumerate(rest, start=1))
    return el("tr", el("th", first, scope="row", class_=_side(0, right)), cells)


def _side(number: int, right: set[int]) -> str | None:
    return "number" if number in right else None


def share_bar(share: float) -> Markup:
    """Return a bar that is as long as a share of the cell, beside the number that says the same."""
    return el("span", class_="share", style=f"--share:{min(max(share, 0.0), 1.0):.2%}", aria_hidden="true")


def names(texts: Sequence[str], *, most: int) -> Content:
    """Return names of things in the log, the first of them."""
    listed: list[Content] = []
    for number, text in enumerate(texts[:most]):
        listed += [", " if number else "", el("code", brief(text, most=_LONGEST))]
    return [*listed, f" and {len(texts) - most:,} more" if len(texts) > most else ""] if listed else None
