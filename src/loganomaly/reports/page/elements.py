"""Elements of HTML: everything that is put into one is text, unless it is an element itself."""

from collections.abc import Iterable
from html import escape

from loganomaly.legible import plain_lines, plain_text

__all__ = ["Content", "Markup", "el", "joined", "shown"]

_VOID = frozenset({"br", "col", "hr", "meta"})


class Markup(str):
    """What a browser takes as it is. Only `el` and data files of this package make it."""

    __slots__ = ()


Content = str | int | Iterable["Content"] | None
"""Text, elements, or many of both; None is nothing."""


def el(name: str, /, *children: Content, **attributes: str | int | bool | None) -> Markup:
    """Return an element with text and elements in it.

    Attributes are named as in HTML, ``_`` for ``-``, and with one at the end where Python knows the word. True is an
    attribute without a value, None and False are none. Links lead to places of the page only.

    Raises
    ------
    ValueError
        A link that leads elsewhere.

    Examples
    --------
    >>> el("td", "<b> & ", el("b", 1), class_="n", data_id='"', hidden=False)
    '<td class="n" data-id="&quot;">&lt;b&gt; &amp; <b>1</b></td>'
    """
    told = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        called = key.rstrip("_").replace("_", "-")
        if called in {"href", "src"} and not str(value).startswith("#"):
            raise ValueError(f"a link to {value!r}: expected a place of the page, such as '#findings'")
        told.append(f" {called}" if value is True else f' {called}="{escape(plain_text(str(value)))}"')
    start = Markup(f"<{name}{''.join(told)}>")
    return start if name in _VOID else Markup(f"{start}{joined(children)}</{name}>")


def joined(content: Content) -> Markup:
    """Return text and elements one behind the other."""
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, int):
        return Markup(f"{content:,}")
    if isinstance(content, str):
        return Markup(escape(shown(content)))
    return Markup("".join(map(joined, content)))


def shown(text: str) -> str:
    """Return what can be seen of a text, line by line; the indentation of stack traces stays."""
    return plain_lines(text.replace("\t", "    "))
