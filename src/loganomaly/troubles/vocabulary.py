"""The words of trouble, and those that take it back: a data file with samples."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import Any

from loganomaly.yaml_text import read_yaml

__all__ = ["Grade", "Phrase", "Vocabulary", "load_samples", "load_vocabulary"]


class Grade(IntEnum):
    """How bad it is that a text says so, in rising order: about a warning, an error, and a critical error."""

    NOTHING = 0
    MILD = 1
    BAD = 2
    GRAVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One or more words, lower case, of a grade.

    A `noun` becomes another thing by what follows; a `setting` is none if a number follows; a `code` is none unless a
    number other than 0 follows.
    """

    words: tuple[str, ...]
    grade: Grade
    noun: bool = False
    setting: bool = False
    code: bool = False

    @property
    def text(self) -> str:
        """The words, as they are said."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The phrases by their first word, the longest first, and the sets of the data file, which says what they mean."""

    phrases: Mapping[str, tuple[Phrase, ...]]
    others: frozenset[str]
    told: frozenset[str]
    asides: frozenset[str]
    negators: frozenset[str]
    fillers: frozenset[str]
    conditions: frozenset[str]
    occasions: frozenset[str]
    knobs: frozenset[str]
    searches: frozenset[str]
    recoveries: frozenset[str]
    unrecovered: frozenset[str]
    none: frozenset[str]
    links: frozenset[str]
    counted: frozenset[str]

    def needles(self) -> list[str]:
        """Return pieces of text, lower case, one of which stands in whatever text has trouble."""
        return sorted({max(phrase.words, key=len) for same in self.phrases.values() for phrase in same})


def _read() -> Any:
    return read_yaml(resources.files("loganomaly.troubles").joinpath("troubles.yaml").read_text(encoding="utf-8"))


@cache
def load_vocabulary() -> Vocabulary:
    """Return the vocabulary of the data file."""
    data = _read()
    phrases: dict[str, list[Phrase]] = {}
    for name, kinds in data["grades"].items():
        grade = Grade[name.upper()]
        found = [
            *(Phrase(words=(w,), grade=grade, noun=True) for w in kinds["nouns"].split()),
            *(Phrase(words=(w,), grade=grade) for w in kinds["states"].split()),
            *(Phrase(words=tuple(text.split()), grade=grade) for text in kinds["phrases"]),
        ]
        for phrase in found:
            known = replace(phrase, setting=phrase.text in data["settings"])
            phrases.setdefault(phrase.words[0], []).append(known)
    for text in data["codes"]:
        phrase = Phrase(words=tuple(text.split()), grade=Grade.BAD, code=True)
        phrases.setdefault(phrase.words[0], []).append(phrase)
    return Vocabulary(
        phrases={
            first: tuple(sorted(same, key=lambda phrase: -len(phrase.words))) for first, same in sorted(phrases.items())
        },
        **{
            name: frozenset(str(words).split())
            for name, words in data.items()
            if name not in {"grades", "codes", "settings", "samples"}
        },
    )


def load_samples() -> dict[Grade, tuple[str, ...]]:
    """Return texts of each grade: the samples of the data file."""
    return {Grade[name.upper()]: tuple(texts) for name, texts in _read()["samples"].items()}
