"""Masks: patterns that say which tokens of a message are one value, and of which type."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

import polars as pl
import yaml

from loganomaly.errors import ConfigError
from loganomaly.mining.tokenise import Tokens

__all__ = ["Mask", "Masked", "builtin_masks", "check_mask", "masked", "unmasked"]

_OPEN, _CLOSE = "\ufdd1", "\ufdd2"
"""Stand around what a mask covers while messages are searched; in a message that has them, masks cover nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A pattern (of Rust's regex crate: linear time, no look-around) for the values of one type.

    With `names`, what it covers may be a name that happens to look so: a constant where it never varies. With `apart`,
    the tokens that it covers stay parameters of their own, of these types where there are as many, else of its name.
    `matches` says of messages which part is masked, `rejects` are messages in which nothing is: the samples.
    """

    name: str
    pattern: str
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


def check_mask(mask: Mask) -> None:
    """Refuse a mask that cannot work.

    Raises
    ------
    ConfigError
        If the pattern is none, or matches the empty text.
    """
    try:
        matches_nothing = pl.Series([""]).str.contains(mask.pattern).item()
    except pl.exceptions.ComputeError as error:
        msg = f"mask {mask.name!r}: {mask.pattern!r} is no pattern that can be used: {_cause(error)}"
        raise ConfigError(f"{msg}; masks are regular expressions without look-around and back references") from error
    if matches_nothing:
        raise ConfigError(f"mask {mask.name!r}: {mask.pattern!r} matches the empty text; expected a pattern for values")


def _cause(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return causes[0] if causes else lines[0] if lines else type(error).__name__


def unmasked(tokens: Tokens) -> Masked:
    """Return tokens to which no mask was applied."""
    count = len(tokens.texts)
    return Masked(tokens.texts, tokens.slots, tokens.gaps, (None,) * count, (True,) * count, tuple(range(count + 1)))


def masked(messages: Sequence[Tokens], masks: Iterable[Mask]) -> list[Masked]:
    """Apply masks: what one covers from the first character of a token to the last of one is a single token.

    Where two overlap, the earlier mask counts. The cost is linear in the length of all messages.
    """
    texts = [_text(tokens) for tokens in messages]
    series = pl.Series(texts, dtype=pl.String)
    hostile = series.str.contains(f"[{_OPEN}{_CLOSE}]")
    covers: dict[int, list[_Cover]] = {}
    borders: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
    for mask in masks:
        found = series.str.replace_all(mask.pattern, f"{_OPEN}${{0}}{_CLOSE}")
        hits = (found.str.contains(_OPEN, literal=True) & ~hostile).arg_true()
        for row, marked in zip(hits.to_list(), found.gather(hits).to_list(), strict=True):
            if row not in borders:
                ends = messages[row].borders()
                borders[row] = (
                    {position: number for number, position in enumerate(ends[::2])},
                    {position: number for number, position in enumerate(ends[1::2])},
                )
            _cover(marked, mask, *borders[row], covers.setdefault(row, []))
    return [
        _joined(tokens, covers[row]) if covers.get(row) else unmasked(tokens) for row, tokens in enumerate(messages)
    ]


_Cover = tuple[int, int, Mask]
"""First and last token that a mask covers."""


def _text(tokens: Tokens) -> str:
    return tokens.gaps[0] + "".join(text + gap for text, gap in zip(tokens.texts, tokens.gaps[1:], strict=True))


def _cover(marked: str, mask: Mask, starts: Mapping[int, int], ends: Mapping[int, int], covers: list[_Cover]) -> None:
    """Add what a mask covers, in a message in which its matches are marked, and no mask before it does."""
    before, *pieces = marked.split(_OPEN)
    position = len(before)
    for piece in pieces:
        value, _, after = piece.partition(_CLOSE)
        first, last = starts.get(position), ends.get(position + len(value))
        position += len(value) + len(after)
        if first is None or last is None:
            continue
        if all(last < low or first > high for low, high, _ in covers):
            covers.append((first, last, mask))


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
