"""Masks applied to messages: what a mask covers is whole tokens, and one of them from then on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import polars as pl

from loganomaly.mining.masks import Mask
from loganomaly.mining.tokenise import Tokens

__all__ = ["Cover", "Masked", "Match", "covering", "find_matches", "masked", "unmasked"]

_OPEN, _CLOSE = "\ufdd1", "\ufdd2"
"""Stand around what a mask covers while messages are searched; in a message that has them, masks cover nothing."""


@dataclass(frozen=True, slots=True)
class Masked:
    """The tokens of a message after masks were applied.

    Attributes
    ----------
    texts, gaps
        As those of `Tokens`; the text of what a mask covers is one.
    slots
        Which of them are slots or masked.
    types
        Name of the mask that covers each; None where none does.
    fixed
        Which of them may be a constant where they never vary.
    first
        Number, in `Tokens`, of each one's first token; one more entry at the end.
    """

    texts: tuple[str, ...]
    slots: tuple[bool, ...]
    gaps: tuple[str, ...]
    types: tuple[str | None, ...]
    fixed: tuple[bool, ...]
    first: tuple[int, ...]


def unmasked(tokens: Tokens) -> Masked:
    """Return tokens to which no mask was applied."""
    count = len(tokens.texts)
    return Masked(tokens.texts, tokens.slots, tokens.gaps, (None,) * count, (True,) * count, tuple(range(count + 1)))


Cover = tuple[int, int, Mask]
"""First and last token that a mask covers, and the mask."""


class Match(NamedTuple):
    """What a pattern matches in the message numbered `row`: characters [start, end).

    `first` is the token that begins where it does, `last` the one that ends where it does; None where none does.
    """

    row: int
    start: int
    end: int
    first: int | None
    last: int | None


def find_matches(messages: Sequence[Tokens], mask: Mask) -> Iterator[Match]:
    """Return what the pattern of a mask matches, whether or not the mask covers it, by message, then by place."""
    return _Search(messages).matches(mask)


def masked(messages: Sequence[Tokens], masks: Iterable[Mask]) -> list[Masked]:
    """Apply masks: what one covers from the first character of a token to the last of one is a single token.

    Where two overlap, the earlier mask counts. The cost is linear in the length of all messages.
    """
    covers = covering(messages, masks)
    return [
        _joined(tokens, covers[row]) if covers.get(row) else unmasked(tokens) for row, tokens in enumerate(messages)
    ]


def covering(messages: Sequence[Tokens], masks: Iterable[Mask]) -> dict[int, list[Cover]]:
    """Return what masks cover in messages, by their numbers; see `masked`."""
    search = _Search(messages)
    covers: dict[int, list[Cover]] = {}
    for mask in masks:
        for match in search.matches(mask):
            first, last = match.first, match.last
            if first is None or last is None:
                continue
            before = covers.setdefault(match.row, [])
            if all(last < low or first > high for low, high, _ in before):
                before.append((first, last, mask))
    return covers


class _Search:
    """Messages in which the matches of masks are looked for."""

    def __init__(self, messages: Sequence[Tokens]) -> None:
        self._messages = messages
        self._texts = pl.Series([tokens.message() for tokens in messages], dtype=pl.String)
        self._hostile = self._texts.str.contains(f"[{_OPEN}{_CLOSE}]")
        self._borders: dict[int, tuple[dict[int, int], dict[int, int]]] = {}

    def matches(self, mask: Mask) -> Iterator[Match]:
        """Yield what the pattern of a mask matches."""
        if mask.pattern is None:
            return
        found = self._texts.str.replace_all(mask.pattern, f"{_OPEN}${{0}}{_CLOSE}")
        hits = (found.str.contains(_OPEN, literal=True) & ~self._hostile).arg_true()
        for row, marked in zip(hits.to_list(), found.gather(hits).to_list(), strict=True):
            starts, ends = self._token_borders(row)
            before, *pieces = marked.split(_OPEN)
            start = len(before)
            for piece in pieces:
                value, _, after = piece.partition(_CLOSE)
                end = start + len(value)
                if value:
                    yield Match(row, start, end, starts.get(start), ends.get(end))
                start = end + len(after)

    def _token_borders(self, row: int) -> tuple[dict[int, int], dict[int, int]]:
        """Return which token begins, and which ends, at a character."""
        if row not in self._borders:
            borders = self._messages[row].borders()
            self._borders[row] = (
                {position: number for number, position in enumerate(borders[::2])},
                {position: number for number, position in enumerate(borders[1::2])},
            )
        return self._borders[row]


def _joined(tokens: Tokens, covers: list[Cover]) -> Masked:
    texts: list[str] = []
    slots: list[bool] = []
    types: list[str | None] = []
    fixed: list[bool] = []
    firsts: list[int] = []
    gaps = [tokens.gaps[0]]
    position = 0
    for first, last, mask in [*_pieces(covers), (len(tokens.texts), -1, None)]:
        texts += tokens.texts[position:first]
        slots += tokens.slots[position:first]
        types += [None] * (first - position)
        fixed += [True] * (first - position)
        firsts += range(position, first)
        gaps += tokens.gaps[position + 1 : first + 1]
        position = first
        if mask is None:
            break
        value = "".join(t + g for t, g in zip(tokens.texts[first:last], tokens.gaps[first + 1 :], strict=False))
        texts.append(value + tokens.texts[last])
        slots.append(True)
        types.append(mask.name)
        fixed.append(mask.names)
        firsts.append(first)
        gaps.append(tokens.gaps[last + 1])
        position = last + 1
    return Masked(tuple(texts), tuple(slots), tuple(gaps), tuple(types), tuple(fixed), (*firsts, position))


def _pieces(covers: list[Cover]) -> list[Cover]:
    """Return what masks cover in order, the tokens of masks that leave them apart one by one."""
    pieces: list[Cover] = []
    for first, last, mask in sorted(covers, key=lambda cover: cover[0]):
        if mask.apart is None or first == last:
            pieces.append((first, last, mask))
            continue
        types = mask.apart if len(mask.apart) == last - first + 1 else (mask.name,) * (last - first + 1)
        pieces += [(first + i, first + i, replace(mask, name=name)) for i, name in enumerate(types)]
    return pieces
