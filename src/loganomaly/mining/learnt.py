"""Templates that an earlier run learnt: those of today that have shapes of theirs keep their ids.

What is kept of a shape is its words, never a value, so that nothing of the log's data is stored.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from loganomaly.mining.shape import Shape
from loganomaly.mining.template import Template, template_id

__all__ = ["Learnt", "carried", "together"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """A template of an earlier run: its id, text, and shapes, in which the text of slots that vary is empty."""

    id: str
    text: str
    shapes: tuple[Shape, ...]


def together(shapes: Iterable[Shape], learnt: Iterable[Learnt]) -> list[Shape]:
    """Return the shapes of this run and those of earlier ones; a shape of both counts the records of both."""
    earlier = {shape.id: shape for template in learnt for shape in template.shapes}
    found = [_merged(shape, earlier.pop(shape.id, None)) for shape in shapes]
    return [*found, *earlier.values()]


def _merged(shape: Shape, earlier: Shape | None) -> Shape:
    if earlier is None:
        return shape
    same = {at for at in shape.unvaried & earlier.unvaried if _text(shape, at) == _text(earlier, at)}
    return replace(shape, records=shape.records + earlier.records, unvaried=frozenset(same))


def _text(shape: Shape, position: int) -> str | None:
    return shape.tokens.texts[position] if position < len(shape.tokens.texts) else None


def carried(templates: Sequence[Template], learnt: Sequence[Learnt]) -> list[Template]:
    """Return templates with the ids of earlier ones: each goes to the template that has most of its records.

    A template that none goes to has the id of its text, unless another one has it already.
    """
    if not learnt:
        return list(templates)
    records = {shape.id: (number, shape.records) for number, earlier in enumerate(learnt) for shape in earlier.shapes}
    texts = {earlier.text: number for number, earlier in enumerate(learnt)}
    shared: defaultdict[tuple[int, int], int] = defaultdict(int)
    for number, template in enumerate(templates):
        if template.text in texts:
            shared[number, texts[template.text]] += 1
        for shape in template.shapes:
            if shape in records:
                earlier, count = records[shape]
                shared[number, earlier] += count
    ids: dict[int, str] = {}
    taken: set[str] = set()  # ids, of which a file that was changed may have one twice
    for number, earlier in sorted(
        shared, key=lambda pair: (-shared[pair], learnt[pair[1]].id, templates[pair[0]].text)
    ):
        if number not in ids and learnt[earlier].id not in taken:
            ids[number] = learnt[earlier].id
            taken.add(learnt[earlier].id)
    used = {*ids.values(), *(earlier.id for earlier in learnt)}
    return [
        replace(template, id=ids.get(number) or _free(template.text, used)) for number, template in enumerate(templates)
    ]


def _free(text: str, used: set[str]) -> str:
    """Return the id of a text, or of the text and a number where that is taken, and take it."""
    found, tries = template_id(text), 0
    while found in used:
        tries += 1
        found = template_id(f"{text}\0{tries}")
    used.add(found)
    return found
