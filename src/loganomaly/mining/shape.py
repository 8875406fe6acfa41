"""Shapes to be clustered: the tokens of a message, and what was counted of all messages that have them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from loganomaly.mining.covering import Masked, masked
from loganomaly.mining.masks import Mask, builtin_masks
from loganomaly.mining.quotes import join_quoted
from loganomaly.mining.tokenise import Tokens, tokenise_all
from loganomaly.mining.tokens import LONGEST_MESSAGE

__all__ = ["MOST_TOKENS", "PARAMETER", "Counted", "Shape", "make_shapes"]

PARAMETER = "<*>"
"""Stands for a parameter in the text of a template."""
MOST_TOKENS = 200
"""Tokens of a message that tell templates apart; the rest of it, from the last of them on, is one parameter."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.+/-]*")
_HEXADECIMAL = re.compile(r"(?i)(?=.*[0-9])[0-9a-f]{6,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the scan counted of a shape.

    Its id, a message that has it, its records, HTTP status, and the numbers of the slots that never vary.
    """

    id: int
    sample: bytes
    records: int
    status: int = 0
    constant_slots: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape to be clustered.

    Attributes
    ----------
    tokens
        Those of one of its messages, after masks.
    words
        Their texts, `PARAMETER` for slots.
    constant, unvaried
        Positions of slots that are text: always (the HTTP status), and once there are records enough to tell that they
        never vary (names with digits).
    slot_numbers
        Of each token, the number of the slot that it is in all its messages, -1 where it is none or more than one.
    cut
        Whether its messages go on beyond what is looked at.
    """

    id: int
    tokens: Masked
    records: int
    status: int = 0
    constant: frozenset[int] = frozenset()
    unvaried: frozenset[int] = frozenset()
    slot_numbers: tuple[int, ...] = ()
    cut: bool = False
    words: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        words = (PARAMETER if slot else text for text, slot in zip(self.tokens.texts, self.tokens.slots, strict=True))
        object.__setattr__(self, "words", tuple(words))

    def is_constant(self, position: int, *, proven: bool) -> bool:
        """Whether a token is part of the template; `proven` says that there are records enough to tell."""
        is_text = not self.tokens.slots[position] or position in self.constant
        return is_text or (proven and position in self.unvaried)

    def order(self) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        """Return what shapes are sorted by."""
        return self.words, self.tokens.gaps, self.id


def make_shapes(counted: Sequence[Counted], *, masks: Sequence[Mask] | None = None) -> list[Shape]:
    """Return what is to be clustered; `masks` are the built-in ones unless given."""
    tokens = [_first(tokens) for tokens in tokenise_all([shape.sample for shape in counted])]
    covered = join_quoted(masked(tokens, builtin_masks() if masks is None else masks))
    shapes = []
    for shape, raw, read in zip(counted, tokens, covered, strict=True):
        numbers = _slot_numbers(raw.slots, read)
        shapes.append(
            Shape(
                id=shape.id,
                tokens=_without_marks(read),
                records=shape.records,
                status=shape.status,
                constant=_status(shape.status, read),
                unvaried=_unvaried(shape.constant_slots, numbers, read),
                slot_numbers=numbers,
                cut=len(shape.sample) > LONGEST_MESSAGE or len(raw.texts) == MOST_TOKENS,
            )
        )
    return shapes


def _first(tokens: Tokens) -> Tokens:
    """Return the first tokens of a message, as many as are looked at."""
    if len(tokens.texts) <= MOST_TOKENS:
        return tokens
    return Tokens(tokens.texts[:MOST_TOKENS], tokens.slots[:MOST_TOKENS], tokens.gaps[: MOST_TOKENS + 1])


def _without_marks(tokens: Masked) -> Masked:
    """Return the tokens with any `<*>` of the text itself a slot, so that templates have it for parameters alone."""
    if "*" not in tokens.texts:
        return tokens
    slots = tuple(
        slot or (text == "*" and tokens.gaps[i].endswith("<") and tokens.gaps[i + 1].startswith(">"))
        for i, (text, slot) in enumerate(zip(tokens.texts, tokens.slots, strict=True))
    )
    return replace(tokens, slots=slots)


def _status(status: int, tokens: Masked) -> frozenset[int]:
    """Return where the HTTP status stands."""
    if not status:
        return frozenset()
    return frozenset(position for position, text in enumerate(tokens.texts) if text == str(status))


def _slot_numbers(slots: Sequence[bool], tokens: Masked) -> tuple[int, ...]:
    """Return the number of the slot that each token is, or -1; `slots` are those before masks."""
    numbers, count = [], 0
    for first, last in pairwise(tokens.first):
        inside = sum(slots[first:last])
        numbers.append(count if inside == 1 and last - first == 1 else -1)
        count += inside
    return tuple(numbers)


def _unvaried(constant_slots: Collection[int], slot_numbers: Sequence[int], tokens: Masked) -> frozenset[int]:
    """Return the positions of names with digits that never vary."""
    if not constant_slots:
        return frozenset()
    return frozenset(
        position
        for position, (number, text) in enumerate(zip(slot_numbers, tokens.texts, strict=True))
        if number in constant_slots
        and tokens.fixed[position]
        and _NAME.fullmatch(text) is not None
        and _HEXADECIMAL.fullmatch(text) is None
    )
