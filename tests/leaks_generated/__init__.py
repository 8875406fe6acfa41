"""Logs that leak and logs that only look so, made from what vendors and states publish on the forms of their values.

Nothing here knows how the detector finds anything. No value stands in the source: all are drawn from a seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from leaks_generated.credentials import CREDENTIALS
from leaks_generated.formats import FORMATS, time_of
from leaks_generated.identifiers import IDENTIFIERS
from leaks_generated.national import NATIONAL
from leaks_generated.personal import PERSONAL
from leaks_generated.phrases import PHRASES
from leaks_generated.placeholders import PLACEHOLDERS
from leaks_generated.published import PUBLISHED
from leaks_generated.surroundings import surround
from leaks_generated.vendors import VENDORS

KINDS = {**VENDORS, **CREDENTIALS, **PERSONAL, **NATIONAL}
"""The forms of each kind of leak, by its name."""
HARMLESS = {**PLACEHOLDERS, **IDENTIFIERS, **PHRASES, **PUBLISHED}
"""The forms of each sort of what is no leak, by its name."""


@dataclass(frozen=True)
class Line:
    """A line in a format, of a kind or a sort; `text[start:end]` is the planted value, of none there is nothing."""

    text: str
    format: str
    kind: str
    start: int = 0
    end: int = 0
    accepts: frozenset[str] = frozenset()


def positives(*, seed: int, variants: int) -> Iterator[Line]:
    """Yield lines that leak: each variant of each kind in each format."""
    for kind, forms in KINDS.items():
        yield from _lines(kind, forms, seed=seed, variants=variants, leaks=True)


def negatives(*, seed: int, variants: int) -> Iterator[Line]:
    """Yield lines that only look so: each variant of each sort in each format."""
    for sort, forms in HARMLESS.items():
        yield from _lines(sort, forms, seed=seed, variants=variants, leaks=False)


def _lines(name, forms, *, seed, variants, leaks) -> Iterator[Line]:
    for variant in range(variants):
        rng = Random(f"{seed} {name} {variant}")
        message = surround(rng, forms[variant % len(forms)], kind=name if leaks else "")
        for number, (format_name, one) in enumerate(FORMATS.items()):
            parts = one.write(rng, message, time_of(variant * len(FORMATS) + number))
            text = "".join(parts[:3])
            if leaks:
                start = len(parts.before)
                accepts = message.accepts.union(parts.secret_as if message.secret else ())
                yield Line(text, format_name, name, start, start + len(parts.value), accepts)
            else:
                yield Line(text, format_name, name)
