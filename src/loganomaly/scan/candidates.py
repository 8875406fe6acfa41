"""Picks the records that may hold what is searched for: those with one of its anchors where it counts. Compiled.

It may pick records that hold nothing, never the other way round: patterns are tried only on what is picked here. Each
byte costs a look at two tables, by the last three and the last four bytes: branches that are hard to foresee would
cost more.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.kernels import njit
from loganomaly.reading.moulds import Moulds
from loganomaly.redaction.views import MOST_VIEWS
from loganomaly.scan.anchors import AnchorTables
from loganomaly.scan.forms import ESCAPE, form_at, form_of_text, rests_on_digits
from loganomaly.scan.unescape import unescape

__all__ = ["Picked", "candidates"]

Picked = tuple[NDArray[np.int64], NDArray[np.int32]]
"""Rows, in order, and for each an owner whose anchor it has; no pair comes twice."""

_CLOSERS = 10  # bytes between a name and the sign that gives it a value: quotes, brackets, blanks
_NAME_GOES_ON = 32  # bytes of a name behind the text that makes it one: secret_access_key
_DIGIT_WITHIN = 48  # bytes behind the name of a number


def candidates(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    tables: AnchorTables,
    *,
    moulds: Moulds | None = None,
) -> Picked:
    """Return which rows, data[starts[i]:ends[i]], have an anchor of which owners, with escapes or without.

    With their `moulds`, one row is searched for all that differ from it in digits, unless these count.
    """
    if moulds is None:
        return _each(data, starts, ends, tables)
    models, owners, alone = _models(data, starts[moulds.first], ends[moulds.first], tables)
    rows = np.flatnonzero(alone[moulds.ids])
    of_rows, own = _each(data, starts[rows], ends[rows], tables)
    kept = ~alone[models]
    return _spread(moulds.ids, models[kept], owners[kept], rows[of_rows], own)  # type: ignore[no-any-return]


def _each(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], tables: AnchorTables) -> Picked:
    """Return which rows have an anchor of which owners: each is searched."""
    rows, owners, escaped = _picked(data, starts, ends, tables)
    found = [rows * tables.owners + owners]
    places, starts, ends = escaped, starts[escaped], ends[escaped]
    for level in range(MOST_VIEWS):
        if not len(places):
            break
        data, starts, ends, changed = unescape(data, starts, ends, plus=level == 0)
        places, starts, ends = places[changed], starts[changed], ends[changed]
        rows, owners, escaped = _picked(data, starts, ends, tables)
        found.append(places[rows] * tables.owners + owners)
        places, starts, ends = places[escaped], starts[escaped], ends[escaped]
    pairs = found[0] if len(found) == 1 else np.unique(np.concatenate(found))
    return pairs // tables.owners, (pairs % tables.owners).astype(np.int32)


def _picked(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], tables: AnchorTables
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return rows, owners, and the rows in which an escape may stand."""
    size = len(starts) + 1024
    none = np.zeros(0, np.bool_)
    while True:
        rows, owners, count = _search(data, starts, ends, *tables, size, none)
        if count <= size:
            break
        size = count
    rows, owners = rows[:count], owners[:count].astype(np.int64)
    escaped = owners == tables.owners
    return rows[~escaped], owners[~escaped], rows[escaped]


def _models(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], tables: AnchorTables
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
    """Return rows, owners, and which rows do not speak for those with other digits; of these it says nothing."""
    size, alone = len(starts) + 1024, np.zeros(len(starts), np.bool_)
    while True:
        rows, owners, count = _search(data, starts, ends, *tables, size, alone)
        if count <= size:
            return rows[:count], owners[:count], alone
        size = count


@njit(nogil=True, cache=True)
def _spread(ids: Any, models: Any, owners: Any, rows: Any, own: Any) -> Any:
    """Return the rows of these models with the owners of each, and the rows that were searched, all in order."""
    first = np.zeros(ids.max() + 2 if len(ids) else 1, np.int64)
    for model in models:
        first[model + 1] += 1
    for model in range(len(first) - 1):
        first[model + 1] += first[model]
    total = len(rows)
    for row in range(len(ids)):
        total += first[ids[row] + 1] - first[ids[row]]
    out, found, n, k = np.empty(total, np.int64), np.empty(total, np.int32), 0, 0
    for row in range(len(ids)):
        for i in range(first[ids[row]], first[ids[row] + 1]):
            out[n], found[n] = row, owners[i]
            n += 1
        while k < len(rows) and rows[k] == row:
            out[n], found[n] = row, own[k]
            n += 1
            k += 1
    return out, found


@njit(nogil=True, cache=True)
def _search(
    data: Any, starts: Any, ends: Any, classes: Any, events: Any, begins: Any, first: Any, hashes: Any, texts: Any,
    text_start: Any, offset: Any, rule: Any, least: Any, owner: Any, forms: Any, owners: Any, size: Any, alone: Any,
) -> Any:  # fmt: skip
    """Return rows, owners and how many there are, which may be more than were kept.

    `alone` becomes True for rows of which others with other digits may have other owners; empty, nobody asks for them.
    """
    rows, found = np.empty(size, np.int64), np.empty(size, np.int32)
    seen = np.full(owners + 1, -1, np.int64)
    count = 0
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        value, four = np.int64(0), np.int64(0)
        for i in range(start, end):
            kind = np.int64(classes[data[i]])
            value = ((value << 5) | (kind & 31)) & 0x7FFF
            four = ((four << 3) | (kind >> 5)) & 0xFFF
            # Most numbers are no fourteen digits long, a sign among them or not: a call costs more.
            if events[four] and (
                events[four] == 1 or (i + 11 < end and (48 <= data[i + 10] <= 57 or 48 <= data[i + 11] <= 57))
            ):
                mine = form_at(data, start, i, end, forms)
                if len(alone) and (mine == ESCAPE or rests_on_digits(data, start, i, end)):
                    alone[row] = True
                    break
                if mine == ESCAPE:
                    mine = owners
                if mine >= 0 and seen[mine] != row:
                    seen[mine] = row
                    if count < size:
                        rows[count], found[count] = row, mine
                    count += 1
            if begins[value]:
                text = first[value]
                while hashes[text] == value:
                    mine, at = owner[text], i - 2 - offset[text]
                    if (
                        len(alone)
                        and at >= start
                        and at + text_start[text + 1] - text_start[text] <= end
                        and _is_text_but_digits(data, at, texts, text_start[text], text_start[text + 1])
                    ):
                        alone[row] = True
                        break
                    if (
                        seen[mine] != row
                        and at >= start
                        and at + text_start[text + 1] - text_start[text] <= end
                        and _is_text(data, at, texts, text_start[text], text_start[text + 1])
                        and _counts(
                            data, start, at, at + text_start[text + 1] - text_start[text], end, rule[text], least[text]
                        )
                    ):
                        seen[mine] = row
                        if count < size:
                            rows[count], found[count] = row, mine
                        count += 1
                    text += 1
                if len(alone) and alone[row]:
                    break
    return rows, found, count


@njit(nogil=True, cache=True)
def _is_text(data: Any, at: Any, texts: Any, first: Any, last: Any) -> Any:
    """Whether texts[first:last] stands at `at`; letters in any case."""
    for k in range(last - first):
        byte = data[at + k]
        if 65 <= byte <= 90:
            byte |= 32
        if byte != texts[first + k]:
            return False
    return True


@njit(nogil=True, cache=True)
def _is_text_but_digits(data: Any, at: Any, texts: Any, first: Any, last: Any) -> Any:
    """Whether texts[first:last], which has a digit, stands at `at` with whatever digits."""
    digits = False
    for k in range(last - first):
        byte, wanted = data[at + k], texts[first + k]
        if 65 <= byte <= 90:
            byte |= 32
        if 48 <= wanted <= 57 and 48 <= byte <= 57:
            digits = True
        elif byte != wanted:
            return False
    return digits


@njit(nogil=True, cache=True)
def _counts(data: Any, start: Any, at: Any, behind: Any, end: Any, rule: Any, least: Any) -> Any:
    """Whether a text at data[at:behind] stands where its rule wants it."""
    if rule == 3:
        return form_of_text(data, start, at, end, least)
    if rule == 2:
        return _is_given_value(data, start, at, behind, end)
    if rule == 0:
        return _begins_token(data, start, at) and at + least <= end and _is_token(data, behind, at + least)
    if not least and (not _begins_token(data, start, at) or (behind < end and 97 <= data[behind] <= 122)):
        return False
    for k in range(behind, min(end, behind + _DIGIT_WITHIN)):
        if 48 <= data[k] <= 57:
            return True
    return False


@njit(nogil=True, cache=True)
def _is_word(byte: Any) -> Any:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


@njit(nogil=True, cache=True)
def _begins_token(data: Any, start: Any, at: Any) -> Any:
    r"""Whether no letter or digit stands before, or one of an escape: %3D, \n; rules may be about what is written."""
    if at == start or not _is_word(data[at - 1]):
        return True
    return (at - start >= 2 and data[at - 2] == 92) or (at - start >= 3 and data[at - 3] == 37)


@njit(nogil=True, cache=True)
def _is_token(data: Any, at: Any, end: Any) -> Any:
    """Whether data[at:end] may be part of a token: it holds no blank, quote or bracket."""
    for k in range(at, end):
        byte = data[k]
        if byte <= 34 or byte == 39 or byte == 44 or byte == 59 or byte == 60 or byte == 62:
            return False
    return True


@njit(nogil=True, cache=True)
def _is_given_value(data: Any, start: Any, at: Any, behind: Any, end: Any) -> Any:
    """Whether a name that has its text in data[at:behind] is given a value, by a sign, a quote, or as an option is."""
    k = behind
    while (
        k < end
        and k < behind + _NAME_GOES_ON
        and (_is_word(data[k]) or data[k] == 95 or data[k] == 45 or data[k] == 46)
    ):
        k += 1
    name_end, blank = k, False
    while k < end and k < name_end + _CLOSERS:
        byte = data[k]
        if byte == 58 or byte == 61 or byte == 62:
            return True
        quote = byte == 34 or byte == 39
        if blank and quote:
            return True
        blank |= byte <= 32
        if not (quote or byte <= 32 or byte == 92 or byte == 93 or byte == 41 or byte == 96):
            break
        k += 1
    if not blank:
        return False
    k = at
    while k > start and (_is_word(data[k - 1]) or data[k - 1] == 95 or data[k - 1] == 45):
        k -= 1
    return k + 1 < behind and data[k] == 45 and data[k + 1] == 45
