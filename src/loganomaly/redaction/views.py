r"""Texts as they were before they were written into URLs, JSON, CSV or HTML: %3D, \", \u003d, "", &quot;.

A secret is searched for in a text as it stands, and as it reads when such escapes are undone, up to three times: in an
access log a URL stands within a URL, and JSON within JSON. Each view knows from where each of its bytes comes.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["MOST_VIEWS", "View", "unescaped", "views"]

MOST_VIEWS = 3
"""How often escapes are undone."""
# Backslashes are looked at from the first of a run on, once: a line of nothing else must not be expensive.
_ESCAPES = re.compile(
    rb"""%[0-9A-Fa-f]{2}|(?<!\\)\\++(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|["'/nrt])|""|#0(?:11|12|15)|"""
    rb"&(?:quot|amp|lt|gt|apos|#39|#34|#x27);"
)
_SIGNS = re.compile(rb'[%\\"#&+]')  # without one of these there is no escape
_RUNS = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_QUERY = re.compile(rb"%[0-9A-Fa-f]{2}|[?&][\w.-]+=")  # where a plus is a blank
_ENTITIES = {
    b"quot": b'"',
    b"amp": b"&",
    b"lt": b"<",
    b"gt": b">",
    b"apos": b"'",
    b"#39": b"'",
    b"#34": b'"',
    b"#x27": b"'",
}
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"011": b"\t", b"012": b"\n", b"015": b"\r"}


@dataclass(frozen=True, slots=True)
class View:
    """A text with some escapes undone, and the place in the original of what it was made of."""

    data: bytes
    place: Callable[[int, int], tuple[int, int]]
    """Makes of a span of the view that of the original, with whole escapes."""


def views(data: bytes) -> Iterator[View]:
    """Yield the text as it stands, then with escapes undone once, and again while there are more."""
    view = View(data, _same)
    yield view
    for level in range(MOST_VIEWS):
        undone = _undone(view, plus=level == 0)
        if undone is None:
            return
        yield (view := undone)


def _same(start: int, end: int) -> tuple[int, int]:
    return start, end


def _undone(view: View, *, plus: bool) -> View | None:
    data, parts = view.data, []
    if _SIGNS.search(data) is None:
        return None
    at = size = 0
    # Where each piece begins, here and there; pieces that are not copied are escapes.
    here, there, copied = [], [], []

    def piece(start: int, text: bytes, *, copy: bool) -> None:
        nonlocal size
        here.append(size)
        there.append(start)
        copied.append(copy)
        parts.append(text)
        size += len(text)

    texts = _percent_texts(data)
    for found in _ESCAPES.finditer(data):
        text = _meaning(found[0])
        if found[0][:1] == b"%" and found.start() not in texts:
            continue
        if found.start() > at:
            piece(at, data[at : found.start()], copy=True)
        piece(found.start(), text, copy=False)
        at = found.end()
    blanks = plus and b"+" in data and _QUERY.search(data) is not None
    if not parts and not blanks:
        return None
    piece(at, data[at:], copy=True)
    if blanks:
        parts = [part.replace(b"+", b" ") if copy else part for part, copy in zip(parts, copied, strict=True)]
    ends = [*there[1:], len(data)]

    def place(start: int, end: int) -> tuple[int, int]:
        first, last = bisect_right(here, start) - 1, bisect_right(here, end - 1) - 1
        low = there[first] + (start - here[first] if copied[first] else 0)
        high = there[last] + (end - here[last]) if copied[last] else ends[last]
        return view.place(low, high)

    return View(b"".join(parts), place)


def _percent_texts(data: bytes) -> frozenset[int]:
    """Return where escapes with a percent sign stand that are text: %DATE% and 100%ff are none."""
    found: set[int] = set()
    for run in _RUNS.finditer(data):
        try:
            bytes.fromhex(run[0].replace(b"%", b"").decode()).decode()
        except UnicodeDecodeError:
            continue
        found.update(range(run.start(), run.end(), 3))
    return frozenset(found)


def unescaped(value: bytes) -> bytes:
    """Return a value with all escapes undone.

    Examples
    --------
    >>> unescaped(b"%24%7BTOKEN%7D")
    b'${TOKEN}'
    """
    *_, last = views(value)
    return last.data


def _meaning(escape: bytes) -> bytes:
    """Return what an escape stands for."""
    kind = escape[:1]
    if kind == b"%":
        return bytes([int(escape[1:], 16)])
    if kind == b"#":
        return _CONTROLS[escape[1:]]
    if escape == b'""':
        return b'"'
    if kind == b"&":
        return _ENTITIES[escape[1:-1]]
    code = escape.lstrip(b"\\")
    if code[:1] in {b"u", b"x"}:
        return chr(int(code[1:].decode(), 16)).encode("utf-8", "surrogatepass")
    sign = escape[-1:]
    return _CONTROLS.get(sign, sign)
