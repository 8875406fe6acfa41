"""Templates: what the messages of a cluster have in common, and where in each of them its parameters are.

Messages of a cluster may differ in blanks and dots: such a difference beside a parameter belongs to its value, so that
a template with its parameters filled in is always the message, to the character. Templates that differ only in how many
values stand side by side are one.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from loganomaly.mining.shape import PARAMETER, Shape
from loganomaly.mining.tokenise import tokenise, tokenise_all

__all__ = ["PARAMETER", "Cluster", "Span", "Template", "make_templates", "template_id"]

Cluster = Sequence[Shape]
"""Shapes that are one template, with as many tokens each."""
Span = tuple[int, int]
"""Where a parameter ends in the messages of a shape: characters after the end of a token, the -1st being the place
where it begins."""
_ALL = 1 << 62
"""Characters up to the end of any message."""
_MARK = "\ud800"
"""Stands for a parameter while texts are compared: half a surrogate pair, which no decoded text has."""
_VALUES = re.compile(rf"{_MARK}(?:[\s,;]+{_MARK})*|(?<=\()(?=\))|(?<=\[)(?=\])|(?<==)(?=\s|$)|(?<==\")(?=\")")
"""Values side by side, or the place of a value that is not there."""
_LIST = 3
"""Values side by side from which on they are a list, whose length does not tell templates apart."""
_PROOF = 5
"""Records after which a slot that never varied is a constant, if it is a word with digits in it."""
_PADDING = " \t."
"""What may be more or less in messages of one template."""
_KEY = re.compile(r"([A-Za-z_@][\w.@/-]*)(?:=|\"\s?:\s?)[\"']?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template.

    Attributes
    ----------
    id
        Stable for its text, unless an earlier run gave it another.
    text
        With `PARAMETER` where it varies.
    parts
        The text between the parameters: one more than there are parameters.
    types
        Of each parameter: the name of the mask that covers it, "list" for values side by side, or "text".
    names
        Of each parameter: the key it follows (`user=<*>`), or None.
    words
        The words that do not vary.
    shapes
        Ids of its shapes, in rising order.
    spans
        Of each shape, by its id, where each parameter ends.
    cut
        How many templates beyond the limit it stands for.
    """

    id: str
    text: str
    parts: tuple[str, ...]
    types: tuple[str, ...]
    names: tuple[str | None, ...]
    words: tuple[str, ...]
    shapes: tuple[int, ...]
    spans: Mapping[int, tuple[Span, ...]]
    cut: int = 0

    def parameters(self, message: bytes, *, shape: int) -> list[str]:
        """Return the values of the parameters of a message: put between `parts`, they are the message again."""
        text, values, position = message.decode(errors="replace"), [], 0
        borders = tokenise(message).borders()
        for part, (last, more) in zip(self.parts, self.spans[shape], strict=False):
            begin = position + len(part)
            position = (begin if last < 0 else borders[2 * last + 1]) + more
            values.append(text[begin:position])
        return values

    def fill(self, values: Sequence[str]) -> str:
        """Return the message with these values of the parameters."""
        first, *rest = self.parts
        return first + "".join(value + part for value, part in zip(values, rest, strict=True))


def template_id(text: str) -> str:
    """Return the id of the template with this text: the same in every run."""
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def make_templates(clusters: Iterable[Cluster], *, rest: Sequence[Cluster] = ()) -> list[Template]:
    """Make templates of clusters, and one, of which everything is a parameter, of the `rest`.

    Returns
    -------
    list of Template
        Most frequent first, then by text. Clusters that differ only in how many values stand side by side are one.
    """
    groups: defaultdict[str, list[_Described]] = defaultdict(list)
    for cluster in clusters:
        described = _describe(cluster)
        groups[described.key].append(described)
    texts: defaultdict[str, list[_Variant]] = defaultdict(list)
    for group in groups.values():
        joined = _is_one(group)
        lists = [[_listed(variant) if joined else variant for variant in described.variants] for described in group]
        for variants in [[v for each in lists for v in each]] if joined else lists:
            for text, aligned in _aligned(variants):
                texts[text].extend(aligned)
    words = _words([variants[0].parts for variants in texts.values()])
    made = [_template(text, variants, own) for (text, variants), own in zip(texts.items(), words, strict=True)]
    if rest:
        made = _with_rest(made, rest)
    made.sort(key=lambda entry: (-entry[0], entry[1].text))
    return [template for _, template in made]


@dataclass(frozen=True, slots=True)
class _Variant:
    """Shapes of a cluster with the same text: its parts, each parameter's type, shapes, and where parameters end."""

    parts: tuple[str, ...]
    types: tuple[frozenset[str], ...]
    shapes: tuple[Shape, ...]
    spans: tuple[tuple[Span, ...], ...]

    @property
    def text(self) -> str:
        return _MARK.join(self.parts)


@dataclass(frozen=True, slots=True)
class _Described:
    """A cluster, as the texts that its shapes have; `key` is the same for all that may be one template."""

    key: str
    variants: tuple[_Variant, ...]


def _describe(cluster: Cluster) -> _Described:
    parameters = _parameters(cluster)
    by_gaps: defaultdict[tuple[str, ...], list[Shape]] = defaultdict(list)
    for shape in cluster:
        by_gaps[shape.tokens.gaps].append(shape)
    variants = tuple(_variant(shapes, parameters) for _, shapes in sorted(by_gaps.items()))
    return _Described(_padded(_VALUES.sub(_MARK, variants[0].text)), variants)


def _parameters(cluster: Cluster) -> list[int]:
    """Return the positions that are parameters; what goes on beyond what is looked at is one, with the last token."""
    proven = sum(shape.records for shape in cluster) >= _PROOF
    found = []
    for position, column in enumerate(zip(*(shape.tokens.texts for shape in cluster), strict=True)):
        if len(set(column)) > 1 or not all(shape.is_constant(position, proven=proven) for shape in cluster):
            found.append(position)
    last = len(cluster[0].words) - 1
    return [*found, last] if cluster[0].cut and last >= 0 and last not in found else found


def _variant(shapes: Sequence[Shape], parameters: Sequence[int]) -> _Variant:
    tokens = shapes[0].tokens
    parts, part, varying = [], tokens.gaps[0], set(parameters)
    for position, text in enumerate(tokens.texts):
        if position in varying:
            parts.append(part)
            part = tokens.gaps[position + 1]
        else:
            part += text + tokens.gaps[position + 1]
    parts.append(part)
    types = [frozenset(shape.tokens.types[position] or "text" for shape in shapes) for position in parameters]
    ends: list[tuple[Span, ...]]
    ends = [tuple((shape.tokens.first[position + 1] - 1, 0) for position in parameters) for shape in shapes]
    if shapes[0].cut:
        if not parameters:
            parts.append("")
        parts[-1] = ""
        types = [*types[:-1], frozenset({"text"})]
        ends = [(*each[:-1], (-1, _ALL)) for each in ends]
    return _Variant(tuple(parts), tuple(types), tuple(shapes), tuple(ends))


def _padded(text: str) -> str:
    """Return a text in which it does not matter how many blanks or dots stand together."""
    return re.sub(r"\.{2,}", "..", re.sub(r"\s+", " ", text)).strip()


def _is_one(group: Sequence[_Described]) -> bool:
    """Whether clusters with one key are one template: one has a list, or lacks a value that another has."""
    if len(group) == 1 or not any(part.strip(" \t,;") for part in group[0].variants[0].parts):
        return False
    counts = [[match.group().count(_MARK) for match in _VALUES.finditer(d.variants[0].text)] for d in group]
    return any(
        len(set(column)) > 1 and (max(column) >= _LIST or min(column) == 0) for column in zip(*counts, strict=True)
    )


def _listed(variant: _Variant) -> _Variant:
    """Return a variant in which values side by side are one, and one that is not there is empty."""
    kept: list[tuple[int, int]] = []  # first parameter of each value, and how many there are
    used = 0
    for match in _VALUES.finditer(variant.text):
        count = match.group().count(_MARK)
        kept.append((used, count))
        used += count
    types = (
        frozenset[str]() if not count else frozenset({"list"}) if count > 1 else variant.types[first]
        for first, count in kept
    )
    spans = tuple(
        tuple(ends[first + count - 1] if count else (-1, 0) for first, count in kept) for ends in variant.spans
    )
    return _Variant(tuple(_VALUES.sub(_MARK, variant.text).split(_MARK)), tuple(types), variant.shapes, spans)


def _aligned(variants: Sequence[_Variant]) -> list[tuple[str, list[_Variant]]]:
    """Return the texts of variants, one where they differ in nothing but the padding of values."""
    by_parts: defaultdict[tuple[str, ...], list[_Variant]] = defaultdict(list)
    for variant in variants:
        by_parts[variant.parts].append(variant)
    if len(by_parts) == 1:
        return [(variants[0].text, list(variants))]
    count = len(variants[0].parts)
    common = [
        _common(column, first=i == 0, last=i == count - 1) for i, column in enumerate(zip(*by_parts, strict=True))
    ]
    parts = tuple(part.text for part in common if part is not None)
    if len(parts) < count:
        return [(_MARK.join(each), same) for each, same in sorted(by_parts.items())]
    at_ends = tuple(part is not None and part.at_end for part in common)
    return [(_MARK.join(parts), [_fitted(variant, parts, at_ends) for variant in variants])]


@dataclass(frozen=True, slots=True)
class _Common:
    """What the same part of several texts has in common, and whether at its end."""

    text: str
    at_end: bool


def _common(column: Sequence[str], *, first: bool, last: bool) -> _Common | None:
    """Return what the same part of several texts has in common, or None where more than padding of a value differs."""
    start = _prefix(column)
    if not (last and any(text != start for text in column)) and not any(
        text[len(start) :].strip(_PADDING) for text in column
    ):
        return _Common(start, at_end=False)
    end = _prefix([text[::-1] for text in column])[::-1]
    if not first and not any(text[: len(text) - len(end)].strip(_PADDING) for text in column):
        return _Common(end, at_end=True)
    return None


def _prefix(texts: Sequence[str]) -> str:
    low, high = min(texts), max(texts)
    same = (i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b)
    return low[: next(same, min(len(low), len(high)))]


def _fitted(variant: _Variant, parts: tuple[str, ...], at_ends: tuple[bool, ...]) -> _Variant:
    """Return a variant with these parts: the padding before one that is `at_end` belongs to the value before it."""
    more = [
        len(own) - len(part) if at_end else 0
        for own, part, at_end in zip(variant.parts[1:], parts[1:], at_ends[1:], strict=True)
    ]
    if not any(more):
        return _Variant(parts, variant.types, variant.shapes, variant.spans)
    spans = tuple(
        tuple((last, own + extra) for (last, own), extra in zip(ends, more, strict=True)) for ends in variant.spans
    )
    return _Variant(parts, variant.types, variant.shapes, spans)


def _words(templates: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield the words of each template, given by its parts."""
    tokens = tokenise_all([part.encode() for parts in templates for part in parts])
    for parts in templates:
        yield tuple(word for part in islice(tokens, len(parts)) for word in part.texts)


def _template(text: str, variants: Sequence[_Variant], words: tuple[str, ...]) -> tuple[int, Template]:
    """Return the records of a template, and the template."""
    parts = variants[0].parts
    types = []
    for column in zip(*(variant.types for variant in variants), strict=True):
        seen = frozenset().union(*column)
        types.append(next(iter(seen)) if len(seen) == 1 else "list" if "list" in seen else "text")
    spans = {shape.id: ends for variant in variants for shape, ends in zip(variant.shapes, variant.spans, strict=True)}
    shown = text.replace(_MARK, PARAMETER)
    keys = (_KEY.search(part) for part in parts[:-1])
    template = Template(
        id=template_id(shown),
        text=shown,
        parts=parts,
        types=tuple(types),
        names=tuple(key and key.group(1) for key in keys),
        words=words,
        shapes=tuple(sorted(spans)),
        spans=spans,
    )
    return sum(shape.records for variant in variants for shape in variant.shapes), template


def _with_rest(made: list[tuple[int, Template]], rest: Sequence[Cluster]) -> list[tuple[int, Template]]:
    """Add the template that stands for the clusters beyond the limit."""
    same = [entry for entry in made if entry[1].text == PARAMETER]
    spans: dict[int, tuple[Span, ...]] = {shape.id: ((-1, _ALL),) for cluster in rest for shape in cluster}
    records = sum(shape.records for cluster in rest for shape in cluster)
    for count, template in same:
        records, spans = records + count, {**template.spans, **spans}
    template = Template(
        id=template_id(PARAMETER),
        text=PARAMETER,
        parts=("", ""),
        types=("text",),
        names=(None,),
        words=(),
        shapes=tuple(sorted(spans)),
        spans=spans,
        cut=len(rest),
    )
    return [*(entry for entry in made if entry not in same), (records, template)]
