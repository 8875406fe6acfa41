"""How many planted leaks are found, under the right kind or any, and what is found that nobody planted."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol


class Planted(Protocol):
    """A generated line: `text[start:end]` is a leak, which kinds of `accepts` name rightly; if empty, there is none."""

    text: str
    kind: str
    start: int
    end: int
    accepts: frozenset[str]


class Kind(Protocol):
    """What kind of secret was found."""

    @property
    def name(self) -> str: ...  # noqa: D102


class Found(Protocol):
    """A leak that was found in a text."""

    @property
    def kind(self) -> Kind: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102


@dataclass
class Tally:
    """What was planted of a kind, or looks so, and what was found.

    `strict`: values that one finding of a right kind covers from end to end; `lenient`: of any kind; `touched`: values
    of which any part was found; `false`: findings that touch no planted value.
    """

    lines: int = 0
    planted: int = 0
    strict: int = 0
    lenient: int = 0
    touched: int = 0
    false: int = 0

    def add(self, other: "Tally") -> None:
        """Count another tally as well."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def recall(self) -> float:
        """The share of planted values found under a right kind."""
        return self.strict / self.planted if self.planted else 1.0

    @property
    def lenient_recall(self) -> float:
        """The share of planted values found under any kind."""
        return self.lenient / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """The share of true ones among what was found; a value that is found twice counts once."""
        return self.touched / (self.touched + self.false) if self.touched + self.false else 1.0


@dataclass
class Scores:
    """Tallies by kind of the lines, false findings by the kind that was claimed, and examples of either mistake."""

    kinds: dict[str, Tally] = field(default_factory=dict)
    claimed: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[Planted, list[str]]] = field(default_factory=list)
    false: list[tuple[Planted, Found]] = field(default_factory=list)

    @property
    def total(self) -> Tally:
        """All kinds together."""
        total = Tally()
        for tally in self.kinds.values():
            total.add(tally)
        return total


def score(lines: Iterable[Planted], *, find: Callable[[str], Iterable[Found]]) -> Scores:
    """Return how well `find` does on lines."""
    scores = Scores()
    for line in lines:
        tally = scores.kinds.setdefault(line.kind, Tally())
        found = [*find(line.text)]
        touching = [one for one in found if one.start < line.end and one.end > line.start]
        covering = [one for one in touching if one.start <= line.start and one.end >= line.end]
        strict = any(one.kind.name in line.accepts for one in covering)
        planted = line.end > line.start
        tally.add(Tally(1, planted, strict, bool(covering), bool(touching), len(found) - len(touching)))
        if planted and not strict:
            scores.missed.append((line, sorted({one.kind.name for one in touching})))
        for one in found:
            if one not in touching:
                scores.claimed[one.kind.name] += 1
                scores.false.append((line, one))
    return scores
