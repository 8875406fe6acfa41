"""Conditions of Sigma rules as expressions on the text of a line."""

from collections.abc import Iterable, Sequence
from typing import Any

from loganomaly.rules.expression import AllOf, AnyOf, Expression, Not, pattern
from loganomaly.rules.written import (
    ANY,
    ONE,
    Part,
    anchor_of,
    field_anchor,
    field_exists,
    field_matches,
    field_regex,
    text_regex,
)

__all__ = ["Translated", "UntranslatableError", "translate"]

Translated = tuple[Expression, tuple[str, ...]]
"""An expression, and texts of which a record has one where it holds, at the beginning of a word; none are unknown."""


class UntranslatableError(Exception):
    """A condition says something that the text of a single line does not tell; says what."""


def translate(condition: Any) -> Translated:
    """Return what a parsed condition of pySigma asks for.

    Raises
    ------
    UntranslatableError
        Nothing in a line tells whether it holds, or RE2 cannot read the pattern.
    """
    from sigma.conditions import (
        ConditionAND,
        ConditionFieldEqualsValueExpression,
        ConditionNOT,
        ConditionOR,
        ConditionValueExpression,
    )

    if isinstance(condition, ConditionFieldEqualsValueExpression):
        return _field(condition.field, [condition.value])
    if isinstance(condition, ConditionValueExpression):
        return _keyword(condition.value)
    if isinstance(condition, ConditionNOT):
        return Not(translate(condition.args[0])[0]), ()
    if isinstance(condition, ConditionAND):
        parts = [translate(part) for part in condition.args]
        return AllOf(tuple(part for part, _ in parts)), _best(anchors for _, anchors in parts)
    if isinstance(condition, ConditionOR):
        parts = list(_alternatives(condition.args))
        return (parts[0][0] if len(parts) == 1 else AnyOf(tuple(part for part, _ in parts))), _all(
            anchors for _, anchors in parts
        )
    msg = f"conditions of the sort {type(condition).__name__} are not known"
    raise UntranslatableError(msg)


def _alternatives(conditions: Sequence[Any]) -> Iterable[Translated]:
    """Yield what alternatives ask for: texts of the same field at once, for one pattern costs less than many."""
    from sigma.conditions import ConditionFieldEqualsValueExpression
    from sigma.types import SigmaCasedString, SigmaString

    together: dict[tuple[str, bool], list[Any]] = {}
    for condition in conditions:
        value = getattr(condition, "value", None)
        if isinstance(condition, ConditionFieldEqualsValueExpression) and isinstance(value, SigmaString):
            together.setdefault((condition.field, isinstance(value, SigmaCasedString)), []).append(value)
        else:
            yield translate(condition)
    for (field, _), values in together.items():
        yield _field(field, values)


def _best(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the texts of the part that is told best by them: any part's will do, for all parts must hold."""
    given = [anchors for anchors in several if anchors]
    return max(given, key=lambda anchors: min(map(len, anchors)), default=())


def _all(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    given = list(several)
    return tuple(dict.fromkeys(text for anchors in given for text in anchors)) if all(given) else ()


def _field(name: str, values: Sequence[Any]) -> Translated:
    """Return what a field asks for that has one of some values, which are all of one sort."""
    from sigma.types import (
        SigmaBool,
        SigmaCasedString,
        SigmaCIDRExpression,
        SigmaExists,
        SigmaExpansion,
        SigmaNull,
        SigmaNumber,
        SigmaRegularExpression,
        SigmaString,
    )

    own = field_anchor(name)
    of_field = () if own is None else (own,)
    value = values[0]
    if isinstance(value, SigmaString):
        parts = [_parts(each) for each in values]
        cased = isinstance(value, SigmaCasedString)
        anchors = [anchor_of(each, whole=True) for each in parts]
        told = tuple(text for text in anchors if text is not None)
        return _pattern(field_matches(name, parts, cased=cased)), told if len(told) == len(parts) else of_field
    if isinstance(value, SigmaNumber | SigmaBool):
        return _pattern(field_matches(name, [[_plain(value)]])), of_field
    if isinstance(value, SigmaRegularExpression):
        return _pattern(field_regex(name, str(value.regexp), flags=_flags(value))), of_field
    if isinstance(value, SigmaExists):
        there = _pattern(field_exists(name))
        return (there, of_field) if value.exists else (Not(there), ())
    if isinstance(value, SigmaNull):
        empty = _pattern(field_matches(name, [[], ["null"], ["-"]]))
        return AnyOf((Not(_pattern(field_exists(name))), empty)), ()
    if isinstance(value, SigmaCIDRExpression) and value.network.version == 4:
        wild = [[ANY if sign == "*" else sign for sign in each] for each in value.expand("*")]
        return _pattern(field_matches(name, wild)), of_field
    if isinstance(value, SigmaExpansion):
        parts_of = [_field(name, [each]) for each in value.values]
        return AnyOf(tuple(part for part, _ in parts_of)), _all(anchors for _, anchors in parts_of)
    raise UntranslatableError(_refused(value, f"the field {name}"))


def _keyword(value: Any) -> Translated:
    from sigma.types import SigmaCasedString, SigmaExpansion, SigmaNumber, SigmaRegularExpression, SigmaString

    if isinstance(value, SigmaString):
        parts = _parts(value)
        if all(part is ANY or part is ONE for part in parts):
            msg = "a keyword is empty, and so stands in every line"
            raise UntranslatableError(msg)
        anchor = anchor_of(parts, whole=False)
        cased = isinstance(value, SigmaCasedString)
        return _pattern(text_regex(parts, cased=cased)), () if anchor is None else (anchor,)
    if isinstance(value, SigmaNumber):
        return _pattern(rf"\b{_plain(value)}\b"), ()
    if isinstance(value, SigmaRegularExpression):
        return _pattern(f"(?{_flags(value)}:{value.regexp})"), ()
    if isinstance(value, SigmaExpansion):
        parts_of = [_keyword(each) for each in value.values]
        return AnyOf(tuple(part for part, _ in parts_of)), _all(anchors for _, anchors in parts_of)
    raise UntranslatableError(_refused(value, "a keyword"))


def _refused(value: Any, what: str) -> str:
    from sigma.types import SigmaCIDRExpression, SigmaCompareExpression, SigmaFieldReference

    if isinstance(value, SigmaCompareExpression):
        return f"{what} is compared as a number, which a pattern cannot do"
    if isinstance(value, SigmaFieldReference):
        return f"{what} is compared with another field, which a pattern cannot do"
    if isinstance(value, SigmaCIDRExpression):
        return f"{what} is compared with a network of IPv6 addresses, which have many spellings"
    return f"{what} has a value of the sort {type(value).__name__.removeprefix('Sigma')}, which a line does not tell"


def _parts(value: Any) -> list[Part]:
    from sigma.types import SpecialChars

    wild = {SpecialChars.WILDCARD_MULTI: ANY, SpecialChars.WILDCARD_SINGLE: ONE}
    parts: list[Part] = []
    for part in value.s:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, SpecialChars) and part in wild:
            parts.append(wild[part])
        else:
            msg = f"there is a placeholder, {value}, that nothing fills in"
            raise UntranslatableError(msg)
    return parts


def _plain(value: Any) -> str:
    plain = value.number if hasattr(value, "number") else value.boolean
    return str(plain).lower()


def _flags(value: Any) -> str:
    return "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))


def _pattern(text: str) -> Expression:
    try:
        return pattern(text)
    except ValueError as error:
        msg = f"RE2 cannot read its pattern: {error}"
        raise UntranslatableError(msg) from error
