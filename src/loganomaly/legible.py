"""Text of a log as one line that no terminal obeys."""

import re
import unicodedata

__all__ = ["plain_lines", "plain_text", "quoted"]

_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")  # colours, cursor movements
_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_ELLIPSIS = "…"


def plain_text(text: str) -> str:
    r"""Return *text* as one line that no terminal obeys.

    Colours and cursor movements are removed, other control characters shown as symbols; what is invisible or
    turns the direction of writing is removed; each run of tabs and line ends becomes one space.

    Examples
    --------
    >>> plain_text("\x1b[31mfailed\x1b[0m\n\x1b]0;title\a")
    'failed ␛]0;title␇'
    """
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in _SPACES.sub(" ", _SEQUENCE.sub("", text)))


def plain_lines(text: str) -> str:
    r"""Return *text* as `plain_text` does, but of which each line stays one.

    Examples
    --------
    >>> plain_lines("\x1b[31mfailed\x1b[0m\nat\tonce")
    'failed\nat once'
    """
    return "\n".join(plain_text(line) for line in text.split("\n"))


def quoted(text: str, *, most: int) -> str:
    """Return *text* in quotation marks as part of a sentence, cut where it has more than *most* characters.

    Examples
    --------
    >>> quoted("upstream <*> answered 503", most=12)
    '`upstream <*>…`'
    """
    # The beginning is enough: invisible characters may make a text long, but hardly ten times as long.
    plain = plain_text(text[: 10 * most]).strip()
    return f"`{plain if len(plain) <= most else plain[:most].rstrip() + _ELLIPSIS}`"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code < 0x7F:
        return character
    match unicodedata.category(character):
        case "Cc":
            return "␡" if code == 0x7F else ""
        case "Cf":
            return ""
        case "Cs":
            return "\ufffd"
        case _:
            return character
