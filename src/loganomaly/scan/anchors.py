"""Tables of the texts without which a record holds nothing of a kind: what `candidates` searches for."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["FORM", "FORMS", "NAMED", "NEAR", "START", "AnchorTables", "Anchored", "anchor_tables"]

START, NEAR, NAMED, FORM = range(4)
FORMS = ("at", "card", "colon", "credentials", "fiscal", "iban", "ip", "phone", "ssn", "tilde")
"""What compiled code tells by its form, in the order of its numbers."""
_TEXTS = {  # with which forms begin that no digit and no sign shows
    "colon": (":aa",),
    "credentials": ("://", ":thin:"),
    "tilde": tuple(f"{digit}q~" for digit in range(10)),
}
_SHORTEST = 3  # bytes of a text; fewer would be everywhere
_WORD_ENOUGH = 5  # letters of a name that counts within a longer word
_BUCKETS = 1 << 15
_CLASSES = {b"0123456789": 1, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ": 2, b"- ": 3, b")+@": 4, b'"': 5, b"%\\&#": 6, b":.": 7}
_EVENTS = {  # four bytes in a row at which each form may show, with 0, A, - and so on for their classes and ? for any
    "at": ("???@",),
    "card": ("00-0", *(f"{sign}000" for sign in '_A-)"%.')),
    "fiscal": ("000A",),
    "iban": ("AA00",),
    "ip": ("??0.", "???:"),
    "phone": ("???+", "000)"),
    "ssn": ("00-0",),
}
_ESCAPES = ("???%", '??""')  # at which an escape may stand
# Letters 1 to 26 in any case, digits, the signs that texts have, and the bytes of letters beyond; all others are 0.
_HIGH = "".join(chr(byte) for byte in range(128, 256))
_FOLDED = [0] * 256
for _code, _bytes in enumerate(
    [*(f"{chr(97 + n)}{chr(65 + n)}" for n in range(26)), "0123456789", "_-", ".", "/", _HIGH], start=1
):
    for _byte in _bytes.encode("latin-1"):
        _FOLDED[_byte] = _code
# Letters of English text, the most frequent first: a text is looked for by those of its bytes that are the rarest.
_FREQUENT = "etaoinsrhldcumfpgwybvkxjqz"


class Anchored(Protocol):
    """What is searched for where one of its anchors stands; see `loganomaly.redaction.kinds`."""

    @property
    def anchors(self) -> Sequence[str]:
        """Texts with which a token of at least `least` bytes begins, or goes on behind a sign."""

    @property
    def inside(self) -> Sequence[str]:
        """Texts that stand anywhere."""

    @property
    def names(self) -> Sequence[str]:
        """Texts that are given a value."""

    @property
    def near(self) -> Sequence[str]:
        """Texts that are followed by a digit."""

    @property
    def forms(self) -> Sequence[str]:
        """What is told by compiled code."""

    @property
    def least(self) -> int:
        """Bytes of a token that begins with one of the `anchors`."""


class AnchorTables(NamedTuple):
    """The texts, sorted by a hash of three of their bytes, and what four bytes in a row tell.

    Attributes
    ----------
    classes
        For each byte, in three bits its class, and in five which letter or sign it is, in any case: what the hashes of
        texts are made of.
    events
        1 where the classes of the last four bytes tell that a form or an escape may show; 2 where three digits begin.
    begins, first
        For each hash, whether there is a text with it, and the number of the first.
    hashes, texts, start, offset
        Of text i its hash, its bytes `texts[start[i]:start[i + 1]]`, and where in it the three bytes are.
    rule, least
        Where it counts; and the bytes of its token, whether it counts within a word, or the number of its form.
    owner
        What it belongs to.
    forms
        Owner of each form, or -1.
    owners
        How many there are.
    """

    classes: NDArray[np.uint8]
    events: NDArray[np.uint8]
    begins: NDArray[np.uint8]
    first: NDArray[np.int32]
    hashes: NDArray[np.int32]
    texts: NDArray[np.uint8]
    start: NDArray[np.int32]
    offset: NDArray[np.int32]
    rule: NDArray[np.uint8]
    least: NDArray[np.int32]
    owner: NDArray[np.int32]
    forms: NDArray[np.int32]
    owners: int


def anchor_tables(owners: Sequence[Anchored]) -> AnchorTables:
    """Return the tables of what is to be searched for; a result names owners by their place in the sequence.

    Raises
    ------
    ValueError
        A text is too short, or no form has such a name.
    """
    entries: list[tuple[int, bytes, int, int, int, int]] = []
    forms = np.full(len(FORMS), -1, np.int32)

    def add(text: str, rule: int, least: int, number: int) -> None:
        data = text.lower().encode()
        if len(data) < _SHORTEST:
            raise ValueError(f"an anchor has at least {_SHORTEST} bytes, given {text!r}")
        offset = min(range(len(data) - 2), key=lambda at: (sum(_frequency(byte) for byte in data[at : at + 3]), at))
        a, b, c = (_FOLDED[byte] for byte in data[offset : offset + 3])
        entries.append((a << 10 | b << 5 | c, data, offset, rule, least, number))

    for number, owner in enumerate(owners):
        for rule, texts in ((START, owner.anchors), (NEAR, owner.near), (NAMED, owner.names)):
            for text in texts:
                least = (
                    owner.least
                    if rule == START
                    else int(sum(map(str.isalnum, text)) >= _WORD_ENOUGH)
                    if rule == NEAR
                    else 0
                )
                add(text, rule, least, number)
        for text in owner.inside:
            add(text, FORM, len(FORMS), number)  # no form that would have to be looked at
        for form in owner.forms:
            forms[FORMS.index(form)] = number
            for text in _TEXTS.get(form, ()):
                add(text, FORM, FORMS.index(form), number)
    entries.sort()
    begins, first = np.zeros(_BUCKETS, np.uint8), np.zeros(_BUCKETS, np.int32)
    for at in range(len(entries) - 1, -1, -1):
        begins[entries[at][0]], first[entries[at][0]] = 1, at
    lengths = [len(data) for _, data, *_ in entries]
    classes, events = _events(forms >= 0)
    return AnchorTables(
        classes=classes,
        events=events,
        begins=begins,
        first=first,
        hashes=np.array([*(entry[0] for entry in entries), -1], np.int32),
        texts=np.frombuffer(b"".join(entry[1] for entry in entries) or b"\0", np.uint8),
        start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        offset=np.array([entry[2] for entry in entries], np.int32),
        rule=np.array([entry[3] for entry in entries], np.uint8),
        least=np.array([entry[4] for entry in entries], np.int32),
        owner=np.array([entry[5] for entry in entries], np.int32),
        forms=forms,
        owners=len(owners),
    )


def _events(wanted: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the class of each byte, and which classes of four bytes in a row are an event."""
    classes, events = np.array(_FOLDED, np.uint8), np.zeros(8**4, np.uint8)
    patterns = [pattern for form, some in _EVENTS.items() if wanted[FORMS.index(form)] for pattern in some]
    for signs, number in _CLASSES.items():
        classes[list(signs)] |= number << 5
    for pattern in [*patterns, *_ESCAPES]:
        spelt = (range(8) if sign == "?" else (int(classes[ord(sign)]) >> 5,) for sign in pattern)
        for a, b, c, d in product(*spelt):
            events[a << 9 | b << 6 | c << 3 | d] = 2 if pattern[1:] == "000" else 1
    return classes, events


def _frequency(byte: int) -> int:
    """Return how frequent a byte is in text, roughly; what has no code of its own is everywhere."""
    if _FOLDED[byte] == 0:
        return 40
    place = _FREQUENT.find(chr(byte).lower())
    return 30 if 48 <= byte <= 57 else 12 if place < 0 else len(_FREQUENT) - place
