"""What a rule looks for in a record: patterns, joined by and, or, not."""

from dataclasses import dataclass
from typing import Any

from loganomaly.patterns import of_any_digits, on_rows, tells_digits

__all__ = ["AllOf", "AnyOf", "Expression", "Not", "Pattern", "holds", "pattern"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What stands somewhere in a record; ``^`` and ``$`` are the ends of its lines.

    `alone` says that it must be searched for in one record at a time, `digits` that it may tell one digit from another;
    then `loose` searches for what it would find if any digit stood for any other, where that can be told.
    """

    text: str
    search: Any
    alone: bool = False
    digits: bool = True
    loose: Any = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """What holds where all of its parts do."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """What holds where one of its parts does."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What holds where its part does not."""

    part: "Expression"


Expression = Pattern | AllOf | AnyOf | Not


def pattern(text: str, *, utf8: bool = True) -> Pattern:
    """Return what a regular expression stands for.

    Raises
    ------
    ValueError
        RE2 cannot read it; says why.
    """
    search, alone = on_rows(text, utf8=utf8)
    digits = tells_digits(text)
    looser = of_any_digits(text) if digits else None
    loose = None if looser is None else on_rows(looser, utf8=utf8)[0]
    return Pattern(text=text, search=search, alone=alone, digits=digits, loose=loose)


def holds(expression: Expression, text: bytes) -> bool:
    """Return whether an expression holds for a record.

    Examples
    --------
    >>> holds(AllOf((pattern("disk"), Not(pattern("not full")))), b"disk sda1 is full")
    True
    """
    match expression:
        case Pattern():
            return expression.search(text) is not None
        case AllOf():
            return all(holds(part, text) for part in expression.parts)
        case AnyOf():
            return any(holds(part, text) for part in expression.parts)
        case Not():
            return not holds(expression.part, text)
