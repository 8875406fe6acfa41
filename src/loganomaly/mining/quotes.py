"""Quoted text in messages: what stands in quotes as the value of a key, or as free text, is one parameter."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from loganomaly.mining.covering import Masked

__all__ = ["join_quoted"]

_TYPE = "quoted"
_FREE_VALUES, _FREE_LENGTHS = 8, 3
"""Different texts in the same place, and different numbers of words in them, from which on they are free text."""
_Range = tuple[int, int]


def join_quoted(messages: Sequence[Masked]) -> list[Masked]:
    """Make one token of what stands in double quotes after an equals sign, and of free text in double quotes.

    Free text takes many values of many lengths in messages that are the same around it.
    """
    found = {row: _quoted(tokens) for row, tokens in enumerate(messages) if any('"' in gap for gap in tokens.gaps)}
    free = _free(messages, found)
    joined = list(messages)
    for row, ranges in found.items():
        tokens = messages[row]
        wanted = [
            (first, last, (row, number) in free or any(tokens.slots[first : last + 1]))
            for number, (first, last) in enumerate(ranges)
            if (row, number) in free or (first < last and tokens.gaps[first].endswith('="'))
        ]
        if wanted:
            joined[row] = _joined(tokens, wanted)
    return joined


def _free(messages: Sequence[Masked], found: Mapping[int, Sequence[_Range]]) -> set[tuple[int, int]]:
    """Return which of the texts in quotes are free: row, and number in it."""
    places: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for row, ranges in found.items():
        if ranges:
            places[_around(messages[row], ranges)].append(row)
    free = set()
    for rows in places.values():
        if len(rows) < _FREE_VALUES:
            continue
        for number in range(len(found[rows[0]])):
            texts = {_words(messages[row], *found[row][number]) for row in rows}
            if len(texts) >= _FREE_VALUES and len({len(text) for text in texts}) >= _FREE_LENGTHS:
                free |= {(row, number) for row in rows}
    return free


def _around(tokens: Masked, ranges: Sequence[_Range]) -> tuple[object, ...]:
    """Return what a message has besides the texts in quotes, and how many there are."""
    around, begin = [], 0
    for first, last in [*ranges, (len(tokens.texts), 0)]:
        around += [*_words(tokens, begin, first - 1), *tokens.gaps[begin + (begin > 0) : first], '"']
        begin = last + 1
    return tuple(around)


def _words(tokens: Masked, first: int, last: int) -> tuple[str, ...]:
    return tuple(
        "" if slot else text
        for text, slot in zip(tokens.texts[first : last + 1], tokens.slots[first : last + 1], strict=True)
    )


def _quoted(tokens: Masked) -> list[_Range]:
    """Return first and last token of each text in double quotes; quotes without an end or a word are left out."""
    ranges, begin = [], -1
    for position, gap in enumerate(tokens.gaps):
        for _ in range(gap.count('"')):
            if begin < 0:
                begin = position
            else:
                if position > begin:
                    ranges.append((begin, position - 1))
                begin = -1
    return ranges


def _joined(tokens: Masked, ranges: Sequence[tuple[int, int, bool]]) -> Masked:
    """Return the tokens with those of each range one; of each it is said whether that is a slot."""
    texts, slots = list(tokens.texts), list(tokens.slots)
    gaps, types, fixed, first = list(tokens.gaps), list(tokens.types), list(tokens.fixed), list(tokens.first)
    for begin, end, slot in reversed(ranges):
        inner = zip(texts[begin:end], gaps[begin + 1 : end + 1], strict=True)
        texts[begin : end + 1] = ["".join(text + gap for text, gap in inner) + texts[end]]
        slots[begin : end + 1], types[begin : end + 1], fixed[begin : end + 1] = [slot], [_TYPE], [False]
        del gaps[begin + 1 : end + 1], first[begin + 1 : end + 1]
    return Masked(tuple(texts), tuple(slots), tuple(gaps), tuple(types), tuple(fixed), tuple(first))
