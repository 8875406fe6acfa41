"""The fields of rows as text: names, types and values, without secrets."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from loganomaly.mining.covering import masked
from loganomaly.mining.masks import builtin_masks
from loganomaly.mining.tokenise import tokenise_all
from loganomaly.mining.tokens import LONGEST_MESSAGE
from loganomaly.reading.fields import Fields
from loganomaly.reading.paths import field_name
from loganomaly.reading.program import Tables
from loganomaly.reading.records import Records
from loganomaly.redaction.kinds import default_kinds
from loganomaly.redaction.names import hide_value, is_telling
from loganomaly.redaction.secrets import redact
from loganomaly.scan.anchors import AnchorTables, anchor_tables
from loganomaly.scan.candidates import candidates

__all__ = ["FIELD_NAMES", "described_fields"]

FIELD_NAMES = ("name", "type", "value")


def described_fields(
    data: NDArray[np.uint8], records: Records, fields: Fields, tables: Tables
) -> list[list[dict[str, str]]]:
    """Return the name, type and value of each record's fields, in order.

    A type is the name of the mask that covers a value, else "text". What is a secret by its name or its text is masked.
    """
    values = [
        data[start:end].tobytes().decode(errors="replace")
        for start, end in zip(fields.starts.tolist(), fields.ends.tolist(), strict=True)
    ]
    names = _names(data, records, fields, tables)
    keys = fields.keys.tolist()
    for i in _suspects(data, fields, [is_telling(names[key]) for key in keys]):
        values[i] = redact(hide_value(names[keys[i]], values[i]))
    types = _types(values)
    first = fields.first.tolist()
    return [
        [
            {"name": names[keys[i]], "type": types[values[i]], "value": values[i]}
            for i in range(first[row], first[row + 1])
        ]
        for row in range(len(first) - 1)
    ]


def _names(data: NDArray[np.uint8], records: Records, fields: Fields, tables: Tables) -> dict[int, str]:
    """Return the name of each key, as it is written first."""
    distinct, first = np.unique(fields.keys, return_index=True)
    rows = np.searchsorted(fields.first, first, side="right") - 1
    return {
        key: redact(field_name(data, records, tables, row=row, start=start))
        for key, row, start in zip(distinct.tolist(), rows.tolist(), fields.starts[first].tolist(), strict=True)
    }


def _suspects(data: NDArray[np.uint8], fields: Fields, named: list[bool]) -> list[int]:
    """Return the fields that may hold secrets: by their name, or by words in their value."""
    found = np.array(named, np.bool_)
    found[candidates(data, fields.starts, fields.ends, _anchors())[0]] = True
    return np.flatnonzero(found).tolist()


@cache
def _anchors() -> AnchorTables:
    return anchor_tables(default_kinds())


def _types(values: Iterable[str]) -> dict[str, str]:
    """Return the type of each distinct value: the mask that covers all of it, or text."""
    distinct = list(dict.fromkeys(values))
    tokens = list(tokenise_all([value.encode() for value in distinct]))
    covered = masked(tokens, builtin_masks())
    return {
        value: read.types[0] or "text"
        if len(read.texts) == 1 and read.texts[0] == value and len(value) <= LONGEST_MESSAGE
        else "text"
        for value, read in zip(distinct, covered, strict=True)
    }
