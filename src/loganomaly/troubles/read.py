"""Finds what a text says that went wrong: words of trouble that are not negated, zero, a setting, or part of a path.

A clause is what stands between commas, colons, brackets and the like; a name is words without blanks between them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from loganomaly.troubles.vocabulary import Grade, Phrase, Vocabulary, load_vocabulary
from loganomaly.troubles.words import Join, Words, split_words

__all__ = ["Trouble", "find_troubles", "worst_trouble"]

_UNKNOWN = "<*>"
_CLAUSE = 6
"""Words before and after a word of trouble that are looked at."""
_LONGEST_NAME = 8
"""Words of a name that are looked at together."""
_MOST = 100
"""Phrases of a text that are looked at, the gravest first."""
_ENDS = frozenset(".;!?|\n")
"""What ends a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What a text says that went wrong.

    `word` is that of the vocabulary, in lower case, and stands at `start`. `count` is where the number stands that says
    how much of it there is, or which: if it were 0, there would be none. None where there is no such number.
    """

    grade: Grade
    word: str
    start: int
    count: tuple[int, int] | None = None


def worst_trouble(text: str) -> Trouble | None:
    """Return the worst of what a text says that went wrong, the first of several; None where nothing did.

    Examples
    --------
    >>> worst_trouble("3 retries, then ConnectionRefusedError").word
    'error'
    >>> worst_trouble("done with 0 errors") is None
    True
    """
    return max(find_troubles(text), key=lambda trouble: trouble.grade, default=None)


def find_troubles(text: str) -> tuple[Trouble, ...]:
    """Return what a text says that went wrong, in its order; the time is proportional to its length.

    `<*>` stands for a value that is not known.
    """
    vocabulary = load_vocabulary()
    words = split_words(text)
    if vocabulary.phrases.keys().isdisjoint(words.texts):
        return ()
    return tuple(_Reader(text, words, vocabulary).troubles())


@dataclass(frozen=True, slots=True)
class _Spot:
    """A phrase that stands at the words first..last, in the name from..to."""

    phrase: Phrase
    first: int
    last: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that a word has: `there` says whether there is any of it; None where that is not known."""

    there: bool | None
    count: tuple[int, int] | None = None


class _Reader:
    """Reads one text."""

    def __init__(self, text: str, words: Words, vocabulary: Vocabulary) -> None:
        self.text = text
        self.texts = words.texts
        self.words = words
        self.joins = words.joins
        self.gaps = words.gaps
        self.known = vocabulary
        self.size = len(words.texts)

    def troubles(self) -> Iterator[Trouble]:
        every = list(self._spots())
        taken = {i for spot in every for i in range(spot.first, spot.last + 1)}
        gravest = sorted(every, key=lambda spot: -spot.phrase.grade)[:_MOST]
        spots = sorted(gravest, key=lambda spot: spot.first) if len(every) > _MOST else every
        negating = {i for spot in every if len(spot.phrase.words) > 1 for i in range(spot.first, spot.last + 1)}
        for spot in spots:
            trouble = self._trouble(spot, taken=taken, negating=negating)
            if trouble is not None:
                yield trouble

    def _spots(self) -> Iterator[_Spot]:
        """Yield where phrases stand; of those that overlap, the first and longest."""
        phrases, texts, after = self.known.phrases, self.texts, 0
        begin, end = 0, -1
        for i, text in enumerate(texts):
            if i > end:  # another name begins
                begin, end = i, i
                while end + 1 < min(self.size, i + _LONGEST_NAME) and self.joins[end + 1] == Join.NAME:
                    end += 1
            if i < after or text not in phrases:
                continue
            for phrase in phrases[text]:
                size = len(phrase.words)
                last = i + size - 1
                if size == 1 or (
                    tuple(texts[i : i + size]) == phrase.words and Join.APART not in self.joins[i + 1 : i + size]
                ):
                    yield _Spot(phrase, i, last, begin, max(end, last))
                    after = last + 1
                    break

    def _trouble(self, spot: _Spot, *, taken: set[int], negating: set[int]) -> Trouble | None:
        behind = self._behind(spot)
        if behind is None or self._is_place(spot):
            return None
        value = self._value(spot, *behind)
        if value is None or value.there is False:
            return None
        before = self._before(spot, taken=taken, negating=negating)
        if before is None or before.there is False:
            return None
        grade = spot.phrase.grade
        if self._recovered(spot):
            grade = Grade.MILD if grade > Grade.MILD else Grade.NOTHING
        if grade == Grade.NOTHING:
            return None
        count = before.count or value.count
        return Trouble(grade=grade, word=spot.phrase.text, start=self.words.starts[spot.first], count=count)

    def _behind(self, spot: _Spot) -> tuple[int, bool] | None:
        """Return the last word that belongs to it, and whether a value must follow; None where it is another thing."""
        noun, told = spot.phrase.noun, self.known.told
        rest = [text for text in self.texts[spot.last + 1 : spot.end + 1] if not text[0].isdigit()]
        if any(text in self.known.knobs for text in self.texts[spot.begin : spot.first]):
            return None
        if rest and noun and any(text not in told and text not in self.known.asides for text in rest):
            return None
        if rest and not noun and (spot.first > spot.begin or rest[-1] in self.known.others):
            return None
        must = spot.phrase.code or (noun and any(text in told for text in rest))
        first = at = spot.end + 1
        while at < min(self.size, first + 2) and self.joins[at] != Join.APART:
            if self.texts[at] in told:
                must = must or noun
            elif self.texts[at] not in self.known.asides:
                break
            at += 1
        if noun and (must or at == first) and self._is_other(at):
            return None
        if not noun and not (set(self.gaps[at]) & set(":=(")):
            at = first
        return at - 1, must

    def _is_other(self, at: int) -> bool:
        """Whether word `at` makes another thing of the noun before it; "error handling the request" is an error."""
        if at >= self.size or self.joins[at] == Join.APART or self.texts[at] not in self.known.others:
            return False
        if not self.texts[at].endswith("ing") or at + 1 >= self.size or self.joins[at + 1] == Join.APART:
            return True
        return self.texts[at + 1].endswith("ed") or self.texts[at + 1] in self.known.links

    def _is_place(self, spot: _Spot) -> bool:
        """Whether it is in the name of a file, a class or an option."""
        before, after = self.gaps[spot.begin], self.gaps[spot.end + 1]
        if before.endswith(("/", "\\", "-")) or after.startswith(("/", "\\")):
            return True
        capital = self.text[self.words.starts[spot.begin]].isupper()
        if after == "." and spot.end + 1 < self.size:
            follows = self.text[self.words.starts[spot.end + 1]]
            if capital or not follows.isupper():
                return True
        return before == "." and spot.begin > 0 and not capital

    def _value(self, spot: _Spot, last: int, must: bool) -> _Value | None:  # noqa: FBT001
        """Return what value follows word `last`; None where that is a setting, or lacks though it must be there."""
        missing = None if must else _Value(there=None)
        gap, at = self.gaps[last + 1], last + 1
        marked = ":" in gap or "=" in gap
        if marked and _is_empty(gap, at_end=at == self.size):
            return _Value(there=False)
        if at >= self.size:
            return missing
        while not marked and at < min(self.size - 1, last + 4) and self.texts[at] in self.known.links:
            if self.joins[at] == Join.APART:
                return missing
            at += 1
            marked = True
        text, follows = self.texts[at], self.gaps[at + 1]
        touches = marked or self.joins[at] != Join.APART or gap.strip() == "("
        if not touches:
            return missing
        if _is_number(text):
            if spot.phrase.setting:
                return None
            count = (self.words.starts[at], self.words.ends[at])
            if not _is_zero(text):
                return _Value(there=True, count=None if text == _UNKNOWN else count)
            is_size = ":" in gap and self._goes_on(at) and not _is_plural(spot.phrase)
            return _Value(there=True) if is_size else _Value(there=False)
        if marked and text in self.known.none and (at + 1 == self.size or self.joins[at + 1] == Join.APART):
            return None if spot.phrase.setting else _Value(there=False)
        if marked and "=" not in follows:
            return _Value(there=None)
        return missing

    def _goes_on(self, at: int) -> bool:
        """Whether a word in lower case follows the number, of which nothing is told: it is what the number counts."""
        after = at + 1
        if after >= self.size or self.joins[after] != Join.CLAUSE or not self.gaps[after].isspace():
            return False
        told = after + 1 <= self.size and self.gaps[after + 1].lstrip()[:1] in {":", "="}
        return self.text[self.words.starts[after]].islower() and not told

    def _before(self, spot: _Spot, *, taken: set[int], negating: set[int]) -> _Value | None:
        """Return what is said before it; None where it is negated, or has not happened."""
        others, over = 0, False
        for steps, i in enumerate(range(spot.begin - 1, -1, -1)):
            if self.joins[i + 1] == Join.APART or steps >= _CLAUSE:
                break
            text = self.texts[i]
            if text in self.known.conditions and i not in negating:
                return None
            if over:
                continue
            near = others == 0
            if near and spot.phrase.noun and text in self.known.occasions:
                return None
            if near and text == "for" and i > 0 and self.texts[i - 1] in self.known.searches:
                return None
            if others <= 1 and text in self.known.negators and i not in taken:
                return None
            if _is_number(text):
                number = self._number(i, spot, near=near)
                if number is not None:
                    return number
                over = True
            elif i in negating:
                over = True
            elif text not in self.known.fillers and i not in taken:
                others += 1
                over = others > (3 if _is_plural(spot.phrase) else 1)
        return _Value(there=None)

    def _number(self, i: int, spot: _Spot, *, near: bool) -> _Value | None:
        """Return the count that the number at word i is; None where it is none (device 0, 12:30:00)."""
        while i >= 1 and self.texts[i - 1][0].isdigit() and self.gaps[i] == "/":
            i -= 1
        if i >= 2 and self.texts[i - 1] == "of" and self.texts[i - 2][0].isdigit():
            i -= 2
        if (self.gaps[i] and self.gaps[i][-1] not in " \t([{\"'`,;|\n") or (self.gaps[i] == "" and i > 0):
            return None
        clause = i == 0 or self.joins[i] == Join.APART
        if not (clause or (near and _is_plural(spot.phrase)) or self._is_counted(i - 1)):
            return None
        text = self.texts[i]
        if text == _UNKNOWN:
            return _Value(there=True)
        return _Value(there=not _is_zero(text), count=(self.words.starts[i], self.words.ends[i]))

    def _is_counted(self, i: int) -> bool:
        """Whether what stands after word i is a count: 10 passed 0 failed."""
        if self.texts[i] in self.known.counted or self.texts[i][0].isdigit():
            return True
        return i > 0 and self.texts[i - 1][0].isdigit() and self.joins[i] == Join.CLAUSE

    def _recovered(self, spot: _Spot) -> bool:
        """Whether the sentence goes on, or the clause begins, with words that somebody took care of it."""
        for i in range(spot.end + 1, min(self.size, spot.end + 1 + _CLAUSE)):
            if set(self.gaps[i]) & _ENDS:
                break
            if self._is_recovery(i):
                return True
        for i in range(spot.begin - 1, max(-1, spot.begin - 1 - _CLAUSE), -1):
            if self.joins[i + 1] == Join.APART:
                break
            if self._is_recovery(i):
                return True
        return False

    def _is_recovery(self, i: int) -> bool:
        if self.texts[i] not in self.known.recoveries:
            return False
        return not any(
            self.texts[k] in self.known.unrecovered or self.texts[k].endswith("n't") for k in range(max(0, i - 3), i)
        )


def _is_number(text: str) -> bool:
    return text == _UNKNOWN or text[0].isdigit()


def _is_plural(phrase: Phrase) -> bool:
    return phrase.noun and phrase.text.endswith("s")


def _is_zero(number: str) -> bool:
    return not number.strip("0xX.,")


def _is_empty(gap: str, *, at_end: bool) -> bool:
    """Whether nothing stands as the value: error= next, "error": "", errors=[]."""
    mark = min(place for place in (gap.find("="), gap.find(":")) if place >= 0)
    rest = gap[mark + 1 :]
    if rest.lstrip().startswith(('""', "''", "[]", "{}")):
        return True
    return gap.startswith("=") and (rest[:1].isspace() or rest[:1] in {*",;&)"} or (at_end and not rest))
