"""Regular expressions under RE2: linear in the text, whatever the pattern is and whoever wrote it."""

import re
from functools import lru_cache
from typing import Any

import re2

__all__ = ["compiled", "of_any_digits", "on_rows", "tells_digits"]

_ESCAPE = r"\\x(?!3[0-9])[0-9A-Fa-f]{2}|\\[^0-9xEpPQ]"
_CLASS = rf"\[\^?+\]?+(?:\[:\^?+\w+:\]|{_ESCAPE}|(?<!-)0-9|[^\]\\0-9])*+\]"
_KEPT = rf"{_ESCAPE}|{_CLASS}|\{{\d+(?:,\d*)?\}}|\(\?P?<\w+>|[^0-9\\\[]"
_NO_DIGIT = re.compile(rf"(?s)(?:{_KEPT})*+")
"""A pattern without digits but for those of classes with all of them, of numbers of times, and in names of groups."""
_SOME_DIGITS = rf"\[(?!\^)\]?+(?:\[:\^?+\w+:\]|{_ESCAPE}|[^\]\\])*+\]"
_PARTS = re.compile(rf"(?s)(?P<kept>{_KEPT})|(?P<class>{_SOME_DIGITS})|[0-9]")
_WHOLE = re.compile(rf"(?s)(?:{_KEPT}|{_SOME_DIGITS}|[0-9])*+")
# The ends of a whole text are not those of its rows where these lie in one text, one behind the other.
_OF_WHOLE_TEXT = re.compile(r"\\[Az]|\(\?[a-zA-Z]*-[a-zA-Z]*m")


def compiled(pattern: str, *, utf8: bool = False, one_line: bool = False) -> Any:
    """Return a pattern that searches bytes.

    Without `utf8`, one byte is one character: what is not UTF-8 hides nothing, and letters are those of ASCII as in
    compiled code. With `one_line`, no match covers a line break.

    Raises
    ------
    ValueError
        RE2 cannot read it; says why.

    Examples
    --------
    >>> compiled("no space").search(b"write: no space left").span()
    (7, 15)
    """
    options = re2.Options()
    options.log_errors, options.never_nl = False, one_line
    options.encoding = re2.Options.Encoding.UTF8 if utf8 else re2.Options.Encoding.LATIN1
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error.args[0]
        msg = f"{reason}: RE2 has no look-around and no back-references, and repeats at most 1,000 times"
        raise ValueError(msg) from error


@lru_cache(maxsize=4096)
def on_rows(pattern: str, *, utf8: bool) -> tuple[Any, bool]:
    r"""Return what searches a text of many rows, one a line, and whether they must be searched each alone.

    ``^`` and ``$`` are the ends of its lines.

    Examples
    --------
    >>> search, alone = on_rows("^b$", utf8=True)
    >>> search(b"a\nb\nc").span(), alone, on_rows(r"\Ab", utf8=True)[1]
    ((2, 3), False, True)
    """
    # Under a name of its own, so that flags within the pattern stay there.
    return compiled(f"(?m:{pattern})", utf8=utf8).search, _OF_WHOLE_TEXT.search(pattern) is not None


def tells_digits(pattern: str) -> bool:
    r"""Whether a pattern may match a text, or not, for one digit in it and not another; in doubt it may.

    Examples
    --------
    >>> tells_digits(r"took \d{2,} ms for [0-9a-f]+"), tells_digits("status 50[0-9]")
    (False, True)
    """
    return _NO_DIGIT.fullmatch(pattern) is None


def of_any_digits(pattern: str) -> str | None:
    r"""Return a pattern that tells no digits, of whatever the given one matches if other digits stand for those in it.

    None is returned where the pattern is beyond what can be told.

    Examples
    --------
    >>> of_any_digits(r"\b50[0-4] took \d{2,}")
    '\\b[0-9][0-9](?:[0-9]|[0-4]) took \\d{2,}'
    """
    return _PARTS.sub(_loosened, pattern) if _WHOLE.fullmatch(pattern) else None


def _loosened(part: re.Match[str]) -> str:
    if part["kept"] is not None:
        return part[0]
    return "[0-9]" if part["class"] is None else f"(?:[0-9]|{part[0]})"
