"""How a deviation is told to people."""

from collections.abc import Sequence

from loganomaly.mining.template import Template
from loganomaly.sessions.deviations import Deviation
from loganomaly.wording import duration, times

__all__ = ["call", "tell"]

_LONGEST = 80


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


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= _LONGEST else f'"{text[: _LONGEST - 1]}…"'
