"""Searches rows of bytes for the anchors of what is looked for, where they count. Compiled.

Each byte costs a look at two tables, by the last three and the last four bytes: branches that are hard to foresee would
cost more.
"""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing, njit
from loganomaly.scan.anchors import AnchorTables
from loganomaly.scan.counting import begins_by_number
from loganomaly.scan.forms import ESCAPE, form_at, form_of_text, rests_on_digits

__all__ = ["search_models", "search_rows", "spread"]

_CLOSERS = 10  # bytes between a name and the sign that gives it a value: quotes, brackets, blanks
_NAME_GOES_ON = 32  # bytes of a name behind the text that makes it one: secret_access_key
_DIGIT_WITHIN = 48  # bytes behind the name of a number
_FORM = -1  # what a spot is that is no text


@njit(nogil=True, cache=True)
def search_rows(data: Any, starts: Any, ends: Any, t: AnchorTables, size: Any) -> Any:
    """Search the rows data[starts[i]:ends[i]].

    Returns
    -------
    rows, found, count
        Which rows have an anchor of which owners, in order, no pair twice, and how many there are, which may be more
        than the `size` that is kept. Rows in which an escape may stand have the owner `t.owners`.
    """
    return _search(data, starts, ends, t, size, np.zeros(0, np.bool_), np.zeros((0, 3), np.int64))[:3]


@njit(nogil=True, cache=True)
def search_models(data: Any, starts: Any, ends: Any, t: AnchorTables, size: Any) -> Any:
    """Search rows that speak for others, which differ from them in digits alone.

    Returns
    -------
    rows, found, count
        As of `search_rows`, for what does not rest on digits.
    alone
        Which rows do not speak for others, for an escape may stand in them; what is said of these is to be ignored.
    spots, spot_count : (size, 3)
        Where others may have an anchor: row, offset from its start, and the number of the text, or _FORM; in order.
    """
    alone, spots = np.zeros(len(starts), np.bool_), np.empty((size, 3), np.int64)
    rows, found, count, spot_count = _search(data, starts, ends, t, size, alone, spots)
    return rows, found, count, alone, spots, spot_count


@njit(nogil=True, cache=True)
def _search(data: Any, starts: Any, ends: Any, t: AnchorTables, size: Any, alone: Any, spots: Any) -> Any:
    """Return rows, owners, how many there are, and how many spots, which may be more than were kept.

    Without `alone`, what rests on digits is looked at at once.
    """
    rows, found = np.empty(size, np.int64), np.empty(size, np.int32)
    seen = np.full(t.owners + 1, -1, np.int64)
    count = spot_count = 0
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        value, four = np.int64(0), np.int64(0)
        for i in range(start, end):
            kind = np.int64(t.classes[data[i]])
            value = ((value << 5) | (kind & 31)) & 0x7FFF
            four = ((four << 3) | (kind >> 5)) & 0xFFF
            # Most numbers are no fourteen digits long, a sign among them or not: a call costs more.
            if t.events[four] and (
                t.events[four] == 1 or (i + 11 < end and (48 <= data[i + 10] <= 57 or 48 <= data[i + 11] <= 57))
            ):
                mine = form_at(data, start, i, end, t.forms)
                if len(alone) and (mine == ESCAPE or rests_on_digits(data, start, i, end)):
                    if not 48 <= data[i] <= 57:
                        alone[row] = True
                        break
                    if spot_count < size:
                        spots[spot_count, 0], spots[spot_count, 1], spots[spot_count, 2] = row, i - start, _FORM
                    spot_count += 1
                    mine = -1
                if mine == ESCAPE:
                    mine = t.owners
                if mine >= 0 and seen[mine] != row:
                    seen[mine] = row
                    if count < size:
                        rows[count], found[count] = row, mine
                    count += 1
            if t.begins[value]:
                text = t.first[value]
                while t.hashes[text] == value:
                    mine, at = t.owner[text], i - 2 - t.offset[text]
                    behind = at + t.start[text + 1] - t.start[text]
                    if at >= start and behind <= end:
                        if len(alone) and _is_text_but_digits(data, at, t.texts, t.start[text], t.start[text + 1]):
                            if spot_count < size:
                                spots[spot_count, 0], spots[spot_count, 1], spots[spot_count, 2] = row, at - start, text
                            spot_count += 1
                        elif (
                            seen[mine] != row
                            and _is_text(data, at, t.texts, t.start[text], t.start[text + 1])
                            and _counts(data, start, at, behind, end, t.rule[text], t.least[text])
                        ):
                            seen[mine] = row
                            if count < size:
                                rows[count], found[count] = row, mine
                            count += 1
                    text += 1
    return rows, found, count, spot_count


@njit(nogil=True, cache=True)
def spread(
    data: Any, starts: Any, ends: Any, t: AnchorTables, size: Any, ids: Any, known: Any, models: Any, owners: Any,
    spots: Any, rows: Any, own: Any,
) -> Any:  # fmt: skip
    """Return which rows have an anchor of which owners, as `search_rows` does, from what was found in models.

    Parameters
    ----------
    ids, known
        The number of each row's model, below `known`.
    models, owners
        What was found in models, in order.
    spots
        As of `search_models`.
    rows, own
        What was found in rows that were searched themselves, in order; of their models there is nothing else.
    """
    first, first_spot = begins_by_number(models, known), begins_by_number(spots[:, 0], known)
    out, found = np.empty(size, np.int64), np.empty(size, np.int32)
    seen = np.full(t.owners + 1, -1, np.int64)
    count, k = 0, 0
    for row in range(len(ids)):
        model, start, end = ids[row], starts[row], ends[row]
        for i in range(first[model], first[model + 1]):
            seen[owners[i]] = row
            if count < size:
                out[count], found[count] = row, owners[i]
            count += 1
        for i in range(first_spot[model], first_spot[model + 1]):
            at, text = start + spots[i, 1], spots[i, 2]
            if text == _FORM:
                mine = form_at(data, start, at, end, t.forms)
            else:
                mine, behind = t.owner[text], at + t.start[text + 1] - t.start[text]
                if not (
                    _is_text(data, at, t.texts, t.start[text], t.start[text + 1])
                    and _counts(data, start, at, behind, end, t.rule[text], t.least[text])
                ):
                    mine = -1
            if mine >= 0 and seen[mine] != row:
                seen[mine] = row
                if count < size:
                    out[count], found[count] = row, mine
                count += 1
        while k < len(rows) and rows[k] == row:
            if count < size:
                out[count], found[count] = row, own[k]
            count += 1
            k += 1
    return out, found, count


@borrowing
def _is_text(data: Any, at: Any, texts: Any, first: Any, last: Any) -> Any:
    """Whether texts[first:last] stands at `at`; letters in any case."""
    for k in range(last - first):
        byte = data[at + k]
        if 65 <= byte <= 90:
            byte |= 32
        if byte != texts[first + k]:
            return False
    return True


@borrowing
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


@borrowing
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


@borrowing
def _is_word(byte: Any) -> Any:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


@borrowing
def _begins_token(data: Any, start: Any, at: Any) -> Any:
    r"""Whether no letter or digit stands before, or one of an escape: %3D, \n; rules may be about what is written."""
    if at == start or not _is_word(data[at - 1]):
        return True
    return (at - start >= 2 and data[at - 2] == 92) or (at - start >= 3 and data[at - 3] == 37)


@borrowing
def _is_token(data: Any, at: Any, end: Any) -> Any:
    """Whether data[at:end] may be part of a token: it holds no blank, quote or bracket."""
    for k in range(at, end):
        byte = data[k]
        if byte <= 34 or byte == 39 or byte == 44 or byte == 59 or byte == 60 or byte == 62:
            return False
    return True


@borrowing
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
