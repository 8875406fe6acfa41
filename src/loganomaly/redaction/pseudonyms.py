"""Names in the place of secrets and personal data: the same value has the same name, which can be undone here only."""

import re
from collections.abc import Iterable

from loganomaly.redaction.secrets import replace_personal, replace_secrets

__all__ = ["Pseudonyms"]

_NUMBERED = re.compile(r"<([a-z][a-z-]{0,30}-\d{1,9})>")


class Pseudonyms:
    """Hides what must not leave: secrets always, and with `personal` e-mail and IP addresses.

    Values are numbered as they come, so that the same text always gives the same names.

    Examples
    --------
    >>> names = Pseudonyms(personal=True)
    >>> names.hide("10.0.0.7 calls 10.0.0.9, 10.0.0.7 waits, password=hunter2x")
    '<ip-1> calls <ip-2>, <ip-1> waits, password=<password-1>'
    >>> names.restore("<ip-2> does not answer; <password-1> is in the log")
    '10.0.0.9 does not answer; <password-1> is in the log'
    """

    def __init__(self, *, personal: bool) -> None:
        self._personal = personal
        self._names: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._values: dict[str, str] = {}
        self._taken: set[str] = set()

    def hide(self, text: str) -> str:
        """Return a text with names in the place of what must not leave; its number of lines stays the same."""
        self.reserve([text])
        text = replace_secrets(text, self._name)
        return replace_personal(text, self._own_name) if self._personal else text

    def reserve(self, texts: Iterable[str]) -> None:
        """Take no name that stands in the texts already: what a log writes so is not one of ours."""
        for text in texts:
            self._taken.update(_NUMBERED.findall(text))

    def restore(self, text: str) -> str:
        """Return a text with personal data in the place of their names; secrets stay hidden."""
        return _NUMBERED.sub(lambda found: self._values.get(found[1], found[0]), text)

    def _own_name(self, kind: str, value: str) -> str:
        name = self._name(kind, value)
        self._values[name] = value
        return name

    def _name(self, kind: str, value: str) -> str:
        if (kind, value) not in self._names:
            number = self._counts.get(kind, 0) + 1
            while f"{kind}-{number}" in self._taken:
                number += 1
            self._counts[kind] = number
            self._names[kind, value] = f"{kind}-{number}"
        return self._names[kind, value]
