"""Clusters shapes into templates: deterministic, independent of order, from the distinct shapes only.

Shapes with the same number of tokens and the same punctuation are split on the position that varies least, as long as
it takes few values (it names different events), and joined where every position that still varies is a parameter: it
takes many values, it is a slot in most records, it follows an equals sign, or its words are values elsewhere. The idea
of splitting on token positions is that of IPLoM (Makanju et al., KDD 2009), the bound on the number of branches that of
Brain (Yu et al., TSC 2023).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache

from loganomaly.mining.shape import Shape
from loganomaly.mining.template import PARAMETER, Cluster, Template, make_templates

__all__ = ["DEEPEST", "MOST_TEMPLATES", "mine"]

MOST_TEMPLATES = 20_000
"""Templates that are told apart: those with the most records. The rest is one, of which everything is a parameter."""
_BRANCHES = 4
"""Values of a position from which on it is a parameter; fewer name different events (as in Brain)."""
_FIRST_BRANCHES = 40
"""The same for the first word, which nearly always names the event."""
_FEWEST_CONSTANT = 0.34
"""Share of words that must be the same in all messages of a template that was joined from several shapes."""
DEEPEST = 16
"""Splits one after the other, from which on every combination of words is a template: keeps the cost linear."""
_COMPOUND = re.compile(r"\w[./\\@$]\w")
_KNOWN_VALUES = 8
"""Values of a parameter from which on they are known as values wherever they stand."""


def mine(shapes: Iterable[Shape]) -> list[Template]:
    """Cluster shapes into templates.

    Returns
    -------
    list of Template
        Most frequent first, then by text; every shape is in exactly one.
    """
    groups: defaultdict[tuple[int, int, bool, str], list[Shape]] = defaultdict(list)
    for shape in shapes:
        tokens = shape.tokens
        groups[len(tokens.texts), shape.status, shape.cut, _punctuation(tokens.gaps)].append(shape)
    ordered = [sorted(groups[key], key=Shape.order) for key in sorted(groups)]
    known = _assigned_values(ordered)
    clusters = [cluster for group in ordered for cluster in _split(group, known)]
    found = _frequent_values(clusters) - known
    if found:
        known |= found
        clusters = [cluster for group in ordered for cluster in _split(group, known)]
    clusters.sort(key=lambda cluster: (-sum(shape.records for shape in cluster), cluster[0].order()))
    return make_templates(clusters[:MOST_TEMPLATES], rest=clusters[MOST_TEMPLATES:])


@cache
def _one_gap(gap: str) -> str:
    return re.sub(r"\.{2,}", "..", re.sub(r"\s+", " ", gap))


def _punctuation(gaps: Sequence[str]) -> str:
    """Return what stands between the tokens; how many blanks or dots does not matter."""
    return "\0".join([gap if len(gap) == 1 and gap != "\t" else _one_gap(gap) for gap in gaps])


def _assigned_values(groups: Iterable[Cluster]) -> set[str]:
    """Return the words that stand after an equals sign anywhere: they are values."""
    return {
        word
        for group in groups
        for shape in group
        for word, gap in zip(shape.words, shape.tokens.gaps, strict=False)
        if gap[-1:] == "=" and word != PARAMETER
    }


def _frequent_values(clusters: Iterable[Cluster]) -> set[str]:
    """Return the words of parameters that take many values."""
    known: set[str] = set()
    for cluster in clusters:
        if len(cluster) >= _KNOWN_VALUES:
            for column in zip(*(shape.words for shape in cluster), strict=True):
                words = set(column)
                if len(words) >= _KNOWN_VALUES:
                    known |= words
    return known


def _split(shapes: Cluster, known: set[str]) -> list[list[Shape]]:
    """Split messages with the same number of tokens into templates; `known` are words that are values elsewhere."""
    done: list[list[Shape]] = []
    waiting = [(list(shapes), 0)]
    while waiting:
        group, depth = waiting.pop()
        position = _splitter(group, known) if len(group) > 1 else None
        if position is None:
            done.append(group)
            continue
        parts: defaultdict[object, list[Shape]] = defaultdict(list)
        for shape in group:
            parts[shape.words[position] if depth < DEEPEST else shape.words].append(shape)
        if depth < DEEPEST:
            waiting += [(part, depth + 1) for part in parts.values()]
        else:
            done += parts.values()
    return done


def _splitter(group: Cluster, known: set[str]) -> int | None:
    """Return the position to split on, or None where the group is one template."""
    open_positions: list[tuple[int, int]] = []  # that vary, and are parameters only if they take many values
    few = False
    constant = words = 0
    for position, column in enumerate(zip(*(shape.words for shape in group), strict=True)):
        values = set(column)
        words += values != {PARAMETER}
        if len(values) == 1:
            constant += values != {PARAMETER}
        elif not _is_value(group, position, values, known):
            open_positions.append((len(values), position))
            few |= len(values) < (_BRANCHES if position or _are_names(values) else _FIRST_BRANCHES)
    if not open_positions:
        return None
    if few or constant == 0 or constant < _FEWEST_CONSTANT * words:
        first = [0 for size, position in open_positions if position == 0 and size < _FIRST_BRANCHES]
        return first[0] if first else min(open_positions)[1]
    return None


def _are_names(words: set[str]) -> bool:
    """Whether all words are names of files, hosts, settings or classes: no event is named by these."""
    return all(word == PARAMETER or _COMPOUND.search(word) for word in words)


def _is_value(group: Cluster, position: int, values: set[str], known: set[str]) -> bool:
    """Whether a position that varies is a parameter, however few values it takes."""
    if group[0].tokens.gaps[position].endswith("="):
        return True
    if PARAMETER in values:
        slots = sum(shape.records for shape in group if shape.words[position] == PARAMETER)
        if 2 * slots >= sum(shape.records for shape in group):
            return True
    return position > 0 and all(word in known or word == PARAMETER for word in values)
