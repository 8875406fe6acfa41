"""Names in the place of secrets and personal data: the same value, the same name."""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from loganomaly.redaction.kinds import Kind
from loganomaly.redaction.secrets import personal_redactor, secret_redactor
from loganomaly.redaction.views import unescaped

__all__ = ["Pseudonymizer", "Pseudonyms"]

_NUMBERED = re.compile(r"<([a-z][a-z0-9-]{0,60}-\d{1,9})>")


@dataclass(frozen=True, slots=True)
class Pseudonymizer:
    """Makes names of values by HMAC-SHA-256 (RFC 2104): who has no key can neither undo nor guess them.

    Parameters
    ----------
    key
        The same key gives the same names, in other runs and on other machines; a random one unless given.

    Examples
    --------
    >>> Pseudonymizer(b"key").name("password", b"hunter2x")
    'password-7476226b'
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def number(self, kind: str, value: bytes) -> int:
        """Return the number of a value, below 2**64: the same with the escapes of URLs or JSON and without."""
        return _number(self.key, kind, unescaped(value))

    def name(self, kind: str, value: bytes) -> str:
        """Return the name of a value: its kind and the first 32 bits of its number."""
        return self.named(kind, self.number(kind, value))

    @staticmethod
    def named(kind: str, number: int) -> str:
        """Return the name of a value that has this number."""
        return f"{kind}-{number >> 32:08x}"


@lru_cache(maxsize=65_536)
def _number(key: bytes, kind: str, value: bytes) -> int:
    return int.from_bytes(hmac.digest(key, kind.encode() + b"\0" + value, "sha256")[:8], "big")


class Pseudonyms:
    """Hides what must not leave, under numbers: secrets always, and with `personal` data of people, IP addresses too.

    Values are numbered as they come, so that the same text always gives the same names. Those of personal data can be
    undone, here only.

    Examples
    --------
    >>> names = Pseudonyms(personal=True)
    >>> names.hide("10.0.0.7 calls 10.0.0.9, 10.0.0.7 waits, password=hunter2x")
    '<ip-1> calls <ip-2>, <ip-1> waits, password=<password-1>'
    >>> names.restore("<ip-2> does not answer; <password-1> is in the log")
    '10.0.0.9 does not answer; <password-1> is in the log'
    """

    def __init__(self, *, personal: bool) -> None:
        self._redactor = personal_redactor() if personal else secret_redactor()
        self._names: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._values: dict[str, str] = {}
        self._taken: set[str] = set()

    def hide(self, text: str) -> str:
        """Return a text with names in the place of what must not leave; its number of lines stays the same."""
        self.reserve([text])
        return self._redactor.replace(text, self._name)

    def reserve(self, texts: Iterable[str]) -> None:
        """Take no name that stands in the texts already: what a log writes so is not one of ours."""
        for text in texts:
            self._taken.update(_NUMBERED.findall(text))

    def restore(self, text: str) -> str:
        """Return a text with personal data in the place of their names; secrets stay hidden."""
        return _NUMBERED.sub(lambda found: self._values.get(found[1], found[0]), text)

    def _name(self, kind: Kind, value: str) -> str:
        key = (kind.name, value)
        if key not in self._names:
            number = self._counts.get(kind.name, 0) + 1
            while f"{kind.name}-{number}" in self._taken:
                number += 1
            self._counts[kind.name] = number
            self._names[key] = f"{kind.name}-{number}"
            if kind.personal:
                self._values[self._names[key]] = value
        return self._names[key]
