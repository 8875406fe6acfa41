"""Regular expressions under RE2: linear in the text, whatever the pattern is and whoever wrote it."""

import re
from typing import Any

import re2

__all__ = ["compiled", "tells_digits"]

_ESCAPE = r"\\x(?!3[0-9])[0-9A-Fa-f]{2}|\\[^0-9xEpPQ]"
_CLASS = rf"\[\^?+\]?+(?:\[:\^?+\w+:\]|{_ESCAPE}|(?<!-)0-9|[^\]\\0-9])*+\]"
_NO_DIGIT = re.compile(rf"(?s)(?:{_ESCAPE}|{_CLASS}|\{{\d+(?:,\d*)?\}}|\(\?P?<\w+>|[^0-9\\\[])*+")
"""A pattern without digits but for those of classes with all of them, of numbers of times, and in names of groups."""


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


def tells_digits(pattern: str) -> bool:
    r"""Whether a pattern may match a text, or not, for one digit in it and not another; in doubt it may.

    Examples
    --------
    >>> tells_digits(r"took \d{2,} ms for [0-9a-f]+"), tells_digits("status 50[0-9]")
    (False, True)
    """
    return _NO_DIGIT.fullmatch(pattern) is None
