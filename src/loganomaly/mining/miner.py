"""Clusters shapes into templates: deterministic, independent of order, from the distinct shapes only.

Shapes with the same number of tokens and the same punctuation are split on the position that varies least, as long as
it takes few values (it names different events), and joined where every position that still varies is a parameter: it
takes many values, it is a slot in most records, it follows an equals sign, or its words are values elsewhere. The idea
of splitting on token positions is that of IPLoM (Makanju et al., KDD 2009), the bound on the number of branches that of
Brain (Yu et al., TSC 2023). Templates that differ only in how many values stand side by side are one.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loganomaly.mining.tokenise import Tokens, tokenise
from loganomaly.mining.tokens import LONGEST_MESSAGE

__all__ = ["PARAMETER", "Shape", "Template", "mine", "template_id"]

PARAMETER = "<*>"
"""Stands for a parameter in the text of a template."""
_BRANCHES = 4
"""Values of a position from which on it is a parameter; fewer name different events (as in Brain)."""
_FIRST_BRANCHES = 40
"""The same for the first word, which nearly always names the event."""
_FEWEST_CONSTANT = 0.34
"""Share of words that must be the same in all messages of a template that was joined from several shapes."""
_KNOWN_VALUES = 8
"""Values of a parameter from which on they are known as values wherever they stand."""
_PROOF = 5
"""Records after which a slot that never varied is a constant, if it is a word with digits in it."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.+/-]*")
_HEXADECIMAL = re.compile(r"(?i)(?=.*[0-9])[0-9a-f]{6,}")
_MARK = "\ufdd0"
"""Stands for a parameter while texts are compared: no text has this character."""
_VALUES = re.compile(rf"{_MARK}(?:[\s,;]+{_MARK})*|(?<=\()(?=\))|(?<=\[)(?=\])|(?<==)(?=\s|$)")
"""Values side by side, or the place of a value that is not there."""
_LIST = 3
"""Values side by side from which on they are a list, whose length does not tell templates apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape to be clustered: its id, a message that has it, its records, HTTP status, and slots that never vary."""

    id: int
    sample: bytes
    records: int
    status: int = 0
    constant_slots: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template: its id (stable for its text), text, tokens (`PARAMETER` where it varies), and its shapes' ids.

    `spans` says of each shape, by its id, which of its tokens make up each parameter: the first and the last, or
    (0, -1) where a message of this shape has none.
    """

    id: str
    text: str
    tokens: tuple[str, ...]
    shapes: tuple[int, ...]
    spans: Mapping[int, tuple[tuple[int, int], ...]]


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
    groups: defaultdict[tuple[int, int, str], list[_Member]] = defaultdict(list)
    for shape in shapes:
        tokens = tokenise(shape.sample)
        groups[len(tokens.texts), shape.status, _punctuation(tokens)].append(_Member(shape, tokens))
    ordered = [sorted(groups[key], key=_Member.order) for key in sorted(groups)]
    known = _assigned_values(ordered)
    clusters = [cluster for group in ordered for cluster in _split(group, known)]
    found = _frequent_values(clusters) - known
    if found:
        known |= found
        clusters = [cluster for group in ordered for cluster in _split(group, known)]
    return _joined([_describe(cluster) for cluster in clusters])


@dataclass(frozen=True, slots=True)
class _Member:
    shape: Shape
    tokens: Tokens

    def order(self) -> tuple[bytes, int]:
        return self.shape.sample, self.shape.id

    def word(self, position: int) -> str:
        """Return the word at a position, or that it is a slot."""
        return PARAMETER if self.tokens.slots[position] else self.tokens.texts[position]

    def follows_equals(self, position: int) -> bool:
        return self.tokens.gaps[position].endswith("=")


_Cluster = Sequence[_Member]


def _punctuation(tokens: Tokens) -> str:
    """Return what stands between the tokens; how many blanks or dots does not matter."""
    return re.sub(r"\.{2,}", "..", re.sub(r"\s+", " ", "\0".join(tokens.gaps)))


def _assigned_values(groups: Iterable[_Cluster]) -> set[str]:
    """Return the words that stand after an equals sign anywhere: they are values."""
    return {
        member.tokens.texts[position]
        for group in groups
        for member in group
        for position in range(len(member.tokens.texts))
        if member.follows_equals(position) and not member.tokens.slots[position]
    }


def _frequent_values(clusters: Iterable[_Cluster]) -> set[str]:
    """Return the words of parameters that take many values."""
    known: set[str] = set()
    for cluster in clusters:
        for position in range(len(cluster[0].tokens.texts) if len(cluster) >= _KNOWN_VALUES else 0):
            words = {member.word(position) for member in cluster}
            if len(words) >= _KNOWN_VALUES:
                known |= words
    return known


def _split(members: _Cluster, known: set[str]) -> list[list[_Member]]:
    """Split messages with the same number of tokens into templates; `known` are words that are values elsewhere."""
    done: list[list[_Member]] = []
    waiting = [list(members)]
    while waiting:
        group = waiting.pop()
        position = _splitter(group, known) if len(group) > 1 else None
        if position is None:
            done.append(group)
            continue
        parts: defaultdict[str, list[_Member]] = defaultdict(list)
        for member in group:
            parts[member.word(position)].append(member)
        waiting += [parts[word] for word in sorted(parts)]
    return done


def _splitter(group: _Cluster, known: set[str]) -> int | None:
    """Return the position to split on, or None where the group is one template."""
    open_positions: list[tuple[int, int]] = []  # that vary, and are parameters only if they take many values
    few = False
    constant = words = 0
    for position in range(len(group[0].tokens.texts)):
        values = {member.word(position) for member in group}
        words += values != {PARAMETER}
        if len(values) == 1:
            constant += values != {PARAMETER}
        elif not _is_value(group, position, values, known):
            open_positions.append((len(values), position))
            few |= len(values) < (_FIRST_BRANCHES if position == 0 else _BRANCHES)
    if not open_positions:
        return None
    if few or constant == 0 or constant < _FEWEST_CONSTANT * words:
        first = [position for size, position in open_positions if position == 0 and size < _FIRST_BRANCHES]
        return first[0] if first else min(open_positions)[1]
    return None


def _is_value(group: _Cluster, position: int, values: set[str], known: set[str]) -> bool:
    """Whether a position that varies is a parameter, however few values it takes."""
    if group[0].follows_equals(position):
        return True
    if PARAMETER in values:
        slots = sum(member.shape.records for member in group if member.tokens.slots[position])
        if 2 * slots >= sum(member.shape.records for member in group):
            return True
    return position > 0 and all(word in known or word == PARAMETER for word in values)


@dataclass(frozen=True, slots=True)
class _Described:
    """A cluster's text (`_MARK` for parameters), tokens, shapes and records."""

    text: str
    tokens: tuple[str, ...]
    shapes: tuple[int, ...]
    records: int

    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return the span of each parameter."""
        return tuple((position, position) for position, token in enumerate(self.tokens) if token == PARAMETER)

    def joined_spans(self) -> tuple[tuple[int, int], ...]:
        """Return the span of each parameter where values side by side are one."""
        positions = [first for first, _ in self.spans()]
        spans, used = [], 0
        for match in _VALUES.finditer(self.text):
            count = match.group().count(_MARK)
            spans.append((positions[used], positions[used + count - 1]) if count else (0, -1))
            used += count
        return tuple(spans)


def _describe(cluster: _Cluster) -> _Described:
    first = cluster[0].tokens
    records = sum(member.shape.records for member in cluster)
    tokens = list(first.texts)
    slot = [0] * len(cluster)
    for position, word in enumerate(first.texts):
        same = all(member.tokens.texts[position] == word for member in cluster)
        if not same or not all(
            _is_constant(member, position, slot[i], records=records) for i, member in enumerate(cluster)
        ):
            tokens[position] = PARAMETER
        for i, member in enumerate(cluster):
            slot[i] += member.tokens.slots[position]
    shown = [_MARK if token == PARAMETER else token for token in tokens]
    text = first.gaps[0] + "".join(t + gap for t, gap in zip(shown, first.gaps[1:], strict=True))
    if len(cluster[0].shape.sample) > LONGEST_MESSAGE:
        text += " ..."
    return _Described(text, tuple(tokens), tuple(member.shape.id for member in cluster), records)


def _is_constant(member: _Member, position: int, slot: int, *, records: int) -> bool:
    """Whether a token is part of the template: a word, the HTTP status, or a name with digits that never varies."""
    text = member.tokens.texts[position]
    if not member.tokens.slots[position] or (member.shape.status and text == str(member.shape.status)):
        return True
    if records < _PROOF or slot not in member.shape.constant_slots:
        return False
    return _NAME.fullmatch(text) is not None and _HEXADECIMAL.fullmatch(text) is None


def _joined(clusters: Iterable[_Described]) -> list[Template]:
    """Make templates of clusters; those that differ only in how many values stand side by side become one."""
    groups: defaultdict[str, list[_Described]] = defaultdict(list)
    for cluster in clusters:
        groups[_key(cluster.text)].append(cluster)
    made: list[tuple[int, Template]] = []
    for group in groups.values():
        group.sort(key=lambda cluster: (-cluster.records, cluster.text))
        if _is_one(group):
            text = _VALUES.sub(_MARK, group[0].text)
            spans = {shape: cluster.joined_spans() for cluster in group for shape in cluster.shapes}
            made.append((sum(cluster.records for cluster in group), _template(text, group[0].tokens, spans)))
        else:
            by_text: defaultdict[str, list[_Described]] = defaultdict(list)
            for cluster in group:
                by_text[cluster.text].append(cluster)
            for text, same in by_text.items():
                spans = {shape: cluster.spans() for cluster in same for shape in cluster.shapes}
                made.append((sum(cluster.records for cluster in same), _template(text, same[0].tokens, spans)))
    made.sort(key=lambda entry: (-entry[0], entry[1].text))
    return [template for _, template in made]


def _template(text: str, tokens: tuple[str, ...], spans: Mapping[int, tuple[tuple[int, int], ...]]) -> Template:
    shown = text.replace(_MARK, PARAMETER)
    return Template(id=template_id(shown), text=shown, tokens=tokens, shapes=tuple(sorted(spans)), spans=spans)


def _is_one(group: Sequence[_Described]) -> bool:
    """Whether clusters with one key are one template: one has a list, or lacks a value that another has."""
    if len(group) == 1 or not any(token != PARAMETER for token in group[0].tokens):
        return False
    counts = [[match.group().count(_MARK) for match in _VALUES.finditer(cluster.text)] for cluster in group]
    return any(
        len(set(column)) > 1 and (max(column) >= _LIST or min(column) == 0) for column in zip(*counts, strict=True)
    )


def _key(text: str) -> str:
    """Return what templates have in common that differ only in how many values stand side by side."""
    return re.sub(r"\s+", " ", _VALUES.sub(_MARK, text)).strip()
