"""Where the parameters of templates, and the fields of their records, stand in the profile."""

from collections.abc import Iterator, Sequence

import polars as pl

from loganomaly.case import Case
from loganomaly.profile_tables import FIELD_SLOTS

__all__ = ["field_places", "parameter_places"]


def parameter_places(case: Case, numbers: Sequence[int]) -> pl.DataFrame:
    """Return where parameters stand: number, position, shape, slot (-1 where it is none), word, and its records."""
    shapes = {shape.id: shape for shape in case.shapes}

    def rows() -> Iterator[tuple[int, int, int, int, str | None, int]]:
        for number in numbers:
            template = case.templates[number]
            for id_ in template.shapes:
                shape = shapes.get(id_)
                if shape is None:  # learnt in an earlier run, and not seen in this one
                    continue
                ends = {last - 1: token for token, last in enumerate(shape.tokens.first[1:])}
                for position, (last, _) in enumerate(template.spans[id_]):
                    token = ends.get(last)
                    if token is None:
                        continue
                    word = None if shape.tokens.slots[token] else shape.tokens.texts[token]
                    yield number, position, id_, shape.slot_numbers[token], word, shape.records

    schema = {"number": pl.Int64, "position": pl.Int64, "shape": pl.UInt64, "slot": pl.Int64, "text": pl.String}
    return pl.DataFrame(list(rows()), schema=schema | {"records": pl.Int64}, orient="row")


def field_places(case: Case, numbers: Sequence[int]) -> pl.DataFrame:
    """Return the fields of templates as `parameter_places` does, with their slots as positions, and their names."""
    wanted = case.members.filter(pl.col("number").is_in(list(numbers)))
    return (
        case.profile.slots.filter(pl.col("slot") >= FIELD_SLOTS)
        .join(wanted, on="shape")
        .join(case.profile.fields.select("slot", "name"), on="slot")
        .select(
            "number",
            pl.col("slot").alias("position"),
            "shape",
            "slot",
            pl.lit(None, dtype=pl.String).alias("text"),
            pl.lit(0, dtype=pl.Int64).alias("records"),
            "name",
        )
    )
