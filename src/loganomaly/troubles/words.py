"""Splits a text into words and numbers, those in names too: ReadTimeout and read_timeout are read and timeout."""

import re
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Join", "Words", "split_words"]

# None of them can go back more than a letter, so the time is that of the length of the text.
_PIECES = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+|\(s\))?|0[xX][0-9a-fA-F]+|\d+(?:[.,]\d+)*|<\*>")
_NAMED = re.compile(r"[A-Z]+s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_QUIET = " \t%'`\"*"
"""What may stand between the words of a clause."""


class Join(IntEnum):
    """How a word is joined to the one before it."""

    NAME = 0
    """In one name: camelCase, snake_case, with-dashes."""
    CLAUSE = 1
    """In one clause: blanks, and quotes."""
    APART = 2
    """By anything else."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text.

    `texts` are in lower case, `<*>` a value that is not known; `starts` and `ends` are where
    they stand; `gaps` the texts before, between and after them; `joins` how each is joined to the one before it.
    """

    texts: list[str]
    starts: list[int]
    ends: list[int]
    gaps: list[str]
    joins: list[Join]


def split_words(text: str) -> Words:
    """Return the words of a text.

    Examples
    --------
    >>> split_words("HTTPErrors in read_all: 3.5").texts
    ['http', 'errors', 'in', 'read', 'all', '3.5']
    """
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _PIECES.finditer(text):
        piece = match.group()
        if not (piece.isalpha() and piece.isascii()) or piece.islower() or piece.isupper() or piece.istitle():
            texts.append(piece.lower().replace("\u2019", "'").replace("(s)", "s"))
            starts.append(match.start())
            ends.append(match.end())
            continue
        for part in _NAMED.finditer(piece):
            texts.append(part.group().lower())
            starts.append(match.start() + part.start())
            ends.append(match.start() + part.end())
    gaps = [text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True)]
    return Words(texts, starts, ends, gaps, [_join(gap) for gap in gaps[:-1]])


def _join(gap: str) -> Join:
    if gap == " ":
        return Join.CLAUSE
    if gap in {"", "_", "-"}:
        return Join.NAME
    return Join.APART if gap.strip(_QUIET) else Join.CLAUSE
