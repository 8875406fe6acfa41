"""What the messages of a case say that went wrong: words are read once per shape, numbers are those of all records."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganomaly.case import Case
from loganomaly.findings import Location
from loganomaly.mining.shape import PARAMETER
from loganomaly.mining.tokenise import Tokens, tokenise_all
from loganomaly.profile import LEVEL_COLUMNS, unplace
from loganomaly.profile_tables import FIELD_SLOTS
from loganomaly.reading.program import Level
from loganomaly.redaction.secrets import redact
from loganomaly.scan.bins import ZERO_BIN
from loganomaly.troubles import Grade, find_troubles
from loganomaly.troubles.vocabulary import load_vocabulary
from loganomaly.wording import decoded

__all__ = ["Spoken", "read_spoken"]

_LONGEST = 4096
"""Bytes of a message that are read."""
_UNIT = re.compile(r"[A-Za-z%]{0,3}$")
_SOME = "7"
"""Stands in a message for numbers that are not always 0: how large they are does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What the messages of one shape of template `number` say that went wrong, at its worst.

    `records` say so, and `level` is that of most records of the shape. Where what they say depends on a number that is
    0 in others, `value` is the largest and `place` that of its line; without, `place` is the first.
    """

    number: int
    grade: Grade
    word: str
    records: int
    level: int
    place: Location
    value: float | None = None


_Slots = Mapping[int, Mapping[str, Any]]
"""Rows of the profile's table of slots, and the records in which the number is 0, by the number of the slot."""


def read_spoken(case: Case) -> list[Spoken]:
    """Return what is said, one entry for each shape that says something, in the order of templates and shapes."""
    shapes = _candidates(case)
    slots: defaultdict[int, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for row in _slots(case, shapes).iter_rows(named=True):
        slots[row["shape"]][row["slot"]] = row
    leaky = set(case.profile.leaks["shape"].unique().to_list())
    rows = shapes.iter_rows(named=True)
    tokens = tokenise_all([sample[:_LONGEST] for sample in shapes["sample"]])
    read = (
        _read(row, each, slots[row["shape"]], leaky=row["shape"] in leaky)
        for row, each in zip(rows, tokens, strict=True)
    )
    return [spoken for spoken in read if spoken is not None]


def _candidates(case: Case) -> pl.DataFrame:
    """Return the shapes in whose messages words of trouble may stand."""
    levels = pl.concat_list(reversed(LEVEL_COLUMNS)).list.arg_max().cast(pl.Int64)
    shapes = (
        case.profile.shapes.sort("shape", "source", "first_line")
        .group_by("shape", maintain_order=True)
        .agg(pl.col("records", *LEVEL_COLUMNS).sum(), pl.col("sample", "source", "first_line", "first_offset").first())
        .join(case.members, on="shape")
        .with_columns(level=pl.lit(int(Level.CRITICAL)) - levels)
        .sort("number", "shape")
    )
    texts = pl.Series([decoded(sample) for sample in shapes["sample"]], dtype=pl.String)
    return shapes.filter(texts.str.contains_any(load_vocabulary().needles(), ascii_case_insensitive=True))


def _slots(case: Case, shapes: pl.DataFrame) -> pl.DataFrame:
    """Return the slots of the shapes, with the records in which each is 0."""
    slots = case.profile.slots.filter(pl.col("slot") < FIELD_SLOTS).join(shapes.select("shape"), on="shape", how="semi")
    zeros = case.profile.bins.filter(pl.col("bin") == ZERO_BIN).select("shape", "slot", pl.col("count").alias("zeros"))
    return slots.join(zeros, on=["shape", "slot"], how="left").with_columns(pl.col("zeros").fill_null(0))


def _read(shape: Mapping[str, Any], tokens: Tokens, slots: _Slots, *, leaky: bool) -> Spoken | None:
    """Return the worst that a shape says, rather without a number; None where it says nothing."""
    text, places = _with_values(tokens, slots)
    troubles = find_troubles(text)
    if troubles and leaky:  # what stands in a secret is not told
        outside = {trouble.word for trouble in find_troubles(redact(tokens.message()))}
        troubles = tuple(trouble for trouble in troubles if trouble.word in outside)
    if not troubles:
        return None
    grade = max(trouble.grade for trouble in troubles)
    worst = [trouble for trouble in troubles if trouble.grade == grade]
    by_number = [places.get(trouble.count[0]) if trouble.count else None for trouble in worst]
    common = {"number": shape["number"], "grade": grade, "level": shape["level"]}
    first = Location(source=shape["source"], line=shape["first_line"], offset=shape["first_offset"])
    if None in by_number:
        word = worst[by_number.index(None)].word
        return Spoken(**common, word=word, records=shape["records"], place=first)
    counts = [(slots[slot], trouble.word) for slot, trouble in zip(by_number, worst, strict=True) if slot is not None]
    row, word = max(counts, key=lambda entry: (entry[0]["numbers"] - entry[0]["zeros"], -entry[0]["slot"]))
    end = "high" if row["high"] > 0 else "low"
    source, line = unplace(row[f"{end}_line"])
    return Spoken(
        **common,
        word=word,
        records=row["numbers"] - row["zeros"],
        place=Location(source=source, line=line, offset=unplace(row[f"{end}_offset"])[1]),
        value=row[end],
    )


def _with_values(tokens: Tokens, slots: _Slots) -> tuple[str, dict[int, int]]:
    """Return a message of which every record is an example, and the slots of the numbers in it by where they stand.

    A number is 0 where it always is; what varies and is no number is unknown.
    """
    parts, places, position, slot = [tokens.gaps[0]], {}, len(tokens.gaps[0]), -1
    for text, is_slot, gap in zip(tokens.texts, tokens.slots, tokens.gaps[1:], strict=True):
        said = text
        if is_slot:
            slot += 1
            row = slots.get(slot)
            said = PARAMETER if row is None else _value(text, row)
            if row is not None and row["numbers"]:
                places[position] = slot
        parts += [said, gap]
        position += len(said) + len(gap)
    return "".join(parts), places


def _value(text: str, row: Mapping[str, Any]) -> str:
    if row["numbers"] and row["numbers"] == row["records"]:
        unit = _UNIT.search(text)
        return ("0" if row["low"] == 0 == row["high"] else _SOME) + (unit.group() if unit else "")
    return text if row["lowest"] == row["highest"] else PARAMETER
