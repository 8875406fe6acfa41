"""Clusters shapes into templates: deterministic, independent of order, from the distinct shapes only.

Shapes with the same number of tokens are split on the position that varies least, as long as it takes few values (it
names different events), and joined where every position that still varies takes many (it is a parameter). The idea of
splitting on token positions is that of IPLoM (Makanju et al., KDD 2009), the bound on the number of branches that of
Brain (Yu et al., TSC 2023).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loganomaly.mining.tokens import DELIMITERS, LONGEST_MESSAGE, byte_classes, read_token

__all__ = ["PARAMETER", "Shape", "Template", "Tokens", "mine", "template_id", "tokenise"]

PARAMETER = "<*>"
"""Stands for a parameter in the text of a template."""
_BRANCHES = 4
"""Values of a position from which on it is a parameter; fewer name different events (as in Brain)."""
_FEWEST_CONSTANT = 0.34
"""Share of words that must be the same in all messages of a template that was joined from several shapes."""
_PROOF = 5
"""Records after which a slot that never varied is a constant."""

_CLASSES = byte_classes()
_DELIMITER_BYTES = frozenset(DELIMITERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape to be clustered: its id, a message that has it, its records, HTTP status, and slots that never vary."""

    id: int
    sample: bytes
    records: int
    status: int = 0
    constant_slots: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a message: `texts`, which of them are `slots`, and the `gaps` before, between and after them."""

    texts: tuple[str, ...]
    slots: tuple[bool, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template: its id (stable for its text), text, tokens (`PARAMETER` where it varies), and its shapes' ids."""

    id: str
    text: str
    tokens: tuple[str, ...]
    shapes: tuple[int, ...]


@njit(nogil=True, cache=True)
def _token_bounds(
    data: "NDArray[np.uint8]",
) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
    starts, ends = np.empty(len(data), np.int64), np.empty(len(data), np.int64)
    kinds = np.empty(len(data), np.int64)
    count, i, end = 0, 0, len(data)
    while i < end:
        start, held = i, np.uint8(0)
        while i < end and _CLASSES[data[i]] != 2:
            held |= _CLASSES[data[i]]
            i += 1
        if i > start:
            starts[count], ends[count], kinds[count] = start, i, read_token(data, start, i, held)[0]
            count += 1
        i += 1
    return starts[:count], ends[:count], kinds[:count]


def tokenise(message: bytes) -> Tokens:
    """Split a message as the scan kernel does.

    Examples
    --------
    >>> tokenise(b"took 12 ms").texts
    ('took', '12', 'ms')
    """
    message = message[:LONGEST_MESSAGE]
    starts, ends, kinds = (array.tolist() for array in _token_bounds(np.frombuffer(message, np.uint8)))
    text = [message[s:e].decode("utf-8", errors="replace") for s, e in zip(starts, ends, strict=True)]
    borders = [0, *(x for pair in zip(starts, ends, strict=True) for x in pair), len(message)]
    gaps = [message[borders[i] : borders[i + 1]].decode() for i in range(0, len(borders), 2)]
    return Tokens(tuple(text), tuple(kind > 0 for kind in kinds), tuple(gaps))


def template_id(text: str) -> str:
    """Return the id of the template with this text: the same in every run."""
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def mine(shapes: Iterable[Shape]) -> list[Template]:
    """Cluster shapes into templates.

    Returns
    -------
    list of Template
        Most frequent first, then by text; every shape is in exactly one.
    """
    groups: defaultdict[tuple[int, int], list[tuple[Shape, Tokens]]] = defaultdict(list)
    for shape in shapes:
        tokens = tokenise(shape.sample)
        groups[len(tokens.texts), shape.status].append((shape, tokens))
    clusters = [cluster for key in sorted(groups) for cluster in _split(sorted(groups[key], key=_order))]
    weights: defaultdict[str, int] = defaultdict(int)
    members: defaultdict[str, list[int]] = defaultdict(list)
    tokens_of: dict[str, tuple[str, ...]] = {}
    for cluster in clusters:
        text, tokens_ = _describe(cluster)
        tokens_of.setdefault(text, tokens_)
        weights[text] += sum(shape.records for shape, _ in cluster)
        members[text] += [shape.id for shape, _ in cluster]
    ranked = sorted(members, key=lambda text: (-weights[text], text))
    return [
        Template(id=template_id(text), text=text, tokens=tokens_of[text], shapes=tuple(sorted(members[text])))
        for text in ranked
    ]


_Member = tuple[Shape, Tokens]


def _order(member: _Member) -> tuple[bytes, int]:
    return member[0].sample, member[0].id


def _key(member: _Member, position: int) -> str:
    """Return what a message has at a position: a word, or that it is a slot."""
    tokens = member[1]
    return PARAMETER if tokens.slots[position] else tokens.texts[position]


def _split(members: Sequence[_Member]) -> list[list[_Member]]:
    """Split messages with the same number of tokens into templates."""
    done: list[list[_Member]] = []
    waiting = [list(members)]
    while waiting:
        group = waiting.pop()
        position = _splitter(group) if len(group) > 1 else None
        if position is None:
            done.append(group)
            continue
        parts: defaultdict[str, list[_Member]] = defaultdict(list)
        for member in group:
            parts[_key(member, position)].append(member)
        waiting += [parts[word] for word in sorted(parts)]
    return done


def _splitter(group: Sequence[_Member]) -> int | None:
    """Return the position to split on, or None where the group is one template."""
    size = len(group[0][1].texts)
    values = [{_key(member, position) for member in group} for position in range(size)]
    varying = sorted((len(found), position) for position, found in enumerate(values) if len(found) > 1)
    if not varying:
        return None
    fewest, position = varying[0]
    words = sum(values[p] != {PARAMETER} for p in range(size))
    constant = words - len(varying)
    if fewest < _BRANCHES or constant < _FEWEST_CONSTANT * words or (constant == 0):
        return position
    return None


def _describe(cluster: Sequence[_Member]) -> tuple[str, tuple[str, ...]]:
    """Return the text of a template and its tokens."""
    first_shape, first = cluster[0]
    proven = sum(shape.records for shape, _ in cluster) >= _PROOF
    tokens: list[str] = []
    slot = [0] * len(cluster)
    for position, word in enumerate(first.texts):
        constant = all(not tokens_.slots[position] and tokens_.texts[position] == word for _, tokens_ in cluster)
        if not constant and proven and all(tokens_.texts[position] == word for _, tokens_ in cluster):
            constant = all(
                not tokens_.slots[position] or slot[i] in shape.constant_slots
                for i, (shape, tokens_) in enumerate(cluster)
            )
        for i, (_, tokens_) in enumerate(cluster):
            slot[i] += tokens_.slots[position]
        tokens.append(word if constant else PARAMETER)
    text = first.gaps[0] + "".join(t + gap for t, gap in zip(tokens, first.gaps[1:], strict=True))
    if len(first_shape.sample) > LONGEST_MESSAGE:
        text += " ..."
    return text, tuple(tokens)
