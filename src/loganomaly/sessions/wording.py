"""How deviations and unusual mixes of sessions are told to people."""

from collections.abc import Sequence

from loganomaly.mining.template import Template
from loganomaly.sessions.deviations import Deviation
from loganomaly.sessions.mixes import Mix
from loganomaly.wording import duration, times

__all__ = ["call", "call_mix", "tell", "tell_mix"]

_LONGEST = 80
_NEXT_TO_NONE, _ROUNDED = 0.05, 10


def call(deviation: Deviation, templates: Sequence[Template], *, key: str) -> str:
    """Return a name for a deviation: what it is in every log, without numbers and ids."""
    what = "" if deviation.number is None else f'"{templates[deviation.number].text}"'
    match deviation.kind:
        case "rare":
            return f"{key} with {what}"
        case "missing":
            return f"{key} without {what}"
        case "count":
            return f"{key} with {'more' if deviation.observed > deviation.expected else 'fewer'} {what}"
        case "order":
            return f'{key} with {what} before "{templates[deviation.other or 0].text}"'
    return f"{key} that take long"


def tell(deviation: Deviation, templates: Sequence[Template], *, key: str) -> str:
    """Return what the sessions of a deviation do otherwise; `key` says how their ids are written."""
    of, few = deviation.sessions, len(deviation.rows)
    what = "" if deviation.number is None else _quoted(templates[deviation.number].text)
    other = "" if deviation.other is None else _quoted(templates[deviation.other].text)
    match deviation.kind:
        case "rare":
            return f"{few:,} of {of:,} sessions ({key}) have {what}"
        case "missing":
            return f"{few:,} of {of:,} sessions ({key}) with {other} lack {what}"
        case "count":
            return (
                f"{few:,} of {of:,} sessions ({key}) have {what} {times(round(deviation.observed))},"
                f" where {times(round(deviation.expected))} is usual"
            )
        case "order":
            return f"in {few:,} of {of:,} sessions ({key}) {what} comes before {other}, in all others behind it"
    return (
        f"{few:,} of {of:,} sessions ({key}) of their kind take up to {duration(deviation.observed)},"
        f" where {duration(deviation.expected)} is usual"
    )


def call_mix(mix: Mix, templates: Sequence[Template], *, key: str) -> str:
    """Return a name for an unusual mix of templates: what it is in every log, without numbers and ids."""
    named = sorted(
        f'{"with" if observed else "without"} "{templates[number].text}"'
        for number, observed in zip(mix.numbers, mix.observed, strict=True)
    )
    return f"{key} {' and '.join(named)}, unlike others"


def tell_mix(mix: Mix, templates: Sequence[Template], *, key: str, of: int) -> str:
    """Return what the sessions of a mix, of so many, are made up of unlike those that are most like them."""
    named = ", ".join(
        f"{_count(observed)} of {_quoted(templates[number].text)} (usually {_count(usual)})"
        for number, observed, usual in zip(mix.numbers, mix.observed, mix.usual, strict=True)
    )
    few = len(mix.rows)
    sessions = f"{few:,} of {of:,} sessions ({key}) {'is' if few == 1 else 'are'} made up unlike the others"
    return f"{sessions}, next to the nearest {'it has' if few == 1 else 'they have'} {named}"


def _count(mean: float) -> str:
    if not mean:
        return "none"
    return "next to none" if mean < _NEXT_TO_NONE else f"{mean:,.0f}" if mean >= _ROUNDED else f"{mean:.2g}"


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= _LONGEST else f'"{text[: _LONGEST - 1]}…"'
