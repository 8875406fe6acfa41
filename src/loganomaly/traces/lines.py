"""The lines of a trace as they were before a logger, a container or JSON got hold of them."""

import re
from collections.abc import Iterator

__all__ = ["LONGEST_LINE", "plain_lines", "unescaped"]

LONGEST_LINE = 4_000
"""Characters of a line that are looked at."""
_SHORTEST = 12  # characters of a string that holds an exception and a frame
_COLOUR = re.compile(r"\x1b\[[0-9;]*+m")
_PREFIXES = (
    re.compile(r"\S++ (?:stdout|stderr) [FP] "),  # container runtime interface
    re.compile(r"[\w.-]++ *+\| ?"),  # docker compose
    re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S++ [^\s:\[]++(?:\[\d++\])?: "),  # syslog, journal
)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)', re.DOTALL)  # of JSON or logfmt; its end may be cut off
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_OCTAL = {"#012": "\n", "#011": "\t"}  # rsyslog
_LETTERS = {"n": "\n", "t": "\t", "r": ""}


def plain_lines(text: str) -> list[str]:
    """Return the lines of a text without colours, and without what a container writes before each of them."""
    lines = [_COLOUR.sub("", line.removesuffix("\r")) for line in text.split("\n")]
    for prefix in _PREFIXES:
        found = [prefix.match(line) for line in lines if line]
        if all(found):
            lengths = iter(match.end() for match in found if match)
            lines = [line[next(lengths) :] if line else line for line in lines]
            break
    return [line[:LONGEST_LINE] for line in lines]


def unescaped(line: str) -> Iterator[str]:
    r"""Yield the texts of several lines that are written in one: strings of JSON, then the line as a whole.

    Examples
    --------
    >>> list(unescaped(r'{"error": "boom\n\tat f"} '))[0].splitlines()
    ['boom', '\tat f']
    """
    if "\\n" in line:
        for match in _STRING.finditer(line):
            if len(match[1]) >= _SHORTEST and "\\n" in match[1]:
                yield _plain(match[1])
        yield _plain(line)
    elif "#012" in line:
        yield re.sub("#01[12]", lambda match: _OCTAL[match[0]], line)


def _plain(text: str) -> str:
    text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _LETTERS.get(m[2], m[2]), text)
    # Two escapes make one character beyond the first 65,536; half of one is no text.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
