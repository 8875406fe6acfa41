"""Values whose name says that they are secret or personal: in delimited text, nothing in the row itself tells so."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loganomaly.reading.fields import Fields, field_kinds
from loganomaly.reading.paths import field_name
from loganomaly.reading.program import Op, Tables
from loganomaly.reading.records import Records
from loganomaly.redaction.names import is_telling, named_value
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
    """Yield what values of fields hold that only their name tells to be secret, in order."""
    _, first, which = np.unique(fields.keys, return_index=True, return_inverse=True)
    rows = np.searchsorted(fields.first, first, side="right") - 1
    names = [
        field_name(data, records, tables, row=row, start=start)
        for row, start in zip(rows.tolist(), fields.starts[first].tolist(), strict=True)
    ]
    telling = np.array([is_telling(name) for name in names], np.bool_)
    if not telling.any():
        return
    for i in np.flatnonzero(telling[which]).tolist():
        begin = int(fields.starts[i])
        found = named_value(names[which[i]], data[begin : int(fields.ends[i])].tobytes())
        if found is not None:
            kind, start, end = found
            yield NamedSecret(int(np.searchsorted(fields.first, i, side="right")) - 1, kind, begin + start, begin + end)


def secrets_in_columns(data: bytes, tables: Tables) -> list[NamedSecret]:
    """Return the values in lines of delimited text whose columns say that they are secret."""
    array = np.frombuffer(data, np.uint8)
    records, fields, *_ = read_whole(array, tables, bounds=None)
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
