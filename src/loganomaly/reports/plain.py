"""Text of a log as a terminal may show it: a line can hold escape sequences, direction marks or markup."""

import re
import unicodedata

__all__ = ["plain_text"]

_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")  # colours, cursor movements
_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


def plain_text(text: str) -> str:
    r"""Return *text* as one line that no terminal obeys.

    Colours and cursor movements are removed, other control characters shown as symbols; what is invisible or
    turns the direction of writing is removed; each run of tabs and line ends becomes one space.

    Examples
    --------
    >>> plain_text("\x1b[31mfailed\x1b[0m\n\x1b]0;title\a")
    'failed ␛]0;title␇'
    """
    return "".join(_visible(character) for character in _SPACES.sub(" ", _SEQUENCE.sub("", text)))


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
