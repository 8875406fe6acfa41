"""Masks: patterns that say which tokens of a message are one value, and of which type."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

import polars as pl
import yaml

from loganomaly.errors import ConfigError
from loganomaly.mining.tokenise import Tokens

__all__ = [
    "Mask",
    "Masked",
    "Match",
    "all_of",
    "builtin_masks",
    "check_mask",
    "check_name",
    "covering",
    "find_matches",
    "masked",
    "masks_in_use",
    "unmasked",
]

_OPEN, _CLOSE = "\ufdd1", "\ufdd2"
"""Stand around what a mask covers while messages are searched; in a message that has them, masks cover nothing."""
_NAME = re.compile(r"[^\W\d][\w.-]{0,63}")
_TAKEN = ("list", "text")
"""Types of parameters that no mask covers."""
_PROBES = ("", "a", "1", "a 1-_./:\u00e9")
"""In these, a pattern must not match an empty piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A pattern (of Rust's regex crate: linear time, no look-around) for the values of one type.

    Without a pattern it covers nothing: it takes the place of a built-in one that is not wanted.
    With `names`, what it covers may be a name that happens to look so: a constant where it never varies. With `apart`,
    the tokens that it covers stay parameters of their own, of these types where there are as many, else of its name.
    `matches` says of messages which part is masked, `rejects` are messages in which nothing is: the samples.
    """

    name: str
    pattern: str | None
    names: bool = False
    apart: tuple[str, ...] | None = None
    matches: Mapping[str, str] = field(default_factory=dict, hash=False)
    rejects: tuple[str, ...] = ()


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


@cache
def builtin_masks() -> tuple[Mask, ...]:
    """Return the masks of the data file, in the order in which they are applied."""
    text = resources.files("loganomaly.mining").joinpath("data/masks.yaml").read_text(encoding="utf-8")
    return tuple(
        Mask(
            name=entry["name"],
            pattern=entry["pattern"],
            names=entry.get("names", False),
            apart=tuple(entry["apart"]) if "apart" in entry else None,
            matches=entry["matches"],
            rejects=tuple(entry["rejects"]),
        )
        for entry in yaml.safe_load(text)
    )


def masks_in_use(own: Sequence[Mask] = ()) -> tuple[Mask, ...]:
    """Return the masks that are applied: one's own, then the built-in ones that have none of their names.

    Raises
    ------
    ConfigError
        If one of them cannot work, or two have the same name.
    """
    names: set[str] = set()
    for mask in own:
        check_mask(mask)
        if mask.name in names:
            raise ConfigError(f"mask {mask.name!r} is given twice; keep one, with both patterns: this|that")
        names.add(mask.name)
    return (*own, *(mask for mask in builtin_masks() if mask.name not in names))


def all_of(several: Iterable[Sequence[Mask]]) -> tuple[Mask, ...]:
    """Return the masks of several uses, each once: one's own in their order, then the built-in ones in theirs."""
    every = list(dict.fromkeys(mask for masks in several for mask in masks if mask.pattern is not None))
    builtin = builtin_masks()
    return (*(mask for mask in every if mask not in builtin), *(mask for mask in builtin if mask in every))


def check_name(name: str) -> None:
    """Refuse a name that a mask cannot have.

    Raises
    ------
    ConfigError
        If it is not made of letters, digits, dots, dashes and underscores, or is what unmasked parameters are called.
    """
    if not _NAME.fullmatch(name):
        made = "of letters, digits, dots, dashes and underscores, at most 64, a letter first"
        raise ConfigError(f"mask {name!r}: expected a name made {made}, such as 'order_id'")
    if name in _TAKEN:
        raise ConfigError(f"mask {name!r}: that is what parameters are called that no mask covers; give another name")


def check_mask(mask: Mask) -> None:
    """Refuse a mask that cannot work.

    Raises
    ------
    ConfigError
        If its name is none, or its pattern; if the pattern matches the empty text; if the mask has no pattern, and
        there is no built-in one of that name.
    """
    check_name(mask.name)
    if mask.pattern is None:
        names = list(dict.fromkeys(each.name for each in builtin_masks()))
        if mask.name not in names:
            known = f"there is no built-in mask of that name to be switched off; there are {', '.join(names)}"
            raise ConfigError(f"mask {mask.name!r} has no pattern, and {known}")
        return
    try:
        found = pl.Series(_PROBES).str.extract_all(mask.pattern)
    except pl.exceptions.ComputeError as error:
        msg = f"mask {mask.name!r}: {mask.pattern!r} is no pattern that can be used: {_cause(error)}"
        raise ConfigError(f"{msg}; masks are regular expressions without look-around and back references") from error
    if found.list.contains("").any():
        raise ConfigError(f"mask {mask.name!r}: {mask.pattern!r} matches the empty text; expected a pattern for values")


def _cause(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (causes or lines or [type(error).__name__])[0].removeprefix("regex error: ").rstrip(".")


def unmasked(tokens: Tokens) -> Masked:
    """Return tokens to which no mask was applied."""
    count = len(tokens.texts)
    return Masked(tokens.texts, tokens.slots, tokens.gaps, (None,) * count, (True,) * count, tuple(range(count + 1)))


@dataclass(frozen=True, slots=True)
class Match:
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


_Cover = tuple[int, int, Mask]
"""First and last token that a mask covers."""


def covering(messages: Sequence[Tokens], masks: Iterable[Mask]) -> dict[int, list[_Cover]]:
    """Return what masks cover in messages, by their numbers: (first token, last token, mask); see `masked`."""
    search = _Search(messages)
    covers: dict[int, list[_Cover]] = {}
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
        self._texts = pl.Series([_text(tokens) for tokens in messages], dtype=pl.String)
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


def _text(tokens: Tokens) -> str:
    return tokens.gaps[0] + "".join(text + gap for text, gap in zip(tokens.texts, tokens.gaps[1:], strict=True))


def _joined(tokens: Tokens, covers: list[_Cover]) -> Masked:
    texts: list[str] = []
    slots: list[bool] = []
    types: list[str | None] = []
    fixed: list[bool] = []
    firsts: list[int] = []
    gaps = [tokens.gaps[0]]
    position = 0
    for first, last, mask in [*_pieces(covers), (len(tokens.texts), -1, None)]:
        while position < first:
            texts.append(tokens.texts[position])
            slots.append(tokens.slots[position])
            types.append(None)
            fixed.append(True)
            firsts.append(position)
            gaps.append(tokens.gaps[position + 1])
            position += 1
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


def _pieces(covers: list[_Cover]) -> list[_Cover]:
    """Return what masks cover in order, the tokens of masks that leave them apart one by one."""
    pieces: list[_Cover] = []
    for first, last, mask in sorted(covers, key=lambda cover: cover[0]):
        if mask.apart is None or first == last:
            pieces.append((first, last, mask))
            continue
        types = mask.apart if len(mask.apart) == last - first + 1 else (mask.name,) * (last - first + 1)
        pieces += [(first + i, first + i, replace(mask, name=name)) for i, name in enumerate(types)]
    return pieces
