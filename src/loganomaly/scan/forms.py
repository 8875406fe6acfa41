"""Forms by which compiled code tells what may be personal data or a password in a URL; the patterns look closer."""

from typing import Any

import numpy as np

from loganomaly.kernels import borrowing, njit

__all__ = ["ESCAPE", "form_at", "form_of_text", "have_escapes", "rests_on_digits"]

_AT, _CARD, _COLON, _CREDENTIALS, _FISCAL, _IBAN, _IP, _PHONE, _SSN, _TILDE = range(10)
"""Places in `loganomaly.scan.anchors.FORMS`."""
ESCAPE = -2
"""No form, but an escape, such as %20, which may hide one."""
_ESCAPING = np.zeros(256, np.bool_)
_ESCAPING[list(b'%\\&#"+')] = True


@borrowing
def form_at(data: Any, start: Any, i: Any, end: Any, forms: Any) -> Any:
    """Return the owner of the form that shows at i in data[start:end], or ESCAPE, or -1; see `anchors` for where."""
    byte = data[i]
    if 48 <= byte <= 57:
        if not 48 <= data[i - 1] <= 57:  # behind a sign that is behind digits
            return _grouped(data, start, i - 1, end, forms)
        before = data[i - 2]
        if 65 <= before <= 90:
            return forms[_IBAN] if forms[_IBAN] >= 0 and i - start >= 3 and _is_iban(data, i - 3, end) else -1
        if 50 <= before <= 54:
            return forms[_CARD] if forms[_CARD] >= 0 and _is_card(data, start, i - 2, end) else -1
        return -1
    if 65 <= byte <= 90:
        return forms[_FISCAL] if i - start >= 15 and _is_fiscal(data, i - 15, end) else -1
    if byte == 64:
        return forms[_AT] if _is_address(data, start, i, i + 1, end) else -1
    if byte == 34 or byte == 35 or byte == 37 or byte == 38 or byte == 92:
        return ESCAPE if _may_escape(data, i, end) else -1
    if byte == 43 and i > start and _is_word(data[i - 1]) and i + 1 < end and _is_word(data[i + 1]):
        return ESCAPE  # a blank in a URL
    if byte == 43:
        return forms[_PHONE] if _digits(data, i + 1, end, 7) else -1
    if byte == 41:
        return forms[_PHONE] if i - start >= 4 and data[i - 4] == 40 and _digits(data, i - 3, end, 10) else -1
    if byte == 46:
        return forms[_IP] if i + 1 < end and 48 <= data[i + 1] <= 57 else -1
    return forms[_IP] if _is_six(data, start, i, end) else -1


@borrowing
def rests_on_digits(data: Any, start: Any, i: Any, end: Any) -> Any:
    """Whether `form_at` may say something else of a text with other digits in their places."""
    if data[i] == 35:
        return i + 1 < end and 48 <= data[i + 1] <= 57
    if not 48 <= data[i] <= 57:
        return False
    at = i - 2
    if not 48 <= data[i - 1] <= 57:
        at = i - 1
        while at > start and i - 1 - at < 5 and 48 <= data[at - 1] <= 57:
            at -= 1
    return _has_groups(data, at, end, 8, 16) or _has_groups(data, at, end, 10, 15) or _has_groups(data, at, end, 10, 14)


@borrowing
def _may_escape(data: Any, i: Any, end: Any) -> Any:
    """Whether an escape may begin at i, or a doubled quote end there."""
    if data[i] == 34:
        return True
    if i + 1 >= end:
        return False
    byte = data[i + 1]
    if data[i] == 37:
        return 48 <= byte <= 57 or 97 <= byte | 32 <= 102
    if data[i] == 35:
        return byte == 48
    return byte > 32


@njit(nogil=True, cache=True)
def have_escapes(data: Any, starts: Any, ends: Any) -> Any:
    """Return in which of the rows data[starts[i]:ends[i]] an escape may stand: a bool array."""
    found = np.zeros(len(starts), np.bool_)
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        for i in range(start, end):
            if not _ESCAPING[data[i]]:
                continue
            if data[i] == 43:
                found[row] = i > start and _is_word(data[i - 1]) and i + 1 < end and _is_word(data[i + 1])
            elif data[i] == 34:
                found[row] = i > start and data[i - 1] == 34
            else:
                found[row] = _may_escape(data, i, end)
            if found[row]:
                break
    return found


@borrowing
def _grouped(data: Any, start: Any, sign: Any, end: Any, forms: Any) -> Any:
    """Return the owner of the number whose first group of digits ends before the sign, or -1."""
    at = sign
    while at > start and sign - at < 5 and 48 <= data[at - 1] <= 57:
        at -= 1
    if sign - at == 3:
        return forms[_SSN] if forms[_SSN] >= 0 and _is_ssn(data, sign, end) else -1
    if sign - at == 4 and forms[_CARD] >= 0 and 50 <= data[at] <= 54 and _is_card(data, start, at, end):
        return forms[_CARD]
    return -1


@borrowing
def form_of_text(data: Any, start: Any, at: Any, end: Any, form: Any) -> Any:
    """Whether a text at `at` with which a form begins is one."""
    if form == _CREDENTIALS:
        return data[at + 1] == 116 or _has_at(data, at + 3, end)  # :thin:
    if form == _COLON:
        return at > start and 48 <= data[at - 1] <= 57
    return True


@borrowing
def _is_ssn(data: Any, i: Any, end: Any) -> Any:
    """Whether a dash and two digits, and a dash and four digits, stand at i."""
    if i + 8 > end or data[i] != 45 or data[i + 3] != 45:
        return False
    for k in range(i, i + 8):
        if not (48 <= data[k] <= 57 or k == i or k == i + 3):
            return False
    return i + 8 == end or not 48 <= data[i + 8] <= 57


@borrowing
def _digits(data: Any, i: Any, end: Any, least: Any) -> Any:
    """Whether at least so many digits stand at i, with signs of telephone numbers between them."""
    count, k = 0, i
    while k < end and k < i + 60:
        byte = data[k]
        if 48 <= byte <= 57:
            count += 1
            if count >= least:
                return True
        elif not (byte == 32 or byte == 40 or byte == 41 or byte == 45 or byte == 46):
            return False
        k += 1
    return False


@borrowing
def _is_card(data: Any, start: Any, i: Any, end: Any) -> Any:
    """Whether groups of digits as on a card stand at i, with a number of an issuer, and alone.

    Cards that begin with 30, 36 and 38 have 14 digits, with 34 and 37 15, others 16.
    """
    if i + 14 > end:
        return False
    issuer: Any = 0
    for k in range(i, i + 4):
        if not 48 <= data[k] <= 57:
            return False
        issuer = issuer * 10 + np.int64(data[k] - 48)
    if i > start:
        before = data[i - 1]
        if before == 95 or before == 45:  # _ and -, but in card_ and card-
            if i - start < 2 or not 97 <= data[i - 2] <= 122:
                return False
        elif _is_word(before) or before == 46 or before == 43 or before == 42 or before == 47:
            return False
    if 3000 <= issuer < 3060 or 3600 <= issuer < 3700 or 3800 <= issuer < 3900:
        behind = _groups_end(data, i, end, 10, 14)
    elif 3400 <= issuer < 3500 or 3700 <= issuer < 3800:
        behind = _groups_end(data, i, end, 10, 15)
    elif (
        4000 <= issuer < 5000
        or 5100 <= issuer < 5600
        or 2221 <= issuer <= 2720
        or issuer == 6011
        or 6500 <= issuer < 6600
        or 6440 <= issuer < 6500
        or 6200 <= issuer < 6300
        or 3528 <= issuer < 3590
    ):
        behind = _groups_end(data, i, end, 8, 16)
    else:
        return False
    if behind < 0 or behind == end:
        return behind == end
    byte = data[behind]
    if byte == 46:
        return behind + 1 == end or not 48 <= data[behind + 1] <= 57
    return not (_is_word(byte) or byte == 95 or byte == 42 or byte == 47 or byte == 45)


@borrowing
def _has_groups(data: Any, i: Any, end: Any, middle: Any, digits: Any) -> Any:
    """Whether `_groups_end` finds groups of digits."""
    return _groups_end(data, i, end, middle, digits) >= 0


@borrowing
def _groups_end(data: Any, i: Any, end: Any, middle: Any, digits: Any) -> Any:
    """Return the byte behind so many digits at i, a blank, a dash or nothing between their groups, and no digit more.

    It is -1 where there are none.

    A group begins at the fifth digit, and at that in the middle; of 16 digits one at the 13th as well.
    """
    count, k = 0, i
    while k < end and count < digits:
        if 48 <= data[k] <= 57:
            count += 1
        elif not (
            (data[k] == 32 or data[k] == 45)
            and (count == 4 or count == middle or (digits == 16 and count == 12))
            and 48 <= data[k - 1] <= 57
        ):
            return -1
        k += 1
    return k if count == digits and (k == end or not 48 <= data[k] <= 57) else -1


@borrowing
def _is_iban(data: Any, i: Any, end: Any) -> Any:
    """Whether two capitals and two digits stand at i, and eleven more capitals and digits in groups behind them."""
    if i + 15 > end or not 65 <= data[i + 1] <= 90 or not 48 <= data[i + 2] <= 57 or not 48 <= data[i + 3] <= 57:
        return False
    count, k = 0, i + 4
    while k < end and count < 11:
        byte = data[k]
        if 48 <= byte <= 57 or 65 <= byte <= 90:
            count += 1
        elif not (byte == 32 or byte == 45):
            return False
        k += 1
    return count == 11


@borrowing
def _is_fiscal(data: Any, i: Any, end: Any) -> Any:
    """Whether six capitals stand at i, two digits or capitals, a capital, and seven more digits and capitals."""
    if i + 16 > end:
        return False
    for k in range(i, i + 16):
        byte = data[k]
        capital = 65 <= byte <= 90
        if not capital and (k < i + 6 or k == i + 8 or k == i + 11 or k == i + 15 or not 48 <= byte <= 57):
            return False
    return True


@borrowing
def _is_address(data: Any, start: Any, i: Any, behind: Any, end: Any) -> Any:
    """Whether a letter, digit or one of ._+-'% stands before i and a host with a dot from `behind` on."""
    if i == start or behind >= end:
        return False
    before = data[i - 1]
    if not (_is_word(before) or before == 95 or (37 <= before <= 46 and before != 40 and before != 41)):
        return False
    k = behind
    while k < end and (_is_word(data[k]) or data[k] == 45):
        k += 1
    return k > behind and k + 2 < end and data[k] == 46 and _is_word(data[k + 1])


@borrowing
def _has_at(data: Any, i: Any, end: Any) -> Any:
    """Whether an @ stands behind a colon before the next blank, quote or angle bracket."""
    for k in range(i, end):
        byte = data[k]
        if byte == 64:
            return True
        if byte <= 34 or byte == 60 or byte == 62 or (byte == 47 and k > i + 1):
            return False
    return False


@borrowing
def _is_six(data: Any, start: Any, i: Any, end: Any) -> Any:
    """Whether the colon at i is part of an IPv6 address: two in a row, or one more within four hexadecimal digits."""
    if i + 1 < end and data[i + 1] == 58:
        return True
    k = i + 1
    while k < end and k < i + 6 and (48 <= data[k] <= 57 or 97 <= data[k] | 32 <= 102):
        k += 1
    return k > i + 1 and k < end and data[k] == 58 and i > start


@borrowing
def _is_word(byte: Any) -> Any:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122
