"""New values: a user, host or code that was never seen before, where always the same few were."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl

from loganomaly.case import Case
from loganomaly.detectors.base import surprise
from loganomaly.detectors.categories import Category, Value, categories
from loganomaly.findings import Evidence, Location
from loganomaly.legible import plain_text
from loganomaly.mining.masks import builtin_masks
from loganomaly.mining.tokens import is_date_word
from loganomaly.profile import unplace
from loganomaly.redaction.names import secret_name
from loganomaly.redaction.secrets import redact
from loganomaly.wording import amount, clock

__all__ = ["NewValueDetector"]

_MEASURES = {"datetime", "date", "time", "duration", "size", "percent", "uuid", "hex", "object_id"}
"""Types of values that are no categories. Whole numbers, if they are few, may be codes."""
_SURELY_SEEN = 3.0
"""Records expected of a value from which on it is gone if there are none: 95 % sure."""
_LONGEST = 60
"""Characters of a value that are told."""
_NUMBER = re.compile(r"\d+")
_WHOLE = re.compile(r"-?\d{1,18}")
_FEW_CODES = 4
"""Numbers from which on it shows whether they lie side by side."""
_MASKED = "<masked>"
_QUOTES = '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """Values of a category that turned up together, in the order of time."""

    category: Category
    values: tuple[Value, ...]
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewValueDetector:
    """Looks at parameters and fields with few values, each taken many times, for a value that turns up late.

    After n records, none of which was new for a long time, the next one is new with a probability of about 1 / n
    (Laplace's rule of succession; Good and Turing's estimate with one value seen once). That holds if the other values
    tell that a usual one would have been seen long before: the rarest of k others, seen m times in all N records, is
    missing in the first n of them with probability exp(-m n / N) (Poisson), and any of the k with k times that. Where
    values come one by one, with long tails (Zipf), it is that probability which counts.

    Values that turn up together are one arrival. After the learning part, one arrival is news, a second one makes both
    half as strong, and with more it is usual that new ones come. A log in which there are arrivals at several times is
    one in which each says less.

    Parameters
    ----------
    full
        Powers of ten at which the strength is 1.
    least
        Strength 0..1 below which nothing is said.
    learning
        Share 0..1 of the log's time and of the category's records in which nothing is new.
    fewest
        Records of a category, at least.
    per_value
        Records of a category for each of its values, at least.
    together
        Share 0..1 of a category's records, and of the log's time, within which new values are one arrival.
    """

    name: str = "new_value"
    weight: float = 0.6
    aspect: str = "value"
    full: float = 5.0
    least: float = 0.2
    learning: float = 0.25
    fewest: int = 200
    per_value: int = 20
    together: float = 0.02

    def detect(self, case: Case) -> list[Evidence]:
        """Return evidence on the templates of the first records with a new value."""
        arrivals = [arrival for category in self._categories(case) for arrival in self._arrivals(category, case)]
        texts = pl.Series([arrival.values[0].text for arrival in arrivals], dtype=pl.String)
        ids = set(case.profile.session_ids.filter(pl.col("text").is_in(texts.implode()))["text"])
        arrivals = [arrival for arrival in arrivals if arrival.values[0].text not in ids]
        moments = self._moments(case, arrivals)
        numbers = dict(case.members.iter_rows())
        leaking = set(case.profile.leaks["shape"].to_list())
        found = []
        for arrival in arrivals:
            strength = surprise(min(1.0, arrival.probability * moments), full=self.full)
            if _goes_on(arrival):
                strength /= 2
            if strength >= self.least:
                found.append(
                    self._evidence(case, arrival, strength, numbers=numbers, masked=arrival.values[0].shape in leaking)
                )
        return found

    def _categories(self, case: Case) -> list[Category]:
        """Return the categories whose values may be news: no secrets, no ids of sessions, no measures."""
        keys = set(case.profile.session_keys["key"].to_list())
        return [
            category
            for category in categories(case, fewest=self.fewest, per_value=self.per_value, learning=self.learning)
            if (category.name is None or secret_name(category.name) is None)
            and (category.position not in keys if category.template is None else _type(case, category) not in _MEASURES)
        ]

    def _arrivals(self, category: Category, case: Case) -> list[_Arrival]:
        total = category.records
        begin = None if case.span is None else case.span[0] + self.learning * (case.span[1] - case.span[0])
        late = [
            value
            for value in category.values
            if value.before >= self.learning * total
            and (value.first_time is None or begin is None or value.first_time >= begin)
        ]
        usual = [value for value in category.values if value not in late]
        groups: list[list[Value]] = []
        for value in late:
            if groups and value.before - groups[-1][-1].before <= self.together * total:
                groups[-1].append(value)
            else:
                groups.append([value])
        if not usual or not 0 < len(groups) <= 2 or _count_something(usual):
            return []
        least = min(value.count for value in usual)
        found = []
        for group in groups:
            first = group[0]
            if first.elsewhere or _is_measure(first.text) or _takes_their_place(first, usual, total=total):
                continue
            missing = len(usual) * math.exp(-least * first.before / total)
            probability = max(missing, 1 / (first.before + 1))
            if len(groups) > 1:
                probability **= 0.5
            found.append(_Arrival(category=category, values=tuple(group), probability=min(1.0, probability)))
        return found

    def _moments(self, case: Case, arrivals: Sequence[_Arrival]) -> int:
        """Return at how many different times values turn up."""
        times = sorted(a.values[0].first_time for a in arrivals if a.values[0].first_time is not None)
        if case.span is None or not times:
            return max(1, len(arrivals))
        apart = self.together * (case.span[1] - case.span[0])
        return 1 + sum(later - earlier > apart for earlier, later in pairwise(times))

    def _evidence(
        self, case: Case, arrival: _Arrival, strength: float, *, numbers: dict[int, int], masked: bool
    ) -> Evidence:
        category, first = arrival.category, arrival.values[0]
        called = plain_text(redact(category.name)) if category.name else "value"
        text = _told(first.text, name=called, masked=masked)
        others = len(category.values) - len(arrival.values)
        more = f" and {len(arrival.values) - 1:,} more" if len(arrival.values) > 1 else ""
        when = "" if first.first_time is None else f" at {clock(first.first_time, case.span)}"
        about = "" if first.first_time is not None else "about "
        source, line = unplace(first.first_place)
        part = called if category.template is None else f"parameter-{category.position + 1}"
        return Evidence(
            detector=self.name,
            subject=case.subject(numbers[first.shape]),
            strength=strength,
            text=f"{called} {text}{more} first seen{when}, after {about}{first.before:,} records with"
            f" {amount(others, 'other value')}",
            observed=float(first.count),
            expected=0.0,
            probability=min(1.0, arrival.probability),
            tags=("new_value",),
            about=f"{part}:{text.strip(_QUOTES)}",
            location=Location(source=source, line=line, offset=unplace(first.first_offset)[1]),
            count=sum(value.count for value in arrival.values),
            lines=(line, line),
        )


def _type(case: Case, category: Category) -> str:
    return "text" if category.template is None else case.templates[category.template].types[category.position]


def _count_something(usual: Sequence[Value]) -> bool:
    """Whether the values are numbers that lie side by side, as counts and durations do, and codes do not."""
    numbers = [int(value.text) for value in usual if _WHOLE.fullmatch(value.text)]
    if len(numbers) < len(usual) or len(numbers) < _FEW_CODES:
        return False
    return max(numbers) - min(numbers) + 1 <= 2 * len(numbers)


def _takes_their_place(new: Value, usual: Sequence[Value], *, total: int) -> bool:
    """Whether most of the usual values are not seen any more when a new one comes, although there is time for it."""
    after = 1 - new.before / total
    gone = sum(
        (value.last_place < new.first_place if value.last_time is None or new.first_time is None
         else value.last_time < new.first_time)
        and value.count * after >= _SURELY_SEEN
        for value in usual
    )  # fmt: skip
    return 2 * gone > len(usual)


def _told(text: str, *, name: str, masked: bool) -> str:
    """Return a value as users may see it, in quotation marks unless it is a number."""
    shown = f"{name}={text}"
    if masked or redact(text) != text or redact(shown) != shown:
        return _MASKED
    if text.isdecimal():
        return text
    plain = plain_text(text[: 2 * _LONGEST]).strip()
    return f'"{plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"}"'


@cache
def _measures() -> str:
    """Return a pattern for texts that are one value of a type that is no category."""
    return f"^(?:{'|'.join(f'(?:{mask.pattern})' for mask in builtin_masks() if mask.name in _MEASURES)})$"


def _is_measure(text: str) -> bool:
    raw = text.encode(errors="replace")
    is_name_of_day = len(raw) >= 3 and bool(is_date_word(np.frombuffer(raw, np.uint8), 0))
    return is_name_of_day or bool(pl.Series([text]).str.contains(_measures())[0])


def _goes_on(arrival: _Arrival) -> bool:
    """Whether the new value is the next of names that are numbered: worker-9 after worker-1 to worker-8."""
    first = arrival.values[0]
    form = _NUMBER.sub("#", first.text)
    numbers = [int(number) for number in _NUMBER.findall(first.text)]
    if not numbers:
        return False
    known = [
        [int(number) for number in _NUMBER.findall(value.text)]
        for value in arrival.category.values
        if value.before < first.before and _NUMBER.sub("#", value.text) == form
    ]
    return bool(known) and numbers == [*max(known)[:-1], max(known)[-1] + 1]
