r"""How a field and its value stand in the text of a line: as JSON, logfmt, key=value or XML write them.

A value is a list of parts: texts, and ANY or ONE for any and for one character.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum

__all__ = [
    "ANY",
    "ONE",
    "Part",
    "anchor_of",
    "field_anchor",
    "field_exists",
    "field_matches",
    "field_regex",
    "text_regex",
]


class Wild(Enum):
    """What stands for other characters in a value."""

    ANY = "*"
    ONE = "?"


ANY, ONE = Wild.ANY, Wild.ONE
Part = str | Wild

_QUOTED, _BARE, _TAGGED, _ANYWHERE = "quoted", "bare", "tagged", "anywhere"
_ONE = {_QUOTED: r'(?:[^"\\]|\\.)', _BARE: r'[^\s"]', _TAGGED: "[^<]", _ANYWHERE: r"[^\n]"}
_END = {_QUOTED: '"', _BARE: r"(?:[\s,;&|)\]}]|$)", _TAGGED: "<"}
_BEFORE = r"(?:^|[^0-9A-Za-z_-])"
_INNER = r"(?:[^{}]|\{[^{}]*\})*"  # of a JSON object, with objects one level deep
_LIST = r"(?:\[(?:[^\]]*,)?\s*)?"
_SHORTEST, _WORD = 3, re.compile(r"[A-Za-z0-9 _.:@#%=+-]*")
_ENTITIES = {'"': "&quot;", "<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&(?:apos|#39);"}


def field_matches(name: str, values: Sequence[Sequence[Part]], *, cased: bool = False) -> str:
    """Return a regular expression for a field that has one of these values.

    Examples
    --------
    >>> bool(re.search(field_matches("user", [["ada"]]), 'level=info user="ada" id=7'))
    True
    """
    flag = "" if cased else "i"
    written = {form: "|".join(_value(each, form) for each in values) for form in (_QUOTED, _BARE, _TAGGED)}
    return _either(name, {form: f"(?{flag}:{text})" for form, text in written.items()})


def field_regex(name: str, regex: str, *, flags: str = "") -> str:
    """Return a regular expression for a field in whose value a regular expression with some flags matches."""
    begins, ends = regex.startswith("^"), bool(re.search(r"(?<!\\)(?:\\\\)*\$$", regex))
    inner = regex[1 if begins else 0 : -1 if ends else None]
    written = {
        form: f"{'' if begins else f'{_ONE[form]}*?'}(?{flags}:{_within(inner, form)}){_END[form] if ends else ''}"
        for form in (_QUOTED, _BARE, _TAGGED)
    }
    return _either(name, written)


def field_exists(name: str) -> str:
    """Return a regular expression for a field that is there, whatever its value is."""
    return rf"{_BEFORE}{_name(name)}[\"']?(?:\s*[:=]|(?:\s[^>\n]*)?>)"


def text_regex(parts: Sequence[Part], *, cased: bool = False) -> str:
    """Return a regular expression for a text anywhere in a line."""
    inner = list(parts)
    while inner and inner[0] is ANY:
        inner.pop(0)
    while inner and inner[-1] is ANY:
        inner.pop()
    return f"(?{'' if cased else 'i'}:{''.join(_part(part, _ANYWHERE) for part in inner)})"


def field_anchor(name: str) -> str | None:
    """Return a text that stands at the beginning of a word wherever the field is; None where none does."""
    longest = max(name.split("."), key=len)
    return longest if len(longest) >= _SHORTEST and longest.isascii() and longest[0].isalnum() else None


def anchor_of(parts: Sequence[Part], *, whole: bool) -> str | None:
    """Return the longest text that stands at the beginning of a word in every such value; None where there is none.

    `whole` says that the value begins where its first part does.
    """
    found: list[str] = []
    for number, part in enumerate(parts):
        if isinstance(part, Wild):
            continue
        begins = [0] if whole and number == 0 else []
        begins += [at for at in range(1, len(part)) if part[at - 1].isascii() and not part[at - 1].isalnum()]
        for at in begins:
            word = _WORD.match(part, at)
            if word is not None:
                found.append(word.group().rstrip())
    longest = max(found, key=len, default="")
    return longest if len(longest) >= _SHORTEST else None


def _either(name: str, written: dict[str, str]) -> str:
    """Return what matches a field in any of the forms, each with its own pattern of the value."""
    quoted = rf"[\"']?\s*(?::|=>?)\s*{_LIST}\"{written[_QUOTED]}"
    bare = rf"[\"']?\s*(?::|=>?)\s*{_LIST}{written[_BARE]}"
    tagged = rf"[\"']?(?:\s[^>\n]*)?>{written[_TAGGED]}"
    return f"{_BEFORE}{_name(name)}(?:{quoted}|{bare}|{tagged})"


def _name(name: str) -> str:
    """Return what matches the name of a field; one with dots may be an object in an object."""
    flat = f"(?i:{re.escape(name)})"
    parts = name.split(".")
    if len(parts) == 1:
        return flat
    nested = rf'"\s*:\s*\{{{_INNER}"'.join(f"(?i:{re.escape(part)})" for part in parts)
    return rf"(?:{flat}|{nested})"


def _value(parts: Sequence[Part], form: str) -> str:
    text = "".join(_part(part, form) for part in parts)
    if parts and parts[-1] is ANY:  # what comes then does not matter
        return text.removesuffix(f"{_ONE[form]}*")
    return text + _END[form]


def _part(part: Part, form: str) -> str:
    if isinstance(part, Wild):
        return f"{_ONE[form]}*" if part is ANY else _ONE[form]
    return "".join(_sign(sign, form) for sign in part)


def _sign(sign: str, form: str) -> str:
    """Return what matches a character, however the form escapes it."""
    if sign == "\\":
        return r"\\{1,2}"
    ways = [re.escape(sign)]
    if form in {_QUOTED, _ANYWHERE}:
        if sign in '"/':
            ways.append(rf"\\{sign}")
        if sign in "\n\t\r":
            ways.append({"\n": r"\\n", "\t": r"\\t", "\r": r"\\r"}[sign])
        if sign in "<>&'" or not sign.isascii():
            ways.append("".join(rf"\\u{unit:04x}" for unit in _units(sign)))
    if form in {_TAGGED, _ANYWHERE} and sign in _ENTITIES:
        ways.append(_ENTITIES[sign])
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _units(sign: str) -> Iterable[int]:
    data = sign.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


def _within(regex: str, form: str) -> str:
    """Return a regular expression as it reads in values of a form.

    A dot does not leave the value, and a backslash may be doubled, as JSON does.
    """
    out, at = [], 0
    while at < len(regex):
        end = at + 1
        if regex[at] == "[":
            end = _class_end(regex, at)
            text = regex[at:end]
            out.append(rf"(?:\\?{text})" if r"\\" in text and text[1] != "^" else text)
        elif regex[at] == "\\":
            end = at + 2
            text = regex[at:end]
            out.append(r"(?:\\{1,2})" if text == r"\\" else text)
        else:
            out.append(_ONE[form] if regex[at] == "." else regex[at])
        at = end
    return "".join(out)


def _class_end(regex: str, start: int) -> int:
    """Return the place behind the class of characters that begins at `start`."""
    at = start + 1 + (regex[start + 1 : start + 2] == "^")
    at += regex[at : at + 1] == "]"  # one that comes first closes nothing
    while at < len(regex) and regex[at] != "]":
        at += 2 if regex[at] == "\\" else 1
    return min(at + 1, len(regex))
