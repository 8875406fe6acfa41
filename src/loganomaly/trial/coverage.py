"""What masks cover in messages, and what their patterns match and they do not cover."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.mining.covering import Cover, Match, covering, find_matches
from loganomaly.mining.masks import Mask
from loganomaly.mining.tokenise import Tokens, tokenise_all
from loganomaly.redaction.secrets import redact
from loganomaly.wording import decoded

__all__ = ["Coverage", "MaskUse"]

_MOST_VALUES = 100_000
"""Different values of a mask that are counted one by one: bounds the memory."""
_MOST_SHOWN = 10  # of the most frequent values
_MOST_EXAMPLES = 3
_LONGEST_SHOWN = 200  # characters of a value

Hidden = Callable[[int, int, int], str | None]
"""Says which kind of secret is in characters [start, end) of a message, by its number; None where none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskUse:
    """What a mask does. No text in it holds a secret; values are cut at 200 characters.

    Attributes
    ----------
    name, pattern
        The mask's.
    messages, values
        In how many messages it covers something, and how much it covers in them.
    distinct, distinct_is_least
        How many of the values differ; the second, whether there may be more.
    frequent
        The most frequent values, and how often they occur.
    parts, part_examples
        Matches that are not covered because they do not begin and end where tokens do; some of them that are
        no secrets: (match, the tokens it is in).
    taken
        Matches that are not covered because an earlier one of the masks that are tried covers some of it.
    lost
        Messages in which it covers something, but not so in the templates: they differ in nothing but values from
        one, which stands for them all, in which it covers nothing.
    elsewhere
        Lines that the pattern matches outside of messages: in times, severities, components, or further lines.
        Counted, as `in_other_case`, as long as nothing matches.
    in_other_case
        Messages that it would match if case did not matter.
    """

    name: str
    pattern: str
    messages: int
    values: int
    distinct: int
    distinct_is_least: bool
    frequent: tuple[tuple[str, int], ...]
    parts: int
    part_examples: tuple[tuple[str, str], ...]
    taken: int
    lost: int
    elsewhere: int
    in_other_case: int


class Coverage:
    """Adds up what masks cover, message by message."""

    def __init__(self, masks: Iterable[Mask]) -> None:
        self._tallies = [_Tally(mask) for mask in masks if mask.pattern is not None]

    def add(self, messages: Sequence[bytes], shapes: NDArray[np.uint64], *, lines: bytes, hidden: Hidden) -> None:
        """Count what is covered in messages, which have `shapes` and stand in `lines`."""
        texts = pl.Series([decoded(message) for message in messages], dtype=pl.String)
        found = pl.repeat(value=False, n=len(texts), eager=True)
        for tally in self._tallies:
            found |= texts.str.contains(tally.pattern)
        rows = found.arg_true().to_list()
        tokens = list(tokenise_all([messages[row] for row in rows]))
        covers = covering(tokens, [tally.mask for tally in self._tallies])
        for tally in self._tallies:
            for match in find_matches(tokens, tally.mask):
                row = rows[match.row]
                kind = hidden(row, *_around(match, tokens[match.row]))
                tally.add(match, tokens[match.row], covers.get(match.row, ()), int(shapes[row]), kind)
            if not tally.matched:
                tally.look_elsewhere(texts, lines)

    def uses(self, samples: Iterable[tuple[int, bytes]]) -> tuple[MaskUse, ...]:
        """Return what each mask does; `samples` are the shapes, each with the message that stands for it."""
        ids, messages = zip(*samples, strict=True)
        covers = covering(list(tokenise_all(messages)), [tally.mask for tally in self._tallies])
        return tuple(
            tally.use({ids[row] for row, found in covers.items() if any(cover[2] is tally.mask for cover in found)})
            for tally in self._tallies
        )


def _around(match: Match, tokens: Tokens) -> tuple[int, int]:
    """Return where the tokens begin and end that a match has some of."""
    borders = tokens.borders()
    starts, ends = borders[::2], borders[1::2]
    first, last = bisect_right(ends, match.start), bisect_left(starts, match.end) - 1
    if first > last:
        return match.start, match.end
    return min(match.start, starts[first]), max(match.end, ends[last])


class _Tally:
    """What one mask does."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.pattern = mask.pattern or ""
        self.matched = False
        self._values: Counter[str] = Counter()
        self._more = False
        self._count = self._messages = self._parts = self._taken = self._elsewhere = self._in_other_case = 0
        self._examples: dict[tuple[str, str], None] = {}
        self._by_shape: Counter[int] = Counter()
        self._last: Tokens | None = None

    def add(self, match: Match, tokens: Tokens, covers: Sequence[Cover], shape: int, kind: str | None) -> None:
        """Count a match; `kind` says what secret it has a part of."""
        self.matched = True
        text = tokens.message()
        value = _shown(text[match.start : match.end]) if kind is None else f"<{kind}>"
        if any(cover[2] is self.mask and cover[:2] == (match.first, match.last) for cover in covers):
            self._count += 1
            if self._last is not tokens:
                self._last = tokens
                self._messages += 1
                self._by_shape[shape] += 1
            if value in self._values or len(self._values) < _MOST_VALUES:
                self._values[value] += 1
            else:
                self._more = True
        elif match.first is not None and match.last is not None:
            self._taken += 1
        else:
            self._parts += 1
            low, high = _around(match, tokens)
            if kind is None and len(self._examples) < _MOST_EXAMPLES:
                self._examples[value, _shown(text[low:high])] = None

    def look_elsewhere(self, messages: pl.Series, lines: bytes) -> None:
        """Count where the pattern matches, but as a mask cannot."""
        whole = pl.Series(decoded(lines).split("\n"), dtype=pl.String)
        self._elsewhere += int(whole.str.contains(self.pattern).sum())
        self._in_other_case += int(messages.str.contains(f"(?i){self.pattern}").sum())

    def use(self, covered: set[int]) -> MaskUse:
        """Return what the mask does; `covered` are the shapes in whose templates it is."""
        return MaskUse(
            name=self.mask.name,
            pattern=self.pattern,
            messages=self._messages,
            values=self._count,
            distinct=len(self._values),
            distinct_is_least=self._more,
            frequent=tuple(_most_frequent(self._values)),
            parts=self._parts,
            part_examples=tuple((redact(value), redact(around)) for value, around in self._examples),
            taken=self._taken,
            lost=sum(count for shape, count in self._by_shape.items() if shape not in covered),
            elsewhere=0 if self.matched else self._elsewhere,
            in_other_case=0 if self.matched else self._in_other_case,
        )


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _most_frequent(values: Counter[str]) -> list[tuple[str, int]]:
    """Return the most frequent values without those that are secrets also where they stand alone."""
    ordered = sorted(values.items(), key=lambda entry: (-entry[1], entry[0]))[:_MOST_SHOWN]
    masked: Counter[str] = Counter()
    for value, count in ordered:
        masked[redact(value)] += count
    return sorted(masked.items(), key=lambda entry: (-entry[1], entry[0]))
