"""What must hold of a value besides its pattern: check digits, and that it is no stand-in for a secret."""

import base64
import binascii
import importlib
import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any

from loganomaly.patterns import compiled
from loganomaly.yaml_text import read_yaml

__all__ = ["Check", "check_named", "is_stand_in"]

Check = Callable[[str, Mapping[str, str]], bool]
"""Whether a value counts; beside it come the named groups of its match, those that took part in it.

With them come `before` and `behind`, up to ten signs that stand there.
"""

_NAMED_BITS = 1.2  # of entropy per sign that a value under a telling name needs
_NATIONAL = 9  # digits of a telephone number that is told by the word before it and its blanks
_FOURS_BEFORE = re.compile(r"(?:(?<![0-9])[0-9]{4}[ -])+$")
_FOURS_BEHIND = re.compile(r"(?:[ -][0-9]{4}(?![0-9]))+")
_SIGNS = "*.-_•…#xX?0= \t\"'"
_STRONG = re.compile(r"(?i)pass|pwd|kennwort|contrasena|motdepasse|pin|otp|cvv|cvc")
_IDENTIFIER = re.compile(r"[A-Za-z]+|[0-9]{1,4}|[vV][0-9]+")
_PARTS = re.compile(r"[-_./:+@# >]+")
_WORDS = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)(?:[ '-](?:[A-Z]?[a-z]+|[A-Z]+))*[.!?…]?")
_CODE = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(?:(?:\.|::|->)[A-Za-z_][A-Za-z_0-9]*)+[;,]?")
_CALL = re.compile(r"[A-Za-z_][\w.:>-]*(?:\([\w ,.'\"]*\)?|\[['\"]?\w+['\"]?\]);?")


@dataclass(frozen=True, slots=True)
class _Known:
    """What stand-ins.yaml says."""

    stand_in: Any
    references: Any
    filled_in: Any
    reserved: re.Pattern[str]
    no_hosts: frozenset[str]
    cards: frozenset[str]
    ids: frozenset[str]


@cache
def _known() -> _Known:
    text = resources.files("loganomaly.redaction").joinpath("stand-ins.yaml").read_text(encoding="utf-8")
    lists = read_yaml(text)
    parts = "|".join(re.escape(part).replace(r"\ ", "[ _-]?") for part in lists["parts"])
    words = "|".join(re.escape(word) for word in lists["words"])
    hosts = "|".join(re.escape(host) for host in lists["reserved-hosts"])
    return _Known(
        stand_in=compiled(rf"(?i){parts}|^(?:{words})$|{'|'.join(lists['masked'])}", utf8=True),
        references=compiled(rf"(?i)^(?:{'|'.join(lists['references'])})", utf8=True),
        filled_in=compiled(rf"(?s)^(?:{'|'.join(lists['filled-in'])})$", utf8=True),
        reserved=re.compile(rf"(?i)(?:^|[.@])(?:{hosts})$"),
        no_hosts=frozenset(lists["no-hosts"]),
        cards=frozenset(lists["test-cards"]),
        ids=frozenset(lists["test-ids"]),
    )


def is_stand_in(value: str) -> bool:
    """Return whether a value stands for a secret: a placeholder, a mask, a name of something to be filled in.

    Examples
    --------
    >>> [is_stand_in(value) for value in ("xxxx", "${TOKEN}", "<redacted>", "hunter2")]
    [True, True, True, False]
    """
    bare, known = value.strip(_SIGNS), _known()
    if len(set(bare)) <= 1 or known.filled_in.search(value.strip().encode("utf-8", "replace")) is not None:
        return True
    return any(known.stand_in.search(text.encode("utf-8", "replace")) is not None for text in {value, bare})


@cache
def check_named(name: str) -> Check:
    """Return a check by its name; ``stdnum.us.ssn`` is that of a module of python-stdnum.

    Raises
    ------
    KeyError
        There is none of this name.
    """
    if name.startswith("stdnum."):
        return partial(_standard_number, name)
    return _CHECKS[name]


def _standard_number(module: str, value: str, _groups: Mapping[str, str]) -> bool:
    return value not in _known().ids and bool(importlib.import_module(module).is_valid(value))


def _card(value: str, groups: Mapping[str, str]) -> bool:
    from stdnum import luhn

    digits = re.sub("[ -]", "", value)
    if digits in _known().cards or len(set(digits)) <= 3 or not luhn.is_valid(digits):
        return False
    before, behind = _FOURS_BEFORE.search(groups["before"]), _FOURS_BEHIND.match(groups["behind"])
    # One in ten rows of four measured values has the check digit of a card; a longer row is no card's.
    return digits == value or (len(before[0]) if before else 0) + (len(behind[0]) if behind else 0) < 2 * len(" 1234")


def _iban(value: str, _groups: Mapping[str, str]) -> bool:
    from stdnum import iban

    return bool(iban.is_valid(value.replace("-", "")))


def _phone(value: str, groups: Mapping[str, str]) -> bool:
    import phonenumbers

    digits = re.sub(r"\D", "", value)
    if len(set(digits)) < 3 or digits in "01234567890123456789":
        return False
    if "value_named" in groups and not value.startswith("+"):
        return "joined" in groups or (len(digits) >= _NATIONAL and len(digits) < len(value))
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, None if value.startswith("+") else "US"))
    except phonenumbers.NumberParseException:
        return False


def _mail(value: str, _groups: Mapping[str, str]) -> bool:
    local, _, host = value.partition("@")
    end = host.rpartition(".")[2].lower()
    return (
        local != "git"
        and not is_stand_in(local)
        and end not in _known().no_hosts
        and not _known().reserved.search(host)
    )


def _address(value: str, _groups: Mapping[str, str]) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _mixed(value: str, _groups: Mapping[str, str]) -> bool:
    """Digits among letters, as chance puts them, and no counting through the alphabet."""
    return bool(re.search("[0-9]", value) and re.search("[A-Za-z]", value)) and not _counts_up(value)


def _token(value: str, _groups: Mapping[str, str]) -> bool:
    """No sample that somebody typed: it neither ends with one sign over and over, nor counts through the alphabet."""
    return len(set(value[-8:])) > 2 and not _counts_up(value)


def _counts_up(value: str) -> bool:
    steps = [b - a for a, b in zip(value.encode(), value.encode()[1:], strict=False)]
    return sum(step == 1 for step in steps) > len(steps) / 2


def _bits(value: str) -> float:
    """Return the entropy of the signs of a value, in bits per sign."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _looks_random(value: str, least: int, *, bits: float = 2.0) -> bool:
    """Whether a value is no name that somebody gave: not all of its parts are words, short numbers or versions."""
    if len(value) < least or _known().references.search(value.encode()) or _counts_up(value):
        return False
    parts = [part for part in _PARTS.split(value) if part]
    if _is_identifier(value):
        # One long run of letters that go up and down in case, too many for a word.
        return any(len(part) >= 20 and part not in {part.lower(), part.upper(), part.title()} for part in parts) and (
            _bits(value) > 3.5
        )
    return _bits(value) > bits


def _random(value: str, _groups: Mapping[str, str]) -> bool:
    return not value.startswith("0x") and _looks_random(value, 16) and not re.fullmatch(r"[0-9.:-]+", value)


def _given(value: str, _groups: Mapping[str, str]) -> bool:
    """Whatever is there, as a password in a connection string is."""
    return not _known().references.search(value.encode())


def _credentials(value: str, groups: Mapping[str, str]) -> bool:
    text = value.strip(".,")
    try:
        if ":" in base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode():
            return True
    except (binascii.Error, UnicodeDecodeError):
        pass  # no pair of a name and a password: another sort of token
    return bool(re.search("[0-9]", text)) and ("header" in groups or _looks_random(text, 12))


def _named(value: str, groups: Mapping[str, str]) -> bool:
    """Whether a name says that it is a secret, and it does not read as something else."""
    name, sign, close = groups["name"].lower().strip("_-. "), groups.get("sign", "").strip(), groups.get("close", "")
    bare, strong = "value_bare" in groups, bool(_STRONG.search(name))
    if _known().references.search(value.encode()) or value.startswith(","):
        return False
    if "call" in groups or _CALL.fullmatch(value) or (bare and _CODE.fullmatch(value) and _is_identifier(value)):
        return False  # a name in a program
    if "/" in value and _is_identifier(value):  # a path
        return False
    if "option" in groups:
        # `--password hunter2`, and PASSWORD 'hunter2' in SQL: else a word behind a word is a sentence.
        if "dashes" in groups:
            return not value.startswith("-") and (strong or _looks_random(value, 8, bits=_NAMED_BITS))
        if bare or not strong or close:
            return False
    # As in "password: incorrect", or "password 'root' refused".
    if _WORDS.fullmatch(value) and ("option" in groups or (sign == ":" and bare and not close)):
        return False
    if name.endswith("pass"):
        return len(value) >= 6 and bool(re.search("[A-Za-z]", value))
    if name.endswith(("pin", "otp", "cvv", "cvc")):
        return re.fullmatch("[0-9]{3,8}", value) is not None
    if strong:
        return len(value) >= (4 if bare else 3)
    if name.endswith(("token", "tokens", "secrets", "credential")) and not re.search("[a-z][_.-]|[a-z]token", name):
        return _looks_random(value, 16, bits=_NAMED_BITS)
    return _looks_random(value, 8, bits=_NAMED_BITS) and not re.fullmatch(r"[0-9.,:-]+", value)


def _is_identifier(value: str) -> bool:
    return all(_IDENTIFIER.fullmatch(part) for part in _PARTS.split(value) if part)


_CHECKS: Mapping[str, Check] = {
    "card": _card,
    "credentials": _credentials,
    "e-mail": _mail,
    "given": _given,
    "iban": _iban,
    "ip": _address,
    "mixed": _mixed,
    "named": _named,
    "phone": _phone,
    "random": _random,
    "token": _token,
}
