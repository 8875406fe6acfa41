"""What the name of a field tells of its value: a secret, or a number that could be anything by itself."""

from functools import lru_cache

from loganomaly.redaction.kinds import Kind, default_kinds
from loganomaly.redaction.samples import filled
from loganomaly.redaction.secrets import Span, find_leaks, matches, search_words

__all__ = ["hide_value", "is_telling", "named_value", "secret_name"]

_ORDINARY = "colour"
_PROBES = ("Zk81qpWm4Tx7", "Basic Zk81", "Zk81qpWm4Tx7Rv2nQe5b", "4711")


@lru_cache(maxsize=4096)
def secret_name(name: str) -> str | None:
    """Return the kind of secret that a field of this name holds, whatever its value is; None where none is sure.

    Examples
    --------
    >>> secret_name("db.password")
    'password'
    """
    for probe in _PROBES:
        if any(True for _ in find_leaks(f"{_ORDINARY}={probe}")):  # which is one whatever stands before it
            continue
        for leak in find_leaks(f"{name}={probe}"):
            if leak.end > len(name):
                return leak.kind.name
    return None


@lru_cache(maxsize=4096)
def _telling(name: str) -> tuple[Kind, ...]:
    """Return the kinds whose values may be told by a name; the name of a secret or of personal data, not of both."""
    text, personal = f"{name}=".lower(), secret_name(name) is None
    kinds = (kind for kind in default_kinds() if kind.personal == personal)
    named = (kind for kind in kinds if kind.near or kind.names or not personal)
    near = [kind for kind in named if any(word.lower() in text for word in search_words(kind))]
    return tuple(kind for kind in near if not personal or _tells_sample(name, kind))


def _tells_sample(name: str, kind: Kind) -> bool:
    """Whether a value of a kind, which could be anything by itself, is one behind the name."""
    texts = [filled(sample).encode() for sample in kind.samples]
    values = [text[span.start : span.end] for text in texts for span in matches(kind, text) if span.holds]
    return any(_span_behind(name, value, (kind,)) and not _is_any(value, (kind,)) for value in values)


def _span_behind(name: str, value: bytes, kinds: tuple[Kind, ...]) -> Span | None:
    head = f'{name}="'.encode()
    text = head + value.replace(b'"', b"'").replace(b"\n", b" ") + b'"'
    for kind in kinds:
        for span in matches(kind, text):
            if span.holds and span.start >= len(head):
                return Span(kind, span.start - len(head), min(span.end - len(head), len(value)), holds=True)
    return None


def _is_any(value: bytes, kinds: tuple[Kind, ...]) -> bool:
    return any(span.holds for kind in kinds for span in matches(kind, value))


def is_telling(name: str) -> bool:
    """Return whether what a field holds is a secret or personal data because of its name: see `named_value`.

    Examples
    --------
    >>> is_telling("pesel"), is_telling("db.password"), is_telling("id")
    (True, True, False)
    """
    return secret_name(name) is not None or bool(_telling(name))


@lru_cache(maxsize=1 << 14)  # columns such as "is_mobile" hold few different values
def named_value(name: str, value: bytes) -> tuple[str, int, int] | None:
    """Return what a value holds that only the name of its field tells: kind, start and end.

    A secret is all of the value; what is personal data without the name as well is left to other searches.

    Examples
    --------
    >>> named_value("pesel", b"44051401359"), named_value("id", b"44051401359")
    (('pl-pesel', 0, 11), None)
    >>> named_value("password", b"correct horse"), named_value("max_tokens", b"512")
    (('password', 0, 13), None)
    """
    kinds = _telling(name)
    found = _span_behind(name, value, kinds)
    if found is None:
        return None
    if not found.kind.personal:
        return found.kind.name, 0, len(value)
    return None if _is_any(value, kinds) else (found.kind.name, found.start, found.end)


def hide_value(name: str, value: str) -> str:
    """Return the value of a field with ``<KIND>`` in the place of what its name tells to be secret or personal.

    Under the name of a secret that is all of it, whatever it is.

    Examples
    --------
    >>> hide_value("pesel", "no 44051401359"), hide_value("password", "none"), hide_value("id", "44051401359")
    ('no <pl-pesel>', '<password>', '44051401359')
    """
    secret = secret_name(name)
    if secret is not None:
        return f"<{secret}>"
    data = value.encode("utf-8", "surrogatepass")
    found = named_value(name, data) if is_telling(name) else None
    if found is None:
        return value
    kind, start, end = found
    return (data[:start] + f"<{kind}>".encode() + data[end:]).decode("utf-8", "surrogatepass")
