"""Values of fields whose name says that they are secret: in delimited text, nothing in the row itself tells so."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.fields import Fields, field_kinds
from loganomaly.reading.paths import field_name
from loganomaly.reading.program import Op, Tables
from loganomaly.reading.records import Records
from loganomaly.redaction.checks import is_stand_in
from loganomaly.redaction.secrets import secret_name
from loganomaly.scan.whole import read_whole

__all__ = ["NamedSecret", "has_columns", "hide_columns", "named_secrets", "secrets_in_columns"]


class NamedSecret(NamedTuple):
    """A value data[start:end] of a record, by its row, and the kind of secret that its name tells."""

    row: int
    kind: str
    start: int
    end: int


def has_columns(tables: Tables) -> bool:
    """Return whether a source may be delimited text, the names of whose values stand in its header alone."""
    return bool((field_kinds(tables) == int(Op.DELIMITED)).any())


def named_secrets(data: NDArray[np.uint8], records: Records, fields: Fields, tables: Tables) -> Iterator[NamedSecret]:
    """Yield the values of fields whose name says that they are secret, but those that stand for one, in order."""
    _, first, which = np.unique(fields.keys, return_index=True, return_inverse=True)
    rows = np.searchsorted(fields.first, first, side="right") - 1
    kinds = [
        secret_name(field_name(data, records, tables, row=row, start=start))
        for row, start in zip(rows.tolist(), fields.starts[first].tolist(), strict=True)
    ]
    if not any(kinds):
        return
    telling = np.array([kind is not None for kind in kinds], np.bool_)[which]
    for i in np.flatnonzero(telling).tolist():
        start, end = int(fields.starts[i]), int(fields.ends[i])
        kind = kinds[which[i]]
        if kind is not None and not is_stand_in(data[start:end].tobytes().decode("utf-8", errors="replace")):
            yield NamedSecret(int(np.searchsorted(fields.first, i, side="right")) - 1, kind, start, end)


def secrets_in_columns(data: bytes, tables: Tables) -> list[NamedSecret]:
    """Return the values in lines of delimited text whose columns say that they are secret."""
    array = np.frombuffer(data, np.uint8)
    records, fields, _ = read_whole(array, tables, bounds=None)
    return [] if fields is None else list(named_secrets(array, records, fields, tables))


def hide_columns(data: bytes, tables: Tables) -> bytes:
    """Return lines of delimited text with ``<KIND>`` in the place of what its columns say is secret."""
    if not has_columns(tables):
        return data
    parts, at = [], 0
    for secret in secrets_in_columns(data, tables):
        parts += [data[at : secret.start], f"<{secret.kind}>".encode()]
        at = secret.end
    return b"".join([*parts, data[at:]])
