"""What a user does on the dashboard, and how long it takes until the page shows the answer."""

import functools
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from measure import CommandFailedError
from playwright.sync_api import Page, Request

__all__ = ["ACTS", "Taken", "first_screen", "take"]

PATIENCE = 60_000  # milliseconds
_ROWS = "getRowsResponse"
_PAGE = '"id":"page"'
_DETAIL = '"id":"detail"'
_TEXTS = ("timeout", "refused", "order", "a", "token", "1", "pool exhausted", "JDBC", "within", "no such text")
_WORDS = tuple(word for n, text in enumerate(_TEXTS) for word in (text, f"service-{3 * n:02d}"))
"""Every other one is a component, so that two that follow each other never find the same."""
_FORMS = (
    *(r"time.?out", r"^\d{4}-", r"refused|reset", r"\bpool\b.*exhausted", r"[0-9a-f]{8}", r"(?:a|b)+c", r".*", r"^$"),
    *(r"retry \S+ of", r"[A-Z]{5,}"),
)
_PATTERNS = tuple(form for n, text in enumerate(_FORMS) for form in (text, rf"service-({3 * n:02d}|\d{n})$"))
_COLUMNS = ("count", "begin", "severity", "component", "name", "source", "classification", "score")

# Waits for an event of the user, and from it until `sign` of the page has changed: milliseconds.
_WATCH = """
([event, kind, wanted]) => {
  const sign = () => {
    const text = selector => document.querySelector(selector)?.textContent ?? ''
    if (kind === 'rows') {
      const rows = [...document.querySelectorAll('#finding-grid .ag-row')]
      const shown = rows.map(row => row.getAttribute('row-index') + ':' + row.getAttribute('row-id')).sort()
      const empty = rows.some(row => !row.getAttribute('row-id') || row.classList.contains('ag-row-loading'))
      return empty ? null : text('#count') + ' ' + shown.join(' ')
    }
    if (kind === 'row') return document.querySelector(`#finding-grid [row-index="${wanted}"] .score`) ? 'it' : ''
    if (kind === 'detail') {
      const there = document.querySelector('[data-testid=finding-log]')
      return there && text('#finding-json').includes(wanted) ? wanted : ''
    }
    const drawn = document.querySelector('#timeline svg.main-svg .bars path') ? 'drawn' : null
    return drawn && text('#tile-lines') + text('#tile-findings')
  }
  const before = sign()
  window.taken = new Promise(resolve => {
    const begin = happened => {
      const begun = happened.timeStamp
      const look = () => {
        const now = sign()
        if (now !== null && now !== before) resolve(performance.now() - begun)
        else requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    }
    window.addEventListener(event, begin, { capture: true, once: true })
    setTimeout(() => resolve(null), 30000)
  })
}
"""


@dataclass(frozen=True)
class Taken:
    """What one sort of act took, each time: seconds until the page showed it, and until the server had answered."""

    name: str
    shown: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


def first_screen(page: Page, address: str) -> float:
    """Open the dashboard and return when (`time.perf_counter`) its tiles and its timeline were drawn."""
    page.goto(address, wait_until="commit")
    page.wait_for_function(
        "() => document.querySelector('#tile-findings') && document.querySelector('#timeline svg.main-svg .bars path')",
        timeout=PATIENCE,
    )
    return time.perf_counter()


def take(page: Page, address: str, *, name: str, times: int) -> Taken:
    """Do one sort of act so many times, and return what each took."""
    act = ACTS[name]
    taken = Taken(name)
    answers: list[tuple[str, float]] = []

    def finished(request: Request) -> None:
        timing = request.timing
        if request.method == "POST" and timing["responseStart"] >= 0:
            answers.append((request.post_data or "", (timing["responseStart"] - timing["requestStart"]) / 1000))

    page.on("requestfinished", finished)
    steps = act(page, address)
    for event, kind, wanted, output, do in itertools.islice(steps, times):
        answers.clear()
        page.evaluate(_WATCH, [event, kind, wanted])
        do()
        took = page.evaluate("() => window.taken")
        if took is None:
            raise CommandFailedError(f"{name}: the page showed nothing new for 30 s")
        taken.shown.append(float(took) / 1000)
        page.wait_for_timeout(50)  # the end of the last request is told a moment later
        taken.answered.extend([seconds for body, seconds in answers if output in body][-1:])
    page.remove_listener("requestfinished", finished)
    return taken


Step = tuple[str, str, str, str, Callable[[], object]]
"""Event that begins the act, what changes, which, the output that the server is asked for, and the act itself."""


def _findings(page: Page, address: str) -> None:
    page.goto(f"{address}findings")
    page.locator("#finding-grid .ag-row[row-id]").first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(500)


def _filter(page: Page, address: str) -> Iterator[Step]:
    _findings(page, address)
    page.locator("#filter-severity").click()
    options = page.locator(".dash-dropdown-content [role=option]")
    options.first.wait_for()
    count = options.count()
    for number in itertools.count():
        option = options.nth(number % count)
        yield "click", "rows", "", _ROWS, option.click


def _search(page: Page, address: str, *, words: Sequence[str], regex: bool) -> Iterator[Step]:
    _findings(page, address)
    if regex:
        page.locator("#filter-regex").get_by_text("Regex").click()
    field_ = page.locator("#filter-q")
    for word in itertools.cycle(words):
        yield "input", "rows", "", _ROWS, functools.partial(field_.fill, word)


def _substring(page: Page, address: str) -> Iterator[Step]:
    return _search(page, address, words=_WORDS, regex=False)


def _pattern(page: Page, address: str) -> Iterator[Step]:
    return _search(page, address, words=_PATTERNS, regex=True)


def _sort(page: Page, address: str) -> Iterator[Step]:
    _findings(page, address)
    for column in itertools.cycle(_COLUMNS):
        head = page.locator(f"#finding-grid .ag-header-cell[col-id={column}] .ag-header-cell-label")
        yield "click", "rows", "", _ROWS, head.click


def _page(page: Page, address: str) -> Iterator[Step]:
    _findings(page, address)
    body = page.locator("#finding-grid .ag-body-viewport")
    height = int(page.evaluate("() => document.querySelector('#finding-grid .ag-row').offsetHeight"))
    count = int((page.locator("#count").text_content() or "").split(" ")[0].replace(",", ""))
    for number in itertools.count(1):
        row = number * 3777 % (count - 50)
        move = f"each => each.scrollTo(0, {row * height})"
        yield "scroll", "row", str(row + 1), _ROWS, functools.partial(body.evaluate, move)


def _open(page: Page, address: str) -> Iterator[Step]:
    _findings(page, address)
    rows = page.locator("#finding-grid .ag-row[row-id]")
    names = [str(name) for name in rows.evaluate_all("all => all.map(each => each.getAttribute('row-id'))")[:12]]
    for name in itertools.cycle(names):
        cell = page.locator(f"#finding-grid .ag-row[row-id='{name}'] [col-id=begin]")
        yield "click", "detail", name, _DETAIL, cell.click


def _zoom(page: Page, address: str) -> Iterator[Step]:
    first_screen(page, address)
    for number in itertools.count():
        start = 0.05 + number % 10 * 0.05
        yield "mouseup", "overview", "", _PAGE, functools.partial(_drag, page, start=start, end=start + 0.3)
        page.locator("#zoom-reset").click()
        page.wait_for_function("() => !location.search")
        page.wait_for_timeout(1000)


def _drag(page: Page, *, start: float, end: float) -> None:
    box = page.locator("#timeline .nsewdrag").first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, y, steps=6)
    page.mouse.up()


ACTS: dict[str, Callable[[Page, str], Iterator[Step]]] = {
    "filter": _filter,
    "search for text": _substring,
    "search with a regex": _pattern,
    "sort": _sort,
    "page": _page,
    "open a finding": _open,
    "zoom": _zoom,
}
"""What is measured, in this order: a function yields steps without end."""
