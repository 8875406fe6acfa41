"""Infers the layout of lines that no known format reads, from where the timestamp and the severity stand."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np

from loganomaly.reading.formats import BARE_TIMES, Layout, data_file, timestamp_patterns
from loganomaly.reading.program import Tables
from loganomaly.reading.tables import build_tables, with_zones
from loganomaly.reading.trials import find_times
from loganomaly.reading.zones import Zone

__all__ = ["infer_layouts"]

_HEAD = 160  # bytes within which a header's timestamp begins
_MOST = 12  # layouts proposed
_FIELDS = 6  # header fields between timestamp and severity
_WEAK = BARE_TIMES  # read much that is not a timestamp: only at a place where most lines have one
_COMMON = frozenset({"trace", "debug", "info", "notice", "warn", "warning", "error", "fatal", "critical"})
_WORD_IN_MARKS = re.compile(r"([\[(<|:]?)([A-Za-z]{1,13})([\])>|:]*)")
# The letters that show a column to be a severity, where most lines have one there; the others are read all the same.
_LETTERS = frozenset("DIW")
_PROSE = 3  # words before the timestamp from which on they are the message where nothing but marks follows it
_DELIMITERS = re.compile(r"([\s|\[\](),;:\"'<>=#]+)")
_OPENING = re.compile(r"[\s|\],;:)\"'\-]*")
_BLANKS, _WORD, _LETTER, _LETTERS_TWICE = (re.compile(text) for text in (r"\s+", r"\w", "[A-Za-z]", "[A-Za-z]{2}"))


@cache
def _times() -> tuple[tuple[str, ...], Tables]:
    patterns = timestamp_patterns()
    layouts = [Layout(format="inferred", text="{time}{begin}", time=pattern) for pattern in patterns]
    return patterns, build_tables(layouts)


@cache
def _level_words() -> frozenset[str]:
    return frozenset(word for words in data_file("levels.yaml").values() for word in words)


def infer_layouts(lines: Sequence[bytes], *, zones: Sequence[Zone] = ()) -> list[Layout]:
    """Propose layouts for `lines`, most common first; those that fit too few lines are for the caller to drop.

    `zones` are those that the lines name in full.
    """
    patterns, tables = _times()
    tables = with_zones(tables, zones)
    strong: Counter[tuple[str, str]] = Counter()
    weak: Counter[tuple[str, str]] = Counter()
    lettered: Counter[tuple[str, str]] = Counter()
    for line, (start, end, program) in zip(lines, _timestamps(lines, patterns, tables), strict=True):
        if program < 0:
            continue
        pattern = patterns[program]
        before, after = line[:start].decode(errors="replace"), line[end:].decode(errors="replace")
        prose = pattern not in _WEAK
        front = _front(before)
        if front is None:
            continue
        fields, words = front
        if prose and words >= _PROSE and not _WORD.search(after):
            (weak if pattern in _WEAK else strong)["{begin}" + fields + "{time}", pattern] += 1
            continue
        text = fields + "{time}" + _rest(after, letters=False)
        (weak if pattern in _WEAK else strong)[text, pattern] += 1
        with_letter = fields + "{time}" + _rest(after, letters=True)
        if with_letter != text:
            lettered[with_letter, pattern] += 1
    enough = len(lines) // 2
    proposed = [key for key, _ in strong.most_common(_MOST)]
    for rare in (weak, lettered):
        proposed += [key for key, count in rare.most_common(2) if count > enough]
    return [Layout(format="inferred", text=text, time=pattern) for text, pattern in proposed]


def _timestamps(lines: Sequence[bytes], patterns: Sequence[str], tables: Tables) -> list[list[int]]:
    """Return where the first timestamp of each line's head begins and ends, and its pattern; a full date wins."""
    heads = [line[: _HEAD * 2] for line in lines]
    ends = np.cumsum([len(head) for head in heads], dtype=np.int64)
    starts = ends - np.array([len(head) for head in heads], np.int64)
    weak = np.array([pattern in _WEAK for pattern in patterns])
    found = find_times(np.frombuffer(b"".join(heads), np.uint8), starts, ends, weak, _HEAD, tables)
    found[:, :2] -= starts[:, None]
    return [[int(number) for number in row] for row in found]


@lru_cache(maxsize=1 << 12)
def _front(before: str) -> tuple[str, int] | None:
    """Write a layout for the text before the timestamp, and count its words; None where it is no header."""
    if any(c in before for c in '{}?"'):
        return None
    pieces = _DELIMITERS.split(before)
    fields = [_field(piece) for piece in pieces]
    if sum(field.startswith("{") for field in fields) > _FIELDS * 2:
        return None
    return "".join(fields), sum(bool(_LETTERS_TWICE.search(piece)) for piece in pieces)


def _field(piece: str) -> str:
    if not piece:
        return ""
    if _DELIMITERS.fullmatch(piece):
        return " " if piece.isspace() else _BLANKS.sub(" ", piece)
    return "{level}" if piece.lower() in _level_words() else "{field}"


def _names_level(word: str) -> bool:
    """Whether a word among others is a severity: "log" or "note" in small letters is not."""
    return word.lower() in _level_words() and (word.isupper() or word.lower() in _COMMON)


def _level(word: str, *, letters: bool) -> str | None:
    """Write the layout of a word that is a severity, in marks perhaps: ``[ERR]``, ``WARN:``, ``I``."""
    found = _WORD_IN_MARKS.fullmatch(word)
    if found is None:
        return None
    opening, name, closing = found.groups()
    if _names_level(name):
        return opening + "{level}" + closing
    return opening + "{level1}" + closing if letters and name in _LETTERS else None


def _rest(after: str, *, letters: bool) -> str:
    """Write the layout of what follows the timestamp: fields up to a severity word, then the message."""
    opening = _OPENING.match(after)
    glue = _BLANKS.sub(" ", opening.group() if opening else "")
    body = after[len(opening.group()) if opening else 0 :]
    separator = "|" if glue.strip() == "|" else "::" if glue.strip() == "::" else " "
    if separator == " ":
        words = body.split(None, _FIELDS)
        for place, word in enumerate(words[:_FIELDS]):
            level = _level(word, letters=letters)
            if level:
                fields = ["{field}"] * place
                # A process number or a dash is no component.
                if place and _LETTER.search(words[place - 1]) and "level1" not in level:
                    fields[-1] = "{component}"
                return glue + " ".join([*fields, level, "{message}"])
        return glue + "{message}" if glue else " {message}"
    cells = body.split(separator)
    kept: list[str] = []
    for cell in cells[:-1][:_FIELDS]:
        if not cell.strip() or " " in cell.strip():
            break
        word = cell.strip().lower()
        named = "{component}" in "".join(kept)
        field = "{level}" if word in _level_words() else "{field}" if named or word.isdigit() else "{component}"
        kept.append(" " * cell[0].isspace() + field + " " * cell[-1].isspace())
    return glue + separator.join([*kept, "{message}"])
